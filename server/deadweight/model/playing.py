"""Plays effects in order: what is there after them, and which instruction wrote it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.effects import (
    Copied,
    Extracted,
    Kind,
    Leftover,
    Measured,
    Moved,
    PackageSet,
    Text,
    covers,
    is_under,
)
from deadweight.model.image import is_in_unknown_home
from deadweight.syntax.dockerfile import remembered, remembered_of_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.context import BuildContext, Selection
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.stages import Site


_MOST_FILES = 10_000  # that a pattern is tried on
_ALL = ""  # in place of a folder at the top
_MOUNTED = ("/dev/", "/proc/", "/sys/")  # in every RUN, so that nothing of them is in a layer
# Folders in which the caches of npm, pip and yarn have nearly all of their bytes (kept by hand, 2026-11-26).
_HOLD_CACHES = frozenset(("_cacache", "http", "http-v2", "v4", "v6"))
_NAME = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")  # without a version
_ARCHIVES = (".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".zip", ".7z", ".jar", ".war", ".deb", ".rpm")


class Written(NamedTuple):
    """Something that was written and is there still, with the instruction that wrote it."""

    site: Site
    effect: Effect


@dataclass(frozen=True, eq=False)
class Rest:
    """What is there still of all that one instruction wrote, in order.

    It is the same object for all layers above that leave it alone, and in all versions of a file in which neither its
    instruction changes nor those. `known` is what of it lies under a path, in the context that was asked last.
    """

    site: Site
    effects: tuple[Effect, ...]
    known: dict[str, tuple[BuildContext | None, tuple[Effect, ...]]] = field(default_factory=dict)

    @cached_property
    def is_text(self) -> bool:
        """Whether it is nothing but lines of the Dockerfile."""
        return all(isinstance(effect.cause, Text) for effect in self.effects)

    @cached_property
    def marks(self) -> frozenset[object]:
        """What names it where something is taken away: the folders at the top that it is in, and its packages."""
        sets = [effect.cause for effect in self.effects if isinstance(effect.cause, PackageSet)]
        packages = [(each.manager, name) for each in sets for name in (*each.names, each.label)]
        return frozenset((*packages, *(_top(effect.path) for effect in self.effects if effect.path)))


def written_by(effects: Iterable[Effect], mounts: Sequence[str] = ()) -> tuple[Effect, ...]:
    """What is there of what one instruction does; what goes into one of `mounts`, or those of all builds, is not."""
    there: list[Effect] = []
    for effect in effects:
        path, cause = effect.path, effect.cause
        if effect.kind is Kind.REMOVES and isinstance(cause, PackageSet):
            gone = _gone(there, cause)
            there = [left for each in there if (left := _without(each, cause, gone)) is not None]
        elif effect.kind is Kind.REMOVES:
            left_over = [left for each in there if (left := _after(each, effect, is_own=True)) is not None]
            # `rm go*` takes the archive alone.
            if path is not None and len(left_over) == len(there):
                left_over = [each for each in left_over if not _is_folder_of(each, path)]
            there = left_over
        elif effect.kind is not Kind.WRITES:
            there = [left for each in there if (left := _after(each, effect, is_own=True)) is not None]
        elif path is not None and (path.startswith(_MOUNTED) or any(is_under(path, mount) for mount in mounts)):
            continue
        elif not (isinstance(cause, (Measured, Leftover)) and any(_is_there(each, effect) for each in there)):
            there.append(effect)
    return tuple(there)


def _is_there(written: Effect, effect: Effect) -> bool:
    """Whether an effect writes the same files once more: `apt-get update` twice in a RUN, records of dpkg."""
    is_same = written.path == effect.path and written.cause == effect.cause
    return is_same and written.is_certain >= effect.is_certain


def after(there: Sequence[Rest], effects: Iterable[Effect], own: Rest) -> list[Rest]:
    """What is there after the effects of an instruction above, of which `own` is left."""
    for effect in effects:
        if effect.kind is not Kind.WRITES:
            there = [rest for each in there if (rest := _rest_after(each, effect))]
    return [*there, own] if own.effects else list(there)


def after_layer(there: list[Rest], layer: Layer) -> list[Rest]:
    """What is there after one more layer. What it writes over is there still, below it."""
    if layer.undoing and (touched := touched_by(layer, there)):
        left = dict(zip(touched, _left(layer, touched), strict=True))
        there = [rest for each in there if (rest := left.get(each, each))]
    if layer.kept:
        there.append(layer.rest)
    return there


def touched_by(layer: Layer, there: Sequence[Rest]) -> list[Rest]:
    """Of what is there, all that a layer may take away, and some more: nobody looks at each pair of them closely."""
    marks = _marks(layer)
    return list(there) if marks is None else [rest for rest in there if not marks.isdisjoint(rest.marks)]


@remembered
def _marks(layer: Layer) -> frozenset[object] | None:
    """What names all that a layer takes away (`Rest.marks`); None where that may be anything."""
    marks: set[object] = {_ALL}  # what is written to `/` may lie anywhere
    for effect in layer.undoing:
        if effect.kind is Kind.REMOVES and isinstance(effect.cause, PackageSet):
            marks.update((effect.cause.manager, name) for name in effect.cause.names)
        elif effect.path:
            marks.add(_top(effect.path))
            if _top(effect.path) == _ALL:
                return None
    return frozenset(marks)


def _top(path: str) -> str:
    """The folder at the top that a path is in; _ALL where that may be any."""
    if is_in_unknown_home(path):
        return "home"
    name = path.lstrip("/").partition("/")[0]
    return _ALL if any(mark in name for mark in "*?[") else name


@remembered_of_each
def _left(layer: Layer, below: Rest) -> Rest | None:
    """What a layer leaves of what an instruction below it wrote."""
    rest: Rest | None = below
    for effect in layer.undoing:
        rest = rest and _rest_after(rest, effect)
    return rest


def _rest_after(rest: Rest, effect: Effect) -> Rest | None:
    """What is there of something after an effect of a later instruction; None for nothing."""
    left = [left for each in rest.effects if (left := _after(each, effect, is_own=False)) is not None]
    if len(left) == len(rest.effects) and all(one is other for one, other in zip(left, rest.effects, strict=True)):
        return rest
    return Rest(rest.site, tuple(left)) if left else None


def _after(written: Effect, effect: Effect, *, is_own: bool) -> Effect | None:
    """What is left of something written, perhaps by the same instruction, after an effect that writes nothing."""
    if effect.kind is Kind.REMOVES and isinstance(effect.cause, PackageSet):
        return _without(written, effect.cause, frozenset())
    if effect.kind is Kind.REMOVES:
        # An uncertain removal counts too: where a clean-up may happen, nobody is told that there is none.
        return None if effect.path and takes(effect.path, written) else _thinned(written, effect)
    return _replaced(written, effect) if effect.kind is Kind.REPLACES else _moved(written, effect, is_own=is_own)


def takes(path: str, written: Effect) -> bool:
    """Whether all of something written goes where a path is removed."""
    if written.path is None:
        return False
    if covers(path, written.path):
        return True
    if is_in_unknown_home(written.path) and path.startswith("/home/"):
        return covers(_below_home(path), _below_home(written.path))
    is_cache = isinstance(written.cause, Leftover) and posixpath.basename(path) in _HOLD_CACHES
    return is_cache and posixpath.dirname(path) == written.path


def _below_home(path: str) -> str:
    """A path without the home that it lies in: /.npm of /home/app2/.npm."""
    home = "/home/" if path.startswith("/home/") else "/"
    return "/" + path.removeprefix(home).partition("/")[2]


def _is_folder_of(written: Effect, path: str) -> bool:
    """Whether a path is the one folder that nearly all archives hold, by its name: `tool-*` is that of tool-1.2.tgz."""
    cause = written.cause
    if not isinstance(cause, Extracted) or posixpath.dirname(path) != written.path:
        return False
    name = _NAME.match(posixpath.basename(path))
    archive = cause.url or cause.archive
    return name is not None and archive is not None and name[0] in archive and not path.endswith(_ARCHIVES)


def removed_names(cause: PackageSet, removed: PackageSet) -> tuple[str, ...]:
    """The names of an install that a removal takes away: all of them where it names its label."""
    if cause.manager != removed.manager:
        return ()
    if cause.label and cause.label in removed.names:
        return cause.names
    return tuple(name for name in cause.names if name in removed.names)


def _gone(there: Iterable[Effect], removed: PackageSet) -> frozenset[str]:
    """The names that one layer brought and takes away again: what it installs besides is not there already."""
    return frozenset(
        name
        for each in there
        if isinstance(cause := each.cause, PackageSet)
        for name in removed_names(cause, removed)
        if name not in cause.already
    )


def _without(written: Effect, removed: PackageSet, gone: frozenset[str]) -> Effect | None:
    """What is left of an install once some of its packages are removed again."""
    cause = written.cause
    if not isinstance(cause, PackageSet) or cause.manager != removed.manager:
        return written
    lost = removed_names(cause, removed)
    if not lost and gone.isdisjoint(cause.already):
        return written
    names = tuple(name for name in cause.names if name not in lost)
    if not names and lost:
        return None
    already = tuple(name for name in cause.already if name not in gone)
    return replace(written, cause=replace(cause, names=names, already=already))


def _thinned(written: Effect, removal: Effect) -> Effect:
    """What is left of files of the context once one of them, or a folder of them, is removed."""
    cause, path = written.cause, removal.path
    if not isinstance(cause, Copied) or cause.root is None or cause.selection is None or not removal.is_certain:
        return written
    if path is None or written.path is None or not is_under(path, written.path):
        return written
    if any(mark in path for mark in "*?["):
        rest = _unmatched(cause.selection, path, cause.root, written.path)
    else:
        rest = cause.selection.thinned(posixpath.join(cause.root, path[len(written.path) :].lstrip("/")))
    return written if rest is cause.selection else replace(written, cause=replace(cause, selection=rest))


def _unmatched(selection: Selection, pattern: str, root: str, place: str) -> Selection:
    """What a pattern leaves of the files below `root` of the context, which lie at `place` in the image."""
    if len(selection.files) > _MOST_FILES:
        return selection
    files = {
        path: count
        for path, count in selection.files.items()
        if not covers(pattern, posixpath.join(place, path[len(root) :].lstrip("/")))
    }
    gone = len(selection.files) - len(files)
    return replace(selection, files=files, bytes=sum(files.values())) if gone else selection


def _replaced(written: Effect, effect: Effect) -> Effect:
    """An install whose packages the same layer changes again: `npm prune`."""
    if not isinstance(written.cause, PackageSet) or written.path != effect.path:
        return written
    return replace(written, cause=effect.cause)


def _moved(written: Effect, effect: Effect, *, is_own: bool) -> Effect | None:
    """Where something is after a `mv`; None for what an older layer holds: a copy of it is written anew."""
    path, cause = written.path, effect.cause
    if path is None or effect.path is None or not isinstance(cause, Moved):
        return written
    if is_own and isinstance(written.cause, Extracted) and posixpath.dirname(effect.path) == path:
        return replace(written, path=cause.to)  # nearly all archives hold one folder
    if not covers(effect.path, path):
        return written
    if not is_own:
        return None
    below = path[len(effect.path) :].lstrip("/") if is_under(path, effect.path) else ""
    to = cause.to and posixpath.join(cause.to, below).rstrip("/")
    return replace(written, path=to)
