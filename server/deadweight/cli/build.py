"""What check, fix and size share: the options of a build, and the snapshots of the files to look at."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deadweight.cli.output import own_bug, warn
from deadweight.model import image
from deadweight.model.builds.declared import NOT_SAID, difference
from deadweight.model.image import StatedSize
from deadweight.settings import DEFAULTS, Settings, read_platform, read_size
from deadweight.snapshot import Snapshot
from deadweight.steps import finished
from deadweight.syntax.dockerfile import parse
from deadweight.workspace.built_bases import weigh_bases
from deadweight.workspace.context import context_of, ignore_file_of
from deadweight.workspace.declared_builds import DeclaredBuilds, declares_below
from deadweight.workspace.discover import find
from deadweight.workspace.files import UnreadableError, read_text, shown
from deadweight.workspace.settings_files import SettingsFiles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
    from deadweight.model.context import BuildContext
    from deadweight.settings import Builder
    from deadweight.workspace.settings_files import SettingsFile

_OPTION = "--context"
_BASE_SIZE = "--base-size"
_SECONDS = 20.0  # the longest that the walk of one context may take


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was asked for: its snapshot, or why it could not be read; its settings, its context's folder, and how
    it is built. `build` is the one that was asked for, where its file was named: "compose.yaml (service web)".
    """

    path: Path
    snapshot: Snapshot | None
    error: str = ""
    settings: Settings = DEFAULTS
    root: Path = Path()
    how: HowBuilt = NOT_SAID
    build: str | None = None


class OneByOne:
    """What is done for one file after the other: where a bug of ours ends it for one, that is warned of, and the others
    lose nothing. `failed` is whether there was such a file.
    """

    def __init__(self) -> None:
        self.failed = False

    @contextmanager
    def each(self, path: Path) -> Iterator[None]:
        """What is done for this file. Raises OSError, which is stdout's: no file gets by that."""
        try:
            yield
        except OSError:
            raise
        except Exception as error:
            warn(f"{shown(path)}: {own_bug(error)}")
            self.failed = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the paths and the options of a build."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        help="Dockerfiles, folders to search, or compose and docker-bake files (default: .)",
    )
    parser.add_argument("-f", "--file", metavar="FILE", type=Path, action="append", default=[], help="a Dockerfile")
    parser.add_argument(
        _OPTION,
        metavar="DIR",
        type=Path,
        help="the build context (default: as the project's files declare it, else the Dockerfile's folder)",
    )
    parser.add_argument("--target", metavar="STAGE", help="the stage that becomes the image (default: the last)")
    parser.add_argument("--platform", help=f"what is built for (default: {DEFAULTS.platform})")
    parser.add_argument(
        "--build-arg", metavar="K=V", action="append", default=[], help="the value of an ARG, as docker build takes it"
    )
    parser.add_argument(
        _BASE_SIZE,
        metavar="IMAGE=SIZE",
        action="append",
        default=[],
        help="what a base image weighs unpacked, in bytes or like 1.5MB; without a tag, of all its tags",
    )


def read_files(
    arguments: argparse.Namespace,
    chosen: Callable[[Settings], Settings] = lambda settings: settings,
    *,
    every_build: bool = False,
) -> Iterator[Read]:
    """The files that the arguments name, in order. What cannot be read is warned of and given as such.

    The project's settings hold, `chosen` changes them for the command, and the options of a build go before both. Of a
    Dockerfile that a compose file builds in several ways, the first one counts unless `every_build` is asked for.
    """
    with_options = _with_options(arguments)
    files = SettingsFiles(lambda path: shown(_seen_from_here(path)))
    known: dict[SettingsFile | None, Settings] = {}
    contexts = _Contexts()
    builds, unread, today = DeclaredBuilds(), set[str](), time.strftime("%Y-%m-%d")

    def settings_for(path: Path) -> Settings:
        file = files.of(path)
        if file not in known:
            settings, wrong = file.over(DEFAULTS) if file else (DEFAULTS, ())
            for line in wrong:
                warn(line)
            known[file] = with_options(chosen(settings))
        return known[file]

    def read(asked: _Asked) -> Read:
        path, named, error = asked
        if error:
            raise UnreadableError(error)
        settings = settings_for(path)
        how = how_built(builds, path, arguments.context, settings.context, named)
        warn_of_unread(how, unread)
        root = arguments.context or (_seen_from_here(Path(how.folder)) if how.by else path.parent)
        tree = parse(read_text(path))
        built = finished(weigh_bases(path, tree, how, settings, builds)).sizes
        options = settings.build_options(how, built, today)
        snapshot = Snapshot(tree, contexts.of(path, root, settings.builder), options)
        unknown = snapshot.build.unknown_target
        if arguments.target and unknown:  # what a project's file names is for those that have it
            warn(f"{shown(path)}: there is no stage {unknown!r}; the last one is taken as the image")
        return Read(path, snapshot, "", settings, root, how, named.by if named else None)

    for asked in _asked_for(arguments, files, builds, every_build=every_build):
        try:
            yield read(asked)
        except UnreadableError as error:
            warn(str(error))
            yield Read(asked.path, None, str(error))


def settings_of(path: Path) -> Settings:
    """The settings that the project has for a file; what is wrong with them is warned of."""
    file = SettingsFiles(lambda path: shown(_seen_from_here(path))).of(path)
    settings, wrong = file.over(DEFAULTS) if file else (DEFAULTS, ())
    for line in wrong:
        warn(line)
    return settings


def how_built(
    builds: DeclaredBuilds,
    path: Path,
    context: Path | None,
    from_settings: str | None = None,
    named: DeclaredBuild | None = None,
) -> HowBuilt:
    """How a Dockerfile is built: in the context that an option names, as the build that was `named` on the command line
    declares, in the context of the project's settings, or as is declared.
    """
    if context is None and named is not None:
        return builds.how(path, named=named)
    if context is not None:
        return builds.how(path, context, _OPTION)
    if from_settings is not None:
        return builds.how(path, Path(from_settings), "the project's settings")
    return builds.how(path)


def warn_of_unread(how: HowBuilt, known: set[str]) -> None:
    """Name the files that cannot be read, once each."""
    for each in how.unread:
        if each.path not in known:
            known.add(each.path)
            warn(f"{shown(_seen_from_here(Path(each.path)))}: {each.why}")


def how_in_words(how: HowBuilt, target: str | None = None) -> list[str]:
    """How a Dockerfile is built where that is not plain, and how else, a line each; `target` is the stage in use."""
    target = target if how.build and how.build.target == target else None
    is_plain = how.by in ("", _OPTION) or (how.context == "." and target is None)
    chosen = f"context {how.context}{f', target {target}' if target else ''}, by {how.by}"
    lines = [] if is_plain else [chosen]
    for build in how.others:
        what = ", ".join(f"{kind} {text}" for kind, text in difference(build, how.build))
        lines.append(f"also built with {what}, by {build.by}")
    return ["".join(ch if ch.isprintable() else " " for ch in line) for line in lines]


def how_as_json(how: HowBuilt) -> dict[str, Any]:
    """How a Dockerfile is built, seen from its folder."""
    return {
        "folder": how.context,
        "by": how.by or None,
        "also": [{"folder": each.context, "by": each.by} for each in how.others],
    }


class _Asked(NamedTuple):
    """A Dockerfile that is asked for, with the build where its file was named; or why there is none."""

    path: Path
    build: DeclaredBuild | None = None
    error: str = ""


def _asked_for(
    arguments: argparse.Namespace, files: SettingsFiles, builds: DeclaredBuilds, *, every_build: bool
) -> Iterator[_Asked]:
    """What is asked for, each once, however often and by whatever path."""
    known: set[tuple[str, str | None]] = set()
    for path in [*arguments.file, *arguments.paths] or [Path()]:
        for asked in _dockerfiles(path, files, builds):
            key = os.path.realpath(asked.path), asked.build.by if asked.build and every_build else None
            if key not in known:
                known.add(key)
                yield asked


def _dockerfiles(path: Path, files: SettingsFiles, builds: DeclaredBuilds) -> Iterator[_Asked]:
    """The Dockerfiles behind one path: a folder, a file that declares builds, or a Dockerfile."""
    if path.is_dir():
        yield from map(_Asked, find([path], is_left_out=files.left_out_of(path)))
    elif declares_below(path) is None:
        yield _Asked(path)
    else:
        try:
            for dockerfile, build in builds.declared_in(path):
                yield _Asked(_seen_from_here(dockerfile), build)
        except UnreadableError as error:
            yield _Asked(path, error=str(error))


def _with_options(arguments: argparse.Namespace) -> Callable[[Settings], Settings]:
    """What the options of a build make of settings. Raises UnreadableError for an option that is wrong."""
    bases = dict(map(_base_size, arguments.base_size))
    build_args = dict(each.partition("=")[::2] for each in arguments.build_arg)
    try:
        platform = None if arguments.platform is None else read_platform(arguments.platform)
    except ValueError as error:
        raise UnreadableError(f"--platform: {error}") from error
    return lambda settings: replace(
        settings,
        target=arguments.target or settings.target,
        platform=platform or settings.platform,
        build_args={**settings.build_args, **build_args},
        bases={**settings.bases, **bases},
    )


def _base_size(text: str) -> tuple[str, StatedSize]:
    """What is said of one base image. Raises UnreadableError for text that says nothing."""
    name, _, size = text.rpartition("=")
    if not image.parse(name).registry:
        raise UnreadableError(f"{_BASE_SIZE}: {text!r} names no image and size: write debian:12=117MB")
    try:
        return name, StatedSize(read_size(size), _BASE_SIZE)
    except ValueError as error:
        raise UnreadableError(f"{_BASE_SIZE}: {name}: {error}") from error


def _seen_from_here(path: Path) -> Path:
    """An absolute path in short: relative where it lies below the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class _Contexts:
    """Contexts by folder and ignore file: many Dockerfiles of one folder share one walk.

    What an ignore file says counts too: `fix --write` adds lines to the one that the next Dockerfile is built with.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Path, Path | None, str], BuildContext] = {}

    def of(self, dockerfile: Path, root: Path, builder: Builder) -> BuildContext:
        ignore_file = ignore_file_of(dockerfile, root, builder)
        key = (root, ignore_file, read_text(ignore_file) if ignore_file else "")
        if key not in self._known:
            context = context_of(dockerfile, root, deadline=time.monotonic() + _SECONDS, builder=builder)
            for note in context.notes:
                warn(note)
            self._known[key] = context
        return self._known[key]
