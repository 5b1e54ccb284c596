"""Apps that run from their sources: packages are installed in the stage that builds, and go over in their folders.

All else is done in the image, as before. `python.py`, `ruby.py` and `php.py` say what is different.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied
from deadweight.model.multi_stage import system
from deadweight.model.multi_stage.plan import Kept, Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import (
    BUILTINS,
    LOOKING,
    commands,
    flags_of,
    held_by_image,
    is_brought_again,
    runtime_image,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.plan import Line, Steps
    from deadweight.model.multi_stage.recipe import Command, Recipe
    from deadweight.model.multi_stage.system import Packages

# Programs that do in an image what they did before: those of any base.
_IN_IMAGE_NAMES = """
    adduser addgroup useradd groupadd usermod mkdir chown chmod touch echo true cp mv rm ln sed cat find ls test [ tee
    date env whoami id pwd install printf
"""
_IN_IMAGE = frozenset(_IN_IMAGE_NAMES.split())
_LOCKS = ("Gemfile.lock", "composer.lock", "Pipfile.lock", "poetry.lock", "uv.lock")
_SOURCES = ("/etc/apt/", "/etc/apk/")  # where packages of the system come from: a mirror nearby, by sed


class Run(NamedTuple):
    """A RUN by what its commands are for: those that installs need, those that install, and those of the image."""

    layer: Layer
    before: tuple[str, ...]  # tools and packages of the system
    sources: tuple[str, ...]  # of these, those that say where packages of the system come from
    install: tuple[str, ...]
    image: tuple[str, ...]


class Installed(NamedTuple):
    """Where packages are, and how that came about.

    places: folders that go over whole: those elsewhere in the image, before its sources come
    inside: folders among the sources, which go over behind these
    prepared: what stands above the first install
    """

    places: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    prepared: tuple[Line, ...] = ()


def read(recipe: Recipe, role: Callable[[Call], str], rewritten: Callable[[str], str] = str) -> list[Run] | Refusal:
    """The RUNs of a stage. `role` says of a call "install", "tool", "image", or "" for what it does not know."""
    runs: list[Run] = []
    for layer in recipe.runs:
        before: list[str] = []
        sources: list[str] = []
        install: list[str] = []
        image: list[str] = []
        for command in commands(layer):
            found = _role_of(command, role)
            if isinstance(found, Refusal):
                return found
            if found == "image":
                image.append(command.text)
            else:
                (install if found == "install" or install else before).append(rewritten(command.text))
            if found == "sources":
                sources.append(command.text)
        runs.append(Run(layer, tuple(before), tuple(sources), tuple(install), tuple(image)))
    return runs


def _role_of(command: Command, role: Callable[[Call], str]) -> str | Refusal:
    roles = [role(call) or _general(call) for call in command.calls]
    if "" in roles:
        return Refusal(f"{command.calls[roles.index('')].typed} may write what the app needs when it runs")
    if "image" in roles and len({*roles} - {"shell"}) > 1:
        return Refusal("a RUN installs and does more, in a script that cannot be taken apart")
    return next((each for each in ("install", "tool", "system", "sources") if each in roles), "image")


def _general(call: Call) -> str:
    """What a call is for in any language; '' for who knows."""
    if call.program in system.PROGRAMS:
        return "system"
    if call.program in BUILTINS:
        return "shell"
    if call.program == "rm":
        texts = [word.text for word in call.words]
        return "system" if any("/var/" in text or "cache" in text for text in texts) else "image"
    if call.program == "sed" and any(word.text.startswith(_SOURCES) for word in call.words):
        return "sources"
    if call.program in _IN_IMAGE:
        return "image"
    return "shell" if call.program in LOOKING else ""


def obstacle(recipe: Recipe, runs: list[Run]) -> str:
    """Why there can be no plan, in any language; '' where nothing stands in the way."""
    if recipe.ledger.base.os_family not in ("debian", "alpine"):
        return f"nobody knows the packages of {recipe.ref.text}"
    images = " ".join(text for run in runs for text in run.image)
    for lock in _LOCKS:
        if lock in images and not any(path.rpartition("/")[2] == lock for path in recipe.context.files):
            return f"a RUN reads {lock}, which an install writes"
    for run in runs:
        if run.install and run.layer.step is not None and not run.layer.step.state.is_root:
            return f"packages are installed as user {run.layer.step.state.user}"
    return ""


def needs(
    recipe: Recipe,
    runs: list[Run],
    installed: Installed,
    packages: Packages,
    *,
    manifests: Callable[[Layer], str],
    environment: tuple[str, ...] = (),
    known: Iterable[int] = (),
    image_also: Mapping[int, tuple[Line, ...]] = {},
    written: Mapping[int, Line] = {},
) -> Needs:
    """What both stages do. `manifests` gives the COPY of what installs read, in place of one of all sources; `written`
    the COPY of sources in which an install has written, in place of one from the build context.
    """
    build: Steps = {}
    image: Steps = {}
    for run in runs:
        number = run.layer.site.step
        build[number] = tuple(_lines(run.layer, (*run.before, *run.install), is_whole=not run.image))
        texts = (*run.sources, *run.image) if packages.names else run.image
        image[number] = tuple(_lines(run.layer, texts, is_whole=True))
    installs = [run for run in runs if run.install]
    first, last = installs[0], installs[-1].layer.site.step
    at = first.layer.site.step
    if installed.prepared:
        rest = _lines(first.layer, first.install, is_whole=not (first.before or first.image))
        build[at] = (*_lines(first.layer, first.before, is_whole=False), *installed.prepared, *rest)
    plain = [layer for layer in recipe.copies if layer.instruction.flag("from") is None]
    for layer in plain:
        if layer.site.step > last:
            build[layer.site.step] = ()
        elif _is_folder(layer) and (text := manifests(layer)):
            build[layer.site.step] = (Written(text),)
    done = [run.layer.site.step for run in runs if run.image]
    for number, layer in enumerate(plain):
        unread = [each for each in plain[number + 1 :] if not _is_between(done, layer, each)]
        if not any(is_brought_again(layer, later) for later in unread):
            image[layer.site.step] = (written.get(layer.site.step, Kept(layer.site.step)),)
    # What a COPY of the sources brings lies over what is in their folder already.
    sources = [run.layer.site.step for run in runs if run.sources]
    copied = [step for step, lines in image.items() if lines and step not in sources]
    first_step, last_step = min([at, *copied]), max([at, *(layer.site.step for layer in plain)])
    image[first_step] = (*map(_over, installed.places), *image.get(first_step, ()))
    image[last_step] = (*image.get(last_step, ()), *map(_over, installed.inside))
    image.update(image_also)
    base, release = runtime_image(recipe, packages.release), packages.release
    name = base.partition("@")[0]
    checks = [f"no package loads a library or calls a program that {name} does not have"]
    checks += [f"{recipe.written_base} stands on {release}, which FROM names now"] if release else []
    return Needs(
        base,
        build,
        image,
        packages,
        environment,
        max(sources, default=0),
        frozenset(known),
        tuple(checks),
        build_base=f"{recipe.written_base}-{release}" if release else "",
    )


def copy_of(layer: Layer, files: Iterable[str], root: str, present: Mapping[str, int]) -> str:
    """The COPY of files of a project in place of that of all of it; '' where they do not lie at its top."""
    files = list(files)
    if any(path not in present or posixpath.dirname(path) != root or " " in path for path in files):
        return ""
    target = layer.instruction.words[-1].text
    folder = target if target.endswith("/") else "./" if target == "." else f"{target}/"
    return f"COPY{flags_of(layer)} {' '.join(files)} {folder}"


def packages_of(recipe: Recipe, more: Iterable[str] = ()) -> Packages | Refusal:
    """The packages of the system that the image needs: asked for by name, by programs, and `more`."""
    base, also = held_by_image(recipe), (*more, *recipe.packages_of_programs)
    found = system.runtime_packages(recipe.runs, base)
    lasting = found if isinstance(found, Refusal) else system.lasting(found.also(also), base)
    if isinstance(found, Refusal) or not isinstance(lasting, Refusal) or not recipe.release:
        return lasting
    named = system.runtime_packages(recipe.runs, replace(base, is_suite_named=True))
    return named if isinstance(named, Refusal) else named.also(also)._replace(release=recipe.release)


def number_of(recipe: Recipe, keyword: str) -> int:
    """The number of the last instruction of a kind."""
    return max(layer.site.step for layer in recipe.layers if layer.instruction.keyword == keyword)


def _is_between(steps: Iterable[int], layer: Layer, later: Layer) -> bool:
    """Whether one of these steps, which may read what a COPY has brought, stands between it and a later one."""
    return any(layer.site.step < step < later.site.step for step in steps)


def _is_folder(layer: Layer) -> bool:
    return (
        any(isinstance(each.cause, Copied) and not each.cause.is_file for each in layer.kept) and len(layer.kept) == 1
    )


def _over(place: str) -> Written:
    return Written(f"COPY --from={{build}} {place} {place}")


def _lines(layer: Layer, texts: tuple[str, ...], *, is_whole: bool) -> Iterator[Line]:
    """A RUN of these commands: the user's own where it `is_whole` and has these."""
    if is_whole and texts == tuple(command.text for command in commands(layer)):
        yield Kept(layer.site.step)
    elif texts:
        yield Written(f"RUN{flags_of(layer)} {' && '.join(texts)}")
