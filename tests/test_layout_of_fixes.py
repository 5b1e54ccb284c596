"""What a fix leaves behind looks as a careful person would have written it."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.proof import fixed
from deadweight.analysis.report import report
from examples import snapshot_of


def fixed_text(dockerfile: str) -> str:
    return fix_all(snapshot_of(dockerfile)).snapshot.text


def first_fix(dockerfile: str, rule: str) -> str:
    """The file after the first fix of a rule."""
    snapshot = snapshot_of(dockerfile)
    fix = next(each.fixes[0] for each in report(snapshot) if each.rule.id == rule)
    return fixed(snapshot, [fix]).text


CLEAN = "rm -rf /var/lib/apt/lists/*"


@pytest.mark.parametrize(
    ("around", "left"),
    [
        # One of the blank lines around an instruction that goes, goes with it.
        ("\n{}\n", "\n"),
        ("\n{}\n\n", "\n\n"),
        ("\n\n{}\n", "\n\n"),
        ("{}\n", "\n"),
        ("\n{}", "\n"),
        ("{}", ""),
        ("# What follows stays.\n{}\n", "# What follows stays.\n\n"),
    ],
)
def test_no_blank_lines_are_left_where_an_instruction_was(around: str, left: str) -> None:
    before = "FROM debian:12-slim\n" + around.format("RUN apt-get update\n") + "RUN apt-get install -y jq\n"
    after = f"FROM debian:12-slim\n{left}RUN apt-get update && apt-get install -y jq && {CLEAN}\n"
    assert fixed_text(before) == after


def test_what_is_moved_stands_apart_as_it_did() -> None:
    head = "FROM debian:12-slim\n"
    run = f"RUN apt-get update && apt-get install -y --no-install-recommends jq && {CLEAN}\n"
    moved = "ARG REVISION\nLABEL revision=$REVISION\n"
    end = 'CMD ["jq"]\n'
    assert first_fix(head + moved + run + end, "volatile-line-early") == head + run + moved + end
    spaced = first_fix(f"{head}\n{moved}\n{run}\n{end}", "volatile-line-early")
    assert spaced == f"{head}\n{run}\n{moved}\n{end}"


def test_what_is_appended_to_a_run_that_becomes_a_part_of_another_has_a_line() -> None:
    head, url = "FROM debian:12-slim\n", "https://example.org/a.tar.gz"
    apart = f"{head}RUN curl -fsSLO {url}\nRUN tar -xf a.tar.gz\n"
    together = f"{head}RUN curl -fsSLO {url} \\\n    && tar -xf a.tar.gz \\\n    && rm a.tar.gz\n"
    assert first_fix(apart, "archive-kept") == together
    apart = f"{head}RUN mkdir /a \\\n  && curl -fsSLO {url}\nRUN tar -xf a.tar.gz && ls\n"
    together = f"{head}RUN mkdir /a \\\n  && curl -fsSLO {url} \\\n  && tar -xf a.tar.gz \\\n  && rm a.tar.gz && ls\n"
    assert first_fix(apart, "archive-kept") == together


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("a && apt-get clean", f"a && apt-get clean && {CLEAN}"),
        (
            "a \\\n\t&& apt-get -y autoremove \\\n\t&& b",
            f"a \\\n\t&& apt-get -y autoremove \\\n\t&& {CLEAN} \\\n\t&& b",
        ),
        ("a && apt clean || true", f"a && apt clean && {CLEAN} || true"),
        ("a; if b; then apt clean; fi", f"a && {CLEAN}; if b; then apt clean; fi"),
        ("a && b && apt-get clean", f"a && {CLEAN} && b && apt-get clean"),
    ],
)
def test_lists_go_behind_what_apt_tidies_up_itself(run: str, after: str) -> None:
    head = "FROM debian:12-slim\nRUN apt-get update && apt-get install -y "
    assert first_fix(f"{head}{run}\n", "apt-lists-kept") == f"{head}{after}\n"


@pytest.mark.parametrize(
    ("names", "after"),
    [
        ("jq git", "jq git ca-certificates netbase openssh-client"),
        ("\\\n\tjq \\\n\tgit", "\\\n\tjq \\\n\tgit \\\n\tca-certificates \\\n\tnetbase \\\n\topenssh-client"),
        (
            "\\\n  # b\n  git && \\\n  c",
            "\\\n  # b\n  git \\\n  ca-certificates \\\n  netbase \\\n  openssh-client && \\\n  c",
        ),
        ("\\\n    jq git \\\n && c", "\\\n    jq git ca-certificates netbase openssh-client \\\n && c"),
    ],
)
def test_names_stand_as_those_before_them(names: str, after: str) -> None:
    head = "FROM debian:trixie-slim\nRUN apt-get update && apt-get install "
    fixed_by = f"{head}--no-install-recommends -y {after}\n"
    assert first_fix(f"{head}-y {names}\n", "recommended-packages") == fixed_by


def test_runs_become_one_before_each_gets_a_clean_up() -> None:
    head = "FROM debian:12-slim\n"
    apart = f"{head}RUN apt-get update\nRUN apt-get install -y a\nRUN apt-get install -y b\n"
    together = f"{head}RUN apt-get update && apt-get install -y a \\\n    && apt-get install -y b \\\n    && {CLEAN}\n"
    assert fixed_text(apart) == together
    apart = f"{head}RUN apt-get update && apt-get install -y a\nRUN apt-get update && apt-get install -y b\n"
    assert fixed_text(apart).count(CLEAN) == 1


@pytest.mark.parametrize(
    ("run", "after"),
    [
        # A long line that goes on stays one line.
        (f"npm ci --{'a' * 90} && b", f"npm ci --{'a' * 90} && npm cache clean --force && b"),
        (f"b && npm ci --{'a' * 90}", f"b && npm ci --{'a' * 90} \\\n    && npm cache clean --force"),
        # The operator ends lines, as it is typed, or has a line to itself.
        ("cd /a &&\\\n  npm ci", "cd /a &&\\\n  npm ci &&\\\n  npm cache clean --force"),
        ("cd /a && \\\n  npm ci", "cd /a && \\\n  npm ci && \\\n  npm cache clean --force"),
        ("cd /a \\\n   && \\\n  npm ci", "cd /a \\\n   && \\\n  npm ci && \\\n  npm cache clean --force"),
        ("cd /a \\\n # b\n && npm ci", "cd /a \\\n # b\n && npm ci \\\n && npm cache clean --force"),
    ],
)
def test_a_clean_up_is_joined_as_its_neighbours_are(run: str, after: str) -> None:
    assert first_fix(f"FROM node:22\nRUN {run}\n", "install-cache-kept") == f"FROM node:22\nRUN {after}\n"


ENDING = "FROM debian:12-slim\nRUN a && \\\n  b\n"
STARTING = "FROM debian:12-slim\nRUN a \\\n  && b\n"


@pytest.mark.parametrize(
    ("above", "apart", "together"),
    [
        # As the RUN that becomes longer, or as that which follows, or else as the others of the file.
        ("", "RUN x && \\\n y{}\nRUN z", "RUN x && \\\n y{} && \\\n z"),
        ("", "RUN x{}\nRUN y &&\\\n\tz", "RUN x{} &&\\\n\ty &&\\\n\tz"),
        (ENDING, "RUN x{}\nRUN z", "RUN x{} && \\\n  z"),
        (STARTING, "RUN x{}\nRUN z", "RUN x{} \\\n  && z"),
        (ENDING, "RUN x \\\n && y{}\nRUN z", "RUN x \\\n && y{} \\\n && z"),
    ],
)
def test_runs_that_become_one_end_their_lines_as_others_do(above: str, apart: str, together: str) -> None:
    head, install = above or "FROM debian:12-slim\n", " && apt-get install -y --no-install-recommends "
    before, after = apart.format(install + "gcc"), together.format(install + "gcc")
    made = first_fix(f"{head}{before}{install}make\n", "consecutive-runs")
    assert made == f"{head}{after}{install}make\n"


def test_a_line_that_is_added_ends_as_others_of_the_file_do() -> None:
    install = "RUN apt-get update && apt-get install -y --no-install-recommends build-essential libssl-dev libffi-dev"
    made = first_fix(f"{ENDING}{install} libpq-dev\n", "apt-lists-kept")
    assert made == f"{ENDING}{install} libpq-dev && \\\n  {CLEAN}\n"


@pytest.mark.parametrize(("indent", "own"), [("\t", "\t"), ("  ", "  "), ("        ", "    ")])
def test_the_first_operator_on_a_line_is_indented_as_the_words_are(indent: str, own: str) -> None:
    head = "FROM debian:12-slim\nRUN apt-get update; apt-get install -y --no-install-recommends "
    made = first_fix(f"{head}\\\n{indent}jq \\\n{indent}less\n", "apt-lists-kept")
    assert made == f"{head}\\\n{indent}jq \\\n{indent}less \\\n{own}&& {CLEAN}\n"
