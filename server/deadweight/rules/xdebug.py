"""PHP's debugger in an image that runs an app; the part of `debugging-tools-kept` that is about PHP."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from deadweight.model.commands import pecl
from deadweight.model.effects import Copied, CopiedFromStage, PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.rules import work_images
from deadweight.rules.edits import complete, remove_command, remove_instruction, swap_words
from deadweight.rules.rule import Finding, Fix, Safety
from deadweight.size import apt
from deadweight.size.estimate import effect_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

# Debian's and Alpine's packages: php-xdebug, php8.4-xdebug, php84-pecl-xdebug.
_PACKAGE = re.compile(r"php[\d.]*-(?:pecl-)?xdebug")
_SETTINGS = re.compile(r"/(?:etc|usr/(?:local/)?(?:bin|etc))(?:/|$)")  # and scripts: no app
_VERBS = frozenset(("install", "upgrade"))
_MENTION = re.compile(r"[^\s]*xdebug[^\s]*", re.IGNORECASE)


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Xdebug in layers that ship, where an app is copied into an image that runs it."""
    found = _installs(snapshot.shipped_ledgers)
    if not found or not work_images.runs_an_app(snapshot) or is_to_develop_in(snapshot):
        return
    for ledger, layer, freed in found:
        saves = effect_size(freed)
        if saves is None:
            continue
        yield Finding(
            site=layer.site,
            span=freed.span,
            message="xdebug is for developers, and this image runs an app",
            saves=saves,
            basis="size",
            stage=ledger.stage.label,
            frees=frozenset({(layer.site, freed)}),
            fixes=partial(_fixes, layer),
        )


def matter(snapshot: Snapshot) -> object:
    """Whether it is installed in a layer that ships."""
    return _installs(snapshot.shipped_ledgers)


def is_to_develop_in(snapshot: Snapshot) -> bool:
    """Whether the image has a debugger and no folder is copied into it: one for developers has the app mounted."""
    ledgers = snapshot.shipped_ledgers
    return bool(_installs(ledgers)) and not _folders(ledgers)


@OfLayers
def _installs(layer: Layer) -> Iterator[Effect]:
    """What a layer installs of it, as effects of their own."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or not effect.is_certain:
            continue
        if cause.manager == "pecl":
            yield effect
        elif cause.manager in ("apt", "apk") and (names := tuple(filter(_PACKAGE.fullmatch, cause.names))):
            yield replace(effect, cause=apt.alone(cause, names))


@OfLayers
def _folders(layer: Layer) -> Iterator[bool]:
    """That a layer has a folder copied, and none of settings, where it has."""
    for effect in layer.kept:
        cause = effect.cause
        is_folder = isinstance(cause, CopiedFromStage) or (isinstance(cause, Copied) and not cause.is_file)
        if is_folder and _SETTINGS.match(effect.path or "") is None:
            yield True


def _fixes(layer: Layer, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Take it out of the RUN that installs it, where nothing else has to do with it."""
    others = (each for ledger in snapshot.reached_ledgers for each in ledger.layers if each is not layer)
    edits = None if any(map(_mentions, others)) else _edits(snapshot, layer)
    if edits:
        note = "Check: nobody debugs or measures coverage in this image"
        yield Fix("remove-xdebug", "Do not install xdebug", Safety.ASK, edits, note=note)


def _edits(snapshot: Snapshot, layer: Layer) -> tuple[Edit, ...] | None:
    calls = [call for call in layer.calls if any(_is_it(word.text) for word in call.words)]
    words = [word for call in calls for word in call.words if _is_it(word.text)]
    if len(words) < _mentions(layer):
        return None
    if len(calls) == len(layer.calls) and all(map(_does_nothing_else, calls)):
        return (remove_instruction(snapshot, layer),)
    found: list[Edit] = []
    for call in calls:
        if _does_nothing_else(call):
            edits = complete((remove_command(snapshot, layer, call),))
        else:
            edits = swap_words(snapshot, layer, [(word, "") for word in call.words if _is_it(word.text)])
        if edits is None:
            return None
        found += edits
    found.sort(key=lambda edit: edit.span)
    is_apart = all(one.span.end <= other.span.start for one, other in pairwise(found))
    return tuple(found) if is_apart else None


def _mentions(layer: Layer) -> int:
    """How often an instruction has a word with the name in it: in a comment, a path, a setting."""
    return len(_MENTION.findall(layer.instruction.text))


def _does_nothing_else(call: Call) -> bool:
    """Whether all that a call installs or enables is Xdebug."""
    return all(_is_it(word.text) or word.text in _VERBS for word in call.operands())


def _is_it(word: str) -> bool:
    return pecl.is_xdebug(word) or _PACKAGE.fullmatch(word) is not None
