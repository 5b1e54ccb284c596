"""The ledger: what each instruction does to its layer, in order, and what of it is still there at the layer's end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deadweight.lazy import cached_property
from deadweight.model.effects import Kind, Nth, PackageSet
from deadweight.model.filesystem import Mount
from deadweight.model.playing import Rest, written_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect, Figure
    from deadweight.model.image import Base
    from deadweight.model.questions import Question
    from deadweight.model.stack import Stack
    from deadweight.model.stages import Site, Stage, State, Step
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Span


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

    def call_of(self, effect: Effect) -> Call | None:
        """The call that has an effect of this layer; None for that of an instruction which runs nothing."""
        return next((call for call in self.calls if call.span == effect.span), None)

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
