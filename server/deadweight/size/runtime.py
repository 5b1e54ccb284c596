"""What programs go on needing when the packages are removed that they were built with: `libpq5` of `libpq-dev`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import alpine, debian
from deadweight.model.building import is_for_building
from deadweight.size import apk, apt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.model.effects import PackageSet

_HEADERS = re.compile(r".*-dev(?:-compat)?")
_LIBRARY = re.compile(r"lib(?!js-).*(?<!-tools)(?<!-utils)(?<!-bin)(?<!-dev)(?<!-doc)")
_TOOL = re.compile(r".*-(?:tools|utils|bin|doc)|perl|bash")
# What compiled programs need of the compiler. Every Debian has the library of C++, for apt; Alpine's base has none.
_OF_COMPILERS = {
    "g++": "libstdc++",
    "build-base": "libstdc++",
    "alpine-sdk": "libstdc++",
    "gcc": "libgcc",
    "gfortran": "libgfortran",
}
_OF_DEBIANS_COMPILERS = {"gfortran": "libgfortran5"}


def libraries(names: Iterable[str], on: PackageSet) -> tuple[str, ...] | None:
    """The packages that stay needed where `names`, which are for building, are removed from an install; those that are
    there anyway are not among them. None where nobody can tell what they are called.
    """
    return _libraries(tuple(names), on)


def takes_along(name: str, others: Iterable[str], on: PackageSet) -> bool:
    """Whether the removal of a package may take others along, which need it: libxslt1-dev goes with libxml2-dev, and
    so does its library where nothing else needs that. What nobody knows may need any headers. apk leaves all that is
    needed.
    """
    if on.manager == "apk" or not (rest := tuple(others)):
        return False
    needed = apt.added(rest, on.suite, recommends=False)
    return name in needed.packages or (bool(needed.unknown) and _HEADERS.fullmatch(name) is not None)


@lru_cache(maxsize=256)
def _libraries(names: tuple[str, ...], on: PackageSet) -> tuple[str, ...] | None:
    kept = tuple(name for name in on.names if name not in names)
    if on.manager == "apk":
        release = alpine.nearest(on.suite)
        if any(_HEADERS.fullmatch(name) and not _needs_on_alpine(release, name) for name in names):
            return None
        found = {_OF_COMPILERS[name] for name in names if name in _OF_COMPILERS}
        found |= _of_headers(names, lambda name: _needs_on_alpine(release, name), _is_no_tool)

        def added(wanted: Iterable[str], held: Iterable[str]) -> Iterable[str]:
            return apk.added(wanted, release, already=held).packages

        return _roots(found, added, (*on.already, *kept))
    if on.manager != "apt":
        return None if any(map(_HEADERS.fullmatch, names)) else ()
    is_named = on.suite in debian.suites() and "release-unnamed" not in on.options
    first, *others = (on.suite or "",) if is_named else debian.suites()
    stay = _on_debian(names, on, kept, first)
    return stay if stay is None or all(_on_debian(names, on, kept, suite) == stay for suite in others) else None


def _on_debian(names: tuple[str, ...], on: PackageSet, kept: tuple[str, ...], suite: str) -> tuple[str, ...] | None:
    if any(_HEADERS.fullmatch(name) and not debian.providers(suite, name) for name in names):
        return None

    def brought(wanted: Iterable[str], held: Iterable[str]) -> Iterable[str]:
        return apt.added(wanted, suite, recommends=False, already=held).packages

    found = {_OF_DEBIANS_COMPILERS[name] for name in names if name in _OF_DEBIANS_COMPILERS}
    found |= _of_headers(names, lambda name: _needs_on_debian(suite, name), _is_library)
    return _roots(found, brought, (*on.already, *kept))


def _of_headers(
    names: Iterable[str], needs: Callable[[str], Iterable[str]], is_wanted: Callable[[str], bool]
) -> set[str]:
    """The libraries that packages of headers stand beside, and the program that `python3-dev` is for."""
    found, pending, seen = set[str](), [name for name in names if _HEADERS.fullmatch(name)], set[str]()
    while pending:
        name = pending.pop()
        seen.add(name)
        for each in needs(name):
            if _HEADERS.fullmatch(each):
                pending += [each] if each not in seen else []
            elif is_wanted(each) or f"{each}-dev" == name:
                found.add(each)
    return found


def _is_library(package: str) -> bool:
    return _LIBRARY.fullmatch(package) is not None


def _is_no_tool(package: str) -> bool:
    """Alpine's libraries have all kinds of names: icu-libs, freetype, xz."""
    return not (is_for_building(package) or _TOOL.fullmatch(package))


def _needs_on_debian(suite: str, name: str) -> Iterator[str]:
    for real in debian.providers(suite, name)[:1]:
        package = debian.package(suite, real)
        yield from (group[0] for group in package.depends) if package else ()


def _needs_on_alpine(release: str, name: str) -> tuple[str, ...]:
    package = alpine.alpine_package(release, name)
    return (() if package.name == name else (package.name,)) + package.depends if package else ()


def _roots(
    found: set[str], brought: Callable[[Iterable[str], Iterable[str]], Iterable[str]], held: tuple[str, ...]
) -> tuple[str, ...]:
    """Those of `found` that are not there, and that no other one of them brings along."""
    together = frozenset(brought(sorted(found), held)) if found else frozenset[str]()
    missing = [name for name in sorted(found) if name in together]
    if len(missing) < 2:
        return tuple(missing)
    brings = {name: frozenset(brought((name,), held)) for name in missing}
    return tuple(name for name in missing if not any(name in brings[each] for each in missing if each != name))
