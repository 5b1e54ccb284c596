"""pygls' protocol with a short way for what every keystroke sends, and an answer to whatever cannot be read."""

from __future__ import annotations

import json
import logging
from functools import partial
from inspect import Signature
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from deadweight.lsp.transport import Frames, frame

if TYPE_CHECKING:
    from collections.abc import Callable

# JSON-RPC 2.0 and LSP 3.17, "Base Protocol".
_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INTERNAL_ERROR, _NOT_INITIALIZED = -32700, -32600, -32601, -32603, -32002

_logger = logging.getLogger("pygls.deadweight")


class RefusedError(JsonRpcException):
    """What was asked for cannot be done: the message is for the person who asked, no failure of the server's."""

    CODE = int(types.LSPErrorCodes.RequestFailed)


class Handler(partial[Any]):
    """What answers a method, with the server as its first argument.

    pygls asks each by its signature whether it wants a server: 60 µs for each of forty (2026-11-26).
    """

    __signature__ = Signature()


class Protocol(LanguageServerProtocol):
    """pygls' protocol, but for what it does at every keystroke.

    It makes its own copies of the documents, which split lines with str.splitlines (that takes a form feed for a line
    end) and cost the whole file at each edit. It makes objects of every message: that alone is more than what is to be
    done about an edit. So `notified` and `asked` name handlers that get the parameters as they come, and give bytes of
    JSON; all other methods go pygls' way.
    """

    # pygls takes every method with a name for a built-in handler; without these, documents are left to us.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.notified: dict[str, Callable[[Any], None]] = {}
        self.asked: dict[str, Callable[[Any], bytes]] = {}
        self._frames = Frames()
        self._is_initialized = False

    def receive(self, data: bytes) -> None:
        """Deal with bytes of the client; never raises, whatever they are."""
        for body in self._frames.feed(data):
            try:
                self._receive(body)
            except Exception:
                _logger.exception("a message could not be dealt with")

    def send(self, body: bytes) -> None:
        """Send a message that is JSON already."""
        if self.writer is not None:
            self.writer.write(frame(body) if self._include_headers else body)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object; a request that cannot be read is answered with an error."""
        if data.get("method") == types.INITIALIZE and "jsonrpc" in data:
            known = data.get("params") or {}
            if isinstance(known, dict):
                data = {**data, "params": {"capabilities": {}, "processId": None, "rootUri": None, **known}}
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def _receive(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(None, _PARSE_ERROR, f"no JSON: {error}")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            identity = message.get("id") if isinstance(message, dict) else None
            self._refuse(identity, _INVALID_REQUEST, "no message of JSON-RPC 2.0")
            return
        method, is_request = message.get("method"), "id" in message
        if method is not None and not self._is_welcome(message, method, is_request=is_request):
            return
        if not is_request and method in self.notified:
            self.notified[method](message.get("params"))
        elif is_request and method in self.asked:
            self._answer(message["id"], self.asked[method], message.get("params"))
        elif is_request and _is_notification(method):
            self._refuse(message["id"], _NO_METHOD, f"{method} is a notification: it has no id")
        else:
            if method is not None:
                message.pop("error", None)  # else pygls would take a request for an answer
            self.handle_message(self.structure_message(message))
            if method == types.INITIALIZE:
                self._is_initialized = "server_capabilities" in self.__dict__  # a client may mend its greeting

    def _is_welcome(self, message: dict[str, Any], method: object, *, is_request: bool) -> bool:
        """Whether the client may say this now: nothing before `initialize`, nothing but `exit` after `shutdown`."""
        if self._shutdown and method != types.EXIT:
            code, why = _INVALID_REQUEST, "the server is shutting down"
        elif not isinstance(method, str) or (is_request and not isinstance(message["id"], (int, str))):
            code, why = _INVALID_REQUEST, "neither request nor notification"
        elif self._is_initialized == (method == types.INITIALIZE):
            code, why = _NOT_INITIALIZED, "the first request, and only the first, is `initialize`"
            if method == types.EXIT:
                return True
        else:
            return True
        if is_request:
            self._refuse(message["id"], code, why)
        return False

    def _answer(self, identity: object, ask: Callable[[Any], bytes], params: Any) -> None:
        try:
            result = ask(params)
        except Exception as error:
            self._refuse(identity, _INTERNAL_ERROR, f"{type(error).__name__}: {error}")
            raise
        self.send(b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (json.dumps(identity).encode(), result))

    def _send_response(self, msg_id: Any, result: Any = None, error: Any = None) -> None:
        """Answer a request; what went wrong is told in words, without the traceback that pygls adds to them."""
        if error is not None:
            error.data = None
        super()._send_response(msg_id, result, error)

    def _refuse(self, identity: object, code: int, why: str) -> None:
        error = {"code": code, "message": why[:1000]}
        self.send(json.dumps({"jsonrpc": "2.0", "id": identity, "error": error}).encode())


def _is_notification(method: object) -> bool:
    """Whether LSP has a notification of this name."""
    known = types.METHOD_TO_TYPES.get(str(method))
    return known is not None and known[1] is None
