"""The plan for two stages out of what an ecosystem knows of one: who gets which ENV, WORKDIR, USER, CMD."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.image import UNKNOWN_FOLDER, parse, working_folder
from deadweight.model.multi_stage import system
from deadweight.model.multi_stage.plan import BUILD, Kept, Part, Plan, Refusal, Written
from deadweight.model.multi_stage.recipe import WORKS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from deadweight.model.multi_stage.plan import Line, Needs
    from deadweight.model.multi_stage.recipe import Recipe

_SETTINGS = frozenset(("ENV", "ARG", "WORKDIR", "USER", "SHELL"))  # of which commands of the build take notice
_NAMES = (BUILD, "builder", "build-app", "app-build")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")


def assembled(recipe: Recipe, needs: Needs, names: Collection[str]) -> Plan | Refusal:
    """The plan for a stage; `names` are those of the file's stages."""
    name = next((each for each in _NAMES if each not in names), None)
    if name is None:
        return Refusal("the file has stages of every name that the new one could have")
    image = [*_working_folder(recipe, needs), *_image_lines(recipe, needs)]
    arguments = tuple(_arguments(recipe, image))
    environment = tuple(Written(f"ENV {each}") for each in needs.environment)
    return Plan(
        recipe.ledger.stage.index,
        name,
        Part(needs.build_base, tuple(_build_lines(recipe, needs))),
        Part(needs.base, (*arguments, *environment, *image)),
        needs.checks,
        needs.variant,
    )


def _build_lines(recipe: Recipe, needs: Needs) -> Iterator[Line]:
    """What the stage that builds does: its work, and the settings above the last of it."""
    done = {
        layer.site.step: needs.build.get(layer.site.step, (Kept(layer.site.step),))
        for layer in recipe.layers
        if layer.instruction.keyword in WORKS
    }
    last = max((step for step, lines in done.items() if lines), default=0)
    for layer in recipe.layers:
        step = layer.site.step
        if layer.instruction.keyword in _SETTINGS and step < last:
            yield Kept(step)
        yield from _standing_for(done.get(step, ()), step)


def _image_lines(recipe: Recipe, needs: Needs) -> Iterator[Line]:
    """What the image does: what it says of itself as before, and of the work what it needs."""
    packages = needs.packages
    for layer in recipe.layers:
        step, keyword = layer.site.step, layer.instruction.keyword
        is_work = keyword in WORKS
        lines = needs.image.get(step, () if is_work or keyword == "ARG" else (Kept(step),))
        if packages.names and is_work and lines and step > needs.sources:
            yield Written(system.install(packages, recipe.ledger.base.package_manager))
            packages = system.Packages()
        yield from _standing_for(lines, step)


def _working_folder(recipe: Recipe, needs: Needs) -> Iterator[Line]:
    """The folder that the old base starts in, where the new one starts in another: /go, /home/gradle."""
    folder = working_folder(recipe.ref)
    named = (layer.instruction.arguments.text for layer in recipe.layers if layer.instruction.keyword == "WORKDIR")
    if folder in (UNKNOWN_FOLDER, working_folder(parse(needs.base))) or next(named, "").startswith(("/", "$")):
        return
    yield Written(f"WORKDIR {folder}")


def _standing_for(lines: tuple[Line, ...], step: int) -> Iterator[Line]:
    """Lines of which those of our own stand for the user's instruction, where that is not among them."""
    is_there = Kept(step) in lines
    for line in lines:
        yield replace(line, step=step) if isinstance(line, Written) and not is_there else line


def _arguments(recipe: Recipe, lines: list[Line]) -> Iterator[Line]:
    """The ARGs that lines of the image make use of."""
    texts = {layer.site.step: layer.instruction.text for layer in recipe.layers}
    used = {
        name for line in lines for name in _VARIABLE.findall(texts[line.step] if isinstance(line, Kept) else line.text)
    }
    for layer in recipe.layers:
        if layer.instruction.keyword != "ARG":
            continue
        declared = {word.text.partition("=")[0] for word in layer.instruction.words}
        if declared & used:
            yield Kept(layer.site.step)
            used |= set(_VARIABLE.findall(layer.instruction.text))
