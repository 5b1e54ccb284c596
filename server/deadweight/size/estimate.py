"""Effects, layers, stages and images in bytes. Every size that anybody sees comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
    Leftover,
    Measured,
    Moved,
    PackageSet,
    Rewritten,
    Text,
)
from deadweight.size import apt, images, node_project, python_project
from deadweight.size.units import ZERO, Size, at_least, size, total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.effects import Cause
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Build

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
    platform: str

    def of(self, effects: Iterable[Effect]) -> Size | None:
        """Unpacked bytes of these effects together; None where all of them are unknown."""
        return size_together(effects)

    def layer(self, layer: Layer) -> Size | None:
        """Unpacked bytes that a layer adds to the image."""
        return layer_size(layer)

    def stage(self, ledger: Ledger) -> Size | None:
        """Unpacked bytes of a stage with all it stands on."""
        below = self.stage(self.ledgers[ledger.stage.base]) if isinstance(ledger.stage.base, int) else ZERO
        return total((below, *(self.layer(layer) for layer in ledger.layers)))

    def image(self) -> Size | None:
        """Unpacked bytes of the image: the target stage and all it stands on."""
        target = self.build.target
        return None if target is None else self.stage(self.ledgers[target.index])

    def pulled(self) -> Size | None:
        """Bytes that a pull of the image transfers: the base's own figure, and the rest by how layers pack."""
        target = self.build.target
        if target is None:
            return None
        ledger = self.ledgers[target.index]
        added: list[Size | None] = []
        while True:
            added += [_pulled(layer, self.layer(layer), self.platform) for layer in ledger.layers]
            if not isinstance(ledger.stage.base, int):
                return total(added)
            ledger = self.ledgers[ledger.stage.base]


@remembered
def layer_size(layer: Layer) -> Size | None:
    """Unpacked bytes that a layer adds to the image."""
    return size_together(layer.kept)


def size_together(effects: Iterable[Effect]) -> Size | None:
    """Unpacked bytes of these effects together; None where all of them are unknown."""
    return total(effect_size(effect) for effect in effects)


def effect_size(effect: Effect) -> Size | None:
    """Unpacked bytes of what an effect writes; what may not happen at all counts from 0 on."""
    found = cause_size(effect.cause)
    if found is None or effect.is_certain:
        return found
    return Size(0, found.best, found.high, found.parts)


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
        case CopiedFromStage():
            return None if cause.effects is None else total(effect_size(effect) for effect in cause.effects)
        case Rewritten():
            found = total(effect_size(effect) for _, effect in cause.sources)
            return Size(0, found.best, found.high, found.parts) if found and cause.may_be_nothing else found
        case Text():
            return size("text in the Dockerfile", cause.bytes, cause.bytes, cause.bytes, "the Dockerfile", "")
        case Extracted():
            return _extracted(cause)
        case Compiled():
            low, best, high = (round(cause.bytes * times) for times in _TSC_TIMES)
            return size(f"{cause.compiler} output", low, best, high, _TSC, _TSC_DATE)
        case Measured():
            known = constant(cause.constant)
            return size(cause.what, round(known.low), round(known.best), round(known.high), known.source, known.date)
        case Download() | Built():
            return None


def _copied(cause: Copied) -> Size | None:
    if cause.selection is None:
        return None
    count = cause.selection.bytes
    source = cause.source if cause.source not in (".", "./", "/") else "the whole context"
    files = "" if cause.is_file else f" ({len(cause.selection.files)} files)"
    found = size(f"{source}{files}", count, count, count, _FOLDER, "")
    return found if cause.is_complete else at_least(found)


def _extracted(cause: Extracted) -> Size | None:
    """An archive in the context: at least its own bytes, unless it is no archive of ours to look into."""
    if cause.bytes is None:
        return None
    ratio = constant("image.ratio.any")
    best = round(cause.bytes * ratio.best)
    if cause.archive and cause.archive.endswith(".tar"):
        best = cause.bytes
    return size(f"{cause.archive}, unpacked", cause.bytes, best, None, ratio.source, ratio.date)


@lru_cache(maxsize=1024)
def _packages(cause: PackageSet) -> Size | None:
    if cause.each is not None:
        return total(_figure(name, cause.each) for name in cause.names)
    if cause.manager in node_project.MANAGERS:
        return node_project.installed(cause)
    if cause.manager == "apt":
        return apt.installed(cause.names, cause.suite, recommends="recommends" in cause.options, already=cause.already)
    if cause.manager in python_project.MANAGERS:
        return python_project.installed(cause)
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
    return None


def _figure(what: str, figure: Figure) -> Size:
    return size(what, figure.low, figure.best, figure.high, figure.source, figure.date)


def _pulled(layer: Layer, unpacked: Size | None, platform: str) -> Size | None:
    """What a layer weighs packed, by how much such files pack."""
    first = layer.kept[0].cause if layer.kept else None
    if isinstance(first, BaseLayers):
        return images.pulled(first.ref, platform) if first.ref else None
    if unpacked is None:
        return None
    # A layer packs to 18-100 % of its bytes; the files of a context and of packages lie in between.
    ratio = constant("image.ratio.any")
    high = None if unpacked.high is None else unpacked.high
    return Size(round(unpacked.low / ratio.high), round(unpacked.best / ratio.best), high)
