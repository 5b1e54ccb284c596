"""What a RUN does: its commands one after the other, and what of all that is there when it ends."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import read_calls
from deadweight.model.commands.call import Surroundings
from deadweight.model.effects import Built, writes
from deadweight.model.filesystem import Filesystem
from deadweight.model.layers import Layer, kept_after, mounts_of
from deadweight.model.questions import each_once
from deadweight.model.stages import Step
from deadweight.syntax.run import exec_body, run_body
from deadweight.syntax.words import split_plain

if TYPE_CHECKING:
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base
    from deadweight.model.layers import Ledger
    from deadweight.model.stack import Stack
    from deadweight.model.stages import Site
    from deadweight.syntax.dockerfile import Instruction


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
    layer = run_layer(here, was.site, ledger.base, ledger.context, below, was, is_on_the_same=True)
    return Rerun(layer, was, below)


def run_layer(
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


def with_step(layer: Layer, step: Step) -> Layer:
    """The layer as that of another object for its step."""
    made = Layer(layer.site, layer.instruction, step, layer.effects, layer.kept, layer.readings, layer.asked)
    if "rest" in layer.__dict__:
        made.__dict__["rest"] = layer.rest
    return made


def _first_word(instruction: Instruction) -> str:
    # Of a long script of PowerShell nobody needs the others.
    words = instruction.array or split_plain(instruction.arguments.text, instruction.escape)
    first = next(iter(words), None)
    return first.value or first.text if first else "an empty RUN"
