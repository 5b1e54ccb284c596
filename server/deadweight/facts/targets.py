"""What an image of a kind of app is expected to weigh: the range that a good one is in."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from deadweight.facts.tables import table

App = Literal["django", "express", "fastapi", "flask", "go", "laravel", "next", "spring-boot", "static"]


class Target(NamedTuple):
    """The pulled bytes, from `low` to `high`, of a good image of a kind of app; `name` is "an Express app"."""

    app: App
    name: str
    low: int
    high: int
    source: str
    date: str


@cache
def target_of(app: App) -> Target:
    """The target for a kind of app. Raises KeyError where there is none."""
    row = table("targets").row(app)
    if row is None:
        raise KeyError(app)
    _, name, low, high, source, date = row
    return Target(app, name, int(low), int(high), source, date)
