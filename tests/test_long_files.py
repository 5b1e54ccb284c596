"""Files longer than a person's: what each line has to look at is bounded, and is what it was for all others."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from deadweight.model.effects import PackageSet
from deadweight.rules.folder_uses import mentions
from examples import snapshot_of


@pytest.mark.parametrize(
    ("base", "install"),
    [
        ("debian:12", "apt-get install -y"),
        ("alpine:3.22", "apk add"),
        ("fedora:44", "dnf install -y"),
        ("python:3.13", "pip install"),
    ],
)
def test_an_install_looks_at_so_many_earlier_ones_at_most(base: str, install: str) -> None:
    lines = "".join(f"RUN {install} p{number}\n" for number in range(600))
    layers = snapshot_of(f"FROM {base}\n{lines}").ledgers[-1].layers[1:]
    there = [each.cause.already for layer in layers for each in layer.kept if isinstance(each.cause, PackageSet)]
    assert len(there[600 - 1]) == len(there[600 - 2]) < 600
    assert {f"p{number}" for number in range(300)} <= set(there[300])


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("RUN curl -o /a{} https://x.org/a{}.tgz && tar -xf /a{}", "archive-kept"),
        ("RUN git clone https://github.com/a/b{} /opt/b{}", "git-history-kept"),
    ],
)
def test_so_many_files_at_once_are_followed_at_most(line: str, rule: str) -> None:
    def found(count: int) -> int:
        lines = "".join(line.replace("{}", str(number)) + "\n" for number in range(100, 100 + count))
        return sum(each.rule.id == rule for each in report(snapshot_of(f"FROM debian:12\n{lines}")))

    assert found(90) == 90
    assert found(140) < 100


@pytest.mark.parametrize(
    ("command", "is_about"),
    [
        ("tar -xf /opt/a.tgz", True),
        ("cd /opt && tar -xf a.tgz", True),
        ("F=a.tgz && tar -xf /opt/$F", True),
        ("for f in a b; do tar -xf /opt/$f.tgz; done", True),
        ("tar -xf /opt/*.tgz", True),
        ("/opt/a.tgz --install", True),
        ("cd /opt && ./a.tgz", True),
        ("serve /opt/files", False),
        ("tar --file=/opt/a.tgz -x", True),
        ("tar -xf /srv/b.tgz", False),
        ("ls /opt", False),
    ],
)
def test_a_layer_that_has_nothing_to_do_with_a_file_is_told_apart(command: str, is_about: bool) -> None:
    layer = snapshot_of(f"FROM debian:12\nRUN {command}\n").ledgers[-1].layers[-1]
    assert mentions(layer).may_be_about("/opt/a.tgz") is is_about


def test_a_program_of_somebodys_may_read_what_lies_in_the_folder_that_it_is_given() -> None:
    layer = snapshot_of("FROM debian:12\nRUN serve /opt/files\n").ledgers[-1].layers[-1]
    assert mentions(layer).may_be_about("/opt/files/a.tgz")
