"""`Size`: bytes as a range with parts and sources, its arithmetic, and how a person reads it. MB = 10^6 bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Part:
    """One contribution to a size: what it is, its bytes, and who measured it when (ISO date, or '' where unknown)."""

    what: str
    low: int
    best: int
    high: int | None
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes between `low` and `high`, most likely `best`. `high` None says "at least": something in it is unknown.

    A size of which nothing at all is known is not a `Size` but None; see `total`.
    """

    low: int
    best: int
    high: int | None
    parts: tuple[Part, ...] = ()

    @property
    def is_at_least(self) -> bool:
        """Whether an unknown part may add to it."""
        return self.high is None


ZERO = Size(0, 0, 0)


def size(what: str, low: int, best: int, high: int | None, source: str, date: str) -> Size:
    """A size with one part."""
    return Size(low, best, high, (Part(what, low, best, high, source, date),))


def around(what: str, best: int, below: float, above: float, source: str, date: str) -> Size:
    """A size with one part whose range is given as shares of `best`: 0.05 is 5 %."""
    return size(what, round(best * (1 - below)), best, round(best * (1 + above)), source, date)


def at_least(known: Size) -> Size:
    """The same size with its upper end open."""
    return Size(known.low, known.best, None, known.parts)


def total(sizes: Iterable[Size | None]) -> Size | None:
    """The sum of independent sizes: ranges add in quadrature, an unknown one (None) opens the upper end.

    None where nothing but unknown ones and nothings are added; `ZERO` for no sizes.
    """
    given = list(sizes)
    if len(given) == 1:
        return given[0]
    known = [each for each in given if each is not None]
    if len(known) < len(given) and not any(each.high is None or each.high for each in known):
        return None
    best = sum([each.best for each in known])
    below = math.hypot(*[each.best - each.low for each in known])
    open_ended = len(known) < len(given) or any(each.high is None for each in known)
    above = None if open_ended else math.hypot(*((each.high or 0) - each.best for each in known))
    high = None if above is None else round(best + above)
    parts = tuple(part for each in known for part in each.parts)
    return Size(max(0, round(best - below)), best, high, parts)


def less(before: Size, after: Size) -> Size:
    """What is saved when `before` becomes `after`: never below 0, the ranges of both in quadrature."""
    best = max(0, before.best - after.best)
    below = math.hypot(before.best - before.low, (after.high if after.high is not None else after.best) - after.best)
    open_ended = before.high is None or after.high is None
    above = None if open_ended else math.hypot((before.high or 0) - before.best, after.best - after.low)
    high = None if above is None else round(best + above)
    return Size(max(0, round(best - below)), best, high, before.parts)


def in_words(count: int) -> str:
    """`count` bytes for a person, two significant digits: 19_856_468 is "20 MB", 1_130_000_000 is "1.1 GB"."""
    if count < 1000:
        return f"{count} B"
    digits = max(0, math.floor(math.log10(count)) - 1)
    rounded = round(count / 10**digits) * 10**digits
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if rounded >= scale:
            value = rounded / scale
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count} B"
