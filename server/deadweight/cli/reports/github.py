"""`check --format github`: commands to a runner of GitHub Actions, which shows them at the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.cli.output import write
from deadweight.cli.reports.annotations import annotations_of, path_in_checkout

if TYPE_CHECKING:
    from deadweight.cli.reports.catalog import Checked

_COMMANDS = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}
# https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts, of 2026-11: what would end a command early.
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


class GithubReport:
    """A line a finding."""

    def add(self, checked: Checked) -> None:
        """Write the lines of a file; one that could not be read is an error at its first line."""
        read = checked.read
        file = path_in_checkout(read.path).translate(_PROPERTY)
        if read.snapshot is None:
            write(f"::error file={file}::{read.error.translate(_DATA)}")
        for each in annotations_of(checked):
            start, end = each.place[:2], each.place[2:]
            # The runner takes columns of one line only.
            columns = f",col={start[1]},endColumn={end[1]}" if start[0] == end[0] else ""
            where = f"file={file},line={start[0]},endLine={end[0]}{columns},title=deadweight {each.rule}"
            write(f"::{_COMMANDS[each.severity]} {where}::{each.message.translate(_DATA)}")

    def end(self) -> None:
        """Nothing is left to write."""
