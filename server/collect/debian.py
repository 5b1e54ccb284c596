"""Makes facts/data/debian_SUITE.tsv: the packages of a Debian suite, what they weigh, and what they bring along.

    python server/collect/debian.py DATA_FOLDER SUITE NAMES [WEIGHED.tsv]

Run on Debian, with debootstrap at hand. NAMES is a file of package names, one a line: those that Dockerfiles ask for. The
table holds them, packages that others often need or that a Dockerfile's author may want (`_is_wanted`), and all that
any of these depends on or recommends. WEIGHED.tsv comes from deb_contents.py; `--names` in place of NAMES' rows prints
what is to be weighed, the most wanted first:

    python server/collect/debian.py --names SUITE NAMES > ORDER
    python server/collect/deb_contents.py WEIGHED.tsv SUITE ORDER

The lists are those of the machine's own archive, with the suite's updates and security fixes. There is one version of
each package, so that what relations between versions say is decided here: an alternative that the suite does not have in
the wanted version is left out, and a virtual package in a wanted version is written as its providers. apt itself is
asked which provider of a virtual package it takes.
"""

from __future__ import annotations

import datetime
import pathlib
import re
import sys
import tempfile
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from private_apt import Apt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from private_apt import Stanza

COLUMNS = (
    *("package", "version", "download", "installed", "files", "documents", "byte_code", "records"),
    *("depends", "recommends", "provided_by"),
)
Group = tuple[str, ...]


class Relation(NamedTuple):
    """`libc6 (>= 2.36)`; `operator` and `version` are '' where any version will do."""

    name: str
    operator: str
    version: str


def main(folder: str, suite: str, names_path: str, weighed_path: str = "") -> None:
    """Writes the table, or what should be weighed for it."""
    names = pathlib.Path(names_path).read_text("utf-8").split()
    weighed = _read_weighed(weighed_path) if weighed_path else {}
    with tempfile.TemporaryDirectory() as temporary:
        apt = Apt(pathlib.Path(temporary), suite)
        packages = Packages(apt.newest)
        if folder == "--names":
            print("\n".join(packages.closed(names)))
            return
        base = apt.install_minbase()
        chosen = packages.closed([*base, *names, *filter(packages.is_wanted, sorted(apt.newest))])
        preferred = {name: answer for name in packages.undecided(chosen) if (answer := _preferred(apt, name))}
    rows = sorted(packages.rows(frozenset(chosen), preferred, weighed))
    text = "\n".join("\t".join(row) for row in (COLUMNS, *rows))
    pathlib.Path(folder, f"debian_{suite}.tsv").write_text(text + "\n", "utf-8")
    print(f"{suite}, lists of {datetime.date.today().isoformat()}: {len(rows)} rows, {len(text):,} characters")


class Packages:
    """The packages of a suite, with their relations decided."""

    def __init__(self, stanzas: Mapping[str, Stanza]) -> None:
        self.stanzas = stanzas
        self.providers: dict[str, list[tuple[str, str]]] = defaultdict(list)  # with the version that is provided
        for name, stanza in stanzas.items():
            for ((provided, _, version),) in relations(stanza.get("Provides", "")):
                self.providers[provided].append((name, version))
        self.depends = {name: self._groups(each, "Pre-Depends", "Depends") for name, each in stanzas.items()}
        self.recommends = {name: self._groups(each, "Recommends") for name, each in stanzas.items()}
        self.needed_by: dict[str, int] = defaultdict(int)
        for groups in (*self.depends.values(), *self.recommends.values()):
            for group in groups:
                self.needed_by[group[0]] += 1

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
                    todo += [provider for provider, _ in self.providers.get(name, ())][:1]
                    continue
                found[name] = None
                # Of alternatives only the first one is ever taken, unless another one is in the table anyway.
                todo += [group[0] for group in (*self.depends[name], *self.recommends[name])]
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
            library = max((self.needed_by.get(group[0], 0) for group in self.depends[name] if len(group) == 1), default=0)
            return needed >= 2 or (library >= 8 and needed >= 1)  # noqa: PLR2004
        return needed >= (3 if section in _PROGRAMS else 5)

    def undecided(self, chosen: Iterable[str]) -> list[str]:
        """The virtual packages that are needed and that several packages provide."""
        needed = {group[0] for name in chosen for group in (*self.depends[name], *self.recommends[name])}
        virtual = needed - self.stanzas.keys()
        return sorted(name for name in virtual if len({provider for provider, _ in self.providers.get(name, ())}) > 1)

    def rows(
        self, chosen: frozenset[str], preferred: Mapping[str, str], weighed: Mapping[tuple[str, str], tuple[str, ...]]
    ) -> Iterator[tuple[str, ...]]:
        """The table's rows: packages, and virtual packages, of which only the providers are known."""
        virtual = {name for name in self.providers if name not in self.stanzas}
        for name in (*chosen, *virtual):
            first = preferred.get(name)
            providers = dict.fromkeys(each for each, _ in self.providers.get(name, ()) if each in chosen and each != name)
            provided_by = " ".join(sorted(providers, key=lambda each: each != first))
            if name in virtual:
                if provided_by and not _VERSIONED.search(name):
                    yield (name, *("" for _ in COLUMNS[1:-1]), provided_by)
                continue
            stanza = self.stanzas[name]
            measured = weighed.get((name, stanza["Version"]), ("", "", "", ""))
            needs = (self._written(groups[name], chosen) for groups in (self.depends, self.recommends))
            size = str(1024 * int(stanza.get("Installed-Size", "0")))
            yield (name, stanza["Version"], stanza["Size"], size, *measured, *needs, provided_by)

    def _written(self, groups: tuple[Group, ...], chosen: frozenset[str]) -> str:
        """Groups as `libc6 debconf|cdebconf`, without what nobody can choose."""
        kept = (tuple(name for name in group if name in chosen or name in self.providers) or group[:1] for group in groups)
        return " ".join(dict.fromkeys("|".join(group) for group in kept))

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
        stanza = self.stanzas.get(wanted.name)
        if stanza and (not wanted.operator or fits(stanza["Version"], wanted)):
            return (wanted.name,)
        provided = self.providers.get(wanted.name, ())
        if not wanted.operator:
            return (wanted.name,) if provided else ()
        return tuple(name for name, version in provided if version and fits(version, wanted))


def relations(field: str) -> Iterator[tuple[Relation, ...]]:
    """The groups of alternatives in a field."""
    for group in field.replace("\n", " ").split(","):
        found = tuple(Relation(*match.groups("")) for each in group.split("|") if (match := _RELATION.match(each)))
        if found:
            yield found


def fits(version: str, wanted: Relation) -> bool:
    """Whether a version is one that a relation asks for."""
    have, want = _key(version), _key(wanted.version)
    return {"<<": have < want, "<=": have <= want, "=": have == want, ">=": have >= want, ">>": have > want}[wanted.operator]


_RELATION = re.compile(r"\s*([^\s(:\[]+)(?::\w+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?")
_VERSIONED = re.compile(r"-abi-|^(?:perl|php|gap|ghc)api|^lib\S+-[0-9a-f]{5}$|-[0-9a-f]{32}")  # of no use to anybody who types
# Families of hundreds of packages, of which a Dockerfile asks for those at most that others need too.
_RARE = re.compile(
    r"lib(?:rust|ghc)-|librust|golang-[a-z].*-dev$|node-|libjs-|haskell|.*-(?:dbg|dbgsym|doc|l10n|i18n|perl|ocaml|cil)$"
    r"|linux-(?:image|headers|modules|source)|ruby-|texlive-|elpa-|gap-|libreoffice-(?:l10n|help)|cl-|libmono"
    r"|hunspell-|aspell-|myspell|task-|lib(?:x?32|64|n32)|gir1|xfonts|med-|science-|education-|games-|junior-|gis-"
    r"|.*-(?:cross|mingw|mips|arm|hppa|alpha|sparc|powerpc|s390|riscv|m68k|sh4|i686|x32|ppc)"
)
_RARE_SECTIONS = ("games", "haskell", "rust", "golang", "ocaml", "lisp", "hamradio", "otherosfs", "gnustep", "tasks", "doc")
_PROGRAMS = (
    *("admin", "cli-mono", "comm", "database", "devel", "editors", "embedded", "graphics", "httpd", "interpreters", "java"),
    *("mail", "math", "net", "php", "python", "science", "shells", "sound", "text", "utils", "vcs", "video", "web", "x11"),
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


@lru_cache(maxsize=None)
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


def _preferred(apt: Apt, virtual: str) -> str | None:
    """The package that apt installs for a virtual one."""
    output = apt.run("apt-get", "--simulate", "-oAPT::Install-Recommends=0", "satisfy", virtual) or ""
    added = dict.fromkeys(re.findall(r"^Inst (\S+) \(", output, re.MULTILINE))
    named = {match[1] for each in apt.newest.values() for match in [re.match(r"(\S+)", each["Package"])] if match}
    candidates = [
        name
        for name in added
        if name in named and any(virtual == each[0].name for each in relations(apt.newest[name].get("Provides", "")))
    ]
    return candidates[0] if candidates else None


def _read_weighed(path: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """(package, version) -> files, documents, byte code, and all that dpkg notes of it.

    A layer holds the stanza of a package twice: in dpkg's status, and in the copy that it keeps.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in pathlib.Path(path).read_text("utf-8").splitlines():
        name, version, files, documents, byte_code, records, stanza = line.split("\t")
        found[name, version] = (files, documents, byte_code, str(int(records) + 2 * int(stanza)))
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
