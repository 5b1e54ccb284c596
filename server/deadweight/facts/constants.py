"""Measured constants that belong to no table: apt lists, ratios, error bands. Each with its range, source and date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from deadweight.facts.tables import table

Unit = Literal["bytes", "factor", "share"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number between `low` and `high`, most likely `best`: bytes, or a factor to multiply with, or a share of 1."""

    low: float
    best: float
    high: float
    unit: Unit
    source: str
    date: str


@cache
def constant(name: str) -> Constant:
    """The constant `name` of constants.tsv. Raises KeyError where there is none."""
    row = table("constants").row(name)
    if row is None:
        raise KeyError(name)
    _, low, best, high, unit, source, date = row
    return Constant(float(low), float(best), float(high), cast("Unit", unit), source, date)
