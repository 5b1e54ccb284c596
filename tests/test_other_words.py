"""A RUN in other words that does what it did: who is not told of them finds what was found, with ways out of today."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.report import check, report
from deadweight.analysis.reworded import reworded, told, words_of
from deadweight.rules.catalog import RULES
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span
from examples import blocks, pairs, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.rule import Finding, Rule

BLOCKS = [*(each for rule in RULES for pair in pairs(rule.page) for each in pair)]
BLOCKS += [each for rule in RULES for each in blocks(rule.page, "Not reported")]
COMMANDS = sorted({line for block in BLOCKS for line in re.findall(r"(?m)^(?:RUN |    )(.{4,40})$", block)})


def typed(number: int) -> Iterator[tuple[Snapshot, Snapshot]]:
    """The versions, two at a time, in which a command of some page is typed into a RUN of an example."""
    chance = random.Random(number)
    before = snapshot_of(BLOCKS[number])
    runs = [each for each in before.tree.instructions if each.instruction.keyword == "RUN"]
    if not runs or before.is_foreign:
        return
    run = chance.choice(runs)
    ends = [match.end() for match in re.finditer(r"\S(?=\s|$)", run.instruction.text) if match.end() > len("RUN ")]
    at = run.offset + chance.choice(ends or [len(run.instruction.text)])
    for letter in chance.choice([" && ", " ", "; ", " | ", " /"]) + chance.choice(COMMANDS):
        now = before.edited(edited(before.tree, Edit(Span(at, at), letter)))
        yield before, now
        before, at = now, at + 1


@pytest.mark.parametrize("number", range(0, len(BLOCKS), 4))
def test_a_rule_that_is_not_told_finds_the_same(number: int) -> None:
    for before, now in typed(number):
        old = check(before)
        changed = reworded(old.ledgers, old.sections, now)
        if changed is None:
            continue
        words = words_of(RULES, now)
        are_told = told(changed, [words.get(rule.id) for rule in RULES])
        quiet = [rule for rule, is_told in zip(RULES, are_told, strict=True) if not is_told]
        was, then = (Snapshot(parse(each.text), each.context, each.options) for each in (before, now))
        for rule in quiet:
            assert found_by(rule, was) == found_by(rule, then), (rule.id, now.text)


def found_by(rule: Rule, snapshot: Snapshot) -> list[object]:
    return [
        (without_bytes(each), {(site, effect.path) for site, effect in each.frees}) for each in rule.check(snapshot)
    ]


def without_bytes(finding: Finding) -> Finding:
    """A finding without the effects, which are others in a file that was read apart."""
    return replace(finding, frees=frozenset())


LISTS = """FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && echo a
CMD ["curl"]
"""


def test_words_that_tell_nobody_leave_what_was_found() -> None:
    before = Snapshot(parse(LISTS))
    old = check(before)
    at = LISTS.index("echo a") + len("echo a")
    now = before.edited(edited(before.tree, Edit(Span(at, at), "b")))
    new = check(now, before=old)
    assert new.is_kept
    assert [one is other for (_, one), (_, other) in zip(old.found, new.found, strict=True)] == [True]


def test_the_ways_out_are_those_of_the_text_as_it_is() -> None:
    before = Snapshot(parse(LISTS))
    old = check(before)
    at = LISTS.index("apt-get update") - len(" ") + 1
    now = before.edited(edited(before.tree, Edit(Span(at, at), "cd /srv && ")))
    (reported,) = report(now, checked=check(now, before=old))
    (alone,) = report(Snapshot(parse(now.text)))
    assert reported.fixes[0].edits == alone.fixes[0].edits


def test_the_way_out_of_what_is_copied_is_found_again() -> None:
    files = {"package.json": "{}", "node_modules/a/index.js": "a" * 9_000_000}
    block = "//- Dockerfile\nFROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
    block += "".join(f"//- {path}\n{text}\n" for path, text in files.items())
    before = snapshot_of(block)
    at = before.text.index("npm ci") + len("npm ci")
    now = before.edited(edited(before.tree, Edit(Span(at, at), " ")))
    checked = check(now, before=check(before))
    alone = report(Snapshot(parse(now.text), now.context, now.options))
    assert checked.is_kept
    found = [[fix.title for fix in each.fixes] for each in report(now, checked=checked)]
    assert found == [[fix.title for fix in each.fixes] for each in alone] != []
    assert any(title.startswith("Create") for titles in found for title in titles)


def test_what_two_stages_weigh_is_known_by_what_the_first_one_does() -> None:
    before = snapshot_of(pairs(next(rule.page for rule in RULES if rule.id == "dev-dependencies-shipped"))[0][0])
    at = before.text.index("--force") + len("--force")
    old = check(before)
    for letter in " | HOME=":
        now = before.edited(edited(before.tree, Edit(Span(at, at), letter)))
        before, old, at = now, check(now, before=old), at + 1
    alone = check(Snapshot(parse(before.text), before.context, before.options))
    assert [each.finding.saves for each in old.said] == [each.finding.saves for each in alone.said] != []


def test_what_words_tell_is_asked_anew_when_a_rule_has_run() -> None:
    """What is installed from a folder makes it matter who else names that folder."""
    text = (
        "FROM debian:trixie-slim\nRUN curl -L https://example.com/tool-1.2.tar.gz | tar -xz -C /usr/src"
        ' && cd /usr/src/tool-1.2 && ./configure && make && make && echo /x\nCMD ["tool"]\n'
    )
    before = Snapshot(parse(text))
    old = check(before)
    said: list[list[str]] = []
    for behind, typed in (("make && make", " install"), ("echo /x", " /usr/src/tool-1.2")):
        at = before.text.index(behind) + len(behind)
        for letter in typed:
            now = before.edited(edited(before.tree, Edit(Span(at, at), letter)))
            before, old, at = now, check(now, before=old), at + 1
            said.append([each.rule.id for each in old.said])
            assert said[-1] == [each.rule.id for each in check(Snapshot(parse(now.text))).said], now.text
    assert ["sources-kept"] in said
    assert said[-1] == []


def test_a_rule_that_raises_leaves_the_ways_out_of_others() -> None:
    def raises(_: Snapshot) -> Iterator[Finding]:
        raise ValueError
        yield

    broken = replace(RULES[0], check=raises)
    rules, before = (broken, *RULES[1:]), Snapshot(parse(LISTS))
    old = check(before, rules=rules, on_error=lambda *_: None)
    at = LISTS.index("echo a") + len("echo a")
    now = before.edited(edited(before.tree, Edit(Span(at, at), "b")))
    checked = check(now, rules=rules, before=old, on_error=lambda *_: None)
    (reported,) = report(now, rules=rules, checked=checked)
    assert checked.is_kept
    assert reported.fixes


def test_half_of_a_command_is_a_command() -> None:
    words = [command.split(" ") for command in (*COMMANDS, "bundle config set")]
    halves = sorted({" ".join(each[:count]) for each in words for count in range(1, len(each) + 1)})
    snapshot = Snapshot(parse("FROM debian:12\nCOPY . /src\n" + "".join(f"RUN {each}\n" for each in halves)))
    layers = snapshot.ledgers[0].layers
    assert any(effect.cause for layer in layers[2:] for effect in layer.effects)


@pytest.mark.parametrize(
    ("base", "command", "target"),
    [("alpine:3.22", "apk add curl", "/etc/apk/cache"), ("gradle:8-jdk21", "gradle build", "/home/gradle/.gradle")],
)
def test_a_mount_that_goes_away_is_asked_about(base: str, command: str, target: str) -> None:
    """Where a cache lies may depend on what is mounted."""
    before = Snapshot(parse(f"FROM {base}\nRUN --mount=type=cache,target={target} {command}\n"))
    at = before.text.index(target) + len(target)
    was = paths(before)
    now = before.edited(edited(before.tree, Edit(Span(at, at), ";")))
    assert paths(now) == paths(Snapshot(parse(now.text))) != was


def paths(snapshot: Snapshot) -> list[str | None]:
    return [effect.path for effect in snapshot.reached_ledgers[-1].layers[-1].effects]
