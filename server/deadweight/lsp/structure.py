"""Outline, folding, growing selections and semantic tokens: what a file's own text tells, in the protocol's words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from lsprotocol import types
from pygls.capabilities import get_capability

from deadweight.features.folding import folds
from deadweight.features.ignoring.outline import ignore_folds, ignore_symbols
from deadweight.features.selection_ranges import selection_ranges
from deadweight.features.semantic_tokens import pieces_to_colour
from deadweight.features.symbols import flattened, symbols, symbols_called
from deadweight.lsp import convert
from deadweight.lsp.documents import OpenDockerfile, OpenIgnoreFile
from deadweight.lsp.token_data import Numbers, code_for, difference, in_numbers, joined
from deadweight.text import Position

if TYPE_CHECKING:
    from deadweight.features.outline import Reading
    from deadweight.features.symbols import Symbol, SymbolKind
    from deadweight.lsp.server import Server
    from deadweight.syntax.dockerfile import Piece
    from deadweight.text import Encoding, Text

# Kinds that every client knows: those up to Array.
_KINDS: dict[SymbolKind, types.SymbolKind] = {
    "stage": types.SymbolKind.Module,
    "command": types.SymbolKind.Function,
    "files": types.SymbolKind.File,
    "setting": types.SymbolKind.Property,
    "variable": types.SymbolKind.Variable,
    "label": types.SymbolKind.String,
    "section": types.SymbolKind.Namespace,
    "pattern": types.SymbolKind.String,
}


class _Sent(NamedTuple):
    """What a client was sent last for a document, and the pieces that it was made of."""

    id: str
    data: list[int]
    pieces: dict[tuple[Piece, Reading], Numbers]


_ids = count(1)
_sent: WeakKeyDictionary[OpenDockerfile, _Sent] = WeakKeyDictionary()


def document_symbol(
    server: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    """The outline of a file."""
    document = _readable(server, params.text_document)
    if document is None:
        return []
    found = ignore_symbols(document.file) if isinstance(document, OpenIgnoreFile) else symbols(document.tree)
    is_tree = "text_document.document_symbol.hierarchical_document_symbol_support"
    if get_capability(server.client_capabilities, is_tree, False):
        return [_symbol(document.text, each, server.encoding) for each in found]
    return [_information(document, each, container, server.encoding) for each, container in flattened(found)]


def workspace_symbol(server: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """The stages and variables of all open files that a query fits."""
    return [
        _information(document, symbol, stage, server.encoding)
        for document in server.documents
        if isinstance(document, OpenDockerfile) and not document.snapshot.is_foreign
        for symbol, stage in symbols_called(document.tree, params.query)
    ]


def folding_range(server: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """What can be folded."""
    document = _readable(server, params.text_document)
    if document is None:
        return []
    found = ignore_folds(document.file) if isinstance(document, OpenIgnoreFile) else folds(document.tree)
    of_line: dict[int, types.FoldingRange] = {}  # the first one of a line is the largest
    for (start, end), kind in found:
        first, last = document.text.position(start).line, document.text.position(end).line
        if first < last:
            # Without columns a fold is of whole lines, which every client can do.
            of_line.setdefault(first, types.FoldingRange(first, last, kind=kind or None))
    limit = get_capability(server.client_capabilities, "text_document.folding_range.range_limit", len(of_line))
    return sorted(list(of_line.values())[:limit], key=lambda fold: fold.start_line)


def selection_range(server: Server, params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
    """What grows around each cursor."""
    document = _readable(server, params.text_document)
    if not isinstance(document, OpenDockerfile):
        return None
    offsets = [convert.offset(document.text, position, server.encoding) for position in params.positions]
    found: list[types.SelectionRange] = []
    for spans in selection_ranges(document.tree, offsets):
        range_: types.SelectionRange | None = None
        for span in reversed(spans):
            range_ = types.SelectionRange(convert.range_of(document.text, span, server.encoding), range_)
        if range_ is None:
            return None  # the file is too large to be read
        found.append(range_)
    return found


def tokens(server: Server, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """The colours of a file."""
    sent = _send(server, params.text_document)
    return types.SemanticTokens(sent.data, sent.id or None)


def token_changes(
    server: Server, params: types.SemanticTokensDeltaParams
) -> types.SemanticTokens | types.SemanticTokensDelta:
    """What is new in the colours of a file."""
    document = server.dockerfile(params.text_document.uri)
    before = _sent.get(document) if document else None
    sent = _send(server, params.text_document)
    if before is None or before.id != params.previous_result_id:
        return types.SemanticTokens(sent.data, sent.id or None)
    return types.SemanticTokensDelta(difference(before.data, sent.data), sent.id)


def tokens_in_range(server: Server, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    """The tokens of every instruction that the range touches."""
    document = _readable(server, params.text_document)
    if not isinstance(document, OpenDockerfile):
        return types.SemanticTokens([])
    start, end = convert.span(document.text, params.range, server.encoding)
    offsets = document.tree.offsets
    first, last = max(bisect_right(offsets, start) - 1, 0), bisect_left(offsets, end)
    code = code_for(server.client_capabilities, server.encoding)
    pieces = islice(pieces_to_colour(document.tree), first, last)
    data = joined(
        (in_numbers(piece, reading, code) for piece, reading in pieces),
        document.text.position(offsets[first], server.encoding),
    )
    return types.SemanticTokens(data)


def _readable(server: Server, identifier: types.TextDocumentIdentifier) -> OpenDockerfile | OpenIgnoreFile | None:
    """The open document, unless it is in a language that only its own frontend knows."""
    document = server.documents.get(identifier.uri)
    if isinstance(document, OpenDockerfile):
        return None if document.snapshot.is_foreign else document
    return document if isinstance(document, OpenIgnoreFile) else None


def _send(server: Server, identifier: types.TextDocumentIdentifier) -> _Sent:
    """The tokens of a document as it is now; the pieces that it had before are not read again."""
    document = _readable(server, identifier)
    if not isinstance(document, OpenDockerfile):
        return _Sent("", [], {})
    code = code_for(server.client_capabilities, server.encoding)
    before = _sent[document].pieces if document in _sent else {}
    pieces: dict[tuple[Piece, Reading], Numbers] = {}
    in_order: list[Numbers] = []
    for key in pieces_to_colour(document.tree):
        found = before.get(key) or in_numbers(*key, code)
        pieces[key] = found
        in_order.append(found)
    sent = _sent[document] = _Sent(str(next(_ids)), joined(in_order, Position(0, 0)), pieces)
    return sent


def _symbol(text: Text, symbol: Symbol, encoding: Encoding) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        symbol.name,
        _KINDS[symbol.kind],
        convert.range_of(text, symbol.span, encoding),
        convert.range_of(text, symbol.selection, encoding),
        symbol.detail or None,
        children=[_symbol(text, each, encoding) for each in symbol.children] or None,
    )


def _information(
    document: OpenDockerfile | OpenIgnoreFile, symbol: Symbol, container: str, encoding: Encoding
) -> types.SymbolInformation:
    place = types.Location(document.uri, convert.range_of(document.text, symbol.span, encoding))
    return types.SymbolInformation(place, symbol.name, _KINDS[symbol.kind], container_name=container or None)
