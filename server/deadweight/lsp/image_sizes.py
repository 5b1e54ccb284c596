"""The size of each open Dockerfile's image, told to a client that keeps it in sight: `deadweight/imageSize`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deadweight.lsp.convert import plain, readable

if TYPE_CHECKING:
    from deadweight.features.image_size import ImageSize
    from deadweight.lsp.documents import Document, OpenDockerfile
    from deadweight.lsp.server import Server

METHOD = "deadweight/imageSize"


class ImageSizes:
    """What the client was told of each document; it is told again when that is something else."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told: dict[str, ImageSize | None] = {}

    def tell(self, document: OpenDockerfile) -> None:
        """Tell the size in words, or null where there is none; whatever fails costs this alone."""
        from deadweight.features.image_size import image_size  # few clients ask for it

        try:
            size = image_size(document.snapshot, document.analysis.reported) if document.is_read else None
        except Exception as error:
            self._server.log(f"{document.uri}: {type(error).__name__}: {error}")
            return
        if document.uri in self._told and self._told[document.uri] == size:
            return
        self._told[document.uri] = size
        client = self._server.client
        shown = size and {"text": plain(size.text), "detail": readable(size.detail, client)}
        params = {"uri": plain(document.uri), "size": shown}
        self._server.protocol.send(json.dumps({"jsonrpc": "2.0", "method": METHOD, "params": params}).encode())

    def forget(self, document: Document) -> None:
        """A document is closed."""
        self._told.pop(document.uri, None)
