"""What `apk add` writes, in bytes: the packages that it adds to an image of Alpine, each counted once."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import alpine as facts
from deadweight.facts.alpine_images import BASE
from deadweight.facts.constants import constant
from deadweight.size.closure import Closure, closure
from deadweight.size.parts import condensed
from deadweight.size.units import Size, at_least, size, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.facts.alpine import AlpinePackage
    from deadweight.size.closure import Group

# An index of 3.17 counts blocks: of 135 packages that both releases have, half shrank by 11 % or more.
_BLOCKS = (0.75, 1.02)
# Official images built within a month on 3.21 to 3.24 hold the same packages in other versions.
_SAME = (0.9, 1.1)
# How much of what single packages err they err together: gcc's releases are those of g++ and libstdc++.
_TOGETHER = 0.25


class _Index(NamedTuple):
    """The packages of a release of Alpine, as the solver asks for them."""

    release: str

    def needs(self, name: str) -> tuple[Group, ...] | None:
        return _needs(self.release, name)

    def providers(self, name: str) -> Group:
        package = facts.alpine_package(self.release, name)
        return (package.name,) if package else ()


@lru_cache(maxsize=4096)
def _needs(release: str, name: str) -> tuple[Group, ...] | None:
    package = facts.alpine_package(release, name)
    return tuple([(each,) for each in package.depends]) if package else None


def added(names: Iterable[str], release: str | None, *, already: Iterable[str] = ()) -> Closure:
    """The packages that `apk add NAMES` adds to an image of Alpine; `already` are names that were added before."""
    return _added(tuple(names), facts.nearest(release), tuple(already))


@lru_cache(maxsize=256)
def _added(names: tuple[str, ...], release: str, already: tuple[str, ...]) -> Closure:
    return closure(_Index(release), names, _held(release, already))


@lru_cache(maxsize=64)
def _held(release: str, already: tuple[str, ...]) -> frozenset[str]:
    return BASE.union(already, closure(_Index(release), already, BASE).packages)


def installed(names: Iterable[str], release: str | None, *, already: Iterable[str] = ()) -> Size | None:
    """Bytes that `apk add NAMES` adds to a layer; `release` is that of Alpine ("3.22"), None for an unknown one.

    A name that is not in the table opens the upper end; None where no name is.
    """
    found = added(names, release, already=already)
    return _weighed(found, facts.nearest(release), is_exact=release == facts.OLD)


@lru_cache(maxsize=256)
def _weighed(found: Closure, release: str, *, is_exact: bool) -> Size | None:
    packages = [each for name in found.packages if (each := facts.alpine_package(release, name))]
    if not packages:
        return None if found.unknown else Size(0, 0, 0)
    sizes = [_unpacked(each, release, is_exact=is_exact) for each in packages]
    sum_ = total(sizes)
    assert sum_ is not None
    below = math.hypot(sum_.best - sum_.low, _TOGETHER * sum(each.best - each.low for each in sizes))
    above = math.hypot((sum_.high or 0) - sum_.best, _TOGETHER * sum((each.high or 0) - each.best for each in sizes))
    whole = Size(max(0, round(sum_.best - below)), sum_.best, round(sum_.best + above), sum_.parts)
    whole = condensed(whole, "more packages")
    return at_least(whole) if found.unknown or not all(each.is_complete for each in packages) else whole


@lru_cache(maxsize=4096)
def _unpacked(package: AlpinePackage, release: str, *, is_exact: bool) -> Size:
    if package.release != release or (release == facts.OLD and not is_exact):
        drift = constant("apk.by_index")
        low, high = drift.low, drift.high
    else:
        low, high = _BLOCKS if release == facts.OLD else _SAME
    best = package.installed
    return size(package.name, round(best * low), best, round(best * high), package.source, package.date)
