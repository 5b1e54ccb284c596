"""The safe fixes against real builds: every one is built or says why not, saves what it claims, and changes nothing."""

from __future__ import annotations

import io
import tarfile

import pytest

from deadweight.analysis.report import report
from deadweight.rules.catalog import RULES
from deadweight.rules.rule import Safety
from develop.evidence.case import Case
from develop.evidence.fix_cases import CASES, NOT_BUILT
from develop.evidence.fixes import CLOSE, error_of, is_of, pair_of, read_results, saved_by
from develop.evidence.images import Tree, differences, dropped_packages, tree_of
from develop.evidence.page import PAGE, page
from examples import pairs, snapshot_of

RESULTS = read_results()
EACH_CASE = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])


def test_every_rule_is_built_or_says_why_not() -> None:
    known = {case.rule for case in CASES} | NOT_BUILT.keys()
    assert [rule.id for rule in RULES if rule.id not in known] == []
    assert known <= {rule.id for rule in RULES}


def test_every_safe_fix_on_a_page_is_built_or_says_why_not() -> None:
    built = {(case.rule, fix) for case in CASES for fix in pair_of(case).fixes if case.name in RESULTS}
    missing = {
        f"{rule.id} {fix.id}"
        for rule in RULES
        for before, _ in pairs(rule.page)
        for reported in report(snapshot_of(before), rules=[rule])
        for fix in reported.fixes
        if fix.safety is Safety.SAFE and (rule.id, fix.id) not in built and rule.id not in NOT_BUILT
    }
    assert missing == set()


@EACH_CASE
def test_pair_is_what_the_fixer_writes_today(case: Case) -> None:
    pair = pair_of(case)
    assert pair.fixes, "no safe fix of the rule is left for this case"
    assert case.name in RESULTS, "not measured yet: run python -m develop.evidence --lab"
    assert is_of(RESULTS[case.name], pair), "the fix writes something else: measure again"


@EACH_CASE
def test_fix_saves_what_it_claims(case: Case) -> None:
    claim, record = pair_of(case).claim, RESULTS[case.name]
    assert saved_by(record) > 0
    assert (claim is None) == case.is_unknown
    assert claim is None or abs(error_of(record, claim)) <= CLOSE


@EACH_CASE
def test_image_is_the_same_but_for_what_was_announced(case: Case) -> None:
    record = RESULTS[case.name]
    assert record["differences"] == []
    assert record["compared"] > 1000
    assert bool(record["dropped"]) == case.drops_packages


def test_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m develop.evidence"


def tree(*files: tuple[str, str, int]) -> Tree:
    """The tree of an image with these files: path, text, mode."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, text, mode in files:
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text), mode
            archive.addfile(member, io.BytesIO(text.encode()))
    written.seek(0)
    with tarfile.open(fileobj=written) as archive:
        return tree_of(archive)


def test_differences_are_seen() -> None:
    before = tree(("a", "1", 0o644), ("b", "1", 0o644), ("c", "1", 0o644), ("root/.npm/x", "1", 0o644), ("d", "", 0))
    after = tree(("a", "2", 0o644), ("b", "1", 0o755), ("e", "", 0), ("d", "", 0), ("app/.dockerignore", "x", 0o644))
    case = Case("name", "rule", "FROM scratch\n", gone=("/root/.npm",))
    assert list(differences(case, [".dockerignore"], before, after)) == [
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
    case = Case("name", "rule", "FROM scratch\n", drops_packages=True)
    assert list(differences(case, [], before, tree())) == ["only before: /bin/x"]
    assert dropped_packages(before, tree()) == {"less"}
