"""A RUN in one of whose commands somebody types: where the rest can only be what it was, that command alone is read."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import Reading, read_again
from deadweight.model.effects import Nth
from deadweight.model.filesystem import Filesystem
from deadweight.model.layers import mounts_of
from deadweight.syntax import shell_plain
from deadweight.syntax.dockerfile import remembered
from deadweight.syntax.run import run_body
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.layers import Layer, Ledger
    from deadweight.syntax.dockerfile import Instruction

_MOST = 10_000  # characters: far below what BuildKit or we read no further


class Retyped(NamedTuple):
    """A command as it was in a `layer` and as it is; what stands behind it has moved by so many characters."""

    layer: Layer
    was: Reading
    now: Reading
    by: int

    @property
    def does_the_same(self) -> bool:
        """Whether it does what it did."""
        return self.now.effects is self.was.effects

    def span(self, span: Span | Nth) -> Span:
        """Where an effect, a call or a finding stands now that is of the layer."""
        if span == self.was.call.span:
            return self.now.call.place
        there = self.layer.span(span)
        is_behind = isinstance(span, Nth) and there.start > self.was.call.place.start
        return there.shifted(self.by) if is_behind else there


def retyped(ledger: Ledger, number: int, instruction: Instruction) -> Retyped | None:
    """A RUN of a stage as `instruction` has it now, with all around it as it was; None where more than one command, or
    more than its words, may be others.

    The commands of a plain script are words between operators: words in place of other words leave the others alone.
    """
    was = ledger.layers[number]
    step, before, (readings, ends) = was.step, was.instruction.text, _apart(was)
    text = instruction.text
    if step is None or not readings or len(text) > _MOST:
        return None
    grown = len(text) - len(before)
    # The first one behind which all is as it was.
    at = bisect_left(ends, True, key=lambda end: before[end:] == text[end + grown :])
    if at == len(readings):
        return None
    old, end = readings[at], ends[at]
    start = old.call.place.start
    source = text[start : max(start, end + grown)].rstrip(" \t")
    # In front of a script, what starts with dashes is a flag of the RUN.
    if before[:start] != text[:start] or source.startswith("-") or not shell_plain.is_command(source):
        return None
    mounts = mounts_of(was.instruction, step.state)
    files = Filesystem(ledger.below(was), ledger.context, mounts, was.site, old.call.around.files.here)
    now = read_again(old, source, Span(start, start + len(source)), files)
    return now and Retyped(was, old, now, grown)


@remembered
def _apart(layer: Layer) -> tuple[Sequence[Reading], Sequence[int]]:
    """The commands of a RUN and where each ends, with the blanks behind it, where they run one after the other as they
    are written; none otherwise.
    """
    step, readings, text = layer.step, layer.readings, layer.instruction.text
    if step is None or layer.measured is not None or not readings or layer.instruction.heredocs:
        return (), ()
    body = run_body(layer.instruction, step.state.shell)
    if body is None or body.form != "shell" or not shell_plain.is_plain(body.script.text):
        return (), ()
    places = [each.call.place for each in readings]
    if any(one.end > other.start for one, other in pairwise(places)):
        return (), ()
    return readings, [len(text) - len(text[end:].lstrip(" \t")) for _, end in places]
