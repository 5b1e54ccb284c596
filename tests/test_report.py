"""What is reported, how loudly, and what a comment silences."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report, severity_of
from deadweight.rules.rule import Basis, Finding
from deadweight.settings import Settings
from deadweight.size.units import Size
from deadweight.text import Span
from examples import snapshot_of

LISTS = "RUN apt-get update && apt-get install -y curl\n"


def rules(dockerfile: str, settings: Settings | None = None) -> list[str]:
    snapshot = snapshot_of(f"FROM debian:bookworm-slim\n{dockerfile}")
    return [each.rule.id for each in report(snapshot, settings or Settings())]


@pytest.mark.parametrize(
    "comment",
    [
        "# deadweight: ignore=apt-lists-kept\n",
        "#deadweight:ignore = other-rule , apt-lists-kept  the lists are wanted here\n",
        "# hadolint ignore=DL3009\n",
        "# hadolint ignore=DL3008,DL3009\n# and why\n",
    ],
)
def test_a_comment_silences_the_instruction_below_it(comment: str) -> None:
    assert rules(comment + LISTS) == []
    assert rules(comment + LISTS + LISTS.replace("curl", "wget")) == ["apt-lists-kept"]


@pytest.mark.parametrize(
    "comment",
    [
        "# deadweight: ignore=install-cache-kept\n",
        "# hadolint ignore=DL3008\n",
        "# deadweight: ignore=apt-lists-kept\n\n",
        "# we ignore=apt-lists-kept\n",
    ],
)
def test_other_comments_silence_nothing(comment: str) -> None:
    assert rules(comment + LISTS) == ["apt-lists-kept"]


def test_min_saving() -> None:
    assert rules(LISTS, Settings(min_saving=30_000_000)) == []
    assert rules("RUN pip install flask\n", Settings(min_saving=0)) == ["install-cache-kept"]
    assert rules("RUN pip install flask\n") == []


@pytest.mark.parametrize(
    ("saves", "basis", "severity"),
    [
        (Size(1, 5_000_000, 9), "size", "hint"),
        (Size(1, 20_000_000, 9), "size", "information"),
        (Size(1, 60_000_000, 9), "context", "warning"),
        (Size(1, 60_000_000, 9), "cache", "information"),
        (Size(1, 5_000_000, None), "size", "information"),
        (Size(1, 60_000_000, None), "size", "warning"),
        (None, "size", "information"),
        (None, "correctness", "error"),
    ],
)
def test_severity_follows_the_bytes(saves: Size | None, basis: Basis, severity: str) -> None:
    assert severity_of(Finding(Span(0, 1), "x", saves, basis, None)) == severity


def test_two_layers_that_do_the_same_are_two_findings() -> None:
    assert rules(LISTS + LISTS) == ["apt-lists-kept", "apt-lists-kept"]
