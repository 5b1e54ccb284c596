"""The plans for the stage of a file that becomes the image, by whichever ecosystem knows it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

from deadweight.model.image import ImageRef, family
from deadweight.model.multi_stage import assembling, system
from deadweight.model.multi_stage import recipe as recipes
from deadweight.model.multi_stage.plan import Plan, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Ledger
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe
    from deadweight.model.stages import Build

# The file of an ecosystem, by the repository of the base image; what more ways there are, by that file.
_ECOSYSTEMS = {
    **dict.fromkeys(("node", "oven/bun"), "node"),
    "python": "python",
    "golang": "golang",
    "rust": "rust",
    "ruby": "ruby",
    "php": "php",
    **dict.fromkeys(("mcr.microsoft.com/dotnet/sdk", "mcr.microsoft.com/dotnet/core/sdk"), "dotnet"),
    **dict.fromkeys(("maven", "gradle", "eclipse-temurin", "openjdk", "amazoncorretto"), "java"),
    **dict.fromkeys(("gcc", "debian", "ubuntu", "alpine", "buildpack-deps"), "native"),
}
_VARIANTS = {"node": ("node_site",)}
_LONGEST = 100  # instructions; the apps of the corpus that are built in one stage have at most about 40
_BY_NUMBER = re.compile(r"\d+")


def recipe_of(build: Build, ledgers: Sequence[Ledger], context: BuildContext | None) -> Recipe | None:
    """The stage that becomes the image, where it stands on an image whose apps an ecosystem may know."""
    target = build.target
    if target is None or context is None or not isinstance(target.base, ImageRef) or len(target.steps) > _LONGEST:
        return None
    if target.base.repository not in _ECOSYSTEMS:
        return None
    return recipes.Recipe(ledgers[target.index], target.base, context)


def plans_of(build: Build, ledgers: Sequence[Ledger], context: BuildContext | None) -> tuple[Plan, ...] | Refusal:
    """How the image could be built in one stage more, the usual way first; none where no ecosystem knows its app."""
    recipe = recipe_of(build, ledgers, context)
    if recipe is None:
        return ()
    ecosystem = _ECOSYSTEMS[recipe.ref.repository]
    usual = _needs(ecosystem, recipe)
    if usual is None:
        return ()
    others = [_needs(each, recipe) for each in _VARIANTS.get(ecosystem, ())]
    plans = [_plan(build, recipe, each) for each in (usual, *others) if each]
    ways = tuple(plan for plan in plans if isinstance(plan, Plan))
    return ways or next(plan for plan in plans if isinstance(plan, Refusal))


def _needs(name: str, recipe: Recipe) -> Needs | Refusal | None:
    """What an ecosystem's file says: it is imported when a file needs it."""
    needs: Callable[[Recipe], Needs | Refusal | None] = import_module(f"{__package__}.{name}").needs
    return needs(recipe)


def _plan(build: Build, recipe: Recipe, needs: Needs | Refusal) -> Plan | Refusal:
    if isinstance(needs, Refusal):
        return needs
    if reason := _obstacle(build, recipe, needs):
        return Refusal(reason)
    return assembling.assembled(recipe, needs, [stage.name for stage in build.stages if stage.name])


def _obstacle(build: Build, recipe: Recipe, needs: Needs) -> str:
    """What stands in the way of two stages, whatever the app is; '' for nothing."""
    target = recipe.ledger.stage
    others = [stage for stage in build.stages if stage.index > target.index]
    unknown = (layer for layer in recipe.copies if layer.site.step not in needs.known)
    if needs.packages.names and (release := system.gone(recipe.runs, recipe.ledger.base)):
        return f"it would need {needs.packages.names[0]}, and the packages of {release} are only in Debian's archive"
    if recipe.ledger.base.is_windows:
        return "it stands on Windows"
    if not recipe.start and (needs.base not in (recipe.written_base, needs.build_base) or not _starts_a_server(recipe)):
        return "the file leaves it to its base image what it starts"
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


def _starts_a_server(recipe: Recipe) -> bool:
    """Whether the base image starts one by itself; most images of languages start an interpreter for people."""
    known = family(recipe.ref.repository)
    return recipe.ref.repository == "php" or (known is not None and known.kind == "server")


def _named(build: Build, names: Sequence[str]) -> list[int]:
    return [stage.index for name in names if (stage := build.find(name))]
