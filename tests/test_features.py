"""Hover, inlay hints, code actions and diagnostics as plain data. `<|>` marks the cursor."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.features.code_actions import Action, code_actions, fix_all_action, is_wanted
from deadweight.features.code_lens import code_lenses
from deadweight.features.diagnostics import diagnostics
from deadweight.features.hover import hover
from deadweight.features.inlay_hints import inlay_hints
from deadweight.features.size_report import size_report
from deadweight.lsp.documents import Documents
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.text import Edit, Span, apply_edits
from examples import read_example, snapshot_of

if TYPE_CHECKING:
    from deadweight.rules.rule import Fix

CURSOR = "<|>"
APP = """
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci
//- package.json
{"dependencies": {"typescript": "^5.0.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.3", "resolved": "x"}}}
//- server.js 4000000
//- .git/pack 45000000
""".lstrip()


def split(block: str) -> tuple[str, int]:
    """The block without its cursor, and the cursor's offset in the Dockerfile."""
    offset = read_example(block).dockerfile.index(CURSOR)
    return block.replace(CURSOR, ""), offset


def hovered(block: str, today: str = "") -> tuple[str, str]:
    """What the hover at the cursor is about, and what it says; both empty where there is none."""
    source, offset = split(block)
    snapshot = snapshot_of(source)
    snapshot = replace(snapshot, options=replace(snapshot.options, today=today))
    shown = hover(snapshot, report(snapshot), offset)
    return (snapshot.text[slice(*shown.span)], shown.text) if shown else ("", "")


def actions_at(block: str, *only: str, can_create: bool = True) -> tuple[str, tuple[Action, ...]]:
    source, offset = split(block)
    snapshot = snapshot_of(source)
    found = report(snapshot)

    def proven(reported: object, fix: Fix) -> bool:
        return holds(snapshot, found, reported, fix)  # type: ignore[arg-type]

    span = Span(offset, offset)
    actions = code_actions(snapshot, found, span, holds=proven, only=only, can_create=can_create)
    return snapshot.text, tuple(action for action in actions if not action.title.startswith("Ignore "))


def ignored_at(block: str) -> str:
    """The text after the last action at the cursor, which silences a finding."""
    source, offset = split(block)
    snapshot = snapshot_of(source)
    *_, last = code_actions(snapshot, report(snapshot), Span(offset, offset), holds=lambda *_: False)
    assert last.title.startswith("Ignore ")
    after = apply_edits(snapshot.text, last.edits)
    assert len(report(Snapshot(parse(after)))) == len(report(snapshot)) - 1
    return after


def hints_of(block: str) -> list[tuple[str, str]]:
    """Each hint's line up to it, and its label."""
    snapshot = snapshot_of(block)
    hints = inlay_hints(snapshot, Span(0, len(snapshot.text)))
    return [(snapshot.text[: hint.offset].rpartition("\n")[2], hint.label) for hint in hints]


# --- hover ---


def test_hover_on_copy_says_what_the_context_weighs() -> None:
    what, text = hovered(APP.replace("COPY . .", f"COPY .{CURSOR} ."))
    assert what == "."
    assert "Adds 49 MB unpacked" in text
    assert "the build context" in text
    assert "no .dockerignore: .git goes into the image, saves about 45 MB" in text
    assert "missing-dockerignore" in text


def test_hover_on_an_install_names_its_packages_and_their_source() -> None:
    what, text = hovered(APP.replace("npm ci", f"npm{CURSOR} ci"))
    assert what == "npm ci"
    assert "typescript 5.9.3" in text
    assert "2026" in text
    assert "This RUN in all" in text


def test_hover_on_from_says_pulled_bytes_and_smaller_images() -> None:
    what, text = hovered(f"FROM node:{CURSOR}22\n")
    assert what == "FROM node:22"
    assert "unpacked" in text
    assert "pulled" in text
    assert "- `node:22-slim`:" in text
    assert "musl instead of glibc" in text
    assert "full-base-image" in text


def test_hover_on_from_says_which_smaller_images_would_not_do() -> None:
    _, text = hovered(f"FROM python:{CURSOR}3.12\nRUN pip install torch\n")
    assert "would not do: torch has no wheel for musl" in text
    assert text.count("would not do") == 1


def test_hover_on_a_package_is_about_that_package_alone() -> None:
    block = "FROM python:3.13-slim\nRUN pip install --no-cache-dir pandas{} flask\n"
    whole = hovered(block.format("").replace("RUN", f"R{CURSOR}UN"))
    what, text = hovered(block.format(CURSOR))
    assert what == "pandas"
    assert text.startswith("`pandas` with what it needs: **")
    assert "This RUN in all" in text
    assert whole[0].startswith("RUN pip install")


def test_hover_on_a_flag_says_what_it_saves() -> None:
    what, text = hovered(f"FROM python:3.13-slim\nRUN pip install --no-cache{CURSOR}-dir pandas\n")
    assert what == "--no-cache-dir"
    assert "`--no-cache-dir` saves **" in text


def test_hover_on_a_cache_mount_says_what_it_keeps_out() -> None:
    mount = f"--mount=type=cache,{CURSOR}target=/root/.cache/pip"
    what, text = hovered(f"FROM python:3.13-slim\nRUN {mount} pip install pandas\n")
    assert what == mount.replace(CURSOR, "")
    assert text.startswith("Keeps ")
    assert "out of the layer" in text


def test_hover_on_an_unknown_program_says_so() -> None:
    _, text = hovered(f"FROM debian:bookworm-slim\nRUN ./con{CURSOR}figure\n")
    assert "Size unknown" in text
    assert "what `configure` writes: size unknown" in text


def test_hover_on_an_unknown_image_says_so() -> None:
    _, text = hovered(f"FROM registry.example/nobody/knows:{CURSOR}1\n")
    assert "size unknown" in text
    assert "nothing is known about `registry.example/nobody/knows:1`" in text


def test_hover_on_metadata_adds_nothing() -> None:
    assert hovered(f"FROM scratch\nENV A={CURSOR}1\n") == ("ENV A=1", "**Adds nothing**")


def test_hover_inside_a_heredoc_and_on_indented_instructions() -> None:
    block = "FROM python:3.13-slim\n  RUN <<EOF\nset -e{}\npip{} install pandas\nEOF\n"
    assert hovered(block.format("", CURSOR))[0] == "pip install pandas"
    what, text = hovered(block.format(CURSOR, ""))
    assert what == "RUN <<EOF\nset -e\npip install pandas\nEOF"
    assert "Adds" in text
    assert hovered(block.format("", "").replace("  RUN", f" {CURSOR} RUN")) == ("", "")


def test_hover_in_a_stage_that_does_not_ship() -> None:
    block = f"FROM node:22 AS build\nRUN npm{CURSOR} install -g typescript@5\nFROM scratch\nCOPY --from=build /x /\n"
    assert "Stage `build` does not ship" in hovered(block)[1]


@pytest.mark.parametrize(
    "block",
    [
        f"# a co{CURSOR}mment\nFROM scratch\n",
        f"FROM scratch\n\n{CURSOR}\n",
        f"ARG A={CURSOR}1\nFROM scratch\n",
        f"# syntax=example.com/other:1\nFROM node:{CURSOR}22\n",
        CURSOR,
        f"{CURSOR}\ufeff",
    ],
)
def test_no_hover(block: str) -> None:
    assert hovered(block) == ("", "")


def test_hover_never_shows_a_table_nor_breaks_its_code_marks() -> None:
    _, text = hovered(f"FROM debian:bookworm-slim\nRUN 'a`b|c'{CURSOR} x\n")
    assert "|" not in text.replace("a'b|c", "")
    assert text.count("`") % 2 == 0


def test_what_a_copy_takes_is_named_the_heaviest_first() -> None:
    block = "//- Dockerfile\nFROM scratch\nCOPY<|> . .\n//- a/b 40000000\n//- a/c 2000000\n//- d 9000000\n//- e 9\n"
    lines = hovered(block)[1].splitlines()
    assert lines[2:5] == ["- the whole context (5 files): 51 MB", "  - `a/`: 42 MB", "  - `d`: 9.0 MB"]
    assert not any("`e`" in line for line in lines)


def test_hover_says_how_long_a_pull_takes_and_how_old_figures_are() -> None:
    block = f"FROM node:{CURSOR}22\n"
    title = hovered(block, "2026-11-26")[1].partition("\n")[0]
    assert re.fullmatch(r"\*\*1\.1 GB unpacked\*\*, 4[01]0 MB pulled, about 6\d s at 50 Mbit/s", title)
    assert hovered(block, "2027-05-26")[1].partition("\n")[0] == f"{title} (figures 8 months old)"
    assert "(figures 5 years old)" in hovered(block, "2031-10-26")[1]


def test_hover_on_the_image_says_its_target() -> None:
    block = APP.replace("typescript", "express").replace("node:22-slim", f"node:{CURSOR}22-slim")
    assert "× the target of an Express app, 60–100 MB pulled (" in hovered(block.replace("slim", "bookworm", 1))[1]
    assert " target " not in hovered(APP.replace("node:22", f"node:{CURSOR}22"))[1]


def test_hover_on_a_debian_package_says_what_it_is_in_each_way() -> None:
    text = hovered(f"FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y python3-pip{CURSOR}\n")[1]
    ways = re.findall(r"^- (by itself|with what it needs|with recommended packages too): (.+ MB)$", text, re.MULTILINE)
    assert [way for way, _ in ways] == ["by itself", "with what it needs", "with recommended packages too"]
    assert len({amount for _, amount in ways}) == 3
    assert "by itself" not in hovered(f"FROM python:3.13-slim\nRUN pip install pandas{CURSOR}\n")[1]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ('FROM scr<|>atch\nCOPY --from=node:22 / /\nCMD ["node", "a.js"]\n', "`node` needs a C library"),
        ("FROM node:22-alp<|>ine\n", "MB pulled less than `node:22-slim`, for musl"),
        ("FROM python:3.13-alp<|>ine\n", "no wheel for musl"),
        ("FROM debian:12\nRUN apt-get update && apt-get cl<|>ean\n", "nothing is left to clean"),
        ("FROM ubuntu:24.04\nRUN apt-get install -y np<|>m\n", "`node:22-slim` is Node.js and npm"),
    ],
)
def test_hover_says_what_is_seldom_worth_it(block: str, said: str) -> None:
    text = hovered(block)[1]
    assert "Seldom worth it: " in text
    assert said in text
    assert "(`deadweight explain what-not-to-optimise`)" in text


@pytest.mark.parametrize(
    "block",
    [
        'FROM scr<|>atch\nCOPY app /\nCMD ["/app"]\n',
        "FROM node:22-sl<|>im\n",
        "FROM alp<|>ine:3.22\n",
        "FROM fedora:44\nRUN dnf cl<|>ean all\n",
        "FROM debian:12\nRUN apt-get install -y cu<|>rl\n",
    ],
)
def test_hover_says_nothing_of_what_is_worth_it(block: str) -> None:
    assert "worth it" not in hovered(block)[1]


# --- inlay hints ---


def test_hints_stand_at_the_end_of_first_lines() -> None:
    assert hints_of(
        "//- Dockerfile\nFROM scratch\nCOPY big \\\n  /x\nCOPY small /\nENV A=1\n//- big 40000000\n//- small 9\n"
    ) == [("COPY big \\", "+40 MB")]


def test_hints_of_lines_begin_at_a_megabyte_and_those_of_base_images_at_a_byte() -> None:
    block = "//- Dockerfile\nFROM alpine:3.22\nCOPY a /\nCOPY b /\nFROM scratch\n//- a 999999\n//- b 1000000\n"
    (base, label), copy = hints_of(block)
    assert (base, copy) == ("FROM alpine:3.22", ("COPY b /", "+1.0 MB"))
    assert label.endswith(" MB")


def test_a_wide_range_is_named() -> None:
    ((_, label),) = [each for each in hints_of(APP.replace("node:22-slim", "scratch")) if each[0] == "RUN npm ci"]
    assert label.startswith("+")
    ((_, label),) = hints_of("//- Dockerfile\nFROM scratch\nADD a.tar /\n//- a.tar 5000000\n")
    assert label == "at least 5.0 MB"


def test_hint_of_a_base_image_has_no_plus() -> None:
    (line, label), *_ = hints_of("FROM node:22\r\nCMD x\r\n")
    assert line == "FROM node:22"
    assert label.endswith("GB")
    assert "+" not in label


def test_hint_of_what_is_unknown_or_at_least() -> None:
    block = "//- Dockerfile\nFROM scratch\nRUN make\nADD a.tar.gz /\n//- a.tar.gz 5000000\n"
    labels = dict(hints_of(block))
    assert labels["RUN make"] == "size unknown"
    assert labels["ADD a.tar.gz /"].startswith("at least ")


def test_hints_only_for_the_lines_asked_for() -> None:
    snapshot = snapshot_of("FROM node:22\nFROM node:22-slim\n")
    assert [hint.label for hint in inlay_hints(snapshot, Span(0, 5))] == [hints_of("FROM node:22\n")[0][1]]


# --- code actions ---


def test_a_safe_fix_is_a_preferred_quick_fix_and_gives_the_text() -> None:
    text, actions = actions_at(f"FROM python:3.13-slim\nR{CURSOR}UN pip install pandas\n")
    action, mount = actions
    assert (action.kind, action.is_preferred) == ("quickfix", True)
    assert (mount.kind, mount.is_preferred) == ("refactor.rewrite", False)
    assert apply_edits(text, action.edits) == "FROM python:3.13-slim\nRUN pip install --no-cache-dir pandas\n"


def test_a_fix_to_look_at_is_a_refactoring_with_its_note() -> None:
    text, actions = actions_at(f"FROM node:22{CURSOR}\n")
    slim = next(action for action in actions if "slim" in action.title)
    assert (slim.kind, slim.is_preferred) == ("refactor.rewrite", False)
    assert slim.note.startswith("Check: ")
    assert apply_edits(text, slim.edits) == "FROM node:22-slim\n"


def test_no_actions_on_other_lines() -> None:
    assert actions_at(f"FROM python:3.13-slim\nRUN pip install pandas\n{CURSOR}CMD x\n")[1] == ()


def test_a_fix_that_creates_a_file_needs_a_client_that_can() -> None:
    block = APP.replace("COPY . .", f"COPY . .{CURSOR}")
    (creating,) = actions_at(block, "quickfix")[1]
    assert [(each.path, each.is_new) for each in creating.adds] == [(".dockerignore", True)]
    assert actions_at(block, "quickfix", can_create=False)[1] == ()


def test_a_fix_that_does_not_hold_is_not_offered() -> None:
    snapshot = snapshot_of("FROM python:3.13-slim\nRUN pip install pandas\n")
    (ignore,) = code_actions(snapshot, report(snapshot), Span(0, 99), holds=lambda *_: False)
    assert ignore.title == "Ignore install-cache-kept here"


def test_what_the_fix_of_a_finding_does_is_not_offered_again() -> None:
    snapshot = snapshot_of("FROM python:3.13-slim\nRUN pip install pandas\n")
    found = report(snapshot)
    once = code_actions(snapshot, found, Span(0, 99), holds=lambda *_: True)
    assert code_actions(snapshot, found, Span(0, 99), holds=lambda *_: True, offered=found) == once
    assert len(code_actions(snapshot, (), Span(0, 99), holds=lambda *_: True, offered=found)) == len(once) - 1


def test_only_the_kinds_asked_for() -> None:
    block = f"FROM node:22{CURSOR}\n"
    assert actions_at(block, "quickfix")[1] == ()
    assert {action.kind for action in actions_at(block, "refactor")[1]} == {"refactor.rewrite"}
    assert is_wanted("source.fixAll.deadweight", ["source"])
    assert not is_wanted("source.fixAll.deadweight", ["source.fix"])


def test_every_finding_can_be_silenced_where_it_is() -> None:
    ignore = "# deadweight: ignore="
    text = ignored_at(f"# syntax=docker/dockerfile:1\nFROM node:22{CURSOR}\n")
    assert text == f"# syntax=docker/dockerfile:1\n{ignore}full-base-image\nFROM node:22\n"
    pip = "RUN pip install pandas"
    text = ignored_at(f"FROM python:3.13-slim\r\n# why\r\n  {pip}{CURSOR}")
    assert text == f"FROM python:3.13-slim\r\n# why\r\n  {ignore}install-cache-kept\r\n  {pip}"
    text = ignored_at(f"FROM python:3.13-slim\n{ignore}late-delete because\n{pip}{CURSOR}\n")
    assert text == f"FROM python:3.13-slim\n{ignore}late-delete,install-cache-kept because\n{pip}\n"
    assert ignored_at(f"\ufeffFROM node:22{CURSOR}\n") == f"\ufeff{ignore}full-base-image\nFROM node:22\n"


def lenses_of(dockerfile: str) -> list[str]:
    return [lens.title for lens in code_lenses(snapshot_of(dockerfile))]


def test_a_line_above_each_stage() -> None:
    stages = "FROM node:22 AS build\nFROM build AS base\nFROM node:22 AS test\n"
    titles = lenses_of(f"{stages}FROM debian:bookworm-slim AS tools\nFROM base\nCOPY --from=tools /a /\n")
    ends = [title.rpartition(", ")[2] for title in titles]
    assert ends[:4] == ["part of the image", "part of the image", "not built for the image", "does not ship"]
    assert titles[0].startswith("Stage build: 1.1 GB unpacked")
    assert titles[4].startswith("Image: ")
    assert ends[4].endswith(" pulled")
    assert lenses_of("# syntax=example.com/x:1\nFROM node:22\n") == []


def test_the_line_above_the_image_says_its_target_and_its_heaviest_line() -> None:
    (title,) = lenses_of(APP.replace("typescript", "express").replace("node:22-slim", "node:22"))
    assert re.fullmatch(
        r"Image: 1\.\d GB unpacked, [\d–]+ MB pulled, [\d.]+ × the target of an Express app, most in line 1", title
    )
    assert lenses_of("FROM registry.corp/nobody:1\n") == ["Image: size unknown"]


def test_a_report_says_what_each_line_adds_and_what_can_go() -> None:
    snapshot = snapshot_of(APP)
    text = size_report(snapshot, report(snapshot), "Dockerfile")
    assert text.startswith("# Dockerfile\n\nThe image: ")
    assert " can go\n" in text
    assert re.search(r"^- line 3: \*\*49 MB\*\* unpacked, \S+ MB pulled, `COPY \. \.`$", text, re.MULTILINE)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## What each line adds", "## What can go"]
    assert "(missing-dockerignore)" in text


def test_fix_all_applies_every_safe_fix_and_nothing_else() -> None:
    snapshot = snapshot_of("FROM python:3.13\r\nRUN pip install pandas\r\nRUN pip install flask scipy\r\n# end")
    action = fix_all_action(snapshot)
    assert action is not None
    assert action.kind == "source.fixAll.deadweight"
    assert apply_edits(snapshot.text, action.edits) == (
        "FROM python:3.13\r\nRUN pip install --no-cache-dir pandas\r\n"
        "RUN pip install --no-cache-dir flask scipy\r\n# end"
    )


def test_fix_all_of_a_clean_file_is_none() -> None:
    assert fix_all_action(snapshot_of("FROM scratch\n")) is None


# --- diagnostics ---


def test_diagnostics_are_problems_and_findings_in_order() -> None:
    snapshot = snapshot_of("FROM node:22\nRNU x\n")
    found = diagnostics(snapshot, report(snapshot))
    assert [(each.code, each.severity) for each in found] == [("full-base-image", "warning"), ("syntax", "error")]
    assert "saves about" in found[0].message


def test_no_diagnostics_in_another_language() -> None:
    snapshot = snapshot_of("# syntax=example.com/other:1\nRNU x\n")
    assert diagnostics(snapshot, report(snapshot)) == ()


# --- open documents ---

PIECES = [
    "FROM python:3.13-slim\n",
    "RUN pip install pandas\n",
    "RUN <<EOF\n",
    "EOF\n",
    "\\\n",
    "# x\r\n",
    "é𝄞",
    "\x0c",
    "\r",
]


@given(
    text=st.lists(st.sampled_from(PIECES)).map("".join),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from([*PIECES, ""])), max_size=6),
)
@settings(max_examples=150)
def test_diagnostics_after_edits_equal_those_of_a_fresh_start(text: str, edits: list[tuple[float, int, str]]) -> None:
    documents = Documents()
    document = documents.open("u", "Dockerfile", None, 1, text)
    assert document is not None
    for place, length, new in edits:
        start = round(place * len(text))
        span = Span(start, min(start + length, len(text)))
        text = apply_edits(text, [Edit(span, new)])
        document.apply(Edit(span, new))
        assert document.diagnostics == Documents().open("u", "Dockerfile", None, 1, text).diagnostics  # type: ignore[union-attr]
    assert str(document.text) == text


def test_a_document_knows_the_day() -> None:
    document = Documents(today=lambda: "2026-11-26").open("u", "Dockerfile", None, 1, "FROM node:22\n")
    assert document is not None
    assert document.options.today == "2026-11-26"


def test_a_file_that_no_person_writes_is_not_read() -> None:
    document = Documents().open("u", "Dockerfile", None, 1, "FROM x\n" + "RUN a \\\n" * 150_000)
    assert document is not None
    (found,) = document.diagnostics
    assert found.severity == "information"
    document.apply(Edit(Span(0, len(document.text)), "RNU x\n"))
    assert [each.code for each in document.diagnostics] == ["syntax"]
