"""uv: packages of a project or by name, without byte code, linked with the copies in ~/.cache/uv."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands import pip
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *pip.VALUES,
    *("--cache-dir", "--directory", "--project", "--extra", "--group", "--only-group", "--no-group", "--package"),
    *(
        "--link-mode",
        "--index-strategy",
        "--torch-backend",
        "--no-extra",
        "--no-install-package",
        "--with",
        "--refresh",
    ),
)
_INDEXES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_WRITES_NOTHING = frozenset(("version", "lock", "export", "tree", "help", "self", "auth", "format"))


def _effects(call: Call) -> Iterator[Effect]:
    verbs = [word.text for word in call.operands(*VALUES)]
    match verbs[:2]:
        case ["sync", *_]:
            yield from _sync(call)
        case ["pip", "install" | "sync"]:
            yield from _pip(call, 2)
        case ["pip", "uninstall"]:
            yield removes_packages(PackageSet("pip", tuple(sorted(verbs[2:]))), call.span)
        case ["add", *_]:
            yield from _pip(call, 1)
        case ["tool", "install"]:
            packages = replace(_requested(call, 2), already=())
            yield writes(call.around.resolve("~/.local/share/uv/tools"), packages, call.span)
            yield from _left(call, packages)
        case ["cache", "clean" | "prune"]:
            yield removes(_cache(call), call.span)
        case ["pip", *_] | ["venv", *_] | []:
            return
        case [verb, *_] if verb not in _WRITES_NOTHING and verb != "cache":
            yield writes(call.around.folder if verb in ("run", "build") else None, Built(f"uv {verb}"), call.span)


def _sync(call: Call) -> Iterator[Effect]:
    around = call.around
    folder = call.value("--project", "--directory") or "."
    project = pip.project_at(around, folder, "uv.lock")
    options = {f"extra={each}" for each in pip.values(call, "--extra")}
    options |= {f"with={each}" for each in pip.values(call, "--group")}
    options |= {f"only={each}" for each in pip.values(call, "--only-group")}
    options |= {f"without={each}" for each in pip.values(call, "--no-group")}
    options |= {name for name in ("all-extras", "all-groups") if call.has(f"--{name}")}
    if call.has("--no-dev", "--no-default-groups") or pip.is_set(around, "UV_NO_DEV"):
        options.add("without=dev")
    if call.has("--only-dev"):
        options.add("only=dev")
    if not _compiles(call):
        options.add("no-compile")
    named = around.variables.get("UV_PROJECT_ENVIRONMENT") or posixpath.join(folder, ".venv")
    beside = around.resolve(posixpath.join(folder, "pyproject.toml"))
    packages = PackageSet(
        "uv",
        (),
        project,
        around.base.suite,
        around.base.libc,
        frozenset(options),
        folder=around.files.beside(beside, ".venv") if beside else None,
        runtime=pip.runtime(around),
    )
    if around.files.has(packages):
        return  # `uv sync --no-install-project` has installed them: what is new is the project itself
    yield writes(around.resolve(named), packages, call.span)
    yield from _left(call, packages)


def _pip(call: Call, verbs: int) -> Iterator[Effect]:
    packages = _requested(call, verbs)
    path = pip.place(call) if call.has("--system", "--target", "-t", "--prefix") else pip.environment(call)
    yield writes(path or pip.place(call), packages, call.span)
    yield from _left(call, packages)


def _requested(call: Call, verbs: int) -> PackageSet:
    packages = pip.requested(call, call.operands(*VALUES)[verbs:], indexes(call))
    options = packages.options - {"no-compile"} | (frozenset() if _compiles(call) else {"no-compile"})
    if _torch_backend(call) == "cpu":
        options |= {"cpu"}
    return replace(packages, options=options)


def indexes(call: Call) -> tuple[str, ...]:
    """The indexes that uv is to ask beside PyPI or in its place; a backend for PyTorch stands for one."""
    kept = (call.around.variables.get(name, "") for name in _INDEXES)
    backend = _torch_backend(call)
    return (*pip.indexes_typed(call), *(each or "" for each in kept if each != ""), *((backend,) if backend else ()))


def _torch_backend(call: Call) -> str | None:
    return call.value("--torch-backend") or call.around.variables.get("UV_TORCH_BACKEND")


def _compiles(call: Call) -> bool:
    return call.has("--compile-bytecode", "--compile") or pip.is_set(call.around, "UV_COMPILE_BYTECODE")


def _left(call: Call, packages: PackageSet) -> Iterator[Effect]:
    """What stays in the cache: the packages themselves are hard links to it, unless uv is told to copy."""
    if call.has("--no-cache", "-n", "--no-cache-dir") or pip.is_set(call.around, "UV_NO_CACHE"):
        return
    mode = call.value("--link-mode") or call.around.variables.get("UV_LINK_MODE") or ""
    of = replace(packages, options=packages.options | {"copied" if mode in ("copy", "symlink") else "linked"})
    if mode != "symlink":  # then the cache is what the image needs
        what = "uv's download cache"
        verb = next((word.text for word in call.words if word.text in ("sync", "install", "add")), None)
        yield writes(_cache(call), Leftover("install-cache", what, "uv cache clean", "--no-cache", verb, of), call.span)


def _cache(call: Call) -> str | None:
    return call.around.resolve(call.value("--cache-dir") or cache(call.around))


def cache(around: Surroundings) -> str:
    """Where uv keeps what it downloads."""
    return around.variables.get("UV_CACHE_DIR") or around.cached("uv")


TOOLS = (Tool(("uv",), _effects),)
