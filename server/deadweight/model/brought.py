"""What a stage brings of the build context and where to, and what its commands write there again."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems import generated
from deadweight.model.ecosystems.generated import GENERATED
from deadweight.model.effects import Copied, CopiedFromStage, Extracted, Kind, covers, is_under
from deadweight.model.filesystem import inside_context
from deadweight.model.layers import mounts_of
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.generated import Generated
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.ledgers import Ledgers

# `git describe`, also in `$(...)`: what reads the history.
_READS_GIT = re.compile(
    r"\bgit\s+(?:-[cC]\s+\S+\s+|-\S+\s+)*"
    r"(?:describe|rev-parse|rev-list|log|show|status|diff|tag|branch|submodule|ls-files|archive|name-rev|shortlog)\b"
)
_NAMES_GIT = re.compile(r"(?<![\w.-])\.git(?![\w-])")
# Programs that look into no history; any other may run what somebody has written, and ask git for a version.
_LOOK_ELSEWHERE = """
    apt apt-get aptitude apk dnf yum microdnf dpkg update-ca-certificates groupadd useradd adduser addgroup usermod
    rm mkdir chown chmod chgrp ln touch echo printf cat true : set cd test [ export umask sleep ls mv cp install sed
    curl wget tar unzip gunzip npm yarn pnpm pip pip3 corepack composer
"""
_READ_NO_GIT = frozenset(_LOOK_ELSEWHERE.split())
_RUNS_SCRIPTS = frozenset(("run", "run-script", "start", "test", "build", "exec", "dlx", "pack"))


class Brought(NamedTuple):
    """A folder of the context that a layer copies or mounts, and where to; None is unknown. Of a copied one, `glob`
    says by their names which entries.
    """

    root: str | None
    target: str | None
    glob: str = ""

    def place_of(self, path: str) -> str | None:
        """Where a path of the context is in the image; None where that is unknown, or nowhere."""
        if self.root is None or self.target is None or not (not self.root or is_under(path, self.root)):
            return None
        return posixpath.join(self.target, path[len(self.root) :].lstrip("/")).rstrip("/")

    def holds(self, path: str) -> bool:
        """Whether a path of the context is among what it brings."""
        if self.root is None or (self.root and not is_under(path, self.root)):
            return False
        name = path[len(self.root) :].lstrip("/").partition("/")[0]
        return not self.glob or fnmatchcase(name, self.glob)


@remembered
def brought(layer: Layer) -> tuple[Brought, ...]:
    """What a layer copies or mounts of the context."""
    found: list[Brought] = []
    for effect in layer.effects:
        cause = effect.cause
        if isinstance(cause, Copied):
            name = posixpath.basename(cause.source)
            found.append(Brought(cause.root, effect.path, name if any(mark in name for mark in "*?[") else ""))
    mounts = mounts_of(layer.instruction, layer.step.state) if layer.step and layer.instruction.keyword == "RUN" else ()
    found += [
        Brought(inside_context(each.source), each.target) for each in mounts if each.type == "bind" and not each.from_
    ]
    return tuple(found)


def places_of(ledger: Ledger, folder: str, parent: str) -> Iterator[str | None]:
    """Where in a stage the parent of a folder of the context is that it brings; None for what nobody knows."""
    for layer in ledger.layers:
        for each in brought(layer):
            if each.holds(folder):
                yield each.place_of(parent)


@remembered
def named_in(layer: Layer) -> tuple[str | None, ...]:
    """What a layer takes from the context by name, None for what nobody can tell; the whole context has none."""
    extracted = [effect.cause.archive for effect in layer.effects if isinstance(effect.cause, Extracted)]
    sources = [effect.cause.source for effect in layer.effects if isinstance(effect.cause, Copied)]
    roots = [each.root for each in brought(layer)]
    is_unknown = None in roots and not all(sources)
    found = {inside_context(each) for each in (*sources, *extracted, *roots) if each}
    return (*(each for each in sorted(found) if each), *((None,) if is_unknown else ()))


def wide_copies(layer: Layer) -> Iterator[Effect]:
    """What a layer copies of the context by the folder, or by a pattern, and not as a file by its name."""
    if layer.instruction.flag("exclude") is not None:
        return
    for effect in layer.kept:
        cause = effect.cause
        if isinstance(cause, Copied) and cause.selection is not None and cause.root is not None and not cause.is_file:
            yield effect


def is_made(ledgers: Ledgers, context: BuildContext, ledger: Ledger, entry: Generated, place: str | None) -> bool:
    """Whether a stage writes in a folder what an entry is about: by a program, or from a stage that has done so."""
    if place is None:
        return False
    stages = [ledger]
    while isinstance(base := stages[-1].stage.base, int):
        stages.append(ledgers[base])
    for each in stages:
        for folder in making_folders(each, entry):
            if folder == place:
                return True
            if is_under(place, folder) and ("npm" not in entry.made_by or _is_workspace(context, ledger, folder)):
                return True
        path = posixpath.join(place, entry.folder)
        for layer in each.layers_with(CopiedFromStage):
            if any(effect.path == path and isinstance(effect.cause, CopiedFromStage) for effect in layer.kept):
                return True
    return False


def _is_workspace(context: BuildContext, ledger: Ledger, folder: str) -> bool:
    """Whether an install in a folder of the image is one for the packages below it."""
    for layer in ledger.layers:
        for each in brought(layer):
            if each.root is not None and each.target is not None and is_under(folder, each.target):
                inner = posixpath.join(each.root, folder[len(each.target) :].lstrip("/")).rstrip("/")
                if context.asked(generated.is_workspace, inner):
                    return True
    return False


def making_folders(ledger: Ledger, entry: Generated) -> list[str]:
    """The folders in which a stage calls a program that writes what an entry is about."""
    if ledger.programs.isdisjoint(entry.made_by):
        return []
    return [call.folder for layer in ledger.layers if layer.calls for call in made_in(layer, entry)]


class Making(NamedTuple):
    """A call that writes something, and the folder in which it does."""

    program: str
    folder: str


def made_in(layer: Layer, entry: Generated) -> list[Making]:
    """The calls of a layer that write what an entry is about."""
    return _made_in(layer).get(entry.pattern, [])


@remembered
def _made_in(layer: Layer) -> dict[str, list[Making]]:
    """The calls of a layer that write something, by the pattern of that."""
    found: dict[str, list[Making]] = {}
    mounts = mounts_of(layer.instruction, layer.step.state) if layer.step else ()
    for call in layer.calls:
        if call.placed.conditional or call.has("--package-lock-only", "--dry-run"):
            continue
        words = call.operands("--prefix", "-C", "--cwd", "--dir", "--omit", "--registry", "--cache")
        verb = words[0].text if words else ""
        folder = call.around.resolve(call.value("--prefix", "-C", "--cwd", "--dir") or ".")
        for entry in GENERATED:
            verbs = entry.made_by.get(call.program)
            is_of_project = "npm" not in entry.made_by or (len(words) < 2 and not call.has("-g", "--global"))
            if not folder or verbs is None or (verbs and verb not in verbs) or not is_of_project:
                continue
            path = posixpath.join(folder, entry.folder)
            is_elsewhere = any(each.target and is_under(path, each.target) for each in mounts)
            removals = (effect for effect in layer.effects if _removes(effect, path))
            if not is_elsewhere and not any(_is_behind(layer, effect, call) for effect in removals):
                found.setdefault(entry.pattern, []).append(Making(call.program, folder))
    return found


def _removes(effect: Effect, path: str) -> bool:
    return effect.kind is Kind.REMOVES and effect.path is not None and covers(effect.path, path)


def _is_behind(layer: Layer, effect: Effect, call: Call) -> bool:
    return layer.span(effect.span).start > call.place.start


@remembered
def reads_git(layer: Layer) -> str:
    """What in a RUN may read the history: a command of git's, a program, or a script that nobody has read."""
    instruction = layer.instruction
    if match := _READS_GIT.search(instruction.text):
        return " ".join(match[0].split())
    if _NAMES_GIT.search(instruction.text) and instruction.keyword in ("RUN", "CMD", "ENTRYPOINT", "ONBUILD"):
        return instruction.keyword
    if instruction.keyword != "RUN":
        return ""
    if not layer.calls:
        return "a RUN that nobody can read"
    for call in layer.calls:
        words = (call.typed, *(word.text for word in call.words))
        if script := next((word for word in words if word.endswith(".sh")), ""):
            return script
        if call.program == "git":
            continue  # `git clone`: what reads the history has been looked for
        if call.program not in _READ_NO_GIT or any(word in _RUNS_SCRIPTS for word in words):
            return " ".join(words[:2])
    return ""
