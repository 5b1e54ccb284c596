"""What an image's history measured of each line: real histories, Dockerfiles that have changed since, and any text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadweight.features.hover import hover
from deadweight.features.inlay_hints import inlay_hints
from deadweight.features.measured import is_of, what_differs, what_is_counted
from deadweight.features.size_report import size_report
from deadweight.model.history import read_history
from deadweight.model.measured import measure
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.text import Span
from histories import by_line, measured_snapshot, recorded

# What every line added, by its number, as the engines said; the sums are those of all rows.
BUILDKIT = {3: 75134146, 10: 1000000, 11: 2000014, 17: 300000, 22: 351207, 23: 300000, 24: 50000, 25: 11, 28: 8}
BUILDKIT |= {33: 3000000, 37: 2, 40: 0, 42: 4000000, 43: 8, 48: 9}
HEREDOCS = {4: 75134146, 8: 5000000, 9: 5000000, 10: 2017, 11: 1000, 12: 3, 13: 700000, 17: 800000, 20: 20, 24: 0}
HEREDOCS |= {28: 23, 29: 5000000, 30: 0, 31: 0, 32: 0, 33: 6, 34: 0, 36: 0, 37: 2, 38: 2017}
CLASSIC = {3: 75134146, 10: 1000000, 11: 2000014, 17: 300000, 22: 350916, 23: 300000, 24: 50000, 25: 0, 27: 4000000}
CLASSIC |= {28: 9}
PODMAN = {3: 78202880, 10: 1004544, 11: 2003456, 17: 302080, 22: 357376, 23: 302080, 24: 52224, 25: 1536, 27: 4002304}
PODMAN |= {28: 4096}
PODMAN_HEREDOCS = {4: 78202880, 8: 5002752, 9: 5002240, 10: 6144, 11: 3072, 12: 2560, 13: 703488, 17: 3584}
PODMAN_HEREDOCS |= {22: 802304, 25: 2560, 29: 1536, 33: 2560, 34: 5002240, 35: 1536, 36: 1536, 37: 2048, 38: 2560}
PODMAN_HEREDOCS |= {39: 1536, 41: 1536, 42: 2560, 43: 6144}
ODD = {2: 75134146, 3: 100000, 10: 4, 11: 2, 12: 4, 13: 2, 14: 2, 15: 100000, 16: 839, 17: 200000, 25: 7, 30: 3}
ODD |= {34: 30000, 35: 0, 42: 5000}
APP = {1: 155264881, 3: 6233102, 7: 27, 8: 163576098, 9: 316}

RUNS = "FROM debian\nRUN one\nRUN two\nRUN three\n"


def row(made_by: str, size: object = 0, **more: Any) -> dict[str, Any]:
    return {"CreatedAt": "2026-11-26T05:03:42Z", "CreatedBy": made_by, "Size": str(size), **more}


def printed(*rows: dict[str, Any]) -> str:
    """Rows as docker prints them, given from the first layer on."""
    return "".join(json.dumps(each) + "\n" for each in reversed(rows))


def run(command: str, size: object) -> dict[str, Any]:
    return row(f"RUN /bin/sh -c {command} # buildkit", size)


BASE = (row("ADD rootfs.tar.xz / # buildkit", 100), row('CMD ["bash"]'))
THREE = printed(*BASE, run("one", 1), run("two", 2), run("three", 3))


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("buildkit", BUILDKIT),
        ("heredocs", HEREDOCS),
        ("classic", CLASSIC),
        ("podman", PODMAN),
        ("podman-heredocs", PODMAN_HEREDOCS),
        ("odd", ODD),
        ("app", APP),
    ],
)
def test_each_line_has_what_the_engine_measured(name: str, sizes: dict[int, int]) -> None:
    file = recorded(name)
    snapshot = measured_snapshot(*file)
    measured = snapshot.options.measured
    assert measured is not None
    assert by_line(snapshot) == sizes
    assert sum(sizes.values()) == measured.image.best == sum(file.sizes)
    assert what_differs(snapshot, measured) == ""
    image = snapshot.sizes.image()
    assert image is not None
    assert (image.low, image.best, image.high) == (measured.image.best,) * 3


def test_sizes_for_people_are_ranges_that_hold_the_exact_ones() -> None:
    exact, rounded = read_history(recorded("app").printed), read_history(recorded("app-rounded").printed)
    assert (exact.is_rounded, rounded.is_rounded) == (False, True)
    assert [each.best for each in rounded.rows] != [each.best for each in exact.rows]
    assert all(one.low <= other.best <= one.high for one, other in zip(rounded.rows, exact.rows, strict=True))
    assert all(one.high - one.low <= 0.01 * one.best for one in rounded.rows)


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("0B", 0, 0),
        ("316B", 316, 316),
        ("1234", 1234, 1234),
        ("20MB", 19_950_000, 20_050_000),
        ("19.9MB", 19_850_000, 19_950_000),
        ("1.13GB", 1_125_000_000, 1_135_000_000),
        ("372.7 MB", 372_200_000, 373_200_000),
        ("1e+03kB", 995_000, 1_005_000),
        ("12 MiB", 12_530_483, 12_635_341),
    ],
)
def test_sizes_as_engines_write_them(said: str, low: int, high: int) -> None:
    (found,) = read_history(printed(row("CMD", said))).rows
    assert (found.low, found.high) == (low, high)


def test_any_layout_of_the_rows_is_read() -> None:
    file = recorded("app")
    expected = [each[:2] for each in read_history(file.printed).rows]
    pretty = "\n".join(json.dumps(each, indent=2) for each in file.rows)
    powershell = ("\ufeff" + file.printed).encode("utf-16-le").decode("utf-8", "surrogateescape")
    small = json.dumps([{key.lower(): value for key, value in each.items()} for each in file.rows])
    for text in (json.dumps(file.rows), pretty, "\ufeff\n" + file.printed.replace("\n", "\r\n\r\n"), powershell, small):
        found = read_history(text)
        assert ([each[:2] for each in found.rows], found.wrong) == (expected, "")


def test_a_history_says_whose_it_is_and_from_when() -> None:
    docker, podman = read_history(recorded("app").printed), read_history(recorded("podman").printed)
    assert (docker.source("x"), docker.date) == ("docker history of 9f76ed23774f", "2026-11-26")
    assert (podman.source("x"), podman.date) == ("podman history of localhost/hist/c:latest", "2026-11-26")
    reproducible = read_history(printed(row("CMD", CreatedAt="1970-01-01T00:00:00Z")))
    assert (reproducible.source("h.json"), reproducible.date) == ("docker history in h.json", "")


HOW = "write it with docker history --no-trunc --human=false --format json IMAGE"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", f"no history of an image (it has no rows): {HOW}"),
        ("IMAGE CREATED SIZE\n", f"no history of an image (it is no JSON): {HOW}"),
        ("[" * 1_000_000, f"no history of an image (it is no JSON): {HOW}"),
        ('{"RootFS": {}}', f"no history of an image (not all of its rows have a size): {HOW}"),
        ('[{"Size": 1}, 2]', f"no history of an image (not all of its rows have a size): {HOW}"),
        ('{"Size": "-1"}', f"no history of an image (not all of its rows have a size): {HOW}"),
        (f'{{"Size": {"9" * 5000}}}', f"no history of an image (not all of its rows have a size): {HOW}"),
        ('{"Size": 1e999}', f"no history of an image (not all of its rows have a size): {HOW}"),
        ('{"Size": NaN}', f"no history of an image (not all of its rows have a size): {HOW}"),
        ('{"Size": 0}\n' * 2001, f"no history of an image (it has too many rows): {HOW}"),
        (
            printed(row("RUN /bin/sh -c pip install -r requirements.t…", 5), row("CMD x")),
            f"no history of an image (its commands are cut): {HOW}",
        ),
        ("x" * 50_000_000, "larger than 2 MB: no history of an image"),
        (
            printed(run("one", 0), row("", 9, Comment="merge sha256:12 to sha256:34")),
            "the image is squashed: nobody can tell what a line of it weighs",
        ),
    ],
    ids=range(13),
)
def test_what_is_no_history_is_said_in_one_line(text: str, wrong: str) -> None:
    found = read_history(text)
    assert (found.wrong, found.rows) == (wrong, ())


KEYS = ("Size", "size", "CreatedBy", "CreatedAt", "Created", "ID", "id", "Tags", "tags", "Comment", "x")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(("1MB", "|1 A=b", "#(nop) COPY")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries(
    {
        "Size": st.integers(0, 10**9),
        "CreatedBy": st.text() | st.sampled_from(("RUN |2 A= x", "RUN", "COPY a", "| -c #(nop)")),
    },
    optional=dict.fromkeys(KEYS[3:], VALUES),
)


@settings(max_examples=60)
@given(
    st.text() | VALUES.map(json.dumps) | st.lists(ROWS, min_size=1, max_size=5).map(json.dumps),
    st.sampled_from((RUNS, "", "FROM\n")),
)
def test_no_text_is_an_error(text: str, dockerfile: str) -> None:
    assert "\n" not in read_history(text).wrong
    snapshot = measured_snapshot(dockerfile, text)
    assert snapshot.options.measured is not None
    assert what_differs(snapshot, snapshot.options.measured) is not None


@given(st.text(), st.sampled_from(("RUN ", "COPY ", "ENV ", "CMD ", "RUN [", "COPY <<E x\n", "RUN <<E\n")))
def test_no_line_is_an_error(text: str, start: str) -> None:
    snapshot = measured_snapshot(f"FROM debian\nRUN one\n{start}{text}", THREE)
    assert by_line(snapshot)[2] == 1


# --- a Dockerfile that has changed since ---


def edited(dockerfile: str, before: str = RUNS, rows: str = THREE) -> dict[int, int | None]:
    """What is measured of a Dockerfile that was another when the history came."""
    measured = measured_snapshot(before, rows).options.measured
    return by_line(Snapshot(parse(dockerfile), None, Options(measured=measured)))


def test_a_changed_line_has_no_size_and_the_others_keep_theirs() -> None:
    assert edited(RUNS) == {1: 100, 2: 1, 3: 2, 4: 3}
    assert edited(RUNS.replace("two", "deux")) == {1: 100, 2: 1, 3: None, 4: 3}
    assert edited(RUNS.replace("RUN two\n", "")) == {1: 100, 2: 1, 3: 3}
    assert edited(RUNS.replace("RUN one\n", "# new\nENV A=1\nRUN new\nRUN one\n")) == {
        1: 100,
        4: None,
        5: 1,
        6: 2,
        7: 3,
    }
    assert edited(RUNS.replace("RUN one", "RUN \\\n  # why\n  one ")) == {1: 100, 2: 1, 5: 2, 6: 3}
    assert edited(RUNS.replace("debian", "alpine")) == {1: None, 2: 1, 3: 2, 4: 3}


def test_lines_that_are_the_same_keep_their_places() -> None:
    twice = "FROM debian\nRUN make\nRUN one\nRUN make\n"
    rows = printed(*BASE, run("make", 7), run("one", 1), run("make", 0))
    assert edited(twice, twice, rows) == {1: 100, 2: 7, 3: 1, 4: 0}
    assert edited("FROM debian\nRUN make x\nRUN one\nRUN make\n", twice, rows) == {1: 100, 2: None, 3: 1, 4: 0}
    assert edited("FROM debian\nRUN make\nRUN one\n", twice, rows) == {1: 100, 2: 7, 3: 1}


def test_a_command_is_not_the_end_of_another() -> None:
    rows = printed(*BASE, run("apt-get install -y git", 9), row("RUN |1 A=x -c git /bin/sh -c one # buildkit", 1))
    assert edited("FROM debian\nRUN git\nRUN one\n", "FROM debian\nRUN apt-get install -y git\nRUN one\n", rows) == {
        1: 100,
        2: None,
        3: 1,
    }


def test_where_the_base_image_ends_is_told_when_the_first_lines_have_changed() -> None:
    assert by_line(measured_snapshot(RUNS.replace("one", "uno"), THREE)) == {1: 100, 2: None, 3: 2, 4: 3}
    inserted = by_line(measured_snapshot(RUNS.replace("RUN one", "COPY . .\nRUN one"), THREE))
    assert inserted == {1: None, 2: None, 3: 1, 4: 2, 5: 3}  # one row of the base would be a COPY's


def test_what_the_base_image_says_as_well_is_not_a_line_of_the_file() -> None:
    rows = printed(*BASE, row("WORKDIR /app"), run("make", 50), row("WORKDIR /app"), run("make", 5))
    text = "FROM app-base\nWORKDIR /app\nRUN make\n"
    assert edited(text, text, rows) == {1: 150, 3: 5}


def test_images_without_lines_or_without_a_base() -> None:
    assert by_line(measured_snapshot("FROM debian\n", printed(*BASE))) == {1: 100}
    assert by_line(measured_snapshot("FROM scratch\nCOPY a /\n", printed(row("COPY a / # buildkit", 5)))) == {
        1: 0,
        2: 5,
    }
    assert by_line(measured_snapshot("", printed(*BASE))) == {}


def test_stages_of_the_file_are_below_and_others_are_left_out() -> None:
    text = "FROM debian AS a\nRUN one\nFROM debian AS other\nRUN two\nFROM a\nRUN two\nRUN three\n"
    snapshot = measured_snapshot(text, THREE)
    assert by_line(snapshot) == {1: 100, 2: 1, 6: 2, 7: 3}
    assert snapshot.ledgers[1].layers[1].measured is None


def test_what_does_not_fit_is_said_in_one_line() -> None:
    plain = Snapshot(parse(RUNS.replace("two", "deux")))
    measured = measure(read_history(THREE), plain.build, "h")
    snapshot = Snapshot(plain.tree, None, Options(measured=measured))
    why = "the Dockerfile has changed since, or another one was built"
    assert (
        what_differs(snapshot, measured) == f"1 row of the history (2 B) matches no line, and 1 line has no row: {why}"
    )
    assert is_of(snapshot)
    assert not is_of(measured_snapshot("FROM debian\nWORKDIR /app\nRUN x\n", printed(*BASE, row("WORKDIR /app"))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (recorded("app").printed, "unpacked bytes"),
        (recorded("podman").printed, "files with their headers, as podman counts them"),
        (
            printed(run("a", 8192), run("b", 0), run("c", 409600)),
            "blocks on the disk, as containerd's image store counts them",
        ),
        (printed(run("a", 8192), run("c", 0)), "unpacked bytes"),  # by chance
    ],
)
def test_what_an_engine_counts_is_told(text: str, words: str) -> None:
    assert what_is_counted(read_history(text)) == words


# --- where they show ---


def test_measured_sizes_stand_in_for_estimates_everywhere() -> None:
    file = recorded("app")
    snapshot = measured_snapshot(*file)
    hints = {snapshot.text.count("\n", 0, each.offset) + 1: each for each in inlay_hints(snapshot, Span(0, 10_000))}
    assert {line: hint.label for line, hint in hints.items()} == {1: "160 MB", 3: "+6.2 MB", 8: "+160 MB"}
    assert "measured: 6.2 MB (docker history of app:1, 2026-11-26)" in hints[3].tooltip
    assert "Estimated: " in hints[3].tooltip
    places = ("FROM", "RUN pip", "pip install", "curl", "requirements.txt .")
    shown = {at: hover(snapshot, (), snapshot.text.index(at)) for at in places}
    assert all(each and "docker history of app:1, 2026-11-26" in each.text for each in shown.values())
    assert shown["FROM"]
    assert shown["FROM"].text.startswith("**160 MB unpacked**")
    assert "This stage in all (the image): 330 MB unpacked\n" in shown["FROM"].text + "\n"
    assert shown["RUN pip"]
    assert shown["RUN pip"].text.startswith("**Adds 160 MB unpacked**")
    assert shown["pip install"] is not None  # all that this RUN does
    assert shown["pip install"].text.startswith("**Adds 160 MB unpacked**")
    assert shown["requirements.txt ."] is not None
    assert shown["requirements.txt ."].text.startswith("**Adds 27 B unpacked**")
    assert "The image: 330 MB unpacked" in size_report(snapshot, (), "Dockerfile")
    plain = Snapshot(snapshot.tree).sizes.image()
    assert snapshot.sizes.estimates.image() == plain != snapshot.sizes.image()


def test_a_layer_of_which_nothing_is_known_has_what_was_measured() -> None:
    snapshot = measured_snapshot("FROM debian\nRUN ldconfig\n", printed(*BASE, run("ldconfig", 2_000_000)))
    assert [each.label for each in inlay_hints(snapshot, Span(0, 100))] == ["100 B", "+2.0 MB"]
