"""`check --format json` and `jsonl`: all that is known of each finding, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.cli.findings import as_finding, as_problems
from deadweight.cli.output import document, line, write
from deadweight.text import Text

if TYPE_CHECKING:
    from deadweight.cli.reports.catalog import Checked


class JsonReport:
    """One document."""

    def __init__(self) -> None:
        self._files: list[dict[str, Any]] = []

    def add(self, checked: Checked) -> None:
        """Keep the file for the end."""
        self._files.append(_file(checked))

    def end(self) -> None:
        """Write it."""
        write(document({"files": self._files}))


class JsonLinesReport:
    """A line a file, written as soon as it was checked."""

    def add(self, checked: Checked) -> None:
        """Write the line."""
        write(line(_file(checked)))

    def end(self) -> None:
        """Nothing is left to write."""


def _file(checked: Checked) -> dict[str, Any]:
    read, found, _ = checked
    named = {"path": str(read.path), **({} if read.build is None else {"build": read.build})}
    if read.snapshot is None:
        return {**named, "error": read.error}
    snapshot = read.snapshot
    text = Text(snapshot.text)
    return {
        **named,
        "findings": [as_finding(text, snapshot, found, each, read.settings) for each in found],
        "problems": [] if snapshot.is_foreign else as_problems(text, snapshot),
    }
