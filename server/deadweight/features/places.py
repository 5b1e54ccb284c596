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
    """A place inside an instruction; `offset` counts from the start of the instruction's text."""

    ledger: Ledger
    layer: Layer
    offset: int

    @property
    def instruction(self) -> Instruction:
        """The instruction."""
        return self.layer.placed.instruction

    @property
    def whole(self) -> Span:
        """From the keyword to the last character of the instruction, the bodies of heredocs included."""
        instruction = self.instruction
        return Span(instruction.span.start, max(instruction.span.end, len(instruction.text.rstrip())))

    def in_file(self, span: Span) -> Span:
        """A span of the instruction's text as one of the file."""
        return span.shifted(self.layer.placed.offset)


def place_at(snapshot: Snapshot, offset: int) -> Place | None:
    """The place of an offset in the file; None outside of instructions, and above the first FROM."""
    piece = bisect_right(snapshot.tree.offsets, offset) - 1
    start = snapshot.tree.offsets[min(piece, len(snapshot.tree.pieces) - 1)]
    for ledger in snapshot.ledgers:
        for layer in ledger.layers:
            if layer.placed.offset == start:
                return Place(ledger, layer, offset - start)
    return None


def call_at(place: Place) -> Call | None:
    """The innermost command of a RUN at the place."""
    inside = [call for call in place.layer.calls if call.span.start <= place.offset <= call.span.end]
    return min(inside, key=lambda call: call.span.end - call.span.start, default=None)


def word_at(place: Place, call: Call) -> tuple[Word, Span] | None:
    """The word of a command at the place, and where it stands in the instruction's text."""
    step = place.layer.step
    body = run_body(place.instruction, step.state.shell) if step else None
    if body is None:
        return None
    placed = ((word, body.span(word.span)) for word in call.words)
    return next(((word, span) for word, span in placed if span.start <= place.offset <= span.end), None)
