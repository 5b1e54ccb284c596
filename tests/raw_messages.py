"""Messages as bytes, for tests of what no client library would send."""

from __future__ import annotations

import json
from typing import Any


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def message(**content: Any) -> bytes:
    content = {"jsonrpc": "2.0", **content}
    try:
        return framed(json.dumps(content, ensure_ascii=False).encode())
    except UnicodeEncodeError:  # half of a pair of surrogates
        return framed(json.dumps(content).encode())


def messages(data: bytes) -> list[Any]:
    """What was said; fails for anything but whole messages."""
    said: list[Any] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        assert len(data) >= length
        said.append(json.loads(data[:length]))
        data = data[length:]
    return said


class Wire:
    """Where a server in the same process writes."""

    def __init__(self) -> None:
        self._said = b""

    def write(self, data: bytes) -> None:
        self._said += data

    def close(self) -> None:
        raise AssertionError("the server hangs up")

    def take(self) -> list[Any]:
        """What was said since."""
        said, self._said = self._said, b""
        return messages(said)
