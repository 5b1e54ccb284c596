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
    "apt-git-keepdebs": "docker-clean is removed by an earlier RUN: the downloaded .deb files stay",
    "apt-lists-nonslim-nogzip": "a base of one's own without Docker's apt configuration stores the lists uncompressed",
    "own-touch-later": "a later layer rewrites what an earlier one wrote",
    "own-append-later": "a later layer rewrites what an earlier one wrote",
    "own-ln-later": "a later layer rewrites what an earlier one wrote",
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
        said = {layer.placed.line + 1: layer for ledger in snapshot.shipped_ledgers for layer in ledger.layers}
        for measured in case["instructions"]:
            layer = said.get(measured["line"])
            if layer is not None and layer.placed.instruction.keyword in ("RUN", "COPY", "ADD"):
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


def test_best_guesses_are_close(shared: Path) -> None:
    """Half of the priced layers of a megabyte and more are within 10 % of the measured bytes."""
    errors = sorted(
        abs(size.best - measured["files_bytes"]) / measured["files_bytes"]
        for _, measured, size in layers(shared)
        if size is not None and size.high is not None and measured.get("files_bytes", 0) > 1_000_000
    )
    assert errors[len(errors) // 2] == pytest.approx(0, abs=0.1)
