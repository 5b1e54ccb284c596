"""A safe fix as a pair: a case before and after it, what the findings claim, and what was measured of both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deadweight.analysis.fix_all import fix_all
from deadweight.rules.edits import append_lines
from deadweight.rules.rule import Safety
from deadweight.size.units import total
from deadweight.text import apply_edits
from develop.evidence.contexts import DOCS, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from develop.evidence.case import Case

RESULTS = DOCS / "evidence.jsonl"
CLOSE = 0.25  # a claim may be off by so much of what is measured


@dataclass(frozen=True, slots=True)
class Pair:
    """A case before and after our own fix, with what the findings say that it saves."""

    case: Case
    before: Snapshot
    after: Snapshot
    created: Mapping[str, str]
    fixes: Mapping[str, str]  # id -> title
    claim: Size | None
    is_of_next_build: bool  # it saves nothing of the image: the next build finds more


def pair_of(case: Case) -> Pair:
    """What fix-all makes of a case when it may only take the safe fixes of the case's rule."""

    def is_wanted(reported: Reported, fix: Fix) -> bool:
        return reported.rule.id == case.rule and fix.safety is Safety.SAFE and case.fix in (None, fix.id)

    before = snapshot_of(case.dockerfile, case.files)
    outcome = fix_all(before, wanted=is_wanted)
    return Pair(
        case,
        before,
        outcome.snapshot,
        {file.path: _with_lines(case.files.get(file.path, ""), file.lines) for file in outcome.added},
        {fix.id: fix.title for _, fix in outcome.done},
        total(fix.saves or reported.finding.saves for reported, fix in outcome.done),
        any(reported.finding.basis == "cache" for reported, _ in outcome.done),
    )


def _with_lines(text: str | int, lines: Iterable[str]) -> str:
    assert isinstance(text, str)
    return apply_edits(text, [append_lines(text, lines)])


def read_results(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """What was measured, by the name of the case."""
    if not path.exists():
        return {}
    return {record["case"]: record for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def is_of(record: Mapping[str, Any], pair: Pair) -> bool:
    """Whether a measurement is of what our fixer writes today."""
    return bool(
        record["before"] == pair.before.text
        and record["after"] == pair.after.text
        and record["created"] == dict(pair.created)
    )


def saved_by(record: Mapping[str, Any]) -> int:
    """The bytes that the image has less, or those that the next build finds and need not get again."""
    if "found_after" in record:
        return int(record["found_after"] - record["found_before"])
    return int(record["before_bytes"] - record["after_bytes"])


def error_of(record: Mapping[str, Any], claim: Size) -> float:
    """How far a claim is off, as a share of what is measured."""
    saved = saved_by(record)
    return float((claim.best - saved) / saved)


def is_in_range(record: Mapping[str, Any], claim: Size) -> bool:
    """Whether the saving lies between the ends of the claim, in the digits that the page shows."""
    saved = float(megabytes(saved_by(record)))
    return float(megabytes(claim.low)) <= saved and (claim.high is None or saved <= float(megabytes(claim.high)))


def megabytes(count: int) -> str:
    """Bytes as the page shows them."""
    return f"{count / 1e6:.2f}"
