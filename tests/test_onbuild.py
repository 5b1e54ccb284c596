"""ONBUILD: what it does is in each image that is built on this one, and in none of this image's sizes."""

from __future__ import annotations

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import report, total_saving
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse

BASE = "FROM debian:bookworm-slim\nENV DEBIAN_FRONTEND=noninteractive\n"
INSTALL = "apt-get update && apt-get install -y --no-install-recommends curl"


def snapshot(text: str) -> Snapshot:
    return Snapshot(parse(text))


def said(text: str) -> list[str]:
    return [each.message for each in report(snapshot(text))]


def test_what_a_trigger_leaves_is_said_of_the_images_built_on_this_one() -> None:
    text = f"{BASE}ONBUILD RUN {INSTALL}\n"
    (found,) = report(snapshot(text))
    assert found.message == "apt package lists stay in each image built on this one, saves about 20 MB"
    assert text[found.span.start : found.span.end] == "apt-get update"
    assert total_saving([found]) is None or not total_saving([found]).best  # type: ignore[union-attr]


def test_it_weighs_nothing_here() -> None:
    with_trigger, without = snapshot(f"{BASE}ONBUILD RUN {INSTALL}\n"), snapshot(BASE)
    assert with_trigger.sizes.image() == without.sizes.image()


def test_a_fix_stays_inside_the_trigger() -> None:
    text = f"{BASE}ONBUILD RUN {INSTALL}\nONBUILD RUN pip install pandas\n"
    outcome = fix_all(snapshot(text), DEFAULTS, lambda _, fix: fix.safety is Safety.SAFE)
    assert outcome.snapshot.text == (
        f"{BASE}ONBUILD RUN {INSTALL} \\\n    && rm -rf /var/lib/apt/lists/*\n"
        "ONBUILD RUN pip install --no-cache-dir pandas\n"
    )
    assert not report(outcome.snapshot)


def test_a_trigger_runs_where_the_image_and_the_triggers_before_it_leave_off() -> None:
    text = (
        "FROM python:3.13-slim\nONBUILD ENV PIP_NO_CACHE_DIR=1\nONBUILD RUN pip install pandas\n"
        "ENV PIP_NO_CACHE_DIR=\nRUN rm -rf /srv\n"
    )
    assert not said(text)
    assert said("FROM python:3.13-slim\nONBUILD RUN pip install pandas\nUSER nobody\n")
    assert not said("FROM python:3.13-slim\nONBUILD RUN pip install pandas\nENV PIP_NO_CACHE_DIR=1\n")


def test_it_copies_from_a_context_that_nobody_knows() -> None:
    text = "FROM node:22-slim\nWORKDIR /app\nONBUILD COPY package.json ./\nONBUILD RUN npm install\n"
    assert said(text) == ["npm's download cache stays in each image built on this one, size unknown"]


def test_a_stage_that_is_not_the_image_triggers_nothing() -> None:
    assert not said(f"FROM debian:bookworm-slim AS base\nONBUILD RUN {INSTALL}\nFROM scratch\n")


def test_no_trigger_and_half_a_trigger_are_nothing() -> None:
    for rest in ("ONBUILD", "ONBUILD ", "ONBUILD RUN", "ONBUILD ONBUILD RUN x", "ONBUILD FROM x"):
        assert not report(snapshot(f"FROM debian:bookworm-slim\n{rest}\n"))


def test_an_exec_form_is_read_and_not_edited() -> None:
    text = 'FROM debian:bookworm-slim\nRUN ["bash", "-c", "apt-get update && apt-get install -y git"]\n'
    first, *_ = report(snapshot(text))
    assert first.rule.id == "apt-lists-kept"
    assert text[first.span.start : first.span.end] == "apt-get update"
    assert not first.fixes
