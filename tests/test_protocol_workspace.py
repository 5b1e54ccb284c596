"""Diagnostics of the whole workspace, as a client that pulls asks for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsprotocol import types

from sessions import SERVER, Session, capabilities, make_client, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    client = make_client()
    await client.start_io(*SERVER)
    folders = [types.WorkspaceFolder(tmp_path.as_uri(), "here")]
    params = types.InitializeParams(capabilities=capabilities("neovim"), workspace_folders=folders)
    yield Session(client, "neovim", await within(client.initialize_session(params)))
    await within(client.shutdown_session())
    await within(client.stop())  # type: ignore[no-untyped-call]


async def asked(session: Session, previous: list[types.PreviousResultId]) -> list[Any]:
    report = await within(session.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous)))
    return list(report.items)


def known(items: list[Any]) -> list[types.PreviousResultId]:
    return [types.PreviousResultId(each.uri, each.result_id) for each in items]


async def test_every_dockerfile_of_the_workspace_open_or_not(session: Session, tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/Dockerfile").write_text(PIP)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/Dockerfile").write_text(PIP)
    session.open(tmp_path / "Dockerfile", f"{PIP}RUN pip install scikit-learn\n", version=7)
    items = await asked(session, [])
    found = {each.uri.removeprefix(tmp_path.as_uri()): (each.version, len(each.items)) for each in items}
    assert found == {"/Dockerfile": (7, 2), "/api/Dockerfile": (None, 1)}


async def test_an_answer_waits_for_news(session: Session, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(PIP)
    (tmp_path / "Containerfile").write_text(PIP)
    first = await asked(session, [])
    assert [each.kind for each in first] == ["full", "full"]
    waiting = asyncio.ensure_future(asked(session, known(first)))
    await session.settle()
    assert not waiting.done()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    event = types.FileEvent((tmp_path / "Dockerfile").as_uri(), types.FileChangeType.Changed)
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    second = {each.uri.rpartition("/")[2]: each for each in await waiting}
    assert not second["Dockerfile"].items
    page = session.open(tmp_path / "Containerfile", PIP)
    third = asyncio.ensure_future(asked(session, known(list(second.values()))))
    page.type("pandas", "--no-cache-dir pandas")
    changed = {each.uri.rpartition("/")[2]: each for each in await third}
    assert (changed["Containerfile"].kind, changed["Dockerfile"].kind) == ("full", "unchanged")
