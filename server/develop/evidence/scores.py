"""How good our estimates are over many measured layers: errors, ranges, and for how many there is a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from develop.evidence.sizes import Line

LARGE = 1_000_000  # below, a layer is a few folders and records, and its share of error says nothing
EXACT = 0.001


class Scores(NamedTuple):
    """Figures over RUN lines and COPY lines. `None` where there is no line to judge by.

    median_error, p90_error: over RUN lines of 1 MB and more with a figure, whichever way they are off
    in_range: the share of all RUN lines with a figure that lie between its ends
    median_width, p90_width: the upper end as a multiple of the lower one, over RUN lines of 1 MB and more
    priced: the share of lines of 1 MB and more for which there is a figure
    bounded: the share of them for which it has an upper end
    exact_copies: the share of COPY lines that take from the build context and are right to 0.1 %
    """

    runs: int
    large_runs: int
    copies: int
    median_error: float | None
    p90_error: float | None
    in_range: float | None
    median_width: float | None
    p90_width: float | None
    priced: float | None
    bounded: float | None
    exact_copies: float | None


def scores_of(lines: Iterable[Line]) -> Scores:
    """The scores of these lines."""
    given = list(lines)
    runs = [line for line in given if line.keyword == "RUN"]
    copies = [line for line in given if line.copies_context]
    large = [line for line in given if line.measured >= LARGE]
    large_runs = [line for line in runs if line.measured >= LARGE]
    errors = [abs(line.error) for line in large_runs if line.error is not None]
    widths = [math.inf if line.width is None else line.width for line in large_runs if line.said is not None]
    return Scores(
        len(runs),
        len(large_runs),
        len(copies),
        _percentile(errors, 0.5),
        _percentile(errors, 0.9),
        _share([line.is_in_range for line in runs if line.said is not None]),
        _percentile(widths, 0.5),
        _percentile(widths, 0.9),
        _share([line.said is not None for line in large]),
        _share([line.width is not None for line in large]),
        _share([is_exact(line) for line in copies]),
    )


def is_exact(line: Line) -> bool:
    """Whether a figure is right to 0.1 %."""
    if line.said is None:
        return False
    return abs(line.said.best - line.measured) <= EXACT * line.measured


def _percentile(values: list[float], share: float) -> float | None:
    """The value that `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _share(values: list[bool]) -> float | None:
    return sum(values) / len(values) if values else None
