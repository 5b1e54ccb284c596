"""The floor that a language server on pygls stands on: it does all that the protocol asks for, and knows nothing.

python tests/benchmarks/bare_pygls.py [pull]
"""

from __future__ import annotations

import sys
from importlib.metadata import version

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare pygls", version("pygls"))
pulls = sys.argv[1:] == ["pull"]


def publish(uri: str, version: int) -> None:
    """Nothing is wrong with this version."""
    if not pulls:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [], version))


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams) -> None:
    """The first version."""
    publish(params.text_document.uri, params.text_document.version)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(params: types.DidChangeTextDocumentParams) -> None:
    """A further version."""
    publish(params.text_document.uri, params.text_document.version)


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(_: types.HoverParams) -> types.Hover:
    """The same of every place."""
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "a line"))


@server.feature(types.TEXT_DOCUMENT_COMPLETION)
def completion(_: types.CompletionParams) -> list[types.CompletionItem]:
    """One word at every place."""
    return [types.CompletionItem("RUN")]


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
def code_action(_: types.CodeActionParams) -> list[types.CodeAction]:
    """Nothing to do."""
    return []


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
    """One hint on every screen."""
    return [types.InlayHint(params.range.start, "a line")]


def diagnostic(_: types.DocumentDiagnosticParams) -> types.RelatedFullDocumentDiagnosticReport:
    """Nothing is wrong, for clients that ask."""
    return types.RelatedFullDocumentDiagnosticReport([])


if pulls:
    options = types.DiagnosticOptions(False, False)
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(diagnostic)
server.start_io()
