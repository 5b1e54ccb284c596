"""A Node app as its stage shows it: its install, what RUNs are for, whom its files belong to, what is in the way."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.commands import bun, npm, pnpm, yarn
from deadweight.model.ecosystems import node
from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import system
from deadweight.model.multi_stage.plan import Refusal
from deadweight.model.multi_stage.recipe import BUILTINS, LOOKING, brings, commands, owner_of
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.node import Manifest
    from deadweight.model.ecosystems.project import Project
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.recipe import Recipe

_VALUES = {"npm": npm.VALUES, "yarn": yarn.VALUES, "pnpm": pnpm.VALUES, "bun": bun.VALUES}
_INSTALLS = frozenset(("install", "i", "ci", "clean-install", "add", "in", "isntall"))
MANAGERS = frozenset(_VALUES)
# Verbs of package managers that bring nothing which an app needs.
_QUIET = frozenset(("cache", "config", "set", "audit", "prune", "dedupe", "fund", "version", "pkg"))
_ACCOUNTS = frozenset(("adduser", "addgroup", "useradd", "groupadd", "usermod"))
_SETUP = frozenset(("mkdir", "chown", "chmod", "touch", "true", "echo"))
_BUILDS = frozenset(
    ("npx", "node", "tsc", "vite", "webpack", "ng", "next", "nuxt", "nest", "tsup", "esbuild", "rollup", "prisma")
)
_BESIDE = frozenset(("cp", "mv", "sed", "cat", "find", "ln", "tee"))
# Packages that need a browser of their own (their documentation; by hand, 2026-11-26).
_BROWSERS = frozenset(("puppeteer", "playwright", "playwright-core", "@playwright/test", "electron", "cypress"))


class Install(NamedTuple):
    """The install of a project's packages: where it stands, and its call."""

    layer: Layer
    number: int  # among the commands of its RUN
    call: Call


class Locked(NamedTuple):
    """What a lockfile says: whether it settles all that the manifest asks for, what it has for production, and whether
    something comes by git.
    """

    is_settled: bool = False
    names: frozenset[str] = frozenset()
    needs_git: bool = False


@dataclass(frozen=True, eq=False)
class App:
    """All that is known of an app when its RUNs have been read.

    folder, root: where it lies in the image and in the build context
    roles: of each RUN by its number, what its commands are for
    owner: whom its files belong to; '' for root
    """

    recipe: Recipe
    installs: tuple[Install, ...]
    manifest: Manifest
    project: Project
    locked: Locked
    folder: str
    root: str
    roles: dict[int, frozenset[str]]
    owner: str

    @property
    def manager(self) -> str:
        """The package manager that installs: another one may have left its lockfile beside."""
        program = self.install.call.program
        return "yarn berry" if program == "yarn" and self.project.manager == "yarn berry" else program

    @property
    def install(self) -> Install:
        """The install of its own packages."""
        return self.installs[0]

    @cached_property
    def is_install_alone(self) -> bool:
        """Whether the install is a command of its own, in whose place another one can stand."""
        command = commands(self.install.layer)[self.install.number]
        return len(command.calls) == 1 and command.text.split()[:1] == [self.install.call.program]

    def does(self, role: str) -> bool:
        """Whether a command is for this."""
        return any(role in each for each in self.roles.values())

    @cached_property
    def start(self) -> tuple[tuple[str, ...], ...]:
        """The commands that the image starts, with those of the scripts that they name."""
        return _started(self.manifest, "\n".join((self.recipe.start, *self.recipe.scripts.values())))

    @cached_property
    def brings_dev(self) -> bool:
        """Whether the install brings packages for development."""
        return bool(self.manifest.dev_dependencies) and npm.wants_dev(self.install.call)

    @cached_property
    def keeps_dev(self) -> bool:
        """Whether packages for development have to stay: pnpm prunes what prisma generates among its packages."""
        return self.brings_dev and self.manager == "pnpm" and self.depends_on("@prisma/client")

    def depends_on(self, *names: str) -> bool:
        """Whether the app needs one of these packages when it runs."""
        wanted = (*self.manifest.dependencies, *self.manifest.optional_dependencies)
        return any(each.name in names for each in wanted)

    @cached_property
    def brings_lock(self) -> bool:
        """Whether a COPY above the install brings its lockfile, where there is one: `COPY package.json ./` does not."""
        above = (layer for layer in self.recipe.copies if layer.site.step < self.install.layer.site.step)
        return not self.project.lock or any(brings(layer, self.project.lock) for layer in above)

    def is_locked(self) -> bool:
        """Whether its lockfile settles all that its manifest asks for, and lies where the install looks for it."""
        is_used = self.brings_lock and not self.install.call.has("--no-package-lock", "--no-lockfile")
        return self.locked.is_settled and is_used


def read(recipe: Recipe) -> App | Refusal | None:
    """The app of a stage; None where it installs none."""
    installs = tuple(_installs(recipe))
    if not installs:
        return None
    call = installs[0].call
    if call.typed.startswith("npx "):
        return Refusal(f"npx brings {call.program} for one command alone")
    folder = call.around.resolve(call.value("--prefix", "--cwd", "-C", "--dir") or ".")
    if folder is None or recipe.folder is None:
        return Refusal("nobody can tell in which folder the app lies")
    path = recipe.place_of(posixpath.join(folder, "package.json"))
    manifest = _manifest(recipe.context.texts.get(path or "", ""))
    if manifest is None or path is None:
        return Refusal(f"no COPY brings a package.json to {folder}")
    root = posixpath.dirname(path)
    project = recipe.context.asked(_project, root, call.program)
    if project is None:
        return Refusal("its package.json cannot be read")
    roles = {layer.site.step: frozenset[str]().union(*_roles(layer)) for layer in recipe.runs}
    for layer in recipe.runs:
        if "" in roles[layer.site.step]:
            unknown = next(each.typed for each in layer.calls if not role(each))
            return Refusal(f"{unknown} may write what the app needs when it runs")
    if added := _added(recipe, manifest):
        return Refusal(f"a RUN installs {added}, which package.json does not name")
    mixed = (of_command for layer in recipe.runs for of_command in _roles(layer))
    if any("tool" in each and each != {"tool"} for each in mixed):
        return Refusal("a RUN installs a tool and does more, in a script that cannot be taken apart")
    owner = owner_of(recipe, folder)
    if owner is None:
        return Refusal("files of the app belong to several accounts")
    locked = _locked(recipe.context.texts.get(path, ""), recipe.context.texts.get(project.lock, ""))
    return App(recipe, installs, manifest, project, locked, folder, root, roles, owner)


@lru_cache(maxsize=16)  # they stay the same while somebody types into a Dockerfile
def _manifest(text: str) -> Manifest | None:
    return node.read_manifest(text)


@lru_cache(maxsize=16)
def _locked(manifest_text: str, lock_text: str) -> Locked:
    manifest, lock = _manifest(manifest_text), node.read_lock(lock_text) if lock_text else None
    wanted = (*manifest.dependencies, *manifest.optional_dependencies) if manifest else ()
    needs_git = '"git+' in lock_text or any(_OF_GIT.match(each.wanted) for each in wanted)
    if manifest is None or lock is None:
        return Locked(needs_git=needs_git)
    unlocked = node.install_set(manifest, lock, dev=True, libc=None).unlocked
    return Locked(not unlocked, frozenset(each.name for each in lock.packages if not each.dev), needs_git)


_OF_GIT = re.compile(r"git[+:@]|github:|gitlab:|bitbucket:|[\w.-]+/[\w.-]+(?:#.*)?$|https?://\S+\.git\b")
_LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock", "bun.lockb"),
}


def _project(context: BuildContext, root: str, program: str) -> Project | None:
    """The project in a folder of the build context as this package manager sees it: others' lockfiles are none."""
    texts, files = context.texts, context.files
    foreign = {inside(root, name) for manager, names in _LOCKS.items() if manager != program for name in names}
    if foreign.isdisjoint(files):
        return node.recognise(texts, files, root)
    return node.recognise(texts, [path for path in files if path not in foreign], root)


def obstacle(app: App) -> str:
    """Why there can be no plan for an app; '' where nothing stands in the way."""
    recipe, manifest = app.recipe, app.manifest
    if app.folder == "/":
        return "the app lies in the root of the image, among all other files"
    if recipe.ledger.stage.end.variables.get("NODE_ENV") == "development":
        return "NODE_ENV=development says that the image is for development"
    for words in app.start:
        if node.is_development(manifest, words):
            return f"the start command runs {' '.join(words[:3])}, which is for development"
    if unread := next((name for name, text in recipe.scripts.items() if not text and app.brings_dev), ""):
        return f"nobody can tell whether {unread} starts what is for development"
    if browser := next((each.name for each in manifest.dependencies if each.name in _BROWSERS), ""):
        return f"{browser} needs a browser and its libraries beside the packages"
    if app.manager == "yarn berry" and (why := _not_as_before(app)):
        return why
    if manifest.workspaces or app.project.manifests[1:]:
        return "the packages of its workspaces depend on each other"
    if missing := _left_out(app):
        return f"the build runs {missing}, and the install leaves packages for development out"
    if recipe.context.select(inside(app.root, "node_modules")).exists and not app.does("build"):
        return "COPY brings node_modules from the build context: leave it out first"
    return ""


def _not_as_before(app: App) -> str:
    """Why a project of a newer yarn is no folder with node_modules like others; '' where it is one."""
    texts = app.recipe.context.texts
    settings = texts.get(inside(app.root, ".yarnrc.yml"), "")
    if not _LINKS.search(settings):
        return "yarn keeps packages outside of node_modules, or not, as its settings say"
    release = _RELEASE.search(settings)
    version = app.manifest.package_manager.removeprefix("yarn@") or (release[1] if release else "")
    if version.partition(".")[0] in ("", "2", "3"):
        return "yarn below 4 needs a plugin to leave packages for development out"
    if any(words[0] == "yarn" for words in app.start):
        return "yarn starts the app, and reads more than its package.json"
    return ""


_LINKS = re.compile(r"^nodeLinker:\s*['\"]?node-modules", re.MULTILINE)
_RELEASE = re.compile(r"^yarnPath:.*yarn-(\d[\d.]*)\.c?js", re.MULTILINE)


def _left_out(app: App) -> str:
    """A program that the build runs and that only a package for development brings, where the install leaves those out;
    '' for none.
    """
    if npm.wants_dev(app.install.call) or not app.does("build"):
        return ""
    only_dev = {each.name for each in app.manifest.dev_dependencies}
    only_dev -= {each.name for each in (*app.manifest.dependencies, *app.manifest.optional_dependencies)}
    texts = (layer.instruction.arguments.text for layer in app.recipe.runs if layer.site.step in app.roles)
    for words in node.commands(app.manifest, "\n".join(texts)):
        if _BROUGHT_BY.get(words[0], words[0]) in only_dev:
            return words[0]
    return ""


# The packages of programs that are called otherwise (their documentation; by hand, 2026-11-26).
_BROUGHT_BY = {"tsc": "typescript", "nest": "@nestjs/cli", "ng": "@angular/cli", "vue-cli-service": "@vue/cli-service"}


def needs_dev(app: App) -> bool:
    """Whether its install scripts may fail without the packages for development: `"prepare": "husky"`."""
    return node.install_needs_dev(app.manifest)


def production(app: App) -> str:
    """The command that installs what the app needs when it runs, with the options that the user's install has."""
    call = app.install.call
    options = [word.text for word in call.words if word.text.startswith("-") and word.text not in _DEV_OPTIONS]
    if app.manager == "npm":
        verb, flag = ("ci" if app.is_locked() else "install"), _omit(app)
    elif app.manager == "pnpm":
        verb, flag = "install", "--prod"
    elif app.manager == "yarn berry":
        return "yarn workspaces focus --production"
    else:
        verb, flag = "install", "--production"
    return " ".join(dict.fromkeys((app.manager, verb, *options, flag)))


def pruning(app: App) -> str:
    """The command that takes away what only a build needs; '' where the install has left that out."""
    if not app.brings_dev or app.keeps_dev:
        return ""
    if app.manager == "npm":
        legacy = [each for each in ("--legacy-peer-deps", "--force") if app.install.call.has(each)]
        return " ".join(("npm prune", *legacy, _omit(app)))
    if app.manager == "pnpm":
        return "CI=true pnpm prune --prod"  # without CI it asks before it removes anything
    if app.manager == "bun":
        return f"rm -rf node_modules && {production(app)}"
    return production(app) if app.manager == "yarn berry" else f"{production(app)} --ignore-scripts --prefer-offline"


_DEV_OPTIONS = frozenset(("--include=dev", "--also=dev", "--production=false", "--omit=dev", "--production", "--prod"))
_OLD_NODE = ("0", "4", "6", "8", "10", "11", "12", "13", "14")  # their npm takes no notice of --omit


def _omit(app: App) -> str:
    major = app.recipe.ledger.base.version.partition(".")[0]
    return "--production" if major in _OLD_NODE else "--omit=dev"


@remembered
def _roles(layer: Layer) -> tuple[frozenset[str], ...]:
    """What each command of a RUN is for."""
    return tuple([frozenset(map(role, command.calls)) for command in commands(layer)])


@lru_cache(maxsize=16)
def _started(manifest: Manifest, text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(node.commands(manifest, text))


def _added(recipe: Recipe, manifest: Manifest) -> str:
    """A package that a RUN installs by its name and package.json does not ask for; '' for none: packages for
    development have done their work when the build is over.
    """
    named = {each.name for each in (*manifest.dependencies, *manifest.optional_dependencies)}
    for layer in recipe.runs:
        for call in layer.calls:
            is_dev = call.has("-g", "--global", "-D", "--save-dev", "--dev")
            operands = _operands(call) if call.program in MANAGERS and not is_dev else ()
            for name in operands[1:] if operands[:1] and operands[0] in _INSTALLS else ():
                if (bare := name[:1] + name[1:].partition("@")[0]) not in named:
                    return bare
    return ""


def _installs(recipe: Recipe) -> Iterator[Install]:
    for layer in recipe.runs:
        for number, roles in enumerate(_roles(layer)):
            if "install" in roles:
                found = (call for call in commands(layer)[number].calls if _is_install(call))
                yield from (Install(layer, number, call) for call in found)


def _is_install(call: Call) -> bool:
    if call.program not in MANAGERS or call.has("-g", "--global", "--version", "-v"):
        return False
    operands = _operands(call)
    return operands[0] in _INSTALLS and len(operands) == 1 if operands else call.program == "yarn"


def _operands(call: Call) -> tuple[str, ...]:
    return tuple(word.pattern for word in call.operands(*_VALUES.get(call.program, ())))


def role(call: Call) -> str:
    """What a command is for: install, manager, tool, build, system, account, setup, beside, quiet; '' for who knows.

    "beside": it writes a file that the app may need, wherever that is.
    """
    program = call.program
    if call.has("--version", "-v") and len(call.words) == 1:
        return "quiet"
    if program in MANAGERS:
        operands = _operands(call)
        if _is_install(call):
            return "install"
        if call.has("-g", "--global") or operands[:1] == ("global",):
            names = {each.partition("@")[0] for each in operands[1:]}
            return "manager" if names <= {*MANAGERS, "", "node-gyp"} else "tool"
        return "quiet" if operands[:1] and operands[0] in _QUIET else "build"
    if program == "corepack":
        return "manager"
    if program in _BUILDS or "node_modules/.bin/" in call.typed:
        return "build"
    if program in system.PROGRAMS:
        return "system"
    if program in _ACCOUNTS:
        return "account"
    if program in _SETUP and not call.placed.command.redirects:
        return "setup"
    if program in _BESIDE or program == "echo":
        return "beside"
    return "quiet" if program in {"rm"} | LOOKING | BUILTINS else ""
