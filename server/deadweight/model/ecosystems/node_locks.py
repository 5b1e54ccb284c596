"""Lockfiles of Node projects: package-lock.json and npm-shrinkwrap.json, yarn.lock, pnpm-lock.yaml, bun.lock."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deadweight.model.ecosystems.lenient import LARGEST_TEXT, as_object, as_string, as_strings, json_object

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def read_lock(text: str) -> Lock | None:
    """The packages of a package-lock.json (versions 1 to 3), yarn.lock (1 and berry), pnpm-lock.yaml or bun.lock."""
    if len(text) > LARGEST_TEXT:
        return None
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return (
            _read_bun_lock(text) if '"configVersion"' in text[:200] or _BUN in text[:200] else _read_package_lock(text)
        )
    text_bytes = len(text.encode("utf-8", "surrogatepass"))
    if re.search(r"^lockfileVersion:", text, re.MULTILINE):
        return Lock("pnpm", tuple(_pnpm_packages(text)), text_bytes=text_bytes)
    if "# yarn lockfile v1" in text or re.search(r"^__metadata:", text, re.MULTILINE):
        manager = "yarn berry" if re.search(r"^__metadata:", text, re.MULTILINE) else "yarn"
        return Lock(manager, tuple(_yarn_packages(text)), text_bytes=text_bytes)
    return None


# --- npm --------------------------------------------------------------------------------------------------------------


def _read_package_lock(text: str) -> Lock | None:
    data = json_object(text)
    if data is None or "lockfileVersion" not in data:
        return None
    if isinstance(data.get("packages"), dict):
        entries = [(path, as_object(entry)) for path, entry in data["packages"].items() if path]
        packages = tuple(_package_at(path, entry) for path, entry in entries if "node_modules/" in path)
        has_urls = any("resolved" in entry and not entry.get("link") for _, entry in entries)
        roots = tuple(_wanted_by(as_object(data["packages"].get(""))))
    else:
        packages = tuple(_version_1(as_object(data.get("dependencies")), ""))
        has_urls, roots = True, ()
    return Lock("npm", packages, roots, has_urls, len(text.encode("utf-8", "surrogatepass")))


def _wanted_by(entry: dict[str, Any]) -> Iterator[str]:
    for kind in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        yield from as_object(entry.get(kind))


def _package_at(path: str, entry: dict[str, Any]) -> LockedPackage:
    return LockedPackage(
        # A package under another name says its own: "node_modules/string-width-cjs": {"name": "string-width"}
        name=as_string(entry.get("name")) or path.rpartition("node_modules/")[2],
        version=as_string(entry.get("version")),
        path=path,
        dev=bool(entry.get("dev") or entry.get("devOptional")),
        depends=tuple(_wanted_by(entry)),
        optional=bool(entry.get("optional") or entry.get("devOptional")),
        link=bool(entry.get("link")),
        bundled=bool(entry.get("inBundle")),
        os=as_strings(entry.get("os")),
        cpu=as_strings(entry.get("cpu")),
        libc=as_strings(entry.get("libc")),
    )


def _version_1(dependencies: dict[str, Any], parent: str) -> Iterator[LockedPackage]:
    """The nested tree of npm 6, not recursive: its depth is the file's."""
    waiting = [(dependencies, parent)]
    while waiting:
        level, above = waiting.pop()
        for name, value in level.items():
            entry = as_object(value)
            path = f"{above}/node_modules/{name}" if above else f"node_modules/{name}"
            version = as_string(entry.get("version"))
            if alias := re.fullmatch(r"npm:(@?[^@]+)@(.+)", version):
                name, version = alias[1], alias[2]
            yield LockedPackage(
                name,
                version,
                path,
                dev=bool(entry.get("dev")),
                depends=tuple(as_object(entry.get("requires"))),
                optional=bool(entry.get("optional")),
                link=version.startswith("file:"),
                bundled=bool(entry.get("bundled")),
            )
            waiting.append((as_object(entry.get("dependencies")), path))


# --- bun --------------------------------------------------------------------------------------------------------------

_BUN = '"workspaces": {'  # stands at the top of a bun.lock, which is JSON with commas before closing brackets
# `    "accepts": ["accepts@2.0.0", "", { "dependencies": { "mime-types": "^3.0.0" } }, "sha512-..."],`
_BUN_ENTRY = re.compile(r'^    "[^"]+": \["((?:@[^/"]+/)?[^@"]+)@(\d[^"]*)"(.*)', re.MULTILINE)
_BUN_NEEDS = re.compile(r'"(?:dependencies|optionalDependencies)": \{([^}]*)\}')
_BUN_LIMITS = re.compile(r'"(os|cpu)": (?:"([^"]+)"|\[([^\]]*)\])')


def _read_bun_lock(text: str) -> Lock:
    packages: list[LockedPackage] = []
    for entry in _BUN_ENTRY.finditer(text):
        name, version, rest = entry.groups()
        needs = [each for found in _BUN_NEEDS.findall(rest) for each in re.findall(r'"([^"]+)":', found)]
        limits = {kind: (one, *re.findall(r'"([^"]+)"', many)) for kind, one, many in _BUN_LIMITS.findall(rest)}
        system, processor = (tuple(filter(None, limits.get(kind, ()))) for kind in ("os", "cpu"))
        packages.append(LockedPackage(name, version, depends=tuple(needs), os=system, cpu=processor))
    return Lock("bun", tuple(packages), text_bytes=len(text.encode("utf-8", "surrogatepass")))


# --- yarn and pnpm ----------------------------------------------------------------------------------------------------

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
