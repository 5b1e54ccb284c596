"""Definitions, references, renaming and links over stdio, as VS Code, Neovim and a bare client ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from deadweight.text import Edit, Span, apply_edits
from sessions import Page, Session, within

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "# é𝄞\r\nARG V=1\r\nFROM node:$V AS build\r\nRUN echo é𝄞\r\nFROM build\r\nARG V\r\nRUN echo é𝄞 $V\r\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


def position(page: Page, at: str) -> types.Position:
    """The first character of the last `at`."""
    return page.range(str(page.text).rindex(at), 0).start


async def ask(page: Page, method: str, at: str, **more: Any) -> Any:
    """The answer to a request about a position."""
    params: Any = types.METHOD_TO_TYPES[method][2]
    given = params(text_document=page.identifier, position=position(page, at), **more)
    return await within(page.session.client.protocol.send_request_async(method, given))  # type: ignore[no-untyped-call]


def spanned(page: Page, range_: types.Range) -> str:
    """What a range covers, with its line before it."""
    line = str(page.text).split("\r\n")[range_.start.line]
    return f"{line}: {page.spanned(range_)}"


def offsets(page: Page, range_: types.Range) -> Span:
    encoding = page.session.encoding
    start, end = ((each.line, each.character) for each in (range_.start, range_.end))
    return Span(page.text.offset(start, encoding), page.text.offset(end, encoding))


async def test_what_is_announced(session: Session) -> None:
    announced = session.result.capabilities
    assert announced.definition_provider
    assert announced.references_provider
    assert announced.document_highlight_provider
    assert announced.document_link_provider
    # Options are only for clients that know of `prepareRename`.
    assert isinstance(announced.rename_provider, types.RenameOptions) == (session.name != "nothing")


async def test_a_definition_stands_where_it_is_in_any_encoding(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    found = await ask(page, types.TEXT_DOCUMENT_DEFINITION, "V\r\n")
    assert (found.uri, spanned(page, found.range)) == (page.uri, "ARG V: V")
    found = await ask(page, types.TEXT_DOCUMENT_DEFINITION, "build")
    assert spanned(page, found.range) == "FROM node:$V AS build: build"
    assert await ask(page, types.TEXT_DOCUMENT_DEFINITION, "RUN") is None


async def test_references_with_and_without_the_declaration(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    uses = ["FROM node:$V AS build: V", "RUN echo é𝄞 $V: V"]
    for included, expected in ((False, uses), (True, ["ARG V=1: V", uses[0], "ARG V: V", uses[1]])):
        context = types.ReferenceContext(included)
        found = await ask(page, types.TEXT_DOCUMENT_REFERENCES, "V\r\n", context=context)
        assert [spanned(page, each.range) for each in found] == expected
    assert not await ask(page, types.TEXT_DOCUMENT_REFERENCES, "RUN", context=types.ReferenceContext(True))


async def test_highlights_say_what_is_written_and_what_read(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    found = await ask(page, types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "build")
    kinds = types.DocumentHighlightKind
    assert [(spanned(page, each.range), each.kind) for each in found] == [
        ("FROM node:$V AS build: build", kinds.Write),
        ("FROM build: build", kinds.Read),
    ]


async def test_what_is_typed_is_followed(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    await ask(page, types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "build")
    page.type("AS build", "AS base")
    page.type("FROM build", "\r\nFROM base")
    found = await ask(page, types.TEXT_DOCUMENT_DEFINITION, "base")
    assert spanned(page, found.range) == "FROM node:$V AS base: base"


async def test_a_renaming_is_an_edit_that_the_client_can_take(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT, version=3)
    edit = await ask(page, types.TEXT_DOCUMENT_RENAME, "V\r\n", new_name="W")
    if session.name == "nothing":
        assert edit.document_changes is None
        edits = edit.changes[page.uri]
    else:
        (change,) = edit.document_changes
        assert (change.text_document.uri, change.text_document.version) == (page.uri, 3)
        edits = change.edits
    assert [each.new_text for each in edits] == ["W"] * 4
    done = apply_edits(TEXT, (Edit(offsets(page, each.range), each.new_text) for each in edits))
    assert done == TEXT.replace("V", "W")
    annotations = edit.change_annotations
    if session.name == "visual-studio-code":
        (annotation,) = annotations.values()
        assert annotation.needs_confirmation
        assert annotation.description == "Check: builds that pass --build-arg V"
        assert {each.annotation_id for each in edits} == set(annotations)
    else:
        assert annotations is None


async def test_what_can_be_renamed_is_said_beforehand(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    found = await ask(page, types.TEXT_DOCUMENT_PREPARE_RENAME, "build")
    assert (spanned(page, found.range), found.placeholder) == ("FROM build: build", "build")
    assert await ask(page, types.TEXT_DOCUMENT_PREPARE_RENAME, "RUN") is None


async def test_a_refusal_is_one_line_for_the_person_who_asked(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    for method, at, more, reason in (
        (types.TEXT_DOCUMENT_RENAME, "build", {"new_name": "9"}, "'9' is no name of a stage"),
        (types.TEXT_DOCUMENT_RENAME, "RUN", {"new_name": "x"}, "there is no name here"),
        (types.TEXT_DOCUMENT_PREPARE_RENAME, "node", {}, ""),
    ):
        if not reason:
            assert await ask(page, method, at, **more) is None  # `node:$V` is an image, and no name
            continue
        with pytest.raises(JsonRpcException) as refused:
            await ask(page, method, at, **more)
        assert refused.value.code == types.LSPErrorCodes.RequestFailed
        assert refused.value.message.startswith(reason)
        assert "\n" not in refused.value.message
    await session.settle()
    assert session.client.log_messages == []  # no failure of the server's


async def test_links_lead_to_pages_and_files(session: Session, tmp_path: Path) -> None:
    (tmp_path / "é 𝄞.txt").write_text("x")
    text = 'FROM node:22\r\nCOPY ["é 𝄞.txt", "/x/"]\r\nADD https://example.org/x /x\r\n'
    page = session.open(tmp_path / "Dockerfile", text)
    params = types.DocumentLinkParams(page.identifier)
    found = await within(session.client.text_document_document_link_async(params))
    assert [(page.spanned(each.range), each.target) for each in found] == [
        ("node:22", "https://hub.docker.com/_/node"),
        ("é 𝄞.txt", (tmp_path / "é 𝄞.txt").as_uri()),
        ("https://example.org/x", "https://example.org/x"),
    ]
    tooltips = ["node:22 on Docker Hub", "é 𝄞.txt in the build context", None]
    knows_tooltips = session.name == "visual-studio-code"
    assert [each.tooltip for each in found] == (tooltips if knows_tooltips else [None] * 3)


async def test_a_source_is_defined_by_its_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("x")
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\r\nCOPY app.js nothing.js /x/\r\n")
    found = await ask(page, types.TEXT_DOCUMENT_DEFINITION, "app.js")
    start = types.Position(0, 0)
    assert found == types.Location((tmp_path / "app.js").as_uri(), types.Range(start, start))
    assert await ask(page, types.TEXT_DOCUMENT_DEFINITION, "nothing.js") is None


async def test_files_that_are_not_ours_have_no_names(session: Session, tmp_path: Path) -> None:
    for name in (".dockerignore", "notes.md"):
        page = session.open(tmp_path / name, TEXT)
        assert await ask(page, types.TEXT_DOCUMENT_DEFINITION, "build") is None
        assert not await ask(page, types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "build")
        assert await ask(page, types.TEXT_DOCUMENT_RENAME, "build", new_name="x") is None
        links = types.DocumentLinkParams(page.identifier)
        assert not await within(session.client.text_document_document_link_async(links))
