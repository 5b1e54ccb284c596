"""apt-get, apt and aptitude: packages, the package lists that `update` downloads, and what apt keeps of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.facts import debian
from deadweight.model.commands import upgrades
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, Measured, PackageSet, figure, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect, Figure
    from deadweight.model.image import Base

PROGRAMS = ("apt-get", "apt", "aptitude")
ADDS = ("add-apt-repository", "apt-add-repository")
# The releases of Ubuntu where these update unless told not to (add-apt-repository(1) since 18.04, by hand, 2026-11-26).
_ADDS_AND_UPDATES = frozenset(("bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute"))
# Scripts that add a source and update (of NodeSource, packagecloud, Cloudsmith and Azure; by hand, 2026-11-26).
_SCRIPTS = re.compile(r"//deb\.nodesource\.com/setup|\.deb\.sh\b|//aka\.ms/InstallAzureCLIDeb\b")
_SOURCES = "/etc/apt/sources.list.d"
LISTS = "/var/lib/apt/lists"
CACHE = "/var/cache/apt"
# dpkg's status and logs, debconf's and ldconfig's caches: each layer that changes packages holds them whole.
RECORDS = Measured("records of dpkg and debconf", "apt.layer_overhead")
# Options that take the next word along.
OTHER_RELEASE = ("-t", "--target-release", "--default-release")
VALUES = ("-o", "--option", *OTHER_RELEASE, "-c", "--config-file", "-a")
_NO = ("0", "no", "false", "off", "without", "disable")
# `APT::Install-Recommends "0";`, and the same as an entry of a block: `APT { Install-Recommends "0"; };`
_SETTING = r"(?im)^(?![ \t]*(?://|#)).*?\b{}[ \t]+[\"']?(\w+)[\"']?[ \t]*;"
# What Docker's images of Debian and Ubuntu tell apt: keep no archives and no index in its cache, and lists packed.
DOCKER_CLEAN = "/etc/apt/apt.conf.d/docker-clean"
_PACKS_LISTS = "/etc/apt/apt.conf.d/docker-gzip-indexes"
# `curl=7.88.1-10`, `git/trixie-backports`, `libc6:i386`, `vim+`
_SAID_OF_IT = re.compile(r"=.*|/.*|:[a-z0-9-]+$|\+$")


def package_name(word: str) -> str:
    """The name of the package that a word asks for; that of the file for an archive: `./my.deb`."""
    if word.startswith((".", "/", "~")) or word.endswith(".deb"):
        return word.rpartition("/")[2]
    # A name may end in two plus signs: g++.
    return word if word.endswith("++") else _SAID_OF_IT.sub("", word)


def options(base: Base, *, recommends: bool, other_release: bool = False) -> frozenset[str]:
    """The words that change what an install on `base` writes."""
    said = {
        "recommends": recommends,
        "other-release": other_release,
        "release-unnamed": not base.is_suite_named,
        "documents": base.documents is True,
        "no-documents": base.documents is False,
    }
    return frozenset(word for word, is_so in said.items() if is_so)


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    operands = call.operands(*VALUES)
    if not operands or call.has("--print-uris", "--dry-run", "--simulate", "--download-only", "-s"):
        return
    verb = operands[0].text
    if verb == "update":
        yield updated(call)
    elif verb in ("dist-clean", "distclean"):
        yield removes(LISTS, call.span)
    elif verb == "clean":
        yield removes(CACHE, call.span)
    elif verb in ("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"):
        for newer in upgrades.of_apt(call.around):
            yield writes(None, newer, call.span)
    elif verb in ("remove", "purge", "autoremove", "autopurge"):
        names = tuple(package_name(word.pattern) for word in operands[1:])
        takes_all = verb.startswith("auto") or call.has("--auto-remove", "--autoremove")
        said = frozenset[str]() if takes_all else frozenset(("no-dependencies",))
        yield removes_packages(PackageSet("apt", (*names, *_needing(names, call)), options=said), call.span)
        yield writes(None, RECORDS, call.span)
    elif verb == "build-dep":  # what a source package needs, nobody has told us
        yield writes(None, Built("apt-get build-dep"), call.span)
        yield writes(None, RECORDS, call.span)
    elif verb in ("install", "satisfy"):
        # A trailing dash asks for the removal of a package: `apt-get install foo bar-`.
        names = tuple(package_name(word.pattern) for word in operands[1:] if not word.pattern.endswith("-"))
        if names:
            yield from _installed(call, names)


def updated(call: Call) -> Effect:
    """What an update leaves."""
    is_plain = call.around.files.is_removed(_PACKS_LISTS)
    measured = figure("apt.lists.uncompressed") if is_plain else _lists(call.around.base.suite)
    # Where an earlier layer left them, only the InRelease files are written again: 241 kB of 19.9 MB of bookworm
    # (apt 2.6.1, both updates within a minute, 2026-11-26).
    return call.leaves(LISTS, Leftover("apt-lists", "apt package lists", f"rm -rf {LISTS}/*", figure=measured))


def updates_besides(call: Call) -> bool:
    """Whether a call adds a source and updates by itself, as Ubuntu's tool does, and scripts from the network."""
    if call.program in ADDS:
        is_plain = not call.has("-n", "--no-update", "-r", "--remove", "-h", "--help")
        return is_plain and call.around.base.suite in _ADDS_AND_UPDATES
    return any(_SCRIPTS.search(url) for url in call.urls_fed)


def _added(call: Call) -> Iterator[Effect]:
    yield writes(_SOURCES, Built(call.program), call.span)
    if updates_besides(call):
        yield updated(call)


def _installed(call: Call, names: tuple[str, ...]) -> Iterator[Effect]:
    base, files = call.around.base, call.around.files
    already = (*base.packages, *files.packages("apt"))
    said = options(base, recommends=_wants_recommends(call), other_release=call.has(*OTHER_RELEASE))
    packages = PackageSet("apt", names, suite=base.suite, libc=base.libc, options=said, already=already)
    yield writes(None, packages, call.span)
    if set(names) <= set(already):
        return
    yield writes(None, RECORDS, call.span)
    if files.is_removed(DOCKER_CLEAN) or _cleans_nothing(files.text(DOCKER_CLEAN)):
        keeps = _keeps_archives(call)
        of, index = (packages, None) if keeps else (None, figure("apt.index"))
        yield writes(CACHE, Leftover("install-cache", "apt's cache", "apt-get clean", of=of, figure=index), call.span)


def _needing(names: tuple[str, ...], call: Call) -> tuple[str, ...]:
    """The packages asked for earlier that cannot stay without these: `build-essential` of `make`."""
    suite, gone = debian.release(call.around.base.suite).suite, set(names)
    found: list[str] = []
    for name in call.around.files.packages("apt") if gone else ():
        package = debian.package(suite, name) if name not in gone else None
        if package and any(gone.issuperset(group) for group in package.depends):
            found.append(name)
    return tuple(found)


def _cleans_nothing(text: str | None) -> bool:
    """Whether something else was written over the file that keeps apt's cache empty."""
    return text is not None and "archives" not in text


def _keeps_archives(call: Call) -> bool:
    """Whether the archives stay in the cache once their packages are installed: apt removes them, apt-get does not."""
    said = _configured(call, "Keep-Downloaded-Packages")
    return call.program != "apt" if said is None else said not in _NO


def _configured(call: Call, name: str) -> str | None:
    """The value of one of apt's settings: by its option -o, or else in its files, of which the last counts."""
    files, named = call.around.files, call.around.variables.get("APT_CONFIG")
    texts = [
        *((named and files.text(named)) or "",),
        *files.texts("/etc/apt/apt.conf.d"),
        files.text("/etc/apt/apt.conf") or "",
        *(word.plain.replace("=", " ", 1) + ";" for word in call.words if name in word.plain),
    ]
    found = [match[1] for text in texts for match in re.finditer(_SETTING.format(name), text)]
    return found[-1].lower() if found else None


def _lists(suite: str | None) -> Figure:
    """What the lists of a release weigh."""
    try:
        return figure(f"apt.lists.{suite}")
    except KeyError:
        return figure("apt.lists.unknown")


def _wants_recommends(call: Call) -> bool:
    if call.has("--no-install-recommends", "--without-recommends", "-R"):
        return False
    if call.has("--install-recommends", "--with-recommends"):
        return True
    return _configured(call, "Install-Recommends") not in _NO


TOOLS = (Tool(PROGRAMS, _effects), Tool(ADDS, _added))
