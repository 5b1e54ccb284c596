"""Our estimates against builds whose layers were measured, as recorded; how their quality is counted."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from deadweight.size.units import Size
from develop.evidence.contexts import snapshot_of, write_context
from develop.evidence.scores import is_exact, scores_of
from develop.evidence.sizes import Compared, Line, compared, read_builds

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def builds() -> list[Compared]:
    """The recorded builds with what we say of them."""
    return [compared(build) for build in read_builds()]


def test_every_measured_layer_is_compared(builds: list[Compared]) -> None:
    assert builds
    missing = {
        f"{each.build.name}, line {number}"
        for each in builds
        for number in each.build.lines.keys() - {line.number for line in each.lines}
    }
    assert missing == set()


def test_copies_are_exact(builds: list[Compared]) -> None:
    copies = [line for each in builds for line in each.lines if line.copies_context]
    assert [f"{line.build}, line {line.number}" for line in copies if not is_exact(line)] == []


def test_sizes_are_close(builds: list[Compared]) -> None:
    """At least as close as they once were; what we want of them stands beside the scores in docs/evidence.md."""
    scores = scores_of(line for each in builds for line in each.lines)
    assert None not in scores
    assert (scores.median_error or 0) <= 0.1
    assert (scores.p90_error or 0) <= 0.85
    assert (scores.in_range or 0) >= 0.8
    assert (scores.priced or 0) >= 0.9


def test_a_context_is_written_as_the_estimate_sees_it(tmp_path: Path) -> None:
    files = {"a.txt": "häh\n", "data/b.bin": 1234, ".dockerignore": "c\n", "c": 99}
    dockerfile = "FROM scratch\nCOPY . /\n"
    write_context(tmp_path, dockerfile, files)
    there = {path.relative_to(tmp_path).as_posix(): path.stat().st_size for path in tmp_path.rglob("*.*")}
    assert there == {"a.txt": 5, "data/b.bin": 1234, ".dockerignore": 2}
    copied = snapshot_of(dockerfile, files).sizes.image()
    assert copied is not None
    assert copied.best == sum(there.values()) + len(dockerfile)


def test_an_archive_is_written_with_what_it_holds(tmp_path: Path) -> None:
    write_context(tmp_path, "FROM scratch\n", {"a.tar.gz": {"bytes": 1, "holds": {"x/y": 10, "z": 4}}})
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        assert {member.name: member.size for member in archive} == {"x/y": 10, "z": 4}


def line(measured: int, said: Size | None, text: str = "RUN make") -> Line:
    return Line("a build", 1, text, measured, said, "")


MB = 1_000_000


def test_scores_of_no_lines() -> None:
    assert set(scores_of([])) == {0, None}


def test_errors_count_where_a_layer_is_large_and_priced() -> None:
    said = [Size(9 * MB, 12 * MB, 18 * MB), Size(5 * MB, 9 * MB, None), Size(0, 40 * MB, 60 * MB)]
    lines = [*(line(10 * MB, each) for each in said), line(10 * MB, None), line(1000, Size(1, 5000, 9000))]
    scores = scores_of(lines)
    assert (scores.runs, scores.large_runs) == (5, 4)
    assert [scores.median_error, scores.p90_error] == pytest.approx([0.2, 3.0])
    assert (scores.priced, scores.bounded) == (0.75, 0.5)
    assert scores.median_width == 60 * MB  # of 2, of no end, and of a lower end that is 0
    assert scores.in_range == 1


def test_outside_the_range_is_outside_by_a_byte() -> None:
    assert [line(measured, Size(10, 20, 30)).is_in_range for measured in (9, 10, 30, 31)] == [False, True, True, False]
    assert line(31, Size(10, 20, None)).is_in_range
    assert not line(31, None).is_in_range


def test_copies_are_counted_apart() -> None:
    right, wrong = (line(10_000, Size(0, best, 10**6), "COPY a /") for best in (10_010, 10_011))
    others = (line(10_000, None, text) for text in ("ADD a.tar /", "COPY --from=build a /"))
    scores = scores_of([right, wrong, line(10_000, None, "COPY b /"), *others])
    assert (scores.runs, scores.copies) == (0, 3)
    assert scores.exact_copies == pytest.approx(1 / 3)
