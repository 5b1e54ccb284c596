"""Long lists of parts made short: a hover names the heaviest packages and counts the rest."""

from __future__ import annotations

import math

from deadweight.size.units import Part, Size

NAMED = 8


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
