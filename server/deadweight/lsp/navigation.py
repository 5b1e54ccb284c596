"""Where a name is declared and used, renaming it, and where links lead: handlers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from lsprotocol import types

from deadweight.features.ignoring.links import ignore_links
from deadweight.features.links import file_at, links
from deadweight.features.names import read_names
from deadweight.features.rename import Refusal, prepare, rename
from deadweight.lsp import convert
from deadweight.lsp.documents import OpenDockerfile, OpenIgnoreFile
from deadweight.lsp.protocol import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.features.links import Link
    from deadweight.features.names import Names, Occurrence
    from deadweight.lsp.server import Server
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span


# What an editor asks at each move of the cursor is read once a version.
_names: WeakKeyDictionary[OpenDockerfile, tuple[Snapshot, Names]] = WeakKeyDictionary()


def _names_of(document: OpenDockerfile) -> Names:
    snapshot = document.snapshot
    known = _names.get(document)
    if known is None or known[0] is not snapshot:
        known = _names[document] = (snapshot, read_names(snapshot))
    return known[1]


def definition(server: Server, params: types.DefinitionParams) -> types.Location | None:
    """Where the name at the cursor is declared."""
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return None
    offset = convert.offset(document.text, params.position, server.encoding)
    found = _names_of(document).at(offset)
    if found is not None and found[1].definition:
        return _location(server, document, found[1].definition)
    path = file_at(document.snapshot, offset) if found is None else None
    uri = convert.file_uri(_context_folder(document), path) if path else None
    start = types.Position(0, 0)
    return types.Location(uri, types.Range(start, start)) if uri else None


def references(server: Server, params: types.ReferenceParams) -> list[types.Location]:
    """Every place of the name at the cursor."""
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return []
    wanted = (
        each
        for each in _occurrences(server, document, params.position)
        if params.context.include_declaration or each.use != "declaration"
    )
    return [_location(server, document, each.span) for each in wanted]


def document_highlight(server: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """The places of the name at the cursor, as reads and writes."""
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return []
    kinds = types.DocumentHighlightKind
    return [
        types.DocumentHighlight(
            convert.range_of(document.text, each.span, server.encoding),
            kinds.Read if each.use == "read" else kinds.Write,
        )
        for each in _occurrences(server, document, params.position)
    ]


def prepare_rename(server: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    """The name at the cursor, if it can be given another."""
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return None
    found = prepare(_names_of(document), convert.offset(document.text, params.position, server.encoding))
    if found is None:
        return None
    if isinstance(found, Refusal):
        raise RefusedError(found.reason)
    range_ = convert.range_of(document.text, found.span, server.encoding)
    return types.PrepareRenamePlaceholder(range_, found.name)


def rename_everywhere(server: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits that give a name another in all of its places."""
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return None
    offset = convert.offset(document.text, params.position, server.encoding)
    found = rename(document.snapshot, _names_of(document), offset, params.new_name)
    if isinstance(found, Refusal):
        raise RefusedError(found.reason)
    return convert.renaming(document.uri, document.version, document.text, found, server.client)


def document_link(server: Server, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """The links of a file."""
    document = server.documents.get(params.text_document.uri)
    there: Iterable[Link] = ()
    folder: Path | None = None
    if isinstance(document, OpenIgnoreFile):
        there, folder = ignore_links(document.reading), document.folder
    elif isinstance(document, OpenDockerfile):
        there, folder = links(document.snapshot), _context_folder(document)
    found = [convert.link(document.text, each, folder, server.client) for each in there] if document else []
    return [each for each in found if each is not None]


def _occurrences(server: Server, document: OpenDockerfile, position: types.Position) -> tuple[Occurrence, ...]:
    """Every place of the name at a position."""
    found = _names_of(document).at(convert.offset(document.text, position, server.encoding))
    return found[0].occurrences if found else ()


def _location(server: Server, document: OpenDockerfile, span: Span) -> types.Location:
    return types.Location(document.uri, convert.range_of(document.text, span, server.encoding))


def _context_folder(document: OpenDockerfile) -> Path | None:
    """The folder of the build context; None for one that is not on disk."""
    context = document.snapshot.context
    return Path(context.root) if context and Path(context.root).is_absolute() else None
