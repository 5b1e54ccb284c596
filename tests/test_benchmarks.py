"""The benchmarks work, so that they are there when somebody wants figures. Nothing here is about time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import contenders, report, runs, servers
from benchmarks.client import REQUESTS
from benchmarks.contenders import Contender
from benchmarks.dockerfiles import dockerfile, lay_out
from benchmarks.figures import Ratio, percentile, ratio_of_means, ratio_of_medians
from benchmarks.places import PLACES, Place, Typist, find
from buildkit import judge
from deadweight.analysis.report import report as findings_of
from deadweight.settings import DEFAULTS
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.text import Edit, Span, Text
from deadweight.workspace.context import context_of

if TYPE_CHECKING:
    from collections.abc import Sequence


# The files


@pytest.mark.parametrize("lines", [10, 11, 37, 60, 500, 5000])
def test_a_file_is_as_long_as_asked_and_buildkit_reads_it(lines: int) -> None:
    text = dockerfile(lines)
    assert text.count("\n") == lines
    read = judge(text)
    assert read is not None
    assert {"FROM", "RUN", "COPY", "ENV", "CMD"} <= {keyword for keyword, _, _ in read}


@pytest.mark.parametrize(("lines", "at_least"), [(10, 2), (60, 4), (500, 12)])
def test_a_long_file_has_more_findings_and_no_problems(lines: int, at_least: int, tmp_path: Path) -> None:
    path = lay_out(tmp_path, dockerfile(lines))
    snapshot = Snapshot(parse(path.read_text("utf-8")), context_of(path))
    assert snapshot.problems == ()
    assert len(findings_of(snapshot, DEFAULTS)) >= at_least


def test_stages_copy_from_stages_that_are_there() -> None:
    build = Snapshot(parse(dockerfile(500))).build
    named = {source for stage in build.stages for source in stage.sources if "/" not in source and ":" not in source}
    assert named <= {stage.name for stage in build.stages}
    assert len(build.shipped) > 5


# The client


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_changes_are_those_of_the_text(place: str, ending: str) -> None:
    text = dockerfile(60).replace("\n", ending).replace("shop", "shöp 🐳")
    found = find(place, text)
    assert found is not None
    typist, ours = Typist(text, found), Text(text)
    seen = []
    for _ in range(2 * len(found.phrase)):
        change: Any = typist.next()
        ends = [(change["range"][each]["line"], change["range"][each]["character"]) for each in ("start", "end")]
        ours.apply(Edit(Span(*(ours.offset(each, "utf-16") for each in ends)), change["text"]))
        assert str(ours) == typist.text
        seen.append(typist.text)
    assert seen[len(found.phrase) - 1] == text[: found.offset] + found.phrase + text[found.offset :]
    assert seen[-1] == text


def test_a_place_that_is_not_there_is_none() -> None:
    assert find("heredoc", "FROM scratch\n") is None
    assert find("first", "") == Place(0, "\n")


@pytest.fixture
def task() -> runs.Task:
    text = dockerfile(10)
    place = find("run", text)
    assert place is not None
    return runs.Task(text, place, edits=3)


def test_our_server_and_the_floor_are_measured(
    task: runs.Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BURST", 3)
    names = [contenders.OURS, f"{contenders.OURS}-pull", contenders.FLOOR, f"{contenders.FLOOR}-pull"]
    found = [contenders.find(name, tmp_path) for name in names]
    results = runs.race(found, task, tmp_path)
    assert [result.failure for result in results] == [None] * 4
    ours, ours_pull, floor, floor_pull = results
    assert ours.diagnostics == ours_pull.diagnostics == 3
    assert floor.diagnostics == floor_pull.diagnostics == 0
    for result in results:
        assert len(result.samples["edit"]) == 3
        assert result.samples.keys() >= {"hover", "code action", "inlay hint", "burst"}
        assert result.version
    assert floor.samples.keys() >= REQUESTS.keys()
    assert floor.samples["publishes"] == [3] * 5
    if sys.platform == "linux":
        assert all(result.memory and len(result.samples["cpu"]) == 3 for result in results)
    cells = cells_of(report.of_a_file(results, 10))
    assert {*names, "10 lines"} & cells == {*names}


def cells_of(tables: Sequence[report.Table]) -> set[str]:
    assert all(report.as_text(table).count("\n") == len(table.rows) + 2 for table in tables)
    lines = (line for table in tables for line in report.as_markdown(table).splitlines())
    return {cell for line in lines if line.startswith("|") for cell in line.strip("| ").split(" | ")}


def test_a_server_that_fails_is_left_out_and_said(
    task: runs.Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Contender("broken", (sys.executable, "-c", "raise SystemExit('no engine')"), "nothing")
    (result,) = runs.typing([broken], task, tmp_path)
    assert result.failure == "start: ended with 1: no engine"
    assert capsys.readouterr().err == f"broken is out: {result.failure}\n"
    assert "n/a" in report.as_text(report.of_a_file([result], 10)[0])


# What is said


def test_ratios_are_of_pairs() -> None:
    assert ratio_of_medians([2, 4, 6, 8], [1, 2, 3, 4, 1000]) == Ratio(2, 2, 2)
    assert ratio_of_means([1, 1, 4], [1, 1, 1]) == Ratio(2, 1, 4)
    assert ratio_of_medians([1, 2], [1, 2]) is None
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([0, 10], 0.95) == 9.5


def test_the_document_has_the_marks_that_the_tables_go_between() -> None:
    before, after = servers._around_section(Path(__file__).parent.parent / "docs" / "benchmarks.md")
    assert before.endswith(servers._BEGIN)
    assert after.startswith(servers._END)


def test_a_document_without_marks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Benchmarks\n", "utf-8")
    with pytest.raises(SystemExit, match="has no lines"):
        servers._around_section(tmp_path / "page.md")


def test_other_programs_are_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for name in ("npm", "tally"):
        with pytest.raises(contenders.MissingError, match="is left out"):
            contenders.find(name, tmp_path)
