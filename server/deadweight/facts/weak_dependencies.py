"""RPM packages that come along because others only recommend them: what they weigh, and who would miss them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from deadweight.facts.tables import table


@dataclass(frozen=True, slots=True)
class WeakDependency:
    """A package that an install brings along: the bytes that it weighs installed, None where nobody has measured them.

    It surely comes along, and stays out where it is not wanted; or others may need it, or it came in some versions. It
    is missed where a Dockerfile has one of `words`, mostly the programs in it. `why` says what it is good for.
    """

    name: str
    low: int | None
    best: int | None
    is_sure: bool
    words: tuple[str, ...]
    why: str
    source: str
    date: str


@lru_cache(maxsize=2048)
def weak_dependencies(dist: str, package: str) -> tuple[WeakDependency, ...]:
    """What a package brings along in a release, named as RPM names it: el8, fc44, amzn2023."""
    return tuple(map(_read, table("rpm_weak").rows(dist, package)))


@cache
def words_that_tell() -> frozenset[str]:
    """All words by which a Dockerfile shows that it needs one of them."""
    return frozenset(word for row in table("rpm_weak").rows() for word in _read(row).words)


def _read(row: tuple[str, ...]) -> WeakDependency:
    _, _, name, low, best, surely, words, why, source, date = row
    low_, best_ = (int(each) if each else None for each in (low, best))
    return WeakDependency(name, low_, best_, surely == "yes", tuple(words.split()), why, source, date)
