"""poetry: the packages of a project, without byte code, and the wheels in ~/.cache/pypoetry."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import pip
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, Measured, PackageSet, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("--only", "--with", "--without", "-E", "--extras", "-C", "--directory", "-P", "--project", "--group", "-G"),
    *("--source", "-f", "--format", "-o", "--output"),
)
# What `poetry config` keeps for the installs that follow, by the words behind it.
_SETTINGS: dict[tuple[str, ...], Measured] = {
    words: Measured(f"poetry's setting {words[0]}", "poetry.setting")
    for words in (("virtualenvs.create", "false"), ("virtualenvs.in-project", "true"))
}
_NO_ENVIRONMENT, _IN_PROJECT = _SETTINGS.values()
_ITS_PIP = Measured("pip in poetry's environment", "poetry.venv")
_INSTALLS = frozenset(("install", "sync"))
_WRITES_NOTHING = frozenset(("config", "check", "lock", "version", "show", "env", "about", "help", "export"))


def _effects(call: Call) -> Iterator[Effect]:
    words = tuple(word.text for word in call.operands(*VALUES))
    verb = words[0] if words else ""
    if verb in _INSTALLS:
        yield from _install(call)
    elif verb == "config" and (setting := _SETTINGS.get(words[1:3])):
        yield writes(call.around.resolve("~/.config/pypoetry/config.toml"), setting, call.span)
    elif verb and verb not in _WRITES_NOTHING and verb != "cache":
        yield writes(call.around.folder if verb in ("run", "build") else None, Built(f"poetry {verb}"), call.span)


def _install(call: Call) -> Iterator[Effect]:
    around = call.around
    folder = call.value("-C", "--directory", "-P", "--project") or "."
    options = {
        f"{kind}={name.strip()}"
        for kind in ("only", "with", "without")
        for value in pip.values(call, f"--{kind}")
        for name in value.split(",")
    }
    options |= {f"extra={name}" for value in pip.values(call, "-E", "--extras") for name in value.split()}
    if call.has("--all-extras"):
        options.add("all-extras")
    if call.has("--no-dev"):
        options.add("only=main")
    if not call.has("--compile"):
        options.add("no-compile")
    packages = PackageSet(
        "poetry",
        (),
        pip.project_at(around, folder, "poetry.lock"),
        around.base.suite,
        around.base.libc,
        frozenset(options),
        runtime=pip.runtime(around),
    )
    if around.files.has(packages):
        return  # `poetry install --no-root` has installed them: what is new is the project itself
    place = _place(call, folder)
    yield writes(place, packages, call.span)
    if place not in (None, "/usr/local", pip.environment(call)):
        yield writes(place, _ITS_PIP, call.span)
    cache = around.resolve(around.variables.get("POETRY_CACHE_DIR") or "~/.cache/pypoetry")
    # The virtual environment may lie in the same folder, and is no cache.
    left = Leftover(
        "install-cache",
        "poetry's download cache",
        f"rm -rf {cache}/artifacts {cache}/cache",
        of=packages,
    )
    if cache:
        yield writes(f"{cache}/artifacts", left, call.span)


def _place(call: Call, folder: str) -> str | None:
    around = call.around
    if pip.is_set(around, "POETRY_VIRTUALENVS_IN_PROJECT") or around.files.has(_IN_PROJECT):
        return around.resolve(posixpath.join(folder, ".venv"))
    if environment := pip.environment(call):
        return environment
    created = (around.variables.get("POETRY_VIRTUALENVS_CREATE") or "").lower() not in ("false", "0")
    if not created or around.files.has(_NO_ENVIRONMENT):
        return "/usr/local" if around.base.repository == "python" else None
    return around.resolve(around.variables.get("POETRY_VIRTUALENVS_PATH") or "~/.cache/pypoetry/virtualenvs")


TOOLS = (Tool(("poetry",), _effects),)
