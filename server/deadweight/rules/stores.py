"""Who reads a store of downloads again: a later command of the tool, a script that may run it, or the container.

Maven's local repository, Go's modules, cargo's registry: a build tool fills them once and reads them whenever it runs.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import effects_of
from deadweight.model.commands import catalog
from deadweight.model.effects import CopiedFromStage, Leftover, is_under
from deadweight.model.image import ImageRef, family
from deadweight.model.layers import mounts_of
from deadweight.model.start import is_idle, start_command
from deadweight.syntax import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site, Step
    from deadweight.rules.leftovers import Left
    from deadweight.snapshot import Snapshot

# What runs other programs as the project's files say.
_RUNNERS = frozenset(("make", "just", "task", "mage", "rake", "ninja", "cmake", "meson", "bazel", "ant", "tox"))
_SCRIPT = re.compile(
    r".*\.(?:sh|bash)|(?:.*[/_-])?(?:entrypoint|start|run)(?:[_-][^./]*)?"
)  # ./build.sh, /bin/start-app
_NO_SCRIPT = re.compile(r".*\.(?:jar|war|dll|exe|so)")
# What keeps a tool from the network, so that it fails where the store is empty.
_OFFLINE = ("--offline", "--frozen", "--no-restore", "--no-build")


class Reader(NamedTuple):
    """A later instruction that reads a store, or may."""

    layer: Layer
    is_offline: bool
    is_root: bool


def is_read_at_start(snapshot: Snapshot, calls: Iterable[Call]) -> bool:
    """Whether the container is there to run the tool again: its start command does, or a person will."""
    start = start_command(snapshot.shipped_ledgers)
    if not start:
        return not _has_own_start(snapshot)
    if is_idle(start):
        return True
    tools = {catalog.find(call.program) for call in calls}
    return any(catalog.find(program) in tools and not _is_program(words) for program, words in _programs(start))


def script_at_start(snapshot: Snapshot, site: Site) -> str:
    """A script that a container of this image, or of another target that stands on the stage, starts; '' for none."""
    for ledger in _standing_on(snapshot, site.stage):
        for program, words in _programs(start_command(_chain(snapshot, ledger))):
            found = next((each for each in (program, *words[:2]) if _SCRIPT.fullmatch(each)), "")
            if found and not any(map(_NO_SCRIPT.fullmatch, words[:2])):
                return found
            if program in _RUNNERS:
                return program
    return ""


def readers_behind(snapshot: Snapshot, left: Left) -> Iterator[Reader]:
    """The later instructions that read a store: in its stage, in stages that stand on it, or by COPY --from."""
    stage = left.layer.site.stage
    for ledger in _standing_on(snapshot, stage):
        first = left.layer.site.step + 1 if ledger.stage.index == stage else 0
        for layer in ledger.layers[first:]:
            found = [call for call in layer.calls if _reads(call, left)]
            if layer.step is not None and found and not _has_a_mount(layer, layer.step, left):
                yield Reader(layer, any(map(_is_offline, found)), layer.step.state.is_root)
    for ledger in snapshot.ledgers[stage + 1 :]:
        for layer in ledger.layers_with(CopiedFromStage):
            if any(_copies(effect, each.path) for effect in layer.effects for each in left.effects):
                yield Reader(layer, is_offline=True, is_root=True)


def _has_a_mount(layer: Layer, step: Step, left: Left) -> bool:
    """Whether an instruction reads a mount in place of a store."""
    targets = [mount.target for mount in mounts_of(layer.instruction, step.state) if mount.target]
    return all(any(is_under(each.path or "", target) for target in targets) for each in left.effects)


def last_reader(layer: Layer, call: Call) -> Call:
    """The last command of a RUN, from the one that fills a store on, that may read it."""
    behind = layer.calls[layer.calls.index(call) + 1 :]
    return next((each for each in reversed(behind) if _runs_anything(each)), call)


def _reads(call: Call, left: Left) -> bool:
    tool = catalog.find(call.program)
    if tool is not None and any(tool is catalog.find(each.program) for each in left.calls):
        return _is_offline(call) or any(map(left.is_same, effects_of(call)))
    return call.program in _RUNNERS or any(
        map(_SCRIPT.fullmatch, (call.typed, *(word.text for word in call.words[:1])))
    )


def _is_offline(call: Call) -> bool:
    return call.has(*_OFFLINE) or (call.program in ("mvn", "mvnw") and "-o" in call.options)


def _runs_anything(call: Call) -> bool:
    tool = catalog.find(call.program)
    return tool is None or tool.runs_scripts


def _copies(effect: Effect, store: str | None) -> bool:
    cause = effect.cause
    if not isinstance(cause, CopiedFromStage) or store is None:
        return False
    return is_under(cause.path, store) and any(isinstance(each.cause, Leftover) for each in cause.effects or ())


def _standing_on(snapshot: Snapshot, stage: int) -> Iterator[Ledger]:
    """The ledger of a stage, and those of all stages of the file that stand on it."""
    found: set[int] = set()
    for ledger in snapshot.ledgers:
        if ledger.stage.index == stage or ledger.stage.base in found:
            found.add(ledger.stage.index)
            yield ledger


def _chain(snapshot: Snapshot, ledger: Ledger) -> list[Ledger]:
    """A stage and those below it, the lowest first."""
    found = [ledger]
    while isinstance(found[0].stage.base, int):
        found.insert(0, snapshot.ledgers[found[0].stage.base])
    return found


def _has_own_start(snapshot: Snapshot) -> bool:
    """Whether the base image starts a server by itself: tomcat, nginx."""
    base = snapshot.build.base_of(snapshot.build.target) if snapshot.build.target else None
    known = family(base.repository) if isinstance(base, ImageRef) else None
    return known is not None and known.kind == "server"


def _programs(start: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The programs that a command runs, each with its words; those of `sh -c '...'` as well."""
    waiting = [start]
    while waiting:
        for placed in shell.commands(shell.parse(waiting.pop())):
            if nested := shell.nested(placed.command):
                waiting.append(nested.text)
            program, words = shell.program(placed.command)
            if program:
                yield program, tuple(word.plain for word in words)


def _is_program(words: tuple[str, ...]) -> bool:
    """Whether a tool is only what runs a program that is built: `dotnet Api.dll`."""
    return bool(words) and posixpath.splitext(words[0])[1] in (".dll", ".exe")
