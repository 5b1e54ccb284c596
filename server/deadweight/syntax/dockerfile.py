"""The lossless tree of a Dockerfile: directives, comments, instructions and heredocs, split exactly as BuildKit does.

A tree is a tuple of pieces whose texts join to the file. A piece knows nothing of its place in the file, so an
instruction that an edit does not touch keeps its object, and with it everything that was computed from it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from deadweight.syntax.json_form import read_array
from deadweight.syntax.words import HEREDOC, SPACES, Word, heredoc_name, heredoc_words, split_plain, split_quoted
from deadweight.text import Edit, Span, apply_edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_LINE = 65_535  # bytes; BuildKit's scanner rejects longer lines (moby/buildkit frontend/dockerfile/parser)

_COMMENT = re.compile(f"[{SPACES}]*#")
_NOT_SPACE = re.compile(f"[^{SPACES}]")
_DIRECTIVE = re.compile(rf"#[{SPACES}]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+)", re.DOTALL)  # `# escape=``
_KEYWORD = re.compile(r"[^\t\v\f\r ]*")
_FLAG = re.compile(r"""[\t-\r ]*(--(?:\\.|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[^\t-\r '"\\])*)""", re.DOTALL)
_QUOTE_OR_ESCAPE = re.compile(r"\\(.)|['\"]", re.DOTALL)
TAKES_ARRAY = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME", "ADD", "COPY"))
_TAKES_HEREDOC = frozenset(("RUN", "ADD", "COPY"))
_TAKES_QUOTED_WORDS = frozenset(("ENV", "LABEL", "ARG"))
DIRECTIVES = frozenset(("syntax", "escape", "check"))


class Flag(NamedTuple):
    """`--name=value` in front of an instruction's arguments; `value` is None for a bare `--name`."""

    span: Span
    name: str
    value: str | None


class Heredoc(NamedTuple):
    """`<<NAME` and its body: `content` covers the lines in between, `terminator` the line that ends it."""

    name: str
    strips_tabs: bool
    expands: bool
    content: Span
    terminator: Span


@dataclass(frozen=True, slots=True)
class Logical:
    """A stretch of source with continuations taken out, and where each run of it stands in the source."""

    text: str
    starts: tuple[int, ...]
    sources: tuple[int, ...]

    def start(self, offset: int) -> int:
        """The source offset of the character at `offset`."""
        run = max(bisect_right(self.starts, offset) - 1, 0)
        return self.sources[run] + offset - self.starts[run]

    def offset(self, source: int) -> int:
        """The offset of the character at a source offset; of what was taken out, where the next run starts."""
        run = max(bisect_right(self.sources, source) - 1, 0)
        end = self.starts[run + 1] if run + 1 < len(self.starts) else len(self.text)
        return min(self.starts[run] + max(source - self.sources[run], 0), end)

    def end(self, offset: int) -> int:
        """The source offset just behind the character before `offset`: never beyond a continuation."""
        run = max(bisect_left(self.starts, offset) - 1, 0)
        return self.sources[run] + offset - self.starts[run]

    def span(self, span: Span) -> Span:
        """The stretch of source that `span` came from."""
        if len(self.starts) == 1:  # most instructions have one line
            return span.shifted(self.sources[0])
        start = self.start(span.start)
        return Span(start, max(start, self.end(span.end)) if span.end > span.start else start)

    def part(self, start: int, end: int) -> Logical:
        """The stretch between two offsets, counted from 0 again."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_left(self.starts, end), first + 1)
        starts = tuple(max(at - start, 0) for at in self.starts[first:last])
        return Logical(self.text[start:end], starts, (self.start(start), *self.sources[first + 1 : last]))


@dataclass(frozen=True, slots=True)
class Blank:
    """A line of white space; also the byte order mark at the start of a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line. `directive` holds name and value of a parser directive (`# syntax=`, `# escape=`, `# check=`)."""

    text: str
    directive: tuple[str, str] | None = None


@dataclass(frozen=True)
class Instruction:
    """One instruction with all its lines, heredocs included. All spans are offsets in its `text`.

    `begin` is 0 except for what an ONBUILD triggers, which is an instruction over the same text that starts later.
    """

    text: str
    escape: str = "\\"
    heredocs: tuple[Heredoc, ...] = ()
    has_open_heredoc: bool = False
    begin: int = 0

    @cached_property
    def line(self) -> Logical:
        """The logical line: continuations, comment lines and blank lines in between taken out, trimmed."""
        end = self.heredocs[0].content.start if self.heredocs else len(self.text)
        whole = _logical(self.text[:end], self.escape)
        stripped = whole.text.strip(_STRIP)
        start = max(whole.text.find(stripped), self.begin)
        return whole.part(start, max(whole.text.find(stripped) + len(stripped), start))

    @cached_property
    def has_long_line(self) -> bool:
        """Whether BuildKit rejects one of its lines for its length: nothing but the keyword is read then."""
        return has_long_line(self.text)

    @cached_property
    def span(self) -> Span:
        """From the keyword to the last character of the logical line."""
        return Span(self.line.start(0), max(self.line.end(len(self.line.text)), self.line.start(0)))

    @cached_property
    def keyword(self) -> str:
        """The keyword in upper case: FROM, RUN ..."""
        return self.line.text[: self._keyword_end].upper()

    @cached_property
    def keyword_span(self) -> Span:
        """Where the keyword stands."""
        return self.line.span(Span(0, self._keyword_end))

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """The flags before the arguments."""
        return self._flags_and_arguments[0]

    @cached_property
    def arguments(self) -> Logical:
        """The logical line behind keyword and flags."""
        return self._flags_and_arguments[1]

    @cached_property
    def array(self) -> tuple[Word, ...] | None:
        """The strings of an exec form; None in shell form. Spans are in the source."""
        if self.keyword not in TAKES_ARRAY or not self.arguments.text.startswith("["):
            return None
        found = read_array(self.arguments.text)
        return None if found is None else tuple(self._placed(found))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments as words, split as this instruction splits them. Spans are in the source."""
        if self.array is not None:
            return self.array
        split = split_quoted if self.keyword in _TAKES_QUOTED_WORDS else split_plain
        return tuple(self._placed(split(self.arguments.text, self.escape)))

    @cached_property
    def trigger(self) -> Instruction | None:
        """What an ONBUILD triggers."""
        if self.keyword != "ONBUILD" or not self.arguments.text:
            return None
        begin = _logical(self.text, self.escape).text.find(self.arguments.text, self.begin + self._keyword_end)
        return Instruction(self.text, self.escape, self.heredocs, self.has_open_heredoc, begin)

    def flag(self, name: str) -> str | None:
        """The value of the last flag `--name`; "" for a bare one, None without it."""
        return next((flag.value or "" for flag in reversed(self.flags) if flag.name == name), None)

    @cached_property
    def _keyword_end(self) -> int:
        match = _KEYWORD.match(self.line.text)
        return match.end() if match else 0

    @cached_property
    def _flags_and_arguments(self) -> tuple[tuple[Flag, ...], Logical]:
        text = self.line.text
        at = self._keyword_end
        if self.has_long_line:
            return (), self.line.part(len(text), len(text))
        flags: list[Flag] = []
        while match := _FLAG.match(text, at):
            at = match.end()
            if match[1] == "--":
                break
            name, equals, value = match[1][2:].partition("=")
            plain = _QUOTE_OR_ESCAPE.sub(r"\1", value) if equals else None
            flags.append(Flag(self.line.span(Span(*match.span(1))), name, plain))
        rest = text[at:]
        start = at + len(rest) - len(rest.lstrip(_STRIP))
        return tuple(flags), self.line.part(start, max(len(text), start))

    def _placed(self, words: Iterable[Word]) -> Iterator[Word]:
        for word in words:
            yield Word(self.arguments.span(word.span), word.text, word.value)


Piece = Blank | Comment | Instruction


class Placed(NamedTuple):
    """An instruction with the offset at which its text starts in the file and its first line, from 0, counted in LF."""

    instruction: Instruction
    offset: int
    line: int


@dataclass(frozen=True)
class Dockerfile:
    """A whole file as pieces."""

    pieces: tuple[Piece, ...]
    escape: str = "\\"
    _open: int | None = field(default=None, compare=False)  # index of the first piece with an open heredoc

    @property
    def text(self) -> str:
        """The source, character for character."""
        return "".join([piece.text for piece in self.pieces])

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each piece starts, and at the end the length of the text."""
        return tuple(accumulate([len(piece.text) for piece in self.pieces], initial=0))

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """How many LF stand before each piece, and at the end how many there are."""
        return tuple(accumulate([piece.text.count("\n") for piece in self.pieces], initial=0))

    @cached_property
    def stages(self) -> tuple[int, ...]:
        """Which pieces are a FROM."""
        return tuple(_stages_in(self.pieces))

    @cached_property
    def instructions(self) -> tuple[Placed, ...]:
        """The instructions in order, each with its place."""
        return tuple(
            Placed(piece, offset, line)
            for piece, offset, line in zip(self.pieces, self.offsets, self.lines, strict=False)
            if isinstance(piece, Instruction)
        )

    @property
    def open_heredoc(self) -> int | None:
        """Which piece is the first with a heredoc that nothing ends: what stands below it may be its body."""
        return self._open

    @cached_property
    def directives(self) -> dict[str, str]:
        """The parser directives by lower-case name."""
        found: dict[str, str] = {}
        for piece in self.pieces:
            if isinstance(piece, Instruction):
                break
            if isinstance(piece, Comment) and piece.directive:
                found.setdefault(*piece.directive)
        return found


def parse(text: str) -> Dockerfile:
    """The tree of any text whatever."""
    pieces, escape, _ = _scan(_lines(text), "\\", in_head=True)
    return Dockerfile(tuple(pieces), escape, _first_open(pieces))


def has_long_line(text: str) -> bool:
    """Whether a line of `text` is longer than BuildKit takes."""
    # A character takes up to four bytes: most text needs no look at its lines.
    return len(text) > MAX_LINE // 4 and any(
        len(line.encode("utf-8", "surrogatepass")) > MAX_LINE for line in text.split("\n")
    )


def edited(tree: Dockerfile, edit: Edit) -> Dockerfile:
    """The tree of the text after `edit`, equal to a fresh parse; only the pieces the edit touches are read again."""
    (start, end), _ = edit
    first = max(bisect_right(tree.offsets, start) - 1, 0)
    last = bisect_left(tree.offsets, end, first)
    if tree._open is not None and last >= tree._open:
        # An open heredoc may find its terminator in whatever is typed below it.
        first, last = min(first, tree._open), len(tree.pieces)
    first = min(first, max(len(tree.pieces) - 1, 0))
    last = min(max(last, first + 1) + 1, len(tree.pieces))
    in_head = not any(isinstance(piece, Instruction) for piece in tree.pieces[:first])
    if in_head:  # directives count only above the first instruction: read that whole stretch
        first = 0
    offset = tree.offsets[first]
    source = "".join([piece.text for piece in tree.pieces[first:last]])
    source = apply_edits(source, [Edit(edit.span.shifted(-offset), edit.text)])
    while True:
        pieces, escape, is_open = _scan(_lines(source), "\\" if in_head else tree.escape, in_head=in_head)
        if in_head and (escape != tree.escape or not any(isinstance(piece, Instruction) for piece in pieces)):
            return parse(source + "".join([piece.text for piece in tree.pieces[last:]]))
        if not is_open or last == len(tree.pieces):
            return _spliced(tree, first, last, tuple(pieces), escape)
        more = min(len(tree.pieces), last + max(4, last - first))
        source += "".join([piece.text for piece in tree.pieces[last:more]])
        last = more


def _spliced(tree: Dockerfile, first: int, last: int, pieces: tuple[Piece, ...], escape: str) -> Dockerfile:
    """`tree` with new pieces in place of `pieces[first:last]`; what it knew of the others is shifted along."""
    is_open = _first_open(pieces)
    if is_open is not None:
        is_open += first
    elif tree._open is not None:
        if tree._open < first:
            is_open = tree._open
        elif tree._open >= last:
            is_open = tree._open + len(pieces) - (last - first)
    new = Dockerfile(tree.pieces[:first] + pieces + tree.pieces[last:], escape, is_open)
    # A cached property is an entry of the object's dictionary: it takes a value from elsewhere as well as its own.
    new.__dict__["offsets"] = _shifted(tree.offsets, first, last, [len(piece.text) for piece in pieces])
    new.__dict__["lines"] = _shifted(tree.lines, first, last, [piece.text.count("\n") for piece in pieces])
    by = len(pieces) - (last - first)
    new.__dict__["stages"] = (
        *(at for at in tree.stages if at < first),
        *(at + first for at in _stages_in(pieces)),
        *(at + by for at in tree.stages if at >= last),
    )
    return new


def _stages_in(pieces: Sequence[Piece]) -> Iterator[int]:
    return (at for at, piece in enumerate(pieces) if isinstance(piece, Instruction) and piece.keyword == "FROM")


def _shifted(sums: tuple[int, ...], first: int, last: int, lengths: list[int]) -> tuple[int, ...]:
    """Running sums after the items `first:last` became items of these lengths."""
    changed = tuple(accumulate(lengths, initial=sums[first]))
    by = changed[-1] - sums[last]
    rest = sums[last + 1 :]
    return sums[:first] + changed + (tuple([value + by for value in rest]) if by else rest)


_STRIP = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _first_open(pieces: Sequence[Piece]) -> int | None:
    """The index of the first piece with an open heredoc."""
    return next(
        (at for at, piece in enumerate(pieces) if isinstance(piece, Instruction) and piece.has_open_heredoc), None
    )


def _lines(text: str) -> list[str]:
    """Lines as BuildKit's scanner sees them: they end at LF only."""
    lines = text.split("\n")
    last = lines.pop()
    lines = [line + "\n" for line in lines]
    return [*lines, last] if last else lines


def _scan(lines: list[str], escape: str, *, in_head: bool) -> tuple[list[Piece], str, bool]:
    """Pieces out of lines, the escape character, and whether the last piece could go on if more lines followed."""
    pieces: list[Piece] = []
    if in_head and lines and lines[0].startswith("\ufeff"):
        pieces.append(Blank("\ufeff"))
        lines = [lines[0][1:], *lines[1:]] if len(lines[0]) > 1 else lines[1:]
    at = 0
    wants_more = has_open_heredoc = False
    terminators = _Terminators(lines)
    while at < len(lines):
        line = lines[at]
        at += 1
        if _COMMENT.match(line):
            directive = _directive(line) if in_head else None
            in_head = in_head and directive is not None
            if directive and directive[0] == "escape" and directive[1] in ("\\", "`"):
                escape = directive[1]
            pieces.append(Comment(line, directive))
            continue
        in_head = False
        if not _NOT_SPACE.search(line):
            pieces.append(Blank(line))
            continue
        first = at - 1
        wants_more = _continues(line, escape)
        while wants_more and at < len(lines):
            wants_more = _is_skipped(lines[at]) or _continues(lines[at], escape)
            at += 1
        instruction, at, is_open = _with_heredocs(lines, first, at, escape, terminators)
        has_open_heredoc = has_open_heredoc or is_open
        pieces.append(instruction)
    return pieces, escape, wants_more or has_open_heredoc or bool(lines and not lines[-1].endswith("\n"))


def _with_heredocs(
    lines: list[str], first: int, end: int, escape: str, terminators: _Terminators
) -> tuple[Instruction, int, bool]:
    """The instruction in `lines[first:end]` with its heredocs, the line behind it, whether a heredoc is open."""
    source = lines[first] if end == first + 1 else "".join(lines[first:end])
    if "<<" not in source:
        return _instruction(source, escape), end, False
    at = end
    offset = len(source)
    heredocs: list[Heredoc] = []
    for name, strips_tabs, expands in _heredocs_of(_instruction(source, escape)):
        line = terminators.find(name, at, strips_tabs=strips_tabs)
        if line is None:
            # Half-typed: until its terminator is there, the heredoc must not swallow the rest of the file.
            return Instruction(source, escape, (), has_open_heredoc=True), end, True
        content = Span(offset, offset + sum(map(len, lines[at:line])))
        offset = content.end + len(lines[line])
        heredocs.append(Heredoc(name, strips_tabs, expands, content, Span(content.end, offset)))
        at = line + 1
    return _instruction("".join(lines[first:at]), escape, tuple(heredocs)), at, False


class _Terminators:
    """Where each line stands, so that a heredoc without its terminator does not cost a walk through the whole file.

    Made when the first heredoc asks, for lines as they are and once more for lines without the tabs before them.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._places: dict[bool, dict[str, list[int]]] = {}

    def find(self, name: str, start: int, *, strips_tabs: bool) -> int | None:
        """The first line from `start` on that ends the heredoc `name`."""
        if strips_tabs not in self._places:
            places = self._places[strips_tabs] = {}
            for at, line in enumerate(self._lines):
                content = line.rstrip("\r\n")
                places.setdefault(content.lstrip("\t") if strips_tabs else content, []).append(at)
        found = self._places[strips_tabs].get(name, ())
        index = bisect_left(found, start)
        return found[index] if index < len(found) else None


# Weak: a long session types thousands of versions of a line, and none may stay that no tree holds.
_instructions: WeakValueDictionary[tuple[str, str, tuple[Heredoc, ...]], Instruction] = WeakValueDictionary()


def _instruction(text: str, escape: str, heredocs: tuple[Heredoc, ...] = ()) -> Instruction:
    """One object for equal text: what was computed for it serves every version of the file."""
    key = (text, escape, heredocs)
    found = _instructions.get(key)
    if found is None:
        found = _instructions[key] = Instruction(text, escape, heredocs)
    return found


def _directive(line: str) -> tuple[str, str] | None:
    """Name and value of a parser directive; any other comment ends the head of the file."""
    match = _DIRECTIVE.match(line.rstrip("\r\n").lstrip(_STRIP))
    if not match or match[1].lower() not in DIRECTIVES:
        return None
    return match[1].lower(), match[2].rstrip("\t\n\f\r ") or match[2][-1]


def _continues(line: str, escape: str) -> bool:
    """Whether the line ends in one escape character (a doubled one does not continue); white space may follow."""
    content = line.rstrip("\r\n").rstrip(" \t")
    return content.endswith(escape) and not content.endswith(escape * 2)


def _is_skipped(line: str) -> bool:
    """Whether a line inside a continuation is a comment or blank: BuildKit drops those."""
    return not _NOT_SPACE.search(line) or bool(_COMMENT.match(line))


def _logical(text: str, escape: str) -> Logical:
    """`text` without continuations and the lines BuildKit drops; the runs of source it is made of."""
    pieces: list[str] = []
    starts: list[int] = []
    sources: list[int] = []
    length = offset = 0
    for number, line in enumerate(_lines(text)):
        content = line.rstrip("\r\n")
        begin = 0
        if number == 0:
            begin = len(content) - len(content.lstrip(_STRIP))
        elif _is_skipped(line):
            offset += len(line)
            continue
        goes_on = _continues(content, escape)
        end = len(content.rstrip(" \t")) - 1 if goes_on else len(content)
        if end > begin:
            pieces.append(content[begin:end])
            starts.append(length)
            sources.append(offset + begin)
            length += end - begin
        offset += len(line)
        if not goes_on:
            break
    return Logical("".join(pieces), tuple(starts or (0,)), tuple(sources or (0,)))


def _heredocs_of(instruction: Instruction) -> Iterator[tuple[str, bool, bool]]:
    """Name, `<<-` or not, and whether the body expands, for each heredoc the instruction opens."""
    opener = instruction.trigger or instruction
    if instruction.has_long_line or opener.keyword not in _TAKES_HEREDOC or opener.array is not None:
        return
    for word in heredoc_words(instruction.line.text):
        match = HEREDOC.fullmatch(word)
        if match and (name := heredoc_name(match[2])):
            yield name, bool(match[1]), name == match[2]
