"""Node projects from the texts of their files: package.json, lockfiles of npm, yarn and pnpm, what an install reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deadweight.model.ecosystems.project import Project, inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

# A larger file is not read: the biggest package-lock.json of the corpus has 2 MB.
LARGEST_TEXT = 32_000_000


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

    def script(self, name: str) -> str:
        """The command of a script, or ''."""
        return dict(self.scripts).get(name, "")


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One installed package. `dev`: only development needs it; None where the lockfile does not tell."""

    name: str
    version: str
    path: str = ""  # "node_modules/express", only in package-lock.json
    dev: bool | None = None
    depends: tuple[str, ...] = ()  # names
    optional: bool = False
    link: bool = False  # a workspace: a symbolic link, no bytes
    bundled: bool = False  # comes inside the tarball of another package
    os: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """A lockfile. `has_urls` False: npm must ask the registry for every package document again, and caches them.

    `roots` are the names that the manifest asked for when the lockfile was written; empty where it does not tell.
    """

    manager: str
    packages: tuple[LockedPackage, ...]
    roots: tuple[str, ...] = ()
    has_urls: bool = True
    text_bytes: int = 0


@dataclass(frozen=True, slots=True)
class InstallSet:
    """What an install writes: packages at locked versions, and dependencies that the lockfile does not settle."""

    locked: tuple[LockedPackage, ...]
    unlocked: tuple[Dependency, ...]


def read_manifest(text: str) -> Manifest | None:
    """The manifest in the text of a package.json, or None for a text that is none."""
    data = _json_object(text)
    if data is None:
        return None
    workspaces = data.get("workspaces")
    if isinstance(workspaces, dict):  # yarn's older form: {"packages": [...], "nohoist": [...]}
        workspaces = workspaces.get("packages")
    return Manifest(
        name=_string(data.get("name")),
        dependencies=_dependencies(data.get("dependencies")),
        dev_dependencies=_dependencies(data.get("devDependencies")),
        optional_dependencies=_dependencies(data.get("optionalDependencies")),
        scripts=tuple((each.name, each.wanted) for each in _dependencies(data.get("scripts"))),
        node=_string(_object(data.get("engines")).get("node")),
        package_manager=_string(data.get("packageManager")),
        workspaces=_strings(workspaces),
    )


def read_lock(text: str) -> Lock | None:
    """The packages of a package-lock.json (versions 1 to 3), yarn.lock (1 and berry) or pnpm-lock.yaml."""
    if len(text) > LARGEST_TEXT:
        return None
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _read_package_lock(text)
    text_bytes = len(text.encode("utf-8", "surrogatepass"))
    if re.search(r"^lockfileVersion:", text, re.MULTILINE):
        return Lock("pnpm", tuple(_pnpm_packages(text)), text_bytes=text_bytes)
    if "# yarn lockfile v1" in text or re.search(r"^__metadata:", text, re.MULTILINE):
        manager = "yarn berry" if re.search(r"^__metadata:", text, re.MULTILINE) else "yarn"
        return Lock(manager, tuple(_yarn_packages(text)), text_bytes=text_bytes)
    return None


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
    return (
        _matches("linux", package.os)
        and _matches("x64", package.cpu)
        and _matches("musl" if libc == "musl" else "glibc", package.libc)
    )


# "^5.1.0", "~1.2", ">=18", "1.x", "v2.0.0-beta.1"
_COMPARATOR = r"(\^|~>?|>=|<=|>|<|=)?v?(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:[-+].*)?"


def satisfies(version: str, wanted: str) -> bool | None:
    """Whether `version` is in the range `wanted`; None where that is no plain range (a tag, a URL, a workspace).

    Pre-release labels are not looked at.
    """
    if not (exact := re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", version)):
        return None
    number = (int(exact[1]), int(exact[2]), int(exact[3]))
    verdicts = [_satisfies_all(number, alternative) for alternative in wanted[:1000].split("||")]
    if any(verdict for verdict in verdicts):
        return True
    return None if None in verdicts else False


def recognise(texts: Mapping[str, str], paths: Collection[str], folder: str = "") -> Project | None:
    """The Node project in `folder` of a build context, or None where it has no readable package.json.

    `paths` are all files of the context, `texts` the texts of those that were read (manifests, lockfiles, settings).
    """
    manifest_path = inside(folder, "package.json")
    manifest = read_manifest(texts.get(manifest_path, ""))
    if manifest is None:
        return None
    present = paths if isinstance(paths, (set, frozenset, dict)) else frozenset(paths)
    manager, lock = _manager(manifest, texts, present, folder)
    members = tuple(_workspace_manifests(manifest, texts, present, folder))
    files = [manifest_path, lock, *(inside(folder, name) for name in _SETTINGS[manager]), *members]
    if manager == "yarn berry":
        own = tuple(inside(folder, f".yarn/{kind}/") for kind in ("releases", "plugins", "patches"))
        files += sorted(path for path in present if path.startswith(own))
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


# --- package.json ---------------------------------------------------------------------------------------------------


def _json_object(text: str) -> dict[str, Any] | None:
    import json

    if len(text) > LARGEST_TEXT:
        return None
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):  # RecursionError: `[[[[...` a thousand deep
        return None
    return data if isinstance(data, dict) else None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _dependencies(value: object) -> tuple[Dependency, ...]:
    return tuple(Dependency(name, wanted) for name, wanted in _object(value).items() if isinstance(wanted, str))


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
            dependency, wanted = Dependency(dependency.name, alias[2] or "*"), alias[2] or "*"
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


# --- lockfiles ------------------------------------------------------------------------------------------------------


def _read_package_lock(text: str) -> Lock | None:
    data = _json_object(text)
    if data is None or "lockfileVersion" not in data:
        return None
    if isinstance(data.get("packages"), dict):
        entries = [(path, _object(entry)) for path, entry in data["packages"].items() if path]
        packages = tuple(_package_at(path, entry) for path, entry in entries if "node_modules/" in path)
        has_urls = any("resolved" in entry and not entry.get("link") for _, entry in entries)
        roots = tuple(_wanted_by(_object(data["packages"].get(""))))
    else:
        packages = tuple(_version_1(_object(data.get("dependencies")), ""))
        has_urls, roots = True, ()
    return Lock("npm", packages, roots, has_urls, len(text.encode("utf-8", "surrogatepass")))


def _wanted_by(entry: dict[str, Any]) -> Iterator[str]:
    for kind in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        yield from _object(entry.get(kind))


def _package_at(path: str, entry: dict[str, Any]) -> LockedPackage:
    return LockedPackage(
        # A package under another name says its own: "node_modules/string-width-cjs": {"name": "string-width"}
        name=_string(entry.get("name")) or path.rpartition("node_modules/")[2],
        version=_string(entry.get("version")),
        path=path,
        dev=bool(entry.get("dev") or entry.get("devOptional")),
        depends=tuple(_wanted_by(entry)),
        optional=bool(entry.get("optional") or entry.get("devOptional")),
        link=bool(entry.get("link")),
        bundled=bool(entry.get("inBundle")),
        os=_strings(entry.get("os")),
        cpu=_strings(entry.get("cpu")),
        libc=_strings(entry.get("libc")),
    )


def _version_1(dependencies: dict[str, Any], parent: str) -> Iterator[LockedPackage]:
    """The nested tree of npm 6, not recursive: its depth is the file's."""
    waiting = [(dependencies, parent)]
    while waiting:
        level, above = waiting.pop()
        for name, value in level.items():
            entry = _object(value)
            path = f"{above}/node_modules/{name}" if above else f"node_modules/{name}"
            version = _string(entry.get("version"))
            if alias := re.fullmatch(r"npm:(@?[^@]+)@(.+)", version):
                name, version = alias[1], alias[2]
            yield LockedPackage(
                name,
                version,
                path,
                dev=bool(entry.get("dev")),
                depends=tuple(_object(entry.get("requires"))),
                optional=bool(entry.get("optional")),
                link=version.startswith("file:"),
                bundled=bool(entry.get("bundled")),
            )
            waiting.append((_object(entry.get("dependencies")), path))


# `"@babel/core@^7.1.0", "@babel/core@npm:^7.2.0":`
_YARN_ENTRY = r'"?(@?[^@"\s,]+)@.*:'
_YARN_VERSION = r'  version:? "?([^"\s]+)"?'


def _yarn_packages(text: str) -> Iterator[LockedPackage]:
    current: LockedPackage | None = None
    depends: list[str] = []
    section = ""
    for line in text.splitlines():
        if entry := re.match(_YARN_ENTRY, line):
            if current:
                yield replace(current, depends=tuple(depends))
            current = LockedPackage(entry[1], "", link="@workspace:" in line or "@link:" in line)
            depends, section = [], ""
        elif current and (version := re.match(_YARN_VERSION, line)):
            current = replace(current, version=version[1])
        elif line[:2] == "  " and line[2:3] not in ("", " "):
            section = line.strip()
        elif section in _DEPENDS and (name := re.match(_INDENTED_NAME, line)):
            depends.append(name[1])
    if current:
        yield replace(current, depends=tuple(depends))


_DEPENDS = ("dependencies:", "optionalDependencies:")

# `    "@types/node" "*"` (yarn), `    debug: "npm:^4.1.0"` (berry), `      debug: 4.3.4` (pnpm)
_INDENTED_NAME = r"""    (?:  )?['"]?(@?[^'"\s:]+)['"]?:? """

# `  /express@4.18.2:`, `  '@babel/core@7.1.0(react@18.0.0)':`, `  /express/4.18.2:`
_PNPM_ENTRY = r"""  '?/?((?:@[^/@\s]+/)?[^/@\s]+)[@/](\d[^('":_\s]*)[^:]*'?:"""


def _pnpm_packages(text: str) -> Iterator[LockedPackage]:
    """The entries of `packages:`; what they depend on stands in `snapshots:` since version 9."""
    found: dict[tuple[str, str], LockedPackage] = {}
    depends: dict[tuple[str, str], list[str]] = {}
    top, section, key = "", "", ("", "")
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            top = line.strip()
        if top not in ("packages:", "snapshots:"):
            continue
        if entry := re.match(_PNPM_ENTRY, line):
            key, section = (entry[1], entry[2]), ""
            found.setdefault(key, LockedPackage(*key))
        elif key not in found:
            continue
        elif flag := re.match(r"    (os|cpu|libc): \[([^\]]*)\]", line):
            allowed = tuple(word.strip(" '\"") for word in flag[2].split(","))
            entry_os, entry_cpu, entry_libc = (
                allowed if flag[1] == kind else getattr(found[key], kind) for kind in ("os", "cpu", "libc")
            )
            found[key] = replace(found[key], os=entry_os, cpu=entry_cpu, libc=entry_libc)
        elif flag := re.match(r"    (dev|optional): (true|false)", line):
            flagged = flag[2] == "true"
            found[key] = replace(found[key], dev=flagged) if flag[1] == "dev" else replace(found[key], optional=flagged)
        elif line[:4] == "    " and line[4:5] not in ("", " "):
            section = line.strip()
        elif section in _DEPENDS and (name := re.match(_INDENTED_NAME, line)):
            depends.setdefault(key, []).append(name[1])
    for key, package in found.items():
        yield replace(package, depends=tuple(depends.get(key, ())))


def _matches(platform: str, allowed: tuple[str, ...]) -> bool:
    """`["linux", "darwin"]` allows linux; `["!win32"]` allows all but Windows; an empty list allows all."""
    if f"!{platform}" in allowed:
        return False
    wanted = [each for each in allowed if not each.startswith("!")]
    return not wanted or platform in wanted


# --- version ranges -------------------------------------------------------------------------------------------------

_Number = tuple[int, int, int]


def _satisfies_all(number: _Number, alternative: str) -> bool | None:
    if hyphen := re.fullmatch(r"\s*(\S+)\s+-\s+(\S+)\s*", alternative):
        alternative = f">={hyphen[1]} <={hyphen[2]}"
    words = re.sub(r"(\^|~>?|>=|<=|>|<|=)\s+", r"\1", alternative).split()
    verdicts = [_satisfies_one(number, word) for word in words]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _satisfies_one(number: _Number, comparator: str) -> bool | None:
    if not (match := re.fullmatch(_COMPARATOR, comparator)):
        return None
    given: list[int] = []
    for part in match.group(2, 3, 4):
        if part is None or not part.isdigit():
            break
        given.append(int(part))
    low: _Number = ((*given, 0, 0, 0)[0], (*given, 0, 0)[1] if given else 0, given[2] if len(given) == 3 else 0)
    operator = match[1] or "="
    match operator:
        case ">=":
            return number >= low
        case "<":
            return number < low
        case ">":
            return number >= _above(given) if len(given) < 3 else number > low
        case "<=":
            return number < _above(given) if len(given) < 3 else number <= low
    if operator == "^":
        # ^1.2.3 keeps the first number that is not 0; ^0.2.3 keeps 0.2
        fixed = next((index + 1 for index, each in enumerate(given) if each), len(given))
        given = given[:fixed]
    elif operator != "=":  # ~1.2.3 keeps 1.2
        given = given[:2]
    return low <= number < _above(given)


def _above(given: list[int]) -> _Number:
    """The first version after all that start with `given`: [1, 2] gives 1.3.0, [] one that never comes."""
    if not given:
        return (10**9, 0, 0)
    first, second, third = (*given[:-1], given[-1] + 1, 0, 0)[:3]
    return (first, second, third)


# --- what an install reads ------------------------------------------------------------------------------------------

_SETTINGS: dict[str, tuple[str, ...]] = {
    "npm": (".npmrc",),
    "yarn": (".npmrc", ".yarnrc"),
    "yarn berry": (".npmrc", ".yarnrc.yml", ".pnp.cjs"),
    "pnpm": (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
    "bun": (".npmrc", "bunfig.toml"),
}

_LOCKS = (
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
)


def _manager(manifest: Manifest, texts: Mapping[str, str], present: Collection[str], folder: str) -> tuple[str, str]:
    """The package manager and its lockfile ('' for none). `"packageManager": "yarn@4.1.0"` wins over other files."""
    declared, _, version = manifest.package_manager.partition("@")
    found = [(inside(folder, name), manager) for name, manager in _LOCKS if inside(folder, name) in present]
    manager = declared if declared in ("npm", "yarn", "pnpm", "bun") else (found[0][1] if found else "npm")
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
    return [
        path for path in sorted(present) for each in read if path == each or (each[-1] == "/" and path.startswith(each))
    ]


def _why_sources(manifest: Manifest) -> str:
    for name, command in _lifecycle(manifest):
        if command and not any(re.fullmatch(known, command) for known, _ in _KNOWN_SCRIPTS):
            return f"the script {name} runs {command[:60]}"
    for each in (*manifest.dependencies, *manifest.dev_dependencies, *manifest.optional_dependencies):
        if each.wanted.startswith(("file:", "link:", "portal:", "./", "../", "/", "~/")):
            return f"{each.name} comes from {each.wanted[:60]}"
    return ""
