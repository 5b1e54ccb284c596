"""What a RUN does at its end or through other programs: `trap ... EXIT`, `ls | xargs rm`, `npx yarn install`."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.catalog import BY_ID
from examples import snapshot_of

APT = "apt-get update && apt-get install -y --no-install-recommends curl"
LISTS = BY_ID["apt-lists-kept"]
ARCHIVE = BY_ID["archive-kept"]


@pytest.mark.parametrize(
    "run",
    [
        f"trap 'rm -rf /var/lib/apt/lists/*' EXIT && {APT}",
        f'set -e; trap "rm -rf /var/lib/apt/lists/*" INT TERM EXIT; {APT}',
        f"bash -c \"trap 'rm -rf /var/lib/apt/lists/*' 0; {APT}\"",
        f"L=/var/lib/apt/lists && trap 'rm -rf $L/*' EXIT && {APT}",
        f"trap 'rm -rf ./*' EXIT && {APT} && cd /var/lib/apt/lists",
        f"{APT} && cd /var/lib/apt/lists && ls | xargs rm -rf",
        f"{APT} && cd /var/lib/apt/lists && ls -A . | xargs rm -rf",
        f"{APT} && ls -d /var/lib/apt/lists/* | xargs rm -rf",
        f"{APT} && find /var/lib/apt/lists -type f -print0 | xargs -0 rm -f",
    ],
)
def test_what_is_removed_in_the_end_is_no_news(run: str) -> None:
    assert report(snapshot_of(f"FROM debian:13-slim\nRUN {run}\n"), rules=[LISTS]) == ()


@pytest.mark.parametrize(
    "run",
    [
        f"trap 'rm -rf /var/lib/apt/lists/*' EXIT && trap - EXIT && {APT}",
        f"trap 'rm -rf /var/lib/apt/lists/*' INT && {APT}",
        f"trap clean EXIT && {APT}",
        f"{APT} && ls /var/lib/apt/lists | xargs rm -rf",
        f"{APT} && ls --hide=lock /var/lib/apt/lists | xargs rm -rf",
        f"cd /tmp && {APT} && ls /var/lib/apt/lists | xargs rm -rf",
    ],
)
def test_what_is_not_removed_is_said(run: str) -> None:
    snapshot = snapshot_of(f"FROM debian:13-slim\nRUN {run}\n")
    (reported,) = report(snapshot, rules=[LISTS])
    assert any(holds(snapshot, report(snapshot), reported, fix) for fix in reported.fixes)


def test_an_archive_is_removed_at_exit() -> None:
    run = "trap 'rm -f /tmp/a.tgz' EXIT; curl -fsSLo /tmp/a.tgz https://example.org/a.tgz; tar -C /opt -xzf /tmp/a.tgz"
    assert report(snapshot_of(f"FROM debian:13\nRUN {run}\n"), rules=[ARCHIVE]) == ()


@pytest.mark.parametrize(
    ("install", "cleanup"),
    [
        ("npx yarn install", "npx yarn cache clean"),
        ("npx --yes yarn@1.22.22 install --frozen-lockfile", "npx --yes yarn@1.22.22 cache clean"),
        ("corepack yarn install", "corepack yarn cache clean"),
        ("npx pnpm@9 add next", "rm -rf /root/.cache/pnpm"),
    ],
)
def test_npx_runs_package_managers(install: str, cleanup: str) -> None:
    snapshot = snapshot_of(f"FROM node:22-slim\nRUN {install}\n")
    (reported,) = report(snapshot, rules=[BY_ID["install-cache-kept"]])
    assert holds(snapshot, report(snapshot), reported, reported.fixes[0])
    assert fixed(snapshot, [reported.fixes[0]]).text == f"FROM node:22-slim\nRUN {install} && {cleanup}\n"


@pytest.mark.parametrize("run", ["npx cypress install", "npx -c 'yarn install'", "npx -p yarn create-app", "npx"])
def test_npx_runs_other_things(run: str) -> None:
    assert report(snapshot_of(f"FROM node:22-slim\nRUN {run}\n"), rules=[BY_ID["install-cache-kept"]]) == ()
