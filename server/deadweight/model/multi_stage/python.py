"""Python apps: compilers, headers and package managers stay in the stage that builds, and packages go over in their
virtual environment. All else is done in the image, as before.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian
from deadweight.model.commands import pip, poetry, uv
from deadweight.model.ecosystems import python
from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import Copied, PackageSet, is_under
from deadweight.model.multi_stage import python_loads, system
from deadweight.model.multi_stage.plan import Kept, Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import brings_more_than, commands, flags_of, is_brought_again, runtime_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.plan import Line, Steps
    from deadweight.model.multi_stage.recipe import Command, Recipe

_VENV = "/opt/venv"
_SYSTEM = "/usr/local"  # where the official images keep Python and its packages
_VALUES = {"pip": pip.VALUES, "uv": uv.VALUES, "poetry": poetry.VALUES, "pipenv": ()}
_TOOLS = frozenset(("pip", "setuptools", "wheel", "poetry", "uv", "pipenv", "build", "virtualenv", "pip-tools"))
_QUIET = frozenset(("config", "cache", "lock", "export", "self", "show", "list", "check", "freeze", ""))
# Programs that do in the image what they did before: those of its base, and those that packages of Python bring.
_IN_IMAGE_NAMES = """
    adduser addgroup useradd groupadd usermod mkdir chown chmod touch echo true cp mv rm ln sed cat find ls test [ tee
    date env whoami id pwd install django-admin flask alembic pybabel
"""
_IN_IMAGE = frozenset(_IN_IMAGE_NAMES.split())
_RUNNERS = (["uv", "run"], ["poetry", "run"], ["pipenv", "run"])


class _Run(NamedTuple):
    """A RUN by what its commands are for: those that install, those that all installs need, and the rest."""

    layer: Layer
    before: tuple[str, ...]  # tools and packages of the system
    install: tuple[str, ...]
    image: tuple[str, ...]


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Python needs; None for one that installs no packages of Python."""
    if recipe.ref.repository != "python":
        return None
    installed = list(_installed(recipe))
    if not installed:
        return None
    place = _environment_of(installed)
    if isinstance(place, Refusal):
        return place
    runs: list[_Run] = []
    for layer in recipe.runs:
        run = _read(layer)
        if isinstance(run, Refusal):
            return run
        runs.append(run)
    if reason := _obstacle(recipe, runs):
        return Refusal(reason)
    packages = _packages(recipe)
    if isinstance(packages, Refusal):
        return packages
    return _needs(recipe, runs, place, packages)


def _needs(recipe: Recipe, runs: list[_Run], place: str, packages: tuple[str, ...]) -> Needs:
    build: Steps = {}
    image: Steps = {}
    for run in runs:
        number = run.layer.site.step
        build[number] = tuple(_lines(run.layer, (*run.before, *run.install), is_whole=not run.image))
        image[number] = tuple(_lines(run.layer, run.image, is_whole=not (run.before or run.install)))
    installs = [run for run in runs if run.install]
    first, at, is_made = installs[0], installs[0].layer.site.step, place == _SYSTEM
    if is_made:
        place = _VENV
        made = (Written(f"RUN python -m venv {_VENV}"), Written(f"ENV VIRTUAL_ENV={_VENV} PATH={_VENV}/bin:$PATH"))
        rest = _lines(first.layer, first.install, is_whole=not (first.before or first.image))
        build[at] = (*_lines(first.layer, first.before, is_whole=False), *made, *rest)
    plain = [layer for layer in recipe.copies if layer.instruction.flag("from") is None]
    for layer in plain:
        if layer.site.step > installs[-1].layer.site.step:
            build[layer.site.step] = ()
        elif manifests := _manifests_of(recipe, layer, installs):
            build[layer.site.step] = (Written(manifests),)
    for number, layer in enumerate(plain):
        if not any(is_brought_again(layer, later) for later in plain[number + 1 :]):
            image[layer.site.step] = (Kept(layer.site.step),)
    # What a COPY of the sources brings may lie over an environment in their folder, and not over one elsewhere.
    at = min([at, *(step for step, lines in image.items() if lines)]) if is_made else at
    image[at] = (Written(f"COPY --from={{build}} {place} {place}"), *image.get(at, ()))
    command = _unwrapped(recipe)
    if command:
        image[_number_of(recipe, "CMD")] = (Written(command),)
    base = runtime_image(recipe)
    return Needs(
        base,
        build,
        image,
        packages,
        (f"PATH={place}/bin:$PATH",) if is_made or command else (),
        frozenset(layer.site.step for layer in recipe.copies if _brings_uv(layer)),
        (f"no package loads a library or calls a program that {base} does not have",),
    )


def _manifests_of(recipe: Recipe, layer: Layer, installs: list[_Run]) -> str:
    """The COPY of what installs read, in place of one that brings all sources; '' where they may read more."""
    roots = {each.cause.root for each in layer.kept if isinstance(each.cause, Copied) and not each.cause.is_file}
    root = next(iter(roots), None)
    if root is None or len(layer.kept) > 1 or any(_is_local(call) for run in installs for call in run.layer.calls):
        return ""
    project = python.recognise(recipe.context.texts, recipe.context.files, root)
    if project is None or project.needs_sources or not brings_more_than(layer, project.install_files):
        return ""
    named = {name for run in installs for call in run.layer.calls for name in pip.values(call, "-r", "--requirement")}
    paths = [inside(root, name.removeprefix("./")) for name in named if not name.startswith("/")]
    files = [*project.install_files, *(path for path in paths if path not in project.install_files)]
    is_known = all(
        path in recipe.context.files and posixpath.dirname(path) == root and " " not in path for path in files
    )
    if not is_known or len(paths) < len(named):
        return ""
    target = layer.instruction.words[-1].text
    folder = target if target.endswith("/") else "./" if target == "." else f"{target}/"
    return f"COPY{flags_of(layer)} {' '.join(files)} {folder}"


def _is_local(call: Call) -> bool:
    operands = [word.pattern for word in call.operands(*_VALUES.get(call.program, ()))]
    return call.has("-e", "--editable") or any(each.startswith(".") for each in operands[1:])


# --- reading ----------------------------------------------------------------------------------------------------------


def _installed(recipe: Recipe) -> Iterator[Effect]:
    """What installs of the app's packages write."""
    for layer in recipe.runs:
        for effect in layer.effects:
            cause = effect.cause
            if isinstance(cause, PackageSet) and cause.manager in _VALUES and not _are_tools(cause.names):
                yield effect


def _are_tools(names: Iterable[str]) -> bool:
    found = [each.name if (each := python.read_requirement(name)) else name for name in names]
    return bool(found) and _TOOLS.issuperset(found)


def _environment_of(installed: list[Effect]) -> str | Refusal:
    """The folder of the environment that the packages are in; that of the system where they are in none."""
    places = {effect.path for effect in installed}
    place = next(iter(places))
    if len(places) > 1 or place is None:
        return Refusal("packages are installed in several places")
    if is_under(place, _SYSTEM):
        return _SYSTEM
    return place if place.endswith("env") else Refusal(f"packages are installed into {place}")


def _read(layer: Layer) -> _Run | Refusal:
    before: list[str] = []
    install: list[str] = []
    image: list[str] = []
    for command in commands(layer):
        found = _role_of(command)
        if isinstance(found, Refusal):
            return found
        if found == "image":
            image.append(command.text)
        else:
            (install if found == "install" or install else before).append(_in_environment(command.text))
    return _Run(layer, tuple(before), tuple(install), tuple(image))


def _role_of(command: Command) -> str | Refusal:
    """What a command of a RUN is for: install, tool, system, image."""
    roles = [_role(call) for call in command.calls]
    if "" in roles:
        return Refusal(f"{command.calls[roles.index('')].typed} may write what the app needs when it runs")
    if "image" in roles and len(set(roles)) > 1:
        return Refusal("a RUN installs and does more, in a script that cannot be taken apart")
    return next((role for role in ("install", "tool", "system") if role in roles), "image")


def _role(call: Call) -> str:
    """What a call is for: install, tool, system, image; '' for who knows."""
    program, texts = call.program, [word.text for word in call.words]
    if program in _VALUES:
        operands = [word.pattern for word in call.operands(*_VALUES[program])]
        if call.has("--user", "--target", "-t", "--prefix", "--root"):
            return ""
        if program == "uv" and operands[:1] == ["pip"]:
            operands = operands[1:]
        verb = operands[0] if operands else ""
        if verb in ("install", "sync", "venv"):
            is_tool = _are_tools(operands[1:]) and not call.has("-r", "--requirement")
            return "tool" if is_tool else "install"
        return "tool" if verb in _QUIET else ""
    if program in ("venv", "virtualenv"):
        return "install"
    if program in system.PROGRAMS:
        return "system"
    if program == "rm":
        return "system" if any("/var/" in text or "cache" in text for text in texts) else "image"
    return "image" if program in _IN_IMAGE or pip.is_python(posixpath.basename(call.typed)) else ""


def _in_environment(text: str) -> str:
    """A command that installs as it is where there is an environment: `--system` says that there is none."""
    return text.replace(" --system", "") if text.startswith(("uv ", "pipenv ")) else text


def _obstacle(recipe: Recipe, runs: list[_Run]) -> str:
    """Why there can be no plan; '' where nothing stands in the way."""
    if recipe.ledger.base.os_family not in ("debian", "alpine"):
        return f"nobody knows the packages of {recipe.ref.text}"
    for run in runs:
        if run.install and run.layer.step is not None and not run.layer.step.state.is_root:
            return f"packages are installed as user {run.layer.step.state.user}"
    for run in runs:
        for effect in run.layer.effects:
            if run.install and isinstance(effect.cause, PackageSet) and effect.path and recipe.place_of(effect.path):
                return f"COPY brings {effect.path} from the build context: leave it out first"
    named = recipe.context.texts.get(".python-version", "").strip()
    if named and "uv" in recipe.ledger.programs and not named.startswith(recipe.ledger.base.version or named):
        return f"uv brings a Python {named} of its own"
    if recipe.start.startswith(("/usr/local/bin/", "uv ", "poetry ", "pipenv ")) and not _unwrapped(recipe):
        return f"the start command runs {recipe.start.split()[0]}, which the image does not get"
    return ""


def _unwrapped(recipe: Recipe) -> str:
    """CMD without `poetry run` and its like; '' where it has none."""
    command = recipe.last("CMD")
    if command is None or recipe.last("ENTRYPOINT") is not None:
        return ""
    words = [word.value or "" for word in command.words] if command.array else shlex.split(command.arguments.text)
    if words[:2] not in _RUNNERS or len(words) < 3 or words[2].startswith("-"):
        return ""
    if command.array is None:
        return f"CMD {command.arguments.text.split(None, 2)[2]}"
    rest = command.text[command.array[2].span.start : command.array[-1].span.end]
    return f"CMD [{rest}]"


def _number_of(recipe: Recipe, keyword: str) -> int:
    return max(layer.site.step for layer in recipe.layers if layer.instruction.keyword == keyword)


def _brings_uv(layer: Layer) -> bool:
    return (layer.instruction.flag("from") or "").startswith("ghcr.io/astral-sh/uv")


def _lines(layer: Layer, texts: tuple[str, ...], *, is_whole: bool) -> Iterator[Line]:
    """A RUN of these commands: the user's own where it `is_whole` and has these."""
    if is_whole and texts == tuple(command.text for command in commands(layer)):
        yield Kept(layer.site.step)
    elif texts:
        yield Written(f"RUN{flags_of(layer)} {' && '.join(texts)}")


# --- packages of the system -------------------------------------------------------------------------------------------


def _packages(recipe: Recipe) -> tuple[str, ...] | Refusal:
    """The packages of the system that the image needs: asked for by name, by programs, and by packages of Python."""
    base = recipe.ledger.base
    found = system.runtime_packages(recipe.runs, base)
    if isinstance(found, Refusal):
        return found
    loaded = python_loads.libraries(recipe, base)
    if isinstance(loaded, Refusal):
        return loaded
    names = tuple(dict.fromkeys((*found, *loaded, *recipe.packages_of_programs)))
    if base.os == "debian" and not base.is_suite_named:
        for name in names:
            if not all(debian.package(suite, name) for suite in ("bookworm", "trixie")):
                return Refusal(f"{name} is called otherwise in another release of Debian: name the release in FROM")
    return names
