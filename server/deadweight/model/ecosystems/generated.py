"""What tools write beside the sources, by the kind of app: what no image needs, or what its build writes itself."""

from __future__ import annotations

import re
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.project import MANIFESTS, inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.model.context import BuildContext
    from deadweight.model.folder import Folder

GIT = ".git"


class Generated(NamedTuple):
    """What a tool writes, as a pattern of an ignore file.

    `kinds` are the kinds of app in which it is sure to be one day. `made_by` are the programs that write it, each with
    the verbs that do: an image has it all the same where its build calls one of them. It is that folder, and no other
    of the same name, where a file of `beside` lies beside it, or one of `holds` in it. An `is_output` may be what
    another Dockerfile of the folder is there to copy.
    """

    pattern: str
    kinds: frozenset[str] = frozenset()
    made_by: Mapping[str, frozenset[str]] = {}
    beside: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    is_output: bool = False

    @property
    def folder(self) -> str:
        """The name of the folder: "vendor/bundle" of `**/vendor/bundle`."""
        return self.pattern.removeprefix("**/")

    @property
    def is_sure(self) -> bool:
        """Whether whatever the pattern matches is what it is about."""
        return not (self.made_by or self.beside or self.holds)


_ANY = frozenset[str]()  # any verb
_INSTALLS = frozenset(("install", "i", "ci", "clean-install", "add", ""))
_NODE = {"npm": _INSTALLS - {""}, "yarn": _INSTALLS, "pnpm": _INSTALLS - {""}, "bun": _INSTALLS - {""}}
_PYTHON = {
    **{program: frozenset(("install",)) for program in ("pip", "pip3", "poetry", "pdm")},
    "uv": frozenset(("sync", "pip")),
    "pipenv": frozenset(("install", "sync")),
    **{program: frozenset((".venv", "venv")) for program in ("venv", "virtualenv")},
}
_RUST = {"cargo": frozenset(("build", "b", "install", "run", "chef"))}
_MAVEN, _GRADLE = {"mvn": _ANY, "mvnw": _ANY}, {"gradle": _ANY, "gradlew": _ANY}
_DOTNET = {"dotnet": frozenset(("build", "publish", "pack", "run"))}
_CSPROJ, _BUILD_GRADLE = MANIFESTS["dotnet"], MANIFESTS["gradle"]


def _plain(*patterns: str, of: str = "") -> tuple[Generated, ...]:
    return tuple(Generated(pattern, frozenset(of.split())) for pattern in patterns)


# In the order in which they stand in a new file.
GENERATED = (
    *_plain(GIT, ".hg", ".svn", "**/.DS_Store", "**/Thumbs.db"),
    *_plain(".idea", ".vscode", "**/*.swp"),
    Generated("**/node_modules", frozenset(("node",)), _NODE, ("package.json",)),
    *_plain("**/npm-debug.log*", of="node"),
    *_plain("**/.npm", "**/.eslintcache"),
    Generated("**/coverage", holds=("lcov.info", "coverage-final.json", "clover.xml", "lcov-report")),
    *_plain("**/.nyc_output", "**/.next/cache", "**/.turbo", "**/.parcel-cache"),
    *_plain("**/__pycache__", "**/*.pyc", "**/.pytest_cache", of="python"),
    *_plain("**/.mypy_cache", "**/.ruff_cache", "**/.tox", "**/.nox", "**/.hypothesis", "**/htmlcov", "**/.coverage"),
    Generated("**/.venv", frozenset(("python",)), _PYTHON, holds=("pyvenv.cfg", "lib", "Lib")),
    Generated("**/venv", made_by=_PYTHON, holds=("pyvenv.cfg",)),
    Generated(
        "**/target", frozenset(("rust", "maven")), {**_RUST, **_MAVEN}, ("Cargo.toml", "pom.xml"), is_output=True
    ),
    *_plain("**/.gradle", of="gradle"),
    Generated("**/build", frozenset(("gradle",)), _GRADLE, _BUILD_GRADLE, is_output=True),
    Generated("**/bin", frozenset(("dotnet",)), _DOTNET, _CSPROJ, is_output=True),
    Generated("**/obj", frozenset(("dotnet",)), _DOTNET, _CSPROJ, is_output=True),
    Generated("**/vendor", frozenset(("php",)), {"composer": frozenset(("install", "i"))}, ("composer.json",)),
    *_plain("**/.terraform", "**/*.log"),
)
# Of these, what no build and no app reads: what editors, tests and caches leave.
_HARMLESS_NAMES = """
    **/.DS_Store **/Thumbs.db .idea **/*.swp **/npm-debug.log* **/.eslintcache **/.nyc_output **/.next/cache **/.turbo
    **/.parcel-cache **/__pycache__ **/.pytest_cache **/.mypy_cache **/.ruff_cache **/.tox **/.nox **/.hypothesis
    **/.coverage
"""
HARMLESS = frozenset(_HARMLESS_NAMES.split())
NODE_MODULES = "node_modules"
# What a package manager installs, and the programs that put it into the folder of this name: `pip` does not.
INSTALLED = tuple(
    (entry, frozenset(entry.made_by) & frozenset((*_NODE, "uv", "pdm", "venv", "virtualenv")))
    for entry in GENERATED
    if entry.made_by in (_NODE, _PYTHON)
)
# The last names of folders that tools fill, whatever else they hold.
WRITTEN_FOLDERS = frozenset(entry.folder.rpartition("/")[2] for entry in GENERATED if "*" not in entry.folder)
_NAMED = {entry.folder for entry in GENERATED if not entry.is_sure}
OF_OTHERS = frozenset(("node_modules", "vendor", ".venv", "venv"))  # folders of packages

# Folders, and the ends of files, that a build on this machine or in CI leaves for COPY.
_OUTPUT_NAMES = """
    dist build target out output bin obj release releases publish artifacts artifact _output _build .build deps rel _rel
    .next .nuxt .output coverage generated wheels wheelhouse bazel-bin node_modules vendor venv .venv
"""
_OUTPUTS = frozenset(_OUTPUT_NAMES.split())
_BUILT_NAMES = ".jar .war .ear .whl .deb .rpm .apk .exe .so .zip .tar .tgz .tar.gz .tar.xz .tar.bz2 .tar.zst"
_BUILT = tuple(_BUILT_NAMES.split())

# Tools that ask git for a version when they build, by what a project's files say of them.
_ASKS_GIT = re.compile(
    r"setuptools[-_]scm|hatch-vcs|versioneer|versioningit|dunamai|poetry-dynamic-versioning|\bpbr\b"
    r"|\bvergen\b|shadow-rs|git-version|git-commit-id|buildnumber-maven|gitversion|minver|nerdbank"
    r"|git describe|git rev-parse|git log\b|git-rev|git-revision-webpack-plugin|next-build-id",
    re.IGNORECASE,
)
_LOCK = re.compile(r"(?:.*[-.])?(?:lock|lock\.(?:json|yaml)|shrinkwrap\.json)")  # package-lock.json


def kinds_of(context: BuildContext) -> frozenset[str]:
    """The kinds of app whose project files are in a context."""
    names = {path.rpartition("/")[2] for path in context.texts if OF_OTHERS.isdisjoint(path.split("/"))}
    found = (
        kind for kind, marks in MANIFESTS.items() if any(fnmatchcase(name, each) for each in marks for name in names)
    )
    return frozenset(found)


def folders_of(context: BuildContext) -> Mapping[str, tuple[str, ...]]:
    """The folders whose names may mean that a tool has written them, by name; of those in another, the outer one."""
    found: dict[str, list[str]] = {}
    waiting: list[tuple[str, Folder, frozenset[str]]] = [("", context.tree, frozenset())]
    while waiting:
        path, here, above = waiting.pop()
        for name, below in here.folders.items():
            is_outer = name in _NAMED and name not in above
            if is_outer:
                found.setdefault(name, []).append(path + name)
            waiting.append((f"{path}{name}/", below, above | {name} if is_outer else above))
    return {name: tuple(sorted(folders)) for name, folders in found.items()}


def is_written(context: BuildContext, entry: Generated, folder: str) -> bool:
    """Whether a tool has written a folder of an entry's name, by what lies in it and beside it."""
    names = [name.rstrip("/") for name, _ in context.entries(folder)] if entry.holds else ()
    if entry.holds and not any(name in entry.holds for name in names):
        return False
    if not entry.beside:
        return True
    beside = (name for name, _ in context.entries(parent_of(entry, folder)))
    return any(fnmatchcase(name, mark) for name in beside for mark in entry.beside)


def parent_of(entry: Generated, folder: str) -> str:
    """The folder that a folder of an entry's name lies in: the project's."""
    return folder.removesuffix(entry.folder).rstrip("/")


def asks_git(context: BuildContext) -> str:
    """The project file that names a tool which asks git when it builds, and the tool: "pyproject.toml: hatch-vcs"."""
    for path, text in context.texts.items():
        is_own = OF_OTHERS.isdisjoint(path.split("/")) and not _LOCK.fullmatch(path.rpartition("/")[2])
        if is_own and (match := _ASKS_GIT.search(text)):
            return f"{path}: {match[0]}"
    return ""


def is_made_elsewhere(context: BuildContext, path: str) -> bool:
    """Whether something else than the builder writes a path before a build, by its names or as git is told."""
    *folders, name = path.split("/")
    return (
        name in _OUTPUTS or not _OUTPUTS.isdisjoint(folders) or name.endswith(_BUILT) or _is_left_to_git(context, path)
    )


def _is_left_to_git(context: BuildContext, path: str) -> bool:
    """Whether a .gitignore of the context leaves out a path."""
    names = path.split("/")
    for depth in range(len(names)):
        text = context.texts.get("/".join((*names[:depth], ".gitignore")))
        if text:
            from pathspec import GitIgnoreSpec

            below = "/".join(names[depth:])
            with suppress(ValueError):
                spec = GitIgnoreSpec.from_lines(text.split("\n"))
                if spec.match_file(below) or spec.match_file(f"{below}/x"):
                    return True
    return False


def is_workspace(context: BuildContext, folder: str) -> bool:
    """Whether an install in a folder is one for the packages below it too."""
    if inside(folder, "pnpm-workspace.yaml") in context.files:
        return True
    return '"workspaces"' in context.texts.get(inside(folder, "package.json"), "")
