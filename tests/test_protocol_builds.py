"""A session in a project whose files declare how its Dockerfiles are built."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsprotocol import types

from sessions import CLIENTS, Page, Session, greeted, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

COPY = "FROM scratch\nCOPY big /\n"
WEB = "services: {web: {build: {context: ., dockerfile: docker/Dockerfile}}}\n"

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
def project(tmp_path: Path) -> Path:
    """A project with a Dockerfile that is built from another folder, as soon as a file says so."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "docker").mkdir()
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    return tmp_path


def changed(session: Session, path: Path, text: str | None = None) -> None:
    """Write a file, or remove it, and tell of it."""
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def labels(page: Page, are: Callable[[list[str]], bool]) -> list[str]:
    """The labels at the ends of lines, once they are what is waited for: folders are measured in the background."""

    async def awaited() -> list[str]:
        while not are(found := [str(hint.label) for hint in await page.hints()]):
            pass
        return found

    found: list[str] = await within(awaited())
    return found


async def shows(page: Page, *wanted: str) -> None:
    """Waits until just these labels are there, however often what is measured changes before."""
    await labels(page, list(wanted).__eq__)


async def hover_of(page: Page, at: str) -> str:
    shown = await page.hover(at)
    assert shown is not None
    assert isinstance(shown.contents, types.MarkupContent)
    return shown.contents.value


async def test_files_that_declare_builds_are_watched(session: Session) -> None:
    await session.settle()
    registered = {each.method: str(each.register_options) for each in session.client.registered}
    if session.name != "visual-studio-code":
        pytest.skip("this client watches no files")
    watched = registered[types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
    for name in (
        "compose*.yaml",
        "docker-compose*.yml",
        "docker-bake*.hcl",
        "devcontainer.json",
        ".env",
        "package.json",
    ):
        assert f",{name}" in watched


async def test_the_context_is_what_a_compose_file_says_and_the_hover_says_so(session: Session, project: Path) -> None:
    (project / "compose.yaml").write_text(WEB)
    page = session.open(project / "docker/Dockerfile", COPY)
    await shows(page, "+3.0 MB")
    assert "Build context: `..`, by `../compose.yaml` (service web)" in await hover_of(page, "FROM")


async def test_the_file_is_read_when_it_changes_and_not_at_an_edit(session: Session, project: Path) -> None:
    page = session.open(project / "docker/Dockerfile", COPY)
    await shows(page)
    assert "Build context: `.`, the folder of the Dockerfile" in await hover_of(page, "FROM")
    (project / "compose.yaml").write_text(WEB)
    page.type("COPY", "\nCOPY")
    await shows(page)
    changed(session, project / "compose.yaml", WEB)
    await shows(page, "+3.0 MB")
    (project / "compose.yaml").unlink()
    page.type("COPY", "\nCOPY")
    await shows(page, "+3.0 MB")
    session.client.text_document_did_save(types.DidSaveTextDocumentParams(page.identifier))
    await shows(page)


async def test_each_kind_of_file_counts_when_it_comes(session: Session, project: Path) -> None:
    page = session.open(project / "docker/Dockerfile", COPY)
    container = '{"build": {"dockerfile": "../docker/Dockerfile", "context": ".."}} // here'
    bake = 'target "web" {\n  context = "."\n  dockerfile = "docker/Dockerfile"\n}\n'
    for name, text in (
        (".devcontainer/devcontainer.json", container),
        ("docker-bake.hcl", bake),
        ("compose.yaml", WEB),
    ):
        changed(session, project / name, text)
        await shows(page, "+3.0 MB")
        assert f"by `../{name}`" in await hover_of(page, "FROM")
        changed(session, project / name)
        await shows(page)
    changed(session, project / "compose.yaml", WEB.replace("context: .", "context: $HERE"))
    await shows(page)
    changed(session, project / ".env", "HERE=.\n")
    await shows(page, "+3.0 MB")


async def test_the_settings_of_the_project_go_first(session: Session, project: Path) -> None:
    (project / "compose.yaml").write_text(WEB)
    (project / "docker/big").write_bytes(b"x" * 2_000_000)
    page = session.open(project / "docker/Dockerfile", COPY)
    await shows(page, "+3.0 MB")
    changed(session, project / "deadweight.toml", 'context = "docker"\n')
    await shows(page, "+2.0 MB")
    shown = await hover_of(page, "FROM")
    assert "Build context: `.`, by the project's settings" in shown
    assert "- also built with context `..`, by `../compose.yaml` (service web)" in shown


async def test_all_others_are_named(session: Session, project: Path) -> None:
    dev = "services: {web: {build: {context: ., dockerfile: docker/Dockerfile, target: dev, args: {A: 1}}}}\n"
    (project / "compose.yaml").write_text(WEB)
    (project / "compose.dev.yaml").write_text(dev)
    (project / "docker/compose.yaml").write_text("services: [")
    page = session.open(project / "docker/Dockerfile", COPY)
    shown = await hover_of(page, "FROM")
    assert "- also built with target `dev`, argument `A=1`, by `../compose.dev.yaml` (service web)" in shown
    assert "- not read: `compose.yaml`, line 2: " in shown


async def test_the_target_and_the_arguments_are_taken(session: Session, project: Path) -> None:
    build = "{context: ., dockerfile: docker/Dockerfile, target: one, args: {BASE: 'python:3.13-slim'}}"
    (project / "compose.yaml").write_text(f"services: {{web: {{build: {build}}}}}")
    text = "ARG BASE=scratch\nFROM $BASE AS one\nRUN pip install pandas\nFROM scratch\n"
    page = session.open(project / "docker/Dockerfile", text)
    assert await page.codes_now() == ["install-cache-kept"]
    assert "Build context: `..`, target `one`, by `../compose.yaml` (service web)" in await hover_of(page, "FROM")
    (slim, *_) = await labels(page, lambda found: bool(found) and "..." not in found[0])
    changed(session, project / "deadweight.toml", 'build-args = { BASE = "alpine:3.22" }\n')
    (alpine, *_) = await labels(page, lambda found: bool(found) and "..." not in found[0])
    assert (slim, alpine) == ("130 MB", "8.3 MB")
    changed(session, project / "compose.yaml", WEB)
    assert await page.codes_now() == []


async def test_an_ignore_file_of_the_declared_context(session: Session, project: Path) -> None:
    (project / "compose.yaml").write_text(WEB)
    page = session.open(project / "docker/Dockerfile", COPY)
    await shows(page, "+3.0 MB")
    session.open(project / ".dockerignore", "big\n")
    await shows(page)
    own = session.open(project / "docker/Dockerfile.dockerignore", "*.toml\n")
    await shows(page, "+3.0 MB")
    own.type("*.toml", "b*")
    await shows(page)
    assert "3.0 MB" in await hover_of(own, "b*")


async def test_a_document_without_a_folder_has_nothing_declared(session: Session) -> None:
    item = types.TextDocumentItem("untitled:Dockerfile", "dockerfile", 1, COPY)
    session.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    session.opened.append(item.uri)
    params = types.HoverParams(types.TextDocumentIdentifier(item.uri), types.Position(0, 0))
    shown = await session.client.text_document_hover_async(params)
    assert shown is not None
    assert "Build context" not in str(shown.contents)


async def test_files_of_the_workspace_that_are_not_open(project: Path) -> None:
    (project / "compose.yaml").write_text(WEB.replace("context: .", "context: ., target: one"))
    text = "FROM python:3.13-slim AS one\nRUN pip install pandas\nFROM scratch\n"
    (project / "docker/Dockerfile").write_text(text)
    folders = [types.WorkspaceFolder(project.as_uri(), "here")]

    async with greeted("neovim", workspace_folders=folders) as session:

        async def asked(*previous: types.PreviousResultId) -> types.WorkspaceFullDocumentDiagnosticReport:
            params = types.WorkspaceDiagnosticParams(list(previous))
            (item,) = (await session.client.workspace_diagnostic_async(params)).items
            assert isinstance(item, types.WorkspaceFullDocumentDiagnosticReport)
            return item

        first = await asked()
        assert [each.code for each in first.items] == ["install-cache-kept"]
        assert first.result_id is not None
        waiting = asyncio.ensure_future(asked(types.PreviousResultId(first.uri, first.result_id)))
        changed(session, project / "compose.yaml", WEB)
        assert not (await waiting).items


async def test_a_base_that_the_project_builds_has_its_dockerfile_s_total(session: Session, project: Path) -> None:
    (project / "compose.yaml").write_text("services: {base: {image: my/base, build: {context: ., dockerfile: B}}}\n")
    (project / "B").write_text(COPY)
    page = session.open(project / "docker/Dockerfile", "FROM other/base\nCOPY big /\n")
    await labels(page, lambda found: bool(found) and found[0] != "3.0 MB")
    page.type("other/base", "my/base")
    await labels(page, lambda found: found[:1] == ["3.0 MB"])
    assert "built by ../B (../compose.yaml, service base)" in await hover_of(page, "FROM")
    (project / "big").write_bytes(b"x" * 5_000_000)
    changed(session, project / "B", COPY)
    await labels(page, lambda found: found[:1] == ["5.0 MB"])
    changed(session, project / "compose.yaml")
    await labels(page, lambda found: found[:1] != ["5.0 MB"])
