"""Which lists a fix removes without asking: Ubuntu's tool that adds a source downloads them anew."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.apt_lists_kept import apt_lists_kept
from deadweight.rules.rule import Safety
from examples import snapshot_of

FIRST = "RUN apt-get update && apt-get install -y software-properties-common"
CLEAN = " && rm -rf /var/lib/apt/lists/*"


def _after(base: str, below: str) -> str | None:
    """The RUNs once the lists of the first are removed; None where they cannot be."""
    snapshot = snapshot_of(f"FROM {base}\n{FIRST}\n{below}")
    (reported, *_) = report(snapshot, rules=[apt_lists_kept])
    fixes = [fix for fix in reported.fixes if holds(snapshot, report(snapshot), reported, fix)]
    return fixed(snapshot, fixes).text.replace(" \\\n   ", "").removeprefix(f"FROM {base}\n") if fixes else None


@pytest.mark.parametrize(
    ("base", "adds", "clean"),
    [
        ("ubuntu:24.04", "add-apt-repository ppa:a/b", CLEAN),
        ("ubuntu:jammy", "sudo apt-add-repository universe", CLEAN.replace("rm", "sudo rm")),
    ],
)
def test_a_tool_that_adds_a_source_downloads_the_lists_anew(base: str, adds: str, clean: str) -> None:
    after = f"RUN {adds}{clean}\nRUN apt-get update && apt-get install -y curl{CLEAN}\n"
    assert _after(base, f"RUN {adds}\nRUN apt-get install -y curl\n") == f"{FIRST}{CLEAN}\n{after}"


def test_it_does_so_in_the_run_that_installs() -> None:
    below = "RUN add-apt-repository -y ppa:a/b && apt-get install -y curl"
    assert _after("ubuntu:18.04", f"{below}\n") == f"{FIRST}{CLEAN}\n{below}{CLEAN}\n"


@pytest.mark.parametrize(
    ("base", "below"),
    [
        ("ubuntu:24.04", "RUN add-apt-repository -n ppa:a/b\nRUN apt-get install -y curl\n"),
        ("ubuntu:24.04", "RUN add-apt-repository --no-update ppa:a/b\nRUN apt-get install -y curl\n"),
        ("ubuntu:24.04", "RUN if test -e /x; then add-apt-repository ppa:a/b; fi\nRUN apt-get install -y curl\n"),
        ("ubuntu:16.04", "RUN add-apt-repository ppa:a/b\nRUN apt-get install -y curl\n"),
        ("debian:12", "RUN add-apt-repository ppa:a/b\nRUN apt-get install -y curl\n"),
    ],
)
def test_where_it_does_not_they_are_read_by_the_next_install(base: str, below: str) -> None:
    assert _after(base, below) is None


BASE = "FROM debian:12 AS base\nRUN apt-get update && apt-get install -y curl{}\n"
UPDATED = "RUN apt-get update && apt-get install -y make" + CLEAN + "\n"


def _of_stages(below: str) -> str | None:
    snapshot = snapshot_of(BASE.format("") + below)
    (reported, *_) = report(snapshot, rules=[apt_lists_kept])
    fixes = [fix for fix in reported.fixes if fix.safety is Safety.SAFE]
    assert all(holds(snapshot, report(snapshot), reported, fix) for fix in fixes)
    return fixed(snapshot, fixes).text.replace(" \\\n   ", "") if fixes else None


@pytest.mark.parametrize(
    ("below", "after"),
    [
        ("FROM base AS build\nRUN apt-get install -y make\nFROM base\n", f"FROM base AS build\n{UPDATED}FROM base\n"),
        (
            "FROM base AS more\nENV A=1\nFROM more AS build\nRUN apt-get install -y make\nFROM more\n",
            f"FROM base AS more\nENV A=1\nFROM more AS build\n{UPDATED}FROM more\n",
        ),
        (
            "FROM base AS more\nRUN apt-get update\nFROM more AS build\nRUN apt-get install -y make\nFROM base\n",
            "FROM base AS more\nRUN apt-get update\nFROM more AS build\nRUN apt-get install -y make\nFROM base\n",
        ),
    ],
)
def test_installs_in_stages_that_stand_on_it_update_by_themselves(below: str, after: str) -> None:
    assert _of_stages(below) == BASE.format(CLEAN) + after


@pytest.mark.parametrize(
    "below",
    [
        "FROM base AS build\nCOPY setup.sh /\nRUN sh /setup.sh\nFROM base\n",
        "FROM base AS build\nRUN echo deb x > /etc/apt/sources.list\nRUN apt-get install -y make\nFROM base\n",
        "FROM base AS build\nUSER app\nRUN apt-get install -y make\nFROM base\n",
        "FROM base AS build\nONBUILD RUN apt-get install -y make\nFROM base\n",
        "FROM debian:12 AS build\nCOPY --from=base /var/lib/apt /var/lib/apt\nRUN apt-get install -y make\nFROM base\n",
    ],
)
def test_lists_stay_where_nobody_can_tell_what_such_a_stage_reads(below: str) -> None:
    assert _of_stages(below) is None
