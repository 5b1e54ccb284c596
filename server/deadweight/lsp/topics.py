"""What a client may ask, and which module answers: imported when it is first asked, so that a session starts soon."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from deadweight.features.kinds import TOKEN_TYPES
from deadweight.lsp.protocol import Handler

if TYPE_CHECKING:
    from deadweight.lsp.server import Server

# Where a client asks for completion, letters aside: `-` for flags, `=`, `,` and `:` for values, options and tags, `/`
# for the next folder, `$` and `{` for variables, a blank for what has to come behind FROM, COPY and ADD.
_COMPLETION = ["-", "=", ":", ",", "/", "$", "{", " "]
_SIGNATURE = [" ", "=", ",", "-", "["]
_COMPLETES = types.CompletionOptions(_COMPLETION, resolve_provider=True)
_LINKS = types.DocumentLinkOptions(resolve_provider=False)
_LEGEND = types.SemanticTokensLegend(TOKEN_TYPES, ("declaration",))

# The method, the module and function that answer, and what is announced with it.
_TOPICS: tuple[tuple[str, str, str, object | None], ...] = (
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "structure", "document_symbol", None),
    (types.WORKSPACE_SYMBOL, "structure", "workspace_symbol", None),
    (types.TEXT_DOCUMENT_FOLDING_RANGE, "structure", "folding_range", None),
    (types.TEXT_DOCUMENT_SELECTION_RANGE, "structure", "selection_range", None),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, "structure", "tokens", _LEGEND),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA, "structure", "token_changes", _LEGEND),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, "structure", "tokens_in_range", _LEGEND),
    (types.TEXT_DOCUMENT_DEFINITION, "navigation", "definition", None),
    (types.TEXT_DOCUMENT_REFERENCES, "navigation", "references", None),
    (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "navigation", "document_highlight", None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, "navigation", "prepare_rename", None),
    (types.TEXT_DOCUMENT_RENAME, "navigation", "rename_everywhere", None),
    (types.TEXT_DOCUMENT_DOCUMENT_LINK, "navigation", "document_link", _LINKS),
    (types.TEXT_DOCUMENT_COMPLETION, "completion", "completion", _COMPLETES),
    (types.COMPLETION_ITEM_RESOLVE, "completion", "resolve", None),
    (types.TEXT_DOCUMENT_SIGNATURE_HELP, "completion", "signatures", types.SignatureHelpOptions(_SIGNATURE)),
)


def register(server: Server) -> None:
    """Announce all of them."""
    for method, module, function, options in _TOPICS:
        server.feature(method, options)(Handler(_answer, module, function, server))


def _answer(module: str, function: str, server: Server, params: Any) -> Any:
    return getattr(import_module(f"deadweight.lsp.{module}"), function)(server, params)
