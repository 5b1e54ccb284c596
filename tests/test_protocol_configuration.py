"""Settings as a session meets them: pushed, asked for, of a project's file, and each document with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsprotocol import types

from deadweight.text import Text
from sessions import CLIENTS, Page, Session, greeted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"
FOUND = ["install-cache-kept"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS)
async def started(request: pytest.FixtureRequest) -> AsyncIterator[Session]:
    folders = [types.WorkspaceFolder(f"file:///{name}", name) for name in ("one", "two")]
    told = {"rules": {"apt-lists-kept": "off"}}
    async with greeted(request.param, workspace_folders=folders, initialization_options=told) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def session(started: Session) -> AsyncIterator[Session]:
    client = started.client
    yield started
    started.close_all()
    client.refuses = False
    client._configuration.clear()
    client._configuration[""] = {}
    push(started, {"rules": {"apt-lists-kept": "off"}})
    await started.forget()


@pytest.fixture
def asks(session: Session) -> Session:
    """A session whose client can be asked for settings."""
    if session.name == "nothing":
        pytest.skip("this client cannot be asked")
    return session


def push(session: Session, settings: Any) -> None:
    params = types.DidChangeConfigurationParams({"deadweight": settings})
    session.client.workspace_did_change_configuration(params)


def changed(session: Session, *paths: Path) -> None:
    """Tell of files that somebody else has changed."""
    events = [types.FileEvent(path.as_uri(), types.FileChangeType.Changed) for path in paths]
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def messages(session: Session) -> list[str]:
    said = [each.message for each in session.client.messages]
    session.client.messages.clear()
    return said


async def opened(session: Session, path: Path) -> Page:
    """An open document, of which the server knows all that the client has to say."""
    page = session.open(path, PIP)
    if session.name != "nothing":
        await session.answered()
    assert await page.codes_now() == FOUND
    return page


async def hover_of(page: Page, at: str) -> str:
    shown = await page.hover(at)
    assert shown is not None
    assert isinstance(shown.contents, types.MarkupContent)
    return shown.contents.value


# --- the greeting ---


async def test_folders_and_changes_of_settings_are_announced(session: Session) -> None:
    workspace = session.result.capabilities.workspace
    assert workspace is not None
    assert workspace.workspace_folders == types.WorkspaceFoldersServerCapabilities(True, True)
    await session.settle()
    registered = {each.method: each.register_options for each in session.client.registered}
    if session.name == "visual-studio-code":
        assert registered[types.WORKSPACE_DID_CHANGE_CONFIGURATION] == {"section": "deadweight"}
        assert "deadweight.toml" in str(registered[types.WORKSPACE_DID_CHANGE_WATCHED_FILES])
    else:
        assert types.WORKSPACE_DID_CHANGE_CONFIGURATION not in registered


async def test_what_the_greeting_says_holds_until_the_client_says_more(session: Session, tmp_path: Path) -> None:
    text = PIP + "RUN apt-get update && apt-get install -y --no-install-recommends curl\n"
    page = session.open(tmp_path / "Dockerfile", text)
    if session.name != "nothing":
        assert await session.answered()  # it has nothing to say
    assert await page.codes_now() == FOUND
    push(session, {})
    assert await page.codes_now() == ["install-cache-kept", "apt-lists-kept"]


# --- asking ---


async def test_each_document_has_the_settings_of_its_folder(asks: Session, tmp_path: Path) -> None:
    loud, quiet = tmp_path / "loud", tmp_path / "quiet"
    off = {"rules": {"install-cache-kept": {"severity": "off"}}}
    asks.client.set_configuration(off, section="deadweight", scope_uri=quiet.as_uri())
    pages = [asks.open(folder / "Dockerfile", PIP) for folder in (loud, quiet)]
    for page in pages:
        (item,) = (await asks.answered()).items
        assert (item.scope_uri, item.section) == (page.uri, "deadweight")
    assert [await page.codes_now() for page in pages] == [FOUND, []]


async def test_all_documents_are_asked_about_again_when_settings_change(asks: Session, tmp_path: Path) -> None:
    pages = [asks.open(tmp_path / name / "Dockerfile", PIP) for name in "ab"]
    await asks.answered()
    await asks.answered()
    asks.client.set_configuration({"minSaving": "10GB"}, section="deadweight", scope_uri=pages[1].uri)
    asks.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    assert [each.scope_uri for each in (await asks.answered()).items] == [page.uri for page in pages]
    assert [await page.codes_now() for page in pages] == [FOUND, []]


async def test_all_documents_are_asked_about_again_when_folders_change(asks: Session, tmp_path: Path) -> None:
    page = asks.open(tmp_path / "Dockerfile", PIP)
    await asks.answered()
    asks.client.set_configuration({"minSaving": "10GB"}, section="deadweight", scope_uri=tmp_path.as_uri())
    event = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(tmp_path.as_uri(), "new")], [])
    asks.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await asks.answered()
    assert await page.codes_now() == []


async def test_folders_come_and_go_for_a_client_that_cannot_be_asked(session: Session, tmp_path: Path) -> None:
    event = types.WorkspaceFoldersChangeEvent([], [types.WorkspaceFolder("file:///never", "never")])
    session.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    page = session.open(tmp_path / "Dockerfile", PIP)
    assert await page.codes_now() == FOUND


async def test_a_client_that_refuses_costs_nothing(asks: Session, tmp_path: Path) -> None:
    asks.client.refuses = True
    page = asks.open(tmp_path / "Dockerfile", PIP)
    await asks.answered()
    assert await page.codes_now() == FOUND
    assert messages(asks) == []


@pytest.mark.parametrize("answer", [[], "minSaving", 3, {"minSaving": []}])
async def test_an_answer_of_nonsense_is_named_once_and_the_defaults_hold(
    asks: Session, tmp_path: Path, answer: Any
) -> None:
    asks.client.set_configuration(answer, section="deadweight")
    pages = [asks.open(tmp_path / name / "Dockerfile", PIP) for name in "ab"]
    await asks.answered()
    await asks.answered()
    assert [await page.codes_now() for page in pages] == [FOUND, FOUND]
    (message,) = messages(asks)
    assert message.startswith("deadweight: settings: ")


async def test_an_answer_that_comes_too_late_is_for_nobody(asks: Session, tmp_path: Path) -> None:
    asks.open(tmp_path / "Dockerfile", PIP)
    asks.close_all()
    asks.client.set_configuration({"minSaving": "10GB"}, section="deadweight")
    await asks.answered()
    asks.client.set_configuration(None, section="deadweight")
    page = asks.open(tmp_path / "Dockerfile", PIP)
    await asks.answered()
    assert await page.codes_now() == FOUND


# --- the project's file ---


async def test_a_project_s_file_wins_for_what_it_names(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", '[rules.install-cache-kept]\nseverity = "error"\n')
    page = session.open(tmp_path / "api/Dockerfile", PIP)
    push(session, {"rules": {"install-cache-kept": {"severity": "hint", "minSaving": "10GB"}}})
    assert await page.codes_now() == []  # the file says nothing of min-saving
    push(session, {"rules": {"install-cache-kept": {"severity": "hint"}}})
    page.type("RUN", "\nRUN")
    (found,) = await page.diagnostics()
    assert found.severity == types.DiagnosticSeverity.Error


async def test_a_file_is_for_the_documents_below_it(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "one/pyproject.toml", '[tool.deadweight]\nmin-saving = "10GB"\n')
    write(tmp_path / "two/pyproject.toml", '[project]\nname = "deadweight-user"\n')
    pages = [session.open(tmp_path / name / "docker/Dockerfile", PIP) for name in ("one", "two")]
    assert [await page.codes_now() for page in pages] == [[], FOUND]


async def test_a_file_is_read_when_it_changes_and_not_at_an_edit(session: Session, tmp_path: Path) -> None:
    page = await opened(session, tmp_path / "api/Dockerfile")
    file = write(tmp_path / "deadweight.toml", 'min-saving = "10GB"\n')
    page.type("RUN", "\nRUN")
    assert await page.codes_now() == FOUND
    changed(session, file)
    assert await page.codes_now() == []
    file.unlink()
    page.type("RUN", "\nRUN")
    assert await page.codes_now() == []
    changed(session, file)
    assert await page.codes_now() == FOUND


async def test_a_file_is_read_when_a_document_is_saved(session: Session, tmp_path: Path) -> None:
    page = await opened(session, tmp_path / "api/Dockerfile")
    write(tmp_path / "deadweight.toml", 'min-saving = "10GB"\n')
    session.client.text_document_did_save(types.DidSaveTextDocumentParams(page.identifier))
    assert await page.codes_now() == []


async def test_a_wrong_file_is_named_once_for_each_text(session: Session, tmp_path: Path) -> None:
    file = write(tmp_path / "deadweight.toml", 'min-saving = "much"\ncolour = "red"\n')
    pages = [session.open(tmp_path / name / "Dockerfile", PIP) for name in "ab"]
    for page in pages:
        page.type("pandas", "flask pandas")
        session.client.text_document_did_save(types.DidSaveTextDocumentParams(page.identifier))
        assert await page.codes_now() == FOUND
    changed(session, file)
    await session.settle()
    (message,) = messages(session)
    assert message.startswith(f"deadweight: {file}: ")
    assert "min-saving: 'much' is no size" in message
    assert "there is no colour" in message
    for text, said in (("colour = 1\n", 1), ("", 0), ("colour = 1\n", 1), ('min-saving = "10GB"\ncolour = 1', 1)):
        write(file, text)
        changed(session, file)
        await session.settle()
        assert len(messages(session)) == said
    assert [await page.codes_now() for page in pages] == [[], []]


async def test_broken_toml_is_named_with_its_line(session: Session, tmp_path: Path) -> None:
    file = write(tmp_path / "pyproject.toml", "[tool.deadweight]\nmin-saving = much\n")
    page = session.open(tmp_path / "Dockerfile", PIP)
    assert await page.codes_now() == FOUND
    assert messages(session) == [f"deadweight: {file}:2: invalid value"]


async def test_a_document_that_is_on_no_disk_has_the_client_s_settings(session: Session) -> None:
    push(session, {"minSaving": "10GB"})
    item = types.TextDocumentItem("untitled:Dockerfile", "dockerfile", 1, PIP)
    session.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    session.opened.append(item.uri)
    page = Page(session, item.uri, Text(PIP), 1)
    assert await page.codes_now() == []


async def test_hints_of_one_project_are_off(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "one/deadweight.toml", "inlay-hints = false\n")
    one, two = (session.open(tmp_path / name / "Dockerfile", PIP) for name in ("one", "two"))
    assert await one.hints() == []
    assert await two.hints() != []


async def test_a_private_base_weighs_what_the_project_says(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", '[bases]\n"registry.corp/base:1" = "340MB"\n')
    page = session.open(tmp_path / "Dockerfile", "FROM registry.corp/base:1\n")
    shown = await hover_of(page, "registry")
    assert "340 MB unpacked" in shown
    assert "deadweight.toml" in shown
    assert [str(hint.label) for hint in await page.hints()] == ["340 MB"]


async def test_the_stage_and_the_arguments_of_a_build(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", 'target = "one"\nbuild-args = { BASE = "python:3.13-slim" }\n')
    text = "ARG BASE=scratch\nFROM $BASE AS one\nRUN pip install pandas\nFROM scratch\n"
    page = session.open(tmp_path / "Dockerfile", text)
    assert await page.codes_now() == FOUND


# --- a context elsewhere ---


async def test_the_context_is_the_folder_that_the_file_names(session: Session, tmp_path: Path) -> None:
    file = write(tmp_path / "deadweight.toml", 'context = "."\n')
    (tmp_path / "docker").mkdir()
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / "docker/Dockerfile", "FROM scratch\nCOPY big /\n")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    (tmp_path / "big").write_bytes(b"x" * 2_000_000)
    changed(session, tmp_path / "big")
    assert [hint.label for hint in await page.hints()] == ["+2.0 MB"]
    write(file, "")
    changed(session, file)
    assert await page.hints() == []
    (tmp_path / ".git").mkdir()
    write(file, 'context = ".."\n')
    changed(session, file)
    assert await page.hints() == []
    (message,) = messages(session)
    assert "context: '..' is no folder of the project" in message


async def test_an_ignore_file_of_a_context_elsewhere(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", 'context = "."\n')
    (tmp_path / "docker").mkdir()
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / "docker/Dockerfile", "FROM scratch\nCOPY . .\n")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    general = session.open(tmp_path / ".dockerignore", "big\ndeadweight.toml\n")
    assert await page.hints() == []
    own = session.open(tmp_path / "docker/Dockerfile.dockerignore", "*.toml\n")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    own.type("*.toml", "b*")
    general.type("big", "small")
    assert [hint.label for hint in await page.hints()] in ([], ["+14 B"])
    assert "3.0 MB" in await hover_of(own, "b*")


async def test_a_new_ignore_file_goes_into_the_context(session: Session, tmp_path: Path) -> None:
    if session.name == "nothing":
        pytest.skip("this client creates no files")
    write(tmp_path / "docker/deadweight.toml", 'context = "../app"\n')
    (tmp_path / "app/.git").mkdir(parents=True)
    (tmp_path / "app/.git/pack").write_bytes(b"x" * 2_000_000)
    page = session.open(tmp_path / "docker/Dockerfile", "FROM scratch\nCOPY . .\n")
    action, _ = await page.actions("quickfix")
    assert action.edit is not None
    (created, *_) = action.edit.document_changes or ()
    assert isinstance(created, types.CreateFile)
    assert created.uri == (tmp_path / "app/.dockerignore").as_uri()
