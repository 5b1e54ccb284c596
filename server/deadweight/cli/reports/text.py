"""`check` for people: the line with carets under what is meant, the saving, other places, the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.analysis.report import about, saving, title_of, total_saving
from deadweight.cli.findings import as_lines, proven
from deadweight.cli.output import is_coloured, paint, write
from deadweight.rules.rule import Safety
from deadweight.text import Text
from deadweight.workspace.files import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read
    from deadweight.cli.reports.catalog import Checked
    from deadweight.snapshot import Snapshot

_STYLES = {"error": "red", "warning": "yellow", "information": "blue", "hint": "dim"}


class TextReport:
    """Each finding in a few lines, written as soon as its file was checked; a line that sums up at the end."""

    def __init__(self) -> None:
        self._files: set[Path] = set()
        self._found: list[Reported] = []

    def add(self, checked: Checked) -> None:
        """Write what was found in a file."""
        read, found, news = checked
        if read.snapshot is None:
            return
        self._files.add(read.path)
        self._found += news
        if read.snapshot.is_foreign:
            return
        snapshot, coloured = read.snapshot, is_coloured()
        text = Text(snapshot.text)
        for problem in snapshot.problems:
            at = text.position(problem.span.start)
            place = f"{shown(read.path)}:{at.line + 1}:{at.column + 1}"
            write(f"{paint(place, 'bold', coloured)}: {paint('error', 'red', coloured)}: {problem.message}")
        for each in news:
            write(_finding(read, snapshot, text, found, each))

    def end(self) -> None:
        """Write how much can go; nothing where no file could be read."""
        if not self._files:
            return
        looked = f"{len(self._files)} file{'s' * (len(self._files) != 1)}"
        if not self._found:
            write(f"{looked}, nothing to take off")
            return
        count = f"{len(self._found)} finding{'s' * (len(self._found) != 1)} in {looked}"
        saves = total_saving(self._found)
        if saves is not None and saves.best:
            count += f": {about(saves)} can go"
        rebuilt = sum(each.finding.basis == "cache" for each in self._found)
        if rebuilt:
            count += f"; {rebuilt} about what each rebuild writes again"
        write(paint(count, "bold", is_coloured()))


def _finding(read: Read, snapshot: Snapshot, text: Text, found: Sequence[Reported], each: Reported) -> str:
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
