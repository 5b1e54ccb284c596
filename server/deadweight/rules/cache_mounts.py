"""Cache mounts of a RUN, and what has to go where a cache lies in one: options and clean-ups that keep it empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import effects_of
from deadweight.model.commands import apt
from deadweight.model.effects import Kind, Leftover, PackageSet, covers, is_under
from deadweight.model.layers import mounts_of
from deadweight.rules.edits import complete, remove_command, swap_words
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Collection

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit

ARCHIVES = f"{apt.CACHE}/archives"
OPTIONS = frozenset(("--no-cache-dir", "--no-cache"))
# Variables that say the same, and how one command is told otherwise: pip takes no notice of an empty one (pip's
# configuration), uv reads words such as 0 (uv's environment variables; both read 2026-11-26).
VARIABLES = {"PIP_NO_CACHE_DIR": "PIP_NO_CACHE_DIR=", "UV_NO_CACHE": "UV_NO_CACHE=0"}


class Lost(NamedTuple):
    """What would be in a cache mount, and the call that sees to it that it is not, perhaps with a word of it, or as a
    variable tells it.
    """

    call: Call
    effects: tuple[Effect, ...]
    word: Word | None = None
    variable: str = ""


@remembered
def caches(layer: Layer) -> tuple[str, ...]:
    """Where a RUN has cache mounts."""
    mounts = mounts_of(layer.instruction, layer.step.state) if layer.step else ()
    return tuple(mount.target for mount in mounts if mount.type == "cache" and mount.target)


def is_in(folders: Collection[str], path: str | None) -> bool:
    """Whether a path lies in one of some folders."""
    return path is not None and any(is_under(path, folder) for folder in folders)


def removed(layer: Layer, folders: Collection[str]) -> tuple[Lost, ...]:
    """What a RUN downloads to one of some folders and removes again."""
    kept = [each for each in layer.effects if isinstance(each.cause, Leftover) and is_in(folders, each.path)]
    found: list[Lost] = []
    for call in layer.calls if kept else ():
        own = (each for each in layer.effects if each.kind is Kind.REMOVES and each.span == call.span)
        paths = [each.path for each in own if each.path]
        lost = tuple(each for each in kept if any(covers(path, each.path or "") for path in paths))
        if lost:
            found.append(Lost(call, lost))
    return tuple(found)


def passed(layer: Layer, folders: Collection[str]) -> tuple[Lost, ...]:
    """What tools would download to one of some folders, were they not told to keep nothing."""
    words = ((call, next((each for each in call.words if each.text in OPTIONS), None)) for call in layer.calls)
    found = (Lost(call, left_by(call, word), word) for call, word in words if word is not None)
    own = (each._replace(effects=tuple(one for one in each.effects if is_in(folders, one.path))) for each in found)
    return tuple(each for each in own if each.effects)


def switched_off(layer: Layer, folders: Collection[str]) -> tuple[Lost, ...]:
    """What tools would download to one of some folders, did a variable not tell them to keep nothing."""
    found: list[Lost] = []
    for call in layer.calls:
        for name in VARIABLES:
            if name not in call.around.variables or left_by(call):
                continue
            around = replace(call.around, variables={**call.around.variables, name: ""})
            effects = tuple(each for each in left_by(replace(call, around=around)) if is_in(folders, each.path))
            if effects:
                found.append(Lost(call, effects, variable=name))
    return tuple(found)


def left_by(call: Call, but: Word | None = None) -> tuple[Effect, ...]:
    """What a call leaves of its downloads, perhaps without a word of it; the layers below it are not asked."""
    others = tuple(each for each in call.words if each is not but)
    found = effects_of(replace(call, words=others))
    return tuple(
        each for each in found if isinstance(each.cause, Leftover) and each.kind is not Kind.REMOVES and each.path
    )


def without_clean_up(snapshot: Snapshot, layer: Layer, call: Call, folders: Collection[str]) -> tuple[Edit, ...] | None:
    """The edits that leave a clean-up out, or of its paths those that lie in one of some folders; None where that
    cannot be.
    """
    operands = call.operands() if call.program == "rm" else ()
    inside = [word for word in operands if is_in(folders, call.around.resolve(word.pattern))]
    if operands and not inside:
        return None
    if len(inside) == len(operands):
        return complete([remove_command(snapshot, layer, call)])
    return swap_words(snapshot, layer, [(word, "") for word in inside])


def apt_installs(layer: Layer) -> tuple[Effect, ...]:
    """What apt installs in a RUN."""
    found = (each for each in layer.effects if isinstance(each.cause, PackageSet) and each.cause.manager == "apt")
    return tuple(each for each in found if each.kind is Kind.WRITES)


def apt_archives(layer: Layer) -> tuple[Effect, ...]:
    """The archives that apt downloads in a RUN; its index, it makes anew of its lists."""
    sets = [(each, each.cause) for each in apt_installs(layer) if isinstance(each.cause, PackageSet)]
    archives = [(each, replace(of, options=of.options | {"archives"})) for each, of in sets]
    return tuple(replace(each, cause=Leftover("install-cache", "apt's cache", "", of=of)) for each, of in archives)


def has_docker_clean(snapshot: Snapshot, ledger: Ledger, layer: Layer) -> bool:
    """Whether the base is one of Docker's images of Debian or Ubuntu, and nobody has done anything about that file."""
    if ledger.base.suite is None or snapshot.ledgers.files(layer).is_removed(apt.DOCKER_CLEAN):
        return False
    return not _names_docker_clean(ledger)


@remembered
def _names_docker_clean(ledger: Ledger) -> bool:
    """Whether a stage, or one that it takes from, says anything about docker-clean: empties it, or moves it away."""
    own = (layer.instruction.text for layer in ledger.layers if layer.calls)
    return any("docker-clean" in text for text in own) or any(map(_names_docker_clean, ledger.others))
