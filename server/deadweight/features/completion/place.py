"""Where the cursor is: the file as it would be if a letter were typed there.

`FROM node ` has one word, and a blank line belongs to nothing. With a letter at the cursor there is always a word, and
the tree says of what: an instruction's keyword, a flag, an argument, a command of a RUN.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model import image
from deadweight.model.stages import State
from deadweight.syntax.dockerfile import KEYWORDS, Blank, Instruction, edited
from deadweight.syntax.words import HEREDOC, heredoc_name, heredoc_words
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from deadweight.model.image import Base
    from deadweight.model.stages import Stage
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Dockerfile, Flag, Heredoc

MARK = "x"  # the letter: a part of any word, name, variable and path
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)  # of a JSON array, closed or not


class Typed(NamedTuple):
    """The word around the cursor: what stands before the cursor and what behind it."""

    before: str
    after: str = ""


@dataclass(frozen=True)
class Place:
    """The cursor in an instruction. `tree` is the file with the letter, `index` the instruction's piece in it.

    `instruction` is that piece, or what an ONBUILD triggers; the letter is at its offset `at`.
    """

    snapshot: Snapshot
    offset: int
    tree: Dockerfile
    index: int
    instruction: Instruction
    at: int

    @property
    def keyword(self) -> str:
        """The instruction's keyword, in upper case."""
        return self.instruction.keyword

    @cached_property
    def heredoc(self) -> Heredoc | None:
        """The heredoc whose body the cursor is in."""
        return next((each for each in self.instruction.heredocs if each.content.contains(self.at)), None)

    @cached_property
    def flag(self) -> Flag | None:
        """The flag that the cursor is in."""
        return next((flag for flag in self.instruction.flags if flag.span.contains(self.at)), None)

    @cached_property
    def word(self) -> int | None:
        """Which argument the cursor is in, from 0."""
        if self.flag or self.instruction.keyword_span.contains(self.at):
            return None
        words = self.instruction.words
        return next((index for index, word in enumerate(words) if word.span.contains(self.at)), None)

    @property
    def in_array(self) -> bool:
        """Whether the arguments are in exec form, or on their way to it."""
        return self.instruction.arguments.text.startswith("[")

    @cached_property
    def string(self) -> tuple[int, Typed] | None:
        """The string of an array around the cursor, and which one it is."""
        arguments = self.instruction.arguments
        mark = arguments.offset(self.at)
        for index, match in enumerate(_STRING.finditer(arguments.text)):
            if match.start(1) <= mark < match.end(1):
                return index, Typed(arguments.text[match.start(1) : mark], arguments.text[mark + 1 : match.end(1)])
        return None

    @property
    def is_last_string(self) -> bool:
        """Whether no string of the array comes behind that around the cursor."""
        text = self.instruction.arguments.text
        return len(_STRING.findall(text)) - 1 == (self.string or (0,))[0]

    @property
    def arguments(self) -> Typed:
        """All arguments, as the text around the cursor."""
        return self.typed(self.instruction.arguments.span(Span(0, len(self.instruction.arguments.text))))

    def typed(self, span: Span) -> Typed:
        """The text of a span around the cursor, without the letter."""
        line = self.instruction.line
        mark = line.offset(self.at)
        start, end = line.offset(span.start), line.offset(span.end - 1) + 1
        return Typed(line.text[start:mark], line.text[mark + 1 : end])

    def replaced(self, typed: Typed) -> Span | None:
        """The stretch of the file that `typed` is; None where it goes over several lines.

        Only what stands right before the cursor counts: a word that a continuation cuts in two is left alone.
        """
        text = self.instruction.text
        before, after = typed
        if text[max(self.at - len(before), 0) : self.at] != before:
            return None
        if text[self.at + 1 : self.at + 1 + len(after)] != after or not before:
            after = ""  # a cursor in front of a word starts a new one
        if "\n" in before + after or "\r" in before + after:
            return None
        return Span(self.offset - len(before), self.offset + len(after))

    @cached_property
    def stage_index(self) -> int:
        """Which stage the instruction is in, from 0; -1 above the first FROM. A FROM is in the stage that it starts."""
        return bisect_right(self.tree.stages, self.index) - 1

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages above this one."""
        return self.snapshot.build.stages[: max(self.stage_index, 0)]

    @cached_property
    def stage(self) -> Stage | None:
        """The stage that the instruction is in."""
        stages = self.snapshot.build.stages
        return stages[self.stage_index] if 0 <= self.stage_index < len(stages) else None

    @cached_property
    def before(self) -> tuple[Instruction, ...]:
        """The instructions of the stage above this one, without its FROM."""
        start = self.tree.stages[self.stage_index] + 1 if self.stage_index >= 0 else 0
        return tuple(piece for piece in self.tree.pieces[start : self.index] if isinstance(piece, Instruction))

    @cached_property
    def state(self) -> State:
        """What is in force before the instruction."""
        if self.stage is None:
            return State()
        steps = self.stage.steps
        return steps[len(self.before)].state if len(self.before) < len(steps) else self.stage.end

    @cached_property
    def base(self) -> Base:
        """What the stage's base image holds."""
        ref = self.snapshot.build.base_of(self.stage) if self.stage else None
        return image.base(ref) if ref else image.Base()

    @property
    def platform(self) -> str:
        """What the stage is built for."""
        return (self.stage and self.stage.platform) or self.snapshot.options.platform

    @property
    def escape(self) -> str:
        """The escape character in force."""
        return self.instruction.escape


def piece_at(snapshot: Snapshot, offset: int) -> tuple[Dockerfile, int]:
    """The file with a letter at `offset`, and which of its pieces holds it."""
    marked = edited(snapshot.tree, _letter(snapshot.tree, offset))
    return marked, bisect_right(marked.offsets, offset) - 1


def place_at(snapshot: Snapshot, offset: int) -> Place | None:
    """The place of a cursor in an instruction; None in comments, in blank space that stays such, and in a heredoc's
    own words.
    """
    return place_in(snapshot, offset, *piece_at(snapshot, offset))


def place_in(snapshot: Snapshot, offset: int, tree: Dockerfile, index: int) -> Place | None:
    """The same where `piece_at` was asked already."""
    if _ends_heredoc(snapshot.tree, offset):
        return None
    piece, at = tree.pieces[index], offset - tree.offsets[index]
    if not isinstance(piece, Instruction) or piece.has_long_line or piece.has_open_heredoc:
        return None
    if _is_comment(piece, at):
        return None
    instruction = piece
    if (trigger := piece.trigger) and trigger.span.start <= at:
        instruction = trigger
    return Place(snapshot, offset, tree, index, instruction, at)


def _ends_heredoc(tree: Dockerfile, offset: int) -> bool:
    """Whether the cursor is in the line that ends a heredoc, which a letter more would no longer do."""
    index = bisect_left(tree.offsets, offset) - 1
    piece = tree.pieces[index] if index >= 0 else None
    if not isinstance(piece, Instruction):
        return False
    at = offset - tree.offsets[index]
    ends = (each.terminator for each in piece.heredocs)
    return any(end.start <= at <= end.start + len(piece.text[end.start : end.end].rstrip()) for end in ends)


def _is_comment(instruction: Instruction, at: int) -> bool:
    """Whether the line at an offset is a comment between the lines of an instruction."""
    end = instruction.heredocs[0].content.start if instruction.heredocs else len(instruction.text)
    start = instruction.text.rfind("\n", 0, at) + 1
    return start > 0 and at < end and instruction.text[start:at].lstrip().startswith("#")


def _letter(tree: Dockerfile, offset: int) -> Edit:
    """The edit that types the letter. Where a heredoc has no terminator yet, it also writes that on the next line.

    `RUN <<EOF` and then its first lines: nobody types the terminator first. A blank line, or one that starts like an
    instruction, says that the cursor is not in the body.
    """
    first = tree.open_heredoc
    if first is None or offset < tree.offsets[first]:
        return Edit(Span(offset, offset), MARK)
    opener = tree.pieces[first]
    last = min(bisect_right(tree.offsets, offset), len(tree.pieces)) - 1
    below = tree.pieces[first + 1 : last + 1]
    assert isinstance(opener, Instruction)
    if any(
        isinstance(piece, Blank) or (isinstance(piece, Instruction) and piece.keyword in KEYWORDS) for piece in below
    ):
        return Edit(Span(offset, offset), MARK)
    end = tree.offsets[last + 1]
    rest = tree.pieces[last].text[offset - tree.offsets[last] :]
    rest = rest if rest.endswith("\n") else rest + "\n"
    names = (
        name
        for word in heredoc_words((opener.trigger or opener).line.text)
        if (match := HEREDOC.fullmatch(word)) and (name := heredoc_name(match[2]))
    )
    return Edit(Span(offset, end), MARK + rest + "".join(f"{name}\n" for name in names))
