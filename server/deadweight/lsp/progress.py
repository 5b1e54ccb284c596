"""Work that takes a while, as the client shows it: with what is done, and a way to stop it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from deadweight.lsp.server import Server

_PATIENCE = 0.5  # seconds; what is done within it is not worth a movement on the screen


@dataclass
class _Work:
    token: str
    title: str
    stop: Callable[[], None]
    is_shown: bool = False


class Progress:
    """The work that a client is shown, at most one of each name."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._under_way: dict[str, _Work] = {}
        self._numbers = count(1)

    def begin(self, name: str, title: str, stop: Callable[[], None]) -> None:
        """Show work until it ends, if that takes a while; `stop` is called when somebody has seen enough."""
        self.end(name)
        if self._server.client.shows_progress:
            work = self._under_way[name] = _Work(f"deadweight {next(self._numbers)}", title, stop)
            asyncio.get_running_loop().call_later(_PATIENCE, self._announce, name, work)

    def end(self, name: str) -> None:
        """Show work no longer."""
        work = self._under_way.pop(name, None)
        if work is not None and work.is_shown:
            self._notify(work, types.WorkDoneProgressEnd())

    def stop(self, token: object) -> None:
        """Somebody has seen enough."""
        for work in [*self._under_way.values()]:
            if work.token == token:
                work.stop()

    def _announce(self, name: str, work: _Work) -> None:
        if self._under_way.get(name) is work:
            asked = self._server.window_work_done_progress_create(types.WorkDoneProgressCreateParams(work.token))
            asked.add_done_callback(lambda answer: self._show(name, work, answer))

    def _show(self, name: str, work: _Work, answer: Future[Any]) -> None:
        if answer.cancelled() or answer.exception() is not None or self._under_way.get(name) is not work:
            return
        work.is_shown = True
        self._notify(work, types.WorkDoneProgressBegin(work.title, cancellable=True))

    def _notify(self, work: _Work, value: types.WorkDoneProgressBegin | types.WorkDoneProgressEnd) -> None:
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(work.token, value))


def _cancel(server: Server, params: types.WorkDoneProgressCancelParams) -> None:
    server.work_shown.stop(params.token)


FEATURES: tuple[tuple[str, object | None, Callable[..., None]], ...] = (
    (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, None, _cancel),
)
