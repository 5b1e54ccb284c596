"""What check and fix share: which findings are wanted, and findings as scripts and people read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deadweight.analysis.proof import MANY, holds
from deadweight.analysis.report import title_of
from deadweight.rules.catalog import BY_ID
from deadweight.rules.rule import Safety
from deadweight.settings import OFF, RuleSettings, Settings, no_such_rule, read_size
from deadweight.workspace.files import UnreadableError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Text


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which findings are wanted."""
    parser.add_argument(
        "--min-saving", metavar="SIZE", help="leave out what saves less than this, such as 500kB (default: 1MB)"
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="leave out what this rule reports (repeatable)"
    )


def selection(arguments: argparse.Namespace) -> Callable[[Settings], Settings]:
    """What these arguments make of the settings of a file. Raises UnreadableError for a size or a rule that is none."""
    for name in arguments.ignore:
        if name not in BY_ID:
            raise UnreadableError(f"--ignore: {no_such_rule(name)}")
    try:
        min_saving = None if arguments.min_saving is None else read_size(arguments.min_saving)
    except ValueError as error:
        raise UnreadableError(f"--min-saving: {error}") from error
    ignored = dict.fromkeys(arguments.ignore, RuleSettings(OFF))

    def chosen(settings: Settings) -> Settings:
        rules = {**settings.rules, **ignored}
        if min_saving is None:
            return replace(settings, rules=rules)
        # Asked for now, and of all rules: what a project's file says of single ones is for other days.
        rules = {id_: replace(rule, min_saving=None) for id_, rule in rules.items()}
        return replace(settings, min_saving=min_saving, rules=rules)

    return chosen


def add_budget(parser: argparse.ArgumentParser) -> None:
    """Add the argument that says what an image may weigh."""
    parser.add_argument(
        "--budget", metavar="SIZE", help="what the image may weigh unpacked, such as 250MB: exit code 1 above it"
    )


def with_budget(arguments: argparse.Namespace) -> Callable[[Settings], Settings]:
    """What this argument makes of the settings of a file. Raises UnreadableError for a size that is none."""
    try:
        budget = None if arguments.budget is None else read_size(arguments.budget)
    except ValueError as error:
        raise UnreadableError(f"--budget: {error}") from error
    return lambda settings: settings if budget is None else replace(settings, budget=budget)


def as_size(size: Size | None) -> dict[str, int | None] | None:
    """`{"low","best","high"}`, or None where nothing is known."""
    return None if size is None else {"low": size.low, "best": size.best, "high": size.high}


def as_position(text: Text, offset: int) -> dict[str, int]:
    """Line and column from 1, columns in code points."""
    line, column = text.position(offset)
    return {"line": line + 1, "column": column + 1}


def proven(snapshot: Snapshot, found: Sequence[Reported], reported: Reported, settings: Settings) -> tuple[Fix, ...]:
    """The fixes of a finding that keep their word; none where there are too many findings to prove one by one."""
    if len(found) > MANY:
        return ()
    return tuple(fix for fix in reported.fixes if holds(snapshot, found, reported, fix, settings))


def as_finding(
    text: Text, snapshot: Snapshot, found: Sequence[Reported], reported: Reported, settings: Settings
) -> dict[str, Any]:
    """One finding of `check --format json`."""
    finding = reported.finding
    return {
        "rule": reported.rule.id,
        "severity": reported.severity,
        "start": as_position(text, reported.span.start),
        "end": as_position(text, reported.span.end),
        "message": reported.message,
        "saves": as_size(finding.saves),
        "basis": finding.basis,
        "stage": finding.stage,
        "fixes": [
            {"id": fix.id, "title": title_of(fix), "safety": "safe" if fix.safety is Safety.SAFE else "ask"}
            for fix in proven(snapshot, found, reported, settings)
        ],
        "related": [
            {
                "start": as_position(text, each.span.start),
                "end": as_position(text, each.span.end),
                "message": each.message,
            }
            for each in reported.related
        ],
    }


def as_lines(text: Text, reported: Reported) -> list[str]:
    """The other places that a finding is about, a line each; what is said of one line twice is said once."""
    lines = (f"line {text.position(each.span.start).line + 1}: {each.message}" for each in reported.related)
    return list(dict.fromkeys(lines))


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
