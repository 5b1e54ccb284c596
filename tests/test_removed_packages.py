"""Packages that are removed again: what needs them goes with them, whatever the RUN names."""

from __future__ import annotations

import pytest

from deadweight.model.effects import PackageSet
from examples import snapshot_of


def left(run: str) -> list[str]:
    snapshot = snapshot_of(f"FROM debian:trixie-slim\nRUN {run}\n")
    kept = (effect.cause for layer in snapshot.ledgers[-1].layers for effect in layer.kept)
    return [name for cause in kept if isinstance(cause, PackageSet) for name in cause.names]


@pytest.mark.parametrize(
    ("run", "names"),
    [
        ("apt-get install -y build-essential cmake && apt-get purge -y make g++", ["cmake"]),
        ("apt-get install -y build-essential && apt-get autoremove -y", ["build-essential"]),
        ("apt-get install -y gcc libpq-dev && apt-get remove -y gcc", ["libpq-dev"]),
        # One of several that will do is there still.
        ("apt-get install -y git less && apt-get remove -y less", ["git"]),
    ],
)
def test_what_needs_a_removed_package_goes_with_it(run: str, names: list[str]) -> None:
    assert left(run) == names
