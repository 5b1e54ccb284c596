"""Findings of real files that a hostile judge found wrong: each as its shortest Dockerfile."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import Reported, report
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse


def found(dockerfile: str, rule: str) -> list[Reported]:
    return [each for each in report(Snapshot(parse(dockerfile))) if each.rule.id == rule]


def said(dockerfile: str, rule: str) -> list[str]:
    return [each.statement for each in found(dockerfile, rule)]


OLD = "FROM ubuntu:14.04\nRUN apt-get update && apt-get install -y python-pip && rm -rf /var/lib/apt/lists/*\n"


def test_the_pip_of_an_old_release_keeps_no_cache_and_knows_no_option_against_one() -> None:
    assert said(f"{OLD}RUN pip install pandas\n", "install-cache-kept") == []
    (later,) = found(f"{OLD}RUN pip install --upgrade pip\nRUN pip install pandas\n", "install-cache-kept")
    assert later.snapshot.line(later.finding.site) == 4


def test_jruby_has_its_gems_in_a_folder_of_its_own() -> None:
    file = "FROM jruby:9.2-jdk\nENV BUNDLE_PATH=/gems\nCOPY Gemfile .\nRUN bundle install\n"
    (left,) = found(file, "install-cache-kept")
    assert left.statement == "the archives of gems in /gems/jruby/* stay in this layer"
    assert left.fixes[0].title == "Run rm -rf /gems/jruby/*/cache/*.gem in the same RUN"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("git", "git stays in the image: line 2 wrote it, and this layer only hides it"),
        ("git make", "git and more stay in the image: line 2 wrote them, and this layer only hides them"),
    ],
)
def test_what_a_later_layer_deletes_is_one_or_many(names: str, message: str) -> None:
    install = f"RUN apt-get update && apt-get install -y {names} && rm -rf /var/lib/apt/lists/*\n"
    file = f"FROM debian:13-slim\n{install}RUN apt-get purge -y --auto-remove {names}\n"
    assert said(file, "late-delete") == [message]


def test_no_run_is_changed_for_a_small_part_of_what_is_said_to_stay() -> None:
    """Of headers whose libraries have other names in each release, the one that needs none is half a megabyte."""
    install = "apt-get install -y --no-install-recommends libonig-dev libzip-dev libmagickwand-dev"
    build = "docker-php-ext-install mbstring zip && rm -rf /var/lib/apt/lists/*"
    file = f"FROM php:8.3-apache\nRUN apt-get update && {install} && {build}\n"
    (kept,) = found(file, "build-packages-kept")
    assert kept.fixes == ()
