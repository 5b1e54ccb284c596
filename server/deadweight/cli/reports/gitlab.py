"""`check --format gitlab`: a Code Quality report, which GitLab shows in merge requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.cli.output import document, write
from deadweight.cli.reports.annotations import annotations_of, path_in_checkout

if TYPE_CHECKING:
    from deadweight.cli.reports.catalog import Checked

_SEVERITIES = {"error": "critical", "warning": "major", "information": "minor", "hint": "info"}


class GitlabReport:
    """One list of findings: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format, of 2026-11."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []

    def add(self, checked: Checked) -> None:
        """Keep what was found in a file for the end."""
        path = path_in_checkout(checked.read.path)
        self._found += (
            {
                "description": each.message,
                "check_name": each.rule,
                "fingerprint": each.fingerprint,
                "severity": _SEVERITIES[each.severity],
                "location": {"path": path, "lines": {"begin": each.place.line, "end": each.place.end_line}},
            }
            for each in annotations_of(checked)
        )

    def end(self) -> None:
        """Write the list."""
        write(document(self._found))
