"""Where conda keeps its environments, and which of them is the active one."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Surroundings

ACTIVE = "CONDA_PREFIX"  # the variable that conda itself says it with
# Where images and the usual installers put it.
_USUAL = "/opt/conda"
_PREFIXES = ("MAMBA_ROOT_PREFIX", "CONDA_DIR", "CONDA_ROOT", "CONDA_HOME")
# What tells the shell of its image to activate an environment, and which (mamba-org/micromamba-docker, 2026-11-26).
_ACTIVATES, _NAMED = "MAMBA_DOCKERFILE_ACTIVATE", "ENV_NAME"


def root(around: Surroundings, typed: str = "") -> str | None:
    """Where the program is installed: by its own path, as it is typed, by a variable, by PATH."""
    folder, _, program = typed.rpartition("/")
    for end in ("/bin", "/condabin"):
        if folder.endswith(end) and program != "micromamba":
            return around.resolve(folder.removesuffix(end))
    for name in _PREFIXES:
        if value := around.variables.get(name):
            return around.resolve(value)
    return next(_on_path(around), _USUAL)


def environment(around: Surroundings, name: str | None, typed: str = "") -> str | None:
    """The folder of an environment, by its name or as a path; that of the program itself where none is named."""
    if name and "/" in name:
        return around.resolve(name)
    folder = root(around, typed)
    return posixpath.join(folder, "envs", name) if folder and name and name != "base" else folder


def entered(around: Surroundings, texts: Sequence[str]) -> str | None:
    """The environment that the words `conda run -n web ...` are for."""
    named = value_of(tuple(texts), ("-p", "--prefix", "-n", "--name"))
    return environment(around, named, texts[0]) if named else activated(around) or root(around, texts[0])


def activation(around: Surroundings, texts: Sequence[str]) -> str | None:
    """The environment that the words `activate web` are for, the first as it is typed; `deactivate` goes back."""
    script, *names = texts
    return environment(around, names[0] if names and script != "deactivate" else None, script)


def activated(around: Surroundings) -> str | None:
    """The environment that is activated; None where none is."""
    if found := around.variables.get(ACTIVE):
        return around.resolve(found)
    return environment(around, around.variables.get(_NAMED)) if around.variables.get(_ACTIVATES) == "1" else None


def found_first(around: Surroundings) -> str | None:
    """The environment whose programs are found first; None where it is none of conda's, as far as one can tell."""
    return activated(around) or next(_on_path(around), None)


def _on_path(around: Surroundings) -> Iterator[str]:
    """The folders on PATH that are conda's by their names."""
    paths = (around.variables.get("PATH") or "").split(":")
    folders = (path.removesuffix("/bin") for path in paths if path.endswith("/bin"))
    return (each for each in folders if any(word in each for word in ("conda", "mamba", "forge")))
