"""What an offset in the file points at: an instruction's layer, a command in it, a word of the command."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.syntax.run import run_body
from deadweight.text import Span

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.syntax.shell import Word


@dataclass(frozen=True, slots=True)
class Place:
    """A place inside an instruction; `offset` counts from the start of the instruction's text, which is at `start`."""

    ledger: Ledger
    layer: Layer
    start: int
    offset: int

    @property
    def instruction(self) -> Instruction:
        """The instruction."""
        return self.layer.instruction

    @property
    def whole(self) -> Span:
        """From the keyword to the last character of the instruction, the bodies of heredocs included."""
        instruction = self.instruction
        return Span(instruction.span.start, max(instruction.span.end, len(instruction.text.rstrip())))

    def in_file(self, span: Span) -> Span:
        """A span of the instruction's text as one of the file."""
        return span.shifted(self.start)


def place_at(snapshot: Snapshot, offset: int) -> Place | None:
    """The place of an offset in the file; None outside of instructions, and above the first FROM."""
    tree = snapshot.tree
    stage = min(bisect_right(tree.starts, offset) - 1, len(tree.sections) - 1) - 1
    if stage < 0:
        return None
    section, first = tree.sections[stage + 1], tree.starts[stage + 1]
    piece = min(bisect_right(section.starts, offset - first) - 1, len(section.pieces) - 1)
    if piece not in section.numbers:
        return None
    ledger, start = snapshot.ledgers[stage], first + section.starts[piece]
    return Place(ledger, ledger.layers[section.numbers.index(piece)], start, offset - start)


def call_at(place: Place) -> Call | None:
    """The innermost command of a RUN at the place."""
    inside = [call for call in place.layer.calls if call.place.start <= place.offset <= call.place.end]
    return min(inside, key=lambda call: call.place.end - call.place.start, default=None)


def word_at(place: Place, call: Call) -> tuple[Word, Span] | None:
    """The word of a command at the place, and where it stands in the instruction's text."""
    step = place.layer.step
    body = run_body(place.instruction, step.state.shell) if step else None
    if body is None:
        return None
    placed = ((word, body.span(word.span)) for word in call.words)
    return next(((word, span) for word, span in placed if span.start <= place.offset <= span.end), None)
