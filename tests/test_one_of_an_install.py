"""What one package of an install weighs is what the install weighs less without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.report import report
from deadweight.settings import DEFAULTS
from deadweight.size.estimate import layer_size
from examples import snapshot_of

if TYPE_CHECKING:
    from deadweight.size.units import Size


def weight(install: str) -> Size:
    found = layer_size(snapshot_of(f"FROM debian:12-slim\nRUN {install}\n").ledgers[0].layers[1])
    assert found is not None
    return found


@pytest.mark.parametrize("flag", ["", "--no-install-recommends "])
@pytest.mark.parametrize(
    ("names", "without", "rule"),
    [
        # Both recommend the certificates, which bring openssl: 8.3 MB that stay.
        ("curl wget", "wget", "two-download-tools"),
        ("git vim", "git", "debugging-tools-kept"),
        ("nano python3", "python3", "debugging-tools-kept"),
    ],
)
def test_what_the_others_bring_is_not_counted(flag: str, names: str, without: str, rule: str) -> None:
    block = f'FROM debian:12-slim\nRUN apt-get install -y {flag}{names}\nRUN wget -q a\nCMD ["python3", "app.py"]\n'
    (found,) = (each for each in report(snapshot_of(block), replace(DEFAULTS, min_saving=0)) if each.rule.id == rule)
    saves = found.finding.saves
    less = weight(f"apt-get install -y {flag}{names}").best - weight(f"apt-get install -y {flag}{without}").best
    assert saves is not None
    # Beside: what dpkg's status says of the others, as if this were a layer of its own.
    assert saves.best == pytest.approx(less, rel=0.05, abs=100_000)
