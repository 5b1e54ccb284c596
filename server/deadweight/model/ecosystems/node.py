"""Node projects from the texts of their files: package.json, and what an install reads and writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.lenient import as_object, as_string, as_strings, json_object
from deadweight.model.ecosystems.node_locks import Lock, read_lock
from deadweight.model.ecosystems.node_versions import satisfies
from deadweight.model.ecosystems.project import Project, inside
from deadweight.syntax import shell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from deadweight.model.ecosystems.node_locks import LockedPackage

__all__ = [
    "Dependency",
    "InstallSet",
    "Lock",
    "Manifest",
    "commands",
    "install_needs_dev",
    "install_set",
    "is_development",
    "omits_dev",
    "read_lock",
    "read_manifest",
    "recognise",
    "runs_on",
    "satisfies",
]


@dataclass(frozen=True, slots=True)
class Dependency:
    """One line of package.json: `"express": "^5.1.0"`."""

    name: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What package.json says. Everything that it does not say is empty."""

    name: str = ""
    dependencies: tuple[Dependency, ...] = ()
    dev_dependencies: tuple[Dependency, ...] = ()
    optional_dependencies: tuple[Dependency, ...] = ()
    scripts: tuple[tuple[str, str], ...] = ()
    node: str = ""  # engines.node
    package_manager: str = ""  # "pnpm@9.1.0"
    workspaces: tuple[str, ...] = ()  # patterns: "packages/*"
    main: str = ""  # what `node .` starts

    def script(self, name: str) -> str:
        """The command of a script, or ''."""
        return dict(self.scripts).get(name, "")


@dataclass(frozen=True, slots=True)
class InstallSet:
    """What an install writes: packages at locked versions, and dependencies that the lockfile does not settle."""

    locked: tuple[LockedPackage, ...]
    unlocked: tuple[Dependency, ...]


def read_manifest(text: str) -> Manifest | None:
    """The manifest in the text of a package.json, or None for a text that is none."""
    data = json_object(text)
    if data is None:
        return None
    workspaces = data.get("workspaces")
    if isinstance(workspaces, dict):  # yarn's older form: {"packages": [...], "nohoist": [...]}
        workspaces = workspaces.get("packages")
    return Manifest(
        name=as_string(data.get("name")),
        dependencies=_dependencies(data.get("dependencies")),
        dev_dependencies=_dependencies(data.get("devDependencies")),
        optional_dependencies=_dependencies(data.get("optionalDependencies")),
        scripts=tuple((each.name, each.wanted) for each in _dependencies(data.get("scripts"))),
        node=as_string(as_object(data.get("engines")).get("node")),
        package_manager=as_string(data.get("packageManager")),
        workspaces=as_strings(workspaces),
        main=as_string(data.get("main")),
    )


def install_set(manifest: Manifest, lock: Lock | None, *, dev: bool, libc: str | None) -> InstallSet:
    """What `npm install` writes for a manifest (`dev` False: with --omit=dev) on linux/amd64.

    A manifest edited after its lockfile wins, as in `npm install`: what it no longer asks for goes, with all that
    only this needed; what it newly asks for comes back as `unlocked`. `libc` is "glibc", "musl" or None for unknown.
    """
    production = (*manifest.dependencies, *manifest.optional_dependencies)
    asked = (*production, *manifest.dev_dependencies) if dev else production
    if lock is None:
        return InstallSet((), asked)
    graph = _Graph(lock)
    unlocked = tuple(each for each in asked if not graph.settles(each))
    stale = {each.name for each in unlocked}
    wanted = graph.reachable(each.name for each in asked if each.name not in stale)
    was_wanted = graph.reachable(lock.roots)
    in_production = wanted if not dev else frozenset[int]()
    every_root = {each.name for each in (*production, *manifest.dev_dependencies)} - stale
    gone = was_wanted - graph.reachable(every_root) if lock.roots else frozenset[int]()
    tells_dev = any(package.dev is not None for package in lock.packages)
    locked = tuple(
        package
        for index, package in enumerate(lock.packages)
        if not package.link
        and not package.bundled
        and runs_on(package, libc)
        and index not in gone
        and (dev or index in in_production or (tells_dev and not package.dev))
    )
    return InstallSet(locked, unlocked)


def runs_on(package: LockedPackage, libc: str | None) -> bool:
    """Whether npm installs the package on linux/amd64; an unknown `libc` (None) is taken as glibc."""
    if not package.path:
        # The lockfiles of yarn and bun say less than that of npm, but names do: @img/sharp-linuxmusl-x64, fsevents.
        unwanted = _OF_GLIBC if libc == "musl" else _OF_MUSL
        if _FOREIGN.search(package.name) or (not package.libc and unwanted.search(package.name)):
            return False
    return (
        _matches("linux", package.os)
        and _matches("x64", package.cpu)
        and _matches("musl" if libc == "musl" else "glibc", package.libc)
    )


# In the name of a package for one system: another one than linux/amd64, or a C library.
_PROCESSOR = r"(?:arm|arm64|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64|x86)"
_FOREIGN = re.compile(
    rf"^fsevents$|(?:^|[-/])(?:android|darwin|freebsd|netbsd|openbsd|openharmony|sunos|win32|windows)-{_PROCESSOR}(?:-|$)"
    r"|(?:^|[-/])linux(?:musl)?-(?!x64)" + _PROCESSOR + r"(?:-|$)"
)
_OF_GLIBC = re.compile(r"[-/]linux-x64-(?:gnu|glibc)$")
_OF_MUSL = re.compile(r"[-/](?:linuxmusl-x64|linux-x64-musl|linux-musl)$")


def recognise(texts: Mapping[str, str], paths: Collection[str], folder: str = "", called: str = "") -> Project | None:
    """The Node project in `folder` of a build context, or None where it has no readable package.json.

    `paths` are all files of the context, `texts` the texts of those that were read (manifests, lockfiles, settings);
    `called` is the manager that a command line calls, whatever the files would say.
    """
    manifest_path = inside(folder, "package.json")
    manifest = read_manifest(texts.get(manifest_path, ""))
    if manifest is None:
        return None
    present = paths if isinstance(paths, (Set, Mapping)) else frozenset(paths)
    manager, lock = _manager(manifest, texts, present, folder, called)
    members = tuple(_workspace_manifests(manifest, texts, present, folder))
    files = [manifest_path, lock, *(inside(folder, name) for name in _SETTINGS[manager]), *members]
    if manager == "yarn berry":
        own = tuple(inside(folder, f".yarn/{kind}/") for kind in ("releases", "plugins", "patches", "cache"))
        files += sorted(path for path in present if path.startswith(own))
    said = (texts.get(manifest_path, ""), texts.get(inside(folder, "pnpm-workspace.yaml"), ""))
    files += [inside(folder, match[0].removeprefix("./")) for text in said for match in _PATCH.finditer(text)]
    needs_sources = ""
    for path in (manifest_path, *members):
        read = manifest if path == manifest_path else read_manifest(texts.get(path, ""))
        if read is None:
            continue
        home = path.rpartition("/")[0]
        files += _files_of_known_scripts(read, present, home)
        needs_sources = needs_sources or _why_sources(read)
    install_files = tuple(dict.fromkeys(path for path in files if (path and path in present) or path == manifest_path))
    return Project("node", manager, folder, (manifest_path, *members), lock, install_files, needs_sources)


def commands(manifest: Manifest, text: str) -> Iterator[tuple[str, ...]]:
    """The commands that a shell runs for `text`, as words: `npm start`, and what the script start calls."""
    waiting, seen = [text], set[str]()
    while waiting:
        for placed in shell.commands(shell.parse(waiting.pop())):
            command = placed.command
            if nested := shell.nested(command):
                waiting.append(nested.text)
            words = tuple(word.text if word.value is None else word.value for word in command.words)
            if not words:
                continue
            yield words
            name = _script_called(words)
            scripts = [each for each in (f"pre{name}", name, f"post{name}") if name and each not in seen]
            seen.update(scripts)
            waiting += [manifest.script(each) for each in scripts]


def is_development(manifest: Manifest, words: tuple[str, ...]) -> bool:
    """Whether a command is for developers, such as a watcher or a test run, or uses a package of devDependencies.

    `npm run start:dev`, `next dev`, `nodemon server.js`, `node -r dotenv/config app.js` where dotenv is one of them.
    """
    if _DEVELOPMENT.intersection(re.split(r"[:._-]", _script_called(words))):
        return True
    if words[1:2] in (("dev",), ("develop",)) or not _WATCHING.isdisjoint(words):
        return True
    tools = _TOOLS.union(each.name for each in manifest.dev_dependencies)
    tools -= {each.name for each in manifest.dependencies} & _INTERPRETERS
    named = {match[1] for word in words if (match := _PACKAGE.match(word))}
    return not tools.isdisjoint((*named, words[0].rpartition("/")[2]))


def install_needs_dev(manifest: Manifest) -> bool:
    """Whether the project's install scripts may fail without devDependencies: `"prepare": "husky"`."""
    brought = {each.name for each in (*manifest.dependencies, *manifest.optional_dependencies)}
    for _, text in _lifecycle(manifest):
        if _NEVER_FAILS.search(text):
            continue
        for words in commands(manifest, text):
            program = next((word for word in words if word != "npx" and not word.startswith("-")), "")
            if program not in brought and program not in _PLAIN and not manifest.script(_script_called(words)):
                return True
    return False


def omits_dev(npmrc: str, variables: Mapping[str, str | None]) -> bool:
    """Whether npm's settings leave devDependencies out: `omit=dev` in .npmrc, `NPM_CONFIG_PRODUCTION=true`."""
    named = ((name.lower().partition("npm_config_"), value) for name, value in variables.items())
    settings = [f"{name}={value}" for (before, found, name), value in named if found and not before]
    return any(_OMITS_DEV.search(text) for text in (npmrc, *settings))


def _dependencies(value: object) -> tuple[Dependency, ...]:
    return tuple(Dependency(name, wanted) for name, wanted in as_object(value).items() if isinstance(wanted, str))


# --- what an install writes -------------------------------------------------------------------------------------------


class _Graph:
    """Who needs whom in a lockfile. Packages go by their index: several may have one name and version."""

    __slots__ = ("by_name", "by_path", "packages")

    def __init__(self, lock: Lock) -> None:
        self.packages = lock.packages
        self.by_path = {package.path: index for index, package in enumerate(lock.packages) if package.path}
        self.by_name: dict[str, list[int]] = {}
        for index, package in enumerate(lock.packages):
            self.by_name.setdefault(package.name, []).append(index)

    def settles(self, dependency: Dependency) -> bool:
        """Whether the lockfile has a package for the dependency whose version is not plainly out of its range."""
        wanted = dependency.wanted
        if alias := re.fullmatch(r"npm:(@?[^@]+)(?:@(.+))?", wanted):
            wanted = alias[2] or "*"
        return any(
            self.packages[each].link or satisfies(self.packages[each].version, wanted) is not False
            for each in self._found("", dependency.name)
        )

    def reachable(self, names: Iterable[str]) -> frozenset[int]:
        """All packages that installing `names` into the project's own folder brings along."""
        waiting = [each for name in names for each in self._found("", name)]
        seen: set[int] = set()
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            package = self.packages[index]
            waiting += [each for name in package.depends for each in self._found(package.path, name)]
        return frozenset(seen)

    def _found(self, path: str, name: str) -> list[int]:
        """Where Node finds `name` from the package at `path`: in its own node_modules, else in those above."""
        if not self.by_path:
            return self.by_name.get(name, [])
        while path:
            if (index := self.by_path.get(f"{path}/node_modules/{name}")) is not None:
                return [index]
            path = path.rpartition("/node_modules/")[0]
        index = self.by_path.get(f"node_modules/{name}")
        return [] if index is None else [index]


def _matches(platform: str, allowed: tuple[str, ...]) -> bool:
    """`["linux", "darwin"]` allows linux; `["!win32"]` allows all but Windows; an empty list allows all."""
    if f"!{platform}" in allowed:
        return False
    wanted = [each for each in allowed if not each.startswith("!")]
    return not wanted or platform in wanted


# --- what an install reads --------------------------------------------------------------------------------------------

_SETTINGS: dict[str, tuple[str, ...]] = {
    "npm": (".npmrc",),
    "yarn": (".npmrc", ".yarnrc"),
    "yarn berry": (".npmrc", ".yarnrc.yml", ".pnp.cjs"),
    "pnpm": (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
    "bun": (".npmrc", "bunfig.toml"),
}

_PATCH = re.compile(r"[\w./@+~-]+\.patch")  # what pnpm's and bun's patchedDependencies name

_LOCKS = (
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
)


def _manager(
    manifest: Manifest, texts: Mapping[str, str], present: Collection[str], folder: str, called: str
) -> tuple[str, str]:
    """The package manager and its lockfile ('' for none). `"packageManager": "yarn@4.1.0"` wins over other files."""
    declared, _, version = manifest.package_manager.partition("@")
    found = [(inside(folder, name), manager) for name, manager in _LOCKS if inside(folder, name) in present]
    manager = declared if declared in ("npm", "yarn", "pnpm", "bun") else (found[0][1] if found else "npm")
    manager = called or manager
    lock = next((path for path, owner in found if owner == manager), "")
    if manager == "yarn" and (
        re.match(r"[2-9]", version)
        or inside(folder, ".yarnrc.yml") in present
        or re.search(r"^__metadata:", texts.get(lock, ""), re.MULTILINE)
    ):
        manager = "yarn berry"
    return manager, lock


def _workspace_manifests(
    manifest: Manifest, texts: Mapping[str, str], present: Collection[str], folder: str
) -> Iterator[str]:
    patterns = manifest.workspaces or _pnpm_workspaces(texts.get(inside(folder, "pnpm-workspace.yaml"), ""))
    if not patterns:
        return
    wanted = [_pattern(inside(folder, each.removeprefix("./").rstrip("/"))) for each in patterns if each[:1] != "!"]
    unwanted = [
        _pattern(inside(folder, each[1:].removeprefix("./").rstrip("/"))) for each in patterns if each[:1] == "!"
    ]
    for path in sorted(present):
        home, _, name = path.rpartition("/")
        if name != "package.json" or home == folder or "node_modules" in path:
            continue
        if any(each.fullmatch(home) for each in wanted) and not any(each.fullmatch(home) for each in unwanted):
            yield path


def _pnpm_workspaces(text: str) -> tuple[str, ...]:
    patterns: list[str] = []
    inside_packages = False
    for line in text.splitlines():
        if line[:1] not in ("", " ", "\t", "#", "-"):
            inside_packages = line.strip() == "packages:"
        elif inside_packages and (item := line.strip()).startswith("-"):
            patterns.append(item[1:].partition(" #")[0].strip(" \t'\""))
    return tuple(patterns)


def _pattern(glob: str) -> re.Pattern[str]:
    """`packages/*` and `apps/**` as an expression for a folder. A pattern of many stars matches nothing."""
    if glob.count("*") > 8 or len(glob) > 500:
        return re.compile(r"(?!)")
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", glob)))


# Scripts that npm runs at the end of an install in the project's own folder.
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")

# Commands that do no harm without sources, and the files they do read.
_KNOWN_SCRIPTS = (
    (r"(?:is-ci \|\| )?husky(?: install)?(?: \|\| (?:true|exit 0|:))?", ()),
    (r"(?:npx )?patch-package", ("patches/",)),
    (r"(?:npx )?prisma generate", ("prisma/schema.prisma", "schema.prisma")),
    (r"(?:npx )?only-allow \w+", ()),
)


def _lifecycle(manifest: Manifest) -> Iterator[tuple[str, str]]:
    return ((name, command.strip()) for name, command in manifest.scripts if name in _LIFECYCLE)


def _files_of_known_scripts(manifest: Manifest, present: Collection[str], home: str) -> list[str]:
    read = [
        inside(home, file)
        for _, command in _lifecycle(manifest)
        for known, files in _KNOWN_SCRIPTS
        if re.fullmatch(known, command)
        for file in files
    ]
    found = [path for path in read if path in present]
    if folders := tuple(each for each in read if each.endswith("/")):
        found += [path for path in present if path.startswith(folders)]
    return sorted(found)


def _why_sources(manifest: Manifest) -> str:
    for name, command in _lifecycle(manifest):
        if command and not any(re.fullmatch(known, command) for known, _ in _KNOWN_SCRIPTS):
            return f"the script {name} runs {command[:60]}"
    for each in (*manifest.dependencies, *manifest.dev_dependencies, *manifest.optional_dependencies):
        if each.wanted.startswith(("file:", "link:", "portal:", "./", "../", "/", "~/")):
            return f"{each.name} comes from {each.wanted[:60]}"
    return ""


# --- what a script calls ----------------------------------------------------------------------------------------------

_RUN = frozenset(("run", "run-script", "rum", "urn"))
_SHORT = {"t": "test", "tst": "test"}
_NPM_SCRIPTS = frozenset(("start", "test", "stop", "restart"))  # those that npm takes without `run`
# Parts of the names of scripts that are for developers: `start:dev`, `test-unit`, `watch`.
_DEVELOPMENT = frozenset(("dev", "develop", "development", "test", "tests", "watch", "debug", "lint", "storybook"))
# Programs for developers, whatever the list they stand in (kept by hand, 2026-11-23).
_TOOLS = frozenset(
    (
        *("nodemon", "ts-node", "ts-node-dev", "ts-node-esm", "tsnd", "tsx", "tsc", "tsc-watch", "babel-node", "babel"),
        *("vite", "webpack", "webpack-dev-server", "parcel", "rollup", "esbuild", "gulp", "grunt", "snowpack"),
        *("react-scripts", "react-app-rewired", "craco", "vue-cli-service", "ng", "nest", "ember", "start-storybook"),
        *("jest", "vitest", "mocha", "ava", "karma", "nyc", "c8", "cypress", "playwright", "eslint", "prettier"),
        *("live-server", "lite-server", "browser-sync", "concurrently", "node-dev", "supervisor"),
    )
)
_INTERPRETERS = frozenset(("tsx",))  # those of _TOOLS that run an app as well, needing no other package for that
_WATCHING = frozenset(("--watch", "watch"))
# The package of a word: ts-node of `ts-node/register`, nodemon of `./node_modules/.bin/nodemon`, tsx of `tsx@4`.
_PACKAGE = re.compile(r"(?:[^@]*node_modules/)?(?:\.bin/)?((?:@[^/@]+/)?[^/@]+)")
_NEVER_FAILS = re.compile(r"\|\|\s*(?:true|exit 0|:|echo\b[^;&|]*)\s*$")  # `husky || true`
_PLAIN = frozenset(("echo", "true", ":", "exit", "test", "[", "mkdir", "cp", "mv", "rm", "chmod", "only-allow"))
_OMITS_DEV = re.compile(r"(?im)^\s*(?:omit(?:\[\])?\s*=\s*[\"']?dev\b|production\s*=\s*true|only\s*=\s*prod)")


def _script_called(words: tuple[str, ...]) -> str:
    """The script of package.json that a command calls, behind whatever wrapper; '' for none."""
    at = next((at for at, word in enumerate(words) if word in ("npm", "yarn", "pnpm", "bun")), len(words))
    names = [word for word in words[at + 1 :] if not word.startswith("-")]
    if names and names[0] in _RUN:
        return names[1] if len(names) > 1 else ""
    name = _SHORT.get(names[0], names[0]) if names else ""
    return name if at < len(words) and (words[at] != "npm" or name in _NPM_SCRIPTS) else ""
