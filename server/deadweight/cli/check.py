"""`deadweight check`: what makes images heavier than they need to be, with the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.analysis.report import about, report, saving, title_of, total_saving
from deadweight.cli import build
from deadweight.cli.findings import (
    add_budget,
    add_selection,
    as_finding,
    as_lines,
    as_problems,
    proven,
    selection,
    with_budget,
)
from deadweight.cli.main import CLEAN, FINDINGS, UNREADABLE
from deadweight.cli.output import add_format, document, is_coloured, line, paint, write
from deadweight.rules.rule import Safety
from deadweight.settings import SEVERITIES
from deadweight.text import Text
from deadweight.workspace.files import shown

if TYPE_CHECKING:
    import argparse

    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read
    from deadweight.snapshot import Snapshot

_STYLES = {"error": "red", "warning": "yellow", "information": "blue", "hint": "dim"}
_EPILOG = "exit codes: 0 nothing at or above --fail-on, 1 something, 2 a wrong argument or an unreadable file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _EPILOG
    build.add_arguments(parser)
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="warning",
        help="the severity from which on findings give exit code 1 (default: %(default)s)",
    )
    add_budget(parser)
    add_selection(parser)
    add_format(parser, ("text", "json", "jsonl"))


def run(arguments: argparse.Namespace) -> int:
    """Check all files. Exit code 2 where one of them could not be read, whatever the others gave."""
    chosen, budgeted = selection(arguments), with_budget(arguments)
    loud = () if arguments.fail_on == "never" else SEVERITIES[SEVERITIES.index(arguments.fail_on) :]
    code = CLEAN
    everything: list[Reported] = []
    documents: list[dict[str, Any]] = []
    files = 0
    for read in build.read_files(arguments, lambda settings: budgeted(chosen(settings))):
        files += 1
        found = report(read.snapshot, read.settings) if read.snapshot else ()
        everything += found
        failed = any(each.severity in loud for each in found)
        failed = failed or bool(loud and read.snapshot and not read.snapshot.is_foreign and read.snapshot.problems)
        code = UNREADABLE if read.snapshot is None else max(code, FINDINGS if failed else CLEAN)
        if arguments.format == "text":
            _write_text(read, found)
            continue
        made = _as_json(read, found)
        if arguments.format == "jsonl":
            write(line(made))
        else:
            documents.append(made)
    if arguments.format == "json":
        write(document({"files": documents}))
    elif arguments.format == "text":
        _write_summary(everything, files)
    return code


def _as_json(read: Read, found: tuple[Reported, ...]) -> dict[str, Any]:
    if read.snapshot is None:
        return {"path": str(read.path), "error": read.error}
    snapshot = read.snapshot
    text = Text(snapshot.text)
    return {
        "path": str(read.path),
        "findings": [as_finding(text, snapshot, found, each, read.settings) for each in found],
        "problems": [] if snapshot.is_foreign else as_problems(text, snapshot),
    }


def _write_text(read: Read, found: tuple[Reported, ...]) -> None:
    if read.snapshot is None or read.snapshot.is_foreign:
        return
    snapshot, coloured = read.snapshot, is_coloured()
    text = Text(snapshot.text)
    for problem in snapshot.problems:
        at = text.position(problem.span.start)
        place = f"{shown(read.path)}:{at.line + 1}:{at.column + 1}"
        write(f"{paint(place, 'bold', coloured)}: {paint('error', 'red', coloured)}: {problem.message}")
    for each in found:
        write(_as_text(read, snapshot, text, found, each))


def _as_text(read: Read, snapshot: Snapshot, text: Text, found: tuple[Reported, ...], each: Reported) -> str:
    """The place and the message, the line with carets under what is meant, the saving, other places, the fixes."""
    coloured = is_coloured()
    finding = each.finding
    start, end = text.position(each.span.start), text.position(each.span.end)
    source = text.line(start.line).rstrip("\r\n")
    stop = end.column if end.line == start.line else len(source)
    # Tabs stay tabs, so that the carets stand under their characters.
    before = "".join("\t" if ch == "\t" else " " for ch in source[: start.column])
    carets = "^" * max(1, stop - start.column)
    number = str(start.line + 1)
    margin = " " * len(number)
    place = paint(f"{shown(read.path)}:{number}:{start.column + 1}", "bold", coloured)
    severity = paint(each.severity, _STYLES[each.severity], coloured)
    rows = [
        f"{place}: {severity}: {each.statement} [{each.rule.id}]",
        f"  {number} | {source}",
        f"  {margin} | {before}{paint(f'{carets} {saving(finding)}'.rstrip(), _STYLES[each.severity], coloured)}",
        *(f"  {other}" for other in as_lines(text, each)),
    ]
    for fix in proven(snapshot, found, each, read.settings):
        how = "fix" if fix.safety is Safety.SAFE else "refactoring"
        rows.append(f"  {margin} = {how}: {title_of(fix)}")
    return "\n".join(rows) + "\n"


def _write_summary(found: list[Reported], files: int) -> None:
    looked = f"{files} file{'s' * (files != 1)}"
    if not found:
        write(f"{looked}, nothing to take off")
        return
    count = f"{len(found)} finding{'s' * (len(found) != 1)} in {looked}"
    saves = total_saving(found)
    if saves is not None and saves.best:
        count += f": {about(saves)} can go"
    rebuilt = sum(each.finding.basis == "cache" for each in found)
    if rebuilt:
        count += f"; {rebuilt} about what each rebuild writes again"
    write(paint(count, "bold", is_coloured()))
