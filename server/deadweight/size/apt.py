"""What `apt-get install` writes, in bytes: the packages that apt adds to what an image holds, each counted once."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian as facts
from deadweight.facts.constants import constant
from deadweight.size.closure import closure
from deadweight.size.parts import NAMED
from deadweight.size.units import ZERO, Part, Size, at_least, size, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.effects import PackageSet
    from deadweight.size.closure import Group


class Added(NamedTuple):
    """What an install adds: the packages, what was `asked` for, and the names in no table.

    `held` are the packages that were there before.
    """

    packages: frozenset[str]
    asked: tuple[str, ...]
    unknown: tuple[str, ...]
    held: frozenset[str]


class _Index:
    """The packages of a suite, as the solver asks for them; where they bring along what they recommend, as they do
    where apt is not told otherwise, `recommends`.
    """

    def __init__(self, suite: str, recommends: bool) -> None:
        self._suite = suite
        self.needs = _Needs(suite, recommends).__getitem__

    def providers(self, name: str) -> Group:
        return _asked_for(self._suite, name)


_index = lru_cache(maxsize=16)(_Index)


class _Needs(dict[str, "tuple[Group, ...] | None"]):
    """What packages bring along, by name. An install asks for hundreds, most of them those of the last one."""

    def __init__(self, suite: str, recommends: bool) -> None:
        super().__init__()
        self._suite, self._recommends = suite, recommends

    def __missing__(self, name: str) -> tuple[Group, ...] | None:
        found = _needs(self._suite, name, self._recommends)
        if found is not None:
            self[name] = found
        return found


def _asked_for(suite: str, name: str) -> Group:
    """What a requested name stands for: apt takes a package at its word, and another one only for a virtual package."""
    return (name,) if facts.package(suite, name) else facts.providers(suite, name)


def _needs(suite: str, name: str, recommends: bool) -> tuple[Group, ...] | None:
    package = facts.package(suite, name)
    if package is None:
        return None
    return package.depends + facts.recommends(suite, name) if recommends else package.depends


def nearest(suite: str | None) -> str:
    """The suite with packages of its own that stands for `suite`."""
    return facts.release(suite).suite


def added(names: Iterable[str], suite: str | None, *, recommends: bool, already: Iterable[str] = ()) -> Added:
    """The packages that `apt-get install NAMES` adds, by name. `already` are names that were installed before, in the
    base image or in an earlier layer: what they brought along is not written again.
    """
    return _added(tuple(names), nearest(suite), tuple(already), recommends)


@lru_cache(maxsize=256)
def _added(names: tuple[str, ...], suite: str, already: tuple[str, ...], recommends: bool) -> Added:
    held = _held(suite, already)
    spread = (each for name in dict.fromkeys(names) for each in _spread(suite, name))
    # apt leaves a package alone that is there, and does not ask for its recommendations again.
    asked = tuple(name for name in dict.fromkeys(spread) if held.isdisjoint((name, *_asked_for(suite, name))))
    found = closure(_index(suite, recommends), asked, held)
    return Added(frozenset(found.packages), asked, tuple(name for name in found.unknown if name in asked), held)


@lru_cache(maxsize=64)
def _held(suite: str, already: tuple[str, ...]) -> frozenset[str]:
    """What is there where these were installed before."""
    base = facts.minbase(suite)
    return base.union(already, closure(_index(suite, False), already, base).packages)


def _spread(suite: str, name: str) -> Iterator[str]:
    """The names that a request stands for: `php8.2-*` those that fit, and itself, since the facts may not have all."""
    start, star, _ = name.partition("*")
    if len(start) >= _LEAST_OF_GLOB and star:
        fitting = (each.name for each in facts.starting(suite, start) if fnmatchcase(each.name, name))
        found = list(islice(fitting, _MOST_OF_GLOB + 1))
        if len(found) <= _MOST_OF_GLOB:
            yield from found
    yield name


@lru_cache(maxsize=64)
def recommended_by(suite: str, names: frozenset[str]) -> frozenset[str]:
    """What packages recommend, all the way down."""
    wanted = (group[0] for name in names for group in facts.recommends(suite, name))
    return frozenset(closure(_index(suite, True), wanted, frozenset()).packages)


def installed(wanted: PackageSet) -> Size | None:
    """Bytes that an install adds to a layer of Debian or Ubuntu.

    A name that is not in the table opens the upper end; None where no name is.
    """
    found = _added_by(wanted)
    if found.unknown and found.unknown == found.asked:
        return None
    if not found.packages:
        return Size(0, 0, None if found.unknown else 0)
    added_ = unpacked(found.packages, wanted, unknown=len(found.unknown))
    return total((added_, _records_of(len(found.held) - len(facts.minbase(nearest(wanted.suite))))))


def _records_of(there: int) -> Size:
    """What a layer repeats of packages that were there: dpkg's status names all of them."""
    if not there:
        return ZERO
    each = constant("apt.status")
    low, best, high = (round(there * bytes_) for bytes_ in (each.low, each.best, each.high))
    return size(f"dpkg's records of {there} packages that are there", low, best, high, each.source, each.date)


def alone(wanted: PackageSet, names: tuple[str, ...]) -> PackageSet:
    """The part of an install that only these of its names bring: what the others need or recommend comes anyway."""
    rest = replace(wanted, names=tuple(each for each in wanted.names if each not in names))
    brought = sorted(_added_by(rest).packages) if rest.names and wanted.manager == "apt" else ()
    return replace(wanted, names=names, already=(*wanted.already, *rest.names, *brought))


def unpacked(names: Iterable[str], on: PackageSet, *, unknown: int = 0) -> Size | None:
    """Bytes of exactly these packages, and of so many unknown ones, on the system of an install."""
    documents = True if "documents" in on.options else False if "no-documents" in on.options else None
    width = sum(share for word, share in _WIDTHS.items() if word in on.options)
    return _weighed(frozenset(names), on.suite, documents, width, unknown)


def cached(wanted: PackageSet) -> Size | None:
    """What apt keeps of an install where nothing tells it not to: the archives, and its index of all packages; those
    "archives" alone are what it downloads.
    """
    found = _added_by(wanted)
    stands, index = facts.release(wanted.suite), constant("apt.index")
    best = sum(package.download for name in found.packages if (package := facts.package(stands.suite, name)))
    low, high = round(best * (0.99 - stands.width)), round(best * (1.01 + stands.width))
    archives = size(f"{len(found.packages)} .deb archives", low, best, high, stands.source, stands.date)
    of_all = size("apt's index", round(index.low), round(index.best), round(index.high), index.source, index.date)
    whole = archives if "archives" in wanted.options else total((archives, of_all))
    return at_least(whole) if whole and found.unknown else whole


def _added_by(wanted: PackageSet) -> Added:
    found = added(wanted.names, wanted.suite, recommends="recommends" in wanted.options, already=wanted.already)
    if "no-dependencies" in wanted.options:
        return found._replace(packages=found.packages & frozenset(wanted.names))
    return found


class _Weight(NamedTuple):
    """Bytes of a package at the least, most likely and at the most."""

    low: int
    best: int
    high: int


@lru_cache(maxsize=256)
def _weighed(
    names: frozenset[str], suite: str | None, documents: bool | None, width: float, unknown: int
) -> Size | None:
    stands = facts.release(suite)
    weights = {name: weight for name in names if (weight := _weight(stands.suite, name, documents))}
    if not weights:
        return None
    # The packages of a layer err together: an image that leaves out documentation leaves it out of all of them.
    low, best, high = map(sum, zip(*weights.values(), strict=True))
    made = tuple(_made(stands.suite, names))
    low += sum(part.low for part in made)
    best += sum(part.best for part in made)
    high += sum(part.high or 0 for part in made)
    parts = (*_parts(weights, stands), *made)
    width += stands.width
    drift, unseen = constant("apt.drift"), constant("apt.made_by_packages")
    bottom = max(0, round(low * (drift.low - width)))
    top = None if unknown else round(high * (drift.high + width) + unseen.high)
    return Size(bottom, best, top, parts)


def _made(suite: str, names: frozenset[str]) -> Iterator[Part]:
    """What packages write when they are installed: databases, and debconf's questions once more."""
    for name in sorted(facts.made().keys() & names):
        made = facts.made()[name]
        yield Part(f"{made.what} ({name})", made.bytes, made.bytes, made.bytes, made.source, made.date)
    packages = [package for name in names if (package := facts.package(suite, name))]
    if any("debconf" in group for package in packages for group in package.depends):
        asked = constant("apt.debconf")
        low, best, high = round(asked.low), round(asked.best), round(asked.high)
        yield Part("questions of debconf, once more", low, best, high, asked.source, asked.date)


def _parts(weights: dict[str, _Weight], stands: facts.Release) -> tuple[Part, ...]:
    """The heaviest packages, and one part for all others."""
    by_weight = sorted(weights, key=lambda name: (-weights[name].best, name))
    named = by_weight if len(by_weight) <= NAMED + 1 else by_weight[:NAMED]
    parts = [Part(name, *weights[name], stands.source, stands.date) for name in named]
    if others := by_weight[len(named) :]:
        rest = _Weight(*map(sum, zip(*(weights[name] for name in others), strict=True)))
        parts.append(Part(f"{len(others)} more packages", *rest, stands.source, stands.date))
    return tuple(parts)


@lru_cache(maxsize=16384)
def _weight(suite: str, name: str, documents: bool | None) -> _Weight | None:
    """What a package writes. Where nobody knows whether documents are among it, they are in the range alone."""
    package = facts.package(suite, name)
    if package is None:
        return None
    if known := package.contents:
        all_ = known.files + known.byte_code + known.records
        without = all_ - known.documents
        return _Weight(
            all_ if documents else without, all_ if documents else without, without if documents is False else all_
        )
    shares = [constant("apt.files"), *([constant("apt.byte_code")] if name.startswith("python3-") else [])]
    low, best, high = (
        round(package.installed * sum(shares_of))
        for shares_of in zip(*((each.low, each.best, each.high) for each in shares), strict=True)
    )
    if documents:
        return _Weight(low, best, high)
    if name.endswith(_TEXTS_ALONE) or name.startswith("manpages"):
        return _Weight(0, 0, 0 if documents is False else high)
    left_out = constant("apt.documents")
    return _Weight(
        round(low - left_out.high * package.installed), round(best - left_out.best * package.installed), high
    )


# Packages of nothing but documents: a slim image installs none of their bytes.
_TEXTS_ALONE = ("-l10n", "-doc", "-docs", "-locales", "-man")
_LEAST_OF_GLOB = 3  # letters in front of a star
_MOST_OF_GLOB = 300  # packages that it stands for: `lib*-dev` fits thousands
# How far off sizes may be, as shares: packages of `-t bookworm-backports` are those of the next release, built for this
# one; a tag that names no release (python:3.11-slim) stood on the one before not long ago.
_WIDTHS = {"other-release": 0.2, "release-unnamed": 0.1}
