"""What is underlined: problems that fail the build, and findings with their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.analysis.report import Elsewhere, Reported
    from deadweight.settings import Severity
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.problems import Problem
    from deadweight.text import Span

SYNTAX = "syntax"  # the code of what BuildKit rejects


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A place in the file and what is said about it; `code` is a rule's id or "syntax", `related` other places.

    What `is_unnecessary` does nothing for the image: an editor may fade it.
    """

    span: Span
    message: str
    code: str
    severity: Severity
    related: tuple[Elsewhere, ...] = ()
    is_unnecessary: bool = False


def diagnostics(snapshot: Snapshot, reported: Sequence[Reported]) -> tuple[Diagnostic, ...]:
    """Everything to underline in a Dockerfile, in the order of the file; nothing in another frontend's language."""
    if snapshot.is_foreign:
        return ()
    found = (*map(of_problem, snapshot.problems), *map(of_finding, reported))
    return tuple(sorted(found, key=lambda each: each.span))


def of_problem(problem: Problem) -> Diagnostic:
    """What is said about something that BuildKit rejects."""
    return Diagnostic(problem.span, problem.message, SYNTAX, "error")


def of_finding(reported: Reported) -> Diagnostic:
    """What is said about a finding."""
    rule = reported.rule
    is_unnecessary = rule.is_about_unnecessary
    return Diagnostic(reported.span, reported.message, rule.id, reported.severity, reported.related, is_unnecessary)
