"""What `pip install` and its like write, in bytes: wheels as they unpack, their byte code, and what is cached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import packages as facts
from deadweight.facts.constants import constant
from deadweight.model.ecosystems.python import applies
from deadweight.size.parts import NOT_MEASURED, summed
from deadweight.size.units import Size, around, at_least, size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from deadweight.model.ecosystems.python import LockedDistribution, Requirement

DATE = "2026-11-26"

# How far the figure of one version is off: of the same version, for the newest one of a day, for another version of
# which the size of the wheel is stated, and of which it is not (p5 and p95 of the 374 pairs of versions in pypi.tsv).
SAME = 0.03
NEWEST = 0.08
STATED = 0.15
SAME_MAJOR = 0.17
OTHER_MAJOR = 0.30
# What wheels for Pythons before 3.9 weigh beside the newest ones, which need a later Python: the median, and how far
# p5 is off, of what `pip download` brought for 2.7, 3.6, 3.7 and 3.8, of 13 packages that people ask for (2026-11-26).
_OLD, _OF_OLD = 0.8, 0.42
_OF_ANY = 0.9  # where nobody can tell whether it is an old one: between both
_WEIGHED_MINORS = frozenset(("8", "9", "10", "11", "12", "13"))
# What all of them together may be off by: pip may choose other versions and bring more of them than the table has.
RESOLVED = 0.06
LOCKED = 0.02
# For musl the same modules are linked with other libraries.
OTHER_LIBC = 0.2


@dataclass(frozen=True, slots=True)
class Target:
    """For what packages are installed: the C library (None, unknown, is taken as glibc), the Python ("3.12"; '' where
    nobody can tell).

    `byte_code` False: with --no-compile; `cpu`: from PyTorch's index of builds without CUDA.
    """

    libc: str | None = None
    python: str = ""
    byte_code: bool = True
    cpu: bool = False

    @property
    def is_old(self) -> bool:
        """Whether the newest versions are not for this Python."""
        major, _, minor = self.python.partition(".")
        return major == "2" or (minor.isdigit() and int(minor) < 9)


def installed(
    requirements: Iterable[Requirement],
    target: Target,
    *,
    dependencies: bool = True,
    already: Collection[str] = (),
) -> Size | None:
    """Bytes that installing the requirements with all they depend on writes into site-packages.

    `dependencies` False: with --no-deps. What `already` brought is not written again. None where nothing is known about
    any of them; what comes from elsewhere than the index opens the upper end.
    """
    requirements = tuple(requirements)
    target = _from_index(requirements, target)
    return _installed(_wanted(requirements, target, dependencies, already), target, RESOLVED)


def installed_locked(distributions: Iterable[LockedDistribution], target: Target) -> Size | None:
    """The same for the distributions of a lockfile, which needs no guess about dependencies."""
    return _installed(_locked(distributions), target, LOCKED)


def cache_left(
    requirements: Iterable[Requirement],
    target: Target,
    *,
    dependencies: bool = True,
    already: Collection[str] = (),
) -> Size | None:
    """Bytes that stay in ~/.cache/pip: the wheels as downloaded."""
    requirements = tuple(requirements)
    target = _from_index(requirements, target)
    return _cached(_wanted(requirements, target, dependencies, already), target)


def cache_left_locked(distributions: Iterable[LockedDistribution], target: Target) -> Size | None:
    """The same for the distributions of a lockfile."""
    return _cached(_locked(distributions), target)


def records_left(requirements: Iterable[Requirement], target: Target) -> Size:
    """Bytes that stay in ~/.cache/uv beside what site-packages shares with it by hard links.

    uv asked the index about each distribution, which no lockfile settled.
    """
    return _records(len(_wanted(requirements, target)), resolved=True)


def records_left_locked(distributions: Iterable[LockedDistribution]) -> Size:
    """The same for the distributions of a lockfile."""
    return _records(len(_locked(distributions)), resolved=False)


def with_cuda(requirements: Iterable[Requirement], target: Target) -> tuple[str, ...]:
    """The names of those of the requirements that bring libraries for CUDA, and would not from PyTorch's own index.

    Versions of torch before 2 hold them in other ways than what is in the tables, and are left out.
    """
    asked = [each for each in requirements if applies(each.marker, target.python) and not each.url]
    if any(each.name == "torch" and each.version.startswith(("0.", "1.")) for each in asked):
        return ()
    return tuple(
        each.name
        for each in asked
        if "+" not in each.version
        and any(name.startswith("nvidia-") for name in _closure(each.name, each.extras, False))
        and not any(name.startswith("nvidia-") for name in _closure(each.name, each.extras, True))
    )


# --- which distributions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Distribution:
    """One distribution to weigh. `stated` are wheel bytes that a lockfile states, for glibc and musl."""

    name: str
    version: str = ""
    stated: tuple[int | None, int | None] = (None, None)
    from_index: bool = True


def names(
    requirements: Iterable[Requirement], target: Target, *, dependencies: bool = True
) -> Iterator[tuple[str, str]]:
    """The distributions that an install of requirements writes, by name, each with its version or ''."""
    for each in _wanted(requirements, target, dependencies).values():
        yield each.name, each.version


def glibc_alone(name: str, version: str) -> bool:
    """Whether a distribution, in the version that is known nearest to the given one, has a wheel for glibc and none for
    musl.
    """
    row = _nearest(name, version, cpu=False)
    return row is not None and row.lacks_musl and row.manylinux is not None


def _from_index(requirements: Iterable[Requirement], target: Target) -> Target:
    """The target, where a requirement such as `torch==2.9.0+cpu` says which index the packages come from."""
    return replace(target, cpu=target.cpu or any("+cpu" in each.version for each in requirements))


def _wanted(
    requirements: Iterable[Requirement],
    target: Target,
    dependencies: bool = True,
    already: Collection[str] = (),
) -> Mapping[str, _Distribution]:
    """The requirements and what they depend on, by name, as far as the tables know it."""
    found: dict[str, _Distribution] = {}
    needed: set[str] = set()
    for each in requirements:
        if not applies(each.marker, target.python):
            continue
        name = each.name or each.url
        found[name] = _Distribution(name, each.version, from_index=not each.url)
        if dependencies:
            needed |= _closure(each.name, each.extras, target.cpu)
    for name in sorted(needed - found.keys()):
        found[name] = _Distribution(name)
    return {name: each for name, each in found.items() if name not in already} if already else found


def brought(requirement: Requirement, *, cpu: bool) -> frozenset[str]:
    """What an install of a requirement brings, by name."""
    return frozenset((requirement.name, *_closure(requirement.name, requirement.extras, cpu)))


@lru_cache(maxsize=4096)
def _closure(name: str, extras: tuple[str, ...], cpu: bool) -> frozenset[str]:
    """What a distribution needs, by name."""
    found: set[str] = set()
    waiting: list[tuple[str, str]] = [(name, ""), *((name, extra) for extra in extras)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        here, extra = waiting.pop()
        wheel = _nearest(here, "", cpu)
        if (here, extra) in seen or wheel is None:
            continue
        seen.add((here, extra))
        for each in wheel.depends:
            brought_by, _, needed = each.rpartition(":")
            if brought_by != extra:
                continue
            needed, _, more = needed.rstrip("]").partition("[")
            found.add(needed)
            waiting += [(needed, ""), *((needed, one) for one in more.split())]
    return frozenset(found)


def _locked(distributions: Iterable[LockedDistribution]) -> Mapping[str, _Distribution]:
    return {
        each.name: _Distribution(each.name, each.version, (each.glibc_wheel, each.musl_wheel)) for each in distributions
    }


# --- their bytes ----------------------------------------------------------------------------------------------------


def _installed(wanted: Mapping[str, _Distribution], target: Target, together: float) -> Size | None:
    return summed([_unpacked(each, target) for each in wanted.values()], "more distributions", together)


@lru_cache(maxsize=4096)
def _unpacked(distribution: _Distribution, target: Target) -> Size | None:
    """A distribution as installed; None for one that no index has."""
    if not distribution.from_index:
        return None
    label = f"{distribution.name} {distribution.version}".rstrip()
    row = _nearest(distribution.name, distribution.version, target.cpu)
    stated = _stated(distribution, target.libc)
    if row is None or row.files is None:
        wheel = stated or (row and row.download)
        return _by_wheel(label, wheel, row) if wheel else _unknown(label)
    count = row.files + (_byte_code(row, target.python) if target.byte_code else 0)
    width, times, source = _likeness(distribution, row, stated, target)
    if target.libc != "musl" or (row.pure and not row.manylinux):
        return around(label, round(count * times), width, width, source, row.date)
    width = max(width, OTHER_LIBC)
    found = around(label, round(count * times), width, width, source, row.date)
    if not row.lacks_musl or stated:
        return found
    # No wheel for musl: pip builds it from source, into something else.
    return at_least(Size(found.low // 4, found.best, found.high, found.parts))


def _byte_code(row: facts.Wheel, python: str) -> int:
    """What the modules of a wheel compile to: Python 3.11, for which they were weighed, writes the most."""
    minor = python.removeprefix("3.").partition(".")[0]
    known = minor if minor in _WEIGHED_MINORS else ""
    times = constant(f"pip.byte_code.3.{known}" if known else "pip.byte_code.unknown")
    return round((row.byte_code or 0) * times.best)


def _likeness(
    distribution: _Distribution, row: facts.Wheel, stated: int | None, target: Target
) -> tuple[float, float, str]:
    """How far a row's figure may be off for a distribution, by what it is to be multiplied, and its source."""
    version = distribution.version.partition("+")[0]
    if not version:
        if target.is_old:
            return _OF_OLD, _OLD, f"{row.source}, by older versions"
        return (NEWEST, 1, row.source) if target.python else (_OF_OLD, _OF_ANY, row.source)
    if version == row.version.partition("+")[0]:
        return SAME, 1, row.source
    source = f"{row.source}, version {row.version}"
    if stated and row.download:
        return STATED, stated / row.download, f"{source}, by the size of the wheel"
    if facts.release(version)[:1] == facts.release(row.version)[:1]:
        return SAME_MAJOR, 1, source
    return (_OF_OLD, _OLD, source) if target.is_old else (OTHER_MAJOR, 1, source)


def _nearest(name: str, version: str, cpu: bool) -> facts.Wheel | None:
    """The row that says most about a version: one that was weighed, then the nearest."""
    rows = facts.wheels(name)
    if not rows:
        return None
    if cpu or "+cpu" in version:
        rows = tuple(row for row in rows if "+cpu" in row.version) or rows
    else:
        rows = tuple(row for row in rows if "+" not in row.version) or rows
    rows = tuple(row for row in rows if row.files is not None) or rows
    return facts.nearest(rows, version.partition("+")[0]) if version else rows[-1]


def _stated(distribution: _Distribution, libc: str | None) -> int | None:
    """Bytes of the wheel of just this version, by the lockfile or by a row of the table."""
    glibc, musl = distribution.stated
    if glibc or musl:
        return musl if libc == "musl" else glibc
    row = next((row for row in facts.wheels(distribution.name) if row.version == distribution.version), None)
    if row is None:
        return None
    return (row.musllinux or row.pure) if libc == "musl" else row.download


def _by_wheel(label: str, wheel: int, row: facts.Wheel | None) -> Size:
    """What a wheel that nobody unpacked comes to, by what others do."""
    name = label.partition(" ")[0]
    kind = "cuda" if name.startswith("nvidia-") else "any" if row is None else "native" if row.manylinux else "pure"
    ratio = constant(f"pip.unpacked.{kind}")
    source = f"wheel size, times what wheels unpack to ({ratio.source})"
    return size(
        label, round(wheel * ratio.low), round(wheel * ratio.best), round(wheel * ratio.high), source, ratio.date
    )


def _unknown(label: str) -> Size:
    """What no table knows: it is none of the giants that everybody asks for, so without the heaviest fifth."""
    usual, source = constant("pip.any"), f"{NOT_MEASURED}: as other distributions"
    return size(label, round(usual.low), round(usual.best), round(usual.high), source, DATE)


def _cached(wanted: Mapping[str, _Distribution], target: Target) -> Size | None:
    return summed([_wheel(each, target) for each in wanted.values()], "more wheels")


@lru_cache(maxsize=4096)
def _wheel(distribution: _Distribution, target: Target) -> Size | None:
    """A wheel as it is downloaded."""
    if not distribution.from_index:
        return None
    label = f"wheel of {distribution.name}"
    row = _nearest(distribution.name, distribution.version, target.cpu)
    stated = _stated(distribution, target.libc)
    count = stated or (row and ((target.libc == "musl" and (row.musllinux or row.pure)) or row.download))
    if not count and row and row.files:
        ratio = constant("pip.files_by_wheel")
        low, best, high = (round(row.files / times) for times in (ratio.high, ratio.best, ratio.low))
        return size(label, low, best, high, f"share of what it unpacks to ({ratio.source})", row.date)
    if not count:
        # A source archive, or nobody knows what: wheels are a third of what they unpack to.
        known = _unknown(label)
        return size(label, known.low // 4, known.best // 3, known.high and known.high // 2, known.parts[0].source, DATE)
    below, times = (0.05, 1.0) if stated or row is None else _likeness(distribution, row, stated, target)[:2]
    # Real builds left the wheels and 1 % more; an index that also lets its pages be cached adds those.
    return around(label, round(count * times), below, max(below, 0.25), "wheel size", row.date if row else DATE)


def _records(count: int, *, resolved: bool) -> Size:
    """What uv itself notes about so many distributions."""
    record, page = constant("uv.record"), constant("uv.index_page")
    low, best, high = (
        round(count * (each + (of_page if resolved else 0)))
        for each, of_page in ((record.low, page.low), (record.best, page.best), (record.high, page.high))
    )
    return size(f"uv's records of {count} distributions", low, best, high, record.source, record.date)
