"""Thousands of real Dockerfiles: our tree against what BuildKit made of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from buildkit import outline
from conftest import json_lines
from deadweight.model.stages import read_build
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.problems import find_problems
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from pathlib import Path

    from deadweight.syntax.dockerfile import Dockerfile, Instruction

HARDEST = 100  # files
SAMPLE = 6  # of them in the test command: all prefixes of one file take about a second


@functools.cache
def corpus(shared: Path) -> tuple[tuple[str, Any], ...]:
    """The text of every file and BuildKit's reading of it."""
    texts = {file["id"]: file["text"] for file in json_lines(shared / "corpus" / "dockerfiles.jsonl.xz")}
    return tuple((texts[read["id"]], read) for read in json_lines(shared / "corpus" / "buildkit.jsonl.xz"))


def hardness(text: str) -> int:
    """How much there is in a file that a scanner can trip over."""
    marks = (
        "<<",
        "\\\n",
        "`\n",
        "\\\n#",
        "\\\n\n",
        "\r",
        "$",
        "'",
        '"',
        "--mount",
        "ONBUILD",
        "# escape",
        "\ufeff",
        "[",
    )
    return 20 * sum(mark in text for mark in marks) + min(text.count("<<"), 20) * 5


def hardest(shared: Path) -> list[str]:
    """The hundred hardest files, at most 6,000 characters each: every prefix of them is read."""
    texts = sorted({text for text, _ in corpus(shared) if len(text) <= 6_000})
    return sorted(texts, key=hardness, reverse=True)[:HARDEST]


def test_instructions_are_those_of_buildkit(shared: Path) -> None:
    accepted = 0
    for text, read in corpus(shared):
        tree = parse(text)
        assert tree.text == text
        if read.get("parse_err"):
            continue
        accepted += 1
        assert outline(tree) == [(command["cmd"], command["start"], command["end"]) for command in read["cmds"]], text
        for placed, command in zip(tree.instructions, read["cmds"], strict=True):
            assert_equal(placed.instruction, command)
    assert accepted > 1_000


def assert_equal(instruction: Instruction, command: dict[str, Any]) -> None:
    """Flags, heredocs, arrays and commands of an instruction are BuildKit's."""
    flags = [f"--{name}" if value is None else f"--{name}={value}" for _, name, value in instruction.flags]
    assert flags == (command.get("flags") or [])
    heredocs = [
        (heredoc.name, instruction.text[slice(*heredoc.content)], heredoc.expands) for heredoc in instruction.heredocs
    ]
    assert heredocs == [(each["Name"], each["Content"], each["Expand"]) for each in command.get("heredocs") or []]
    values = command.get("value") or []
    if instruction.keyword in ("RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "FROM", "EXPOSE", "VOLUME"):
        assert (instruction.array is not None) is bool(command.get("json"))
    if instruction.array is not None:
        assert [word.value for word in instruction.array] == values
    elif instruction.keyword in ("RUN", "CMD", "ENTRYPOINT", "WORKDIR", "USER"):
        assert [instruction.arguments.text] == (values or [""])
    elif instruction.keyword in ("FROM", "COPY", "ADD", "VOLUME"):
        assert [word.text for word in instruction.words] == values


def test_a_problem_wherever_buildkit_reports_one(shared: Path) -> None:
    reported = 0
    for text, read in corpus(shared):
        problems = list(find_problems(parse(text)))
        if read.get("parse_err") or read.get("instr_err"):
            reported += 1
            assert problems, text
            assert all(0 <= span.start <= span.end <= len(text) for span, _ in problems)
        else:
            # BuildKit looks at what an ONBUILD triggers only when somebody builds on the image.
            assert not problems or "ONBUILD" in text, (text, problems)
    assert reported


def test_scripts_and_builds_are_read(shared: Path) -> None:
    for text, _ in corpus(shared):
        tree = parse(text)
        read_everything(tree)
        for placed in tree.instructions:
            line = placed.instruction.line
            assert all(placed.instruction.text[line.start(at)] == ch for at, ch in enumerate(line.text)), text


def test_every_prefix_of_a_hard_file(shared: Path) -> None:
    for text in hardest(shared)[:SAMPLE]:
        assert_prefixes(text)


def assert_prefixes(text: str) -> None:
    """Every prefix of `text` has a tree that joins back to it, and nothing in it raises."""
    for end in range(len(text) + 1):
        prefix = text[:end]
        tree = parse(prefix)
        assert tree.text == prefix
        read_everything(tree)


def read_everything(tree: Dockerfile) -> None:
    """Ask all there is to ask of a tree."""
    for span, message in find_problems(tree):
        assert message
        assert 0 <= span.start <= span.end <= len(tree.text)
    for placed in tree.instructions:
        instruction = placed.instruction
        for span in (instruction.span, instruction.keyword_span, *(flag.span for flag in instruction.flags)):
            assert 0 <= span.start <= span.end <= len(instruction.text)
        for word in (instruction.trigger or instruction).words:
            assert 0 <= word.span.start <= word.span.end <= len(instruction.text)
        if instruction.keyword == "RUN":
            run_body(instruction)
    build = read_build(tree)
    assert build.shipped <= build.reached
