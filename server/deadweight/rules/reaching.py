"""What of a stage that does not ship is in the image all the same: what COPY --from brings of it."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from deadweight.model.effects import CopiedFromStage, is_under
from deadweight.model.stages import sources_of
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stack import Stack
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Section

_Found = TypeVar("_Found")


def ships(snapshot: Snapshot, layer: Layer, effect: Effect) -> bool:
    """Whether what a layer writes is in the image, in this layer or in one that copies it."""
    return layer.site.stage in snapshot.build.shipped or any(True for _ in copies_of(snapshot, effect))


def copies_of(snapshot: Snapshot, effect: Effect) -> Iterator[Layer]:
    """The layers of stages that ship which copy what an earlier stage wrote."""
    return (layer for layer in _copying(snapshot) if any(map(partial(_is_part, effect), _copied(layer))))


def places_of(snapshot: Snapshot, layer: Layer, effect: Effect) -> list[tuple[Layer, str]]:
    """The layers of stages that ship which copy what a layer of another one wrote, in a folder that is copied as a
    whole, and where it lies there.

    Empty where something else may read it: a further stage that copies it, or a RUN that mounts the stage.
    """
    if any(_is_part(effect, each) for ledger in _builders(snapshot) for each in _copied_by(ledger)):
        return []
    if layer.site.stage in _mounted(snapshot):
        return []
    path = effect.path or ""
    return [
        (layer, posixpath.join(copied.path, path[len(cause.path) :].lstrip("/")).rstrip("/"))
        for layer in _copying(snapshot)
        for copied in layer.kept
        if isinstance(cause := copied.cause, CopiedFromStage) and copied.path and is_under(path, cause.path)
        if any(_is_part(effect, each) for each in cause.effects or ())
    ]


def left_in_builders(
    snapshot: Snapshot, left: Callable[[Stack], tuple[_Found, ...]], *causes: type
) -> Iterator[tuple[int, _Found]]:
    """What is `left` of what the stages that do not ship keep, of some kinds of cause, in them and in all that stand on
    them; each with the number of a stage that it is left in.
    """
    build, builders = snapshot.build, _builders(snapshot)
    for ledger in builders:
        if not any(map(ledger.layers_with, causes)):
            continue
        index = ledger.stage.index
        above = [each.stacks[-1] for each in builders if build.stands_on(each.stage, index)]
        for found in left(ledger.stacks[-1]):
            if all(found in left(stack) for stack in above):
                yield index, found


def _builders(snapshot: Snapshot) -> list[Ledger]:
    """The stages that a build runs and that do not ship."""
    return [each for each in snapshot.reached_ledgers if each.stage.index not in snapshot.build.shipped]


@remembered
def _mounted(snapshot: Snapshot) -> frozenset[int]:
    """The stages that RUNs mount, and those that these stand on."""
    names = [name for ledger in snapshot.reached_ledgers for name in _mounted_by(ledger.stage.section)]
    found = [stage for name in names if (stage := snapshot.build.find(name))]
    build = snapshot.build
    below = (each.index for each in build.stages if any(build.stands_on(stage, each.index) for stage in found))
    return frozenset((*(stage.index for stage in found), *below))


@remembered
def _mounted_by(section: Section) -> list[str]:
    """The names behind `RUN --mount=from=`."""
    return [name for each in section.instructions if each.keyword == "RUN" and each.flags for name in sources_of(each)]


def _copied_by(ledger: Ledger) -> Iterator[Effect]:
    return (each for layer in ledger.layers_with(CopiedFromStage) for each in _copied(layer))


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
