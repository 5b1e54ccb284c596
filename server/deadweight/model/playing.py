"""Plays effects in order: what is there after them, and which instruction wrote it."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Kind, Leftover, Measured, Moved, PackageSet, covers, is_under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.stages import Site


class Written(NamedTuple):
    """Something that was written and is there still, with the instruction that wrote it."""

    site: Site
    effect: Effect


def play(there: Sequence[Written], effect: Effect, site: Site, mounts: Sequence[str] = ()) -> list[Written]:
    """What is there after one more effect, of the instruction at `site`; what goes into one of `mounts` is not."""
    path, cause = effect.path, effect.cause
    if effect.kind is Kind.REMOVES and isinstance(cause, PackageSet):
        gone = _gone(there, cause, site)
        return [left for each in there if (left := _without(each, cause, gone if each.site == site else frozenset()))]
    if effect.kind is Kind.REMOVES:
        # An uncertain removal counts too: where a clean-up may happen, nobody is told that there is none.
        return [each for each in there if not (path and each.effect.path and covers(path, each.effect.path))]
    if effect.kind is Kind.REPLACES:
        return [_replaced(each, effect) for each in there]
    if effect.kind is Kind.MOVES:
        return [moved for each in there if (moved := _moved(each, effect, site))]
    if path is not None and any(is_under(path, mount) for mount in mounts):
        return list(there)
    if isinstance(cause, (Measured, Leftover)) and any(
        (each.site, each.effect.path, each.effect.cause) == (site, path, cause)
        and each.effect.is_certain >= effect.is_certain
        for each in there
    ):
        return list(there)  # the same files once more: `apt-get update` twice in a RUN, records of dpkg
    return [*there, Written(site, effect)]


def after_layer(there: Sequence[Written], layer: Layer) -> list[Written]:
    """What is there after one more layer. What it writes over is there still, below it."""
    kept = set(map(id, layer.kept))
    site = layer.site
    now = list(there)
    for effect in layer.effects:
        if effect.kind is not Kind.WRITES:
            now = play(now, effect, site)
        elif id(effect) in kept:
            now.append(Written(site, effect))
            kept.discard(id(effect))
    # What a later command of the same RUN has moved or taken a part of.
    return [*now, *(Written(site, effect) for effect in layer.kept if id(effect) in kept)]


def removed_names(cause: PackageSet, removed: PackageSet) -> tuple[str, ...]:
    """The names of an install that a removal takes away: all of them where it names its label."""
    if cause.manager != removed.manager:
        return ()
    if cause.label and cause.label in removed.names:
        return cause.names
    return tuple(name for name in cause.names if name in removed.names)


def _gone(there: Sequence[Written], removed: PackageSet, site: Site) -> frozenset[str]:
    """The names that one layer brought and takes away again: what it installs besides is not there already."""
    sets = (each.effect.cause for each in there if each.site == site)
    return frozenset(
        name
        for cause in sets
        if isinstance(cause, PackageSet)
        for name in removed_names(cause, removed)
        if name not in cause.already
    )


def _without(written: Written, removed: PackageSet, gone: frozenset[str]) -> Written | None:
    """What is left of an install once some of its packages are removed again."""
    cause = written.effect.cause
    if not isinstance(cause, PackageSet) or cause.manager != removed.manager:
        return written
    lost = removed_names(cause, removed)
    if not lost and gone.isdisjoint(cause.already):
        return written
    names = tuple(name for name in cause.names if name not in lost)
    if not names and lost:
        return None
    already = tuple(name for name in cause.already if name not in gone)
    return written._replace(effect=replace(written.effect, cause=replace(cause, names=names, already=already)))


def _replaced(written: Written, effect: Effect) -> Written:
    """An install whose packages the same layer changes again: `npm prune`."""
    if not isinstance(written.effect.cause, PackageSet) or written.effect.path != effect.path:
        return written
    return written._replace(effect=replace(written.effect, cause=effect.cause))


def _moved(written: Written, effect: Effect, site: Site) -> Written | None:
    """Where something is after a `mv`; None for what an older layer holds: a copy of it is written anew."""
    path, cause = written.effect.path, effect.cause
    if path is None or effect.path is None or not isinstance(cause, Moved) or not covers(effect.path, path):
        return written
    if written.site != site:
        return None
    below = path[len(effect.path) :].lstrip("/") if is_under(path, effect.path) else ""
    to = cause.to and posixpath.join(cause.to, below).rstrip("/")
    return written._replace(effect=replace(written.effect, path=to))
