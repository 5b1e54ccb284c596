"""How much of a layer is pulled: each effect by how files of its kind pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.effects import (
    BaseLayers,
    CopiedFromStage,
    Download,
    Extracted,
    Filled,
    Leftover,
    PackageSet,
    Rewritten,
)
from deadweight.size import images
from deadweight.size.units import Size, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from deadweight.facts.constants import Constant
    from deadweight.model.effects import Cause, Effect

_KINDS = {"apt": "apt", "npm": "npm", "yarn": "npm", "pnpm": "npm", "bun": "npm", "pip": "pip"}


def pulled(effect: Effect, unpacked: Callable[[Effect], Size | None]) -> Size | None:
    """Bytes that a pull transfers of what an effect writes; `unpacked` says what that weighs."""
    cause = effect.cause
    if isinstance(cause, BaseLayers):
        return images.pulled(cause.ref, cause.platform) if cause.ref else None
    if isinstance(cause, Rewritten):
        return total(pulled(each, unpacked) for _, each in cause.sources)
    if isinstance(cause, CopiedFromStage) and cause.effects is not None:
        return total(pulled(each, unpacked) for each in cause.effects)
    size = unpacked(effect)
    if size is None:
        return None
    return _by(size, constant(_share(cause)))


def in_proportion(packed: Size, estimated: Size, measured: Size) -> Size:
    """What a layer packs to that was measured unpacked, as its estimate does."""
    if not estimated.best:
        return _by(measured, constant("packed.any"))
    share = packed.best / estimated.best
    low = packed.low / estimated.low if estimated.low else share
    high = packed.high / estimated.high if packed.high and estimated.high else 1.0
    return Size(
        round(measured.low * min(low, share)),
        round(measured.best * share),
        None if measured.high is None else round(measured.high * max(high, share)),
    )


def _by(size: Size, share: Constant) -> Size:
    high = None if size.high is None else round(size.high * share.high)
    return Size(round(size.low * share.low), round(size.best * share.best), high)


def _share(cause: Cause) -> str:
    """The constant that says how files of a cause pack."""
    match cause:
        case PackageSet(manager=manager) if manager in _KINDS:
            return f"packed.{_KINDS[manager]}"
        case Leftover(topic="apt-lists"):
            return "packed.apt_lists"
        case Leftover(topic="login-records"):
            return "packed.zeros"
        case Leftover(of=PackageSet(manager=manager)) if _KINDS.get(manager) == "npm":
            return "packed.npm_cache"
        case Download() | Leftover(of=PackageSet()):
            return "packed.download"
        case Extracted():
            return "packed.extracted"
        case Filled():
            return "packed.filled"
    return "packed.any"
