"""An editor's part in a session with one language server, with the time that each answer takes."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

from benchmarks import usage
from benchmarks.connection import Connection, ServerError, framed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.connection import Message
    from benchmarks.places import Typist

# What is asked for by name: the request and the capability that announces it.
REQUESTS = {
    "hover": ("textDocument/hover", "hoverProvider"),
    "code action": ("textDocument/codeAction", "codeActionProvider"),
    "inlay hint": ("textDocument/inlayHint", "inlayHintProvider"),
    "completion": ("textDocument/completion", "completionProvider"),
}

_AUTOMATIC = 2  # how a code action is asked for when the caret moves, to show the light bulb
_SCREEN = 60  # lines that an editor shows, and asks inlay hints for
_FULL_SYNC = 1
_VERSION = re.compile(rb'"version"\s*:\s*(\d+)')
_CAPABILITIES: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}},
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True, "relatedInformation": True, "codeDescriptionSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}},
            "isPreferredSupport": True,
        },
        "inlayHint": {},
    },
}


class Client:
    """A session: start, open, then edits and requests. Times are in µs."""

    def __init__(self, command: Sequence[str], path: Path, typist: Typist, *, pulls: bool = False) -> None:
        self.spawned_at = time.perf_counter_ns()
        self._connection = Connection(command)
        self._uri = path.as_uri()
        self._typist = typist
        self._pulls = pulls
        self._ids = itertools.count(1)
        self._capabilities: dict[str, Any] = {}
        self._diagnostics: list[Any] | bytes = []  # or the message that has them
        self._result_id: str | None = None
        self._changes = 0  # documents opened and changes sent
        self._published = 0
        self.version: str | None = None  # of the server, as it says

    def start(self) -> float:
        """Greet the server and open the document; gives the time from the start of the process to the diagnostics."""
        capabilities = {**_CAPABILITIES, "textDocument": dict(_CAPABILITIES["textDocument"])}
        if self._pulls:
            capabilities["textDocument"]["diagnostic"] = {}
        folder = self._uri.rpartition("/")[0]
        folders = [{"uri": folder, "name": "benchmark"}]
        params = {
            "processId": os.getpid(),
            "rootUri": folder,
            "workspaceFolders": folders,
            "capabilities": capabilities,
        }
        result = self._ask("initialize", params)
        self._capabilities = result["capabilities"]
        self.version = (result.get("serverInfo") or {}).get("version")
        self._notify("initialized", {})
        document = {"uri": self._uri, "languageId": "dockerfile", "version": 1, "text": self._typist.text}
        self._changes += 1
        opened = _notification("textDocument/didOpen", {"textDocument": document})
        return self._until_diagnostics([opened], since=self.spawned_at)

    def edit(self) -> float:
        """Type one character: the time from the change to the diagnostics of the text with it."""
        return self._until_diagnostics([self._change()])

    def burst(self, length: int) -> tuple[float, int]:
        """Type without waiting: the time for one change, and how often diagnostics were published."""
        before = self._published
        changes = [self._change() for _ in range(length)]
        return self._until_diagnostics(changes) / length, self._published - before

    def can(self, name: str) -> bool:
        """Whether the server announces one of REQUESTS."""
        return self._capabilities.get(REQUESTS[name][1]) not in (None, False)

    def request(self, name: str, line: int, column: int) -> float:
        """The time that the answer to one of REQUESTS takes, asked about a place."""
        position = {"line": line, "character": column}
        params: dict[str, Any] = {"textDocument": {"uri": self._uri}}
        if name == "code action":
            params["range"] = {"start": position, "end": position}
            about = [each for each in self.diagnostics if _covers(each["range"], line)]
            params["context"] = {"diagnostics": about, "triggerKind": _AUTOMATIC}
        elif name == "inlay hint":
            top = max(0, line - _SCREEN // 2)
            params["range"] = {"start": {"line": top, "character": 0}, "end": {"line": top + _SCREEN, "character": 0}}
        else:
            params["position"] = position
        id_ = next(self._ids)
        frame = _request(id_, REQUESTS[name][0], params)
        start = time.perf_counter_ns()
        self._connection.write(frame)
        return (self._answer(id_)[1] - start) / 1000

    @property
    def diagnostics(self) -> list[Any]:
        """The diagnostics that came last."""
        if isinstance(self._diagnostics, bytes):
            found: list[Any] = json.loads(self._diagnostics)["params"]["diagnostics"]
            self._diagnostics = found
        return self._diagnostics

    def cpu_us(self) -> float | None:
        """The CPU time that the server has used so far."""
        return usage.cpu_us(self._connection.pid)

    def memory(self) -> usage.Memory | None:
        """The memory that the server uses."""
        return usage.memory(self._connection.pid)

    def close(self) -> None:
        """Say goodbye, and see to it that the server goes."""
        with contextlib.suppress(ServerError):
            self._ask("shutdown", None)
            self._notify("exit", None)
        self._connection.close()

    def _change(self) -> bytes:
        """The next character as a frame: a range, or the whole text for a server that wants it."""
        change = self._typist.next()
        sync = self._capabilities.get("textDocumentSync")
        if (sync.get("change") if isinstance(sync, dict) else sync) == _FULL_SYNC:
            change = {"text": self._typist.text}
        self._changes += 1
        document = {"uri": self._uri, "version": self._typist.version}
        return _notification("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _until_diagnostics(self, frames: list[bytes], since: int | None = None) -> float:
        """Send frames, and wait for the diagnostics of the text after the last of them."""
        id_ = next(self._ids)
        if self._pulls:
            params = {"textDocument": {"uri": self._uri}, "previousResultId": self._result_id}
            frames = [*frames[:-1], frames[-1] + _request(id_, "textDocument/diagnostic", params)]
        start = time.perf_counter_ns() if since is None else since
        for frame in frames:
            self._connection.write(frame)
        end = self._pulled(id_) if self._pulls else self._pushed()
        return (end - start) / 1000

    def _pulled(self, id_: int) -> int:
        answer, at = self._answer(id_)
        report = answer["result"]
        self._result_id = report.get("resultId")
        if report["kind"] == "full":
            self._diagnostics = report["items"]
        return at

    def _pushed(self) -> int:
        """Until diagnostics of this version are published; from servers that give no version, as many as changes."""
        while True:
            message = self._connection.read()
            if not self._takes(message):
                self._reply(json.loads(message.body))
                continue
            version = _VERSION.search(_envelope(message.body))
            if int(version[1]) >= self._typist.version if version else self._published >= self._changes:
                return message.at

    def _answer(self, id_: int) -> tuple[dict[str, Any], int]:
        """The answer to a request, and the moment when it came."""
        while True:
            message = self._connection.read()
            if self._takes(message):
                continue
            read = json.loads(message.body)
            if "method" in read or read["id"] != id_:
                self._reply(read)
            elif "error" in read:
                raise ServerError(f"answers with an error: {read['error'].get('message')}")
            else:
                return read, message.at

    def _takes(self, message: Message) -> bool:
        """Keep diagnostics; whether the message has some. It is read later: the client may not be what is measured."""
        if b"textDocument/publishDiagnostics" not in _envelope(message.body):
            return False
        self._published += 1
        self._diagnostics = message.body
        return True

    def _reply(self, read: dict[str, Any]) -> None:
        """Say that we have nothing to say, where the server asks."""
        if "method" in read and "id" in read:
            self._connection.write(framed({"id": read["id"], "result": None}))

    def _ask(self, method: str, params: object) -> Any:
        id_ = next(self._ids)
        self._connection.write(_request(id_, method, params))
        return self._answer(id_)[0]["result"]

    def _notify(self, method: str, params: object) -> None:
        self._connection.write(_notification(method, params))


def _request(id_: int, method: str, params: object) -> bytes:
    return framed({"id": id_, "method": method, "params": params})


def _notification(method: str, params: object) -> bytes:
    return framed({"method": method, "params": params})


def _envelope(body: bytes) -> bytes:
    """A message without its list of diagnostics."""
    start = body.find(b'"diagnostics"')
    return body if start < 0 else body[:start] + body[body.rfind(b"]") :]


def _covers(range_: Any, line: int) -> bool:
    return bool(range_["start"]["line"] <= line <= range_["end"]["line"])
