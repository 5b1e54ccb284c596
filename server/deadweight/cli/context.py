"""`deadweight context`: what the builder gets from a folder, what the ignore file leaves out, and what is heavy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deadweight.cli.build import how_as_json, how_built, how_in_words, settings_of, warn_of_unread
from deadweight.cli.main import CLEAN
from deadweight.cli.output import add_format, document, is_coloured, paint, warn, write
from deadweight.model.ignore import compile_patterns
from deadweight.model.sifting import sifted
from deadweight.size.units import in_words
from deadweight.syntax.dockerignore import parse
from deadweight.workspace.context import context_of, ignore_file_of, shown_in
from deadweight.workspace.declared_builds import DeclaredBuilds
from deadweight.workspace.files import read_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.folder import Folder
    from deadweight.model.sifting import Share

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
    parser.add_argument("--tree", action="store_true", help="show what the largest folders hold, two levels deep")
    parser.add_argument("--list", action="store_true", help="list every file that the builder gets, with its bytes")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what a context holds. Raises UnreadableError where it cannot be read."""
    dockerfile: Path = arguments.file or (arguments.folder or Path()) / "Dockerfile"
    settings = settings_of(dockerfile)
    how = how_built(DeclaredBuilds(), dockerfile, arguments.folder, settings.context)
    warn_of_unread(how, set())
    folder: Path = arguments.folder or (Path(how.folder) if how.by else Path())
    deadline, builder = time.monotonic() + _SECONDS, settings.builder
    whole = context_of(dockerfile, folder, deadline=deadline, without_ignore_file=True, builder=builder)
    ignore_file = ignore_file_of(dockerfile, folder, builder)
    patterns = parse(read_text(ignore_file)).patterns if ignore_file else ()
    texts = tuple(pattern.text for pattern in patterns)
    found = sifted(whole.tree, compile_patterns(texts))
    context = whole.sifted_by(shown_in(ignore_file, folder), texts, found) if ignore_file else whole
    lines = [
        _Line(pattern.line + 1, pattern.text, found.share(index))
        for index, pattern in enumerate(patterns)
        if found.share(index).files
    ]
    for note in context.notes:
        warn(f"{note}; sums are at least" if not context.complete else note)
    if arguments.format == "json":
        write(document({**_as_json(context, lines, with_files=arguments.list), "context": how_as_json(how)}))
    elif arguments.list:
        for path, count in sorted(context.files.items()):
            write(f"{count}\t{path}")
    else:
        shown = (*_summary(context), *_by_pattern(lines), *_largest(context, is_tree=arguments.tree))
        write("\n".join((*how_in_words(how), *shown)))
    return CLEAN


class _Line(NamedTuple):
    """A pattern by its line in the ignore file, and what it decides."""

    number: int
    pattern: str
    share: Share


def _as_json(context: BuildContext, lines: list[_Line], with_files: bool) -> dict[str, object]:
    made: dict[str, object] = {
        "included": {"files": len(context.files), "bytes": context.total},
        "ignored": {"files": context.ignored_files, "bytes": context.ignored_bytes},
        "largest": [{"path": path, "bytes": count} for path, count in context.folders()[:_LARGEST]],
        "ignore_file": context.ignore_file,
        "patterns": [
            {"line": each.number, "pattern": each.pattern, "files": each.share.files, "bytes": each.share.bytes}
            for each in lines
        ],
        "complete": context.complete,
    }
    if with_files:
        made["files"] = [{"path": path, "bytes": count} for path, count in sorted(context.files.items())]
    return made


def _summary(context: BuildContext) -> Iterator[str]:
    coloured = is_coloured()
    at_least = "" if context.complete else "at least "
    rows = [
        ("included", len(context.files), context.total, ""),
        ("ignored", context.ignored_files, context.ignored_bytes, f"  by {context.ignore_file or 'no ignore file'}"),
    ]
    for what, files, count, how in rows:
        amount = paint(in_words(count), "bold", coloured)
        yield f"{what:<9}{at_least}{amount} in {files:,} file{'s' * (files != 1)}{how}"


def _by_pattern(lines: list[_Line]) -> Iterator[str]:
    """What single patterns leave out or bring back, the heaviest first."""
    heavy = sorted((each for each in lines if each.share.bytes), key=lambda each: -each.share.bytes)
    for each in heavy[:_LARGEST]:
        sign = "+" if each.pattern.startswith("!") else "-"
        yield f"{sign + in_words(each.share.bytes):>10}  line {each.number}: {each.pattern}"


def _largest(context: BuildContext, *, is_tree: bool) -> Iterator[str]:
    if context.total:
        yield "largest"
        yield from _entries(context.tree, "", 2 if is_tree else 0)


def _entries(folder: Folder, indent: str, deeper: int) -> Iterator[str]:
    """The largest entries of a folder, each with what it holds, some levels `deeper`."""
    heavy = sorted((each for each in folder.entries() if each[1]), key=lambda entry: (-entry[1], entry[0]))
    for name, count in heavy[:_LARGEST]:
        yield f"{indent}{in_words(count):>9}  {name if deeper or indent else name.rstrip('/')}"
        if deeper and name.endswith("/"):
            yield from _entries(folder.folders[name[:-1]], f"{indent}    ", deeper - 1)
    if indent and len(heavy) > _LARGEST:
        rest = sum(count for _, count in heavy[_LARGEST:])
        yield f"{indent}{in_words(rest):>9}  in {len(heavy) - _LARGEST:,} more"
