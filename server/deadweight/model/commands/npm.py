"""npm: packages of a project or by name, and the cache of downloads in ~/.npm."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import node
from deadweight.model.effects import Compiled, Leftover, PackageSet, ProjectTexts, removes, replaces, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Cause, Effect

_INSTALL = frozenset(("install", "i", "add", "in", "isntall"))
_CLEAN_INSTALL = frozenset(("ci", "clean-install", "ic", "install-clean"))
_TSC = re.compile(r"tsc(?: (?:-p|--project|-b|--build)(?: \S+)?)?")
# Options that take the next word along.
VALUES = (
    "--prefix",
    "-C",
    "--omit",
    "--include",
    "--only",
    "--registry",
    "--cache",
    "--loglevel",
    "-w",
    "--workspace",
)


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    cache = around.resolve(call.value("--cache") or around.variables.get("npm_config_cache") or "~/.npm")
    if verb in _INSTALL or verb in _CLEAN_INSTALL:
        packages = _packages(call, verb, tuple(word.plain for word in operands[1:]))
        folder = None if call.has("-g", "--global") else around.resolve(call.value("--prefix", "-C") or ".")
        yield writes(folder and posixpath.join(folder, "node_modules"), packages, call.span)
        left = Leftover("install-cache", "npm's download cache", "npm cache clean --force", of=packages)
        yield writes(cache, left, call.span)
    elif verb == "cache" and len(operands) > 1 and operands[1].text in ("clean", "clear", "rm"):
        # Without --force npm refuses: the cache stays, the command fails.
        if call.has("--force", "-f"):
            yield removes(cache, call.span)
    elif verb == "prune":
        packages = _packages(call, verb, ())
        if folder := around.resolve("node_modules"):
            yield replaces(folder, packages, call.span)
    elif verb in ("run", "run-script", "rum", "urn") and len(operands) > 1:
        yield writes(*_script(call, operands[1].text), call.span)


def _packages(call: Call, verb: str, names: tuple[str, ...]) -> PackageSet:
    around = call.around
    project = None
    if not names and (folder := around.resolve(call.value("--prefix", "-C") or ".")):
        lock = around.files.text(posixpath.join(folder, "npm-shrinkwrap.json"))
        project = ProjectTexts(
            around.files.text(posixpath.join(folder, "package.json")),
            lock or around.files.text(posixpath.join(folder, "package-lock.json")),
        )
    options = {"dev"} if _wants_dev(call) else set()
    if verb in _CLEAN_INSTALL:
        options.add("frozen")
    there = 0
    if verb in _INSTALL and not names and (folder := around.resolve("node_modules")):
        there = around.files.copied_bytes(folder)  # `npm ci` removes it first and writes all of it again
    return PackageSet("npm", names, project, around.base.suite, around.base.libc, frozenset(options), there=there)


def _script(call: Call, name: str) -> tuple[str | None, Cause]:
    """Where a script of package.json writes, and what: a compiler's output, or what the user's own build left."""
    files, folder = call.around.files, call.around.folder
    text = files.text(posixpath.join(folder, "package.json")) if folder else None
    manifest = node.read_manifest(text) if text else None
    if manifest and folder and _TSC.fullmatch(manifest.script(name)):
        sources = files.copied_matching(folder, _is_typescript)
        if sources:
            return folder, Compiled("tsc", sources)
    return builds.output(call, f"npm run {name}", builds.OF_SCRIPTS if "build" in name else ())


def _is_typescript(path: str) -> bool:
    names = path.split("/")
    if "node_modules" in names or {"test", "tests", "__tests__"} & set(names):
        return False
    return path.endswith((".ts", ".tsx", ".mts", ".cts")) and not path.endswith((".d.ts", ".test.ts", ".spec.ts"))


def _wants_dev(call: Call) -> bool:
    if (
        call.has("--production", "--prod")
        or call.value("--omit") == "dev"
        or call.value("--only") in ("prod", "production")
    ):
        return False
    if call.value("--include") == "dev":
        return True
    return call.around.variables.get("NODE_ENV") != "production"


TOOLS = (Tool(("npm",), _effects),)
