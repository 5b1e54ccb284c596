"""The lossless tree of a Dockerfile: directives, comments, instructions and heredocs, split exactly as BuildKit does.

A tree is a tuple of pieces whose texts join to the file. A piece knows nothing of its place in the file, so an
instruction that an edit does not touch keeps its object, and with it everything that was computed from it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain, islice, takewhile
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar, cast
from weakref import WeakValueDictionary

from deadweight.lazy import cached_property
from deadweight.syntax.json_form import read_array
from deadweight.syntax.words import HEREDOC, SPACES, Word, heredoc_name, heredoc_words, split_plain, split_quoted
from deadweight.text import Edit, Span, apply_edits, count_line_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from deadweight.syntax.problems import Problem

MAX_LINE = 65_535  # bytes; BuildKit's scanner rejects longer lines (moby/buildkit frontend/dockerfile/parser)

_COMMENT = re.compile(f"[{SPACES}]*#")
_NOT_SPACE = re.compile(f"[^{SPACES}]")
_DIRECTIVE = re.compile(rf"#[{SPACES}]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+)", re.DOTALL)  # `# escape=``
_KEYWORD = re.compile(r"[^\t\v\f\r ]*")
_FLAG = re.compile(r"""[\t-\r ]*(--(?:\\.|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[^\t-\r '"\\])*)""", re.DOTALL)
_QUOTE_OR_ESCAPE = re.compile(r"\\(.)|['\"]", re.DOTALL)
KEYWORDS = (
    *("FROM", "RUN", "COPY", "WORKDIR", "ENV", "ARG", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "ADD", "LABEL"),
    *("HEALTHCHECK", "VOLUME", "SHELL", "STOPSIGNAL", "ONBUILD", "MAINTAINER"),
)  # what files use most comes first
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


class Logical(NamedTuple):
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

    def stretches(self, span: Span) -> Iterator[Span]:
        """What `span` came from without what was taken out of it: a stretch for each of its lines."""
        first = max(bisect_right(self.starts, span.start) - 1, 0)
        last = max(bisect_left(self.starts, span.end), first + 1)
        for run in range(first, last):
            begin = self.starts[run]
            start, end = max(span.start, begin), self.starts[run + 1] if run + 1 < last else span.end
            if start < end:
                yield Span(start, end).shifted(self.sources[run] - begin)

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
    def comments(self) -> tuple[Span, ...]:
        """The comment lines between its lines, each from its `#` to its last character."""
        found: list[Span] = []
        offset = 0
        for line in _lines(self.text[: self.heredocs[0].content.start if self.heredocs else len(self.text)]):
            if offset and _COMMENT.match(line):
                found.append(Span(offset + line.index("#"), offset + len(line.rstrip("\r\n"))))
            offset += len(line)
        return tuple(found)

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

_Kept = TypeVar("_Kept")
_Others = ParamSpec("_Others")
_Answer = TypeVar("_Answer")
_Thing = TypeVar("_Thing")


def remembered(ask: Callable[Concatenate[_Kept, _Others], _Answer]) -> Callable[Concatenate[_Kept, _Others], _Answer]:
    """`ask`, whose last answer an instruction, section or layer keeps as long as it lives.

    It is asked again where its further arguments are not those of the last time.
    """
    name = f"{ask.__module__}.{ask.__qualname__}"

    def answer(kept: _Kept, /, *others: _Others.args, **named: _Others.kwargs) -> _Answer:
        known = kept.__dict__.get(name)
        if known is None or known[0] != others:
            known = kept.__dict__[name] = (others, ask(kept, *others, **named))
        found: _Answer = known[1]
        return found

    def only_answer(kept: _Kept) -> _Answer:
        try:
            found: _Answer = kept.__dict__[name]
        except KeyError:
            found = kept.__dict__[name] = alone(kept)
        return found

    alone = cast("Callable[[_Kept], _Answer]", ask)
    is_alone = ask.__code__.co_argcount == 1
    return cast("Callable[Concatenate[_Kept, _Others], _Answer]", only_answer) if is_alone else answer


def remembered_of_each(
    ask: Callable[Concatenate[_Kept, _Thing, _Others], _Answer],
) -> Callable[Concatenate[_Kept, Iterable[_Thing], _Others], list[_Answer]]:
    """`ask`, of each of several things; a layer keeps its last answer about each as long as it lives.

    All are asked about again where the further arguments are not those of the last time.
    """
    name = f"{ask.__module__}.{ask.__qualname__}"

    def answers(
        kept: _Kept, things: Iterable[_Thing], /, *others: _Others.args, **named: _Others.kwargs
    ) -> list[_Answer]:
        last, known = kept.__dict__.get(name, (others, {}))
        if last != others:
            known = {}
        now = {each: known[each] if each in known else ask(kept, each, *others, **named) for each in things}
        kept.__dict__[name] = (others, now)
        return list(now.values())

    return answers


class Placed(NamedTuple):
    """An instruction with the offset at which its text starts in the file and its first line, from 0, counted in LF."""

    instruction: Instruction
    offset: int
    line: int


@dataclass(frozen=True, eq=False)
class Section:
    """A FROM with all that stands below it, up to the next; the head of a file, above its first FROM, has none.

    It knows nothing of its place in the file: one that an edit does not touch keeps its object.
    """

    pieces: tuple[Piece, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each piece starts, and at the end the length of the text."""
        return tuple(accumulate([len(piece.text) for piece in self.pieces], initial=0))

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """How many LF stand before each piece, and at the end how many there are."""
        return tuple(accumulate([piece.text.count("\n") for piece in self.pieces], initial=0))

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """How many line ends as LSP counts them stand before each piece, and at the end how many there are."""
        if "\r" not in "".join([piece.text for piece in self.pieces]):
            return self.lines
        return tuple(accumulate([count_line_ends(piece.text) for piece in self.pieces], initial=0))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Which pieces are instructions."""
        return tuple([number for number, piece in enumerate(self.pieces) if isinstance(piece, Instruction)])

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions in order, FROM first."""
        return tuple([piece for piece in self.pieces if isinstance(piece, Instruction)])

    @property
    def is_head(self) -> bool:
        """Whether it stands above the first FROM."""
        return not self.instructions or self.instructions[0].keyword != "FROM"

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject, at places in the section."""
        from deadweight.syntax.problems import problems_of

        return problems_of(self)

    @cached_property
    def has_open_heredoc(self) -> bool:
        """Whether a heredoc in it has no end yet."""
        return True in [instruction.has_open_heredoc for instruction in self.instructions]


@dataclass(frozen=True, eq=False)
class Dockerfile:
    """A whole file: its head, which may be empty, and a section for each FROM."""

    sections: tuple[Section, ...]
    escape: str = "\\"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dockerfile) and (self.pieces, self.escape) == (other.pieces, other.escape)

    def __hash__(self) -> int:
        return hash((self.pieces, self.escape))

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces in order."""
        return tuple(chain.from_iterable([section.pieces for section in self.sections]))

    @property
    def text(self) -> str:
        """The source, character for character."""
        return "".join([piece.text for piece in self.pieces])

    @cached_property
    def stages(self) -> tuple[int, ...]:
        """Which pieces are a FROM."""
        return tuple(accumulate([len(section.pieces) for section in self.sections[:-1]]))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each section starts, and at the end the length of the text."""
        return tuple(accumulate([section.starts[-1] for section in self.sections], initial=0))

    @cached_property
    def first_lines(self) -> tuple[int, ...]:
        """How many LF stand before each section, and at the end how many there are."""
        return tuple(accumulate([section.lines[-1] for section in self.sections], initial=0))

    @cached_property
    def first_rows(self) -> tuple[int, ...]:
        """How many line ends as LSP counts them stand before each section, and at the end how many there are."""
        return tuple(accumulate([section.rows[-1] for section in self.sections], initial=0))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each piece starts, and at the end the length of the text."""
        pairs = zip(self.sections, self.starts, strict=False)
        return (*(start + at for section, start in pairs for at in section.starts[:-1]), self.starts[-1])

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """How many LF stand before each piece, and at the end how many there are."""
        pairs = zip(self.sections, self.first_lines, strict=False)
        return (*(first + at for section, first in pairs for at in section.lines[:-1]), self.first_lines[-1])

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
        if self._open is None:
            return None
        is_open = (isinstance(piece, Instruction) and piece.has_open_heredoc for piece in self.pieces)
        return next(at for at, each in enumerate(is_open) if each)

    @cached_property
    def _open(self) -> int | None:
        """The first section with an open heredoc."""
        return next((at for at, section in enumerate(self.sections) if section.has_open_heredoc), None)

    @cached_property
    def directives(self) -> dict[str, str]:
        """The parser directives by lower-case name."""
        found: dict[str, str] = {}
        for piece in self.sections[0].pieces:
            if isinstance(piece, Instruction):
                break
            if isinstance(piece, Comment) and piece.directive:
                found.setdefault(*piece.directive)
        return found


def parse(text: str) -> Dockerfile:
    """The tree of any text whatever."""
    pieces, escape, _ = _scan(_lines(text), "\\", in_head=True)
    return Dockerfile(tuple(map(Section, _split(pieces))), escape)


def has_long_line(text: str) -> bool:
    """Whether a line of `text` is longer than BuildKit takes."""
    # A character takes up to four bytes: most text needs no look at its lines.
    return len(text) > MAX_LINE // 4 and any(
        len(line.encode("utf-8", "surrogatepass")) > MAX_LINE for line in text.split("\n")
    )


def edited(tree: Dockerfile, edit: Edit) -> Dockerfile:
    """The tree of the text after `edit`, equal to a fresh parse; only the pieces the edit touches are read again."""
    (start, end), _ = edit
    count, opened = len(tree.sections), tree._open
    before, after = _section_at(tree, start), _section_at(tree, end) + 1
    is_below_open = opened is not None and after > opened
    if opened is not None and is_below_open:
        # An open heredoc may find its terminator in whatever is typed below it.
        before, after = min(before, opened), count
    pieces, offsets = _pieces_of(tree, before, after)
    first = _piece_at(offsets, start - tree.starts[before])
    if before and not first:
        # What is typed into a FROM may be none any more: then it belongs to the stage above.
        before -= 1
        pieces, offsets = _pieces_of(tree, before, after)
        first = _piece_at(offsets, start - tree.starts[before])
    last = bisect_left(offsets, end - tree.starts[before], first)
    if is_below_open:
        is_open = (isinstance(piece, Instruction) and piece.has_open_heredoc for piece in pieces)
        first, last = min(first, next(at for at, each in enumerate(is_open) if each)), len(pieces)
    last = max(last, first + 1) + 1
    if last > len(pieces) and after < count:
        after += 1
        pieces, _ = _pieces_of(tree, before, after)
    last = min(last, len(pieces))
    in_head = not before and not any(isinstance(piece, Instruction) for piece in pieces[:first])
    if in_head:  # directives count only above the first instruction: read that whole stretch
        first = 0
    source = "".join([piece.text for piece in pieces[first:last]])
    source = apply_edits(source, [Edit(edit.span.shifted(-tree.starts[before] - offsets[first]), edit.text)])
    while True:
        found, escape, is_open_ended = _scan(_lines(source), "\\" if in_head else tree.escape, in_head=in_head)
        if in_head and escape != tree.escape:
            rest = (*pieces[last:], *_pieces_of(tree, after, count)[0])
            return parse(source + "".join([piece.text for piece in rest]))
        if in_head and not any(isinstance(piece, Instruction) for piece in found):
            is_open_ended = True  # what comes next may be a directive now, or none any more
        if last == len(pieces) and after < count and is_open_ended:
            after = min(count, after + after - before)
            pieces, _ = _pieces_of(tree, before, after)
        if not is_open_ended or last == len(pieces):
            return _spliced(tree, before, after, [*pieces[:first], *found, *pieces[last:]], escape)
        further = min(len(pieces), last + max(4, last - first))
        source += "".join([piece.text for piece in pieces[last:further]])
        last = further


def _section_at(tree: Dockerfile, offset: int) -> int:
    """The section of the character behind an offset; the last one at the end of the file."""
    return min(max(bisect_right(tree.starts, offset) - 1, 0), len(tree.sections) - 1)


def _piece_at(offsets: Sequence[int], offset: int) -> int:
    """The piece of the character behind an offset; the last one at the end."""
    return min(max(bisect_right(offsets, offset) - 1, 0), max(len(offsets) - 2, 0))


def _pieces_of(tree: Dockerfile, before: int, after: int) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    """The pieces of some sections, and where each of them starts behind the start of the first section."""
    if after - before == 1:
        return tree.sections[before].pieces, tree.sections[before].starts
    pieces = tuple(chain.from_iterable([section.pieces for section in tree.sections[before:after]]))
    return pieces, tuple(accumulate([len(piece.text) for piece in pieces], initial=0))


def _split(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """The pieces of the head, and of each stage."""
    starts = [at for at, piece in enumerate(pieces) if isinstance(piece, Instruction) and piece.keyword == "FROM"]
    return [tuple(pieces[start:end]) for start, end in zip((0, *starts), (*starts, len(pieces)), strict=True)]


def _spliced(tree: Dockerfile, before: int, after: int, pieces: Sequence[Piece], escape: str) -> Dockerfile:
    """`tree` with `pieces` in place of the sections `before:after`; a section that stays as it is stays the object."""
    old = tree.sections[before:after]
    new = _split(pieces)[1 if before else 0 :]
    first = sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], zip(old, new, strict=False)))
    most = min(len(old), len(new)) - first
    ends = islice(zip(reversed(old), reversed(new), strict=False), most)
    last = sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], ends))
    made = map(Section, new[first : len(new) - last])
    return Dockerfile(
        (*tree.sections[:before], *old[:first], *made, *old[len(old) - last :], *tree.sections[after:]), escape
    )


_STRIP = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


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
