"""The fix that keeps what a tool downloads in cache mounts: in all RUNs of a stage that call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import apk, apt
from deadweight.model.download_caches import LOCKED, DownloadCache, download_cache
from deadweight.model.effects import Leftover
from deadweight.rules.cache_mounts import (
    OPTIONS,
    apt_archives,
    caches,
    has_docker_clean,
    is_in,
    left_by,
    passed,
    removed,
    without_clean_up,
)
from deadweight.rules.edits import PLAIN_PATH, insert_flag, line_end, prepend_command, replace_word
from deadweight.rules.rule import Fix, Safety
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

# The users of Docker's own images (docker-library/node, read 2026-11-26).
_NUMBERS = {"node": "1000"}


class Downloads(NamedTuple):
    """What a call downloads, and where it keeps that."""

    call: Call
    cache: DownloadCache
    effects: tuple[Effect, ...]


@remembered
def downloads(layer: Layer) -> tuple[Downloads, ...]:
    """What the calls of a RUN download to a folder that we know."""
    found: list[Downloads] = []
    for call in layer.calls:
        if (known := download_cache(call)) is not None:
            archives = apt_archives(layer) if call.program in apt.PROGRAMS else ()
            found.append(Downloads(call, known, archives))
            continue
        word = next((each for each in call.words if each.text in OPTIONS), None)
        left = [
            each
            for each in left_by(call, word)
            if isinstance(each.cause, Leftover) and each.cause.topic == "install-cache"
        ]
        folders = (
            (apk.LOCAL_CACHE,)
            if call.program == "apk" and left
            else tuple(dict.fromkeys(each.path for each in left if each.path))
        )
        if folders:
            what = f"{call.program.rstrip('0123456789.')}'s downloads"
            found.append(Downloads(call, DownloadCache(what, folders, call.program in LOCKED), tuple(left)))
    return tuple(found)


def keep_downloads(snapshot: Snapshot, ledger: Ledger, first: Layer, cache: DownloadCache) -> Fix | None:
    """Mounts for the downloads of a tool, from a layer of a stage on."""
    edits: list[Edit] = []
    for layer in ledger.layers[first.site.step :]:
        calls = [each.call for each in downloads(layer) if each.cache.what == cache.what] if layer.calls else []
        if not calls:
            continue
        made = _mounted(snapshot, layer, cache)
        if made is None:
            return None
        edits += made
    if cache.folders[0] == apt.CACHE and has_docker_clean(snapshot, ledger, first):
        call = next(each.call for each in downloads(first) if each.cache.what == cache.what)
        edit = prepend_command(snapshot, first, call, f"rm -f {apt.DOCKER_CLEAN}")
        if edit is None:
            return None
        edits.append(edit)
    note = "Check: the builder is BuildKit; elsewhere the flag is an error"
    return Fix("cache-mount", f"Keep {cache.what} in a cache mount", Safety.ASK, tuple(edits), note=note)


def _mounted(snapshot: Snapshot, layer: Layer, cache: DownloadCache) -> list[Edit] | None:
    """The edits that give a RUN the mounts that it lacks, and let something stay in them; None where they cannot."""
    owner = _owner(layer)
    folders = [each for each in cache.folders if not is_in(caches(layer), each)]
    if owner is None or not all(map(PLAIN_PATH.fullmatch, folders)):
        return None
    options = f"{',sharing=locked' if cache.is_locked else ''}{owner}"
    flags = [f"--mount=type=cache,target={folder}{options}" for folder in folders]
    edits = [insert_flag(snapshot, layer, on_lines(layer, flags))] if flags else []
    # Without the mount, apk keeps its index elsewhere.
    places = (*cache.folders, apk.INDEX) if apk.LOCAL_CACHE in cache.folders else cache.folders
    for lost in passed(layer, places):
        edit = replace_word(snapshot, layer, lost.word, "") if lost.word else None
        if edit is None:
            return None
        edits.append(edit)
    for lost in removed(layer, places):
        clean_up = without_clean_up(snapshot, layer, lost.call, places)
        if clean_up is None:
            return None
        edits += clean_up
    return edits


def on_lines(layer: Layer, flags: Sequence[str]) -> str:
    """Flags as the user would write them: each on a line of its own, where there are several."""
    instruction = layer.instruction
    if len(flags) == 1 or instruction.heredocs:
        return " ".join(flags)
    gap = f" {instruction.escape}{line_end(instruction.text)}    "
    behind = instruction.text[instruction.keyword_span.end :].lstrip(" \t")
    return gap.join(flags) + ("" if behind.startswith(instruction.escape) else gap[:-1])


def _owner(layer: Layer) -> str | None:
    """What a mount needs so that the user of a RUN may write there: nothing for root; None where nobody knows."""
    state = layer.step.state if layer.step else None
    if state is None or state.user is None:
        return None
    if state.is_root:
        return ""
    user, _, group = state.user.partition(":")
    number, of_group = _NUMBERS.get(user, user), _NUMBERS.get(group, group) or _NUMBERS.get(user, user)
    return f",uid={number},gid={of_group}" if number.isdecimal() and of_group.isdecimal() else None
