"""Lossless reading of an ignore file: patterns as Docker reads them, comments and blank lines, all with their place.

Follows moby/patternmatcher's `ignorefile` (commit 5a6d842) with POSIX paths, as BuildKit does on every platform.
"""

from __future__ import annotations

from dataclasses import dataclass

from deadweight.text import Span

# Go's unicode.IsSpace; Python's own `str.strip` would also take U+001C to U+001F.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern. `text` is what the matcher gets: trimmed and cleaned, with its `!`. `span` is it as written.

    `line` counts from 0; `source` is the whole line with its line end, which starts at `offset` in the text.
    """

    text: str
    negated: bool
    span: Span
    line: int
    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A line whose very first character is `#`; `span` leaves out the line end."""

    span: Span
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A line without a pattern or comment; `span` leaves out the line end."""

    span: Span
    line: int
    source: str


Line = Pattern | Comment | Blank


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The lines of an ignore file in order; `str()` gives the text back."""

    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return "".join(line.source for line in self.lines)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns in order; their `text`s are what `model.ignore.compile_patterns` takes."""
        return tuple(line for line in self.lines if isinstance(line, Pattern))


def parse(text: str) -> IgnoreFile:
    """The lines of an ignore file. Any text is one; lines end at LF only."""
    lines: list[Line] = []
    offset = 0
    for number, source in enumerate(_split(text)):
        lines.append(_line(source, number, offset))
        offset += len(source)
    return IgnoreFile(tuple(lines))


def clean(path: str) -> str:
    """Go's filepath.Clean: the shortest path that says the same, without a last slash; "" is "."."""
    rooted = path.startswith("/")
    kept: list[str] = []
    for name in path.split("/"):
        if name in ("", "."):
            continue
        if name != "..":
            kept.append(name)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not rooted:
            kept.append(name)
    return "/" * rooted + "/".join(kept) or "."


def _split(text: str) -> list[str]:
    """The lines of `text` with their LF."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _line(source: str, number: int, offset: int) -> Line:
    """What one line says; `offset` is where it starts in the text."""
    start = len(_BYTE_ORDER_MARK) if number == 0 and source.startswith(_BYTE_ORDER_MARK) else 0
    end = len(source.rstrip("\r\n"))
    if source.startswith("#", start):
        return Comment(Span(offset + start, offset + end), number, source)
    written = source[start:].strip(SPACE)
    if not written:
        return Blank(Span(offset, offset + end), number, source)
    start = source.index(written, start)
    span = Span(offset + start, offset + start + len(written))
    negated = written.startswith("!")
    return Pattern("!" * negated + _cleaned(written[negated:].strip(SPACE)), negated, span, number, source, offset)


def _cleaned(path: str) -> str:
    """`path` relative to the context; an empty one (after a lone `!`) and a lone `/` stay."""
    if not path:
        return ""
    path = clean(path)
    return path[1:] if len(path) > 1 and path.startswith("/") else path
