"""The fix that removes where it is written what a later layer would only hide: what tools leave behind, and downloads
that nothing below reads.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from deadweight.model.commands import catalog
from deadweight.model.effects import Download, Leftover, Rewritten
from deadweight.rules import leftovers
from deadweight.rules.apt_lists import remove_lists
from deadweight.rules.edits import PLAIN_PATH, append_command, remove_command, remove_instruction
from deadweight.rules.folder_uses import word_for
from deadweight.rules.rule import Fix, Safety
from deadweight.size.estimate import size_together

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.undone import Removal
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_FORCE = re.compile(r"--force|-[A-Za-z]*f[A-Za-z]*")


def clean_up(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Remove it where it is written, what tools leave behind and what is done with there; the late command goes, if
    that is all it removes.
    """
    late = removals[0].layer
    gone = [each for each in late.calls if any(each.span == removal.effect.span for removal in removals)]
    edits: list[Edit] = []
    notes: list[str] = []
    for (layer, cause), group in groupby(_origins(snapshot, removed), lambda each: (each[0], each[1].cause)):
        if isinstance(cause, Leftover):
            left = leftovers.left_of(layer, cause, (effect for _, effect in group))
            fix = remove_lists(snapshot, left) if cause.topic == "apt-lists" else leftovers.clean_up(snapshot, left)
            if fix is None:
                return None
            edits += fix.edits
            notes += [fix.note] if fix.note else []
            continue
        for _, effect in group:
            if (edit := _deleted(snapshot, layer, effect, late, gone)) is None:
                return None
            edits.append(edit)
    is_all = removes_nothing_else(removals, gone) and names_downloads(removals)
    if is_all and len(gone) == len(late.calls):
        edits.append(remove_instruction(snapshot, late))
    elif is_all and len(gone) == 1 and (edit := remove_command(snapshot, late, gone[0])):
        edits.append(edit)
    elif not is_all and any(map(_fails_without, gone)) and any(isinstance(each.cause, Download) for _, each in removed):
        return None
    safety = Safety.ASK if notes else Safety.SAFE
    return Fix("clean-up", "Remove it in the RUN that writes it", safety, tuple(edits), note="; ".join(notes))


def clean_up_partly(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    """The same for what tools leave behind, where other things are deleted as well."""
    left = [each for each in removed if isinstance(each[1].cause, Leftover)]
    own = [each for each in removals if all(isinstance(effect.cause, Leftover) for _, effect in each.removed)]
    if not own or len(left) == len(removed):
        return None
    fix = clean_up(snapshot, own, left)
    title = "Remove what tools leave behind in the RUN that writes it"
    return fix and replace(fix, title=title, saves=size_together(effect for _, effect in left))


def removes_nothing_else(removals: Sequence[Removal], calls: Sequence[Call]) -> bool:
    """Whether all that these calls remove was written in an earlier layer."""
    late = {id(removal.effect) for removal in removals}
    spans = {call.span for call in calls}
    return all(id(effect) in late for effect in removals[0].layer.effects if effect.span in spans)


def names_downloads(removals: Sequence[Removal]) -> bool:
    """Whether the downloads that commands remove are all that lies where these remove something."""
    paths = [(removal.effect.path, effect) for removal in removals for _, effect in removal.removed]
    return all(path == effect.path for path, effect in paths if isinstance(effect.cause, Download))


def _origins(snapshot: Snapshot, removed: Sequence[tuple[Layer, Effect]]) -> Iterator[tuple[Layer, Effect]]:
    """What is removed, and in place of what was only changed on the way, such as by `chown -R`, what that was."""
    for layer, effect in removed:
        cause = effect.cause
        if not isinstance(cause, Rewritten):
            yield layer, effect
            continue
        for site, source in cause.sources:
            yield snapshot.ledgers[site.stage].layers[site.step], source


def _fails_without(call: Call) -> bool:
    """Whether a command fails where there is nothing to delete."""
    return call.program == "rmdir" or (
        call.program == "rm" and not any(_FORCE.fullmatch(word.text) for word in call.words)
    )


def _deleted(snapshot: Snapshot, first: Layer, effect: Effect, late: Layer, gone: Collection[Call]) -> Edit | None:
    """The edit that deletes what `first` downloads right there, which is `gone` in `late`; None where a call of another
    layer may read it.
    """
    path, layers = effect.path or "", snapshot.ledgers.of(late).layers
    if not isinstance(effect.cause, Download) or not PLAIN_PATH.fullmatch(path) or first not in layers:
        return None
    behind = [call for layer in layers[first.site.step + 1 : late.site.step + 1] for call in layer.calls]
    if any(_may_read(call, path) for call in behind if call not in gone):
        return None
    download = next((call for call in first.calls if call.span == effect.span), None)
    uses = [call for call in first.calls if call.span > effect.span and word_for(call, path)]
    if download is None or not uses or _runs_as(download) != _runs_as(uses[-1]):
        return None
    return append_command(snapshot, first, uses[-1], f"rm -f {path}")


def _runs_as(call: Call) -> str:
    """What runs a call, perhaps for another account: `sudo`."""
    word = call.placed.command.words[0].text
    return "" if word == call.typed else word


def _may_read(call: Call, path: str) -> bool:
    """Whether a call names a file, runs it, or is a program of the user's that is given the folder that it lies in."""
    folder, name = posixpath.split(path)
    is_named = name in call.typed or any(name in word.text for word in call.words)
    is_of_user = "/" in call.typed or catalog.find(call.program) is None
    is_given = is_of_user and word_for(call, folder) is not None
    return is_named or is_given or word_for(call, path) is not None
