"""RUNs become one although files are copied between them: those are copied below, where no RUN has to do with them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deadweight.model.effects import Measured, is_under
from deadweight.rules import merging
from deadweight.rules.edits import move_below
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot

# What has to do with nothing but the paths that are named to it, and with accounts (kept by hand, 2026-11-26).
_ON_PATHS = frozenset(("chown", "chgrp", "chmod", "mkdir", "rm", "rmdir", "touch", "set", "true"))
_ON_ACCOUNTS = frozenset(("useradd", "adduser", "usermod", "groupadd", "addgroup", "groupmod"))
_NAMES = ("/etc", "/home")  # where accounts are, which `chown app` asks too
_KNOW_ACCOUNTS = _ON_ACCOUNTS | {"chown", "chgrp"}
_COPIES = ("COPY", "ADD")


def merged_from(snapshot: Snapshot, first: Layer, last: Layer) -> Fix | None:
    """The fix that makes one RUN of all from the first to the last, and of the one above where the longer RUN would
    write the same records right below it.
    """
    layers = snapshot.ledgers.of(last).layers
    if first not in layers:
        return None  # it lies in the stage below
    start, end = layers.index(first), layers.index(last) + 1
    above = _records(layers[start - 1]) if start else frozenset()
    if above.isdisjoint(_records(first)) and any(above & _records(layer) for layer in layers[start:end]):
        start -= 1
    return merged(snapshot, layers[start:end])


@remembered
def _records(layer: Layer) -> frozenset[Measured]:
    """What a RUN writes of files that a tool writes whenever it runs."""
    return frozenset(cause for effect in layer.kept if isinstance(cause := effect.cause, Measured))


def merged(snapshot: Snapshot, layers: Sequence[Layer]) -> Fix | None:
    """The fix that makes one RUN of the first and the last of some instructions and all RUNs between them."""
    rows = [tuple(row) for _, row in groupby(layers, key=lambda layer: layer.instruction.keyword in _COPIES)]
    if len(rows) == 1:
        return merging.merged(snapshot, layers)
    if len(rows) != 3 or len(rows[0]) > 1:
        return None
    (first,), copies, row = rows
    if not all(layer.instruction.keyword == "RUN" for layer in (first, *row)) or not _are_apart(copies, row):
        return None
    moved = merging.move_into(snapshot, first, row[0])
    together = merging.merge_runs(snapshot, row) if len(row) > 1 else ()
    if moved is None or together is None:
        return None
    if {each.span.start for each in moved} & {each.span.start for each in together}:
        return None
    edits = (*moved, *together, *move_below(snapshot, copies, row[-1]))
    return merging.merging((first, *row), edits, ", copy the files below")


def _are_apart(copies: Sequence[Layer], row: Sequence[Layer]) -> bool:
    """Whether RUNs do the same before files are copied."""
    places = [effect.path for layer in copies for effect in layer.effects]
    calls = [call for layer in row for call in layer.calls]
    known = [place for place in places if place is not None]
    if not known or len(known) < len(places) or not all(layer.calls for layer in row):
        return False
    return all(_is_apart(call, place) for call in calls for place in known)


def _is_apart(call: Call, place: str) -> bool:
    """Whether a call has nothing to do with what is copied to a place."""
    if call.placed.command.redirects or call.program not in _ON_PATHS | _ON_ACCOUNTS:
        return False
    if call.program in _KNOW_ACCOUNTS and any(is_under(place, each) for each in _NAMES):
        return False
    words = [word for word in call.words if not word.text.startswith("-")]
    values = [word.text.partition("=")[2] for word in call.words if word.text.startswith("--")]  # `--home-dir=/app`
    paths = [path and _folder(path) for path in (*call.paths(words), *map(call.around.resolve, filter(None, values)))]
    return not any(path is None or is_under(path, place) or is_under(place, path) for path in paths)


def _folder(path: str) -> str:
    """The folder that all that a pattern matches lies in."""
    wild = next((at for at, mark in enumerate(path) if mark in "*?["), None)
    return path if wild is None else path[:wild].rpartition("/")[0] or "/"
