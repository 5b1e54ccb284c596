"""The diagnostics of every Dockerfile of the workspace, open or not, for a client that asks for them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from deadweight.lsp import convert
from deadweight.lsp.configuration import speaks_for
from deadweight.lsp.documents import Documents
from deadweight.lsp.publishing import diagnostics_json, report_json
from deadweight.workspace.declared_builds import DeclaredBuilds
from deadweight.workspace.discover import find_in_steps
from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from lsprotocol import types

    from deadweight.lsp.documents import Document
    from deadweight.lsp.server import Server


class _Known(NamedTuple):
    """Diagnostics as JSON, and the folder of the build context that they were found in."""

    diagnostics: bytes
    folder: Path


class WorkspaceDiagnostics:
    """Answers one question after the other; a file that is not open is read again when something around it changed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: dict[Path, _Known] = {}  # of files that are not open
        self._builds = DeclaredBuilds()  # all of them ask the same files
        self._news = asyncio.Event()
        self._news.set()

    def forget(self, paths: Iterable[Path]) -> None:
        """Files have changed on disk."""
        paths = list(paths)
        deciding = [folder for path in paths if (folder := speaks_for(path))]
        for path, known in list(self._known.items()):
            is_near = any(
                each.parent.is_relative_to(folder) for each in paths for folder in (path.parent, known.folder)
            )
            if is_near or any(path.is_relative_to(folder) for folder in deciding):
                del self._known[path]
        if deciding:
            self._builds = DeclaredBuilds()
        self._news.set()

    def touch(self) -> None:
        """Something is shown anew: whoever waits for news has some."""
        self._news.set()

    async def report(self, params: types.WorkspaceDiagnosticParams) -> dict[str, Any]:
        """What is new since the client last asked; where that is nothing, the answer waits until there is."""
        previous = {each.uri: each.value for each in params.previous_result_ids}
        while True:
            if previous:
                await self._news.wait()
            self._news.clear()
            items = [item async for item in self._items(previous)]
            if not previous or any(item["kind"] == "full" for item in items):
                return {"items": items}

    async def _items(self, previous: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        documents = self._server.documents
        for document in documents:
            found = diagnostics_json(document, self._server.client)
            yield _item(document.uri, document.version, found, previous)
        folders = (convert.path_of(uri) for uri in list(self._server.workspace.folders))
        for path in find_in_steps([folder for folder in folders if folder]):
            await asyncio.sleep(0)  # messages first
            uri = path.as_uri() if path else ""
            if path and documents.get(uri) is None:
                found = await self._diagnostics(path)
                yield _item(uri, None, found, previous)

    async def _diagnostics(self, path: Path) -> bytes:
        if path not in self._known:
            document = self._read(path)
            if document is None:
                return b"[]"
            await self._server.measuring.of_closed(document)
            found = diagnostics_json(document, self._server.client)
            self._known[path] = _Known(found, document.folder or path.parent)
        return self._known[path].diagnostics

    def _read(self, path: Path) -> Document | None:
        try:
            text = read_text(path)
        except UnreadableError:
            return None
        closed = Documents(self._server.configuration.of, lambda: self._builds)
        return closed.open(path.as_uri(), path.name, path, None, text)


def _item(uri: str, version: int | None, diagnostics: bytes, previous: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report_json(diagnostics, previous.get(uri)))
    return {**found, "uri": uri, "version": version}
