"""Fixes never break a file: the same commands run, with the same exit status, and nothing else of the file changes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conftest import json_lines
from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.merging import merge_runs
from deadweight.rules.rule import Safety
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.run import run_body
from deadweight.text import apply_edits
from examples import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deadweight.text import Edit

UPDATE, CLEAN = "apt-get update", "rm -rf /var/lib/apt/lists/*"


def fixed_text(text: str) -> str:
    return fix_all(Snapshot(parse(text))).snapshot.text


# Each RUN, and what fix-all makes of it; None where nothing correct is offered.
SCRIPTS = [
    ("apt-get update; apt-get install a; b", f"apt-get update; apt-get install a && {CLEAN}; b"),
    ("set -e; apt-get update; apt-get install a; b", f"set -e; apt-get update; apt-get install a; {CLEAN}; b"),
    # In parentheses before ||, `set -e` does not count.
    (
        "set -e; ( apt-get update; apt-get install a ) || b",
        f"set -e; ( apt-get update; apt-get install a && {CLEAN} ) || b",
    ),
    ("( set -e; b ); apt-get update; c", f"( set -e; b ); apt-get update && {CLEAN}; c"),
    ("set -e; b && apt-get update; c", f"set -e; b && apt-get update; {CLEAN}; c"),
    ("b && set -e; apt-get update; c", None),
    ("set -e; b && apt-get update; echo $?", None),
    ("set -e; apt-get update; if a; then apt-get install b && c; fi", None),
    (
        "apt-get update && for p in a b; do apt-get install $p; done",
        f"apt-get update && for p in a b; do apt-get install $p; done && {CLEAN}",
    ),
    (
        "set -e; apt-get update; if a; then apt-get install b; fi; d",
        f"set -e; apt-get update; if a; then apt-get install b; fi; {CLEAN}; d",
    ),
    (
        'i() { apt-get install "$@"; }; apt-get update; i a; i b',
        f'i() {{ apt-get install "$@"; }}; apt-get update; i a; i b && {CLEAN}',
    ),
    ("apt-get update && bash -c 'apt-get install a'", f"apt-get update && bash -c 'apt-get install a' && {CLEAN}"),
    ("apt-get update && ./setup.sh && a", f"apt-get update && ./setup.sh && {CLEAN} && a"),
    ("apt-get update | tee log; exit ${PIPESTATUS[0]}", None),
    ("apt-get update & wait", None),
    ("exec apt-get update", None),
    ("apt-get update # lists", f"apt-get update && {CLEAN} # lists"),
    ("sudo -E apt-get update && a", f"sudo -E apt-get update && sudo -E {CLEAN} && a"),
    ("sudo -u joe npm ci", "sudo -u joe npm ci && sudo -u joe npm cache clean --force"),
    ("su joe -c 'cd /app && npm ci'", "su joe -c 'cd /app && npm ci' && su joe -c 'npm cache clean --force'"),
    ('su - joe -c "npm ci" && make', "su - joe -c \"npm ci\" && su - joe -c 'npm cache clean --force' && make"),
    ("sudo -u joe bash -c 'npm ci'", "sudo -u joe bash -c 'npm ci' && sudo -u joe npm cache clean --force"),
    (
        "npm ci && sudo -u joe npm ci",
        "npm ci && npm cache clean --force && sudo -u joe npm ci && sudo -u joe npm cache clean --force",
    ),
    ("su joe -c '. ~/.nvm/nvm.sh && npm ci'", None),
    ("su joe -c 'PATH=/opt/node/bin:$PATH && npm ci'", None),
    ("su joe -lc 'npm ci'", None),
    ("pip install --cache-dir /c -- numpy", "pip install --cache-dir /c --no-cache-dir -- numpy"),
    ("python3 -m pip --quiet install numpy", "python3 -m pip --quiet install --no-cache-dir numpy"),
    (
        "xargs apt-get update <<EOF\na\nEOF",
        f"xargs apt-get update <<EOF && {CLEAN}\na\nEOF",
    ),
    (
        "apt-get update && xargs apt-get install <<EOF\na\nEOF",
        f"apt-get update && xargs apt-get install <<EOF && {CLEAN}\na\nEOF",
    ),
    ("<<EOF\nset -e\n\tapt-get update\nb\nEOF", f"<<EOF\nset -e\n\tapt-get update\n\t{CLEAN}\nb\nEOF"),
]


@pytest.mark.parametrize(("before", "after"), SCRIPTS)
def test_clean_up_goes_where_it_changes_nothing(before: str, after: str | None) -> None:
    head = "FROM node:22\n"
    assert fixed_text(f"{head}RUN {before}\n") == f"{head}RUN {after or before}\n"


# RUNs that read the lists of an earlier one: `RUN` lines before and after.
STAGES = [
    (f"RUN {UPDATE}\nRUN apt-get install a\n", f"RUN {UPDATE} && apt-get install a && {CLEAN}\n"),
    (
        f"RUN A=1 {UPDATE} -o x=1\n# b\nRUN set -e; apt-get install a\n",
        f"# b\nRUN set -e; A=1 {UPDATE} -o x=1; apt-get install a; {CLEAN}\n",
    ),
    (
        f"RUN {UPDATE}\nRUN if a; then apt-get install b; fi\n",
        f"RUN {UPDATE} && if a; then apt-get install b; fi && {CLEAN}\n",
    ),
    (
        f"RUN {UPDATE} > log\nRUN yes | apt-get install a\n",
        f"RUN {UPDATE} > log && {CLEAN}\nRUN {UPDATE} && yes | apt-get install a && {CLEAN}\n",
    ),
    (
        f"RUN {UPDATE}\nRUN --mount=type=cache,target=/var/lib/apt apt-get install a\n",
        "RUN --mount=type=cache,target=/var/lib/apt apt-get install a\n",
    ),
    (
        f"RUN {UPDATE}\nRUN --mount=type=cache,target=/var/lib/apt {UPDATE}\nRUN apt-get install a\n",
        f"RUN --mount=type=cache,target=/var/lib/apt {UPDATE}\nRUN {UPDATE} && apt-get install a && {CLEAN}\n",
    ),
    ("RUN A=-q; apt-get $A update\nRUN apt-get install a\n", None),
    # Sources that the RUN itself adds are none of the lists that it finds.
    (
        f"RUN {UPDATE}\nRUN a\nRUN echo deb x > /etc/apt/sources.list.d/x.list && apt-get install a\n",
        f"RUN a\nRUN {UPDATE} && echo deb x > /etc/apt/sources.list.d/x.list && apt-get install a \\\n    && {CLEAN}\n",
    ),
    (f"RUN {UPDATE}\nRUN a\nRUN apt-key add k\nRUN apt-get install a\n", None),
    (f"RUN {UPDATE} || true\nRUN apt-get install a\n", None),
    (f"RUN {UPDATE}\nCOPY sources.list /etc/apt/\nRUN apt-get install a\n", None),
    (f"RUN {UPDATE}\nRUN --network=none apt-get install ./a.deb\n", None),
    (f"RUN {UPDATE}\nUSER joe\nRUN apt-cache policy\n", None),
    (f"RUN {UPDATE}\nONBUILD RUN apt-get install a\n", None),
    (f"RUN {UPDATE}\nCMD apt-get install a\n", None),
    (f"RUN {UPDATE}\nRUN ./setup.sh\n", f"RUN {UPDATE} && ./setup.sh && {CLEAN}\n"),
    (f"RUN {UPDATE}\nRUN ./a.sh\nRUN ./b.sh\nRUN ./c.sh\n", None),
    (f"RUN {UPDATE}\nUSER joe\nRUN ./setup.sh\n", "USER joe\nRUN ./setup.sh\n"),
    (f"RUN {UPDATE}\nRUN sudo true\nUSER joe\nRUN ./setup.sh\n", None),
    (
        f"RUN {UPDATE}\nUSER joe\nRUN sudo mkdir /a\nRUN ./setup.sh\n",
        f"USER joe\nRUN sudo mkdir /a\nRUN sudo {UPDATE} && ./setup.sh && sudo {CLEAN}\n",
    ),
    (f"RUN {UPDATE}\nUSER joe\nRUN sudo -u ann true || sudo mkdir /a\nRUN ./setup.sh\n", None),
    (
        f"RUN {UPDATE}\nFROM 0 AS b\nFROM b\nRUN apt-get install a\n",
        f"FROM 0 AS b\nFROM b\nRUN {UPDATE} && apt-get install a && {CLEAN}\n",
    ),
    (f"RUN {UPDATE}\nFROM 0 AS b\nFROM b\nRUN ./setup.sh && apt-get install a\n", None),
]


@pytest.mark.parametrize(("before", "after"), STAGES)
def test_no_run_loses_the_lists_it_reads(before: str, after: str | None) -> None:
    head = "FROM debian:12 AS 0\n" if "FROM 0" in before else "FROM debian:12\n"
    assert fixed_text(head + before) == head + (after or before)


APP = """\
//- package.json
{"dependencies": {"express": "^5.1.0", "next": "^16.0.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.3", "resolved": "x"}}}
//- a.js 4000
//- b.js 4000
"""


@pytest.mark.parametrize(
    "lines",
    [
        "COPY * ./\nRUN npm ci\n",
        "COPY --exclude=package-lock.json . .\nRUN npm install\n",
        "COPY . .\nRUN rm b.js && npm ci\n",
        "ARG D=/app\nCOPY . $D\nARG D=/other\nRUN npm ci\n",
    ],
)
def test_copy_is_not_split_where_that_breaks_the_build(lines: str) -> None:
    snapshot = snapshot_of(f"//- Dockerfile\nFROM node:22\nWORKDIR /app\n{lines}{APP}")
    fixes = [fix for each in report(snapshot) if each.rule.id == "copy-before-install" for fix in each.fixes]
    assert fixes == []


# --- the same commands, the same exit status: carried out, with stubs for programs ---

COMMANDS = [UPDATE, "apt-get install a", "apt-get install b", "npm ci", "pip install z", "foo", "bar", "true", "false"]
STUB = """#!/bin/sh
[ ! -p /dev/stdin ] || while read -r _; do :; done  # one after the other, in a pipeline too
line=${0##*/}
for word; do [ "$word" = --no-cache-dir ] || line="$line $word"; done
case $line in see*) echo "$line $PWD $(umask) $X" >> "$LOG" ;; *) echo "$line" >> "$LOG" ;; esac
[ "$line" != "$FAIL" ] || exit 7
"""


@st.composite
def scripts(draw: st.DrawFn, depth: int = 2) -> str:
    def chain() -> str:
        parts = [part() for _ in range(draw(st.integers(1, 3)))]
        return parts[0] + "".join(draw(st.sampled_from((" && ", " && ", " || "))) + each for each in parts[1:])

    def part() -> str:
        if depth and draw(st.integers(0, 4)) == 0:
            inner = draw(scripts(depth=depth - 1))
            form = draw(
                st.sampled_from(("( {} )", "{{ {}; }}", "if foo; then {}; else bar; fi", "for i in 1 2; do {}; done"))
            )
            return form.format(inner)
        return draw(st.sampled_from(COMMANDS))

    start = draw(st.sampled_from(("", "set -e; ", "set -eux; ")))
    return start + "; ".join(chain() for _ in range(draw(st.integers(1, 3))))


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    for name in ("apt-get", "npm", "pip", "foo", "bar", "rm", "see"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    return folder


def course(shell: str, script: str, stubs: Path, fail: str, **variables: str) -> tuple[int, list[str]]:
    """Exit status and the commands of a script that can reach nothing but stubs; `fail` is the one that fails."""
    log = stubs / "log"
    log.write_text("")
    environment = {"PATH": str(stubs), "LOG": str(log), "FAIL": fail, **variables}
    status = subprocess.run(
        [shell, "-c", script], env=environment, stdin=subprocess.DEVNULL, capture_output=True, cwd=stubs, timeout=20
    ).returncode
    return status, log.read_text().splitlines()


@pytest.mark.skipif(os.name == "nt", reason="runs POSIX shells")
@settings(max_examples=25)
@given(script=scripts(), fail=st.sampled_from(("", *COMMANDS)))
def test_fixed_run_takes_the_same_course(stubs: Path, script: str, fail: str) -> None:
    text = f"FROM node:22\nRUN {script}\n"
    instructions = parse(fixed_text(text)).instructions
    assume(len(instructions) > 1)  # an update that nothing reads goes
    after = run_body(instructions[1].instruction)
    assert after is not None
    assume(after.script.text.count(UPDATE) == script.count(UPDATE))
    for shell in filter(None, (shutil.which("bash"), shutil.which("dash"), shutil.which("sh"))):
        status, commands = course(shell, script, stubs, fail)
        then, now = course(shell, after.script.text, stubs, fail)
        # The shell spreads out `*` where this machine has lists.
        own = [each for each in now if not each.startswith((CLEAN.removesuffix("*"), "npm cache clean"))]
        assert (then, own) == (status, commands)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """Scripts of RUNs that follow each other; some change what a later one in the same shell would see."""
    chains = st.lists(st.sampled_from((*COMMANDS, "see $X")), min_size=1, max_size=3).map(" && ".join)
    leads = (
        "",
        "",
        "cd / && ",
        "X=1 && ",
        "export X=2 && ",
        "set -x && ",
        "set -ex; ",
        "set -e; ",
        "set -eux; ",
        "umask 77 && ",
    )
    tails = ("", "", ";", " # why", "; see $X", " || see", " | see", " && { foo; see; }", " && exit 3", "; exec see")
    bodies = st.one_of(chains, chains, scripts(depth=1))
    rows = st.tuples(st.sampled_from(leads), bodies, st.sampled_from(tails)).map("".join)
    return draw(st.lists(rows, min_size=2, max_size=3))


@pytest.mark.skipif(os.name == "nt", reason="runs POSIX shells")
@settings(max_examples=60)
@given(
    row=rows(),
    values=st.lists(st.sampled_from(("", "7", "8")), min_size=3, max_size=3),
    fail=st.sampled_from(("", *COMMANDS, "see", "foo")),
)
def test_merged_runs_take_the_same_course(stubs: Path, row: list[str], values: list[str], fail: str) -> None:
    lines = [f"{f'ENV X={value}' if value else ''}\nRUN {script}\n" for script, value in zip(row, values, strict=False)]
    text = "FROM node:22\n" + "".join(lines)
    snapshot = Snapshot(parse(text))
    layers = snapshot.ledgers[0].layers
    first = next(at for at, layer in enumerate(layers) if layer.instruction.keyword == "RUN")
    edits = merge_runs(snapshot, layers[first:])
    if edits is None:
        return
    merged = run_body(parse(apply_edits(text, edits)).instructions[first].instruction)
    assert merged is not None
    for shell in filter(None, (shutil.which("bash"), shutil.which("dash"))):
        status, commands, variables = 0, [], {"X": values[0]} if values[0] else {}
        for script, value in zip(row, values, strict=False):
            variables |= {"X": value} if value else {}
            status, own = course(shell, script, stubs, fail, **variables)
            commands += own
            if status:
                break
        then, now = course(shell, merged.script.text, stubs, fail, **({"X": values[0]} if values[0] else {}))
        assert now == commands
        assert bool(then) == bool(status)


# --- whole files ---


def mutations(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n")
    return [
        text,
        lines.replace("\n", "\r\n"),
        lines.rstrip("\n"),
        "\ufeff" + lines,
        lines.replace("\\\n", "\\  \n  # a comment ' && \n\n"),
        lines.replace("\nRUN ", "\nONBUILD RUN "),
        lines.replace("\nRUN ", "\nrun --mount=type=secret,id=x "),
        lines.replace(" && ", "; "),
    ]


def test_real_files_stay_whole(shared: Path) -> None:
    dockerfile = pytest.importorskip("dockerfile", reason="BuildKit's parser is not installed")
    files = list(json_lines(shared / "corpus" / "dockerfiles.jsonl.xz"))
    for file in random.Random(1).sample(files, 60):
        for text in mutations(file["text"]):
            snapshot = Snapshot(parse(text))
            outcome = fix_all(snapshot)
            after = outcome.snapshot.text
            if after == text:
                continue
            assert fixed_text(after) == after
            if text.count("\n") == text.count("\r\n"):
                assert after.count("\n") == after.count("\r\n")
            assert after.endswith("\n") == text.endswith("\n")
            kept = iter([line for line in after.split("\n") if line.lstrip().startswith("#")])
            # One behind the last command of a RUN may have a line of its own now.
            assert all(line in kept for line in text.split("\n") if line.lstrip().startswith("#"))
            try:
                old = dockerfile.parse_string(text)
            except dockerfile.GoParseError:
                continue
            new = dockerfile.parse_string(after)
            assert len(new) == len(outcome.snapshot.tree.instructions)
            assert sorted(each.cmd.upper() for each in new if each.cmd.upper() != "RUN") == sorted(
                each.cmd.upper() for each in old if each.cmd.upper() != "RUN"
            )


def test_any_fix_in_any_order_keeps_a_file_whole(shared: Path) -> None:
    dockerfile = pytest.importorskip("dockerfile", reason="BuildKit's parser is not installed")
    files = list(json_lines(shared / "corpus" / "dockerfiles.jsonl.xz"))
    dice = random.Random(3)
    for file in dice.sample(files, 120):
        snapshot = Snapshot(parse(dice.choice(mutations(file["text"]))))
        for _ in range(4):
            found = report(snapshot)
            fixes = [(each, fix) for each in found for fix in each.fixes if holds(snapshot, found, each, fix)]
            if not fixes:
                break
            _, fix = dice.choice(fixes)
            after = fixed(snapshot, [fix])
            assert comments(after.text) == comments(snapshot.text), fix.title
            assert after.text.endswith("\n") == snapshot.text.endswith("\n"), fix.title
            # What one edit leaves as it was stands there as it was, in pieces between the edits.
            for piece in untouched(snapshot.text, fix.edits):
                assert piece in after.text, fix.title
            try:
                dockerfile.parse_string(snapshot.text)
            except dockerfile.GoParseError:
                continue
            assert len(dockerfile.parse_string(after.text)) == len(after.tree.instructions), fix.title
            snapshot = after


def untouched(text: str, edits: Iterable[Edit]) -> Iterator[str]:
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        yield text[at : edit.span.start]
        at = edit.span.end
    yield text[at:]


def comments(text: str) -> list[str]:
    """Sorted, because a comment moves with its instruction."""
    return sorted(line.strip() for line in text.split("\n") if line.lstrip().startswith("#"))


def test_findings_on_run_lines_carry_a_safe_fix(shared: Path) -> None:
    files = list(json_lines(shared / "corpus" / "dockerfiles.jsonl.xz"))
    found = safe = 0
    for file in random.Random(2).sample(files, 300):
        snapshot = Snapshot(parse(file["text"]))
        reports = report(snapshot)
        for each in reports:
            line = [placed for placed in snapshot.tree.instructions if placed.offset <= each.span.start][-1]
            if line.instruction.keyword != "RUN":
                continue
            found += 1
            safe += any(fix.safety is Safety.SAFE and holds(snapshot, reports, each, fix) for fix in each.fixes)
    assert safe >= 0.85 * found > 0
