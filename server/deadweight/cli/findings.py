"""Findings as JSON, in the shape that scripts rely on, and the lines and columns of spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.analysis.proof import MANY, holds
from deadweight.analysis.report import title_of
from deadweight.rules.rule import Safety

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Text


def as_size(size: Size | None) -> dict[str, int | None] | None:
    """`{"low","best","high"}`, or None where nothing is known."""
    return None if size is None else {"low": size.low, "best": size.best, "high": size.high}


def as_position(text: Text, offset: int) -> dict[str, int]:
    """Line and column from 1, columns in code points."""
    line, column = text.position(offset)
    return {"line": line + 1, "column": column + 1}


def proven(snapshot: Snapshot, found: Sequence[Reported], reported: Reported) -> tuple[Fix, ...]:
    """The fixes of a finding that keep their word; none where there are too many findings to prove one by one."""
    if len(found) > MANY:
        return ()
    return tuple(fix for fix in reported.finding.fixes if holds(snapshot, found, reported, fix))


def as_finding(text: Text, snapshot: Snapshot, found: Sequence[Reported], reported: Reported) -> dict[str, Any]:
    """One finding of `check --format json`."""
    finding = reported.finding
    return {
        "rule": reported.rule.id,
        "severity": reported.severity,
        "start": as_position(text, finding.span.start),
        "end": as_position(text, finding.span.end),
        "message": reported.message,
        "saves": as_size(finding.saves),
        "basis": finding.basis,
        "stage": finding.stage,
        "fixes": [
            {"id": fix.id, "title": title_of(fix), "safety": "safe" if fix.safety is Safety.SAFE else "ask"}
            for fix in proven(snapshot, found, reported)
        ],
    }


def as_problems(text: Text, snapshot: Snapshot) -> list[dict[str, Any]]:
    """What BuildKit would reject, as `syntax` and `check` print it."""
    return [
        {
            "start": as_position(text, problem.span.start),
            "end": as_position(text, problem.span.end),
            "message": problem.message,
        }
        for problem in snapshot.problems
    ]
