"""What Alpine calls the packages of Debian."""

from __future__ import annotations

from functools import lru_cache

from deadweight.facts.tables import table


@lru_cache(maxsize=1024)
def in_alpine(name: str) -> tuple[str, ...] | None:
    """The packages of Alpine that bring what a package of Debian does; None where nobody has said so."""
    row = table("apk_names").row(name)
    return tuple(row[1].split()) if row else None
