"""The formats of `deadweight check` by name, and what a format is: a report to which files are added one by one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read


class Checked(NamedTuple):
    """A file that was read or could not be, and what was found in it.

    `news` is what of it was not found before: one Dockerfile may be built in several ways.
    """

    read: Read
    found: Sequence[Reported]
    news: Sequence[Reported]


class Report(Protocol):
    """What is written to stdout about the files that were checked."""

    def add(self, checked: Checked) -> None:
        """One more file."""

    def end(self) -> None:
        """All files have been added."""


# The module of each, and its class.
_REPORTS = {
    "text": ("text", "TextReport"),
    "json": ("documents", "JsonReport"),
    "jsonl": ("documents", "JsonLinesReport"),
    "sarif": ("sarif", "SarifReport"),
    "github": ("github", "GithubReport"),
    "gitlab": ("gitlab", "GitlabReport"),
}
FORMATS = tuple(_REPORTS)


def report_in(name: str) -> Report:
    """An empty report in one of `FORMATS`; only what writes it is imported."""
    module, cls = _REPORTS[name]
    made: Report = getattr(import_module(f"deadweight.cli.reports.{module}"), cls)()
    return made
