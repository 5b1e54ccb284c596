"""The folders around open documents, looked at in slices between messages: walks, and what patterns leave of them."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.lsp.background import SLICE, quietly
from deadweight.lsp.documents import OpenDockerfile, OpenIgnoreFile
from deadweight.workspace.built_bases import weigh_bases
from deadweight.workspace.context import EnoughError, walk_context
from deadweight.workspace.files import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Generator

    from deadweight.features.ignoring.reading import Measured
    from deadweight.lsp.documents import Document
    from deadweight.lsp.server import Server
    from deadweight.model.context import BuildContext
    from deadweight.workspace.built_bases import BuiltBases

_AT_ONCE = 1000  # files that patterns are tried on at once; 2 ms of work
_SECONDS = 30.0  # the longest that a walk of a build context goes on

_logger = logging.getLogger("pygls.deadweight")


class Measuring:
    """What a session is measuring; what it comes to is shown, where that was not there at once."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def walk(self, document: Document) -> None:
        """Walk the folder around a document, and those of base images that the project builds."""
        server, is_late = self._server, False

        def take(context: BuildContext | None) -> None:
            document.measured(context)
            server.work_shown.end(document.uri)
            if isinstance(document, OpenIgnoreFile):
                self.sift(document)
                if is_late:
                    server.show_now(document)
                    server.refresh_lenses()  # the one above the patterns said that somebody measures
            elif is_late:
                server.show_again([document])

        if document.path is not None:
            self.weigh(document)
            document.is_measuring = True
            if not server.background.run(document.uri, _walk(document), take):
                title = f"Reading the build context of {document.path.name}"
                server.work_shown.begin(
                    document.uri, title, lambda: server.background.stop(document.uri, EnoughError())
                )
            is_late = True

    def weigh(self, document: Document) -> None:
        """Find out what base images weigh that the project builds."""
        server, is_late = self._server, False

        def take(bases: BuiltBases) -> None:
            if document.stands_on(bases) and is_late:
                server.show_again([document])

        if isinstance(document, OpenDockerfile) and document.path:
            server.background.run(_weighing(document), _bases(document, document.path), take)
            is_late = True

    def sift(self, document: OpenIgnoreFile) -> None:
        """Find out what the patterns of an ignore file leave of its folder, unless that is known.

        What they left before stays as long as nobody knows better.
        """
        server, is_late = self._server, False

        def take(found: Measured) -> None:
            document.found = found
            for each in server.documents.dependents(document):
                each.forget()
            if is_late:
                server.show_now(document)

        known, whole = document.found, document.whole
        if whole is not None and (known is None or not known.is_of(whole, document.file)):
            first = float("inf") if whole.tree.count <= _AT_ONCE else SLICE
            server.background.run(_sifting(document), _measured(document, whole), take, first)
            is_late = True
        else:
            server.background.drop(_sifting(document))  # what an earlier version would have come to

    def drop(self, document: Document) -> None:
        """Nobody waits for it any more."""
        self._server.background.drop(document.uri)
        self._server.background.drop(_sifting(document))
        self._server.background.drop(_weighing(document))
        self._server.work_shown.end(document.uri)

    async def of_closed(self, document: Document) -> None:
        """Measure what is around a document that is not open."""
        if document.path is None:
            return
        document.measured(await quietly(_walk(document)))
        if isinstance(document, OpenDockerfile):
            document.stands_on(await quietly(_bases(document, document.path)))
        if isinstance(document, OpenIgnoreFile) and document.whole is not None:
            document.found = await quietly(_measured(document, document.whole))


def _sifting(document: Document) -> tuple[str, str]:
    """The name of the work."""
    return "sift", document.uri


def _weighing(document: Document) -> tuple[str, str]:
    """The name of the work."""
    return "weigh", document.uri


def _bases(document: OpenDockerfile, path: Path) -> Generator[None, None, BuiltBases]:
    """What base images weigh that the project builds."""
    return weigh_bases(path, document.tree, document.how, document.settings)


def _measured(document: OpenIgnoreFile, whole: BuildContext) -> Generator[None, None, Measured]:
    """What the patterns of an ignore file leave of its folder; it says so while it is under way, however that ends."""
    from deadweight.features.ignoring.reading import measure

    document.is_sifting = True
    try:
        return (yield from measure(whole, document.file))
    finally:
        document.is_sifting = False


def _walk(document: Document) -> Generator[None, None, BuildContext | None]:
    """The build context of a file on disk; None where it cannot be read, as for a folder that is not there yet.

    Of an ignore file, all that its folder holds.
    """
    whole = document.whole if isinstance(document, OpenIgnoreFile) else None
    try:
        return (
            yield from walk_context(
                document.path or Path(),
                document.folder,
                deadline=time.monotonic() + _SECONDS,
                without_ignore_file=isinstance(document, OpenIgnoreFile),
                before=whole.tree if whole else None,
                builder=document.settings.builder,
            )
        )
    except UnreadableError:
        return None
    except Exception:
        _logger.exception("the walk of %s failed", document.folder)
        return None
