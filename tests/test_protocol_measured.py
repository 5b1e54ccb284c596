"""The commands that let an image's history stand in for estimates, in sessions of several editors."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsprotocol import types

from deadweight.lsp import engine
from histories import recorded
from sessions import CLIENTS, Page, Session, greeted, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

APP = recorded("app")
USE, FORGET = "deadweight.useMeasuredSizes", "deadweight.forgetMeasuredSizes"
# An engine that prints what it was asked for, then the history; or that complains.
ENGINE = """#!/bin/sh
printf '%s\\n' "$0" "$@" > "{log}"
case "$*" in
*broken*) echo "Error response from daemon: No such image: broken:latest" >&2; exit 1 ;;
*endless*) exec cat /dev/zero ;;
*silent*) exec cat "{pipe}" ;;
esac
exec cat "{history}"
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS)
async def started(request: pytest.FixtureRequest) -> AsyncIterator[Session]:
    async with greeted(request.param) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def session(started: Session) -> AsyncIterator[Session]:
    yield started
    await started.forget()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.json"
    path.write_text(APP.printed, "utf-8")
    return path


@pytest.fixture
def asked(tmp_path: Path, history: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the engine that is found first was called with, a word a line."""
    if sys.platform == "win32":
        pytest.skip("the engine here is a script of a shell")
    log, folder = tmp_path / "asked", tmp_path / "bin"
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("docker", "podman"):
        program = folder / name
        program.write_text(ENGINE.format(log=log, history=history, pipe=tmp_path / "pipe"), "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


async def command(session: Session, name: str, *arguments: Any) -> Any:
    return await within(
        session.client.workspace_execute_command_async(types.ExecuteCommandParams(name, list(arguments)))
    )


async def labels(page: Page) -> list[str]:
    return [str(each.label) for each in await page.hints()]


async def is_measured(page: Page) -> bool:
    """Whether a hint names a history."""
    return any(" history of " in str(each.tooltip) for each in await page.hints())


def said(session: Session) -> str:
    return str(session.client.messages[-1].message)


async def test_a_saved_history_stands_in_for_estimates_until_a_line_changes(
    session: Session, tmp_path: Path, history: Path
) -> None:
    page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
    measured = ["160 MB", "+6.2 MB", "+160 MB"]
    assert not await is_measured(page)
    refreshes = session.client.lens_refreshes
    done = await command(session, USE, page.uri, str(history))
    assert done == {"uri": page.uri, "source": "docker history of 9f76ed23774f", "lines": 4}
    assert said(session) == "docker history of 9f76ed23774f measured 4 lines (unpacked bytes)"
    lenses = await within(session.client.text_document_code_lens_async(types.CodeLensParams(page.identifier)))
    assert lenses[0].command.title.startswith("Image: 330 MB unpacked")
    assert (session.client.lens_refreshes > refreshes) == (session.name == "visual-studio-code")  # that can do so
    assert await labels(page) == measured
    shown = await page.hover("RUN pip")
    assert shown is not None
    assert "docker history of 9f76ed23774f, 2026-11-26" in str(shown.contents)
    page.type("WORKDIR", "# a comment\nWORKDIR")
    assert await labels(page) == measured
    page.type("pip install -r", "pip install -q -r")
    assert [one == other for one, other in zip(await labels(page), measured, strict=True)] == [True, True, False]
    page.type("pip install -q -r", "pip install -r")
    assert await labels(page) == measured
    session.close_all()
    page = session.open(tmp_path / "Dockerfile", APP.dockerfile)  # it lasts as long as the session
    assert await labels(page) == measured
    await command(session, FORGET, page.uri)
    assert not await is_measured(page)


@pytest.mark.parametrize("how", ["relative", "uri", "object"])
async def test_ways_to_name_the_file(session: Session, tmp_path: Path, history: Path, how: str) -> None:
    page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
    given = {"relative": history.name, "uri": history.as_uri(), "object": {"path": str(history)}}[how]
    assert (await command(session, USE, page.uri, given))["lines"] == 4


async def test_what_does_not_fit_is_said(session: Session, tmp_path: Path, history: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", APP.dockerfile.replace("curl", "wget"))
    assert (await command(session, USE, page.uri, str(history)))["lines"] == 3
    assert said(session).endswith(
        "; 1 row of the history (6.2 MB) matches no line, and 1 line has no row: "
        "the Dockerfile has changed since, or another one was built"
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), 'measured sizes come from the path of a saved history, or {"image": NAME}'),
        ((7,), 'measured sizes come from the path of a saved history, or {"image": NAME}'),
        (({"image": 1},), 'measured sizes come from the path of a saved history, or {"image": NAME}'),
        (("missing.json",), "not a file"),
        (("/dev/stdin",), "not a file"),
        (("Dockerfile",), "it is no JSON"),
        (("file:///%00",), "no path of a file"),
        (("other.json",), "no row is of a line of this Dockerfile"),
        (({"image": "app"},), "docker is not asked: the setting asksEngine of your editor does not allow it"),
    ],
)
async def test_what_cannot_be_used_is_said_and_changes_nothing(
    session: Session, tmp_path: Path, history: Path, given: tuple[Any, ...], why: str
) -> None:
    (tmp_path / "other.json").write_text(recorded("heredocs").printed, "utf-8")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
    assert await command(session, USE, page.uri, *given) is None
    assert why in said(session)
    assert "\n" not in said(session)
    assert not await is_measured(page)
    assert await command(session, USE, "file:///nowhere", *given) is None
    assert said(session) == "file:///nowhere is not open"
    assert await command(session, FORGET) is None


# --- the engine ---


@pytest.mark.parametrize("builder", ["docker", "podman"])
async def test_the_engine_is_asked_for_an_image_that_is_named(tmp_path: Path, asked: Path, builder: str) -> None:
    settings = {"asksEngine": True, "builder": builder}
    async with greeted("neovim", initialization_options=settings) as session:
        page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
        assert not await is_measured(page)
        assert not asked.exists()  # opened, weighed and shown: nobody was asked
        done = await command(session, USE, page.uri, {"image": "registry.corp/app:1"})
        assert done["source"] == f"{builder} history of registry.corp/app:1"
        assert await is_measured(page)
        words = asked.read_text("utf-8").splitlines()
        form = {"docker": "{{json .}}", "podman": "json"}[builder]
        arguments = ["history", "--no-trunc", "--human=false", "--format", form, "registry.corp/app:1"]
        assert words == [str(tmp_path / "bin" / builder), *arguments]
        assert await command(session, USE, page.uri, {"image": "broken"}) is None
        assert said(session) == f"{builder}: Error response from daemon: No such image: broken:latest"


async def test_a_project_does_not_say_that_the_engine_is_asked(tmp_path: Path, asked: Path) -> None:
    (tmp_path / "deadweight.toml").write_text("asks-engine = true\n", "utf-8")
    async with greeted("neovim") as session:
        page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
        await session.settle()
        assert "asks-engine belongs in an editor's own settings" in said(session)
        assert await command(session, USE, page.uri, {"image": "app"}) is None
        assert not asked.exists()


@pytest.mark.parametrize("image", ["", "-v", "--format=x", "a b", "$(touch x)", "a;b", "a\nb", "A" * 400, "é"])
async def test_what_is_no_name_of_an_image_starts_nothing(asked: Path, image: str) -> None:
    with pytest.raises(engine.EngineError, match="is no name of an image"):
        await engine.image_history("docker", image)
    assert not asked.exists()


async def test_an_engine_that_is_not_there_or_never_ends(
    tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(engine.EngineError, match="docker history printed more than 2 MB"):
        await engine.image_history("docker", "endless")
    monkeypatch.setattr(engine, "_SECONDS", 0.01)
    with pytest.raises(engine.EngineError, match="docker history took longer than"):
        await engine.image_history("docker", "silent")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(engine.EngineError, match="there is no podman here"):
        await engine.image_history("podman", "app")
    monkeypatch.chdir(tmp_path / "bin")
    monkeypatch.setenv("PATH", ".")
    with pytest.raises(engine.EngineError, match="there is no podman here"):
        await engine.image_history("podman", "app")


async def test_an_image_that_is_named_while_its_dockerfile_is_closed(tmp_path: Path, asked: Path) -> None:
    async with greeted("neovim", initialization_options={"asksEngine": True}) as session:
        page = session.open(tmp_path / "Dockerfile", APP.dockerfile)
        asking = asyncio.ensure_future(command(session, USE, page.uri, {"image": "silent"}))
        while not asked.exists():
            await session.settle()
        session.close_all()
        await session.settle()
        await asyncio.to_thread((tmp_path / "pipe").write_text, APP.printed, "utf-8")
        assert await asking is None
