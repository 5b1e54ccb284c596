"""Text as offsets: spans, edits, and a store that knows lines and columns in UTF-8, UTF-16 and UTF-32."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Encoding = Literal["utf-8", "utf-16", "utf-32"]

# LSP ends a line at LF, CRLF or a lone CR, and nowhere else: form feed, NEL and U+2028 are ordinary characters.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


_BYTES = {"utf-8": 1, "utf-16": 2}  # of a code unit
_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))  # every other byte of UTF-8 starts a character


class Span(NamedTuple):
    """A half-open range of offsets in code points: `start <= offset < end`."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        """The same span, `by` code points further on."""
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        """Whether `offset` lies inside."""
        return self.start <= offset < self.end


class Edit(NamedTuple):
    """Replace the text in `span` by `text`; an empty span inserts."""

    span: Span
    text: str


class Position(NamedTuple):
    """A line and a column, both from 0; what a column counts depends on the encoding asked for."""

    line: int
    column: int


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` after all `edits`, whose spans refer to `text` as it is before any of them.

    Edits that insert at the same offset keep the order given. Raises ValueError where two overlap.
    """
    pieces: list[str] = []
    done = 0
    for span, new in sorted(edits, key=lambda edit: edit.span):
        if span.start < done or span.end > len(text):
            raise ValueError(f"edits overlap or leave the text at {span}")
        pieces += (text[done : span.start], new)
        done = span.end
    return "".join((*pieces, text[done:]))


def as_one(text: str, edits: Sequence[Edit]) -> Edit:
    """The edit from the first to the last of some that does what they do. Raises ValueError where two overlap."""
    start, end = min(edit.span.start for edit in edits), max(edit.span.end for edit in edits)
    inside = [Edit(span.shifted(-start), new) for span, new in edits]
    return Edit(Span(start, end), apply_edits(text[start:end], inside))


def line_edits(before: str, after: str) -> Iterator[Edit]:
    """Edits of whole lines that turn one text into another; lines that stay are not touched."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    offsets = [0, *accumulate(map(len, old))]
    for what, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield Edit(Span(offsets[start], offsets[end]), "".join(new[first:last]))


def split_lines(text: str) -> list[str]:
    """The lines of `text` as LSP counts them, each with its line end; a last line end opens no further line."""
    return _LINE.findall(text)


def count_line_ends(text: str) -> int:
    """How many lines end in `text` as LSP counts them."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def units(text: str, encoding: Encoding) -> int:
    """How many code units `text` takes in `encoding`."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    return len(_encoded(text, encoding)) // _BYTES[encoding]


def code_points(text: str, count: int, encoding: Encoding) -> int:
    """How many code points of `text` the first `count` code units cover; a unit inside a character counts it whole."""
    if encoding == "utf-32" or text.isascii():
        return min(count, len(text))
    if encoding == "utf-8":
        cut = _encoded(text, encoding)[:count]
        return len(cut.translate(None, _CONTINUATION_BYTES))
    try:
        return len(text.encode("utf-16-le")[: 2 * count].decode("utf-16-le", "surrogatepass"))
    except UnicodeEncodeError:
        # Halves of a character, which an edit can bring one after the other: two code points that decode as one.
        covered = accumulate((1 + (each > "\uffff") for each in text), initial=0)
        return next((number for number, so_far in enumerate(covered) if so_far >= count), len(text))


def _encoded(text: str, encoding: Encoding) -> bytes:
    return text.encode("utf-16-le" if encoding == "utf-16" else encoding, "surrogatepass")


class Text:
    """A document's text: lines with their ends, edited in place.

    An edit costs the edited lines and one list splice. Offsets of lines after an edit are summed up again only when
    somebody asks for them, and only as far as the question reaches.
    """

    __slots__ = ("_lines", "_starts")

    def __init__(self, text: str = "") -> None:
        self._lines = split_lines(text)
        self._starts = [0]  # offsets of the first lines, as many as are known

    def __str__(self) -> str:
        return "".join(self._lines)

    def __len__(self) -> int:
        return self._start(len(self._lines))

    @property
    def line_count(self) -> int:
        """The number of lines; text that ends in a line end has an empty last line, as editors show it."""
        return len(self._lines) + (not self._lines or self._lines[-1].endswith(("\n", "\r")))

    def line(self, number: int) -> str:
        """Line `number` (from 0) with its line end."""
        return self._lines[number] if number < len(self._lines) else ""

    def lines(self, first: int, last: int) -> list[str]:
        """Lines `first` up to but not including `last`, each with its line end."""
        return self._lines[first:last]

    def slice(self, span: Span) -> str:
        """The text inside `span`."""
        first = self._line_of(span.start)
        start = self._start(first)
        last = self._line_of(span.end)
        return "".join(self._lines[first : last + 1])[span.start - start : span.end - start]

    def position(self, offset: int, encoding: Encoding = "utf-32") -> Position:
        """Line and column of `offset`; an offset past the end is the end."""
        offset = max(0, min(offset, len(self)))
        line = self._line_of(offset)
        return Position(line, units(self.line(line)[: offset - self._start(line)], encoding))

    def offset(self, position: tuple[int, int], encoding: Encoding = "utf-32") -> int:
        """The offset of a line and column; past the line's text is its end, past the last line the end."""
        line, column = position
        if line >= len(self._lines):
            return len(self)
        content = self._lines[line].rstrip("\r\n")
        return self._start(line) + code_points(content, max(column, 0), encoding)

    def apply(self, edit: Edit) -> None:
        """Replace the text in the edit's span, in place."""
        (start, end), new = edit
        first, last = self._line_of(start), self._line_of(end)
        if first and self._lines[first - 1].endswith("\r"):
            first -= 1  # a lone CR becomes a CRLF when LF is typed after it
        head = self._start(first)
        old = "".join(self._lines[first : last + 1])
        changed = old[: start - head] + new + old[end - head :]
        last += 1
        if changed.endswith("\r") or (changed and not changed.endswith("\n")):
            changed += self.line(last)
            last += 1
        self._lines[first:last] = split_lines(changed)
        del self._starts[first + 1 :]

    def _start(self, line: int) -> int:
        """The offset at which `line` starts."""
        known = len(self._starts)
        if line >= known:
            further = map(len, self._lines[known - 1 : line])
            self._starts += list(accumulate(chain((self._starts[-1],), further)))[1:]
        return self._starts[line]

    def _line_of(self, offset: int) -> int:
        """The line that holds `offset`; the end of the text belongs to the line an editor's caret is on there."""
        starts, step = self._starts, 8
        while starts[-1] <= offset and len(starts) <= len(self._lines):
            self._start(min(len(starts) + step, len(self._lines)))
            step *= 2
        line = bisect_right(starts, offset) - 1
        if line == len(self._lines) and line and not self._lines[-1].endswith(("\n", "\r")):
            line -= 1
        return line
