"""Scripts that are known to call no apt: the lists may go behind the install above them."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from deadweight.rules.apt_lists_kept import apt_lists_kept
from deadweight.rules.rule import Safety
from examples import snapshot_of


@pytest.mark.parametrize(
    ("script", "is_safe"),
    [
        ("/usr/local/bin/plugins.sh /usr/share/jenkins/plugins.txt", True),
        ("/usr/local/bin/install-plugins.sh git docker-plugin", True),
        ("/usr/local/bin/setup.sh", False),
    ],
)
def test_lists_go_without_asking(script: str, is_safe: bool) -> None:
    source = "RUN echo 'deb https://example.org/ a main' > /etc/apt/sources.list.d/a.list\n"
    install = "RUN apt-get update && apt-get install -y make\n"
    text = f"FROM jenkins/jenkins:2.440\nUSER root\n{install}{source}RUN {script}\n"
    (found,) = report(snapshot_of(text), rules=[apt_lists_kept])
    assert (found.fixes[0].safety is Safety.SAFE) == is_safe
