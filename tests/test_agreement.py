"""What other linters look for is said where it is, and only there: cases of our own for the smells they have rules for.

In `agreement/`, a case starts with a line `=== + RULE: NAME`, or `-` where the rule has nothing to say. RULE may be
several, of which one says it: no two findings are about the same bytes. Each answer was written before ours was seen.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from deadweight.analysis.report import report
from deadweight.settings import DEFAULTS
from examples import snapshot_of

FOLDER = Path(__file__).with_name("agreement")
EVERYTHING = replace(DEFAULTS, min_saving=0)


class Case(NamedTuple):
    """A block of files, the rules that may speak of it, and whether one of them should."""

    block: str
    rules: frozenset[str]
    is_so: bool


def cases() -> list[object]:
    found: list[object] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for section in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            title, _, block = section.partition("\n")
            sign, _, rest = title.partition(" ")
            rules = rest.partition(": ")[0]
            case = Case(block, frozenset(rules.split("|")), sign == "+")
            found.append(pytest.param(case, id=f"{path.stem}-{rest}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_it_is_said_where_it_is(case: Case) -> None:
    said = {each.rule.id for each in report(snapshot_of(case.block), EVERYTHING)}
    assert bool(said & case.rules) is case.is_so
