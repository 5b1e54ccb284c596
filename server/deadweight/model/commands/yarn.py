"""yarn, the classic one and the newer ones (berry): packages of a project or by name, and the cache of downloads."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands import builds, npm
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, as_text, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect, ProjectTexts

# Options that take the next word along.
VALUES = (
    *("--cwd", "--cache-folder", "--modules-folder", "--registry", "--network-timeout", "--network-concurrency"),
    *("--prefix", "--global-folder", "--mutex", "--mode"),
)
_WRITES_NOTHING = frozenset(
    ("config", "set", "version", "versions", "policies", "info", "list", "why", "audit", "help")
)
_CACHE_FOLDER = re.compile(r"^(?:--install\.)?cache-folder[ \t]+[\"']?([^\s\"']+)", re.MULTILINE)
_SCRIPTS = frozenset(("run", "exec", "node", "dlx", "pack", "build", "start", "test"))


def _effects(call: Call) -> Iterator[Effect]:
    words = [word.pattern for word in call.operands(*VALUES)]
    if call.has("--version", "-v", "--help"):
        return
    around = call.around
    match words:
        case [] | ["install", *_]:
            yield from _install(call)
        case ["workspaces", "focus", *_]:
            yield from _install(call)
        case ["global", "add", *names]:
            packages = PackageSet("yarn", tuple(names), None, around.base.suite, around.base.libc)
            yield writes(_root_or_home(around, "/usr/local/share/.config/yarn", "~/.config/yarn"), packages, call.span)
            yield from _left(call, packages, is_berry=False)
        case ["add", *names]:
            yield from _add(call, tuple(names))
        case ["config", "set", name, value]:
            yield from _set(call, name, value)
        case ["cache", "clean" | "clear", *_]:
            yield removes(_cache(call), call.span)
            yield removes(around.resolve("~/.yarn/berry"), call.span)
        case [verb, *_] if verb not in _WRITES_NOTHING and verb != "cache":
            yield writes(*builds.script(call, words), call.span)


def _install(call: Call) -> Iterator[Effect]:
    around = call.around
    folder = around.resolve(call.value("--cwd") or ".")
    text = around.files.text
    settings = text(posixpath.join(folder, ".yarnrc.yml")) if folder else None
    project = npm.project_at(call, folder, "yarn.lock")
    is_berry = _is_berry(settings, project)
    options = {"dev"} if npm.wants_dev(call) or (is_berry and not call.has("--production")) else set()
    if call.has("--frozen-lockfile", "--immutable", "--pure-lockfile"):
        options.add("frozen")
    links_nothing = _links_nothing(settings, is_berry)
    manager = "yarn pnp" if links_nothing else "yarn berry" if is_berry else "yarn"
    packages = npm.of_project(call, manager, project, folder, options)
    if links_nothing:  # the archives are what node reads
        yield writes(around.resolve("~/.yarn/berry"), packages, call.span)
        return
    yield writes(folder and posixpath.join(folder, "node_modules"), packages, call.span)
    yield from _left(call, packages, is_berry=is_berry)


def _add(call: Call, names: tuple[str, ...]) -> Iterator[Effect]:
    around = call.around
    folder = around.resolve(call.value("--cwd") or ".")
    project = npm.project_at(call, folder, "yarn.lock")
    settings = around.files.text(posixpath.join(folder, ".yarnrc.yml")) if folder else None
    is_berry = _is_berry(settings, project)
    packages = PackageSet("yarn berry" if is_berry else "yarn", names, None, around.base.suite, around.base.libc)
    place = "~/.yarn/berry" if _links_nothing(settings, is_berry) else folder and posixpath.join(folder, "node_modules")
    yield writes(place and around.resolve(place), packages, call.span)
    if not _links_nothing(settings, is_berry):
        yield from _left(call, packages, is_berry=is_berry)


def _is_berry(settings: str | None, project: ProjectTexts | None) -> bool:
    """Whether it is one of the newer ones, by .yarnrc.yml or by the lockfile."""
    lock = (project and project.lock) or ""
    return settings is not None or re.search(r"^__metadata:", lock, re.MULTILINE) is not None


def _links_nothing(settings: str | None, is_berry: bool) -> bool:
    """Whether no node_modules is made: node reads the archives."""
    return is_berry and not re.search(r"^nodeLinker:\s*['\"]?(?:node-modules|pnpm)", settings or "", re.MULTILINE)


def _left(call: Call, packages: PackageSet, *, is_berry: bool) -> Iterator[Effect]:
    cleanup = f"{call.typed} cache clean{' --all' if is_berry else ''}"
    path = call.around.resolve("~/.yarn/berry") if is_berry else _cache(call)
    yield writes(path, Leftover("install-cache", "yarn's download cache", cleanup, of=packages), call.span)


def _set(call: Call, name: str, value: str) -> Iterator[Effect]:
    """`yarn config set`: the classic one writes names with dashes into ~/.yarnrc, the newer ones those in camel case
    beside the project.
    """
    if "-" in name or name == "registry":
        yield writes(call.around.resolve("~/.yarnrc"), as_text(f'{name} "{value}"\n', appends=True), call.span)
    else:
        yield writes(call.around.resolve(".yarnrc.yml"), as_text(f"{name}: {value}\n", appends=True), call.span)


def _cache(call: Call) -> str | None:
    folder = call.value("--cache-folder")
    return call.around.resolve(folder) if folder else cache(call.around)


def cache(around: Surroundings) -> str | None:
    """Where the classic yarn keeps what it downloads."""
    folder = around.variables.get("YARN_CACHE_FOLDER")
    if folder is None:
        paths = (around.resolve(".yarnrc"), around.resolve("~/.yarnrc"))
        texts = around.files.known_texts(tuple([path for path in paths if path]))
        folder = next((match[1] for text in texts if (match := _CACHE_FOLDER.search(text))), None)
    return around.resolve(folder) if folder else _root_or_home(around, "/usr/local/share/.cache/yarn", "~/.cache/yarn")


def _root_or_home(around: Surroundings, of_root: str, of_others: str) -> str | None:
    return of_root if around.home == "/root" else around.resolve(of_others)


TOOLS = (Tool(("yarn", "yarnpkg"), _effects),)
