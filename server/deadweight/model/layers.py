"""The ledger: what each instruction does to its layer, in order, and what of it is still there at the layer's end."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from operator import is_
from typing import TYPE_CHECKING, NamedTuple, overload

from deadweight.lazy import cached_property
from deadweight.model import image
from deadweight.model.calls import read_calls
from deadweight.model.commands.call import Surroundings
from deadweight.model.effects import (
    BaseLayers,
    Built,
    Copied,
    CopiedFromStage,
    Download,
    Extracted,
    Kind,
    Nth,
    PackageSet,
    Text,
    as_text,
    writes,
)
from deadweight.model.filesystem import Filesystem, Mount, inside_context, is_file_at
from deadweight.model.playing import Rest, written_by
from deadweight.model.questions import each_once
from deadweight.model.stack import Stack
from deadweight.model.stages import Site, Step, absolute
from deadweight.model.variables import expand
from deadweight.syntax.run import exec_body, run_body
from deadweight.syntax.words import split_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Cause, Effect, Figure
    from deadweight.model.image import Base
    from deadweight.model.measured import Matched, Measured
    from deadweight.model.questions import Question
    from deadweight.model.stages import Build, Stage, State
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Span

_MOST_COPIES = 50  # of one stage from another that are followed back
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_NETWORK = ("http://", "https://", "ftp://", "git@", "git://", "ssh://")


@dataclass(frozen=True, eq=False)
class Layer:
    """One instruction's layer. `effects` is everything it does, `kept` the writes that are left when it ends.

    `step` is None for FROM. `readings` are the commands of a RUN, `asked` is what they asked of the layers below.
    `measured` is what it added when the image was built, where somebody has said so.
    """

    site: Site
    instruction: Instruction
    step: Step | None
    effects: tuple[Effect, ...]
    kept: tuple[Effect, ...]
    readings: tuple[Reading, ...] = ()
    asked: Sequence[Question] = field(default=(), compare=False, repr=False)
    measured: Figure | None = None

    @property
    def is_trigger(self) -> bool:
        """Whether an ONBUILD does it, in each image that is built on this one."""
        return self.instruction.begin > 0

    @cached_property
    def weighs(self) -> bool:
        """Whether it adds something, or may."""
        return bool(self.kept) or (self.measured is not None and self.measured.best > 0)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The commands of a RUN that were read, without the layers below: `Ledgers.files` has those.

        One that runs several times, in a loop or a function, is as it runs first.
        """
        return tuple({each.call.span: each.call for each in reversed(self.readings)}.values())[::-1]

    @cached_property
    def places(self) -> dict[Nth, Span]:
        """Where the commands of a RUN stand in its text."""
        return {each.call.span: each.call.place for each in self.readings}

    def span(self, span: Span | Nth) -> Span:
        """Where an effect, a call or a finding stands in the instruction's text."""
        return self.places[span] if isinstance(span, Nth) else span

    @cached_property
    def causes(self) -> tuple[type, ...]:
        """The kinds of causes of what it keeps, each once."""
        return tuple(dict.fromkeys([type(effect.cause) for effect in self.kept]))

    @cached_property
    def depends(self) -> bool:
        """Whether what it does may be something else where the layers below, a stage or the context are others."""
        return bool(self.asked) or self.instruction.keyword in ("COPY", "ADD")

    @cached_property
    def removes(self) -> bool:
        """Whether it removes something."""
        return any(effect.kind is Kind.REMOVES for effect in self.undoing)

    @cached_property
    def undoing(self) -> tuple[Effect, ...]:
        """What it does to what is there, other than to write more."""
        return tuple([effect for effect in self.effects if effect.kind is not Kind.WRITES])

    @cached_property
    def packages(self) -> frozenset[tuple[str, str]]:
        """The packages that it asks for by name, each with its manager."""
        sets = [effect.cause for effect in self.kept if isinstance(effect.cause, PackageSet)]
        return frozenset([(each.manager, name) for each in sets for name in each.names])

    @cached_property
    def rest(self) -> Rest:
        """What it wrote and is there when it ends."""
        return Rest(self.site, self.kept)

    @cached_property
    def words(self) -> dict[object, object]:
        """What somebody took from the words of a RUN, by what was asked."""
        return {}

    @cached_property
    def programs(self) -> frozenset[str]:
        """What it calls."""
        return frozenset([call.program for call in self.calls])


@dataclass(frozen=True, eq=False)
class Alone:
    """The layers of one stage, whatever lies below: the same object in all versions in which each of them is."""

    layers: tuple[Layer, ...]

    @cached_property
    def programs(self) -> frozenset[str]:
        """What their commands call."""
        return frozenset[str]().union(*[layer.programs for layer in self.layers if layer.calls])

    @cached_property
    def by_cause(self) -> dict[type, list[Layer]]:
        """Those that keep something, by the kind of its cause."""
        found: dict[type, list[Layer]] = {}
        for layer in self.layers:
            for cause in layer.causes if layer.kept else ():
                found.setdefault(cause, []).append(layer)
        return found


@dataclass(frozen=True, eq=False)
class Ledger:
    """The layers of one stage, FROM first; `stacks` has each on those below it, the stages under this one included.

    `others` are the ledgers of the stages that it stands on and copies from; `context` is what it was read in,
    `figures` what its layers were measured to add, () where nobody has said so. `outcome` is the same object in all
    versions in which its layers do the same.
    """

    stage: Stage
    base: Base
    context: BuildContext | None
    alone: Alone
    stacks: tuple[Stack, ...]
    others: tuple[Ledger, ...]
    figures: tuple[Figure | None, ...] = ()
    outcome: object = field(default_factory=object)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers."""
        return self.alone.layers

    def below(self, layer: Layer) -> Stack | None:
        """What lies below a layer of this stage."""
        return self.stacks[layer.site.step].below

    def layers_with(self, cause: type) -> Sequence[Layer]:
        """The layers that keep something of this kind of cause."""
        return self.alone.by_cause.get(cause, ())

    @property
    def programs(self) -> frozenset[str]:
        """What its commands call."""
        return self.alone.programs


class Rerun(NamedTuple):
    """A RUN that was read in place of one that it `was`, on the layers `below`."""

    layer: Layer
    was: Layer
    below: Stack | None

    @property
    def does_the_same(self) -> bool:
        """Whether it does what that one did, by commands that can be read."""
        layer, was = self.layer, self.was
        return layer.effects is was.effects and layer.kept is was.kept and bool(layer.readings and was.readings)


class Ledgers(Sequence[Ledger]):
    """The ledger of every stage, each read when somebody asks; of `before`, those of an earlier build, all that is the
    same is taken over. `measured` is an image that was built of the file, or of an earlier version of it. What was
    `read` of RUNs is not read again.
    """

    def __init__(
        self,
        build: Build,
        context: BuildContext | None,
        platform: str = "linux/amd64",
        before: Ledgers | None = None,
        measured: Measured | None = None,
        read: Sequence[Rerun] = (),
    ) -> None:
        self.build = build
        self.read = read
        self.matched: Matched | None = None
        if measured is not None:
            from deadweight.model.measured import matched  # a session starts without it

            self.matched = matched(measured, build, before.matched if before else None)
        self._context = context
        self._platform = platform
        self._read: dict[int, Ledger] = {}
        self._old: dict[int, Ledger] = {**before._old, **before._read} if before else {}

    def __len__(self) -> int:
        return len(self.build.stages)

    @overload
    def __getitem__(self, index: int) -> Ledger: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Ledger, ...]: ...
    def __getitem__(self, index: int | slice) -> Ledger | tuple[Ledger, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(len(self))[index])
        stage = self.build.stages[index]
        if stage.index not in self._read:
            for each in sorted(self._unread(stage)):
                self._read[each] = self._ledger(self.build.stages[each])
        return self._read[stage.index]

    def of(self, layer: Layer) -> Ledger:
        """The ledger that a layer is in."""
        return self.triggered if layer.is_trigger and self.triggered else self[layer.site.stage]

    @cached_property
    def triggered(self) -> Ledger | None:
        """What the ONBUILD instructions of the image do in each that is built on it, in a build context nobody knows;
        None where it has none.
        """
        stage = self.build.target
        return self._triggered(self[stage.index]) if stage and stage.triggers else None

    def files(self, layer: Layer) -> Filesystem:
        """What the commands of a layer find when it starts."""
        mounts = mounts_of(layer.instruction, layer.step.state) if layer.step else ()
        return Filesystem(self.of(layer).below(layer), self._context, mounts, layer.site)

    def _triggered(self, below: Ledger) -> Ledger:
        """The triggers at the places of their ONBUILDs, on all layers of the stage; at all others nothing happens."""
        reader = _StageReader(self, None, below.stage, below.base, (), None, are_others_known=False)
        stack, layers, stacks = below.stacks[-1], list[Layer](), list[Stack]()
        for number, layer in enumerate(below.layers):
            step = below.stage.triggers.get(number)
            site = layer.site
            layers.append(reader.layer(step, site, stack) if step else Layer(site, layer.instruction, None, (), ()))
            stack = Stack(layers[-1], stack)
            stacks.append(stack)
        return Ledger(below.stage, below.base, None, Alone(tuple(layers)), tuple(stacks), (below,))

    def _unread(self, stage: Stage) -> set[int]:
        """What has to be read for a stage; itself, and the earlier stages that it stands on and copies from."""
        found: set[int] = set()
        pending = [stage]
        while pending:
            stage = pending.pop()
            if stage.index not in self._read and stage.index not in found:
                found.add(stage.index)
                pending += self._others(stage)
        return found

    def _others(self, stage: Stage) -> list[Stage]:
        """The stages that a stage stands on and copies from."""
        named = (self.build.find(name) for name in stage.sources)
        found = [each for each in named if each is not None and each.index < stage.index]
        return [self.build.stages[stage.base], *found] if isinstance(stage.base, int) else found

    def _ledger(self, stage: Stage) -> Ledger:
        others = tuple([self._read[each.index] for each in self._others(stage)])
        figures = self.matched.figures.get(stage.index, ()) if self.matched else ()
        old = self._old.get(stage.index)
        is_as_it_was = old is not None and old.stage is stage and old.context is self._context
        is_as_it_was = is_as_it_was and old is not None and len(others) == len(old.others)
        if old is not None and is_as_it_was and old.figures == figures and all(map(is_, others, old.others)):
            return old
        ref = self.build.base_of(stage)
        base = image.base(ref) if ref else image.Base()
        if old is not None and old.base != base:
            old = None
        are_others_known = (
            old is not None
            and len(others) == len(old.others)
            and all(one.outcome is other.outcome for one, other in zip(others, old.others, strict=True))
            # A name that means another stage now, or none, while a further line copies from the first: as many ledgers.
            and (stage is old.stage or (stage.base, stage.sources) == (old.stage.base, old.stage.sources))
        )
        reader = _StageReader(self, self._context, stage, base, others, old, are_others_known, figures)
        return reader.ledger(stage.platform or self._platform)


def kept_after(effects: Iterable[Effect], mounts: Iterable[Mount] = ()) -> tuple[Effect, ...]:
    """The writes among `effects` that no later one of them undoes and that do not go to a mount."""
    return written_by(effects, [mount.target for mount in mounts if mount.target])


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
    """Reads one stage; what it needs to know of the file and of the stages before it, and what `old` has of it."""

    ledgers: Ledgers
    context: BuildContext | None
    stage: Stage
    base: Base
    others: tuple[Ledger, ...]
    old: Ledger | None
    are_others_known: bool
    figures: tuple[Figure | None, ...] = ()

    @property
    def is_context_known(self) -> bool:
        return self.old is not None and self.old.context is self.context

    def ledger(self, platform: str) -> Ledger:
        """Reads each step, or takes over what there was of it.

        A layer stays where its step is the very same object, and where what it asked of the layers below it would be
        answered as it was. As long as those do what they did, nobody has to ask.
        """
        old = self.old
        first = self.first(platform)
        if old is not None and old.layers[0].instruction is first.instruction and old.layers[0].kept == first.kept:
            first = old.layers[0]
        first = self.measured(first, 0)
        stack = self.stacked(first, self.others[0].stacks[-1] if isinstance(self.stage.base, int) else None)
        layers, stacks = [first], [stack]
        # What was here, as long as what lies below does what it did.
        before = old.layers if old is not None and self.is_below_known(stack) and self.is_context_known else ()
        if old is not None and before and self.are_others_known and old.figures == self.figures:
            count = 1
            for each, step in zip(before[1:], self.stage.steps, strict=False):
                if each.step is not step:
                    break
                count += 1
            layers = list(before[:count])
            stacks = list(
                old.stacks[:count] if stack is old.stacks[0] else accumulate(layers[1:], self.on_top, initial=stack)
            )
            stack = stacks[-1]
        known = {id(each.step): each for each in old.layers[len(layers) :]} if old else {}
        texts: set[str] = set()  # the files whose texts alone are others than they were
        for number, step in enumerate(self.stage.steps[len(layers) - 1 :], len(layers)):
            layer, was = known.get(id(step)), before[number] if number < len(before) else None
            site = layer.site if layer and layer.site.step == number else Site(self.stage.index, number)
            stands = layer and (not layer.depends or self.stands(layer, site, stack, texts if layer is was else None))
            if layer is None or not stands:
                layer = self.layer(step, site, stack, is_on_the_same=bool(before) and not texts)
            elif layer.site is not site:
                layer = replace(layer, site=site)
            if self.figures or layer.measured is not None:
                layer = self.measured(layer, number)
            if layer is not was:
                others = None if was is None else _other_texts(was, layer)
                before, texts = ((), set()) if others is None else (before, texts | others)
            stack = self.on_top(stack, layer) if before and not texts else self.stacked(layer, stack)
            layers.append(layer)
            stacks.append(stack)
        is_same = old is not None and len(before) == len(layers) and not texts and old.stage.label == self.stage.label
        outcome = old.outcome if old is not None and is_same else object()
        stays = old is not None and len(layers) == len(old.layers) and all(map(is_, layers, old.layers))
        alone = old.alone if old is not None and stays else Alone(tuple(layers))
        return Ledger(self.stage, self.base, self.context, alone, tuple(stacks), self.others, self.figures, outcome)

    def is_below_known(self, stack: Stack) -> bool:
        """Whether what lies below the first instruction, on which it makes `stack`, does what it did."""
        old = self.old
        if old is None or old.layers[0] is not stack.top:
            return False
        return not isinstance(self.stage.base, int) or old.others[0].outcome is self.others[0].outcome

    def on_top(self, below: Stack, layer: Layer) -> Stack:
        """A layer on those below it, where all do what they did: what is there is what was."""
        old = self.old
        assert old is not None
        was = old.stacks[layer.site.step]
        if was.top is layer and was.below is below:
            return was
        stack = Stack(layer, below, was)
        if "there" in was.__dict__:
            stack.__dict__["there"] = was.__dict__["there"]
        return stack

    def measured(self, layer: Layer, step: int) -> Layer:
        """The layer with what it was measured to add; as it is, where it has that or nobody has said so."""
        figure = self.figures[step] if self.figures else None
        return layer if layer.measured is figure else replace(layer, measured=figure)

    def stacked(self, layer: Layer, below: Stack | None) -> Stack:
        """The layer on those below it: the stack of before, where it is the same."""
        step = layer.site.step
        if self.old is not None and step < len(self.old.stacks):
            known = self.old.stacks[step]
            if known.top is layer and known.below is below:
                return known
            return Stack(layer, below, known)
        return Stack(layer, below)

    def stands(self, layer: Layer, site: Site, below: Stack, texts: set[str] | None) -> bool:
        """Whether a layer of before is what its step does here too, where no more than `texts` of files below it are
        others than they were; None where more may be.
        """
        instruction, step = layer.instruction, layer.step
        if instruction.keyword in ("COPY", "ADD"):
            return self.is_context_known and (self.are_others_known or instruction.flag("from") is None)
        if (texts is not None and not texts) or not layer.asked or step is None:
            return True
        mounts = mounts_of(instruction, step.state)
        return Filesystem(below, self.context, mounts, site).answers(layer.asked, texts)

    def first(self, platform: str) -> Layer:
        start = self.stage.start
        site = Site(self.stage.index, 0)
        if isinstance(self.stage.base, int):
            return Layer(site, start, None, (), ())
        effects = (writes("/", BaseLayers(self.stage.base, platform), start.span),)
        return Layer(site, start, None, effects, effects)

    def layer(self, step: Step, site: Site, below: Stack, *, is_on_the_same: bool = False) -> Layer:
        keyword = step.instruction.keyword
        if keyword == "RUN":
            return self.run(step, site, below, is_on_the_same=is_on_the_same)
        effects = tuple(self.copy(step)) if keyword in ("COPY", "ADD") else ()
        return Layer(site, step.instruction, step, effects, effects)

    def run(self, step: Step, site: Site, below: Stack, *, is_on_the_same: bool) -> Layer:
        was = self.in_place(step, site)
        for each in self.ledgers.read:
            if each.layer.instruction is step.instruction and each.was is was and each.below is below:
                return _with_step(each.layer, step)
        return _run(step, site, self.base, self.context, below, was, is_on_the_same=is_on_the_same)

    def in_place(self, step: Step, site: Site) -> Layer | None:
        """The layer that stood here, where it started in the same state.

        None for one that stands elsewhere now: no two layers have an effect in common.
        """
        was = self.old.layers[site.step] if self.old is not None and site.step < len(self.old.layers) else None
        if was is None or was.step is None or was.step.state is not step.state:
            return None
        has_moved = was.step is not step and id(was.step) in map(id, self.stage.steps)
        return None if has_moved else was

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
                yield writes(name, as_text(instruction.text[heredoc.content.start : heredoc.content.end]), word.span)
            elif from_ is not None:
                copied = self.from_stage(from_, source)
                is_file = copied.effects and all(is_file_at(each, copied.path) for each in copied.effects)
                name = posixpath.basename(copied.path) if is_folder and is_file else ""
                yield writes(posixpath.join(target, name) if target and name else target, copied, word.span)
            elif instruction.keyword == "ADD" and source and source.startswith(_NETWORK):
                yield writes(*_added(instruction, source, target, is_folder), word.span)
            else:
                yield self.from_context(instruction, source, target, is_folder, word.span)

    def from_context(
        self, instruction: Instruction, source: str | None, target: str | None, is_folder: bool, span: Span
    ) -> Effect:
        context, owner = self.context, instruction.flag("chown") or ""
        if source is None or context is None:
            unknown = None if source is None else inside_context(source)
            return writes(target, Copied(source or "", unknown, None, owner=owner), span)
        root = inside_context(source)
        selection = context.select(source)
        if any(mark in root for mark in "*?[") and len(selection.files) == 1:
            only = next(iter(selection.files))
            root = only if posixpath.dirname(only) == posixpath.dirname(root) else root
        if instruction.keyword == "ADD" and root in selection.files and root.lower().endswith(_ARCHIVES):
            return writes(target, Extracted(root, selection.bytes, context.archives.get(root)), span)
        if any(mark in root for mark in "*?["):
            folder = posixpath.dirname(root)
            root_or_none = None if any(mark in folder for mark in "*?[") else folder
            return writes(target, Copied(source, root_or_none, selection, context.complete, owner), span)
        if root in selection.files and is_folder and target:
            target = posixpath.join(target, posixpath.basename(root))
        return writes(target, Copied(source, root, selection, context.complete, owner), span)

    def from_stage(self, name: str, source: str | None) -> CopiedFromStage:
        stage = self.ledgers.build.find(name)
        path = source and absolute(source, "/")
        if stage is None or stage.index >= self.stage.index or not path:
            return CopiedFromStage(name, source or "", None)
        stack = self.ledgers[stage.index].stacks[-1]
        held = tuple(each.effect for each in Filesystem(stack, self.context).held(path))
        nested = 1 + max((each.cause.nested for each in held if isinstance(each.cause, CopiedFromStage)), default=0)
        return CopiedFromStage(stage.label, path, held if held and nested < _MOST_COPIES else None, nested)


def rerun(ledger: Ledger, number: int, instruction: Instruction) -> Rerun | None:
    """A RUN of a stage as `instruction` has it now, with all around it as it was; None where it is no RUN, or where
    more than its commands may be others.
    """
    was = ledger.layers[number]
    before, step = was.instruction, was.step
    is_run = before.keyword == instruction.keyword == "RUN" and before.flags == instruction.flags
    if not is_run or step is None or was.measured is not None:
        return None
    here, below = Step(instruction, step.state), ledger.below(was)
    layer = _run(here, was.site, ledger.base, ledger.context, below, was, is_on_the_same=True)
    return Rerun(layer, was, below)


def _with_step(layer: Layer, step: Step) -> Layer:
    """A layer as that of another object for its step."""
    made = Layer(layer.site, layer.instruction, step, layer.effects, layer.kept, layer.readings, layer.asked)
    if "rest" in layer.__dict__:
        made.__dict__["rest"] = layer.rest
    return made


def _run(
    step: Step,
    site: Site,
    base: Base,
    context: BuildContext | None,
    below: Stack | None,
    was: Layer | None,
    *,
    is_on_the_same: bool,
) -> Layer:
    """The layer of a RUN; `was` is what stood in its place, and may have been `is_on_the_same` layers."""
    instruction, state = step.instruction, step.state
    mounts = mounts_of(instruction, state)
    body = None if base.is_windows else run_body(instruction, state.shell) or exec_body(instruction)
    if body is None:
        effects: tuple[Effect, ...] = ()
        if instruction.array is None or instruction.array:
            effects = (writes(None, Built(_first_word(instruction)), instruction.span),)
        return Layer(site, instruction, step, effects, effects)
    files = Filesystem(below, context, mounts, site)
    around = Surroundings(state.workdir, state.variables, state.own_home, base, files, body.reader)
    has_its_mounts = was is not None and was.step is not None and mounts == mounts_of(was.instruction, was.step.state)
    is_on_the_same = is_on_the_same and has_its_mounts
    readings = tuple(read_calls(body, around, was.readings if was else (), is_on_the_same=is_on_the_same))
    done = tuple(chain.from_iterable([each.effects for each in readings]))
    if body.script.is_opaque:
        done = (writes(None, Built("a script too long to read"), instruction.span),)
    asked = each_once(files.asked)
    if was is None or was.effects != done or not has_its_mounts:
        kept = kept_after(done, (mount for mount in mounts if mount.type != "secret"))
        return Layer(site, instruction, step, done, kept, readings, asked)
    # What others know of it stays true: they know it by its effects.
    layer = Layer(site, instruction, step, was.effects, was.kept, readings, asked)
    layer.__dict__["rest"] = was.rest
    return layer


def _other_texts(was: Layer, layer: Layer) -> set[str] | None:
    """The files into which a layer writes another text than before; None where it does anything else otherwise."""
    found: set[str] = set()
    if layer.effects is was.effects and layer.kept is was.kept:
        return found
    if len(layer.effects) != len(was.effects) or [each.path for each in layer.kept] != [each.path for each in was.kept]:
        return None
    for one, other in zip(was.effects, layer.effects, strict=True):
        if one is other:
            continue
        if not isinstance(one.cause, Text) or not isinstance(other.cause, Text) or other.path is None:
            return None
        if one != replace(other, cause=one.cause):
            return None
        found.add(other.path)
    return found


def _added(instruction: Instruction, url: str, target: str | None, is_folder: bool) -> tuple[str | None, Cause]:
    """Where ADD puts what it downloads, and what that is: files of a repository or an archive, or one of its name."""
    name = posixpath.basename(url.partition("?")[0])
    is_file = url.startswith(("http", "ftp")) and not name.partition("#")[0].endswith(".git")
    if is_file and instruction.flag("unpack") not in (None, "false"):
        return target, Extracted(None, url=url)
    return posixpath.join(target, name) if target and is_folder and is_file else target, Download(url)


def _first_word(instruction: Instruction) -> str:
    # Of a long script of PowerShell nobody needs the others.
    words = instruction.array or split_plain(instruction.arguments.text, instruction.escape)
    first = next(iter(words), None)
    return first.value or first.text if first else "an empty RUN"
