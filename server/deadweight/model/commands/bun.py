"""bun: packages of a project or by name, linked with the copies in ~/.bun/install/cache."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import builds, npm
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = ("--cwd", "--backend", "--cache-dir", "--registry", "--omit", "--filter", "-c", "--config")


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    names = tuple(word.pattern for word in operands[1:])
    around = call.around
    if verb in ("install", "i", "ci") and not names:
        folder = around.resolve(call.value("--cwd") or ".")
        options = {"dev"} if npm.wants_dev(call) and not call.has("-p") else set()
        if verb == "ci" or call.has("--frozen-lockfile"):
            options.add("frozen")
        project = npm.project_at(call, folder, "bun.lock")
        packages = npm.of_project(call, "bun", project, folder, options)
        yield writes(folder and posixpath.join(folder, "node_modules"), packages, call.span)
        # With a lockfile it keeps no document (bun 1.2.23, `ls ~/.bun/install/cache/*.npm` after one, 2026-11-26).
        if npm.is_unlocked(call, project, folder, "bun.lock", "bun.lockb"):
            yield from _left(call, packages)
    elif verb in ("add", "a", "install", "i"):
        packages = PackageSet("bun", names, None, around.base.suite, around.base.libc)
        yield writes(around.resolve("~/.bun" if call.has("-g", "--global") else "node_modules"), packages, call.span)
        yield from _left(call, packages)
    elif [word.pattern for word in operands[:3]] == ["pm", "cache", "rm"]:
        yield removes(_cache(call), call.span)
    elif verb and verb not in ("pm", "upgrade"):
        yield writes(*builds.script(call, [word.pattern for word in operands]), call.span)


def _left(call: Call, packages: PackageSet) -> Iterator[Effect]:
    """The registry's documents about the packages; the packages themselves are hard links to the cache."""
    left = Leftover("install-cache", "bun's cache of the registry", "bun pm cache rm", of=packages)
    yield writes(_cache(call), left, call.span)


def _cache(call: Call) -> str | None:
    return call.around.resolve(call.value("--cache-dir") or cache(call.around))


def cache(around: Surroundings) -> str:
    """Where bun keeps what it downloads."""
    return around.variables.get("BUN_INSTALL_CACHE_DIR") or "~/.bun/install/cache"


TOOLS = (Tool(("bun",), _effects),)
