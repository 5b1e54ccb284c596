"""Long lists of parts made short: a hover names the heaviest packages and counts the rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deadweight.size.units import Part, Size, total

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMED = 8
NOT_MEASURED = "not measured"  # how the source of a package starts that no table has


def summed(sizes: Sequence[Size | None], rest: str, together: float = 0) -> Size | None:
    """The total with few parts. What was not measured errs together: its ranges do not cancel out.

    `together` is the share by which all of it may be off at once, where nobody knows just what is in it.
    """
    weighed = total(sizes)
    if weighed is None or weighed.high is None:
        return weighed and condensed(weighed, rest)
    guessed = 0.4 * sum(part.best for part in weighed.parts if part.source.startswith(NOT_MEASURED))
    common = together * weighed.best
    low = max(0, round(weighed.best - math.hypot(weighed.best - weighed.low, guessed, common)))
    high = round(weighed.best + math.hypot(weighed.high - weighed.best, guessed, common))
    return condensed(Size(low, weighed.best, high, weighed.parts), rest)


def cut_off(size: Size | None, what: str) -> Size | None:
    """A size of the first of a list that is too long to look at all of it: `what` says of how many."""
    if size is None:
        return None
    rest = Part(f"more than {what}: the rest was not looked at", 0, 0, None, "", "")
    return Size(size.low, size.best, None, (*size.parts, rest))


def condensed(weighed: Size, rest: str) -> Size:
    """The same size with its heaviest parts and one for all others: "254 more packages" for `rest` "more packages"."""
    if len(weighed.parts) <= NAMED + 1:
        return weighed
    by_weight = sorted(weighed.parts, key=lambda part: -part.best)
    others = by_weight[NAMED:]
    best = sum(part.best for part in others)
    below = math.hypot(*(part.best - part.low for part in others))
    open_ended = any(part.high is None for part in others)
    above = math.hypot(*((part.high or 0) - part.best for part in others))
    sources = ", ".join(dict.fromkeys(part.source for part in others))
    oldest = min(part.date for part in others)
    high = None if open_ended else round(best + above)
    one = Part(f"{len(others)} {rest}", max(0, round(best - below)), best, high, sources, oldest)
    return Size(weighed.low, weighed.best, weighed.high, (*by_weight[:NAMED], one))
