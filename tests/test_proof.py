"""What a proof turns down, and that nothing is proven twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis import proof
from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.proof import holds, is_sound
from deadweight.analysis.report import report
from deadweight.model.context import BuildContext
from deadweight.settings import RuleSettings, Settings
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from examples import snapshot_of

CONTEXT = BuildContext("", {"x.tgz": 1, "package.json": 2})

# Lines before and after a fix, which is sound or not.
EDITS = [
    (
        "COPY x.tgz /tmp/\nRUN tar -xzf /tmp/x.tgz\n",
        "COPY x.tgz /tmp/ \\\n && tar -xzf /tmp/x.tgz && rm /tmp/x.tgz\n",
        False,
    ),
    ("COPY x.tgz /tmp/\n", "COPY --chown=1:1 x.tgz /tmp/\n", True),
    ("COPY . .\n", "COPY package.json ./\nCOPY . .\n", True),
    ("COPY . .\n", "COPY package-lock.json ./\nCOPY . .\n", False),
    ("COPY --from=build /a /b/\n", "COPY --link --from=build /a /c/\n", True),
    ("COPY --from=build /a /b/\n", "COPY --from=build package.json /b/\n", False),
    ("ADD https://example.com/x /y/\n", "ADD --chmod=755 https://example.com/x /y/\n", True),
    ('CMD ["a"]\n', 'CMD ["b"]\n', False),
    ("CMD a\n", "CMD  a\n", True),
    ("WORKDIR /a\n", "WORKDIR /a && b\n", False),
    ("ENV A=1\n", "ENV A=1\nENV B=2\n", True),
    ("HEALTHCHECK CMD a\n", "HEALTHCHECK --interval=1m CMD a\n", True),
    ("FROM a AS b\n", "FROM a-slim AS b\n", True),
    ("FROM a AS b\n", "FROM a-slim AS c\n", False),
    ("FROM a AS b\n", "FROM a-slim\n", False),
    ("RUN a\nRUN b\n", "RUN a && b\n", True),
    ("RUN a\n", "RUN a && (\n", False),
]


@pytest.mark.parametrize(("before", "after", "sound"), EDITS)
def test_only_planned_instructions_are_written(before: str, after: str, sound: bool) -> None:
    old, new = (Snapshot(parse(f"FROM debian\n{lines}"), CONTEXT) for lines in (before, after))
    assert is_sound(old, new) == sound


def test_a_source_of_an_unknown_context_stood_there_before() -> None:
    old, same, new = (
        Snapshot(parse(f"FROM debian\nCOPY {words}\n")) for words in ("a /x", "--chmod=755 a /x", "a /x && b")
    )
    assert is_sound(old, same)
    assert not is_sound(old, new)


PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"


def test_nothing_is_proven_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = snapshot_of(PIP)
    (reported,) = found = report(snapshot)
    fix = reported.fixes[0]
    assert holds(snapshot, found, reported, fix)
    monkeypatch.setattr(proof, "fixed", None)  # what a proof starts with
    again = snapshot_of(PIP)
    assert holds(again, found, reported, fix)
    other = replace(again, context=CONTEXT)
    with pytest.raises(TypeError):
        holds(other, found, reported, fix)


def test_a_fix_is_judged_by_what_the_user_wants_to_see() -> None:
    # That the base image is the full one is not said before the fix; after it that is no news.
    settings = Settings(rules={"full-base-image": RuleSettings("off")}, min_saving=5_000_000)
    snapshot = snapshot_of("FROM python:3.13\nRUN pip install pandas\n")
    (reported,) = found = report(snapshot, settings)
    assert holds(snapshot, found, reported, reported.fixes[0], settings)


# --- fix-all ---


def test_fixes_inside_one_instruction_come_first() -> None:
    lines = "RUN pip install pandas\nRUN apt-get update\nRUN apt-get install -y curl\n"
    snapshot = snapshot_of(f"FROM python:3.13-slim\n{lines}")
    outcome = fix_all(snapshot)
    assert next(reported.rule.id for reported, _ in outcome.done) == "install-cache-kept"
    assert "--no-cache-dir" in outcome.snapshot.text
    assert fix_all(outcome.snapshot).done == ()


def test_what_fix_all_saves_is_what_the_image_loses() -> None:
    snapshot = snapshot_of(PIP + "COPY a /\nRUN apt-get update && apt-get install -y curl\n")
    outcome = fix_all(snapshot)
    before, after = snapshot.sizes.image(), outcome.snapshot.sizes.image()
    assert outcome.saves is not None
    assert before is not None
    assert after is not None
    assert outcome.saves.best == before.best - after.best > 20_000_000


def test_what_fix_all_saves_is_unknown_where_the_findings_are() -> None:
    assert fix_all(snapshot_of("FROM scratch\n")).saves == fix_all(snapshot_of("")).saves
    outcome = fix_all(snapshot_of("FROM example.com/x\nRUN pip install -r list.txt\n"))
    assert outcome.done
    assert outcome.saves is None


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("FROM a\nRUN b\n", "FROM a\nRUN b \\\\\n", False),  # dockerfile-parse takes two escapes for one
        ("FROM a\nRUN b \\\\\nRUN c\n", "FROM a\nRUN b \\\\\nRUN d \\\\\n", True),  # and did before
        ("# escape=`\nFROM a\nRUN b\n", "# escape=`\nFROM a\nRUN b `\n  && c\n", True),
    ],
)
def test_another_parser_still_agrees_about_what_a_fix_writes(before: str, after: str, verdict: bool) -> None:
    assert is_sound(Snapshot(parse(before)), Snapshot(parse(after))) is verdict
