"""Login records of accounts with huge numbers: which systems write them, and how much they weigh."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from deadweight.rules.login_records_kept import login_records_kept
from examples import snapshot_of


def saves(base: str, command: str) -> tuple[int, int] | None:
    """The least and the likeliest bytes that the finding is about; None where there is none."""
    found = report(snapshot_of(f"FROM {base}\nRUN {command}\n"), rules=[login_records_kept])
    size = found[0].finding.saves if found else None
    return (size.low, size.best) if size else None


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        ("debian:bullseye", "useradd -u 1885580785 app", 1885580786 * (292 + 32)),
        ("ubuntu:22.04", "useradd -m -u 200000 app", 200001 * (292 + 32)),
        ("ubuntu:20.04", "adduser --uid 200000 app", 200001 * (292 + 32)),
        ("rockylinux:9", "useradd -u 200000 app", 200001 * 292),
        ("centos:7", "useradd -u200000 app", 200001 * 292),
        ("debian:bookworm", "useradd -u 1885580785 app", None),
        ("ubuntu:24.04", "useradd -u 200000 app", None),
        ("fedora:41", "useradd -u 200000 app", None),
        ("alpine:3.20", "useradd -u 200000 app", None),
        ("debian:bullseye", "useradd -u 99999 app", None),
        ("debian:bullseye", "useradd -lu 200000 app", None),
        ("debian:bullseye", "useradd -u $(id -u) app", None),
        ("debian:bullseye", "groupadd -g 200000 app", None),
    ],
)
def test_a_record_is_written_for_each_number_below(base: str, command: str, expected: int | None) -> None:
    assert saves(base, command) == (expected and (expected, expected))


def test_of_an_unknown_system_it_may_be_nothing() -> None:
    low, best = saves("registry.example.org/base", "useradd -u 200000 app") or (0, 0)
    assert low < best / 10
    assert best == 200001 * (292 + 32)


def test_a_file_of_zeros_is_pulled_as_next_to_nothing() -> None:
    snapshot = snapshot_of("FROM ubuntu:22.04\nRUN useradd -u 1885580785 app\n")
    pulled = snapshot.sizes.layer_pulled(snapshot.ledgers[0].layers[1])
    assert pulled is not None
    assert pulled.best < 1_000_000_000
