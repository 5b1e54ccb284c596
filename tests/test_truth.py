"""Sizes against real builds: layers that BuildKit built and somebody measured, file by file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What the ledger does not know yet, each with the reason.
NOT_YET = {
    "npm-ci-then-prune-later": "npm prune rewrites its records, 0.3 MB",
}
SLACK = 0.02, 30_000  # share and bytes: the mtime of what was measured moves the packages a little


def layers(shared: Path) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(case, measured instruction, what we say of it) for every RUN, COPY and ADD of the measured builds."""
    for line in (shared / "facts/truth_open.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if "instructions" not in case or case["name"] in NOT_YET:
            continue
        snapshot = Snapshot(parse(case["dockerfile"]))
        said = {snapshot.line(layer.site): layer for ledger in snapshot.shipped_ledgers for layer in ledger.layers}
        for measured in case["instructions"]:
            layer = said.get(measured["line"])
            if layer is not None and layer.instruction.keyword in ("RUN", "COPY", "ADD"):
                yield case["name"], measured, snapshot.sizes.layer(layer)


def test_what_we_say_holds_what_was_measured(shared: Path) -> None:
    wrong, known = [], 0
    for name, measured, size in layers(shared):
        real = measured.get("files_bytes")
        if size is None or real is None:
            continue
        known += 1
        share, slack = SLACK
        low, high = size.low * (1 - share) - slack, (size.high or float("inf")) * (1 + share) + slack
        if not low <= real <= high:
            wrong.append(f"{name}, line {measured['line']}: {real:,} is not in {size.low:,} to {size.high or 0:,}")
    assert known > 80
    assert wrong == []


# Layers of real builds (BuildKit, file bytes, 2026-11-23) with Python 3.11, pip 23.2.1, and Debian bookworm.
BUILT = [
    (("FROM python:3.11-slim", "RUN python -m venv /v"), 26_778_029),
    (("FROM python:3.11-slim", "RUN /v/bin/pip install --no-cache-dir flask"), 5_000_000),
    (("FROM python:3.11-slim", "RUN pip install --no-cache-dir --prefix=/i flask"), 10_440_000),
    (
        (
            "FROM python:3.11-slim AS build",
            "RUN python -m venv /v",
            "RUN /v/bin/pip install --no-cache-dir flask==3.1.3 gunicorn requests",
            "FROM python:3.11-slim",
            "COPY --from=build /v /v",
        ),
        32_720_000,
    ),
    (
        (
            "FROM debian:bookworm-slim",
            "RUN apt-get install -y --no-install-recommends ca-certificates curl gnupg",
        ),
        23_220_000,
    ),
    (
        (
            "FROM debian:bookworm-slim",
            "RUN apt-get install -y --no-install-recommends ca-certificates curl gnupg",
            "RUN apt-get install -y --no-install-recommends libpq-dev gcc python3-dev",
        ),
        267_710_000,
    ),
    (("FROM node:20-slim", "RUN npm install -g typescript && npm cache clean --force"), 30_460_000),
]


@pytest.mark.parametrize(("dockerfile", "real"), BUILT)
def test_built_layers(dockerfile: tuple[str, ...], real: int) -> None:
    """The last layer's range holds what was measured."""
    snapshot = Snapshot(parse("\n".join(dockerfile)))
    size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
    assert size is not None
    assert size.low * 0.98 <= real <= (size.high or 0) * 1.02


def test_best_guesses_are_close(shared: Path) -> None:
    """Half of the priced layers of a megabyte and more are within 2 % of the measured bytes."""
    errors = sorted(
        abs(size.best - measured["files_bytes"]) / measured["files_bytes"]
        for _, measured, size in layers(shared)
        if size is not None and size.high is not None and measured.get("files_bytes", 0) > 1_000_000
    )
    assert errors[len(errors) // 2] == pytest.approx(0, abs=0.02)


def test_apt_lines_are_closer(shared: Path) -> None:
    errors = sorted(
        abs(size.best / measured["files_bytes"] - 1)
        for _, measured, size in layers(shared)
        if size is not None and "apt-get install" in measured["text"] and measured.get("files_bytes", 0) > 1_000_000
    )
    assert len(errors) > 40
    assert errors[len(errors) // 2] < 0.005
    assert errors[len(errors) * 9 // 10] < 0.03
