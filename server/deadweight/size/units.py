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
_PULL_SPEED = 50_000_000  # bits a second: an office or a home; whoever says a time says the speed with it
_UNITS = {"GB": 10**9, "MB": 10**6, "kB": 10**3}
_SURE = 0.15  # a range is named where it is wider than this share of the best figure, on either side


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
    if len(known) < len(given) and not [each for each in known if each.high is None or each.high]:
        return None
    best = sum([each.best for each in known])
    below = math.hypot(*[each.best - each.low for each in known])
    open_ended = len(known) < len(given) or None in [each.high for each in known]
    above = None if open_ended else math.hypot(*[(each.high or 0) - each.best for each in known])
    high = None if above is None else round(best + above)
    parts = tuple([part for each in known for part in each.parts])
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
    for unit, scale in _UNITS.items():
        if rounded >= scale:
            value = rounded / scale
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count} B"


def in_range(size: Size | Part) -> str:
    """A size in a few words: "140 MB"; "110–190 MB" where a single number would say too much; "up to 20 MB" where it
    may be nothing; "at least 90 MB", and "perhaps 90 MB" where that may be nothing as well.
    """
    low, best, high = size.low, size.best, size.high
    if high is None and low * 100 < best:
        return f"perhaps {in_words(best)}"
    if high is None:
        return f"at least {in_words(low if best - low > _SURE * best else best)}"
    if not is_wide(size):
        return in_words(best)
    if low * 100 < high:
        return f"up to {in_words(high)}"
    most = in_words(high)
    least, _, unit = in_words(low).partition(" ")
    if not most.endswith(f" {unit}"):  # "0.38–1.3 MB": one unit reads at a glance
        least = f"{low / _UNITS[most.partition(' ')[2]]:.2g}"
    return f"{least}–{most}"


def is_wide(size: Size | Part) -> bool:
    """Whether one number alone would say too much of a size."""
    return size.high is not None and max(size.best - size.low, size.high - size.best) > _SURE * size.best


def seconds_in_words(count: int) -> str:
    """How long a pull of so many bytes takes: "about 65 s at 50 Mbit/s"; "" where nobody would notice."""
    seconds = count * 8 / _PULL_SPEED
    if seconds < 1:
        return ""
    digits = max(0, math.floor(math.log10(seconds)) - 1)
    return f"about {round(seconds / 10**digits) * 10**digits} s at {_PULL_SPEED // 10**6} Mbit/s"
