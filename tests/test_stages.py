"""Stages: what is in force at each instruction, and what reaches the image."""

from __future__ import annotations

import pytest

from deadweight.model.image import UNKNOWN_FOLDER, ImageRef
from deadweight.model.stages import Build, State, absolute, read_build
from deadweight.syntax.dockerfile import parse


def build(text: str, target: str | None = None, platform: str = "linux/amd64", **build_args: str) -> Build:
    """The build of `text`."""
    return read_build(parse(text), target=target, build_args=build_args, platform=platform)


def last_state(text: str, **build_args: str) -> State:
    """The state before a last instruction behind `text`."""
    return build(text + "\nRUN last\n", **build_args).stages[-1].steps[-1].state


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("docker-image://alpine:3.22", "alpine:3.22"),
        ("../shared", None),
        ("target:other", None),
        ("https://example.org/x.git", None),
        (None, None),
    ],
)
def test_a_context_that_has_the_name_of_an_image(written: str | None, base: str | None) -> None:
    found = read_build(parse("FROM node\nFROM node:22\nFROM a AS node\nFROM node"), contexts={"node": written})
    first, second, _, fourth = (stage.base for stage in found.stages)
    assert (isinstance(first, ImageRef) and first.text) == (base or False)
    assert isinstance(second, ImageRef)
    assert fourth == 2


def bases(text: str, **build_args: str) -> list[str | int | None]:
    """What each stage stands on."""
    return [
        stage.base_text if isinstance(stage.base, ImageRef) else stage.base
        for stage in build(text, **build_args).stages
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nFROM b", ["a", "b"]),
        ("FROM a AS b\nFROM B AS c\nFROM c", ["a", 0, 1]),
        ("FROM node AS node\nFROM node", ["node", 0]),
        ("FROM a AS x\nFROM b AS x\nFROM x", ["a", "b", 1]),
        ("FROM x\nFROM a AS x", ["x", "a"]),
        ("ARG B=a\nFROM $B\nFROM ${B}:1\nFROM ${B:+c}", ["a", "a:1", "c"]),
        ("ARG B=a\nARG C=$B-x\nFROM $C", ["a-x"]),
        ("ARG B\nFROM $B\nFROM ${B:-a}", [None, None]),
        ("FROM $B\nFROM ${B:-a}", [None, "a"]),
        ("FROM a\nARG B=c\nFROM $B", ["a", None]),
        ("ARG A=base\nFROM x AS base\nFROM $A", ["x", 0]),
        ("FROM 'a'", ["a"]),
        ("FROM", [None]),
        ("FROM a-$TARGETARCH", ["a-arm64"]),
        ("ARG TARGETARCH\nFROM a-$TARGETARCH", ["a-arm64"]),
        ("FROM a AS b\nFROM 0", ["a", "0"]),
    ],
)
def test_bases(text: str, expected: list[str | int | None]) -> None:
    found = [
        stage.base_text if isinstance(stage.base, ImageRef) else stage.base
        for stage in build(text, platform="linux/arm64").stages
    ]
    assert found == expected


def test_build_arguments_win_over_defaults() -> None:
    assert bases("ARG B=a\nFROM $B", B="z") == ["z"]
    assert last_state("FROM a\nARG B=1", B="2").variables["B"] == "2"
    assert "B" not in last_state("FROM a", B="2").variables


def test_platforms() -> None:
    stage = build("FROM --platform=$BUILDPLATFORM a\nARG TARGETVARIANT\nRUN x", platform="linux/arm/v7").stages[0]
    assert (stage.platform, stage.steps[-1].state.variables["TARGETVARIANT"]) == ("linux/arm/v7", "v7")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG A=1\nFROM x", {}),
        ("ARG A=1\nFROM x\nARG A", {"A": "1"}),
        ("ARG A=1\nFROM x\nARG A=2", {"A": "2"}),
        ("ARG A=1\nFROM x\nARG A=${A:-3}", {"A": "3"}),
        ("FROM x\nARG A", {"A": None}),
        ("FROM x\nARG A=1\nARG A=2", {"A": "2"}),
        ("FROM x\nARG A=1\nARG A", {"A": "1"}),
        ("FROM x\nARG A=1 B=$A", {"A": "1", "B": ""}),
        ("FROM x\nENV A=1\nARG A=2", {"A": "1"}),
        ("FROM x\nARG A=2\nENV A=$A.1", {"A": "2.1"}),
        ("FROM x\nENV A=1\nENV A=2 B=$A", {"A": "2", "B": "1"}),
        ("FROM x\nENV A b  c", {"A": "b  c"}),
        ("FROM x\nENV A\t'b c' d", {"A": "b c d"}),
        ("FROM x\nENV A='b c' B=\"d\"", {"A": "b c", "B": "d"}),
        ("FROM x\nENV A=$B", {"A": None}),
        ("FROM x\nENV N=A\nENV ${N}1=2", {"N": "A", "A1": "2"}),
        ("FROM x\nONBUILD ENV A=1", {}),
        ("FROM x AS y\nARG A=1\nENV B=2\nFROM y", {"A": "1", "B": "2"}),
        ("FROM x AS Y\nENV B=2\nFROM y\nARG B=3", {"B": "2"}),
        ("FROM x AS y\nENV B=2\nFROM z", {}),
        ("# escape=`\nFROM x\nENV A=`$B C=a\\b", {"A": "$B", "C": "a\\b"}),
    ],
)
def test_variables_in_force(text: str, expected: dict[str, str | None]) -> None:
    assert dict(last_state(text).variables) == expected


def test_an_instruction_does_not_see_what_comes_later() -> None:
    steps = build("FROM x\nRUN a\nENV A=1\nRUN b\nENV A=2").stages[0].steps
    assert [step.state.variables.get("A") for step in steps] == [None, None, "1", "1"]


def test_a_stage_does_not_change_the_one_it_stands_on() -> None:
    stages = build("FROM x AS y\nENV A=1\nFROM y\nENV A=2\nRUN a\nFROM y\nRUN b").stages
    assert [stages[1].steps[1].state.variables["A"], stages[2].steps[0].state.variables["A"]] == ["2", "1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM debian", "/"),
        ("FROM scratch", "/"),
        ("FROM golang:1.25", "/go"),
        ("FROM php:8-apache", "/var/www/html"),
        ("FROM php:8", "/"),
        ("FROM x", UNKNOWN_FOLDER),
        ("FROM x\nWORKDIR a", f"{UNKNOWN_FOLDER}/a"),
        ("FROM x\nWORKDIR /a\nWORKDIR b/../c", "/a/c"),
        ("FROM x\nWORKDIR '/a b'", "/a b"),
        ("FROM x\nENV H=/h\nWORKDIR $H/x", "/h/x"),
        ("FROM x\nWORKDIR /a\nWORKDIR $H", None),
        ("FROM x\nWORKDIR $H\nWORKDIR b", None),
        ("FROM x\nWORKDIR $H\nWORKDIR /b", "/b"),
        ("FROM x AS y\nWORKDIR /a\nFROM y\nWORKDIR b", "/a/b"),
        ("FROM x AS y\nWORKDIR /a\nFROM z", UNKNOWN_FOLDER),
    ],
)
def test_workdir(text: str, expected: str | None) -> None:
    assert last_state(text).workdir == expected


@pytest.mark.parametrize(
    ("text", "user", "home", "is_root"),
    [
        ("FROM x", "", "/root", True),
        ("FROM x\nUSER node:node", "node:node", "/home/node", False),
        ("FROM x\nUSER 0:0", "0:0", "/root", True),
        ("FROM x\nUSER 1000", "1000", None, False),
        ("FROM x\nUSER $U", None, None, False),
        ("FROM x\nENV HOME=/h", "", "/h", True),
        ("FROM x\nENV HOME=/root\nUSER app", "app", "/root", False),
        ("FROM x AS y\nUSER app\nFROM y", "app", "/home/app", False),
    ],
)
def test_user(text: str, user: str | None, home: str | None, is_root: bool) -> None:
    state = last_state(text)
    assert (state.user, state.home, state.is_root) == (user, home, is_root)


def test_shell() -> None:
    assert last_state("FROM x").shell == ()
    assert last_state('FROM x AS y\nSHELL ["bash", "-c"]\nFROM y').shell == ("bash", "-c")
    assert last_state('FROM x\nSHELL ["bash", "-c"]\nSHELL sh').shell == ("bash", "-c")


GRAPH = """\
FROM a AS base
FROM b AS tools
FROM base AS build
COPY --from=Tools x y
FROM c AS unused
FROM scratch
COPY --from=2 x y
RUN --mount=type=bind,FROM=build,target=/x z
COPY --from=nginx x y
"""


@pytest.mark.parametrize(
    ("target", "index", "shipped", "reached"),
    [
        (None, 4, {4}, {0, 1, 2, 4}),
        ("", 4, {4}, {0, 1, 2, 4}),
        ("BUILD", 2, {0, 2}, {0, 1, 2}),
        ("2", 2, {0, 2}, {0, 1, 2}),
        ("unused", 3, {3}, {3}),
    ],
)
def test_what_reaches_the_image(target: str | None, index: int, shipped: set[int], reached: set[int]) -> None:
    found = build(GRAPH, target)
    assert found.target is found.stages[index]
    assert (set(found.shipped), set(found.reached), found.unknown_target) == (shipped, reached, None)


@pytest.mark.parametrize("target", ["nobody", "9", "-1", "\u0662", "9" * 5000])
def test_an_unknown_target_is_named_and_the_last_stage_taken(target: str) -> None:
    found = build(GRAPH, target)
    assert (found.unknown_target, found.target) == (target, found.stages[-1])


def test_what_a_stage_stands_on_through_others() -> None:
    found = build(GRAPH)
    image = found.base_of(found.stages[2])
    assert image is not None
    assert (image.text, [stage.label for stage in found.stages]) == ("a", ["base", "tools", "build", "unused", "4"])


@pytest.mark.parametrize("text", ["", "RUN a", "ARG a", "# c"])
def test_a_file_without_from_has_no_stage(text: str) -> None:
    found = build(text, "x")
    assert not found.stages
    assert not found.target
    assert not found.shipped | found.reached


def test_thousands_of_variables_and_stages_cost_no_copies() -> None:
    text = "FROM a AS s0\n" + "".join(f"ENV a{n}={n}\nARG b{n}\n" for n in range(5000))
    assert len(build(text).stages[0].steps[-1].state.variables) == 9999
    chain = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(3000))
    assert len(build(chain).shipped) == 3001


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [("a", "/b", "/b/a"), ("/a/", None, "/a"), ("a", None, None), ("../..", "/a", "/"), ("//a//b/.", "/", "/a/b")],
)
def test_absolute_paths(path: str, folder: str | None, expected: str | None) -> None:
    assert absolute(path, folder) == expected
