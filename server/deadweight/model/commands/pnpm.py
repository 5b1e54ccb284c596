"""pnpm: packages of a project or by name, linked with the copies in its store."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import builds, npm
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, replaces, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-C", "--dir", "-F", "--filter", "--filter-prod", "--store-dir", "--virtual-store-dir", "--registry"),
    *("--reporter", "--loglevel", "--network-concurrency", "--lockfile-dir", "--global-dir"),
)
_LOCK = "pnpm-lock.yaml"
_INSTALLS = frozenset(("install", "i", "fetch", "ci"))
_WRITES_NOTHING = frozenset(
    ("config", "set", "get", "list", "ls", "why", "audit", "outdated", "help", "store", "setup")
)


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    names = tuple(word.pattern for word in operands[1:])
    around = call.around
    if verb in _INSTALLS and not names:
        yield from _install(call)
    elif verb in ("add", "install", "i"):
        packages = PackageSet("pnpm", names, None, around.base.suite, around.base.libc)
        is_global = call.has("-g", "--global")
        yield writes(home(around) if is_global else around.resolve("node_modules"), packages, call.span)
        yield from _left(call, packages)
    elif verb == "prune":
        folder = around.resolve(call.value("-C", "--dir") or ".")
        options = set() if call.has("--prod", "-P") else {"dev"}
        packages = npm.of_project(call, "pnpm", npm.project_at(call, folder, _LOCK), folder, options)
        if path := around.resolve("node_modules"):
            yield replaces(path, packages, call.span)
    elif verb and verb not in _WRITES_NOTHING:
        yield writes(*builds.script(call, [word.pattern for word in operands]), call.span)


def _install(call: Call) -> Iterator[Effect]:
    around = call.around
    folder = around.resolve(call.value("-C", "--dir") or ".")
    options = set() if call.has("-P", "--prod") or not npm.wants_dev(call) else {"dev"}
    if call.has("--frozen-lockfile"):
        options.add("frozen")
    project = npm.project_at(call, folder, _LOCK)
    packages = npm.of_project(call, "pnpm", project, folder, options)
    yield writes(folder and posixpath.join(folder, "node_modules"), packages, call.span)
    # With a lockfile it asks for no document (pnpm 10.34.9, `find ~/.cache/pnpm` after an install, 2026-11-26).
    if npm.is_unlocked(call, project, folder, _LOCK):
        yield from _left(call, packages)


def _left(call: Call, packages: PackageSet) -> Iterator[Effect]:
    """The registry's documents about the packages; the packages themselves are hard links to the store."""
    if folder := call.around.resolve(cache(call.around)):
        left = Leftover("install-cache", "pnpm's cache of the registry", f"rm -rf {folder}", of=packages)
        yield writes(folder, left, call.span)


def cache(around: Surroundings) -> str:
    """Where pnpm keeps what the registry says."""
    return around.cached("pnpm")


def home(around: Surroundings) -> str | None:
    """Where pnpm keeps its store, and what it installs for all projects."""
    return around.resolve(around.variables.get("PNPM_HOME") or "~/.local/share/pnpm")


TOOLS = (Tool(("pnpm",), _effects),)
