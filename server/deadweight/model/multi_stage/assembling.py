"""The plan for two stages out of what an ecosystem knows of one: who gets which ENV, WORKDIR, USER, CMD."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

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
    image = [*_image_lines(recipe, needs)]
    arguments = tuple(_arguments(recipe, image))
    environment = tuple(Written(f"ENV {each}") for each in needs.environment)
    return Plan(
        recipe.ledger.stage.index,
        name,
        Part("", tuple(_build_lines(recipe, needs))),
        Part(needs.base, (*arguments, *environment, *image)),
        needs.checks,
    )


def last_work(recipe: Recipe) -> int:
    """The number of the last COPY, ADD or RUN."""
    return max((layer.site.step for layer in recipe.layers if layer.instruction.keyword in WORKS), default=0)


def _build_lines(recipe: Recipe, needs: Needs) -> Iterator[Line]:
    """What the stage that builds does: all work but what only the image needs, and the settings above that."""
    works = [layer.site.step for layer in recipe.layers if layer.instruction.keyword in WORKS]
    last = max((step for step in works if step not in needs.moved and needs.build.get(step) != ()), default=0)
    for layer in recipe.layers:
        step, keyword = layer.site.step, layer.instruction.keyword
        if keyword in _SETTINGS and step < last:
            yield Kept(step)
        elif keyword in WORKS and step not in needs.moved:
            yield from (_standing_for(line, step) for line in needs.build.get(step, (Kept(step),)))


def _standing_for(line: Line, step: int) -> Line:
    return replace(line, step=step) if isinstance(line, Written) else line


def _image_lines(recipe: Recipe, needs: Needs) -> Iterator[Line]:
    """What the image gets: settings and commands of the user's, and the app where the last work was done."""
    last, users = last_work(recipe), list[int]()
    for layer in recipe.layers:
        step, keyword = layer.site.step, layer.instruction.keyword
        if keyword == "USER" and step < last:
            users.append(step)  # it comes behind what is copied and installed
        elif keyword == "CMD" and needs.command:
            yield Written(needs.command, step)
        elif (keyword not in WORKS and keyword != "ARG") or step in needs.moved or step in needs.shared:
            yield Kept(step)
        if step == last:
            if needs.packages:
                yield Written(system.install(needs.packages, recipe.ledger.base.package_manager))
            yield from needs.files
            yield from (Written(f"USER {needs.user}") for _ in range(bool(needs.user)))
            yield from map(Kept, users[-1:])


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
