"""Times language servers for Dockerfiles side by side: ours, one that knows nothing, and others.

    python tests/benchmarks/servers.py [--lines 10 60 500 5000] [--place all] [--markdown docs/benchmarks.md]

Needs Python, and for the server that npm has, Node and npm. What is missing is fetched into a temporary folder or left
out. tally takes part where it is installed: `pip install tally-cli`. CPU time and memory are measured on Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

# Run as a script: the modules beside it are found as the tests find them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import contenders, report, runs
from benchmarks.contenders import NAMES
from benchmarks.dockerfiles import SHORTEST, dockerfile
from benchmarks.places import PLACES, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.contenders import Contender
    from benchmarks.report import Table
    from benchmarks.runs import Result

_COLD = 60  # lines of the file for cold starts, or what comes nearest
_BEGIN, _END = "<!-- written by servers.py -->\n", "<!-- end -->\n"


@dataclass
class Measured:
    """Everything that was measured: files by their number of lines, and in them perhaps by place."""

    files: dict[int, list[Result]] = field(default_factory=dict)
    places: dict[int, dict[str, list[Result]]] = field(default_factory=dict)
    cold: dict[int, list[Result]] = field(default_factory=dict)


def main() -> int:
    """Measure, and say what came out."""
    options = _options()
    if options.markdown:
        _around_section(options.markdown)  # to be refused now, and not in half an hour
    tasks = _tasks(options)
    begin = _load()
    with tempfile.TemporaryDirectory() as folder:
        servers = list(_find(options.only, Path(folder)))
        measured = _measure(servers, tasks, Path(folder) / "workspace", everywhere=options.place == "all")
    preface = _preface(f"{begin} at the start, {_load()} at the end")
    tables = list(_tables(measured, servers))
    print(f"\n{preface}\n")
    print("\n".join(map(report.as_text, tables)))
    if options.json:
        options.json.write_text(json.dumps({"about": preface, **asdict(measured)}), "utf-8")
    if options.markdown:
        before, after = _around_section(options.markdown)
        section = "\n".join([f"{preface}\n", *map(report.as_markdown, tables)])
        options.markdown.write_text(f"{before}\n{section}\n{after}", "utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--lines", type=_lines, nargs="+", default=[10, 60, 500, 5000], help="lengths of the files")
    files.add_argument("--file", type=Path, help="a Dockerfile to measure with, in place of ours")
    parser.add_argument("--edits", type=int, default=200, help="characters typed for each server, file and place")
    parser.add_argument(
        "--place", metavar="KIND", choices=[*PLACES, "all"], default="run", help=f"where: {', '.join(PLACES)} or all"
    )
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", choices=NAMES, default=NAMES, help=f"these servers: {', '.join(NAMES)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample into it")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables into it, where its marks are")
    return parser.parse_args()


def _lines(text: str) -> int:
    lines = int(text)
    if lines < SHORTEST:
        raise argparse.ArgumentTypeError(f"{lines}: the shortest file has {SHORTEST} lines")
    return lines


def _find(names: Sequence[str], folder: Path) -> Iterator[Contender]:
    for name in names:
        try:
            yield contenders.find(name, folder)
        except contenders.MissingError as error:
            print(error, file=sys.stderr)


def _tasks(options: argparse.Namespace) -> dict[int, dict[str, runs.Task]]:
    """What there is to do, by the number of lines and the kind of place; the one that everything is done at first."""
    if options.file:
        texts = [options.file.read_bytes().decode("utf-8", "replace")]
    else:
        texts = [dockerfile(lines) for lines in options.lines]
    first = "run" if options.place == "all" else options.place
    tasks = {}
    for text in texts:
        lines = text.count("\n")
        order = dict.fromkeys([first, *PLACES] if options.place == "all" else [first])
        tasks[lines] = {place: runs.Task(text, found, options.edits) for place in order if (found := find(place, text))}
        if first not in tasks[lines]:
            sys.exit(f"--place {first}: {lines:,} lines have no such place")
    return tasks


def _measure(
    servers: Sequence[Contender], tasks: dict[int, dict[str, runs.Task]], folder: Path, *, everywhere: bool
) -> Measured:
    measured = Measured()
    for lines, by_place in tasks.items():
        print(f"{lines:,} lines ...", file=sys.stderr)
        task = next(iter(by_place.values()))
        measured.files[lines] = runs.race(servers, task, folder)
        pair = [each for each in servers if each.name in (contenders.OURS, contenders.FLOOR)]
        if everywhere and len(pair) == 2:
            measured.places[lines] = {place: runs.typing(pair, each, folder) for place, each in by_place.items()}
        if lines == min(tasks, key=lambda each: abs(each - _COLD)):
            pushing = [each for each in servers if not each.pulls]
            measured.cold[lines] = runs.cold_starts(pushing, task, folder)
    return measured


def _tables(measured: Measured, servers: Sequence[Contender]) -> Iterator[Table]:
    versions = {result.name: result.version for results in measured.files.values() for result in results}
    yield report.of_servers(servers, versions)
    yield report.of_ours(measured.files)
    for lines, results in measured.files.items():
        yield from report.of_a_file(results, lines)
        if lines in measured.places:
            yield report.of_places(measured.places[lines], lines)
        if lines in measured.cold:
            yield report.of_cold_starts(measured.cold[lines], lines)


def _preface(load: str) -> str:
    """When, where and how: without it the figures mean nothing."""
    parts = (
        f"{datetime.now(timezone.utc):%Y-%m-%d}",
        f"{os.cpu_count()} cores {platform.machine()}",
        platform.system(),
        f"Python {platform.python_version()}",
        _node(),
        f"load average {load}",
    )
    return f"{', '.join(parts)}; `python tests/benchmarks/servers.py {shlex.join(sys.argv[1:])}`"


def _node() -> str:
    node = shutil.which("node")
    version = node and subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return f"Node {version}" if version else "no Node"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _around_section(path: Path) -> tuple[str, str]:
    """What a document says before and behind the tables."""
    before, begin, rest = path.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        sys.exit(f"{path} has no lines {_BEGIN.strip()} and {_END.strip()} to write between")
    return before + begin, end + after


if __name__ == "__main__":
    sys.exit(main())
