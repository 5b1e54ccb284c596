"""Effects, layers, stages and images in bytes. Every size that anybody sees comes from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nlargest
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.effects import (
    BaseLayers,
    Built,
    Compiled,
    Copied,
    CopiedFromStage,
    Download,
    Effect,
    Extracted,
    Figure,
    Filled,
    Installer,
    Leftover,
    Measured,
    Moved,
    Output,
    PackageSet,
    Rewritten,
    Text,
)
from deadweight.size import apt, counted, downloads, images, node_project, packed, python_project
from deadweight.size.units import ZERO, Size, around, at_least, less, size, total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.effects import Cause
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.playing import Rest
    from deadweight.model.stages import Build
    from deadweight.size.targets import Comparison

_FOLDER = "the build context"
# Output of tsc as multiples of its sources: JavaScript alone is 1.0, with source maps 2.2; comments may go,
# declarations may come on top.
_TSC_TIMES = (0.5, 1.5, 3.0)
_TSC, _TSC_DATE = "tsc, docs/examples/node", "2026-11-23"


@dataclass(frozen=True)
class Sizes:
    """The sizes of one file's ledgers. A size is None where nothing at all is known."""

    build: Build
    ledgers: Sequence[Ledger]
    are_estimates: bool = False  # whatever was measured

    @property
    def estimates(self) -> Sizes:
        """The same sizes as if nothing had been measured."""
        return replace(self, are_estimates=True)

    def of(self, effects: Iterable[Effect]) -> Size | None:
        """Unpacked bytes of these effects together; None where all of them are unknown."""
        return size_together(effects)

    def layer(self, layer: Layer) -> Size | None:
        """Unpacked bytes that a layer adds to the image."""
        return estimated_size(layer) if self.are_estimates else layer_size(layer)

    def stage(self, ledger: Ledger) -> Size | None:
        """Unpacked bytes of a stage with all it stands on."""
        below = self.stage(self.ledgers[ledger.stage.base]) if isinstance(ledger.stage.base, int) else ZERO
        return total((below, _added(ledger, self.are_estimates)))

    def heaviest(self, ledgers: Iterable[Ledger], most: int) -> list[tuple[Layer, Size]]:
        """The layers that add most, the heaviest first."""
        sized = ((layer, size) for ledger in ledgers for layer in ledger.layers if (size := self.layer(layer)))
        return nlargest(most, (each for each in sized if each[1].best), key=lambda each: each[1].best)

    def image(self) -> Size | None:
        """Unpacked bytes of the image: the target stage and all it stands on."""
        target = self.build.target
        return None if target is None else self.stage(self.ledgers[target.index])

    def layer_pulled(self, layer: Layer) -> Size | None:
        """Bytes that a pull of a layer transfers."""
        return layer_pulled(layer)

    def comparison(self) -> Comparison | None:
        """The image beside the target of its kind of app; None where the kind is not plain."""
        from deadweight.facts.targets import target_of  # diagnostics do without them
        from deadweight.model.app import app_of
        from deadweight.size.targets import Comparison

        app = app_of(self.build, self.ledgers)
        return Comparison(target_of(app), self.pulled()) if app else None

    def pulled(self) -> Size | None:
        """Bytes that a pull of the image transfers: the base's own figure, and the rest by how layers pack."""
        target = self.build.target
        if target is None:
            return None
        ledger = self.ledgers[target.index]
        added: list[Size | None] = []
        while True:
            added.append(_pulled(ledger))
            if not isinstance(ledger.stage.base, int):
                return total(added)
            ledger = self.ledgers[ledger.stage.base]


@remembered
def _added(ledger: Ledger, are_estimates: bool) -> Size | None:
    """Unpacked bytes that the layers of a stage add together."""
    return total(map(estimated_size if are_estimates else layer_size, ledger.layers))


@remembered
def _pulled(ledger: Ledger) -> Size | None:
    """Bytes that a pull of the layers of a stage transfers."""
    return total(map(layer_pulled, ledger.layers))


def layer_size(layer: Layer) -> Size | None:
    """Unpacked bytes that a layer adds to the image: as it was measured, or else by its effects."""
    return estimated_size(layer) if layer.measured is None else _figure("measured", layer.measured)


def estimated_size(layer: Layer) -> Size | None:
    """Unpacked bytes that a layer adds to the image by its effects, whatever was measured."""
    return _of_rest(layer.rest)


@remembered
def _of_rest(rest: Rest) -> Size | None:
    return size_together(rest.effects)


def size_together(effects: Iterable[Effect]) -> Size | None:
    """Unpacked bytes of these effects together; None where all of them are unknown."""
    return total([effect_size(effect) for effect in effects])


def effect_size(effect: Effect) -> Size | None:
    """Unpacked bytes of what an effect writes; what may not happen at all counts from 0 on."""
    found = cause_size(effect.cause)
    if found is None or effect.is_certain:
        return found
    return Size(0, found.best, found.high, found.parts)


def saved_with(effect: Effect, cause: Cause) -> Size | None:
    """The bytes less that an effect writes where its cause is another one: an install that is asked for less."""
    before, after = effect_size(effect), effect_size(replace(effect, cause=cause))
    return less(before, after) if before and after else None


def cause_size(cause: Cause) -> Size | None:
    """Unpacked bytes of a cause."""
    match cause:
        case None | Moved():
            return ZERO
        case BaseLayers():
            return images.unpacked(cause.ref, cause.platform) if cause.ref else None
        case PackageSet():
            return _packages(cause)
        case Leftover():
            return _leftover(cause)
        case Copied():
            return _copied(cause)
        case CopiedFromStage() | Rewritten():
            return _once_more(cause)
        case Text() | Filled():
            what = "text in the Dockerfile" if isinstance(cause, Text) else f"what {cause.by} fills"
            return size(what, cause.bytes, cause.bytes, cause.bytes, "the Dockerfile", "")
        case Download() | Extracted() | Installer():
            return downloads.fetched(cause)
        case Compiled():
            low, best, high = (round(cause.bytes * times) for times in _TSC_TIMES)
            return size(f"{cause.compiler} output", low, best, high, _TSC, _TSC_DATE)
        case Output():
            # Another machine's build of perhaps other sources, with or without its debug files.
            what = f"what {cause.program} writes, as {cause.folder} has it"
            return around(what, cause.bytes, 0.5, 1.0, _FOLDER, "")
        case Measured():
            known = constant(cause.constant)
            return size(cause.what, round(known.low), round(known.best), round(known.high), known.source, known.date)
        case Built():
            return None


def _once_more(cause: CopiedFromStage | Rewritten) -> Size | None:
    """What other effects wrote, at another place or in a later layer."""
    if isinstance(cause, Rewritten):
        found = total(effect_size(effect) for _, effect in cause.sources)
        return Size(0, found.best, found.high, found.parts) if found and cause.may_be_nothing else found
    if cause.effects is None:
        return downloads.of_image(cause.stage, cause.path)
    return total(effect_size(effect) for effect in cause.effects)


def alone(cause: PackageSet) -> Size | None:
    """Unpacked bytes of Debian packages without all that they need; None for other managers'."""
    return apt.unpacked(cause.names, cause) if cause.manager == "apt" else None


def _copied(cause: Copied) -> Size | None:
    if cause.selection is None:
        return None
    count = cause.selection.bytes
    source = cause.source if cause.source not in (".", "./", "/") else "the whole context"
    files = "" if cause.is_file else f" ({len(cause.selection.files)} files)"
    found = size(f"{source}{files}", count, count, count, _FOLDER, "")
    return found if cause.is_complete else at_least(found)


@lru_cache(maxsize=1024)
def _packages(cause: PackageSet) -> Size | None:
    if cause.each is not None:
        return total(_figure(name, cause.each) for name in cause.names)
    if cause.manager in node_project.MANAGERS:
        return node_project.installed(cause)
    if cause.manager == "apt":
        return apt.installed(cause)
    if cause.manager == "apk":
        from deadweight.size import apk  # of other systems most files have none

        return apk.installed(cause.names, cause.suite, already=cause.already)
    if cause.manager == "rpm":
        from deadweight.size import rpm

        return rpm.installed(cause)
    if cause.manager in python_project.MANAGERS:
        return python_project.installed(cause)
    if cause.manager in counted.MANAGERS:
        return counted.installed(cause)
    return None


@lru_cache(maxsize=1024)
def _leftover(cause: Leftover) -> Size | None:
    if cause.figure is not None:
        return _figure(cause.what, cause.figure)
    packages = cause.of
    if packages is None:
        return None
    if packages.manager in node_project.MANAGERS:
        return node_project.cache_left(packages)
    if packages.manager in python_project.MANAGERS:
        return python_project.cache_left(packages)
    if packages.manager in counted.MANAGERS:
        return counted.cache_left(packages)
    if packages.manager == "apt":
        return apt.cached(packages)
    return None


def _figure(what: str, figure: Figure) -> Size:
    return size(what, figure.low, figure.best, figure.high, figure.source, figure.date)


@remembered
def layer_pulled(layer: Layer) -> Size | None:
    """What a pull of a layer transfers, by how files of its kinds pack."""
    found = total(packed.pulled(effect, effect_size) for effect in layer.kept)
    if layer.measured is None:
        return found
    estimated, measured = estimated_size(layer), layer_size(layer)
    return packed.in_proportion(found or ZERO, estimated or ZERO, measured or ZERO)
