"""Histories and archives that a COPY --from takes out of a stage that does not ship, into the image."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import report
from examples import snapshot_of

CLONE = "RUN git clone https://github.com/a/b /src\n"
GO = "https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz"
FETCH = f"RUN curl -fsSLo /opt/go.tgz {GO} && tar -xzf /opt/go.tgz -C /opt\n"
DELETED = f"RUN curl -fsSLo /opt/go.tgz {GO} && tar -xzf /opt/go.tgz -C /opt && rm /opt/go.tgz\n"


def file(build: str, image: str) -> str:
    """A Dockerfile with a stage that builds."""
    return f"FROM debian:12 AS build\n{build}FROM debian:12-slim\n{image}"


def found(text: str, rule: str) -> list[int]:
    """The numbers of the stages in which a rule finds something."""
    reported = report(snapshot_of(text))
    return [each.finding.site.stage for each in reported if each.rule.id == rule]


@pytest.mark.parametrize(
    ("build", "image"),
    [
        (CLONE, "COPY --from=build /src /app\n"),
        (CLONE, "COPY --from=build / /\n"),
        (f"{CLONE}RUN make -C /src\n", "COPY --from=build /src/ /app/\nWORKDIR /app\n"),
    ],
)
def test_a_history_goes_with_its_clone(build: str, image: str) -> None:
    assert found(file(build, image), "git-history-kept") == [0]


@pytest.mark.parametrize(
    ("build", "image"),
    [
        (CLONE, "COPY --from=build /src/bin /app\n"),
        (CLONE, "COPY --from=build /opt /opt\n"),
        (f"{CLONE}RUN rm -rf /src/.git\n", "COPY --from=build /src /app\n"),
        (CLONE.replace("clone", "clone --depth 1"), "COPY --from=build /src /app\n"),
        # It is read there.
        (CLONE, "COPY --from=build /src/ /app/\nRUN git -C /app describe > /version\n"),
        (f"{CLONE}RUN cd /src && git describe > version\n", "COPY --from=build /src /app\n"),
        # Another stage has it, too.
        (f"{CLONE}FROM build AS more\nRUN git -C /src log > /log\n", "COPY --from=more /src /app\n"),
        (
            f"{CLONE}FROM debian AS more\nCOPY --from=build /src /a\n",
            "COPY --from=more /a /b\nCOPY --from=build /src /c\n",
        ),
        (CLONE, "COPY --from=build /src /app\nRUN --mount=from=build,source=/src,target=/s git -C /s log > /log\n"),
    ],
)
def test_no_history_is_there_or_somebody_may_read_it(build: str, image: str) -> None:
    assert found(file(build, image), "git-history-kept") == []


def test_a_clone_is_cut_where_nothing_reads_its_history_in_any_stage() -> None:
    fixed = fix_all(snapshot_of(file(CLONE, "COPY --from=build /src /app\n"))).snapshot.text
    assert fixed == file(CLONE.replace("clone", "clone --depth 1"), "COPY --from=build /src /app\n")
    # What is built in the copy may read it.
    built = file(CLONE, "COPY --from=build /src /app\nRUN make -C /app\n")
    assert "--filter=blob:none" in fix_all(snapshot_of(built)).snapshot.text


@pytest.mark.parametrize(
    ("build", "image", "after"),
    [
        (FETCH, "COPY --from=build /opt /opt\n", DELETED),
        # No layer of that stage ships: none needs be merged.
        (
            f"ADD {GO} /opt/go.tgz\nRUN tar -xzf /opt/go.tgz -C /opt\n",
            "COPY --from=build /opt/ /opt/\n",
            f"ADD {GO} /opt/go.tgz\nRUN tar -xzf /opt/go.tgz -C /opt && rm /opt/go.tgz\n",
        ),
    ],
)
def test_an_archive_is_deleted_where_it_was_unpacked(build: str, image: str, after: str) -> None:
    assert found(file(build, image), "archive-kept") == [0]
    assert fix_all(snapshot_of(file(build, image))).snapshot.text.replace(" \\\n    &&", " &&") == file(after, image)


@pytest.mark.parametrize(
    ("build", "image"),
    [
        (FETCH, "COPY --from=build /opt/go /opt/go\n"),
        (FETCH, "COPY --from=build /opt/go.tgz /opt/\n"),
        (FETCH, "COPY --from=build /opt/*.tgz /opt/\n"),
        (FETCH, "COPY --from=build /opt /a\nRUN tar -xzf /a/go.tgz -C /srv\n"),
        (FETCH, 'COPY --from=build /opt /a\nCMD ["serve", "/a/go.tgz"]\n'),
        (
            f"{FETCH}FROM build AS more\nRUN cp /opt/go.tgz /srv\n",
            "COPY --from=build /opt /opt\nCOPY --from=more /srv /s\n",
        ),
        (FETCH, "COPY --from=build /opt /a\nRUN --mount=from=build,source=/opt,target=/o tar -xf /o/go.tgz\n"),
    ],
)
def test_no_archive_is_there_or_somebody_may_read_it(build: str, image: str) -> None:
    assert found(file(build, image), "archive-kept") == []


def test_a_clone_that_is_copied_is_a_folder() -> None:
    (copied,) = snapshot_of(file(CLONE, "COPY --from=build /src /app/\n")).ledgers[-1].layers[-1].kept
    assert copied.path == "/app"
