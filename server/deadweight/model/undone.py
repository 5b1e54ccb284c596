"""What later layers take away of what earlier ones wrote: it is hidden from then on, and in the image all the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, takewhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import BaseLayers, Built, Kind, Leftover, Measured, PackageSet
from deadweight.model.filesystem import Filesystem
from deadweight.model.playing import removed_names, takes, touched_by
from deadweight.syntax.dockerfile import remembered, remembered_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.playing import Rest
    from deadweight.model.stages import Site


class Removal(NamedTuple):
    """A command that removes what earlier layers wrote: what that is, each with the layer that wrote it."""

    stage: str
    layer: Layer
    effect: Effect
    removed: tuple[tuple[Layer, Effect], ...]


def late_removals(ledgers: Sequence[Ledger], context: BuildContext | None) -> Iterator[Removal]:
    """The removals of a chain of stages, each standing on the one before it, that free nothing."""
    layers = {ledger.stage.index: ledger.layers for ledger in ledgers}
    for ledger in ledgers:
        for layer, effect, parts in _removed_in(ledger, context):
            removed = tuple([(layers[site.stage][site.step], part) for site, part in parts])
            yield Removal(ledger.stage.label, layer, effect, removed)


@remembered
def _removed_in(
    ledger: Ledger, context: BuildContext | None
) -> list[tuple[Layer, Effect, tuple[tuple[Site, Effect], ...]]]:
    """The removals of a stage, each with what it takes away of what is there below."""
    found = [(layer, ledger.below(layer)) for layer in ledger.layers if layer.removes]
    return [
        (layer, effect, parts)
        for layer, below in found
        for effect, parts in _removed(layer, below.there if below else (), context)
    ]


@remembered
def _removed(
    layer: Layer, there: tuple[Rest, ...], context: BuildContext | None
) -> list[tuple[Effect, tuple[tuple[Site, Effect], ...]]]:
    """The removals of a layer, each with what it takes away of what is there below."""
    touched = touched_by(layer, there)
    removed: dict[int, list[tuple[Site, Effect]]] = {}
    for rest, parts in zip(touched, _removed_of(layer, touched, context), strict=True):
        for number, part in parts:
            if left := _without_others(part, layer, layer.undoing[number], there):
                removed.setdefault(number, []).append((rest.site, left))
    return [(layer.undoing[number], tuple(removed[number])) for number in sorted(removed)]


@remembered_of_each
def _removed_of(layer: Layer, rest: Rest, context: BuildContext | None) -> tuple[tuple[int, Effect], ...]:
    """What a layer takes away of what an instruction below it wrote: by which of its removals, and what."""
    found: list[tuple[int, Effect]] = []
    for number, removal in enumerate(layer.undoing):
        if removal.kind is not Kind.REMOVES or not removal.is_certain:
            continue
        parts = [part for each in rest.effects if (part := _part(layer, each, removal, context)) is not None]
        if parts and _is_clean_up(layer, removal):
            parts = [part for part in parts if not isinstance(part.cause, Leftover)]
        found += [(number, part) for part in parts]
    return tuple(found)


def _without_others(part: Effect, layer: Layer, removal: Effect, there: tuple[Rest, ...]) -> Effect | None:
    """Of packages that go, those that no other install asks for: these stay, with what they brought along."""
    cause, removed = part.cause, removal.cause
    if not isinstance(cause, PackageSet) or not isinstance(removed, PackageSet):
        return part
    effects = chain(layer.kept, *(rest.effects for rest in there))
    sets = (
        each.cause for each in effects if isinstance(each.cause, PackageSet) and each.cause.manager == cause.manager
    )
    asked = {name for each in sets for name in each.names if name not in removed_names(each, removed)}
    stay = tuple(name for name in cause.names if name in asked)
    if not stay:
        return part
    names = tuple(name for name in cause.names if name not in asked)
    return replace(part, cause=replace(cause, names=names, already=(*cause.already, *stay))) if names else None


def _is_clean_up(layer: Layer, removal: Effect) -> bool:
    """Whether it has its own use; what a tool left in earlier layers, it only passes by."""
    own = takewhile(lambda effect: effect is not removal, layer.effects)
    return any(_removes(removal, effect) for effect in own)


def _removes(removal: Effect, own: Effect) -> bool:
    """Whether a removal takes away what its own layer wrote, or had found there."""
    return removal.path is not None and own.kind in (Kind.WRITES, Kind.REPLACES) and takes(removal.path, own)


def _part(layer: Layer, written: Effect, removal: Effect, context: BuildContext | None) -> Effect | None:
    """What of `written` a removal takes away; None for nothing, and where nobody can tell."""
    cause, removed = written.cause, removal.cause
    if not written.is_certain or isinstance(cause, (BaseLayers, Built, Measured)):
        return None
    if isinstance(removed, PackageSet):
        return _packages(layer, written, cause, removed) if isinstance(cause, PackageSet) else None
    if removal.path is None or written.path is None:
        return None
    if takes(removal.path, written):
        return written
    part = Filesystem(None, context).part_of(written, removal.path)
    return None if part is None or isinstance(part.cause, Built) else part


def _packages(layer: Layer, written: Effect, cause: PackageSet, removed: PackageSet) -> Effect | None:
    """The packages that go, with those that they brought along where the layer asks for that in one way or another:
    `apt-get remove gcc` leaves gcc-14 there.
    """
    names = removed_names(cause, removed)
    if not names:
        return None
    rest = tuple(name for name in cause.names if name not in names)
    others = (each.cause.options for each in layer.undoing if isinstance(each.cause, PackageSet))
    stay = removed.options & frozenset(("no-dependencies",)).intersection(*others)
    return replace(
        written, cause=replace(cause, names=names, options=cause.options | stay, already=(*cause.already, *rest))
    )
