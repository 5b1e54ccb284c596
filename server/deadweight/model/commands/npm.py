"""npm: packages of a project or by name, and the cache of downloads in ~/.npm."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import node
from deadweight.model.effects import Compiled, Leftover, PackageSet, ProjectTexts, as_text, removes, replaces, writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Cause, Effect

_INSTALL = frozenset(("install", "i", "add", "in", "isntall"))
_CLEAN_INSTALL = frozenset(("ci", "clean-install", "ic", "install-clean"))
_TSC = re.compile(r"tsc(?: (?:-p|--project|-b|--build)(?: \S+)?)?")
CACHE = "~/.npm"
_SETTINGS_FILES = {"project": ".npmrc", "user": "~/.npmrc", "global": "/usr/local/etc/npmrc"}
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
    "--location",
    "-L",
    "--userconfig",
)


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    cache = around.resolve(call.value("--cache") or _setting(call, "cache") or CACHE)
    if verb in _INSTALL or verb in _CLEAN_INSTALL:
        packages = _packages(call, verb, tuple(word.plain for word in operands[1:]))
        folder = None if call.has("-g", "--global") else around.resolve(call.value("--prefix", "-C") or ".")
        yield writes(folder and posixpath.join(folder, "node_modules"), packages, call.span)
        left = Leftover("install-cache", "npm's download cache", "npm cache clean --force", of=packages)
        yield writes(cache, left, call.span)
    elif verb == "cache" and len(operands) > 1 and operands[1].text in ("clean", "clear", "rm"):
        # Without --force npm refuses, from npm 5 on: the cache stays, the command fails.
        if call.has("--force", "-f") or _is_before_5(call):
            yield removes(cache, call.span)
    elif verb == "prune":
        packages = _packages(call, verb, ())
        if folder := around.resolve("node_modules"):
            yield replaces(folder, packages, call.span)
            if not any(effect.path == folder for effect in around.files.here):
                # What an earlier layer installed stays there; npm writes its records of it again.
                records = replace(packages, options=packages.options | {"records"})
                yield writes(posixpath.join(posixpath.dirname(folder), "package-lock.json"), records, call.span)
    elif verb == "set" or [word.text for word in operands[:2]] in (["config", "set"], ["c", "set"]):
        yield from _set(call, [word.plain for word in operands[1 if verb == "set" else 2 :]])
    elif verb in ("run", "run-script", "rum", "urn") and len(operands) > 1:
        yield writes(*_script(call, operands[1].text), call.span)


def _is_before_5(call: Call) -> bool:
    """Whether the npm of the base image is one that came with Node 7 or earlier."""
    base = call.around.base
    major = base.version.partition(".")[0]
    return base.repository == "node" and major.isdigit() and int(major[:4]) < 8


def _packages(call: Call, verb: str, names: tuple[str, ...]) -> PackageSet:
    around = call.around
    options = {"dev"} if wants_dev(call) else set()
    if verb in _CLEAN_INSTALL:
        options.add("frozen")
    if names:
        if call.has("-g", "--global"):
            options.add("global")
        return PackageSet("npm", names, None, around.base.suite, around.base.libc, frozenset(options))
    folder = around.resolve(call.value("--prefix", "-C") or ".")
    project = project_at(call, folder, "npm-shrinkwrap.json", "package-lock.json")
    packages = of_project(call, "npm", project, folder, options)
    # `npm ci` removes what is there first and writes all of it again.
    return packages if verb in _INSTALL else replace(packages, there=0)


def project_at(call: Call, folder: str | None, *locks: str) -> ProjectTexts | None:
    """The texts of package.json and of the first of these lockfiles in a folder."""
    if folder is None:
        return None
    text = call.around.files.text
    found = (text(posixpath.join(folder, lock)) for lock in locks)
    return ProjectTexts(
        text(posixpath.join(folder, "package.json")), next((each for each in found if each is not None), None)
    )


def is_unlocked(call: Call, project: ProjectTexts | None, folder: str | None, *locks: str) -> bool:
    """Whether surely no lockfile says which packages to fetch, so that the registry is asked about each."""
    if folder is None or project is None or project.manifest is None or project.lock is not None:
        return False
    return not any(call.around.files.held(posixpath.join(folder, lock)) for lock in locks)


def of_project(
    call: Call, manager: str, project: ProjectTexts | None, folder: str | None, options: Iterable[str]
) -> PackageSet:
    """What an install of a project's packages brings, by whatever manager of node_modules."""
    files, base = call.around.files, call.around.base
    there, beside = 0, None
    if folder:
        there = files.copied_bytes(posixpath.join(folder, "node_modules"))
        beside = files.beside(posixpath.join(folder, "package.json"), "node_modules")
    return PackageSet(manager, (), project, base.suite, base.libc, frozenset(options), there=there, folder=beside)


def _set(call: Call, words: list[str]) -> Iterator[Effect]:
    """What `npm config set cache /tmp/npm` and `npm set omit=dev` note."""
    pairs = [each for each in words if "=" in each] or (["=".join(words)] if len(words) == 2 else [])
    kept = call.value("--location", "-L") or ("global" if call.has("--global", "-g") else "user")
    path = call.around.resolve(_SETTINGS_FILES.get(kept, "~/.npmrc"))
    if pairs:
        yield writes(path, as_text("".join(f"{pair}\n" for pair in pairs), appends=True), call.span)


def _setting(call: Call, name: str) -> str | None:
    """The value of one of npm's settings: in the environment, in whatever case, or in a file."""
    variables = call.around.variables
    found = (value for each, value in variables.items() if each.lower() == f"npm_config_{name}")
    if said := next(found, None):
        return said
    lines = (line.partition("=") for each in _settings(call) for line in reversed(each.splitlines()))
    return next((value.strip().strip("\"'") for key, _, value in lines if key.strip() == name), None)


def _settings(call: Call) -> tuple[str, ...]:
    """The texts of npm's settings, the nearest first: those of the project, the user, the whole image."""
    around = call.around
    user = around.variables.get("NPM_CONFIG_USERCONFIG") or _SETTINGS_FILES["user"]
    own = f"{call.value('--prefix', '-C') or '.'}/{_SETTINGS_FILES['project']}"
    paths = map(around.resolve, (own, user, _SETTINGS_FILES["global"]))
    return around.files.known_texts(tuple([path for path in paths if path]))


def _script(call: Call, name: str) -> tuple[str | None, Cause]:
    """Where a script of package.json writes, and what: a compiler's output, or what the user's own build left."""
    files, folder = call.around.files, call.around.folder
    text = files.text(posixpath.join(folder, "package.json")) if folder else None
    manifest = node.read_manifest(text) if text else None
    if manifest and folder and _TSC.fullmatch(manifest.script(name)):
        sources = files.copied_matching(folder, _is_typescript)
        if sources:
            return folder, Compiled("tsc", sources)
    return builds.script(call, ("run", name))


def _is_typescript(path: str) -> bool:
    names = path.split("/")
    if "node_modules" in names or {"test", "tests", "__tests__"} & set(names):
        return False
    return path.endswith((".ts", ".tsx", ".mts", ".cts")) and not path.endswith((".d.ts", ".test.ts", ".spec.ts"))


def wants_dev(call: Call) -> bool:
    """Whether an install brings devDependencies, by its options, NODE_ENV and npm's settings."""
    if "--production=false" in call.options:
        return True
    if call.has("--production", "--prod") or call.value("--only") in ("prod", "production"):
        return False
    if "--omit=dev" in call.options or call.value("--omit") == "dev":
        return False
    if call.value("--include") == "dev":
        return True
    around = call.around
    if around.variables.get("NODE_ENV") == "production":
        return False
    return not node.omits_dev("\n".join(_settings(call)), around.variables)


TOOLS = (Tool(("npm",), _effects),)
