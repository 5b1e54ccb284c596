"""Makes facts/data/debian_SUITE.tsv: the packages of a Debian suite, what they weigh, and what they bring along.

    PYTHONPATH=server python server/collect/debian.py server/deadweight/facts/data FOLDER [SUITE ...]

Run on Debian, with debootstrap at hand; without a SUITE it makes the tables of all of them. A table holds the names of
apt_names.tsv, packages that others often need or that a Dockerfile's author may want (`is_wanted`), and all that any of
these depends on or recommends. The rows of base_packages.tsv that say what the smallest Debian holds are made anew.

Bytes come from FOLDER/weighed_SUITE.tsv, which collect/deb_contents.py writes, in an hour or two a suite; for packages
that are not in there, the tables have what the package lists say. What is to be weighed, this script writes to
FOLDER/order_SUITE.txt: run it, then the other one, then it again.

The lists are those of the machine's own archive, with the suite's updates and security fixes. There is one version of
each package, so that what relations between versions say is decided here: an alternative that the suite does not have
in the wanted version is left out, and a virtual package in a wanted version is written as its providers. apt itself is
asked which provider of a virtual package it takes.
"""

from __future__ import annotations

import datetime
import pathlib
import re
import sys
import tempfile
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from collect.private_apt import SUITES, Apt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from collect.private_apt import Stanza

COLUMNS = (
    *("package", "version", "download", "installed", "files", "documents", "byte_code", "records"),
    *("depends", "recommends", "provided_by"),
)
Group = tuple[str, ...]
EXACTLY = "="  # before a name that none of its providers answers to


class Relation(NamedTuple):
    """`libc6 (>= 2.36)`; `operator` and `version` are '' where any version will do."""

    name: str
    operator: str
    version: str


def main(data_folder: str, folder: str, *suites: str) -> None:
    """Writes the tables, and what should be weighed for them."""
    data, weights = pathlib.Path(data_folder), pathlib.Path(folder)
    names = [line.split("\t")[0] for line in (data / "apt_names.tsv").read_text("utf-8").splitlines()[1:]]
    for suite in suites or SUITES:
        with tempfile.TemporaryDirectory() as temporary:
            apt = Apt(pathlib.Path(temporary), suite)
            packages, base = Packages(apt.newest), apt.install_minbase()
            roots = [*base, *names, *filter(packages.is_wanted, sorted(apt.newest))]
            chosen = packages.closed(roots)
            # What apt prefers may bring along packages that need virtual packages of their own.
            while undecided := list(packages.undecided(chosen)):
                packages.preferred |= {name: _preferred(apt, name, providers) for name, providers in undecided}
                chosen = packages.closed(roots)
        (weights / f"order_{suite}.txt").write_text("\n".join(packages.closed([*base, *names])) + "\n", "utf-8")
        rows = packages.rows(chosen, names, _read_weighed(weights / f"weighed_{suite}.tsv"))
        _write(data / f"debian_{suite}.tsv", COLUMNS, rows)
        _write_minbase(data / "base_packages.tsv", suite, base)


def _write(path: pathlib.Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    path.write_text("\n".join("\t".join(row) for row in (columns, *sorted(rows))) + "\n", "utf-8")


def _write_minbase(path: pathlib.Path, suite: str, names: list[str]) -> None:
    """Puts the smallest system of a suite in place of the row that says what it was."""
    columns, *rows = (tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines())
    source, today = f"debootstrap --print-debs --variant=minbase {suite}", datetime.date.today().isoformat()
    kept = [row for row in rows if row[:2] != ("debian", suite)]
    _write(path, columns, [*kept, ("debian", suite, "", "yes", " ".join(names), source, today)])


class Packages:
    """The packages of a suite, with their relations decided."""

    def __init__(self, stanzas: Mapping[str, Stanza]) -> None:
        self.stanzas = stanzas
        self.preferred: dict[str, str | None] = {}  # the provider that apt takes for a virtual package
        self.providers: dict[str, list[tuple[str, str]]] = defaultdict(list)  # with the version that is provided
        for name, stanza in stanzas.items():
            for ((provided, _, version),) in relations(stanza.get("Provides", "")):
                self.providers[provided].append((name, version))
        self.depends = {name: self._groups(each, "Pre-Depends", "Depends") for name, each in stanzas.items()}
        self.recommends = {name: self._groups(each, "Recommends") for name, each in stanzas.items()}
        self.needed_by: dict[str, int] = defaultdict(int)
        for groups in (*self.depends.values(), *self.recommends.values()):
            for group in groups:
                self.needed_by[group[0].removeprefix(EXACTLY)] += 1

    def closed(self, roots: Iterable[str]) -> list[str]:
        """Those of `roots` that there are and all that they bring along, what is asked for first in front."""
        found: dict[str, None] = {}
        for root in roots:
            todo = [root]
            while todo:
                name = todo.pop()
                if name in found:
                    continue
                if name not in self.stanzas:
                    providers = [provider for provider, _ in self.providers.get(name, ())]
                    todo += [self.preferred.get(name) or providers[0]] if providers else []
                    continue
                found[name] = None
                # Of alternatives only the first one is ever taken, unless another one is in the table anyway.
                todo += [group[0].removeprefix(EXACTLY) for group in (*self.depends[name], *self.recommends[name])]
        return list(found)

    def is_wanted(self, name: str) -> bool:
        """Whether a Dockerfile may well ask for a package, by what it is and how many others need it."""
        section = self.stanzas[name].get("Section", "")
        if _RARE.match(name) or section in _RARE_SECTIONS:
            return False
        if _USUAL.fullmatch(name):
            return True
        needed = self.needed_by.get(name, 0)
        if section == "libdevel":
            library = max(
                (self.needed_by.get(group[0], 0) for group in self.depends[name] if len(group) == 1), default=0
            )
            return needed >= 2 or (library >= 8 and needed >= 1)
        return needed >= (3 if section in _PROGRAMS else 5)

    def undecided(self, chosen: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """The virtual packages that `chosen` need and of whose several providers nobody knows which apt takes."""
        first = {group[0] for name in chosen for group in (*self.depends[name], *self.recommends[name])}
        for name in sorted(first - self.stanzas.keys() - self.preferred.keys()):
            providers = list(dict.fromkeys(provider for provider, _ in self.providers.get(name, ())))
            if len(providers) > 1:
                yield name, providers

    def _needed(self, chosen: Iterable[str]) -> set[str]:
        """The names that `chosen` may bring along."""
        groups = (group for name in chosen for group in (*self.depends[name], *self.recommends[name]))
        return {name.removeprefix(EXACTLY) for group in groups for name in group}

    def rows(
        self,
        chosen: Iterable[str],
        asked: Iterable[str],
        weighed: Mapping[tuple[str, str], tuple[str, ...]],
    ) -> Iterator[tuple[str, ...]]:
        """The table's rows: packages, and virtual packages, of which only the providers are known."""
        known = frozenset(chosen)
        written = {*known, *(EXACTLY + name for name in known), *self.providers}
        for name in {*known, *self._needed(known), *asked}:
            first = self.preferred.get(name)
            providers = dict.fromkeys(
                each for each, _ in self.providers.get(name, ()) if each in known and each != name
            )
            provided_by = " ".join(sorted(providers, key=lambda each: each != first))
            if name in known:
                stanza = self.stanzas[name]
                measured = weighed.get((name, stanza["Version"]), ("", "", "", ""))
                needs = (_written(groups[name], written) for groups in (self.depends, self.recommends))
                size = str(1024 * int(stanza.get("Installed-Size", "0")))
                yield (name, stanza["Version"], stanza["Size"], size, *measured, *needs, provided_by)
            elif provided_by and name not in self.stanzas:
                yield (name, *("" for _ in COLUMNS[1:-1]), provided_by)

    def _groups(self, stanza: Stanza, *fields: str) -> tuple[Group, ...]:
        found: dict[Group, None] = {}
        for field in fields:
            for alternatives in relations(stanza.get(field, "")):
                group = tuple(dict.fromkeys(name for each in alternatives for name in self._answers(each)))
                if not group and field != "Recommends":
                    group = (alternatives[0].name,)  # in no list: whoever asks for this package hears so
                if group:
                    found[group] = None
        return tuple(found)

    def _answers(self, wanted: Relation) -> tuple[str, ...]:
        """The names that answer a relation in this suite."""
        stanza, provided = self.stanzas.get(wanted.name), self.providers.get(wanted.name, ())
        if not wanted.operator:
            return (wanted.name,) if stanza or provided else ()
        # A wanted version is no answer of whoever provides the name without one.
        others = tuple(name for name, version in provided if version and fits(version, wanted))
        if not (stanza and fits(stanza["Version"], wanted)):
            return others
        return (wanted.name if len(others) == len(provided) else EXACTLY + wanted.name, *others)


def _written(groups: tuple[Group, ...], names: set[str]) -> str:
    """Groups as `libc6 debconf|debconf-2.0 =x11proto-dev`, of alternatives only those that are among `names`."""
    kept = (tuple(name for name in group if name in names) or group[:1] for group in groups)
    return " ".join(dict.fromkeys("|".join(group) for group in kept))


def relations(field: str) -> Iterator[tuple[Relation, ...]]:
    """The groups of alternatives in a field."""
    for group in field.replace("\n", " ").split(","):
        found = tuple(Relation(*match.groups("")) for each in group.split("|") if (match := _RELATION.match(each)))
        if found:
            yield found


def fits(version: str, wanted: Relation) -> bool:
    """Whether a version is one that a relation asks for."""
    have, want = _key(version), _key(wanted.version)
    return {"<<": have < want, "<=": have <= want, "=": have == want, ">=": have >= want, ">>": have > want}[
        wanted.operator
    ]


_RELATION = re.compile(r"\s*([^\s(:\[]+)(?::\w+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?")
# Families of hundreds of packages, of which a Dockerfile asks for those at most that others need too.
_RARE = re.compile(
    r"lib(?:rust|ghc)-|librust|golang-[a-z].*-dev$|node-|libjs-|haskell|.*-(?:dbg|dbgsym|doc|l10n|i18n|perl|ocaml|cil)$"
    r"|linux-(?:image|headers|modules|source)|ruby-|texlive-|elpa-|gap-|libreoffice-(?:l10n|help)|cl-|libmono"
    r"|hunspell-|aspell-|myspell|task-|lib(?:x?32|64|n32)|gir1|xfonts|med-|science-|education-|games-|junior-|gis-"
    r"|.*-(?:cross|mingw|mips|arm|hppa|alpha|sparc|powerpc|s390|riscv|m68k|sh4|i686|x32|ppc)"
)
_RARE_SECTIONS = (
    "games",
    "haskell",
    "rust",
    "golang",
    "ocaml",
    "lisp",
    "hamradio",
    "otherosfs",
    "gnustep",
    "tasks",
    "doc",
)
_PROGRAMS = (
    *(
        "admin",
        "cli-mono",
        "comm",
        "database",
        "devel",
        "editors",
        "embedded",
        "graphics",
        "httpd",
        "interpreters",
        "java",
    ),
    *(
        "mail",
        "math",
        "net",
        "php",
        "python",
        "science",
        "shells",
        "sound",
        "text",
        "utils",
        "vcs",
        "video",
        "web",
        "x11",
    ),
)
_USUAL = re.compile(
    r"php[\d.]*(?:-[a-z0-9]+)?|postgresql(?:-\d+|-client|-client-\d+|-contrib|-server-dev-\S+|-\d+-postgis-\S+)?"
    r"|(?:default-|openjdk-\d+-)(?:jdk|jre)(?:-headless)?|(?:gcc|g\+\+|cpp|gfortran|clang|llvm|lld|lldb)(?:-\d+)?(?:-dev)?"
    r"|clang-(?:format|tidy|tools)(?:-\d+)?|gcc-\d+-(?:multilib|plugin-dev)|golang(?:-[\d.]+)?(?:-go)?|ruby[\d.]*(?:-dev|-full)?"
    r"|python[\d.]*(?:-(?:dev|venv|minimal|distutils|full|pip|setuptools|wheel|virtualenv))?|fonts-(?:noto|liberation|dejavu|wqy"
    r"|ipa|roboto|open-sans|freefont|lato|nanum|takao|thai|indic|kacst|symbola|font-awesome|unifont|arphic|tlwg).*"
    r"|texlive(?:-(?:base|latex-(?:base|recommended|extra)|fonts-(?:recommended|extra)|xetex|luatex|full|science|pictures"
    r"|binaries|lang-[a-z]+|extra-utils|bibtex-extra|plain-generic))?|lib(?:boost|qt5|qt6).*-dev|libboost-all-dev"
    r"|r-base(?:-core|-dev)?|r-(?:recommended|cran-(?:tidyverse|dplyr|ggplot2|devtools|shiny|rcpp|xml|xml2|curl|httr|jsonlite))"
    r"|mariadb-.*|default-(?:mysql|libmysql).*|.*-server|.*-client|.*-(?:utils|tools|bin)|nginx.*|apache2.*|libapache2-mod-.*"
    r"|lua[\d.]+|tesseract-ocr(?:-[a-z]{3})?|gstreamer1\.0-.*|libgstreamer.*-dev|imagemagick.*|qemu-.*|git-.*|ruby-(?:dev|full)"
    r"|python3-(?:pip|dev|venv|setuptools|wheel|virtualenv|yaml|requests|numpy|scipy|pandas|matplotlib|opencv|lxml|pil|psycopg2"
    r"|apt|gi|dbus|tk|flask|django|cryptography|openssl|jinja2|six|redis|mysqldb|serial|sklearn|torch|h5py|gdal|uno|distutils)"
)


@cache
def _key(version: str) -> tuple[object, ...]:
    """A version to compare as dpkg does: epoch, upstream version, revision."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), _parts(upstream if dash else rest), _parts(revision if dash else "0")


def _parts(text: str) -> tuple[object, ...]:
    """Letters and numbers in turns; `~` sorts before the end, letters before all other characters."""
    found: list[object] = []
    for letters, digits in re.findall(r"(\D*)(\d*)", text):
        order = (-1 if each == "~" else ord(each) + (0 if each.isalpha() else 256) for each in letters)
        found += [(*order, 0), int(digits or 0)]
    return tuple(found)


def _preferred(apt: Apt, virtual: str, providers: list[str]) -> str | None:
    """The package that apt installs for a virtual one."""
    output = apt.run("apt-get", "--simulate", "-oAPT::Install-Recommends=0", "satisfy", virtual) or ""
    added = re.findall(r"^Inst (\S+) \(", output, re.MULTILINE)
    # What it brings along comes before it, and may provide the same.
    return next((name for name in reversed(added) if name in providers), None)


def _read_weighed(path: pathlib.Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """(package, version) -> files, documents, byte code, and all that dpkg notes of it.

    A layer holds the stanza of a package twice: in dpkg's status, and in the copy that it keeps.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        name, version, files, documents, byte_code, records, stanza = line.split("\t")
        found[name, version] = (files, documents, byte_code, str(int(records) + 2 * int(stanza)))
    for (name, version), (files, documents, byte_code, noted) in tuple(found.items()):
        # The modules of Python itself are compiled by the interpreter's package, and not where only the library is.
        match = re.fullmatch(r"lib(python3\.\d+)-(?:(minimal)|stdlib)", name)
        owner = (f"{match[1]}-minimal" if match[2] else match[1], version) if match else None
        if owner in found:
            own = found[owner]
            found[owner] = (*own[:2], str(int(own[2]) + int(byte_code)), own[3])
            found[name, version] = (files, documents, "0", noted)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
