"""The lossless tree of a Dockerfile: directives, comments, instructions and heredocs, split exactly as BuildKit does.

A tree is a tuple of pieces whose texts join to the file. A piece knows nothing of its place in the file, so an
instruction that an edit does not touch keeps its object, and with it everything that was computed from it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain, islice, takewhile
from operator import is_not
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar, cast
from weakref import WeakValueDictionary

from deadweight.lazy import cached_property
from deadweight.syntax.instruction import (
    KEYWORDS,
    MAX_LINE,
    STRIP,
    TAKES_ARRAY,
    Flag,
    Heredoc,
    Instruction,
    Logical,
    end_of,
    has_long_line,
    heredocs_of,
    lines_of,
)
from deadweight.text import Edit, Span, apply_edits, count_line_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from deadweight.syntax.problems import Problem

__all__ = [
    "DIRECTIVES",
    "KEYWORDS",
    "MAX_LINE",
    "TAKES_ARRAY",
    "Blank",
    "Comment",
    "Dockerfile",
    "Flag",
    "Heredoc",
    "Instruction",
    "Logical",
    "Piece",
    "Placed",
    "Section",
    "edited",
    "has_long_line",
    "parse",
    "parsed_again",
    "remembered",
    "remembered_of_each",
]

# `# escape=``, from its `#` on
_DIRECTIVE = re.compile(r"#[^\S\x1c-\x1f]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+)", re.DOTALL)
DIRECTIVES = frozenset(("syntax", "escape", "check"))


@dataclass(frozen=True, slots=True)
class Blank:
    """A line of white space; also the byte order mark at the start of a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line. `directive` holds name and value of a parser directive (`# syntax=`, `# escape=`, `# check=`)."""

    text: str
    directive: tuple[str, str] | None = None


Piece = Blank | Comment | Instruction
_Awaited = tuple[str, bool]  # the name of a heredoc, and whether tabs may stand before it: `<<-`

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
    pieces, escape, *_ = _scan(lines_of(text), "\\", in_head=True)
    return Dockerfile(tuple(map(Section, _split(pieces))), escape)


def parsed_again(tree: Dockerfile, text: str) -> Dockerfile:
    """The tree of another text, all of it read; sections that are those of `tree` stay these objects."""
    pieces, escape, *_ = _scan(lines_of(text), "\\", in_head=True)
    return _spliced(tree, 0, len(tree.sections), pieces, escape)


def edited(tree: Dockerfile, edit: Edit) -> Dockerfile:
    """The tree of the text after `edit`, equal to a fresh parse; only the pieces the edit touches are read again."""
    (start, end), _ = edit
    count = len(tree.sections)
    before, after = _section_at(tree, start), _section_at(tree, end) + 1
    pieces, offsets = _pieces_of(tree, before, after)
    first = _piece_at(offsets, start - tree.starts[before])
    if before and not first:
        # What is typed into a FROM may be none any more: then it belongs to the stage above.
        before -= 1
        pieces, offsets = _pieces_of(tree, before, after)
        first = _piece_at(offsets, start - tree.starts[before])
    last = bisect_left(offsets, end - tree.starts[before], first)
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
    if tree._open is not None and _has_end(_awaited_above(tree, before, pieces[:first]), source):
        return parsed_again(tree, apply_edits(tree.text, [edit]))
    while True:
        scanned = _scan(lines_of(source), "\\" if in_head else tree.escape, in_head=in_head)
        found, escape, is_open_ended, awaited = scanned
        if in_head and escape != tree.escape:
            rest = (*pieces[last:], *_pieces_of(tree, after, count)[0])
            return parse(source + "".join([piece.text for piece in rest]))
        if in_head and not any(isinstance(piece, Instruction) for piece in found):
            is_open_ended = True  # what comes next may be a directive now, or none any more
        if awaited and not is_open_ended:
            behind = chain(pieces[last:], _pieces_of(tree, after, count)[0])
            is_open_ended = _has_end(awaited, "".join([piece.text for piece in behind]))
        if last == len(pieces) and after < count and is_open_ended:
            after = min(count, after + after - before)
            pieces, _ = _pieces_of(tree, before, after)
        if not is_open_ended or last == len(pieces):
            return _spliced(tree, before, after, [*pieces[:first], *found, *pieces[last:]], escape)
        further = min(len(pieces), last + max(4, last - first))
        source += "".join([piece.text for piece in pieces[last:further]])
        last = further


def _awaited_above(tree: Dockerfile, before: int, pieces: Iterable[Piece]) -> Iterator[_Awaited]:
    """The ends that open heredocs wait for, in the sections `before` one and in some pieces below these."""
    sections = [section.pieces for section in tree.sections[:before] if section.has_open_heredoc]
    for piece in chain(*sections, pieces):
        if isinstance(piece, Instruction) and piece.has_open_heredoc:
            for name, strips_tabs, _ in heredocs_of(piece):
                yield name, strips_tabs


def _has_end(awaited: Iterable[_Awaited], text: str) -> bool:
    """Whether a line of a text is one that a heredoc waits for."""
    may_be = [each for each in awaited if each[0] in text]
    lines = [line.rstrip("\r\n") for line in lines_of(text)] if may_be else []
    return any((line.lstrip("\t") if strips_tabs else line) == name for line in lines for name, strips_tabs in may_be)


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
    if len(old) == 1 and (typed := _typed_in(old[0], pieces)) is not None:
        return Dockerfile((*tree.sections[:before], typed, *tree.sections[after:]), escape)
    new = _split(pieces)[1 if before else 0 :]
    first = sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], zip(old, new, strict=False)))
    most = min(len(old), len(new)) - first
    ends = islice(zip(reversed(old), reversed(new), strict=False), most)
    last = sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], ends))
    made = map(Section, new[first : len(new) - last])
    return Dockerfile(
        (*tree.sections[:before], *old[:first], *made, *old[len(old) - last :], *tree.sections[after:]), escape
    )


def _typed_in(section: Section, pieces: Sequence[Piece]) -> Section | None:
    """The section with other `pieces`, which knows what it knew; None where more may be another than the arguments of
    one instruction that is no FROM.
    """
    if len(pieces) != len(section.pieces):
        return None
    others = [number for number, is_other in enumerate(map(is_not, section.pieces, pieces)) if is_other]
    if len(others) != 1:
        return None
    was, now = section.pieces[others[0]], pieces[others[0]]
    if not (isinstance(was, Instruction) and isinstance(now, Instruction) and was.keyword == now.keyword != "FROM"):
        return None
    made = Section(tuple(pieces))
    made.__dict__["numbers"] = section.numbers
    if was.text.count("\n") == now.text.count("\n") and was.text.count("\r") == now.text.count("\r") == 0:
        made.__dict__.update(lines=section.lines, rows=section.rows)
    return made


def _scan(lines: list[str], escape: str, *, in_head: bool) -> tuple[list[Piece], str, bool, list[_Awaited]]:
    """Pieces out of lines, the escape character, whether the last piece could go on if more lines followed, and the
    ends that heredocs would find in these.
    """
    pieces: list[Piece] = []
    if in_head and lines and lines[0].startswith("\ufeff"):
        pieces.append(Blank("\ufeff"))
        lines = [lines[0][1:], *lines[1:]] if len(lines[0]) > 1 else lines[1:]
    at = 0
    wants_more = False
    awaited: list[_Awaited] = []
    terminators = _Terminators(lines)
    while at < len(lines):
        line = lines[at]
        at += 1
        begins_with = line.lstrip(STRIP)[:1]
        if begins_with == "#":
            directive = _directive(line) if in_head else None
            in_head = in_head and directive is not None
            if directive and directive[0] == "escape" and directive[1] in ("\\", "`"):
                escape = directive[1]
            pieces.append(Comment(line, directive))
            continue
        in_head = False
        if not begins_with:
            pieces.append(Blank(line))
            continue
        first = at - 1
        at, wants_more = end_of(lines, first, escape)
        instruction, at, missing = _with_heredocs(lines, first, at, escape, terminators)
        if missing:
            awaited.append(missing)
        pieces.append(instruction)
    return pieces, escape, wants_more or bool(lines and not lines[-1].endswith("\n")), awaited


def _with_heredocs(
    lines: list[str], first: int, end: int, escape: str, terminators: _Terminators
) -> tuple[Instruction, int, _Awaited | None]:
    """The instruction in `lines[first:end]` with its heredocs, the line behind it, and which end an open one misses."""
    source = lines[first] if end == first + 1 else "".join(lines[first:end])
    if "<<" not in source:
        return _instruction(source, escape), end, None
    at = end
    offset = len(source)
    heredocs: list[Heredoc] = []
    for name, strips_tabs, expands in heredocs_of(_instruction(source, escape)):
        line = terminators.find(name, at, strips_tabs=strips_tabs)
        if line is None:
            # Half-typed: until its terminator is there, the heredoc must not swallow the rest of the file.
            return Instruction(source, escape, (), has_open_heredoc=True), end, (name, strips_tabs)
        content = Span(offset, offset + sum(map(len, lines[at:line])))
        offset = content.end + len(lines[line])
        heredocs.append(Heredoc(name, strips_tabs, expands, content, Span(content.end, offset)))
        at = line + 1
    return _instruction("".join(lines[first:at]), escape, tuple(heredocs)), at, None


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
    match = _DIRECTIVE.match(line.rstrip("\r\n").lstrip(STRIP))
    if not match or match[1].lower() not in DIRECTIVES:
        return None
    return match[1].lower(), match[2].rstrip("\t\n\f\r ") or match[2][-1]
