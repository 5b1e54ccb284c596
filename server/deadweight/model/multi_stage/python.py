"""Python apps: packages go over in a virtual environment, which is made where there is none."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from deadweight.model.commands import pip, poetry, uv
from deadweight.model.commands.interpreters import is_python
from deadweight.model.ecosystems import python
from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import Copied, PackageSet, is_under
from deadweight.model.multi_stage import interpreted, python_loads
from deadweight.model.multi_stage.interpreted import Installed
from deadweight.model.multi_stage.plan import Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import brings_more_than, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.interpreted import Run
    from deadweight.model.multi_stage.recipe import Recipe

_VENV = "/opt/venv"
_SYSTEM = "/usr/local"  # where the official images keep Python and its packages
_MADE = (Written(f"RUN python -m venv {_VENV}"), Written(f"ENV VIRTUAL_ENV={_VENV} PATH={_VENV}/bin:$PATH"))
_VALUES = {"pip": pip.VALUES, "uv": uv.VALUES, "poetry": poetry.VALUES, "pipenv": ()}
_TOOLS = frozenset(("pip", "setuptools", "wheel", "poetry", "uv", "pipenv", "build", "virtualenv", "pip-tools"))
_QUIET = frozenset(("config", "cache", "lock", "export", "self", "show", "list", "check", "freeze", ""))
_OF_PACKAGES = frozenset(("django-admin", "flask", "alembic", "pybabel"))  # programs that packages bring
_RUNNERS = (["uv", "run"], ["poetry", "run"], ["pipenv", "run"])


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Python needs; None for one that installs no packages of Python."""
    effects = list(_effects(recipe))
    if not effects:
        return None
    place = _environment_of(effects)
    if isinstance(place, Refusal):
        return place
    runs = interpreted.read(recipe, _role, _in_environment)
    if isinstance(runs, Refusal):
        return runs
    if not any(run.install for run in runs):
        return None
    if reason := interpreted.obstacle(recipe, runs) or _obstacle(recipe, effects):
        return Refusal(reason)
    loaded = python_loads.libraries(recipe, recipe.ledger.base)
    packages = loaded if isinstance(loaded, Refusal) else interpreted.packages_of(recipe, loaded)
    if isinstance(packages, Refusal):
        return packages
    command = _unwrapped(recipe)
    found = Installed((_VENV,), prepared=_MADE) if place == _SYSTEM else Installed(inside=(place,))
    return interpreted.needs(
        recipe,
        runs,
        found,
        packages,
        manifests=lambda layer: _manifests_of(recipe, layer, runs),
        environment=(f"PATH={(*found.places, *found.inside)[0]}/bin:$PATH",) if command or found.prepared else (),
        known=(layer.site.step for layer in recipe.copies if _brings_uv(layer)),
        image_also={interpreted.number_of(recipe, "CMD"): (Written(command),)} if command else {},
    )


def _effects(recipe: Recipe) -> Iterator[Effect]:
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


def _role(call: Call) -> str:
    """What a call is for: install, tool, image; '' for who knows."""
    program = plain(call.program)
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
    return "image" if program in _OF_PACKAGES or is_python(posixpath.basename(call.typed)) else ""


def _in_environment(text: str) -> str:
    """A command that installs as it is where there is an environment: `--system` says that there is none."""
    return text.replace(" --system", "") if text.startswith(("uv ", "pipenv ")) else text


def _obstacle(recipe: Recipe, installed: list[Effect]) -> str:
    """Why there can be no plan; '' where nothing stands in the way."""
    if recipe.ledger.base.version.partition(".")[0] == "2":
        return "Python 2 makes no virtual environments"
    if path := next((each.path for each in installed if each.path and recipe.place_of(each.path)), ""):
        return f"COPY brings {path} from the build context: leave it out first"
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
    words = [word.value or "" for word in command.words] if command.array else _split(command.arguments.text)
    if words[:2] not in _RUNNERS or len(words) < 3 or words[2].startswith("-"):
        return ""
    if command.array is None:
        return f"CMD {command.arguments.text.split(None, 2)[2]}"
    rest = command.text[command.array[2].span.start : command.array[-1].span.end]
    return f"CMD [{rest}]"


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote without an end
        return []


def _brings_uv(layer: Layer) -> bool:
    return (layer.instruction.flag("from") or "").startswith("ghcr.io/astral-sh/uv")


def _manifests_of(recipe: Recipe, layer: Layer, runs: list[Run]) -> str:
    """The COPY of what installs read, in place of one that brings all sources; '' where they may read more."""
    cause, installs = layer.kept[0].cause, [run for run in runs if run.install]
    root = cause.root if isinstance(cause, Copied) else None
    if root is None or any(
        _is_local(call) for run in installs for call in run.layer.calls if plain(call.program) in _VALUES
    ):
        return ""
    project = python.recognise(recipe.context.texts, recipe.context.files, root)
    if project is None or project.needs_sources or not brings_more_than(layer, project.install_files):
        return ""
    calls = [call for run in installs for call in run.layer.calls if plain(call.program) in _VALUES]
    named = {name for call in calls for name in pip.values(call, "-r", "--requirement")}
    if any(name.startswith("/") for name in named):
        return ""
    paths = [inside(root, name.removeprefix("./")) for name in named]
    files = dict.fromkeys((*project.install_files, *paths))
    return interpreted.copy_of(layer, files, root, recipe.context.files)


def _is_local(call: Call) -> bool:
    operands = [word.pattern for word in call.operands(*_VALUES.get(plain(call.program), ()))]
    return call.has("-e", "--editable") or any(each.startswith(".") for each in operands[1:])
