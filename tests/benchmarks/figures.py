"""What is said about measurements: percentiles, and ratios of pairs with an interval."""

from __future__ import annotations

import random
from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RESAMPLES = 1000


class Ratio(NamedTuple):
    """A ratio with its 95 % interval."""

    value: float
    low: float
    high: float


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above, between two of them where it falls there."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ratio_of_medians(values: Sequence[float], others: Sequence[float]) -> Ratio | None:
    """How many times the median of `others` the median of `values` is."""
    return _ratio(values, others, median)


def ratio_of_means(values: Sequence[float], others: Sequence[float]) -> Ratio | None:
    """The same of means, which is right for costs that add up."""
    return _ratio(values, others, fmean)


def _ratio(
    values: Sequence[float], others: Sequence[float], middle: Callable[[Sequence[float]], float]
) -> Ratio | None:
    """The interval comes from pairs drawn again and again: what was measured in one round saw the same machine."""
    pairs = list(zip(values, others, strict=False))  # a slow server takes part in fewer rounds
    if len(pairs) < 3:
        return None
    draw = random.Random(1)

    def of(some: Sequence[tuple[float, float]]) -> float:
        return middle([each[0] for each in some]) / (middle([each[1] for each in some]) or float("nan"))

    ratios = sorted(of(draw.choices(pairs, k=len(pairs))) for _ in range(_RESAMPLES))
    return Ratio(of(pairs), percentile(ratios, 0.025), percentile(ratios, 0.975))
