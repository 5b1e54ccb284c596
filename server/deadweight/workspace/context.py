"""Walks a build context once and gives it upwards as data: what the builder gets with its bytes, and project files."""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.model.context import ARCHIVES, BuildContext
from deadweight.model.folder import Files, Listing, join, joined
from deadweight.model.ignore import compile_patterns
from deadweight.model.sifting import sift, sifted
from deadweight.steps import finished
from deadweight.syntax.dockerignore import parse
from deadweight.workspace.files import UnreadableError, read_text, reason, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from deadweight.model.context import Unpacked
    from deadweight.model.folder import Folder
    from deadweight.model.ignore import Matcher, Reached
    from deadweight.settings import Builder

MOST_ENTRIES = 200_000
_LARGEST_TEXT = 4_000_000  # bytes of one project file; the lockfile of a large monorepo is about 2 MB
_LARGEST_TEXTS = 64_000_000  # bytes of all together
_DEEPEST_TEXT = 3  # folders above a project file
_MOST_ARCHIVES = 200
# Folders of tools that write a file once and never in place: there the time of the folder tells of every change.
_STORES = frozenset((".git", "node_modules", "vendor", ".venv", "venv"))
_SETTLED = 2_000_000_000  # ns; file systems keep times by the second or better
_STEP = 64  # entries of a folder between two moments at which a walk may be left alone

# The files that ecosystems read, by name.
_PROJECT_FILE_NAMES = """
    package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bunfig.toml
    .npmrc .yarnrc .yarnrc.yml next.config.js next.config.mjs next.config.ts .nvmrc .node-version
    pyproject.toml setup.py setup.cfg poetry.lock uv.lock pdm.lock Pipfile Pipfile.lock environment.yml environment.yaml
    .python-version
    go.mod go.work Cargo.toml Cargo.lock rust-toolchain rust-toolchain.toml
    pom.xml build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties libs.versions.toml
    composer.json composer.lock Gemfile Gemfile.lock .ruby-version
    .gitignore .pypirc .env .env.secret .env.secrets
    pip.conf apt.conf dnf.conf yum.conf npmrc poetry.toml
    Makefile CMakeLists.txt vite.config.js vite.config.ts vite.config.mjs vite.config.mts angular.json
    global.json Directory.Build.props Directory.Packages.props mix.exs mix.lock pubspec.yaml
"""
_PROJECT_FILES = frozenset(_PROJECT_FILE_NAMES.split())
_PROJECT_FILE = re.compile(
    r".*(?:requirements|constraints)[^/]*\.(?:txt|in)"  # requirements.txt, dev-requirements.txt, requirements-dev.in
    r"|(?:.*/)?requirements/[^/]*\.(?:txt|in)"  # requirements/dev.txt
    r"|(?:.*/)?(?:(?:apt|apk|system|os)[-_.])?(?:packages|pkgs|pkglist)\.txt"  # for `xargs apt-get install`
    r"|(?:.*/)?\.env(?:\.[^/]*)?\.local|.*\.(?:pem|key)"  # whether they hold a secret
    r"|(?:.*/)?apt\.conf\.d/[^/]*"  # settings of apt, as they are copied to /etc/apt
    r"|.*\.(?:csproj|fsproj|vbproj|sln|gemspec)"  # src/Api/Api.csproj
    r"|(?:.*/)?[\w.-]*(?:entry|start|run|boot|launch|init)[\w.-]*\.sh"  # what the image starts
    r"|(?:.*/)?(?:\.bundle/config|\.cargo/config(?:\.toml)?)"  # settings of Bundler and cargo
)

_ENDINGS = (
    ".txt",
    ".in",
    "proj",
    ".sln",
    ".sh",
    ".gemspec",
    ".local",
    ".pem",
    ".key",
    "config",
    "config.toml",
)  # of what the expression finds, to ask it seldom


class EnoughError(Exception):
    """Raised in a walk by whoever takes what it has found so far."""


def ignore_files(dockerfile: Path, root: Path, builder: Builder = "docker") -> tuple[Path, ...]:
    """Where the ignore file of a build may lie, the one that counts first: `NAME.dockerignore` beside the Dockerfile,
    then `.dockerignore` in the context; for podman, files for containers as well (buildah's ContainerIgnoreFile).
    """
    own, general = dockerfile.with_name(f"{dockerfile.name}.dockerignore"), root / ".dockerignore"
    if builder == "docker":
        return own, general
    return own, own.with_suffix(".containerignore"), root / ".containerignore", general


def ignore_file_of(dockerfile: Path, root: Path, builder: Builder = "docker") -> Path | None:
    """The ignore file of a build."""
    # Path.is_file raises where a name is too long.
    return next((each for each in ignore_files(dockerfile, root, builder) if os.path.isfile(each)), None)


def context_of(
    dockerfile: Path,
    context: Path | None = None,
    *,
    deadline: float = float("inf"),
    without_ignore_file: bool = False,
    builder: Builder = "docker",
) -> BuildContext:
    """The build context, walked in one go; as `walk_context` says."""
    return finished(
        walk_context(dockerfile, context, deadline=deadline, without_ignore_file=without_ignore_file, builder=builder)
    )


def walk_context(
    dockerfile: Path,
    context: Path | None = None,
    *,
    deadline: float = float("inf"),
    without_ignore_file: bool = False,
    before: Folder | None = None,
    builder: Builder = "docker",
) -> Generator[None, None, BuildContext]:
    """The build context of `dockerfile`, which need not exist: folder `context`, or the one that holds it.

    It is walked in steps of less than a millisecond where the disk is quick. The walk stops at 200,000 entries, and at
    `deadline` (of time.monotonic). Symlinks are not followed, sockets, pipes and devices are no files, as for BuildKit.
    `ignored_*` counts what the walk met: folders left out are not entered. `without_ignore_file` takes every file, as
    if there were none, and folders that it leaves out last, in a second pass of as many entries. Of `before`, what an
    earlier walk came to, such folders are taken over in which nothing came or went. EnoughError, thrown into it, ends
    the walk with what it has. Raises UnreadableError where the folder or its ignore file cannot be read.
    """
    root = dockerfile.parent if context is None else context
    ignore_file = ignore_file_of(dockerfile, root, builder)
    patterns = tuple(pattern.text for pattern in parse(read_text(ignore_file)).patterns) if ignore_file else ()
    matcher = compile_patterns(patterns)
    walk = _Walk(root, deadline, before)
    _check_folder(root)
    try:
        yield from walk.visit(matcher)
        entered = dict(walk.listings)
        if without_ignore_file:
            yield from walk.weigh()
    except EnoughError:
        walk.stop("stopped before all was read")
        entered = dict(walk.listings)
    try:
        everything = yield from join(walk.listings)
    except EnoughError:
        everything = joined(walk.listings)
    try:
        with_patterns = yield from sift(everything, matcher)
    except EnoughError:
        with_patterns = sifted(everything, matcher)
    seen = joined(entered) if without_ignore_file else with_patterns.kept
    texts = yield from _texts(root, walk, seen)
    unpacked = yield from _archives(root, walk, seen)
    whole = BuildContext(
        str(root), Files(everything), texts=texts, archives=unpacked, complete=walk.complete, notes=tuple(walk.notes)
    )
    if without_ignore_file or ignore_file is None:
        return whole
    return whole.sifted_by(shown_in(ignore_file, root), patterns, with_patterns)


def _check_folder(root: Path) -> None:
    try:
        with os.scandir(root):
            pass
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{shown(root)}: {reason(error)}") from error


def shown_in(path: Path, root: Path) -> str:
    """`path` relative to `root` with slashes, or absolute where it lies elsewhere."""
    path, root = Path(os.path.abspath(path)), Path(os.path.abspath(root))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


@dataclass(slots=True)
class _Walk:
    """A walk under way: what it has found, and how far it may go."""

    root: Path
    deadline: float
    before: Folder | None = None
    listings: dict[str, Listing] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)  # folders that were not entered
    names: set[tuple[int, int, bool]] = field(default_factory=set)  # of files that have several, kept or not
    notes: list[str] = field(default_factory=list)
    complete: bool = True
    _entries: int = 0
    _stopped: bool = False

    def visit(self, matcher: Matcher) -> Iterator[None]:
        """Weigh what the builder may get; folders that it does not get are only noted."""
        waiting: list[tuple[str, Reached]] = [("", matcher.top)]
        while waiting and not self._stopped:
            folder, reached = waiting.pop()
            files: dict[str, int] = {}
            unseen: list[str] = []
            for number, entry in enumerate(self._scan(folder)):
                if number % _STEP == 0:
                    yield
                if entry.is_dir(follow_symlinks=False):
                    here = matcher.below(reached, entry.name)
                    if here.excluded and not here.may_return:
                        unseen.append(entry.name)
                        self.left_out.append(folder + entry.name)
                    else:
                        waiting.append((f"{folder}{entry.name}/", here))
                elif (count := self._weight(entry, reached, matcher)) is not None:
                    files[entry.name] = count
            self.listings[folder[:-1]] = Listing(files, tuple(unseen))
        for folder, _ in waiting:
            self.listings[folder[:-1]] = Listing({})

    def weigh(self) -> Iterator[None]:
        """Weigh all that the folders left out hold."""
        self._entries = 0
        self._stopped = False
        waiting = list(self.left_out)
        while waiting and not self._stopped:
            folder = waiting.pop()
            stamp = self._stamp(folder) if not _STORES.isdisjoint(folder.split("/")) else 0
            known = self.before.at(folder) if self.before and stamp else None
            if known is not None and known.stamp == stamp:
                yield
                files, folders = dict(known.files), list(known.folders)
                self._count(len(files) + len(folders))
            else:
                files, folders = {}, []
                notes = len(self.notes)
                for number, entry in enumerate(self._scan(f"{folder}/")):
                    if number % _STEP == 0:
                        yield
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif (count := self._weight(entry)) is not None:
                        files[entry.name] = count
                if len(self.notes) > notes:
                    stamp = 0  # not all of it was seen
            self.listings[folder] = Listing(files, (), stamp)
            waiting += [f"{folder}/{name}" for name in folders]
        for folder in waiting:
            self.listings[folder] = Listing({})

    def _stamp(self, folder: str) -> int:
        """When an entry last came to or left a folder; 0 where that is too lately to tell from a moment later."""
        try:
            changed = os.stat(os.path.join(self.root, folder)).st_mtime_ns
        except (OSError, ValueError):
            return 0
        return changed if time.time_ns() - changed > _SETTLED else 0

    def _count(self, entries: int) -> None:
        self._entries += entries
        if self._entries > MOST_ENTRIES:
            self.stop(f"the folder holds more than {MOST_ENTRIES:,} entries")

    def _weight(
        self, entry: os.DirEntry[str], folder: Reached | None = None, matcher: Matcher | None = None
    ) -> int | None:
        """The bytes of a file as a builder gets it; None for sockets, pipes and devices.

        A symlink is 0, and so is every further name of a file, as long as the builder gets the first one as well
        (BuildKit 0.13 built a hard link beside its file into one layer, 2026-11-26).
        """
        if entry.is_symlink():
            return 0
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # removed since the folder was read
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_nlink > 1:
            is_kept = folder is not None and matcher is not None and not matcher.below(folder, entry.name).excluded
            name = (status.st_dev, status.st_ino, is_kept)
            if name in self.names:
                return 0
            self.names.add(name)
        return status.st_size

    def _scan(self, folder: str) -> Iterator[os.DirEntry[str]]:
        """The entries of a folder; a note where it cannot be read or a limit is reached."""
        try:
            with os.scandir(os.path.join(self.root, folder)) as entries:
                for entry in entries:
                    self._entries += 1
                    if self._entries > MOST_ENTRIES:
                        self.stop(f"the folder holds more than {MOST_ENTRIES:,} entries")
                        return
                    if self._entries % 256 == 0 and time.monotonic() > self.deadline:
                        self.stop(f"out of time after {self._entries:,} entries")
                        return
                    yield entry
        except OSError as error:
            self.complete = False
            self.notes.append(f"{folder or '.'}: {reason(error)}".replace("\n", "\\n"))

    def stop(self, note: str) -> None:
        """Go no further, for the reason in `note`."""
        self._stopped = True
        self.complete = False
        if note not in self.notes:
            self.notes.append(note)


def _texts(root: Path, walk: _Walk, kept: Folder) -> Generator[None, None, dict[str, str]]:
    """The texts of the project files in a folder, those nearest to the top first."""
    texts: dict[str, str] = {}
    left = _LARGEST_TEXTS
    try:
        wanted = yield from _near_the_top(kept, _is_project_file)
        for path, count in wanted:
            left -= min(count, _LARGEST_TEXT)
            if left < 0 or time.monotonic() > walk.deadline:
                break
            yield
            if (root / path).is_symlink():
                continue
            try:
                texts[path] = read_text(root / path, _LARGEST_TEXT)
            except UnreadableError as error:
                walk.notes.append(str(error))
    except EnoughError:
        pass  # without the texts that nobody waited for
    return texts


def _archives(root: Path, walk: _Walk, kept: Folder) -> Generator[None, None, dict[str, Unpacked]]:
    """What the archives in a folder unpack to, of those nearest to the top."""
    found: dict[str, Unpacked] = {}
    try:
        wanted = yield from _near_the_top(kept, _is_archive)
        for path, _ in wanted[:_MOST_ARCHIVES]:
            if time.monotonic() > walk.deadline:
                break
            yield
            from deadweight.workspace.archives import unpacked  # most contexts hold none

            if not (root / path).is_symlink() and (content := unpacked(root / path)):
                found[path] = content
    except EnoughError:
        pass
    return found


def _near_the_top(kept: Folder, is_wanted: Callable[[str, int], bool]) -> Generator[None, None, list[tuple[str, int]]]:
    """The files of a folder that are wanted, by path and bytes: with their bytes, those nearest to the top first."""
    found: list[tuple[str, int]] = []
    level = [("", kept)]
    for _ in range(_DEEPEST_TEXT + 1):
        here: list[tuple[str, int]] = []
        for prefix, folder in level:
            yield
            files = ((prefix + name, count) for name, count in folder.files.items())
            here += [each for each in files if is_wanted(*each)]
        found += sorted(here)
        level = [(f"{prefix}{name}/", below) for prefix, folder in level for name, below in folder.folders.items()]
    return found


def _is_archive(path: str, _: int) -> bool:
    return path.lower().endswith(ARCHIVES)


def _is_project_file(path: str, _: int) -> bool:
    if path.rpartition("/")[2] in _PROJECT_FILES:
        return True
    return (path.endswith(_ENDINGS) or "apt.conf.d/" in path) and _PROJECT_FILE.fullmatch(path) is not None
