"""What an editor can fold in a Dockerfile: stages, instructions of several lines, bodies of heredocs, comments."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadweight.features.outline import sections, whole
from deadweight.syntax.dockerfile import Comment
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.syntax.dockerfile import Dockerfile, Instruction


class Fold(NamedTuple):
    """What folds into the line that it starts on; one that also ends there is none. `kind` is the protocol's word."""

    span: Span
    kind: Literal["comment", "region", ""] = ""


def folds(tree: Dockerfile) -> Iterator[Fold]:
    """What can be folded, the largest first: where several start on a line, an editor has room for one."""
    for section in sections(tree)[1]:
        yield Fold(section.span)
    long = [placed for placed in tree.instructions if "\n" in placed.instruction.text[:-1]]
    for placed in long:
        yield Fold(whole(placed.instruction).shifted(placed.offset))
    for placed in long:
        for span in _heredocs(placed.instruction):
            yield Fold(span.shifted(placed.offset), "region")
    yield from _comments(tree)
    for placed in long:
        for span in _comments_inside(placed.instruction):
            yield Fold(span.shifted(placed.offset), "comment")


def _heredocs(instruction: Instruction) -> Iterator[Span]:
    """Each body without its terminator, with the line above it where that is no other's: `&& cat <<EOF > a`."""
    text = instruction.text
    for number, heredoc in enumerate(instruction.heredocs):
        start, end = heredoc.content
        above = text.rfind("\n", 0, start - 1) + 1
        if start < end:
            yield Span(above if above and not number else start, end - 1)


def _comments(tree: Dockerfile) -> Iterator[Fold]:
    """The comment lines that stand together; parser directives are not among them."""
    first = 0
    for is_comment, group in groupby(tree.pieces, lambda piece: isinstance(piece, Comment) and not piece.directive):
        pieces = list(group)
        last = first + len(pieces)
        if is_comment and len(pieces) > 1:
            end = tree.offsets[last - 1] + len(pieces[-1].text.rstrip())
            yield Fold(Span(tree.offsets[first], end), "comment")
        first = last


def _comments_inside(instruction: Instruction) -> Iterator[Span]:
    """The comment lines between an instruction's lines that stand together."""
    found: list[Span] = []
    for span in instruction.comments:
        if found and instruction.text.count("\n", found[-1].end, span.start) == 1:
            span = Span(found.pop().start, span.end)
        found.append(span)
    return iter(found)
