"""Packages of npm and PyPI that not every base image can install or run: what each of them cannot do without."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from deadweight.facts.tables import table

if TYPE_CHECKING:
    from deadweight.facts.losses import LossName

Ecosystem = Literal["npm", "pypi"]


class Native(NamedTuple):
    """What takes from a package what it needs, and why that is so, in words that follow its name."""

    loss: LossName
    why: str


@lru_cache(maxsize=8192)
def natives(ecosystem: Ecosystem, name: str) -> tuple[Native, ...]:
    """What a package cannot do without; () for one that the facts know nothing special of."""
    return tuple(Native(cast("LossName", row[2]), row[3]) for row in table("native_packages").rows(ecosystem, name))
