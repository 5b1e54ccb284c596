"""Completion and signature help over stdio, as VS Code, Neovim and a bare client get them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from deadweight.text import Edit, Span, apply_edits
from sessions import Page, Session, within

if TYPE_CHECKING:
    from pathlib import Path

CURSOR = "<|>"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Asked:
    """A page with a cursor in it, and what the server offers there."""

    def __init__(self, page: Page, offset: int, answer: types.CompletionList | None) -> None:
        self.page, self.offset, self.answer = page, offset, answer
        self.items = {item.label: item for item in answer.items} if answer else {}

    def text(self, label: str) -> str:
        """The text that an item inserts, a snippet as it is."""
        item = self.items[label]
        return item.text_edit.new_text if item.text_edit else item.text_edit_text or item.label

    def ranges(self, label: str) -> tuple[types.Range, types.Range]:
        """Where an item goes: the text up to the cursor, and the whole word; the same for simple clients."""
        edit: Any = self.items[label].text_edit
        if edit is None:
            assert self.answer is not None
            assert self.answer.item_defaults is not None
            edit = self.answer.item_defaults.edit_range
        if isinstance(edit, (types.InsertReplaceEdit, types.EditRangeWithInsertReplace)):
            return edit.insert, edit.replace
        range_ = edit.range if isinstance(edit, types.TextEdit) else edit
        return range_, range_

    def applied(self, label: str) -> str:
        """The document after an item took the place of the whole word."""
        text, encoding = self.page.text, self.page.session.encoding
        _, whole = self.ranges(label)
        assert whole.start.line == whole.end.line  # what the protocol asks for
        span = Span(
            text.offset((whole.start.line, whole.start.character), encoding),
            text.offset((whole.end.line, whole.end.character), encoding),
        )
        assert span.start <= self.offset <= span.end
        return apply_edits(str(text), [Edit(span, self.text(label))])

    async def resolved(self, label: str) -> types.CompletionItem:
        found: types.CompletionItem = await within(
            self.page.session.client.completion_item_resolve_async(self.items[label])
        )
        return found


async def ask(session: Session, folder: Path, text: str, trigger: str | None = None) -> Asked:
    offset = text.index(CURSOR)
    page = session.open(folder / "Dockerfile", text.replace(CURSOR, ""))
    kind = types.CompletionTriggerKind.TriggerCharacter if trigger else types.CompletionTriggerKind.Invoked
    params = types.CompletionParams(
        page.identifier, page.range(offset, offset).start, context=types.CompletionContext(kind, trigger)
    )
    answer: Any = await within(session.client.text_document_completion_async(params))
    return Asked(page, offset, answer)


def words(documentation: types.MarkupContent | str | None) -> str:
    return documentation.value if isinstance(documentation, types.MarkupContent) else documentation or ""


async def test_what_is_announced(session: Session) -> None:
    completion = session.result.capabilities.completion_provider
    assert completion is not None
    assert completion.resolve_provider
    assert set(completion.trigger_characters or ()) >= set("-=:,/$ ")
    assert session.result.capabilities.signature_help_provider is not None


async def test_items_go_where_the_word_is_in_any_encoding(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM debian:12\r\nRUN echo é𝄞 && apt-get install cu<|>rl2\r\n")
    assert asked.applied("curl") == "FROM debian:12\r\nRUN echo é𝄞 && apt-get install curl\r\n"
    upto, whole = asked.ranges("curl")
    assert asked.page.spanned(whole) == "curl2"
    assert asked.page.spanned(upto) == ("cu" if session.name == "visual-studio-code" else "curl2")


async def test_snippets_are_for_clients_that_have_them(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM debian:12\n<|>\n")
    assert asked.text("RUN") == "RUN "
    forms = [item for item in asked.items.values() if item.kind == types.CompletionItemKind.Snippet]
    if session.name == "nothing":
        assert forms == []
        assert not any(item.insert_text_format for item in asked.items.values())
    else:
        assert all(item.insert_text_format == types.InsertTextFormat.Snippet for item in forms)
        assert "${1:packages} \\\\\n" in asked.text("RUN apt-get install")


async def test_documentation_is_in_a_format_that_the_client_shows(session: Session, tmp_path: Path) -> None:
    item = (await ask(session, tmp_path, "FROM debian:12\n<|>\n")).items["CMD"]
    assert "Size: none" in words(item.documentation).replace("*", "")
    if session.name == "nothing":
        assert isinstance(item.documentation, str)
        assert "*" not in item.documentation
    else:
        assert isinstance(item.documentation, types.MarkupContent)


async def test_what_takes_time_comes_when_it_is_looked_at(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM debian:12\nRUN apt-get install -y cur<|>\n")
    assert asked.items["curl"].documentation is None
    assert (asked.items["curl"].detail or "").endswith("alone")
    item = await asked.resolved("curl")
    assert item.detail is not None
    assert item.detail.endswith("MB with what it needs")
    assert "libcurl4" in words(item.documentation)


async def test_an_item_that_nobody_knows_any_more_stays_as_it_is(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM debian:12\nRUN apt-get install -y cur<|>\n")
    session.close_all()
    assert (await asked.resolved("curl")).documentation is None
    for data in (None, 3, {"uri": 3, "subject": []}, {"uri": asked.page.uri, "subject": "x"}):
        item = types.CompletionItem("x", data=data)
        assert (await within(session.client.completion_item_resolve_async(item))).label == "x"
    again = session.open(tmp_path / "Dockerfile", "FROM a\n")
    for subject in (["stage", "99"], ["package", "apt", "curl", "99", ""], ["image", "", ""], ["stage", "²"], []):
        item = types.CompletionItem("x", data={"uri": again.uri, "subject": subject})
        assert (await within(session.client.completion_item_resolve_async(item))).label == "x"


async def test_the_order_is_ours(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM node:<|>\n")
    sorted_by_client = sorted(asked.items.values(), key=lambda item: item.sort_text or item.label)
    assert [item.label for item in sorted_by_client] == list(asked.items)
    assert "unpacked" in (next(iter(asked.items.values())).detail or "")


async def test_files_come_from_the_real_folder(session: Session, tmp_path: Path) -> None:
    (tmp_path / "é src").mkdir()
    (tmp_path / "é src" / "a.txt").write_bytes(b"x" * 2_000_000)
    (tmp_path / "left.out").write_bytes(b"x")
    (tmp_path / ".dockerignore").write_text("left.out\n")
    asked = await ask(session, tmp_path, 'FROM scratch\nCOPY ["é<|>", "/"]\n')
    assert asked.items["é src/"].detail == "2.0 MB"
    folder = types.CompletionItemKind.File if session.name == "nothing" else types.CompletionItemKind.Folder
    assert asked.items["é src/"].kind == folder
    assert "left.out" not in asked.items
    assert asked.applied("é src/") == 'FROM scratch\nCOPY ["é src/", "/"]\n'


async def test_a_long_list_says_that_there_is_more(session: Session, tmp_path: Path) -> None:
    asked = await ask(session, tmp_path, "FROM debian:12\nRUN apt-get install lib<|>\n")
    assert asked.answer is not None
    assert asked.answer.is_incomplete
    assert (await ask(session, tmp_path, "FROM debian:12\nRUN apt-get install lib<|>\n", "/")).items


async def test_a_blank_is_no_reason_to_open_a_list(session: Session, tmp_path: Path) -> None:
    assert (await ask(session, tmp_path, "FROM <|>\n", " ")).items
    assert not (await ask(session, tmp_path, "FROM debian:12\nRUN apt-get install <|>\n", " ")).items
    assert not (await ask(session, tmp_path, "FROM debian:12\nEXPOSE 80 <|>\n", " ")).items


async def test_what_is_heavy_is_offered_in_an_ignore_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / ".dockerignore", "\n")
    start = types.Position(0, 0)
    params = types.CompletionParams(page.identifier, start)
    found = await within(session.client.text_document_completion_async(params))
    assert (found.items[0].label, found.items[0].detail) == ("data.bin", "3.0 MB")


async def test_files_that_are_not_ours_have_nothing(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "notes.md", "FROM \n")
    start = types.Position(0, 5)
    params = types.CompletionParams(page.identifier, start)
    assert await within(session.client.text_document_completion_async(params)) is None
    asked = types.SignatureHelpParams(page.identifier, start)
    assert await within(session.client.text_document_signature_help_async(asked)) is None


async def test_signature_help(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "FROM debian:12\nCOPY --from=x a \nRUN ls \n")

    async def at(text: str) -> types.SignatureHelp | None:
        end = str(page.text).index(text) + len(text)
        params = types.SignatureHelpParams(page.identifier, page.range(end, end).start)
        found: types.SignatureHelp | None = await within(session.client.text_document_signature_help_async(params))
        return found

    helped = await at("--from=x")
    assert helped is not None
    form = helped.signatures[helped.active_signature or 0]
    assert form.parameters is not None
    active = form.parameters[helped.active_parameter or 0]
    label = active.label if isinstance(active.label, str) else form.label[slice(*active.label)]
    assert label == "[--from=<stage>|<context>|<image>]"
    assert isinstance(active.label, str) == (session.name == "nothing")
    assert "instead of the build context" in words(active.documentation)
    assert await at("RUN ls ") is None
