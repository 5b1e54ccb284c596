"""Outline, folding, growing selections and semantic tokens as clients get them, and as a bare client does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from deadweight.features.kinds import TOKEN_TYPES
from deadweight.lsp.server import make_server
from sessions import Page, Session, within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEXT = """\
ARG TAG=22\r
# é𝄞\r
# two\r
FROM node:$TAG AS build\r
RUN echo 'é𝄞' && \\\r
  npm ci\r
FROM scratch\r
COPY --from=build /é𝄞 "/b"\r
"""
FOREIGN = "# syntax=example.com/other\nFROM a AS b\nRUN a \\\n  b\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(page: Page, method: str, **more: Any) -> Any:
    """The answer to a request about a document."""
    params = {"text_document": page.identifier, **more}
    client = page.session.client
    kind = {
        "document_symbol": types.DocumentSymbolParams,
        "folding_range": types.FoldingRangeParams,
        "selection_range": types.SelectionRangeParams,
        "semantic_tokens_full": types.SemanticTokensParams,
        "semantic_tokens_full_delta": types.SemanticTokensDeltaParams,
        "semantic_tokens_range": types.SemanticTokensRangeParams,
    }[method]
    return await within(getattr(client, f"text_document_{method}_async")(kind(**params)))


def outlined(page: Page, symbols: Iterable[types.DocumentSymbol], indent: str = "") -> list[str]:
    """Each symbol with the text that it selects."""
    lines = []
    for symbol in symbols:
        lines.append(f"{indent}{symbol.name} <{page.spanned(symbol.selection_range)}>")
        lines += outlined(page, symbol.children or (), indent + "  ")
    return lines


def coloured(page: Page, data: Iterable[int]) -> list[tuple[str, str]]:
    """Type and text of each token."""
    legend = page.session.result.capabilities.semantic_tokens_provider
    assert isinstance(legend, (types.SemanticTokensOptions, types.SemanticTokensRegistrationOptions))
    found = []
    line = column = 0
    for down, right, length, type_, _ in zip(*[iter(data)] * 5, strict=True):
        line, column = line + down, right if down else column + right
        place = types.Range(types.Position(line, column), types.Position(line, column + length))
        found.append((str(legend.legend.token_types[type_]), page.spanned(place)))
    return found


# --- outline ---


async def test_an_outline_is_a_tree_for_clients_that_show_trees(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    found = await ask(page, "document_symbol")
    if session.name == "nothing":
        assert all(isinstance(each, types.SymbolInformation) for each in found)
        assert [(each.name, each.container_name) for each in found] == [
            *(("ARG TAG", None), ("TAG", "ARG TAG"), ("build", None), ("RUN echo 'é𝄞'", "build")),
            *(("scratch", None), ("COPY /é𝄞 → /b", "scratch")),
        ]
        assert page.spanned(found[-1].location.range) == 'COPY --from=build /é𝄞 "/b"'
    else:
        assert outlined(page, found) == [
            *("ARG TAG <ARG>", "  TAG <TAG>", "build <build>", "  RUN echo 'é𝄞' <RUN>"),
            *("scratch <scratch>", "  COPY /é𝄞 → /b <COPY>"),
        ]
        assert (found[1].detail, found[1].kind) == ("node:$TAG", types.SymbolKind.Module)
        assert page.spanned(found[1].range).endswith("npm ci")
        assert found[2].detail is None


async def test_open_files_are_searched_for_stages_and_variables(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    session.open(tmp_path / "b.dockerfile", "FROM a AS builder\nENV TARGET=1\n")
    session.open(tmp_path / "c.dockerfile", FOREIGN)
    session.open(tmp_path / ".dockerignore", "tag\n")

    async def called(query: str) -> list[tuple[str, str | None, str]]:
        found = await within(session.client.workspace_symbol_async(types.WorkspaceSymbolParams(query)))
        return [(each.name, each.container_name, each.location.uri.rpartition("/")[2]) for each in found]

    assert await called("BLD") == [("build", None, "Dockerfile"), ("builder", None, "b.dockerfile")]
    assert await called("tag") == [("TAG", None, "Dockerfile"), ("TARGET", "builder", "b.dockerfile")]
    assert await called("trg") == [("TARGET", "builder", "b.dockerfile")]
    page.type("build", "other")
    assert await called("BLD") == [("builder", None, "b.dockerfile")]
    session.close_all()
    assert await called("") == []


# --- folding ---


async def test_folds_are_of_whole_lines_and_one_starts_on_a_line(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT + "RUN <<EOF\r\na\r\nb\r\nEOF\r\n")
    found = await ask(page, "folding_range")
    assert [(fold.start_line, fold.end_line, fold.kind) for fold in found] == [
        *((1, 2, types.FoldingRangeKind.Comment), (3, 5, None), (4, 5, None), (6, 11, None), (8, 11, None)),
        (9, 10, types.FoldingRangeKind.Region),
    ]
    assert {(fold.start_character, fold.end_character) for fold in found} == {(None, None)}


# --- growing selections ---


async def test_several_selections_grow(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    places = [TEXT.index("𝄞'"), TEXT.index("/b"), len(TEXT)]
    found = await ask(page, "selection_range", positions=[page.range(at, at).start for at in places])
    grown = []
    for each in found:
        spans = []
        while each:
            spans.append(page.spanned(each.range))
            each = each.parent
        grown.append(spans)
    assert grown[0][:4] == ["é", "é𝄞", "'é𝄞'", "echo 'é𝄞'"]
    assert grown[0][-4:-2] == ["echo 'é𝄞' && \\\r\n  npm ci", "RUN echo 'é𝄞' && \\\r\n  npm ci"]
    assert grown[1][:2] == ["/b", '"/b"']
    assert grown[2] == [TEXT]


# --- semantic tokens ---


async def test_tokens_are_where_they_are_in_any_encoding(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    found = coloured(page, (await ask(page, "semantic_tokens_full")).data)
    assert found == [
        *(("keyword", "ARG"), ("variable", "TAG"), ("operator", "="), ("string", "22")),
        *(("comment", "# é𝄞"), ("comment", "# two")),
        *(("keyword", "FROM"), ("type", "node"), ("variable", "$TAG"), ("keyword", "AS"), ("namespace", "build")),
        *(("keyword", "RUN"), ("function", "echo"), ("string", "'é𝄞'"), ("operator", "&&"), ("function", "npm")),
        *(("keyword", "FROM"), ("type", "scratch")),
        *(("keyword", "COPY"), ("parameter", "--from"), ("namespace", "build"), ("string", '"/b"')),
    ]


async def test_tokens_of_a_range_are_those_of_its_instructions(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    place = TEXT.index("npm")
    found = await ask(page, "semantic_tokens_range", range=page.range(place, place + 3))
    assert coloured(page, found.data) == [
        *(("keyword", "RUN"), ("function", "echo"), ("string", "'é𝄞'"), ("operator", "&&"), ("function", "npm")),
    ]
    everything = await ask(page, "semantic_tokens_range", range=page.all)
    assert everything.data == (await ask(page, "semantic_tokens_full")).data


async def test_changes_of_tokens_lead_to_the_new_ones(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", TEXT)
    before = await ask(page, "semantic_tokens_full")
    data, known = list(before.data), before.result_id
    for old, new in (("npm", "\r\n pnpm"), ("AS build", "AS é"), ("# two", "# two"), ("FROM scratch", "")):
        page.type(old, new)
        changes = await ask(page, "semantic_tokens_full_delta", previous_result_id=known)
        assert isinstance(changes, types.SemanticTokensDelta)
        assert bool(changes.edits) == (old != new)
        for edit in changes.edits:
            data[edit.start : edit.start + edit.delete_count] = edit.data or []
        known = changes.result_id
    assert data == list((await ask(page, "semantic_tokens_full")).data)
    unknown = await ask(page, "semantic_tokens_full_delta", previous_result_id="nobody sent this")
    assert isinstance(unknown, types.SemanticTokens)
    assert list(unknown.data) == data


# --- what is not ours ---


async def test_other_documents_have_no_structure(session: Session, tmp_path: Path) -> None:
    for page in (
        session.open(tmp_path / "Dockerfile", FOREIGN),
        session.open(tmp_path / "notes.md", TEXT),
        Page(session, "file:///nowhere/Dockerfile", session.open(tmp_path / "x.md", "").text, 1),
    ):
        start = types.Position(0, 0)
        assert not await ask(page, "document_symbol")
        assert not await ask(page, "folding_range")
        assert not await ask(page, "selection_range", positions=[start])
        assert not (await ask(page, "semantic_tokens_full")).data
        assert not (await ask(page, "semantic_tokens_full_delta", previous_result_id="1")).data
        assert not (await ask(page, "semantic_tokens_range", range=types.Range(start, start))).data


async def test_an_ignore_file_has_sections(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / ".dockerignore", "a\n# é𝄞\nb\n!c\n")
    found = await ask(page, "document_symbol")
    assert [each.name for each in found][:2] == ["a", "é𝄞"]
    if session.name != "nothing":
        assert outlined(page, found) == ["a <a>", "é𝄞 <# é𝄞>", "  b <b>", "  !c <!c>"]
    assert [(fold.start_line, fold.end_line) for fold in await ask(page, "folding_range")] == [(1, 3)]
    assert not (await ask(page, "semantic_tokens_full")).data


# --- clients of other kinds ---


def answer(method: str, params: Any, text: str, **known: Any) -> Any:
    """What a client gets that says this about itself."""
    server = make_server()
    document = types.TextDocumentClientCapabilities(**known)
    server.protocol.client_capabilities = types.ClientCapabilities(text_document=document)
    server.documents.open("file:///nowhere/Dockerfile", "Dockerfile", None, 1, text)
    return server.protocol.fm.features[method](params)


IDENTIFIER = types.TextDocumentIdentifier("file:///nowhere/Dockerfile")


async def test_where_there_is_room_for_few_folds_the_largest_are_told() -> None:
    text = "# a\n# b\nFROM a\nRUN a \\\n b\nFROM b\nRUN c \\\n d\n"
    for limit, lines in ((None, [0, 2, 3, 5, 6]), (3, [2, 3, 5]), (2, [2, 5])):
        found = answer(
            types.TEXT_DOCUMENT_FOLDING_RANGE,
            types.FoldingRangeParams(IDENTIFIER),
            text,
            folding_range=types.FoldingRangeClientCapabilities(range_limit=limit),
        )
        assert [fold.start_line for fold in found] == lines


async def test_a_client_that_lists_few_types_gets_few() -> None:
    requests = types.ClientSemanticTokensRequestOptions(full=True)
    formats = [types.TokenFormat.Relative]
    found = answer(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        types.SemanticTokensParams(IDENTIFIER),
        TEXT,
        semantic_tokens=types.SemanticTokensClientCapabilities(requests, ["keyword", "string"], [], formats),
    )
    assert {TOKEN_TYPES[type_] for type_ in found.data[3::5]} == {"keyword", "string"}
    assert set(found.data[4::5]) == {0}


async def test_a_file_that_is_too_large_has_no_structure() -> None:
    text = "FROM a\n" + "#" * 1_000_000
    positions = [types.Position(0, 1)]
    assert answer(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(IDENTIFIER), text) == []
    selections = types.SelectionRangeParams(IDENTIFIER, positions)
    assert answer(types.TEXT_DOCUMENT_SELECTION_RANGE, selections, text) is None
    tokens = types.SemanticTokensRangeParams(IDENTIFIER, types.Range(positions[0], positions[0]))
    assert answer(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, tokens, text).data == []
