"""What the formats of code hosts share: places, paths from the checkout's root, a name that a finding keeps."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deadweight.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.analysis.report import Reported
    from deadweight.cli.reports.catalog import Checked
    from deadweight.settings import Severity
    from deadweight.text import Span

SYNTAX = "syntax"  # the rule, as it were, of what BuildKit would reject
SYNTAX_TITLE = "BuildKit would not build this file."


class Place(NamedTuple):
    """Lines and columns from 1, columns in code points, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Annotation(NamedTuple):
    """What is said at a place of a file: by a rule, or of what BuildKit would reject, where there is no `reported`.

    `fingerprint` stays the same when lines are added above.
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    fingerprint: str
    reported: Reported | None = None


def annotations_of(checked: Checked) -> Iterator[Annotation]:
    """All that is said of a file."""
    read, _, news = checked
    snapshot = read.snapshot
    if snapshot is None or snapshot.is_foreign:
        return
    text = Text(snapshot.text)
    told: dict[tuple[str, str], int] = {}
    said: list[tuple[str, Severity, str, Span, Reported | None]] = [
        (SYNTAX, "error", each.message, each.span, None) for each in snapshot.problems
    ]
    said += [(each.rule.id, each.severity, each.message, each.span, each) for each in news]
    for rule, severity, message, span, reported in said:
        place = place_of(text, span)
        line = text.line(place.line - 1).strip()
        number = told[rule, line] = told.get((rule, line), 0) + 1
        name = "\0".join((path_in_checkout(read.path), rule, line, str(number)))
        fingerprint = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        yield Annotation(rule, severity, message, place, fingerprint, reported)


def place_of(text: Text, span: Span) -> Place:
    """Where a span of a text is."""
    start, end = text.position(span.start), text.position(span.end)
    return Place(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def path_in_checkout(path: Path) -> str:
    """A path as code hosts want it: relative to the working folder, with slashes; absolute where it lies outside."""
    whole, here = Path.cwd() / path, Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()
