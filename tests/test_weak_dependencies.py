"""Weak dependencies of RPM packages: what is reported, what the fix keeps, and who has told dnf otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.facts.tables import table
from deadweight.rules.recommended_packages import recommended_packages
from deadweight.rules.rule import Safety
from examples import snapshot_of

if TYPE_CHECKING:
    from deadweight.analysis.report import Reported

RULES = (recommended_packages,)


def findings(dockerfile: str) -> list[Reported]:
    return list(report(snapshot_of(dockerfile), rules=RULES))


def fixed_line(dockerfile: str) -> str:
    """The second line after the only fix of the only finding, which is for the user to look at."""
    snapshot = snapshot_of(dockerfile)
    (reported,) = report(snapshot, rules=RULES)
    (fix,) = reported.fixes
    assert fix.safety is Safety.ASK
    assert holds(snapshot, (reported, *report(snapshot)), reported, fix)
    then = fixed(snapshot, [fix])
    assert report(then, rules=RULES) == ()
    before, after = snapshot.sizes.image(), then.sizes.image()
    assert before is not None
    assert after is not None
    assert reported.finding.saves is not None
    assert before.best - after.best >= reported.finding.saves.best
    return then.text.splitlines()[1]


@pytest.mark.parametrize(
    ("base", "install"),
    [
        ("rockylinux:8", "dnf install -y bind-utils"),
        ("almalinux:8", "yum -y install bind-utils"),  # which is dnf
        ("oraclelinux:8-slim", "microdnf install oracle-database-preinstall-19c"),
        ("registry.access.redhat.com/ubi8/ubi-minimal:8.9", "microdnf install -y nodejs"),
        ("redhat/ubi9", "dnf install -y nodejs"),
        ("amazonlinux:2023", "dnf install -y nodejs"),
        ("fedora", "dnf5 install -y git"),
        ("fedora:44", "sudo dnf install -y --setopt=install_weak_deps=True less"),
    ],
)
def test_reported(base: str, install: str) -> None:
    (reported,) = findings(f"FROM {base}\nRUN {install}\n")
    assert "only recommended" in reported.finding.message
    assert reported.finding.saves is not None
    assert reported.finding.saves.is_at_least


@pytest.mark.parametrize(
    ("base", "lines"),
    [
        ("rockylinux:8", "RUN dnf install -y curl"),
        ("rockylinux:9", "RUN dnf install -y bind-utils"),  # nobody has listed what it brings there
        ("centos:7", "RUN yum install -y nodejs"),
        ("amazonlinux:2", "RUN yum install -y nodejs"),
        ("mcr.microsoft.com/azurelinux/base/core:3.0", "RUN tdnf install -y git"),
        ("fedora:40", "RUN dnf install -y git"),
        ("fedora:44", "RUN dnf install -y git bat 7zip"),  # the rest is less than a megabyte
        ("fedora:44", "RUN dnf install -y git && 7z x a.7z && bat b"),
        ("fedora:44", "RUN dnf install -y --setopt install_weak_deps=0 git"),
        ("fedora:44", "RUN dnf config-manager setopt install_weak_deps=False\nRUN dnf install -y git"),
        ("fedora:44", "RUN echo install_weak_deps=no >> /etc/yum.conf\nRUN dnf install -y git"),
        ("fedora:44", "RUN sed -i '$a install_weak_deps=0' /etc/dnf/dnf.conf && dnf install -y git"),
        ("fedora:44", "COPY x.conf /etc/dnf/libdnf5.conf.d/\nRUN dnf install -y git"),
        ("fedora:44", "COPY some.repo /etc/yum.repos.d/\nRUN dnf install -y git"),
        ("rockylinux:8", "RUN dnf install -y bind-utils && dnf remove -y bind-utils"),
        ("rockylinux:8", "RUN dnf install -y --setopt=install_weak_deps=0 bind\nRUN dnf install -y bind-utils"),
        ("rockylinux:8", "RUN dnf install -y --downloadonly bind-utils"),
    ],
)
def test_silent(base: str, lines: str) -> None:
    assert findings(f"FROM {base}\n{lines}\n") == []


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("RUN dnf install -y nodejs && npm ci", "RUN dnf install --setopt=install_weak_deps=0 -y nodejs npm && npm ci"),
        ("RUN dnf install nodejs -y", "RUN dnf install --setopt=install_weak_deps=0 nodejs -y"),
        ("RUN dnf install -y ruby bind-utils && bundle install",
         "RUN dnf install --setopt=install_weak_deps=0 -y ruby bind-utils rubygem-bundler && bundle install"),
    ],
)  # fmt: skip
def test_what_the_dockerfile_needs_is_kept_by_name(line: str, after: str) -> None:
    assert fixed_line(f"FROM rockylinux:8\n{line}\n") == after


def test_what_a_later_stage_of_the_image_runs_is_needed_too() -> None:
    base = "FROM rockylinux:8 AS base\nRUN dnf install -y nodejs\n"
    assert fixed_line(f"{base}FROM base\nRUN npm ci\n").endswith(" nodejs npm")
    assert fixed_line(f"{base}FROM base\nCMD node app.js\n").endswith(" nodejs")


@pytest.mark.parametrize("run", ["add() { dnf install -y bind-utils; }; add", '["dnf", "install", "-y", "bind-utils"]'])
def test_no_fix_where_nothing_can_be_put_behind_the_verb(run: str) -> None:
    assert not any(reported.fixes for reported in findings(f"FROM rockylinux:8\nRUN {run}\n"))


def test_what_is_listed_says_why_it_may_be_missed() -> None:
    for row in table("rpm_weak").rows():
        _, _, _, low, best, surely, _, why, source, _ = row
        assert surely in ("yes", "no")
        assert why
        assert ("#" in source) or ("list" in source)
        if surely == "yes":
            assert 0 < int(low) <= int(best)
