"""A constant of the facts as the figure that a cause carries."""

from __future__ import annotations

from deadweight.facts.constants import constant
from deadweight.model.effects import Figure


def figure(name: str) -> Figure:
    """The bytes of a constant, with who measured them and when."""
    found = constant(name)
    return Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)
