"""What later layers take away of what earlier ones wrote: it is hidden from then on, and in the image all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import BaseLayers, Built, Kind, Leftover, Measured, PackageSet, covers
from deadweight.model.filesystem import Filesystem
from deadweight.model.playing import removed_names
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.filesystem import Stack
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site


class Removal(NamedTuple):
    """A command that removes what earlier layers wrote: what that is, each with the layer that wrote it."""

    ledger: Ledger
    layer: Layer
    effect: Effect
    removed: tuple[tuple[Layer, Effect], ...]


def late_removals(ledgers: Sequence[Ledger], context: BuildContext | None) -> Iterator[Removal]:
    """The removals of a chain of stages, each standing on the one before it, that free nothing."""
    layers: dict[Site, Layer] = {}
    for ledger in ledgers:
        layers.update((layer.site, layer) for layer in ledger.layers)
        for layer in ledger.layers:
            if not layer.removes:
                continue
            for effect, parts in _removed(layer, ledger.below(layer), context):
                yield Removal(ledger, layer, effect, tuple((layers[site], part) for site, part in parts))


@remembered
def _removed(
    layer: Layer, below: Stack | None, context: BuildContext | None
) -> tuple[tuple[Effect, tuple[tuple[Site, Effect], ...]], ...]:
    """The removals of a layer, each with what of the layers below it takes away."""
    found: list[tuple[Effect, tuple[tuple[Site, Effect], ...]]] = []
    for number, effect in enumerate(layer.effects):
        if effect.kind is not Kind.REMOVES or not effect.is_certain or below is None:
            continue
        parts = ((each.site, _part(each.effect, effect, context)) for each in below.there)
        removed = tuple((site, part) for site, part in parts if part is not None)
        if any(_removes(effect, own) for own in layer.effects[:number]):
            # A clean-up that has its own use; what a tool left in earlier layers, it only passes by.
            removed = tuple(each for each in removed if not isinstance(each[1].cause, Leftover))
        if removed:
            found.append((effect, removed))
    return tuple(found)


def _removes(removal: Effect, own: Effect) -> bool:
    """Whether a removal takes away what its own layer wrote, or had found there."""
    return (
        removal.path is not None
        and own.path is not None
        and own.kind in (Kind.WRITES, Kind.REPLACES)
        and covers(removal.path, own.path)
    )


def _part(written: Effect, removal: Effect, context: BuildContext | None) -> Effect | None:
    """What of `written` a removal takes away; None for nothing, and where nobody can tell."""
    cause, removed = written.cause, removal.cause
    if not written.is_certain or isinstance(cause, (BaseLayers, Built, Measured)):
        return None
    if isinstance(removed, PackageSet):
        return _packages(written, cause, removed) if isinstance(cause, PackageSet) else None
    if removal.path is None or written.path is None:
        return None
    if covers(removal.path, written.path):
        return written
    part = Filesystem(None, context).part_of(written, removal.path)
    return None if part is None or isinstance(part.cause, Built) else part


def _packages(written: Effect, cause: PackageSet, removed: PackageSet) -> Effect | None:
    names = removed_names(cause, removed)
    if not names:
        return None
    rest = tuple(name for name in cause.names if name not in names)
    return replace(written, cause=replace(cause, names=names, already=(*cause.already, *rest)))
