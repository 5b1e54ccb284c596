"""A client of the server for tests: every wait has a limit, and what the server pushes is kept in order."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidRequest
from pygls.protocol import default_converter
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClient, register_lsp_features

from deadweight.text import Edit, Span, Text, apply_edits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

SECONDS = 60.0  # the longest that a test waits for anything
CLIENTS = ("visual-studio-code", "neovim", "nothing")
SERVER = [sys.executable, "-m", "deadweight", "server"]


class Client(LanguageClient):
    """pytest-lsp's client, with everything published, asked for and to apply in the order in which it came."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.applied: asyncio.Queue[types.WorkspaceEdit] = asyncio.Queue()
        self.asked: asyncio.Queue[types.ConfigurationParams] = asyncio.Queue()
        self.registered: list[types.Registration] = []
        self.lens_refreshes = 0
        self.refuses = False  # to say what its settings are


def make_client() -> Client:
    def remember(client: Client, params: types.PublishDiagnosticsParams) -> None:
        client.published.put_nowait(params)
        client.diagnostics[params.uri] = params.diagnostics

    def refresh(_: Client, __: object) -> None:
        return None

    def refresh_lenses(client: Client, _: object) -> None:
        client.lens_refreshes += 1

    def register(client: Client, params: types.RegistrationParams) -> None:
        client.registered += params.registrations

    def configure(client: Client, params: types.ConfigurationParams) -> list[Any]:
        client.asked.put_nowait(params)
        if client.refuses:
            raise JsonRpcInvalidRequest("no settings here")
        return [client.get_configuration(section=each.section, scope_uri=each.scope_uri) for each in params.items]

    def show(client: Client, params: types.ShowMessageParams) -> None:
        client.messages.append(params)

    def apply(client: Client, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        client.applied.put_nowait(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    client = Client(converter_factory=default_converter)
    features = {
        **DEFAULT_CLIENT_FEATURES,
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: remember,
        types.WORKSPACE_INLAY_HINT_REFRESH: refresh,
        types.WORKSPACE_CODE_LENS_REFRESH: refresh_lenses,
        types.CLIENT_REGISTER_CAPABILITY: register,
        types.WINDOW_SHOW_MESSAGE: show,
        types.WORKSPACE_APPLY_EDIT: apply,
        types.WORKSPACE_CONFIGURATION: configure,
    }
    register_lsp_features(client, features)
    return client


def capabilities(name: str) -> types.ClientCapabilities:
    """What a real client says it can do; nothing at all for the name "nothing"."""
    if name == "nothing":
        return types.ClientCapabilities()
    found: types.ClientCapabilities = pytest_lsp.client_capabilities(name)
    return found


@asynccontextmanager
async def greeted(name: str, **greeting: Any) -> AsyncIterator[Session]:
    """A server that a client of this name has started and greeted, until it is shut down."""
    client = make_client()
    await client.start_io(*SERVER)
    params = types.InitializeParams(capabilities=capabilities(name), **greeting)
    yield Session(client, name, await within(client.initialize_session(params)))
    await within(client.shutdown_session())
    await within(client.stop())  # type: ignore[no-untyped-call]


async def within(waiting: Awaitable[Any]) -> Any:
    """The result, or a failure after a limit."""
    return await asyncio.wait_for(waiting, SECONDS)


@dataclass
class Session:
    """One client that has greeted its server."""

    client: Client
    name: str
    result: types.InitializeResult
    opened: list[str] = field(default_factory=list)

    @property
    def pulls(self) -> bool:
        return self.result.capabilities.diagnostic_provider is not None

    @property
    def encoding(self) -> Any:
        encoding = self.result.capabilities.position_encoding
        return str(getattr(encoding, "value", encoding))

    def open(self, path: Path, text: str, version: int = 1) -> Page:
        uri = path.as_uri()
        item = types.TextDocumentItem(uri, "plaintext", version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        self.opened.append(uri)
        return Page(self, uri, Text(text), version)

    def close_all(self) -> None:
        for uri in self.opened:
            document = types.TextDocumentIdentifier(uri)
            self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
        self.opened.clear()

    async def forget(self) -> None:
        """Leave nothing of a test to the next one."""
        self.close_all()
        await self.settle()
        client = self.client
        for queue in (client.published, client.applied, client.asked):
            while not queue.empty():
                queue.get_nowait()
        client.messages.clear()
        client.log_messages.clear()

    async def answered(self) -> types.ConfigurationParams:
        """Wait until the server has dealt with the answer to the next question about settings; gives the question."""
        asked: types.ConfigurationParams = await within(self.client.asked.get())
        await self.settle()
        return asked

    async def settle(self) -> None:
        """Wait until the server has dealt with everything sent so far."""
        position = types.HoverParams(types.TextDocumentIdentifier("file:///nowhere"), types.Position(0, 0))
        await within(self.client.text_document_hover_async(position))


@dataclass
class Page:
    """An open document as the client sees it."""

    session: Session
    uri: str
    text: Text
    version: int

    @property
    def identifier(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    @property
    def all(self) -> types.Range:
        return self.range(0, len(self.text))

    def range(self, start: int, end: int) -> types.Range:
        encoding = self.session.encoding
        first, last = self.text.position(start, encoding), self.text.position(end, encoding)
        return types.Range(types.Position(*first), types.Position(*last))

    def spanned(self, range_: types.Range) -> str:
        """The text that a range covers."""
        return self.text.slice(self._span(range_))

    def type(self, old: str, new: str) -> None:
        """Replace the first `old`, as an editor's incremental change."""
        start = str(self.text).index(old)
        self.change(types.TextDocumentContentChangePartial(self.range(start, start + len(old)), new))
        self.text.apply(Edit(Span(start, start + len(old)), new))

    def change(self, *changes: types.TextDocumentContentChangeEvent) -> None:
        self.version += 1
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.session.client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))

    async def diagnostics(self) -> list[types.Diagnostic]:
        """What the server says about this version, pushed or pulled."""
        client = self.session.client
        if self.session.pulls:
            params = types.DocumentDiagnosticParams(self.identifier)
            return list((await within(client.text_document_diagnostic_async(params))).items)
        while True:
            published = await within(client.published.get())
            if (published.uri, published.version) == (self.uri, self.version):
                return list(published.diagnostics)

    async def codes_now(self) -> list[str]:
        """The codes of what the server said last, or says when asked, after it has dealt with everything."""
        await self.session.settle()
        if self.session.pulls:
            return await self.codes()
        return [str(each.code) for each in self.session.client.diagnostics[self.uri]]

    async def codes(self) -> list[str]:
        return [str(each.code) for each in await self.diagnostics()]

    async def hover(self, at: str) -> types.Hover | None:
        """The hover on the first character of the first `at`."""
        position = self.range(str(self.text).index(at), 0).start
        params = types.HoverParams(self.identifier, position)
        found: types.Hover | None = await within(self.session.client.text_document_hover_async(params))
        return found

    async def hints(self) -> list[types.InlayHint]:
        """The hints when nothing is being measured any more."""
        params = types.InlayHintParams(self.identifier, self.all)
        for _ in range(1000):
            found = list(await within(self.session.client.text_document_inlay_hint_async(params)) or ())
            if "measuring ..." not in [each.label for each in found]:
                return found
        raise AssertionError("still measuring")

    async def actions(self, *only: str) -> list[types.CodeAction]:
        context = types.CodeActionContext([], list(only) or None)
        params = types.CodeActionParams(self.identifier, self.all, context)
        client = self.session.client
        found = list(await within(client.text_document_code_action_async(params)) or ())
        return [await within(client.code_action_resolve_async(each)) if each.edit is None else each for each in found]

    def after(self, action: types.CodeAction) -> tuple[str, dict[str, str]]:
        """The text after an action, and the files that it creates, by name."""
        edits: list[Any] = []
        created: dict[str, str] = {}
        assert action.edit is not None
        for uri, plain in (action.edit.changes or {}).items():
            assert uri == self.uri
            edits += plain
        for change in action.edit.document_changes or ():
            if isinstance(change, types.CreateFile):
                created[change.uri] = ""
            elif isinstance(change, types.TextDocumentEdit) and change.text_document.uri in created:
                created[change.text_document.uri] = "".join(each.new_text for each in change.edits)  # type: ignore[union-attr]
            elif isinstance(change, types.TextDocumentEdit):
                assert (change.text_document.uri, change.text_document.version) == (self.uri, self.version)
                edits += change.edits
        text = apply_edits(str(self.text), [Edit(self._span(each.range), each.new_text) for each in edits])
        return text, {uri.rpartition("/")[2]: content for uri, content in created.items()}

    def _span(self, range_: types.Range) -> Span:
        encoding = self.session.encoding
        start, end = range_.start, range_.end
        return Span(
            self.text.offset((start.line, start.character), encoding),
            self.text.offset((end.line, end.character), encoding),
        )
