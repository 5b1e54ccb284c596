"""A rule's page is its test: before is reported, the fix gives exactly after, after is silent and weighs less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.catalog import RULES
from deadweight.rules.edits import append_lines
from deadweight.text import apply_edits
from examples import blocks, pairs, read_example, settings_of, snapshot_of

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule

# What the first says, the other rules' fixes take off; the others are about what somebody else may rely on.
WITHOUT_FIX = ("over-budget", "next-without-standalone", "unreachable-stage")
# Nobody knows what a stranger's history weighs, or what a compiler makes of a stranger's sources.
OF_UNKNOWN_SIZE = ("git-history-kept", "sources-kept")
EXAMPLES = [
    pytest.param(rule, before, after, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, (before, after) in enumerate(pairs(rule.page), 1)
]
SILENT = [
    pytest.param(rule, block, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, block in enumerate(blocks(rule.page, "Not reported"), 1)
]


@pytest.mark.parametrize(("rule", "before", "after"), EXAMPLES)
def test_fix_gives_what_the_page_says(rule: Rule, before: str, after: str) -> None:
    snapshot, settings = snapshot_of(before), settings_of(before)
    (reported,) = report(snapshot, settings, rules=[rule])
    if rule.id in WITHOUT_FIX:
        assert not reported.fixes
        assert not report(snapshot_of(after), settings, rules=[rule])
        return
    fix = reported.fixes[0]
    settings = settings.offering if rule.gives_way else settings  # as one who asks for it gets it
    assert holds(snapshot, report(snapshot, settings), reported, fix, settings)
    done = fixed(snapshot, [fix])
    wanted = read_example(after)
    assert done.text == wanted.dockerfile
    if fix.adds:
        was = read_example(before).files.get(fix.adds.path, "")
        assert apply_edits(was, [append_lines(was, fix.adds.lines)]) == wanted.files[fix.adds.path]
    assert not report(done, settings, rules=[rule])


@pytest.mark.parametrize(("rule", "before", "after"), EXAMPLES)
def test_image_loses_what_the_finding_says(rule: Rule, before: str, after: str) -> None:
    snapshot = snapshot_of(before)
    (reported,) = report(snapshot, settings_of(before), rules=[rule])
    finding = reported.finding
    if not finding.is_about_bytes or rule.id in WITHOUT_FIX:
        return
    if rule.id in OF_UNKNOWN_SIZE:
        assert finding.saves is None
        return
    if finding.basis == "cache":
        return  # the image keeps its size; the next build is the smaller one
    assert finding.saves is not None
    weighs, then = snapshot.sizes.image(), fixed(snapshot, [reported.fixes[0]]).sizes.image()
    assert weighs is not None
    assert then is not None
    assert weighs.best - then.best == pytest.approx(finding.saves.best, rel=0.01)


@pytest.mark.parametrize(("rule", "block"), SILENT)
def test_is_silent_where_the_page_says_so(rule: Rule, block: str) -> None:
    assert report(snapshot_of(block), settings_of(block), rules=[rule]) == ()
