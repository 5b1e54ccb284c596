"""The ledger of every stage of a build, each read when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import TYPE_CHECKING, overload

from deadweight.lazy import cached_property
from deadweight.model import image
from deadweight.model.filesystem import Filesystem
from deadweight.model.layers import Alone, Layer, Ledger, mounts_of
from deadweight.model.stack import Stack
from deadweight.model.stage_reader import StageReader

if TYPE_CHECKING:
    from deadweight.model.context import BuildContext
    from deadweight.model.measured import Matched, Measured
    from deadweight.model.run_layers import Rerun
    from deadweight.model.stages import Build, Stage


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
        reader = StageReader(self, None, below.stage, below.base, (), None, are_others_known=False)
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
        reader = StageReader(self, self._context, stage, base, others, old, are_others_known, figures)
        return reader.ledger(stage.platform or self._platform)
