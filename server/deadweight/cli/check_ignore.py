"""`deadweight check-ignore`: which paths the context leaves out, and the line and pattern that decide."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.cli.build import settings_of
from deadweight.cli.main import CLEAN, FINDINGS, UNREADABLE
from deadweight.cli.output import warn, write
from deadweight.model.ignore import compile_patterns
from deadweight.syntax.dockerignore import clean, parse
from deadweight.workspace.context import ignore_file_of
from deadweight.workspace.files import read_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

_EPILOG = """\
Like `git check-ignore -v`, prints FILE:LINE:PATTERN<TAB>PATH for each path that is left out.
Paths are relative to the context, as COPY writes them, and need not exist.

exit codes: 0 when at least one path is ignored, 1 when none is, 2 on a wrong argument, an unreadable file,
a pattern that Docker rejects, or a path outside the context
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a path relative to the context")
    parser.add_argument(
        "--ignore-file",
        metavar="F",
        type=Path,
        help="the ignore file (default: Dockerfile.dockerignore, else .dockerignore, in this folder)",
    )
    parser.add_argument("--stdin", action="store_true", help="read the paths from standard input, one a line")
    parser.add_argument(
        "-n", "--non-matching", action="store_true", help="print the other paths as well, as `::` and the path"
    )
    parser.add_argument("-z", action="store_true", help="end each path read, and each field printed, with NUL")
    parser.set_defaults(error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Print the ignored paths. Raises UnreadableError where the ignore file cannot be read."""
    if bool(arguments.paths) == arguments.stdin:
        arguments.error("give either paths or --stdin")
    ignore_file: Path | None = arguments.ignore_file
    if ignore_file is None:
        ignore_file = ignore_file_of(Path("Dockerfile"), Path(), settings_of(Path("Dockerfile")).builder)
    text = read_text(ignore_file) if ignore_file else ""
    patterns = parse(text).patterns
    matcher = compile_patterns(pattern.text for pattern in patterns)
    code = FINDINGS
    for problem in matcher.problems:
        warn(f"{ignore_file}:{patterns[problem.index].line + 1}: Docker rejects this pattern: {problem.message}")
        code = UNREADABLE
    for path in _given(arguments.z) if arguments.stdin else arguments.paths:
        cleaned = clean(path.lstrip("/"))
        if cleaned == ".." or cleaned.startswith("../"):
            warn(f"{path}: outside the context".replace("\n", "\\n"))
            code = UNREADABLE
            continue
        reached = matcher.at(cleaned)
        fields = ("", "", "", path)
        if reached.excluded and reached.decided_by is not None:
            pattern = patterns[reached.decided_by]
            fields = (str(ignore_file), str(pattern.line + 1), text[pattern.span.start : pattern.span.end], path)
            code = CLEAN if code == FINDINGS else code
        elif not arguments.non_matching:
            continue
        if arguments.z:
            write("\0".join(fields), end="\0")
        else:
            write(":".join(fields[:3]) + "\t" + path)
    return code


def _given(with_nul: bool) -> Iterator[str]:
    """The paths on standard input, which may hold bytes that are no UTF-8."""
    stream = sys.stdin.buffer
    lines: Iterable[bytes] = stream.read().split(b"\0") if with_nul else (line.rstrip(b"\r\n") for line in stream)
    return (line.decode("utf-8", "surrogateescape") for line in lines if line)
