"""`deadweight context`: what the builder gets from a folder, what the ignore file leaves out, and what is heavy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.cli.build import how_as_json, how_built, how_in_words, warn_of_unread
from deadweight.cli.main import CLEAN
from deadweight.cli.output import add_format, document, is_coloured, paint, warn, write
from deadweight.size.units import in_words
from deadweight.workspace.context import context_of
from deadweight.workspace.declared_builds import DeclaredBuilds

if TYPE_CHECKING:
    import argparse

    from deadweight.model.context import BuildContext

_SECONDS = 20.0  # the longest that a walk may take
_LARGEST = 10  # entries shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", type=Path, help="the context (default: as is declared, else .)"
    )
    parser.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        type=Path,
        help="the Dockerfile (default: DIR/Dockerfile); FILE.dockerignore goes before .dockerignore",
    )
    parser.add_argument("--list", action="store_true", help="list every file that the builder gets, with its bytes")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what a context holds. Raises UnreadableError where it cannot be read."""
    dockerfile: Path = arguments.file or (arguments.folder or Path()) / "Dockerfile"
    how = how_built(DeclaredBuilds(), dockerfile, arguments.folder)
    warn_of_unread(how, set())
    folder: Path = arguments.folder or (Path(how.folder) if how.by else Path())
    context = context_of(dockerfile, folder, deadline=time.monotonic() + _SECONDS, weigh_ignored=True)
    for note in context.notes:
        warn(f"{note}; sums are at least" if not context.complete else note)
    if arguments.format == "json":
        write(document({**_as_json(context, with_files=arguments.list), "context": how_as_json(how)}))
    elif arguments.list:
        for path, count in sorted(context.files.items()):
            write(f"{count}\t{path}")
    else:
        write("\n".join((*how_in_words(how), _as_text(context))))
    return CLEAN


def _as_json(context: BuildContext, with_files: bool) -> dict[str, object]:
    made: dict[str, object] = {
        "included": {"files": len(context.files), "bytes": context.total},
        "ignored": {"files": context.ignored_files, "bytes": context.ignored_bytes},
        "largest": [{"path": path, "bytes": count} for path, count in context.folders()[:_LARGEST]],
        "ignore_file": context.ignore_file,
        "complete": context.complete,
    }
    if with_files:
        made["files"] = [{"path": path, "bytes": count} for path, count in sorted(context.files.items())]
    return made


def _as_text(context: BuildContext) -> str:
    coloured = is_coloured()
    at_least = "" if context.complete else "at least "
    rows = [
        ("included", len(context.files), context.total, ""),
        ("ignored", context.ignored_files, context.ignored_bytes, f"  by {context.ignore_file or 'no ignore file'}"),
    ]
    lines = [
        f"{what:<9}{at_least}{paint(in_words(count), 'bold', coloured)} in {files:,} file{'s' * (files != 1)}{how}"
        for what, files, count, how in rows
    ]
    largest = [(path, count) for path, count in context.folders()[:_LARGEST] if count]
    if largest:
        lines.append("largest")
        lines += (f"{in_words(count):>9}  {path}" for path, count in largest)
    return "\n".join(lines)
