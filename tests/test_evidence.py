"""The safe fixes against real builds: every one is built or says why not, saves what it claims, and changes nothing."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from deadweight.analysis.report import report
from deadweight.rules.catalog import RULES
from deadweight.rules.rule import Safety
from examples import pairs, snapshot_of


def _script() -> Any:
    path = Path(__file__).parents[1] / "server/develop/evidence.py"
    spec = importlib.util.spec_from_file_location("evidence", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["evidence"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


evidence = _script()
RESULTS = evidence.read_results()
CASES = [pytest.param(case, id=case.name) for case in evidence.CASES]


def test_every_rule_is_built_or_says_why_not() -> None:
    known = {case.rule for case in evidence.CASES} | evidence.NOT_BUILT.keys()
    assert [rule.id for rule in RULES if rule.id not in known] == []
    assert known <= {rule.id for rule in RULES}


def test_every_safe_fix_on_a_page_is_built_or_says_why_not() -> None:
    built = {
        (case.rule, fix) for case in evidence.CASES for fix in evidence.pair_of(case).fixes if case.name in RESULTS
    }
    missing = {
        f"{rule.id} {fix.id}"
        for rule in RULES
        for before, _ in pairs(rule.page)
        for reported in report(snapshot_of(before), rules=[rule])
        for fix in reported.fixes
        if fix.safety is Safety.SAFE and (rule.id, fix.id) not in built and rule.id not in evidence.NOT_BUILT
    }
    assert missing == set()


@pytest.mark.parametrize("case", CASES)
def test_pair_is_what_the_fixer_writes_today(case: Any) -> None:
    pair = evidence.pair_of(case)
    assert pair.fixes, "no safe fix of the rule is left for this case"
    assert case.name in RESULTS, "not measured yet: run server/develop/evidence.py --lab"
    assert evidence.is_of(RESULTS[case.name], pair), "the fix writes something else: measure again"


@pytest.mark.parametrize("case", CASES)
def test_fix_saves_what_it_claims(case: Any) -> None:
    claim = evidence.pair_of(case).claim
    assert claim is not None
    assert abs(evidence.error_of(RESULTS[case.name], claim)) <= evidence.CLOSE


@pytest.mark.parametrize("case", CASES)
def test_image_is_the_same_but_for_what_was_announced(case: Any) -> None:
    record = RESULTS[case.name]
    assert record["differences"] == []
    assert record["compared"] > 1000
    assert bool(record["dropped"]) == case.drops_packages


def test_page_is_fresh() -> None:
    text = evidence.page([evidence.pair_of(case) for case in evidence.CASES], RESULTS)
    assert evidence.PAGE.read_text("utf-8") == text, "run server/develop/evidence.py"


def tree(*files: tuple[str, str, int]) -> Any:
    """The tree of an image with these files: path, text, mode."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, text, mode in files:
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text), mode
            archive.addfile(member, io.BytesIO(text.encode()))
    written.seek(0)
    with tarfile.open(fileobj=written) as archive:
        return evidence.tree_of(archive)


def test_differences_are_seen() -> None:
    before = tree(("a", "1", 0o644), ("b", "1", 0o644), ("c", "1", 0o644), ("root/.npm/x", "1", 0o644), ("d", "", 0))
    after = tree(("a", "2", 0o644), ("b", "1", 0o755), ("e", "", 0), ("d", "", 0), ("app/.dockerignore", "x", 0o644))
    case = evidence.Case("name", "rule", "FROM scratch\n", gone=("/root/.npm",))
    assert list(evidence.differences(case, [".dockerignore"], before, after)) == [
        "content: /a",
        "mode: /b",
        "only before: /c",
        "only after: /e",
    ]


def test_files_of_dropped_packages_may_go_and_no_others() -> None:
    info = "var/lib/dpkg/info"
    before = tree(
        (f"{info}/less:amd64.list", "/.\n/bin\n/bin/less\n", 0o644), ("usr/bin/less", "1", 0o755), ("bin/x", "", 0)
    )
    case = evidence.Case("name", "rule", "FROM scratch\n", drops_packages=True)
    assert list(evidence.differences(case, [], before, tree())) == ["only before: /bin/x"]
    assert evidence.dropped_packages(before, tree()) == {"less"}
