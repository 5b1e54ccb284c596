"""A language server's process and the messages to and from it. Reading waits, but never for ever."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_S = 60.0  # the longest that anybody waits for a message
_GOODBYE_S = 5.0


class ServerError(Exception):
    """The server has ended, did not answer in time and was ended, or gave an error for an answer."""


class Message(NamedTuple):
    """A message's bytes and the moment (ns) when the last of them had come: reading them is not the server's time."""

    body: bytes
    at: int


def framed(message: dict[str, Any]) -> bytes:
    """A message as it goes over the wire."""
    body = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Connection:
    """A server that was just started."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (`close` closes it)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=1 << 16,
            start_new_session=True,  # a group of its own, so that it is ended with its children
        )
        self._deadline, self._is_late = math.inf, False
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def write(self, frame: bytes) -> None:
        """Send what `framed` gave."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame)
            self._process.stdin.flush()
        except OSError as error:
            raise self._gone() from error

    def read(self) -> Message:
        """The next message."""
        assert self._process.stdout is not None
        self._deadline = time.monotonic() + LIMIT_S
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = self._process.stdout.read(length)
        at = time.perf_counter_ns()
        self._deadline = math.inf
        if not length or len(body) < length:
            raise self._gone()
        return Message(body, at)

    def close(self) -> None:
        """End the process; it has time to go by itself."""
        self._end(_GOODBYE_S)
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):  # what was not sent is nobody's any more
                pipe.close()  # type: ignore[union-attr]

    def _watch(self) -> None:
        while self._process.poll() is None:
            if time.monotonic() > self._deadline:
                self._is_late = True
                self._end(0)
            time.sleep(1)

    def _end(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _gone(self) -> ServerError:
        """The error to raise, with the last line that the server wrote about itself."""
        self._end(1)
        if self._is_late:
            return ServerError(f"no answer in {LIMIT_S:.0f} s")
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        return ServerError(f"ended with {self._process.returncode}{said and f': {said}'}")
