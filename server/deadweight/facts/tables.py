"""The package's tables: sorted text with a header line, looked up in the text itself.

A table is `data/NAME.tsv` in a source checkout and `data/NAME.tsv.z` in the wheel: UTF-8, a line a row, columns parted
by tabs, lines sorted by code point. A tab sorts before every other character that a column holds, so that sorted lines
are sorted rows.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from deadweight.lazy import cached_property

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 4096  # bytes that a look-up reads through: two microseconds


@cache
def table(name: str) -> Table:
    """The table `name`, read on first use. Raises FileNotFoundError where the package has no such table."""
    try:
        text = _package_data(f"{name}.tsv")
    except OSError:
        import zlib

        text = zlib.decompress(_package_data(f"{name}.tsv.z"))
    return Table(text)


class Table:
    """Sorted rows of text. Kept as the bytes of the file: a row becomes an object only when it is looked up."""

    columns: tuple[str, ...]  # the names in the header line

    def __init__(self, text: bytes) -> None:
        self._start = text.find(b"\n") + 1  # where the first row starts
        self._text = text
        self.columns = tuple(text[: self._start].decode().rstrip("\n").split("\t"))

    def rows(self, *key: str) -> Iterator[tuple[str, ...]]:
        """All rows whose first columns equal `key`, in order; all rows for no key. A key is shorter than a row."""
        return self._starting("".join(f"{column}\t" for column in key))

    def starting(self, *key: str) -> Iterator[tuple[str, ...]]:
        """All rows whose first columns equal `key`, where of the last one only the start has to fit."""
        return self._starting("\t".join(key))

    def row(self, *key: str) -> tuple[str, ...] | None:
        """The first row whose first columns equal `key`."""
        start = self._first("\t".join((*key, "")).encode("utf-8", "surrogatepass"))
        return self._row_at(start) if start < len(self._text) else None

    def _starting(self, start_of_rows: str) -> Iterator[tuple[str, ...]]:
        prefix = start_of_rows.encode("utf-8", "surrogatepass")
        text, start = self._text, self._first(prefix)
        while text.startswith(prefix, start) and start < len(text):
            yield self._row_at(start)
            start = text.index(b"\n", start) + 1

    def _row_at(self, start: int) -> tuple[str, ...]:
        return tuple(self._text[start : self._text.index(b"\n", start)].decode().split("\t"))

    def _first(self, prefix: bytes) -> int:
        """The offset of the first row that starts with `prefix`; the end of the text where none does."""
        starts, rows = self._blocks
        block = bisect_left(rows, prefix)  # the first one whose first row is not less: it may stand in the one before
        low = starts[max(block - 1, 0)]
        high = starts[block] + len(prefix) if block < len(starts) else len(self._text)
        found = self._text.find(b"\n" + prefix, low - 1, high)
        return len(self._text) if found < 0 else found + 1

    @cached_property
    def _blocks(self) -> tuple[list[int], list[bytes]]:
        """Rows that are some thousand bytes apart: where each starts, and its text."""
        text, starts = self._text, [self._start]
        while start := text.find(b"\n", starts[-1] + _BLOCK, -1) + 1:
            starts.append(start)
        return starts, [text[start : text.find(b"\n", start)] for start in starts]


class _DataLoader(Protocol):
    def get_data(self, path: str) -> bytes: ...


def _package_data(name: str) -> bytes:
    """A file of `data/`, read by whatever imported this package: works from a zip too, and costs no import.

    `importlib.resources` does the same for 25 ms of imports at every start. Raises OSError for a file that is missing.
    """
    assert __spec__ is not None
    loader = cast("_DataLoader", __spec__.loader)
    return loader.get_data(os.path.join(os.path.dirname(__file__), "data", name))
