"""Editors, debuggers and manuals in an image that runs an app."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.catalog import BY_ID
from examples import snapshot_of

RULE = BY_ID["debugging-tools-kept"]
RUN = "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*\n"
APP = 'CMD ["shop"]\n'


def fixes(text: str) -> list[str]:
    snapshot = snapshot_of(text)
    found = report(snapshot)
    own = [each for each in found if each.rule is RULE]
    return [fixed(snapshot, [fix]).text for each in own for fix in each.fixes if holds(snapshot, found, each, fix)]


@pytest.mark.parametrize(
    ("names", "rest"),
    [
        ("curl vim", "curl"),
        ("vim curl gdb", "curl"),
        ("\\\n    curl \\\n    vim \\\n   ", "\\\n    curl \\\n   "),
        ("curl \\\n    vim", "curl \\\n"),
    ],
)
def test_the_tools_go_and_the_rest_stays_as_it_is_written(names: str, rest: str) -> None:
    start = "FROM debian:bookworm-slim\n"
    assert fixes(start + RUN.format(names) + APP) == [start + RUN.format(rest) + APP]


def test_the_last_line_of_a_run_goes_with_what_continued_it() -> None:
    start = "FROM debian:bookworm-slim\nRUN rm -rf a && apt-get install -y --no-install-recommends"
    assert fixes(f"{start} \\\n    curl \\\n    vim\n{APP}") == [f"{start} \\\n    curl\n{APP}"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:bookworm-slim\n" + RUN.format("curl") + APP,
        "FROM debian:bookworm-slim\n" + RUN.format("curl vim") + 'CMD ["/bin/bash"]\n',
        "FROM debian:bookworm-slim AS dev\n" + RUN.format("curl vim") + APP,
        "FROM debian:bookworm-slim\n" + RUN.format("curl vim") + "RUN vim +PluginInstall +qall\n" + APP,
        "FROM debian:bookworm-slim\n" + RUN.format("curl vim") + "COPY vim/vimrc /root/.vimrc\n" + APP,
        "FROM debian:bookworm-slim\n" + RUN.format("curl nano") + "ENTRYPOINT sleep infinity\n",
    ],
)
def test_nothing_is_said_where_somebody_may_want_them(text: str) -> None:
    assert not report(snapshot_of(text), rules=[RULE])


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*", ""),
        ("apt-get update && apt-get install -y vim htop", ""),
        ("apt-get update && apt-get install -y vim && make shop", "RUN apt-get update && make shop\n"),
    ],
)
def test_an_install_of_nothing_else_goes_as_a_whole(run: str, after: str) -> None:
    start = "FROM debian:bookworm-slim\n"
    assert fixes(f"{start}RUN {run}\n{APP}") == [f"{start}{after}{APP}"]
