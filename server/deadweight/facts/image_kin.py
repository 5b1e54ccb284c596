"""Images of other repositories that stand for one without a figure: what it is built from, or much like."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from deadweight.facts.tables import table


class Kin(NamedTuple):
    """An image, and the bytes that the one it stands for has on top of it."""

    repository: str
    tag: str
    more_pulled: int
    more_unpacked: int
    source: str
    date: str


@lru_cache(maxsize=1024)
def kin_of(repository: str, tag: str) -> Kin | None:
    """The image that stands for a tag: the first whose pattern fits all of it, in the order of the table."""
    for _, pattern, kin, more_pulled, more_unpacked, source, date in table("image_kin").rows(repository):
        if match := re.fullmatch(pattern, tag):
            name, _, its_tag = match.expand(kin).rpartition(":")
            return Kin(name, its_tag, int(more_pulled), int(more_unpacked), source, date)
    return None
