"""The ledger: what each instruction does to its layer, in order, and what of it is still there at the layer's end."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from operator import is_
from typing import TYPE_CHECKING

from deadweight.model import image
from deadweight.model.commands import catalog, pip
from deadweight.model.commands.call import Call, Surroundings
from deadweight.model.commands.changes import appended
from deadweight.model.effects import BaseLayers, Built, Copied, CopiedFromStage, Download, Extracted, Text, writes
from deadweight.model.filesystem import Filesystem, Mount, inside_context
from deadweight.model.playing import play
from deadweight.model.stages import absolute
from deadweight.model.variables import expand
from deadweight.syntax import shell
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base
    from deadweight.model.playing import Written
    from deadweight.model.stages import Build, Stage, State, Step
    from deadweight.syntax.dockerfile import Instruction, Placed
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Script, Word
    from deadweight.text import Span

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_NETWORK = ("http://", "https://", "ftp://", "git@", "git://", "ssh://")


@dataclass(frozen=True, slots=True)
class Layer:
    """One instruction's layer. `effects` is everything it does, `kept` the writes that are left when it ends.

    `calls` are the commands of a RUN that were read, `step` is None for FROM.
    """

    placed: Placed
    step: Step | None
    effects: tuple[Effect, ...]
    kept: tuple[Effect, ...]
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The layers of one stage, FROM first."""

    stage: Stage
    base: Base
    layers: tuple[Layer, ...]


def read_ledgers(
    build: Build, context: BuildContext | None, platform: str = "linux/amd64", before: Sequence[Ledger] = ()
) -> tuple[Ledger, ...]:
    """A ledger for every stage of `build`, in order; `before` are those of an earlier build in the same context.

    A layer is that of before where its instruction, the state it starts from, and all layers below it are.
    """
    ledgers: list[Ledger] = []
    is_all_known = True  # of the stages so far, from which a stage may copy
    for stage in build.stages:
        base = build.base_of(stage)
        reader = _StageReader(build, context, ledgers, stage, image.base(base) if base else image.Base())
        old = before[stage.index] if stage.index < len(before) and is_all_known else None
        ledgers.append(reader.ledger(stage.platform or platform, old))
        made = ledgers[-1].layers
        is_all_known = old is not None and len(old.layers) == len(made) and all(map(is_, old.layers, made))
    return tuple(ledgers)


def kept_after(effects: Iterable[Effect], mounts: Iterable[Mount] = ()) -> tuple[Effect, ...]:
    """The writes among `effects` that no later one of them undoes and that do not go to a mount."""
    targets = [mount.target for mount in mounts if mount.target]
    kept: list[Written] = []
    for effect in effects:
        kept = play(kept, effect, 0, targets)
    return tuple(each.effect for each in kept)


def mounts_of(instruction: Instruction, state: State) -> tuple[Mount, ...]:
    """The mounts of a RUN."""
    found: list[Mount] = []
    for flag in instruction.flags:
        if flag.name != "mount" or not flag.value:
            continue
        pairs = [pair.partition("=") for pair in flag.value.split(",")]
        options = {name.strip().lower(): value for name, _, value in pairs}
        target = next((options[name] for name in ("target", "dst", "destination") if name in options), None)
        source = options.get("source", options.get("src", ""))
        path = state.resolve(target) if target is not None else None
        found.append(Mount(options.get("type", "bind"), path, source, options.get("from")))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _StageReader:
    """Reads one stage; what it needs to know of the file and of the stages before it."""

    build: Build
    context: BuildContext | None
    before: Sequence[Ledger]
    stage: Stage
    base: Base

    def ledger(self, platform: str, old: Ledger | None) -> Ledger:
        start = self.stage.start
        cause = BaseLayers(self.stage.base, platform) if not isinstance(self.stage.base, int) else None
        first = writes("/", cause, start.instruction.span) if cause else None
        effects = (first,) if first else ()
        layers = [Layer(start, None, effects, effects)]
        if old is not None and old.stage.start == start and old.layers[0].effects == effects:
            # A step that is the very same object stands where it stood, with the same state and the same steps above.
            known = zip(old.layers[1:], self.stage.steps, strict=False)
            layers = [old.layers[0], *(layer for layer, _ in takewhile(lambda pair: pair[0].step is pair[1], known))]
        for step in self.stage.steps[len(layers) - 1 :]:
            layers.append(self.layer(step, layers))
        return Ledger(self.stage, self.base, tuple(layers))

    def layer(self, step: Step, before: list[Layer]) -> Layer:
        keyword = step.instruction.keyword
        if keyword == "RUN":
            return self.run(step, before)
        if keyword in ("COPY", "ADD"):
            effects = tuple(self.copy(step))
            return Layer(step.placed, step, effects, effects)
        return Layer(step.placed, step, (), ())

    def run(self, step: Step, before: list[Layer]) -> Layer:
        instruction, state = step.instruction, step.state
        mounts = mounts_of(instruction, state)
        body = run_body(instruction, state.shell) if not self.base.is_windows else None
        if body is None:
            effects: tuple[Effect, ...] = ()
            if instruction.array is None or instruction.array:
                effects = (writes(None, Built(_first_word(instruction)), instruction.span),)
            return Layer(step.placed, step, effects, effects)
        calls: list[Call] = []
        done: tuple[Effect, ...] = ()
        for call in self.calls(body, step, mounts, before):
            calls.append(_after(call, done) if done else call)
            done = (*done, *_effects(calls[-1]))
        if body.script.is_opaque:
            done = (writes(None, Built("a script too long to read"), instruction.span),)
        kept = kept_after(done, (mount for mount in mounts if mount.type != "secret"))
        return Layer(step.placed, step, done, kept, tuple(calls))

    def calls(self, body: RunBody, step: Step, mounts: tuple[Mount, ...], before: list[Layer]) -> Iterator[Call]:
        state = step.state
        files = Filesystem((*self.below(self.stage), *before), self.context, mounts, step.placed.offset)
        around = Surroundings(state.workdir, state.variables, state.home, self.base, files)
        return _calls(body.script, around, body)

    def below(self, stage: Stage) -> tuple[Layer, ...]:
        """The layers of the stages that `stage` stands on, oldest first."""
        found: tuple[Layer, ...] = ()
        while isinstance(stage.base, int):
            found = (*self.before[stage.base].layers, *found)
            stage = self.build.stages[stage.base]
        return found

    def copy(self, step: Step) -> Iterator[Effect]:
        """The effects of COPY and ADD, one a source."""
        instruction, state = step.instruction, step.state
        words = instruction.words
        if len(words) < 2:
            return
        target_text = expand(words[-1].text, state.variables, unset=None, escape=instruction.escape)
        target = absolute(target_text, state.workdir) if target_text is not None else None
        sources = words[:-1]
        is_folder = (
            len(sources) > 1 or target == state.workdir or bool(target_text and target_text.endswith(("/", ".")))
        )
        from_ = instruction.flag("from")
        heredocs = {heredoc.name: heredoc for heredoc in instruction.heredocs}
        for word in sources:
            source = expand(word.text, state.variables, unset=None, escape=instruction.escape)
            heredoc = heredocs.get((source or "").lstrip("0123456789").removeprefix("<<").removeprefix("-"))
            if heredoc is not None:
                name = posixpath.join(target, heredoc.name) if target and is_folder else target
                yield writes(name, Text(heredoc.content.end - heredoc.content.start), word.span)
            elif from_ is not None:
                yield writes(target, self.from_stage(from_, source), word.span)
            elif instruction.keyword == "ADD" and source and source.startswith(_NETWORK):
                yield writes(target, Download(source), word.span)
            else:
                yield self.from_context(instruction, source, target, is_folder, word.span)

    def from_context(
        self, instruction: Instruction, source: str | None, target: str | None, is_folder: bool, span: Span
    ) -> Effect:
        context = self.context
        if source is None or context is None:
            return writes(target, Copied(source or "", None if source is None else inside_context(source), None), span)
        root = inside_context(source)
        selection = context.select(source)
        if instruction.keyword == "ADD" and root in selection.files and root.lower().endswith(_ARCHIVES):
            return writes(target, Extracted(root, selection.bytes), span)
        if "*" in root or "?" in root or "[" in root:
            folder = posixpath.dirname(root)
            root_or_none = None if any(mark in folder for mark in "*?[") else folder
            return writes(target, Copied(source, root_or_none, selection, context.complete), span)
        if root in selection.files and is_folder and target:
            target = posixpath.join(target, posixpath.basename(root))
        return writes(target, Copied(source, root, selection, context.complete), span)

    def from_stage(self, name: str, source: str | None) -> CopiedFromStage:
        stage = self.build.find(name)
        path = source and absolute(source, "/")
        if stage is None or stage.index >= len(self.before) or not path:
            return CopiedFromStage(name, source or "", None)
        layers = (*self.below(stage), *self.before[stage.index].layers)
        held = tuple(each.effect for each in Filesystem(layers, self.context).held(path))
        return CopiedFromStage(stage.label, path, held or None)


def _calls(script: Script, around: Surroundings, body: RunBody, offset: int = 0) -> Iterator[Call]:
    """The calls of a script, in order; `offset` is where the script starts in that of `body`.

    A script in a script (`bash -c 'apt-get update'`) is looked into. Its calls stand where the outer command does.
    """
    folder = inner = around.folder
    local: dict[str, str | None] = {}
    for placed in shell.commands(script):
        command = placed.command
        program, words = shell.program(command)
        typed = command.words[-len(words) - 1].text if program else ""
        if program and pip.is_python(program) and len(words) > 1 and words[0].text == "-m" and words[1].value:
            program, words = words[1].value, words[2:]  # `python3 -m pip install`
        assigned = {each.name: each.value.value if each.value else "" for each in command.assignments}
        if program == "export":
            local.update(_exported(words))
        elif program is None:
            local.update(assigned)
        inner = inner if placed.subshell else folder
        changed = {**local, **assigned}
        variables = {**around.variables, **changed} if changed else around.variables
        here = replace(around, folder=inner, variables=variables)
        span = body.span(command.span.shifted(offset))
        if program in ("cd", "pushd"):
            inner = here.resolve(words[0].pattern) if words else around.home
            folder = folder if placed.subshell else inner
        elif nested := shell.nested(command):
            for call in _calls(shell.parse(nested.text), here, body, offset + nested.offset):
                yield replace(call, placed=placed._replace(conditional=placed.conditional or call.placed.conditional))
        elif program is not None:
            words = tuple(replace(word, span=word.span.shifted(offset)) for word in words) if offset else words
            yield Call(program, typed, words, span, here, placed)


def _exported(words: Iterable[Word]) -> Iterator[tuple[str, str | None]]:
    """The names that `export A=1 B` sets."""
    for word in words:
        name, equals, value = word.text.partition("=")
        if equals and name.isidentifier():
            yield name, None if word.value is None else value.strip("\"'")


def _after(call: Call, done: tuple[Effect, ...]) -> Call:
    """The call where its RUN has done something already."""
    around = call.around
    return replace(call, around=replace(around, files=replace(around.files, here=done)))


def _effects(call: Call) -> Iterator[Effect]:
    """What a call does."""
    tool = catalog.find(call.program)
    if tool is None:
        found: Iterable[Effect] = (writes(None, Built(call.program), call.span),)
    else:
        found = tool.effects(call)
    for effect in chain(found, appended(call)):
        yield replace(effect, is_certain=False) if call.placed.conditional else effect


def _first_word(instruction: Instruction) -> str:
    words = instruction.words
    return words[0].value or words[0].text if words else "an empty RUN"
