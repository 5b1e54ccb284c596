"""Accounts whose home nobody knows: what a RUN leaves there, it also cleans up there."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.catalog import BY_ID
from examples import snapshot_of

RULE = BY_ID["install-cache-kept"]
ACCOUNTS = ("ARG USER\nUSER $USER", "USER 1001", "USER app2:app2")


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    "run",
    [
        "npm ci && npm cache clean --force",
        "npm ci && rm -rf ~/.npm",
        "npm ci && rm -rf $HOME/.npm/_cacache",
        "npm ci && rm -rf /home/worker/.npm",
        "npm ci && rm -rf /home/$USER/.npm /home/${APP}/.cache",
        "pip install flask && rm -rf ~/.cache",
        "yarn install && yarn cache clean",
        "gem install rails && rm -rf ~/.gem ~/.local/share/gem /usr/local/bundle/cache $HOME/*",
    ],
)
def test_what_a_run_cleans_up_is_no_news(account: str, run: str) -> None:
    assert report(snapshot_of(f"FROM ruby:3.4\n{account}\nRUN {run}\n"), rules=[RULE]) == ()


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    "run", ["npm ci", "npm ci && rm -rf ~/.cache", "npm ci && rm -rf /root/.npm /home/worker/npm", "cd ~ && npm ci"]
)
def test_what_stays_there_is_said(account: str, run: str) -> None:
    snapshot = snapshot_of(f"FROM node:22\n{account}\nRUN {run}\n")
    (reported,) = report(snapshot, rules=[RULE])
    (fix,) = [fix for fix in reported.fixes if fix.id == "clean-up"]
    assert holds(snapshot, report(snapshot), reported, fix)
    assert "npm ci && npm cache clean --force" in fixed(snapshot, [fix]).text


def test_another_account_has_another_home() -> None:
    run = "su app2 -c 'npm ci' && npm cache clean --force"
    assert report(snapshot_of(f"FROM node:22\nUSER 1001\nRUN {run}\n"), rules=[RULE])


def test_to_itself_the_home_is_a_tilde() -> None:
    snapshot = snapshot_of("FROM debian:13\nUSER 1001\nRUN npm ci\nRUN npm cache clean --force\n")
    (late,) = report(snapshot, rules=[BY_ID["late-delete"]])
    assert late.message.startswith("~/.npm stays")
    snapshot = snapshot_of("FROM debian:13\nUSER 1001\nRUN cargo install ripgrep\n")
    (reported,) = report(snapshot, rules=[RULE])
    assert [fix.title for fix in reported.fixes] == ["Run rm -rf ~/.cargo/registry ~/.cargo/git in the same RUN"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("USER 1001\nRUN pip install --user numpy\nUSER 1002\nRUN pip install --user numpy\n", 2),
        ("USER 1001\nRUN pip install --user numpy\nRUN pip install --user numpy\n", 1),
        ("RUN pip install numpy\nUSER 1002\nRUN pip install --user numpy\n", 1),
        ("RUN /a/bin/pip install numpy\nRUN /b/bin/pip install numpy\nRUN /a/bin/pip install numpy\n", 2),
        ("RUN pip install numpy\nRUN /b/bin/pip install numpy\n", 2),
    ],
)
def test_what_is_installed_elsewhere_is_downloaded_again(lines: str, count: int) -> None:
    snapshot = snapshot_of(f"FROM python:3.13-slim\n{lines}")
    found = [effect for each in report(snapshot, rules=[RULE]) for effect in each.finding.frees]
    assert len(found) == count
