"""Debian packages that come along because others recommend them: which an image can do without, and which it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, cast

from deadweight.facts.tables import table

# harmless: nothing that runs in an image needs it. needed: some programs do, unseen; `beside` and `words` say when.
Loss = Literal["harmless", "needed"]


@dataclass(frozen=True, slots=True)
class Recommended:
    """What is known about an image without a recommended package.

    A needed one is missed beside the packages in `beside` ("*": by any image), and where a Dockerfile has one of
    `words`, mostly the programs in it; otherwise nobody misses it. `why` says what it is good for.
    """

    package: str
    loss: Loss
    beside: tuple[str, ...]
    words: tuple[str, ...]
    why: str
    source: str
    date: str


@lru_cache(maxsize=1024)
def recommended(package: str) -> Recommended | None:
    """What is known about a package that others recommend; None for one nobody looked at."""
    row = table("apt_recommends").row(package)
    if row is None:
        return None
    name, loss, beside, words, why, source, date = row
    return Recommended(name, cast("Loss", loss), tuple(beside.split()), tuple(words.split()), why, source, date)


@cache
def words_that_tell() -> frozenset[str]:
    """All words by which a Dockerfile shows that it needs a recommended package."""
    return frozenset(word for row in table("apt_recommends").rows() for word in row[3].split())
