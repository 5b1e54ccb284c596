"""The bytes of a constant of the facts, as effects carry them."""

from __future__ import annotations

from deadweight.facts.constants import constant
from deadweight.model.effects import Figure


def figure(name: str) -> Figure:
    """The figure that a constant is. Raises KeyError where there is none."""
    found = constant(name)
    return Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)
