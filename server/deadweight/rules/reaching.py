"""What of a stage that does not ship is in the image all the same: what COPY --from brings of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.effects import CopiedFromStage, is_under
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot


def ships(snapshot: Snapshot, layer: Layer, effect: Effect) -> bool:
    """Whether what a layer writes is in the image, in this layer or in one that copies it."""
    return layer.site.stage in snapshot.build.shipped or any(True for _ in copies_of(snapshot, effect))


def copies_of(snapshot: Snapshot, effect: Effect) -> Iterator[Layer]:
    """The layers of stages that ship which copy what an earlier stage wrote."""
    return (layer for layer in _copying(snapshot) if any(map(partial(_is_part, effect), _copied(layer))))


def _is_part(effect: Effect, copied: Effect) -> bool:
    """Whether what is copied is all of what was written, or what matters of it: site-packages of /usr/local."""
    where, whole = copied.path or "", effect.path or ""
    return copied.span == effect.span and copied.cause == effect.cause and is_under(where, whole)


@remembered
def _copying(snapshot: Snapshot) -> list[Layer]:
    return [layer for ledger in snapshot.shipped_ledgers for layer in ledger.layers_with(CopiedFromStage)]


@remembered
def _copied(layer: Layer) -> list[Effect]:
    """What a layer copies, also by way of several stages."""
    found: list[Effect] = []
    waiting = list(layer.kept)
    while waiting:
        effect = waiting.pop()
        if isinstance(effect.cause, CopiedFromStage):
            waiting += effect.cause.effects or ()
        else:
            found.append(effect)
    return found
