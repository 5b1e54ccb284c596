"""Where RUNs work that become one: a WORKDIR between them is a `cd` in their script, and the last one stands below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.effects import Kind, covers, is_under
from deadweight.rules.edits import line_end
from deadweight.rules.folder_uses import is_removed
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_PLAIN = re.compile(r"/[\w./+@-]*")
_OF_ANY_SYSTEM = re.compile(r"/(?:bin|etc|home|root|tmp|usr|var)?")


def entered(snapshot: Snapshot, before: Layer, after: Layer) -> tuple[str, ...] | None:
    """The commands that go from the folder where a RUN works to that of a later one; a WORKDIR makes it, too."""
    was, now = _folder(before), _folder(after)
    between = snapshot.ledgers.of(after).layers[before.site.step + 1 : after.site.step]
    is_gone = was is not None and _removes(before, was)  # and a RUN finds the folder that it works in
    if was == now and not is_gone and (was or all(layer.instruction.keyword != "WORKDIR" for layer in between)):
        return ()
    if was is None or now is None or not _PLAIN.fullmatch(now):
        return None
    if _is_there(snapshot, now, before):
        return (f"cd {now}",)
    return (f"mkdir -p {now}", f"cd {now}") if before.step and before.step.state.is_root else None


def settled(snapshot: Snapshot, layers: Sequence[Layer]) -> tuple[Edit, ...] | None:
    """The edits that have what comes below work where it did, once there is but one RUN: the WORKDIRs between go with
    the seams.
    """
    first, last = layers[0], layers[-1]
    between = [layer for layer in layers if layer.instruction.keyword == "WORKDIR"]
    if not between:
        return ()
    if any(layer.instruction.keyword != "RUN" for layer in (first, last)):
        return None
    if any("\n" in layer.instruction.text.strip() for layer in between):
        return None
    folder = _folder(last)
    if folder is None or _folder(first) == folder or _says_so_below(snapshot, last):
        return () if folder else None
    says, text = between[-1].instruction, last.instruction.text
    if not says.arguments.text.startswith("/"):
        return None
    at, line, newline = snapshot.offset(last.site) + len(text), says.text.strip(), line_end(snapshot.text)
    return (Edit(Span(at, at), f"{line}{newline}" if text.endswith("\n") else f"{newline}{line}"),)


def _folder(layer: Layer) -> str | None:
    return layer.step.state.workdir if layer.step is not None else None


def _removes(layer: Layer, folder: str) -> bool:
    return any(each.kind is Kind.REMOVES and each.path and covers(each.path, folder) for each in layer.undoing)


def _says_so_below(snapshot: Snapshot, last: Layer) -> bool:
    """Whether the next instruction says where those below it work."""
    below = snapshot.ledgers.of(last).layers[last.site.step + 1 :]
    following = below[0].instruction if below else None
    return following is not None and following.keyword == "WORKDIR" and following.arguments.text.startswith("/")


def _is_there(snapshot: Snapshot, folder: str, before: Layer) -> bool:
    """Whether a folder is there for sure when a RUN has run."""
    layers = snapshot.ledgers.of(before).layers[: before.site.step + 1]
    if folder != "/" and any(is_removed(layer, folder) for layer in layers if layer.calls):
        return False
    if _OF_ANY_SYSTEM.fullmatch(folder):
        return True
    worked_in = [where for layer in layers if (where := _folder(layer))]
    written = [
        effect.path for layer in layers for effect in layer.kept if effect.kind is Kind.WRITES and effect.is_certain
    ]
    return any(path is not None and is_under(path, folder) for path in (*worked_in, *written))
