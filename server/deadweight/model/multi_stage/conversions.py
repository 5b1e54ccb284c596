"""The plans for the stage of a file that becomes the image, by whichever ecosystem knows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.image import ImageRef
from deadweight.model.multi_stage import dotnet, golang, java, native, node, node_site, php, python, ruby, rust
from deadweight.model.multi_stage.assembling import assembled
from deadweight.model.multi_stage.plan import Plan, Refusal
from deadweight.model.multi_stage.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Ledger
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.stages import Build

_ECOSYSTEMS: tuple[Callable[[Recipe], Needs | Refusal | None], ...] = (
    node.needs,
    python.needs,
    golang.needs,
    rust.needs,
    ruby.needs,
    java.needs,
    dotnet.needs,
    php.needs,
    native.needs,
)
_VARIANTS: tuple[Callable[[Recipe], Needs | None], ...] = (node_site.needs,)
_LONGEST = 100  # instructions; the apps of the corpus that are built in one stage have at most about 40
_BY_NUMBER = re.compile(r"\d+")


def plans_of(build: Build, ledgers: Sequence[Ledger], context: BuildContext | None) -> tuple[Plan, ...] | Refusal:
    """How the image could be built in one stage more, the usual way first; none where no ecosystem knows its app."""
    target = build.target
    if target is None or context is None or not isinstance(target.base, ImageRef) or len(target.steps) > _LONGEST:
        return ()
    recipe = Recipe(ledgers[target.index], target.base, context)
    usual = next((found for ecosystem in _ECOSYSTEMS if (found := ecosystem(recipe))), None)
    if usual is None:
        return ()
    plans = [_plan(build, recipe, each) for each in (usual, *(variant(recipe) for variant in _VARIANTS)) if each]
    ways = tuple(plan for plan in plans if isinstance(plan, Plan))
    return ways or next(plan for plan in plans if isinstance(plan, Refusal))


def _plan(build: Build, recipe: Recipe, needs: Needs | Refusal) -> Plan | Refusal:
    if isinstance(needs, Refusal):
        return needs
    if reason := _obstacle(build, recipe, needs):
        return Refusal(reason)
    return assembled(recipe, needs, [stage.name for stage in build.stages if stage.name])


def _obstacle(build: Build, recipe: Recipe, needs: Needs) -> str:
    """What stands in the way of two stages, whatever the app is; '' for nothing."""
    target = recipe.ledger.stage
    others = [stage for stage in build.stages if stage.index > target.index]
    unknown = (layer for layer in recipe.copies if layer.site.step not in needs.known)
    if recipe.ledger.base.is_windows:
        return "it stands on Windows"
    if not recipe.start:
        return "the file does not say what the image starts"
    if recipe.has("ONBUILD", "SHELL"):
        return "ONBUILD and SHELL mean something else in another stage"
    if any(stage.base == target.index or target.index in _named(build, stage.sources) for stage in others):
        return "another stage stands on this one or copies from it"
    if any(_BY_NUMBER.fullmatch(name) for stage in build.stages for name in stage.sources):
        return "stages are named by their numbers, which would be others"
    sources = [name for layer in unknown if (name := layer.instruction.flag("from"))]
    if any(build.find(name) for name in sources):
        return "it takes over what another stage has built already"
    if sources:
        return f"it copies from {sources[0]}, and nobody can tell who needs that"
    return ""


def _named(build: Build, names: Sequence[str]) -> list[int]:
    return [stage.index for name in names if (stage := build.find(name))]
