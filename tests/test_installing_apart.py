"""Installs of apt in two: what is known to need no recommendations apart from the rest."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from examples import snapshot_of

HEAD = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends extrepo ca-certificates && extrepo enable sury
COPY a /a
"""
APART = "apt-get install --no-install-recommends -y git openssh-client"
REST, QUIET = "apt-get install -y php8.5-cli", ">/dev/null 2>&1"


def fixed(run: str) -> str:
    snapshot = snapshot_of(f"{HEAD}{run}\nCMD app\n")
    lines = fix_all(snapshot).snapshot.text.split("\n")
    return "\n".join(line for line in lines if "php8.5" in line or "git" in line)


@pytest.mark.parametrize(
    ("run", "after"),
    [
        (
            "RUN apt-get update && A=1 sudo -E apt-get install -y git php8.5-cli >/dev/null 2>&1",
            f"RUN apt-get update && sudo -E A=1 {APART} {QUIET} \\\n    && A=1 sudo -E {REST} {QUIET} \\",
        ),
        (
            "RUN set -e; apt-get update; apt-get install -y php8.5-cli git php8.5-curl",
            f"RUN set -e; apt-get update; {APART}; \\\n    apt-get install -y php8.5-cli php8.5-curl; \\",
        ),
        (
            'ENV V=8.5\nRUN apt-get update && apt-get install -y git php8.5-cli "php$V-curl"',
            f'RUN apt-get update && {APART} \\\n    && {REST} "php$V-curl" \\',
        ),
    ],
)
def test_the_rest_is_installed_as_before(run: str, after: str) -> None:
    assert fixed(run) == after


@pytest.mark.parametrize(
    "run",
    [
        "RUN apt-get install git php8.5-cli",  # asks
        "RUN apt-get install -y git php8.5-cli > log",
        "RUN apt-get install -y git $MORE php8.5-cli",
        "RUN apt-get install -y git php8.5-cli vim-",
        "ENV FROM='-t sid'\nRUN apt-get install -y git $FROM php8.5-cli",
        "RUN if a; then apt-get install -y git php8.5-cli; fi",
        "RUN bash -c 'apt-get install -y git php8.5-cli'",
        "RUN apt-get install -y php8.5-cli",
    ],
)
def test_what_is_not_plain_stays_one_install(run: str) -> None:
    assert "--no-install-recommends" not in fixed(run)
