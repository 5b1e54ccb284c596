"""Recommended packages: what is reported, what the fixes keep, and when one is safe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.facts.recommends import recommended
from deadweight.facts.tables import table
from deadweight.rules.recommended_packages import recommended_packages
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS
from examples import blocks, pairs, read_example, snapshot_of

if TYPE_CHECKING:
    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix

RULES = (recommended_packages,)


def findings(dockerfile: str) -> list[Reported]:
    return list(report(snapshot_of(dockerfile), rules=RULES))


def only(dockerfile: str) -> Reported:
    (found,) = findings(dockerfile)
    return found


def first(dockerfile: str) -> tuple[Fix, str]:
    """The first fix of the only finding, and the file's last line after it."""
    snapshot = snapshot_of(dockerfile)
    (reported,) = report(snapshot, rules=RULES)
    fix = reported.fixes[0]
    assert holds(snapshot, (reported,), reported, fix)
    return fix, fixed(snapshot, [fix]).text.splitlines()[-1]


@pytest.mark.parametrize(("before", "after"), pairs(recommended_packages.page))
def test_the_page_holds(before: str, after: str) -> None:
    snapshot = snapshot_of(before)
    (reported,) = report(snapshot, rules=RULES)
    fix = reported.fixes[0]
    assert holds(snapshot, (reported, *report(snapshot)), reported, fix)
    done = fixed(snapshot, [fix])
    assert done.text == read_example(after).dockerfile
    assert report(done, rules=RULES) == ()
    weighs, then = snapshot.sizes.image(), done.sizes.image()
    assert weighs is not None
    assert then is not None
    assert reported.finding.saves is not None
    assert weighs.best - then.best == pytest.approx(reported.finding.saves.best, rel=0.01)


@pytest.mark.parametrize("block", blocks(recommended_packages.page, "Not reported"))
def test_is_silent_where_the_page_says_so(block: str) -> None:
    assert findings(block) == []


@pytest.mark.parametrize(
    ("install", "after"),
    [
        (
            "apt-get -y install git wget",
            "apt-get -y install --no-install-recommends git wget ca-certificates netbase openssh-client",
        ),
        (
            "sudo apt install git=1:2.39.5-0+deb12u2 -y",
            "sudo apt install --no-install-recommends git=1:2.39.5-0+deb12u2 ca-certificates netbase openssh-client -y",
        ),
        (
            "aptitude install -y git",
            "aptitude install --without-recommends -y git ca-certificates netbase openssh-client",
        ),
        (
            "bash -c 'apt-get install -y git'",
            "bash -c 'apt-get install --no-install-recommends -y git ca-certificates netbase openssh-client'",
        ),
        ("apt-get install -y gcc", "apt-get install --no-install-recommends -y gcc libc6-dev libfontconfig1"),
        ("apt-get install -y ruby", "apt-get install --no-install-recommends -y ruby unzip zip"),
        (
            "ALL='git wget' && apt-get install -y $ALL",
            "ALL='git wget' && apt-get install --no-install-recommends -y $ALL ca-certificates netbase openssh-client",
        ),
    ],
)
def test_what_is_needed_is_kept_by_name(install: str, after: str) -> None:
    fix, line = first(f"FROM debian:bookworm-slim\nRUN {install}\n")
    assert fix.id == "no-recommends"
    assert fix.safety is Safety.SAFE
    assert line == f"RUN {after}"


def test_documents_weigh_nothing_where_the_image_leaves_them_out() -> None:
    # What nodejs recommends is certificates, which are kept, and nodejs-doc.
    assert findings("FROM debian:bookworm-slim\nRUN apt-get install -y nodejs\n") == []
    assert "nodejs-doc" in only("FROM debian:bookworm\nRUN apt-get install -y nodejs\n").message


def test_a_program_that_the_file_names_is_kept() -> None:
    _, line = first("FROM debian:trixie-slim\nRUN apt-get install -y git && patch -p1 < a.patch\n")
    assert " ca-certificates netbase openssh-client patch && " in line


@pytest.mark.parametrize(
    ("dockerfile", "note"),
    [
        ("FROM debian:bookworm-slim\nRUN apt-get install -y graphviz\n", "fonts-liberation2"),
        (
            "FROM ubuntu:24.04\nRUN apt-get install -y graphviz\n",
            "these are the packages of Debian bookworm and trixie",
        ),
        ("FROM debian:trixie-slim\nRUN apt-get install -y git $MORE\n", "what $MORE would bring is not known"),
        ("FROM debian:trixie-slim\nRUN apt-get install git no-such-package\n", "what no-such-package would bring"),
        ("FROM debian:bookworm-slim\nRUN apt-get install -y -t bookworm-backports git\n", "Check: nothing needs"),
        ("FROM debian:bookworm-slim\nRUN apt-get install -y git less-\n", "Check: nothing needs"),
        ("FROM debian:bookworm-slim\nRUN apt-get install -y git gcc && apt-get purge -y gcc\n", "Check: nothing needs"),
    ],
)
def test_what_is_not_known_for_sure_is_asked(dockerfile: str, note: str) -> None:
    fixes = [fix for fix in only(dockerfile).fixes if fix.id != "no-recommends-careful"]
    assert all(fix.safety is Safety.ASK for fix in fixes)
    assert note in fixes[0].note


def test_what_nobody_has_looked_at_is_kept_by_name() -> None:
    snapshot = snapshot_of("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y graphviz\n")
    (reported,) = report(snapshot, rules=RULES)
    fix = reported.fixes[0]
    assert (fix.id, fix.safety) == ("no-recommends-careful", Safety.SAFE)
    assert holds(snapshot, report(snapshot), reported, fix)
    after = fixed(snapshot, [fix]).text.splitlines()[-1]
    assert (
        after
        == "RUN apt-get update && apt-get install --no-install-recommends -y graphviz fonts-liberation2 libgts-bin"
    )
    assert fix.saves is not None
    assert reported.finding.saves is not None
    assert 0 < fix.saves.best < reported.finding.saves.best


@pytest.mark.parametrize(
    ("image", "packages"),
    [
        ("debian", "graphviz"),  # the next release may call it otherwise
        ("ubuntu:24.04", "graphviz"),
        ("debian:bookworm-slim", "gimp"),  # too many
    ],
)
def test_names_that_nobody_has_looked_at_are_few_and_in_the_release(image: str, packages: str) -> None:
    reported = only(f"FROM {image}\nRUN apt-get update && apt-get install -y {packages}")
    assert reported.fixes
    assert all(fix.id != "no-recommends-careful" for fix in reported.fixes)


def test_a_library_goes_with_what_loads_it() -> None:
    fix, _ = first("FROM debian:bookworm-slim\nRUN apt-get install -y default-jre-headless\n")
    assert (fix.safety, fix.title) == (Safety.SAFE, "Add --no-install-recommends, keep dbus")


@pytest.mark.parametrize(
    ("archive", "apart"),
    [("", "git, libpq-dev"), ("RUN echo deb https://e.org x main > /etc/apt/sources.list.d/x.list\n", "git")],
)
def test_where_there_is_no_other_archive_all_that_is_known_is_installed_apart(archive: str, apart: str) -> None:
    lines = f"FROM debian:bookworm-slim\n{archive}RUN apt-get install -y git libpq-dev no-such-package\n"
    fix = only(lines).fixes[0]
    assert (fix.title, fix.safety) == (f"Install {apart} apart, with --no-install-recommends", Safety.SAFE)


def test_the_flag_alone_says_what_is_missed_and_saves_more() -> None:
    found = only("FROM debian:trixie-slim\nRUN apt-get install -y git\n")
    keeping, lean = found.fixes
    assert (lean.id, lean.safety) == ("no-recommends-lean", Safety.ASK)
    assert "ca-certificates (the certificates that HTTPS checks servers by)" in lean.note
    assert keeping.saves is not None
    assert lean.saves is not None
    assert found.finding.saves == keeping.saves
    assert lean.saves.best > keeping.saves.best + 1_000_000


def test_the_flag_alone_is_no_second_way_where_nothing_is_needed() -> None:
    assert [fix.id for fix in only("FROM debian:trixie-slim\nRUN apt-get install -y openssh-client\n").fixes] == [
        "no-recommends"
    ]


def test_what_a_package_of_another_archive_brings_is_not_known() -> None:
    source = "RUN curl https://deb.nodesource.com/setup_22.x | bash -\n"
    assert findings(f"FROM debian:bookworm\n{source}RUN apt-get install -y nodejs\n") == []
    assert findings("FROM debian:bookworm\nRUN apt-get install -y nodejs\n")


def test_another_release_loses_at_least_what_the_lists_around_it_agree_about() -> None:
    found = only("FROM ubuntu:24.04\nRUN apt-get install -y git\n")
    assert found.finding.saves is not None
    assert found.finding.saves.high is None
    assert "libx11-6" in found.message
    assert "libldap" not in found.message
    assert found.fixes[0].title == "Add --no-install-recommends, keep adduser ca-certificates netbase openssh-client"
    assert found.fixes[0].safety is Safety.SAFE


@pytest.mark.parametrize(
    ("image", "package", "name"),
    [
        ("ubuntu:22.04", "python3-pip", "libx11-6"),  # names of compilers have a version in each release
        ("ubuntu:22.04", "imagemagick", "libgs10"),
        ("ubuntu:24.10", "git", "libx11-6"),
        ("ubuntu:20.04", "git", "libx11-6"),
        ("ubuntu:20.04", "imagemagick", "libgs9"),
    ],
)
def test_packages_are_the_same_whatever_the_version_in_their_names(image: str, package: str, name: str) -> None:
    found = only(f"FROM {image}\nRUN apt-get install -y {package}\n")
    assert name in found.finding.message
    assert found.finding.saves is not None
    assert found.finding.saves.best > 4_000_000
    assert found.finding.saves.high is None


@pytest.mark.parametrize("package", ["curl", "wget", "nginx", "python3-pip", "build-essential"])
def test_who_asks_for_every_byte_hears_of_little_ones_of_other_releases_too(package: str) -> None:
    snapshot = snapshot_of(f"FROM ubuntu:24.04\nRUN apt-get install -y {package}\n")
    assert report(snapshot, rules=RULES) == ()
    (reported,) = report(snapshot, replace(DEFAULTS, min_saving=0), rules=RULES)
    assert reported.finding.saves is not None
    assert 0 < reported.finding.saves.best < 1_000_000


def test_of_a_release_before_all_lists_the_fix_is_to_be_looked_at() -> None:
    assert only("FROM ubuntu:20.04\nRUN apt-get install -y git\n").fixes[0].safety is Safety.ASK


def test_what_is_there_already_is_not_lost_again() -> None:
    assert findings("FROM buildpack-deps:bookworm\nRUN apt-get install -y git gcc\n") == []
    twice = "FROM debian:bookworm-slim\nRUN apt-get install -y git\nRUN apt-get install -y mercurial\n"
    assert len(findings(twice)) == 1


def test_what_an_install_before_brought_is_kept_where_it_is_needed_now() -> None:
    lines = "RUN apt-get install -y openssh-client\nRUN apt-get install -y xvfb nodejs\n"
    *_, second = findings(f"FROM debian:bookworm-slim\n{lines}")
    titles = [fix.title for fix in second.fixes if fix.id == "no-recommends"]
    assert titles == ["Add --no-install-recommends, keep ca-certificates xauth"]


def test_recommendations_of_what_the_base_holds_are_not_claimed() -> None:
    assert findings("FROM python:3.13-bookworm\nRUN apt-get install -y libpq-dev python3-dev\n") == []


def test_every_command_is_a_finding_of_its_own() -> None:
    found = findings("FROM debian:bookworm-slim\nRUN apt-get install -y git && apt-get install -y gcc\n")
    assert len(found) == 2


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM debian:bookworm-slim\nRUN apt-get install -y --install-recommends git\n",
        "FROM debian:bookworm-slim\nRUN apt-get install -y git -o APT::Install-Recommends=true\n",
        "FROM debian:bookworm-slim\nCOPY lean.conf /etc/apt/apt.conf.d/\nRUN apt-get install -y git\n",
        "FROM debian:12 AS a\nRUN echo 'APT::Install-Recommends 0;' > /etc/apt/apt.conf\nFROM a\nRUN apt install git\n",
        "FROM bitnami/minideb:bookworm\nRUN apt-get install -y git\n",
        "FROM example.org/base\nRUN apt-get install -y git\n",
        "FROM ubuntu:14.04\nRUN apt-get install -y git\n",
        "FROM ubuntu:18.04\nRUN apt-get install -y git\n",
        "FROM debian:10\nRUN apt-get install -y git\n",
        "FROM debian:bookworm-slim\nRUN apt-get install -y no-such-package\n",
        "FROM debian:bookworm-slim\nRUN apt-get install -y $PACKAGES\n",
        "FROM debian:bookworm-slim\nRUN apt-get build-dep -y git\n",
        "FROM debian:bookworm-slim\nRUN command -v git || apt-get install -y git\n",
        "FROM debian:bookworm-slim\nRUN apt-get install -y vim procps\n",
    ],
)
def test_silent(dockerfile: str) -> None:
    assert findings(dockerfile) == []


def test_a_needed_package_says_when() -> None:
    for row in table("apt_recommends").rows():
        known = recommended(row[0])
        assert known is not None
        assert known.loss in ("harmless", "needed")
        assert known.why
        assert bool(known.beside or known.words) == (known.loss == "needed"), row
    assert recommended("no-such-package") is None


@pytest.mark.parametrize(("installs", "reported"), [(3, True), (80, False)])
def test_what_many_installs_have_brought_is_not_told_apart(installs: int, reported: bool) -> None:
    many = "".join(f"RUN apt-get install -y made-up-{number}\n" for number in range(installs))
    assert bool(findings(f"FROM debian:trixie\n{many}RUN apt-get install -y ffmpeg\n")) is reported
