"""What each instruction adds, at the end of its first line."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features import words
from deadweight.model.effects import Copied
from deadweight.size.estimate import layer_size
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Cause
    from deadweight.model.layers import Layer
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span

_SMALLEST = 1_000_000  # bytes that a line adds; less is not worth the space on it


class Hint(NamedTuple):
    """A label behind the character at `offset`; `tooltip` is Markdown."""

    offset: int
    label: str
    tooltip: str


def inlay_hints(snapshot: Snapshot, span: Span, *, is_measuring: bool = False) -> tuple[Hint, ...]:
    """The hints of the instructions that start inside `span`; none in another frontend's language.

    While somebody `is_measuring` the build context, what is copied from it says so.
    """
    return () if snapshot.is_foreign else tuple(_hints(snapshot, span, is_measuring=is_measuring))


def _hints(snapshot: Snapshot, span: Span, *, is_measuring: bool) -> Iterator[Hint]:
    starts = snapshot.tree.starts[1:]
    for stage, (start, end) in enumerate(pairwise(starts)):
        if end <= span.start or span.end < start:
            continue
        for layer in snapshot.ledgers[stage].layers:
            hint = _hint(layer, is_measuring) if layer.weighs else None
            offset = snapshot.offset(layer.site)
            if hint is not None and span.start <= offset <= span.end:
                yield hint._replace(offset=offset + hint.offset)


@remembered
def _hint(layer: Layer, is_measuring: bool) -> Hint | None:
    """The hint of a layer, at an offset in the text of its instruction."""
    if is_measuring and layer.measured is None and any(_waits_for_context(effect.cause) for effect in layer.kept):
        return Hint(_end_of_first_line(layer), "measuring ...", "The build context is being measured")
    size = layer_size(layer)
    if size is not None and size.best < (_SMALLEST if layer.step else 1) and not size.is_at_least:
        return None
    tooltip = "\n".join([words.unpacked(size), "", *words.layer_made_of(layer)])
    return Hint(_end_of_first_line(layer), _label(layer, size), tooltip)


def _waits_for_context(cause: Cause) -> bool:
    return isinstance(cause, Copied) and cause.selection is None


def _label(layer: Layer, size: Size | None) -> str:
    label = words.short(size)
    is_plain = layer.step is not None and size is not None and not size.is_at_least
    return f"+{label}" if is_plain else label


def _end_of_first_line(layer: Layer) -> int:
    """Behind the last character of the instruction's first line, in its text."""
    return len(layer.instruction.text.partition("\n")[0].rstrip("\r"))
