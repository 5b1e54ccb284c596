"""What is said of a real Dockerfile: its findings, and which of them a safe fix takes away."""

from __future__ import annotations

from dataclasses import dataclass

from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.rules.rule import Safety
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse


@dataclass(frozen=True, slots=True)
class Said:
    """A finding: its rule, the number of its line and what stands there, the message, and whether there is a safe fix
    that was proven.
    """

    rule: str
    line: int
    keyword: str
    message: str
    has_safe_fix: bool


def said_of(text: str) -> tuple[Said, ...]:
    """All that `check` reports of a file, by the settings that hold when nobody sets any."""
    snapshot = Snapshot(parse(text))
    found = report(snapshot)
    return tuple(
        Said(
            each.rule.id,
            snapshot.line(each.finding.site),
            snapshot.instruction(each.finding.site).keyword,
            each.message,
            any(fix.safety is Safety.SAFE and holds(snapshot, found, each, fix) for fix in each.fixes),
        )
        for each in found
    )
