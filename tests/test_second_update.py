"""A second `apt-get update` finds the lists that the first one left: they are in the image once, and go in both."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import report
from deadweight.size.estimate import layer_size
from examples import snapshot_of

BASE = "FROM debian:12-slim\n"
UPDATE, CLEAN = "apt-get update", "rm -rf /var/lib/apt/lists/*"
LEAN = "apt-get install -y --no-install-recommends"
LISTS = frozenset(("apt-lists-kept", "update-and-install-apart", "late-delete"))


def said(dockerfile: str) -> list[tuple[str, int]]:
    """What is said of the lists: the rule and the line."""
    found = [each for each in report(snapshot_of(dockerfile)) if each.rule.id in LISTS]
    return [(each.rule.id, dockerfile.count("\n", 0, each.span.start) + 1) for each in found]


def test_the_lists_are_counted_once() -> None:
    one = f"{BASE}RUN {UPDATE} && {LEAN} jq\nRUN {LEAN} less\n"
    two = f"{BASE}RUN {UPDATE} && {LEAN} jq\nRUN {UPDATE} && {LEAN} less\n"
    sizes = [[layer_size(layer) for layer in snapshot_of(each).ledgers[0].layers] for each in (one, two)]
    assert sizes[0] == sizes[1]
    assert said(two) == [("apt-lists-kept", 2)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"RUN {UPDATE} && {LEAN} jq\nUSER root\nRUN {UPDATE} && {LEAN} less\n",
            f"RUN {UPDATE} && {LEAN} jq && {CLEAN}\nUSER root\nRUN {UPDATE} && {LEAN} less && {CLEAN}\n",
        ),
        # What reads the lists of the second update gets one of its own, as what reads those of the first does.
        (
            f"RUN {UPDATE}\nRUN {LEAN} jq\nUSER root\nRUN {UPDATE}\nENV A=1\nRUN {LEAN} less\n",
            f"RUN {UPDATE} && {LEAN} jq && {CLEAN}\nUSER root\nENV A=1\nRUN {UPDATE} && {LEAN} less && {CLEAN}\n",
        ),
        # The image stands on another stage.
        (
            f"RUN {UPDATE} && {LEAN} jq\nFROM base\nUSER root\nRUN {UPDATE} && {LEAN} less\n",
            f"RUN {UPDATE} && {LEAN} jq && {CLEAN}\nFROM base\nUSER root\nRUN {UPDATE} && {LEAN} less && {CLEAN}\n",
        ),
        # Lists that are removed in between are there twice, for each update downloads them.
        (
            f"RUN {UPDATE} && {LEAN} jq\nRUN {CLEAN}\nUSER root\nRUN {UPDATE} && {LEAN} less\n",
            f"RUN {UPDATE} && {LEAN} jq && {CLEAN}\nUSER root\nRUN {UPDATE} && {LEAN} less && {CLEAN}\n",
        ),
    ],
)
def test_they_are_removed_in_every_run_that_updates(before: str, after: str) -> None:
    head = BASE.replace("\n", " AS base\n")
    assert fix_all(snapshot_of(head + before)).snapshot.text == head + after


def test_nothing_is_offered_where_the_next_update_would_leave_them_again() -> None:
    last = f"RUN {UPDATE} && {LEAN} less | tee log; exit ${{PIPESTATUS[0]}}\n"
    (found,) = [
        each for each in report(snapshot_of(f"{BASE}RUN {UPDATE} && {LEAN} jq\n{last}")) if each.rule.id in LISTS
    ]
    assert found.fixes == ()


def test_who_installs_behind_the_removal_reads_no_lists() -> None:
    before = f"{BASE}RUN {UPDATE}\nRUN {LEAN} jq\nRUN rm -rf /var/lib/apt/lists/*\nRUN {LEAN} less\nRUN {UPDATE}\n"
    found = [each for each in report(snapshot_of(before)) if each.rule.id in LISTS]
    assert [each.rule.id for each in found] != []
    assert [fix.title for each in found for fix in each.fixes] != []
