"""A command that somebody types in is read alone: it is read as in its whole RUN, and the rest stays as it was."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis import reworded
from deadweight.analysis.report import check
from deadweight.model.retyped import retyped
from deadweight.model.run_layers import rerun
from deadweight.rules.catalog import RULES
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span
from examples import blocks, pairs, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.effects import Nth
    from deadweight.model.retyped import Retyped

BLOCKS = [*(each for rule in RULES for pair in pairs(rule.page) for each in pair)]
BLOCKS += [each for rule in RULES for each in blocks(rule.page, "Not reported")]
TYPED = [
    " ",
    "  x",
    " --yes",
    " -y",
    " /a",
    " $A",
    ' "a b"',
    "x",
    "/",
    "[",
    " in",
    " if",
    " && b",
    " | b",
    " #",
    " \\",
    "`",
]
RUNS = """
echo a
echo a  &&  apt-get install -y curl # why
apt-get update && apt-get install -y curl
cd /a && curl -O https://example.com/a.tgz; make
[ -f a ] && b || c; d
test -f a && b; c
sudo -u app pip install a && sudo npm ci
export A=1 && echo $A
bash -c 'a && b' && c
trap 'rm a' EXIT; b
a \\
    && b \\
    && c
a; a; a
"""


def versions(snapshot: Snapshot, letters: str, chance: random.Random) -> Iterator[Snapshot]:
    """The file with these letters typed behind some words of its RUNs, one after the other."""
    for placed in snapshot.tree.instructions:
        ends = [found.end() for found in re.finditer(r"\S(?=\s|$)", placed.instruction.text)][1:]
        if placed.instruction.keyword != "RUN" or not ends:
            continue
        for end in chance.sample(ends, min(len(ends), 6)):
            now = snapshot
            for at, letter in enumerate(letters, placed.offset + end):
                now = now.edited(edited(now.tree, Edit(Span(at, at), letter)))
                yield now


def changes(before: Snapshot, now: Snapshot) -> Iterator[tuple[Retyped, tuple[Reading, ...], Callable[[Nth], Span]]]:
    """What is read of RUNs in which a command was typed, beside the readings and places of their whole."""
    for ledger in before.reached_ledgers:
        index = ledger.stage.index
        if index >= len(now.build.stages) or len(now.build.stages[index].steps) != len(ledger.stage.steps):
            continue
        for number, step in enumerate(now.build.stages[index].steps, 1):
            if step.instruction is ledger.layers[number].instruction or step.instruction.keyword != "RUN":
                continue
            one, whole = retyped(ledger, number, step.instruction), rerun(ledger, number, step.instruction)
            if one is not None:
                assert whole is not None
                yield one, whole.layer.readings, whole.layer.span


@pytest.mark.parametrize("letters", TYPED)
def test_a_command_is_read_as_in_its_whole_run(letters: str) -> None:
    runs = [f"FROM debian:12-slim\nRUN {each}\n" for each in re.split(r"\n(?!\s)", RUNS.strip())]
    chance = random.Random(letters)
    for block in (*runs, *chance.sample(BLOCKS, 40)):
        before = snapshot_of(block)
        for now in () if before.is_foreign else versions(before, letters, chance):
            for one, whole, span in changes(before, now):
                assert len(whole) == len(one.layer.readings), now.text
                for was, read in zip(one.layer.readings, whole, strict=True):
                    mine = one.now if was is one.was else was
                    assert facts(mine) == facts(read), now.text
                    assert one.span(was.call.span) == span(read.call.span), now.text
                    if was is one.was or one.does_the_same:
                        assert mine.effects == read.effects, now.text


def facts(reading: Reading) -> object:
    call, placed = reading.call, reading.call.placed
    texts = [word.text for word in call.words]
    return (
        reading.written,
        call.program,
        call.typed,
        texts,
        call.around.folder,
        call.around.home,
        placed.conditional,
        placed.background,
    )


def test_letters_of_an_argument_read_no_other_command(monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot_of("FROM debian:12-slim\nRUN apt-get update && apt-get install -y curl && echo a && echo b\n")
    checked = check(before)
    monkeypatch.setattr(reworded, "rerun", lambda *_: pytest.fail("all of it is read"))
    at = before.text.index("echo a") + len("echo a")
    for letter in " to whom it may concern":
        before = before.edited(edited(before.tree, Edit(Span(at, at), letter)))
        checked, at = check(before, before=checked), at + 1
        assert checked.is_kept
        fresh = check(Snapshot(parse(before.text)))
        assert [each.finding.span for each in checked.said] == [each.finding.span for each in fresh.said] != []


def test_what_comes_to_run_in_an_environment_of_conda_is_read_with_that() -> None:
    before = snapshot_of("FROM debian:12-slim\nRUN cond run -n web pip install a && echo b\n")
    at = before.text.index(" run")
    now = before.edited(edited(before.tree, Edit(Span(at, at), "a")))
    for one, whole, _ in changes(before, now):
        assert (one.now.call.program, one.now.effects) == (whole[0].call.program, whole[0].effects)
    assert now.ledgers[0].layers[1].kept[0].path == "/opt/conda/envs/web"
