"""The language server: thin handlers over open documents, and the protocol where pygls' own does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from deadweight import __version__
from deadweight.lsp import actions, configuration, convert, progress, topics
from deadweight.lsp.background import Background
from deadweight.lsp.client_process import watch
from deadweight.lsp.configuration import Configuration
from deadweight.lsp.convert import Client
from deadweight.lsp.converter import make_converter
from deadweight.lsp.documents import Documents, OpenDockerfile, OpenIgnoreFile
from deadweight.lsp.garbage import settle
from deadweight.lsp.measuring import Measuring
from deadweight.lsp.protocol import Handler, Protocol, RefusedError
from deadweight.lsp.publishing import diagnostics_json, hints_json, publish_json, report_json
from deadweight.lsp.transport import Output, read_pipe, read_stream
from deadweight.syntax.shell_nodes import load_language
from deadweight.workspace import declared_builds

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from deadweight.features.hover import Hover
    from deadweight.features.inlay_hints import Hint
    from deadweight.lsp.documents import Document
    from deadweight.lsp.image_sizes import ImageSizes
    from deadweight.lsp.workspace_diagnostics import WorkspaceDiagnostics
    from deadweight.text import Encoding

# Files whose change on disk changes what an open document comes to: ignore files, what installs read, settings, and
# what declares builds.
_WATCHED_NAMES = (
    "*.dockerignore",
    ".dockerignore",
    "*.containerignore",
    ".containerignore",
    "package.json",
    "package-lock.json",
    "requirements*.txt",
    "pyproject.toml",
    "deadweight.toml",
    *declared_builds.WATCHED,
)
_WATCHED = f"**/{{{','.join(_WATCHED_NAMES)}}}"
_SECONDS_TO_READ = 10.0  # the longest that the end of a session waits for a client to read its last answers


class Server(LanguageServer):
    """A session with one client."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__("deadweight", __version__, protocol_cls=Protocol, converter_factory=make_converter)
        self.configuration = Configuration(self)
        self.documents = Documents(self.configuration.of, today=lambda: time.strftime("%Y-%m-%d"))
        self.background = Background()
        self.measuring = Measuring(self)
        self.workspace_diagnostics: WorkspaceDiagnostics | None = None  # for a client that pulls
        self.image_sizes: ImageSizes | None = None  # for a client that shows them
        self.work_shown = progress.Progress(self)
        self.client = Client()
        self.was_shut_down = False
        self.said_what_is_not_read = False
        self.exit_code = 0
        self._stopped: asyncio.Event | None = None
        self._changed: dict[str, Document] = {}  # what has to be shown when all that has come is dealt with
        self.protocol.notified = {
            types.TEXT_DOCUMENT_DID_OPEN: partial(_did_open, self),
            types.TEXT_DOCUMENT_DID_CHANGE: partial(_did_change, self),
            types.EXIT: partial(_exit, self),
        }

    @property
    def encoding(self) -> Encoding:
        """How positions count."""
        return self.client.encoding

    async def speak(self) -> None:
        """Speak with the client over stdin and stdout until one of both ends it."""
        self.protocol.set_writer(Output())
        await self._until_stopped(read_pipe(sys.stdin.fileno(), self.protocol.receive, self.show_changed))

    async def listen(self, port: int) -> None:
        """Speak with the first client that connects to a port of this machine."""
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

        def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            listener.close()
            if connected.done():
                writer.close()
            else:
                connected.set_result((reader, writer))

        listener = await asyncio.start_server(connect, "127.0.0.1", port)
        reader, writer = await connected
        self.protocol.set_writer(writer)
        await self._until_stopped(read_stream(reader, self.protocol.receive, self.show_changed))
        writer.close()
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), _SECONDS_TO_READ)

    async def _until_stopped(self, reading: Coroutine[Any, Any, None]) -> None:
        self._stopped = asyncio.Event()
        both = asyncio.ensure_future(reading), asyncio.ensure_future(self._stopped.wait())
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)

    def stop(self) -> None:
        """End the session."""
        if self._stopped:
            self._stopped.set()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """One line in the client's log: the answer is lost, the session goes on."""
        if not isinstance(error, RefusedError):  # the client has the reason as its answer
            self.log(f"{type(error).__name__}: {error}")

    def say(self, message: str) -> None:
        """One line for the person at the editor."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, " ".join(message.split())))

    def log(self, message: str) -> None:
        """One line in the client's log."""
        line = " ".join(message.split())
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"deadweight: {line[:1000]}"))

    def changed(self, document: Document) -> None:
        """Show a document when all messages that have come are dealt with: of a burst of edits, the last counts."""
        self._changed[document.uri] = document

    def show_changed(self) -> None:
        """Show the documents that have changed; called when no further message is there to be read."""
        changed, self._changed = self._changed, {}
        if changed and self.workspace_diagnostics:
            self.workspace_diagnostics.touch()
        for document in changed.values():
            if self.documents.get(document.uri) is document:
                if isinstance(document, OpenDockerfile) and document.is_on_new_base:
                    self.measuring.weigh(document)
                self.show_now(document)

    def show_now(self, document: Document) -> None:
        """Show a document that has changed, and those that it matters to: an ignore file to the Dockerfiles that are
        built with it, a Dockerfile, where it copies something else now, to its ignore files.
        """
        if isinstance(document, OpenIgnoreFile) and document.found is not document.shown:
            document.shown = document.found
            self.show_again([document, *self.documents.dependents(document)])
        else:
            self.show([document])
        for each in self.documents.governing(document):
            if (taken := each.taken) != each.taken_shown:
                each.taken_shown = taken
                self.show_again([each])

    def show(self, documents: Iterable[Document]) -> None:
        """Push diagnostics to a client that does not pull them, and to one that shows them the sizes of images."""
        for document in documents:
            self._publish(document)
            if self.image_sizes and isinstance(document, OpenDockerfile):
                self.image_sizes.tell(document)

    def _publish(self, document: Document) -> None:
        if self.client.pulls:
            return
        try:
            found = diagnostics_json(document, self.client)
        except Exception as error:
            self.log(f"{document.uri}: {type(error).__name__}: {error}")
            return
        self.protocol.send(publish_json(document, found))

    def show_again(self, documents: Iterable[Document]) -> None:
        """Something around documents has changed: push, or ask a client that pulls to; also for hints and lenses."""
        documents = list(documents)
        if not documents:
            return
        if self.workspace_diagnostics:
            self.workspace_diagnostics.touch()
        self.show(documents)
        if self.client.pulls and self.client.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if self.client.refreshes_hints:
            self.workspace_inlay_hint_refresh(None)
        self.refresh_lenses()

    def refresh_lenses(self) -> None:
        """Ask the client to ask again for the lines above stages and patterns."""
        if self.client.refreshes_lenses:
            self.workspace_code_lens_refresh(None)

    def dockerfile(self, uri: str) -> OpenDockerfile | None:
        """The open Dockerfile of this URI."""
        document = self.documents.get(uri)
        return document if isinstance(document, OpenDockerfile) else None


def make_server() -> Server:
    """A server with all its handlers."""
    server = Server()
    for method, handler in _HANDLERS.items():
        server.feature(method)(Handler(handler, server))
    topics.register(server)
    for method, options, handler in (*configuration.FEATURES, *progress.FEATURES):
        server.feature(method, options)(Handler(handler, server))
    return server


def serve(port: int | None = None) -> int:
    """Speak with one client over stdin and stdout, or over `port` of this machine. Gives the exit code.

    0 after a proper shutdown, and when the client is gone without a word; 1 after an exit that no shutdown announced.
    """
    _log_in_lines()
    server = make_server()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.speak() if port is None else server.listen(port))
    return server.exit_code


# --- handlers ---


def _initialize(server: Server, params: types.InitializeParams) -> None:
    encoding = server.workspace.position_encoding
    server.client = convert.client(params.capabilities, str(getattr(encoding, "value", encoding)))
    if server.client.pulls:
        options = types.DiagnosticOptions(True, True, identifier="deadweight")
        server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(lambda _: None)  # announced here, answered in bytes
        server.protocol.asked[types.TEXT_DOCUMENT_DIAGNOSTIC] = partial(_diagnostic, server)
        from deadweight.lsp.workspace_diagnostics import WorkspaceDiagnostics

        server.workspace_diagnostics = WorkspaceDiagnostics(server)
        server.feature(types.WORKSPACE_DIAGNOSTIC)(partial(server.workspace_diagnostics.report))
    if server.client.shows_image_sizes:
        from deadweight.lsp.image_sizes import ImageSizes

        server.image_sizes = ImageSizes(server)
    server.protocol.asked[types.TEXT_DOCUMENT_INLAY_HINT] = partial(_inlay_hint, server)
    actions.register(server)
    watch(params.process_id, server.stop)
    given = params.initialization_options
    server.configuration.tell(given.get("deadweight", given) if isinstance(given, dict) else given)


def _initialized(server: Server, _: types.InitializedParams) -> None:
    registrations = configuration.registrations(server)
    if server.client.watches_files:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
        registrations.append(types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if registrations:
        server.client_register_capability(types.RegistrationParams(registrations))


def _did_open(server: Server, params: Any) -> None:
    """Take in a document, given as the client sent it: pygls would make a text of whatever stands in its place."""
    uri, text, version = (params["textDocument"].get(name) for name in ("uri", "text", "version"))
    if not isinstance(uri, str) or not isinstance(text, str):
        _forget(server, uri)
        server.log(f"{uri}: there is no text in the message that opens it")
        return
    name, path = convert.name_of(uri), convert.path_of(uri)
    document = server.documents.open(uri, name, path, _version(version), text)
    if document is not None:
        server.measuring.walk(document)
        server.show([document])
        server.configuration.ask([document])
        _came_or_went(server, document)
        _say_what_is_not_read(server, document)
    if not gc.isenabled():  # the start is over, whatever was opened
        settle()


def _did_change(server: Server, params: Any) -> None:
    """Carry out edits, given as the client sent them; where they cannot be read, nobody knows the text any more."""
    uri = params["textDocument"]["uri"]
    document = server.documents.get(uri)
    if document is None:
        return
    try:
        for change in params["contentChanges"]:
            document.apply(convert.edit(document.text, change, server.encoding))
        document.version = _version(params["textDocument"].get("version"))
    except Exception as error:
        _forget(server, uri)
        server.log(f"{uri}: a change that cannot be read ({type(error).__name__}: {error}): open the document again")
        return
    if isinstance(document, OpenIgnoreFile):
        server.measuring.sift(document)
    server.changed(document)


def _did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    document = server.documents.get(params.text_document.uri)
    if document is not None and document.path is not None:
        _look_again(server, server.documents.with_context_of(document.path))


def _did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    _forget(server, params.text_document.uri)


def _did_change_watched_files(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    paths = [path for event in params.changes if (path := convert.path_of(event.uri))]
    paths = [path for path in paths if "node_modules" not in path.parts]  # an install writes thousands of them
    touched = {each.uri: each for path in paths for each in server.documents.with_context_of(path)}
    if server.workspace_diagnostics:
        server.workspace_diagnostics.forget(paths)
    _look_again(server, touched.values())
    server.configuration.files_changed(paths)


def _diagnostic(server: Server, params: Any) -> bytes:
    document = server.documents.get(params["textDocument"]["uri"])
    found = b"[]" if document is None else diagnostics_json(document, server.client)
    return report_json(found, params.get("previousResultId"))


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return None
    from deadweight.features.hover import hover  # here and below: a session starts without them
    from deadweight.features.ignoring.hover import ignore_hover

    offset = convert.offset(document.text, params.position, server.encoding)
    shown: Hover | None = None
    if isinstance(document, OpenIgnoreFile):
        shown = ignore_hover(document.reading, offset)
    elif isinstance(document, OpenDockerfile):
        analysis = document.analysis
        shown = hover(analysis.snapshot, analysis.reported, offset, server.documents.beside(document))
    return convert.hover(document.text, shown, server.client) if shown else None


def _inlay_hint(server: Server, params: Any) -> bytes:
    document = server.documents.get(params["textDocument"]["uri"])
    if document is None or not document.settings.inlay_hints:
        return b"[]"
    from deadweight.features.ignoring.hints import ignore_hints
    from deadweight.features.inlay_hints import inlay_hints

    span = convert.raw_span(document.text, params["range"], server.encoding)
    hints: Iterable[Hint] = ()
    if isinstance(document, OpenIgnoreFile):
        hints = ignore_hints(document.reading, span)
    elif isinstance(document, OpenDockerfile):
        hints = inlay_hints(document.snapshot, span, is_measuring=document.is_measuring)
    return hints_json(document, hints, server.client)


def _shutdown(server: Server, _: object) -> None:
    server.was_shut_down = True


def _exit(server: Server, _: object) -> None:
    server.exit_code = 0 if server.was_shut_down else 1
    server.stop()


_HANDLERS: dict[str, Any] = {
    types.INITIALIZE: _initialize,
    types.INITIALIZED: _initialized,
    types.SHUTDOWN: _shutdown,
    types.TEXT_DOCUMENT_DID_OPEN: lambda *_: None,  # announced here, dealt with as it comes
    types.TEXT_DOCUMENT_DID_SAVE: _did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: _did_close,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _did_change_watched_files,
    types.TEXT_DOCUMENT_HOVER: _hover,
    types.TEXT_DOCUMENT_INLAY_HINT: lambda *_: None,  # announced here, answered in bytes
}


# --- helpers ---


def _version(given: object) -> int | None:
    return given if isinstance(given, int) else None


def _forget(server: Server, uri: str) -> None:
    """A document is not open any more: what was said about it is taken back."""
    document = server.documents.close(uri)
    if document is None:
        return
    server.measuring.drop(document)
    if server.image_sizes:
        server.image_sizes.forget(document)
    if not server.client.pulls:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    _came_or_went(server, document)


def _came_or_went(server: Server, document: Document) -> None:
    """The Dockerfiles that an ignore file is for come to something else; an ignore file has other copies to look to."""
    server.show_again(server.documents.governing(document))
    if isinstance(document, OpenIgnoreFile):
        document.shown, document.taken_shown = document.found, document.taken
        dependents = server.documents.dependents(document)
        for each in dependents:
            each.forget()
        server.show_again(dependents)


def _say_what_is_not_read(server: Server, document: Document) -> None:
    """Say once in a session that scripts are not read, where this Python has no tree-sitter."""
    if isinstance(document, OpenDockerfile) and not server.said_what_is_not_read and load_language() is None:
        server.said_what_is_not_read = True
        python = ".".join(map(str, sys.version_info[:2]))
        server.say(f"What RUN does is not read, and has no size: Python {python} here is without tree-sitter")


def _look_again(server: Server, documents: Iterable[Document]) -> None:
    """The disk has changed around documents."""
    documents = list(documents)
    for each in documents:
        each.configure()
        server.measuring.walk(each)
    server.show_again(documents)


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
    to_stderr.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], RefusedError)))
    logger = logging.getLogger("pygls")
    logger.addHandler(to_stderr)
    logger.propagate = False
