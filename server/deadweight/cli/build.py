"""What check, fix and size share: the options of a build, and the snapshots of the files to look at."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.cli.output import warn
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.workspace.context import context_of, ignore_file_of
from deadweight.workspace.discover import find
from deadweight.workspace.files import UnreadableError, read_text, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from deadweight.model.context import BuildContext

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
_SECONDS = 20.0  # the longest that the walk of one context may take


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was asked for: its snapshot, or why it could not be read."""

    path: Path
    snapshot: Snapshot | None
    error: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the paths and the options of a build."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="Dockerfiles, or folders to search (default: .)"
    )
    parser.add_argument("-f", "--file", metavar="FILE", type=Path, action="append", default=[], help="a Dockerfile")
    parser.add_argument(
        "--context", metavar="DIR", type=Path, help="the build context (default: the Dockerfile's folder)"
    )
    parser.add_argument("--target", metavar="STAGE", help="the stage that becomes the image (default: the last)")
    parser.add_argument("--platform", default="linux/amd64", help="what is built for (default: %(default)s)")
    parser.add_argument(
        "--build-arg", metavar="K=V", action="append", default=[], help="the value of an ARG, as docker build takes it"
    )


def read_files(arguments: argparse.Namespace) -> Iterator[Read]:
    """The files that the arguments name, in order. What cannot be read is warned of and given as such."""
    options = _options(arguments)
    contexts = _Contexts(arguments.context)
    given = [*arguments.file, *arguments.paths] or [Path()]
    for path in _found(given):
        try:
            tree = parse(read_text(path))
            snapshot = Snapshot(tree, contexts.of(path), options)
            if unknown := snapshot.build.unknown_target:
                warn(f"{shown(path)}: there is no stage {unknown!r}; the last one is taken as the image")
            yield Read(path, snapshot)
        except UnreadableError as error:
            warn(str(error))
            yield Read(path, None, str(error))


def _found(given: Iterable[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from find([path])
        else:
            yield path


def _options(arguments: argparse.Namespace) -> Options:
    if not _PLATFORM.fullmatch(arguments.platform):
        raise UnreadableError(f"--platform: {arguments.platform!r} is no platform: write linux/amd64 or linux/arm/v7")
    build_args = dict(each.partition("=")[::2] for each in arguments.build_arg)
    return Options(arguments.target, build_args, arguments.platform)


class _Contexts:
    """Contexts by folder and ignore file: many Dockerfiles of one folder share one walk."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._known: dict[tuple[Path, Path | None], BuildContext] = {}

    def of(self, dockerfile: Path) -> BuildContext:
        root = self._root or dockerfile.parent
        key = (root, ignore_file_of(dockerfile, root))
        if key not in self._known:
            context = context_of(dockerfile, root, deadline=time.monotonic() + _SECONDS)
            for note in context.notes:
                warn(note)
            self._known[key] = context
        return self._known[key]
