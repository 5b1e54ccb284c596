"""What well-known addresses on the network bring: the file, what it unpacks to, what its script installs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal, NamedTuple

from deadweight.facts.tables import table

# file: the bytes that are downloaded. content: what the archive unpacks to. installed: what the script installs.
Kind = Literal["file", "content", "installed"]


class Bytes(NamedTuple):
    """A range of bytes, the likeliest of them, and who says so when (ISO date)."""

    low: int
    best: int
    high: int
    source: str
    date: str


@lru_cache(maxsize=512)
def known(url: str, kind: Kind) -> Bytes | None:
    """What is known of an address, as it is written: with variables in it, or versions."""
    address = url.partition("://")[2]
    for row in table("downloads").rows():
        pattern, of, low, best, high, source, date = row
        if of == kind and fnmatchcase(address, pattern):
            return Bytes(int(low), int(best), int(high), source, date)
    return None
