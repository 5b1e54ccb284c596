"""Patterns that are the path of a file lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.links import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.ignoring.reading import IgnoreReading


def ignore_links(reading: IgnoreReading) -> Iterator[Link]:
    """The files that patterns name."""
    for pattern in reading.patterns if reading.measured else ():
        path = pattern.text.removeprefix("!")
        if reading.measured and reading.measured.whole.tree.size_of(path) is not None:
            yield Link(pattern.span, path=path)
