"""poetry: the packages of a project, without byte code, and the wheels in ~/.cache/pypoetry."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands import ini, pip
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, Measured, PackageSet, as_text, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("--only", "--with", "--without", "-E", "--extras", "-C", "--directory", "-P", "--project", "--group", "-G"),
    *("--source", "-f", "--format", "-o", "--output"),
)
# Where `poetry config --local` and `poetry config` keep what they are told.
_OWN_SETTINGS, _SETTINGS = "poetry.toml", "~/.config/pypoetry/config.toml"
_ITS_PIP = Measured("pip in poetry's environment", "poetry.venv")
_INSTALLS = frozenset(("install", "sync"))
_WRITES_NOTHING = frozenset(("config", "check", "lock", "version", "show", "env", "about", "help", "export"))


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    words = tuple(word.text for word in operands)
    verb = words[0] if words else ""
    if verb in _INSTALLS:
        yield from _install(call)
    elif verb == "add":
        packages = pip.requested(call, operands[1:], pip.indexes_typed(call))
        packages = replace(packages, options=packages.options | {"no-compile"})
        yield from _installed(call, packages, _place(call, call.value("-C", "--directory", "-P", "--project") or "."))
    elif verb == "config" and len(words) == 3:
        section, _, name = words[1].rpartition(".")
        path = call.around.resolve(_OWN_SETTINGS if call.has("--local") else _SETTINGS)
        yield writes(path, as_text(f"[{section}]\n{name} = {words[2]}\n", appends=True), call.span)
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
    yield from _installed(call, packages, _place(call, folder))


def _installed(call: Call, packages: PackageSet, place: str | None) -> Iterator[Effect]:
    yield writes(place, packages, call.span)
    if place not in (None, "/usr/local", pip.environment(call)):
        yield writes(place, _ITS_PIP, call.span)
    kept = call.around.resolve(cache(call.around))
    # The virtual environment may lie in the same folder, and is no cache.
    left = Leftover(
        "install-cache",
        "poetry's download cache",
        f"rm -rf {kept}/artifacts {kept}/cache",
        of=packages,
    )
    if kept:
        yield writes(f"{kept}/artifacts", left, call.span)


def cache(around: Surroundings) -> str:
    """Where poetry keeps what it downloads, and perhaps its virtual environments."""
    return around.variables.get("POETRY_CACHE_DIR") or around.cached("pypoetry")


def _place(call: Call, folder: str) -> str | None:
    around = call.around
    paths = (around.resolve(posixpath.join(folder, _OWN_SETTINGS)), around.resolve(_SETTINGS))
    texts = around.files.known_texts(tuple([path for path in paths if path]))

    def setting(name: str) -> str:
        """The value of one of poetry's settings about environments; '' where it has none."""
        if said := around.variables.get(f"POETRY_VIRTUALENVS_{name.upper().replace('-', '_')}"):
            return said.lower()
        return next((found.lower() for text in texts if (found := ini.value(text, name, "virtualenvs"))), "")

    if setting("in-project") in ("true", "1"):
        return around.resolve(posixpath.join(folder, ".venv"))
    if environment := pip.environment(call):
        return environment
    if setting("create") in ("false", "0"):
        return "/usr/local" if around.base.repository == "python" else None
    return around.resolve(around.variables.get("POETRY_VIRTUALENVS_PATH") or "~/.cache/pypoetry/virtualenvs")


TOOLS = (Tool(("poetry",), _effects),)
