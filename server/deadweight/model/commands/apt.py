"""apt-get, apt and aptitude: packages, the package lists that `update` downloads, and what apt keeps of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Figure, Leftover, Measured, PackageSet, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base

PROGRAMS = ("apt-get", "apt", "aptitude")
LISTS = "/var/lib/apt/lists"
CACHE = "/var/cache/apt"
# dpkg's status and logs, debconf's and ldconfig's caches: each layer that changes packages holds them whole.
RECORDS = Measured("records of dpkg and debconf", "apt.layer_overhead")
UPGRADES = Measured("packages newer than those of the base image", "apt.upgrade")
# Options that take the next word along.
OTHER_RELEASE = ("-t", "--target-release", "--default-release")
VALUES = ("-o", "--option", *OTHER_RELEASE, "-c", "--config-file", "-a")
_NO = ("0", "no", "false", "off")
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
    verb, files = operands[0].text, call.around.files
    if verb == "update":
        is_plain = files.is_removed(_PACKS_LISTS)
        figure = _figure("apt.lists.uncompressed") if is_plain else _lists(call.around.base.suite)
        yield writes(LISTS, Leftover("apt-lists", "apt package lists", f"rm -rf {LISTS}/*", figure=figure), call.span)
    elif verb in ("dist-clean", "distclean"):
        yield removes(LISTS, call.span)
    elif verb == "clean":
        yield removes(CACHE, call.span)
    elif verb in ("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"):
        yield writes(None, UPGRADES, call.span)
    elif verb in ("remove", "purge", "autoremove", "autopurge"):
        names = tuple(package_name(word.pattern) for word in operands[1:])
        yield removes_packages(PackageSet("apt", names), call.span)
        yield writes(None, RECORDS, call.span)
    elif verb == "build-dep":  # what a source package needs, nobody has told us
        yield writes(None, Built("apt-get build-dep"), call.span)
        yield writes(None, RECORDS, call.span)
    elif verb in ("install", "satisfy"):
        # A trailing dash asks for the removal of a package: `apt-get install foo bar-`.
        names = tuple(package_name(word.pattern) for word in operands[1:] if not word.pattern.endswith("-"))
        if names:
            yield from _installed(call, names)


def _installed(call: Call, names: tuple[str, ...]) -> Iterator[Effect]:
    base, files = call.around.base, call.around.files
    already = (*base.packages, *files.packages("apt"))
    said = options(base, recommends=_wants_recommends(call), other_release=call.has(*OTHER_RELEASE))
    packages = PackageSet("apt", names, suite=base.suite, libc=base.libc, options=said, already=already)
    yield writes(None, packages, call.span)
    if set(names) <= set(already):
        return
    yield writes(None, RECORDS, call.span)
    if files.is_removed(DOCKER_CLEAN):
        yield writes(CACHE, Leftover("install-cache", "apt's cache", "apt-get clean", of=packages), call.span)


def _lists(suite: str | None) -> Figure:
    """What the lists of a release weigh."""
    try:
        return _figure(f"apt.lists.{suite}")
    except KeyError:
        return _figure("apt.lists.unknown")


def _figure(name: str) -> Figure:
    found = constant(name)
    return Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)


def _wants_recommends(call: Call) -> bool:
    if call.has("--no-install-recommends", "--without-recommends", "-R"):
        return False
    for word in call.words:
        name, equals, value = word.pattern.rpartition("APT::Install-Recommends")[2].rpartition("=")
        if equals and not name and "APT::Install-Recommends" in word.pattern:
            return value.strip("\"'").lower() not in _NO
    return True


TOOLS = (Tool(PROGRAMS, _effects),)
