"""The language server: thin handlers over open documents, and the protocol where pygls' own does not fit."""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from deadweight import __version__
from deadweight.features import code_actions
from deadweight.features.hover import Hover, hover
from deadweight.features.ignore_file import ignore_hover
from deadweight.features.inlay_hints import inlay_hints
from deadweight.lsp import convert, navigation
from deadweight.lsp.convert import Client
from deadweight.lsp.documents import Documents, OpenDockerfile, OpenIgnoreFile
from deadweight.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.lsp.documents import Document
    from deadweight.text import Encoding

# Files whose change on disk changes what an open document comes to: ignore files, and what installs read.
_WATCHED = "**/{*.dockerignore,.dockerignore,package.json,package-lock.json,requirements*.txt,pyproject.toml}"


class Protocol(LanguageServerProtocol):
    """pygls' protocol, with answers to requests that it cannot read and without its own copies of the documents.

    Those split lines with str.splitlines, which takes a form feed for a line end, and cost the whole file at each edit.
    """

    # pygls takes every method with a name for a built-in handler; without these the features below are called.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object; a request that cannot be read is answered with an error."""
        if data.get("method") == types.INITIALIZE and "jsonrpc" in data:
            known = data.get("params") or {}
            data = {**data, "params": {"capabilities": {}, "processId": None, "rootUri": None, **known}}
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class Server(LanguageServer):
    """A session with one client."""

    def __init__(self) -> None:
        super().__init__("deadweight", __version__, protocol_cls=Protocol)
        self.documents = Documents()
        self.client = Client()
        self.was_shut_down = False
        self.exit_code = 0

    @property
    def encoding(self) -> Encoding:
        """How positions count."""
        return self.client.encoding

    def report_server_error(self, error: Exception, source: Any) -> None:
        """One line in the client's log: the answer is lost, the session goes on."""
        if isinstance(error, navigation.RefusedError):
            return  # the client has the reason as its answer
        line = " ".join(f"{type(error).__name__}: {error}".split())
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"deadweight: {line[:1000]}"))

    def show(self, documents: Iterable[Document]) -> None:
        """Push diagnostics to a client that does not pull them."""
        if self.client.pulls:
            return
        for document in documents:
            found = self.diagnostics_of(document)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, found, version=document.version)
            )

    def show_again(self, documents: Iterable[Document]) -> None:
        """Something around documents has changed: push, or ask a client that pulls to do so; the same for hints."""
        documents = list(documents)
        if not documents:
            return
        self.show(documents)
        if self.client.pulls and self.client.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if self.client.refreshes_hints:
            self.workspace_inlay_hint_refresh(None)

    def diagnostics_of(self, document: Document) -> list[types.Diagnostic]:
        """The diagnostics of a document's present version."""
        return [convert.diagnostic(document.uri, document.text, each, self.client) for each in document.diagnostics]

    def dockerfile(self, uri: str) -> OpenDockerfile | None:
        """The open Dockerfile of this URI."""
        document = self.documents.get(uri)
        return document if isinstance(document, OpenDockerfile) else None

    def take_settings(self, raw: object) -> None:
        """Take the user's settings; what is wrong with them is said in one line."""
        settings, wrong = read_settings(raw)
        self.documents.set(settings)
        if wrong:
            message = f"deadweight: {'; '.join(wrong)}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, " ".join(message.split())))


def make_server() -> Server:
    """A server with all its handlers."""
    server = Server()
    for method, handler in _HANDLERS.items():
        server.feature(method)(partial(handler, server))
    for method, options, handler in navigation.FEATURES:
        server.feature(method, options)(partial(handler, server))
    return server


def serve(port: int | None = None) -> int:
    """Speak with one client over stdin and stdout, or over `port` of this machine. Gives the exit code.

    0 after a proper shutdown, and when the client is gone without a word; 1 after an exit that no shutdown announced.
    """
    _log_in_lines()
    server = make_server()
    if port is not None:
        server.start_tcp("127.0.0.1", port)
        return 0
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # stdout belongs to the protocol alone
    server.start_io(stdout=output)
    return server.exit_code


# --- handlers ---


def _initialize(server: Server, params: types.InitializeParams) -> None:
    encoding = server.workspace.position_encoding
    server.client = convert.client(params.capabilities, str(getattr(encoding, "value", encoding)))
    if server.client.pulls:
        options = types.DiagnosticOptions(True, False, identifier="deadweight")
        server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(partial(_diagnostic, server))
    kinds = types.CodeActionOptions(list(code_actions.KINDS)) if server.client.literal_actions else None
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)(partial(_code_action, server))
    given = params.initialization_options
    server.take_settings(given.get("deadweight", given) if isinstance(given, dict) else given)


def _initialized(server: Server, _: types.InitializedParams) -> None:
    if server.client.watches_files:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
        registration = types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        server.client_register_capability(types.RegistrationParams([registration]))


def _did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    given = params.text_document
    name, path = convert.name_of(given.uri), convert.path_of(given.uri)
    document = server.documents.open(given.uri, name, path, given.version, given.text)
    if document is not None:
        server.show([document])
        _ignore_file_changed(server, document)


def _did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return
    before = document.patterns if isinstance(document, OpenIgnoreFile) else ()
    for change in params.content_changes:
        document.apply(convert.edit(document.text, change, server.encoding))
    document.version = params.text_document.version
    server.show([document])
    if isinstance(document, OpenIgnoreFile) and document.patterns != before:
        _ignore_file_changed(server, document)


def _did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    document = server.documents.get(params.text_document.uri)
    if document is not None and document.path is not None:
        _look_again(server, server.documents.with_context_of(document.path))


def _did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    document = server.documents.close(params.text_document.uri)
    if document is None:
        return
    if not server.client.pulls:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, []))
    _ignore_file_changed(server, document)


def _did_change_watched_files(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    paths = [path for event in params.changes if (path := convert.path_of(event.uri))]
    paths = [path for path in paths if "node_modules" not in path.parts]  # an install writes thousands of them
    touched = {each.uri: each for path in paths for each in server.documents.with_context_of(path)}
    _look_again(server, touched.values())


def _did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    if isinstance(params.settings, dict) and "deadweight" in params.settings:
        server.take_settings(params.settings["deadweight"])
        server.show_again(server.documents)


def _diagnostic(
    server: Server, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return types.RelatedFullDocumentDiagnosticReport([])
    # The words decide, not the version: an edit that moves nothing and changes no number leaves all as it is.
    found = server.diagnostics_of(document)
    result_id = f"{hash(repr(found)) & 0xFFFFFFFFFFFF:x}"
    if result_id == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id)
    return types.RelatedFullDocumentDiagnosticReport(found, result_id=result_id)


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return None
    offset = convert.offset(document.text, params.position, server.encoding)
    shown: Hover | None = None
    if isinstance(document, OpenIgnoreFile):
        everything = document.everything
        files, complete = (everything.files, everything.complete) if everything else ({}, True)
        shown = ignore_hover(document.file, files, offset, complete=complete)
    elif isinstance(document, OpenDockerfile):
        analysis = document.analysis
        shown = hover(analysis.snapshot, analysis.reported, offset)
    return convert.hover(document.text, shown, server.client) if shown else None


def _inlay_hint(server: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    document = server.dockerfile(params.text_document.uri)
    if document is None or not server.documents.settings.inlay_hints:
        return []
    span = convert.span(document.text, params.range, server.encoding)
    hints = inlay_hints(document.analysis.snapshot, span)
    return [convert.inlay_hint(document.text, hint, server.client) for hint in hints]


def _code_action(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return []
    analysis, client = document.analysis, server.client
    span = convert.span(document.text, params.range, server.encoding)
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    actions = list(
        code_actions.code_actions(
            analysis.snapshot,
            analysis.reported,
            span,
            holds=analysis.holds,
            only=only,
            can_create=client.creates_files,
        )
    )
    # Fix-all proves every fix of the file: not for a light bulb at each move of the cursor.
    automatic = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
    if code_actions.is_wanted(code_actions.FIX_ALL, only) and (only or not automatic):
        everything = analysis.fix_all(can_create=client.creates_files)
        actions += [everything] if everything else []
    return [_as_code_action(server, document, action) for action in actions]


def _shutdown(server: Server, _: object) -> None:
    server.was_shut_down = True


def _exit(server: Server, _: object) -> None:
    server.exit_code = 0 if server.was_shut_down else 1


_HANDLERS: dict[str, Any] = {
    types.INITIALIZE: _initialize,
    types.INITIALIZED: _initialized,
    types.SHUTDOWN: _shutdown,
    types.EXIT: _exit,
    types.TEXT_DOCUMENT_DID_OPEN: _did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: _did_change,
    types.TEXT_DOCUMENT_DID_SAVE: _did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: _did_close,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _did_change_watched_files,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: _did_change_configuration,
    types.TEXT_DOCUMENT_HOVER: _hover,
    types.TEXT_DOCUMENT_INLAY_HINT: _inlay_hint,
}


# --- helpers ---


def _ignore_file_changed(server: Server, document: Document) -> None:
    """What an ignore file says has changed: the Dockerfiles that it is for come to something else."""
    if isinstance(document, OpenIgnoreFile):
        dependents = server.documents.dependents(document)
        for each in dependents:
            each.forget()
        server.show_again(dependents)


def _look_again(server: Server, documents: Iterable[Document]) -> None:
    """The disk has changed around documents."""
    documents = list(documents)
    for each in documents:
        each.refresh()
    server.show_again(documents)


def _as_code_action(server: Server, document: OpenDockerfile, action: code_actions.Action) -> types.CodeAction:
    found = [each for each in document.diagnostics if action.reported and each.span == action.reported.finding.span]
    about = [each for each in found if action.reported and each.code == action.reported.rule.id]
    diagnostics = [convert.diagnostic(document.uri, document.text, each, server.client) for each in about]
    folder = document.path.parent if document.path else None
    return convert.code_action(
        document.uri, document.version, document.text, action, diagnostics, folder, server.client
    )


class _OneLine(logging.Formatter):
    """A record as one line, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage().partition("\n")[0]
        return f"deadweight: {said[:500]}{f' ({type(error).__name__}: {error})'[:500] if error else ''}".replace(
            "\n", " "
        )


def _log_in_lines() -> None:
    """Let what pygls has to say about a failure be one line on stderr."""
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(_OneLine())
    to_stderr.setLevel(logging.ERROR)
    to_stderr.addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], navigation.RefusedError))
    )
    logger = logging.getLogger("pygls")
    logger.addHandler(to_stderr)
    logger.propagate = False
