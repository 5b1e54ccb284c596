"""Reads one stage into its ledger, or takes over what an earlier version of the file has of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from operator import is_
from typing import TYPE_CHECKING

from deadweight.model.copy_layers import copied
from deadweight.model.effects import BaseLayers, Text, writes
from deadweight.model.filesystem import Filesystem
from deadweight.model.layers import Alone, Layer, Ledger, mounts_of
from deadweight.model.run_layers import run_layer, with_step
from deadweight.model.stack import Stack
from deadweight.model.stages import Site

if TYPE_CHECKING:
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Figure
    from deadweight.model.image import Base
    from deadweight.model.ledgers import Ledgers
    from deadweight.model.stages import Stage, Step


@dataclass(frozen=True, slots=True)
class StageReader:
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
    def _is_context_known(self) -> bool:
        return self.old is not None and self.old.context is self.context

    def ledger(self, platform: str) -> Ledger:
        """Reads each step, or takes over what there was of it.

        A layer stays where its step is the very same object, and where what it asked of the layers below it would be
        answered as it was. As long as those do what they did, nobody has to ask.
        """
        old = self.old
        first = self._first(platform)
        if old is not None and old.layers[0].instruction is first.instruction and old.layers[0].kept == first.kept:
            first = old.layers[0]
        first = self._measured(first, 0)
        stack = self._stacked(first, self.others[0].stacks[-1] if isinstance(self.stage.base, int) else None)
        layers, stacks = [first], [stack]
        # What was here, as long as what lies below does what it did.
        before = old.layers if old is not None and self._is_below_known(stack) and self._is_context_known else ()
        if old is not None and before and self.are_others_known and old.figures == self.figures:
            count = 1
            for each, step in zip(before[1:], self.stage.steps, strict=False):
                if each.step is not step:
                    break
                count += 1
            layers = list(before[:count])
            stacks = list(
                old.stacks[:count] if stack is old.stacks[0] else accumulate(layers[1:], self._on_top, initial=stack)
            )
            stack = stacks[-1]
        known = {id(each.step): each for each in old.layers[len(layers) :]} if old else {}
        texts: set[str] = set()  # the files whose texts alone are others than they were
        for number, step in enumerate(self.stage.steps[len(layers) - 1 :], len(layers)):
            layer, was = known.get(id(step)), before[number] if number < len(before) else None
            site = layer.site if layer and layer.site.step == number else Site(self.stage.index, number)
            stands = layer and (not layer.depends or self._stands(layer, site, stack, texts if layer is was else None))
            if layer is None or not stands:
                layer = self.layer(step, site, stack, is_on_the_same=bool(before) and not texts)
            elif layer.site is not site:
                layer = replace(layer, site=site)
            if self.figures or layer.measured is not None:
                layer = self._measured(layer, number)
            if layer is not was:
                others = None if was is None else _other_texts(was, layer)
                before, texts = ((), set()) if others is None else (before, texts | others)
            stack = self._on_top(stack, layer) if before and not texts else self._stacked(layer, stack)
            layers.append(layer)
            stacks.append(stack)
        is_same = old is not None and len(before) == len(layers) and not texts and old.stage.label == self.stage.label
        outcome = old.outcome if old is not None and is_same else object()
        stays = old is not None and len(layers) == len(old.layers) and all(map(is_, layers, old.layers))
        alone = old.alone if old is not None and stays else Alone(tuple(layers))
        return Ledger(self.stage, self.base, self.context, alone, tuple(stacks), self.others, self.figures, outcome)

    def _is_below_known(self, stack: Stack) -> bool:
        """Whether what lies below the first instruction, on which it makes `stack`, does what it did."""
        old = self.old
        if old is None or old.layers[0] is not stack.top:
            return False
        return not isinstance(self.stage.base, int) or old.others[0].outcome is self.others[0].outcome

    def _on_top(self, below: Stack, layer: Layer) -> Stack:
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

    def _measured(self, layer: Layer, step: int) -> Layer:
        """The layer with what it was measured to add; as it is, where it has that or nobody has said so."""
        figure = self.figures[step] if self.figures else None
        return layer if layer.measured is figure else replace(layer, measured=figure)

    def _stacked(self, layer: Layer, below: Stack | None) -> Stack:
        """The layer on those below it: the stack of before, where it is the same."""
        step = layer.site.step
        if self.old is not None and step < len(self.old.stacks):
            known = self.old.stacks[step]
            if known.top is layer and known.below is below:
                return known
            return Stack(layer, below, known)
        return Stack(layer, below)

    def _stands(self, layer: Layer, site: Site, below: Stack, texts: set[str] | None) -> bool:
        """Whether a layer of before is what its step does here too, where no more than `texts` of files below it are
        others than they were; None where more may be.
        """
        instruction, step = layer.instruction, layer.step
        if instruction.keyword in ("COPY", "ADD"):
            return self._is_context_known and (self.are_others_known or instruction.flag("from") is None)
        if (texts is not None and not texts) or not layer.asked or step is None:
            return True
        mounts = mounts_of(instruction, step.state)
        return Filesystem(below, self.context, mounts, site).answers(layer.asked, texts)

    def _first(self, platform: str) -> Layer:
        start = self.stage.start
        site = Site(self.stage.index, 0)
        if isinstance(self.stage.base, int):
            return Layer(site, start, None, (), ())
        effects = (writes("/", BaseLayers(self.stage.base, platform), start.span),)
        return Layer(site, start, None, effects, effects)

    def layer(self, step: Step, site: Site, below: Stack, *, is_on_the_same: bool = False) -> Layer:
        """What a step does on the layers `below`."""
        keyword = step.instruction.keyword
        if keyword == "RUN":
            return self._run(step, site, below, is_on_the_same=is_on_the_same)
        is_copy = keyword in ("COPY", "ADD")
        effects = tuple(copied(step, self.stage, self.context, self.ledgers)) if is_copy else ()
        return Layer(site, step.instruction, step, effects, effects)

    def _run(self, step: Step, site: Site, below: Stack, *, is_on_the_same: bool) -> Layer:
        was = self._in_place(step, site)
        for each in self.ledgers.read:
            if each.layer.instruction is step.instruction and each.was is was and each.below is below:
                return with_step(each.layer, step)
        return run_layer(step, site, self.base, self.context, below, was, is_on_the_same=is_on_the_same)

    def _in_place(self, step: Step, site: Site) -> Layer | None:
        """The layer that stood here, where it started in the same state.

        None for one that stands elsewhere now: no two layers have an effect in common.
        """
        was = self.old.layers[site.step] if self.old is not None and site.step < len(self.old.layers) else None
        if was is None or was.step is None or was.step.state is not step.state:
            return None
        has_moved = was.step is not step and id(was.step) in map(id, self.stage.steps)
        return None if has_moved else was


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
