"""Bytes in and out: cuts a stream into messages, and waits for a pipe without a thread where the system can.

pygls reads each line of a header, and each body, in a thread: three hops a message, a third of the time of an edit in a
small file. Here the event loop itself waits for the pipe; only where it cannot, on Windows, one thread reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 16  # bytes; what a pipe holds
_LARGEST_HEADER = 1 << 16  # bytes
_LARGEST_BODY = 1 << 28  # bytes; nobody waits for the end of more
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# Where a message was longer than it said, its rest stands before the next header, on the same line.
_LENGTH_AFTER_REST = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_MOST_READS = 64  # of one batch, so that a client that never pauses is answered all the same


class Frames:
    """The bodies of messages in a stream of bytes. What has no length that can be read is passed over."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = self._needed = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete with `data`, which came after all that came before."""
        self._parts.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return  # a long body: its pieces are put together once
        buffer = b"".join(self._parts)
        at = self._needed = 0
        while (end := buffer.find(b"\r\n\r\n", at)) >= 0:
            length = _length(buffer[at:end])
            start = end + 4
            stop = start + (length or 0)
            if stop > len(buffer):
                self._needed = stop - at
                break
            if length is not None:
                yield buffer[start:stop]
            at = stop
        else:
            at = max(at, len(buffer) - _LARGEST_HEADER)
        self._parts = [buffer[at:]]
        self._held = len(buffer) - at


def _length(header: bytes) -> int | None:
    """How long the body below a header is; None where that cannot be read."""
    found = _LENGTH.search(header) or _LENGTH_AFTER_REST.search(header)
    return int(found[1]) if found and int(found[1]) <= _LARGEST_BODY else None


def frame(body: bytes) -> bytes:
    """A message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def read_pipe(fd: int, receive: Callable[[bytes], None], pause: Callable[[], None]) -> None:
    """Hands on what comes through a pipe, until its end; `pause` is called whenever there is nothing more to read."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def take() -> None:
        for _ in range(_MOST_READS):
            data = _read(fd)
            if not data:
                loop.remove_reader(fd)
                ended.set()
                break
            receive(data)
            if not select.select([fd], [], [], 0)[0]:
                break
        pause()

    try:
        loop.add_reader(fd, take)
    except (NotImplementedError, OSError):  # Windows; a file in place of a pipe
        await _read_in_thread(fd, receive, pause)
        return
    try:
        await ended.wait()
    finally:
        loop.remove_reader(fd)


async def read_stream(
    reader: asyncio.StreamReader, receive: Callable[[bytes], None], pause: Callable[[], None]
) -> None:
    """The same for what comes through a socket."""
    with contextlib.suppress(OSError):  # the client is gone
        while data := await reader.read(_CHUNK):
            receive(data)
            pause()


async def _read_in_thread(fd: int, receive: Callable[[bytes], None], pause: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    waiting: list[bytes] = []

    def take() -> None:
        while waiting:
            receive(waiting.pop(0))
        pause()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            while data := _read(fd):
                waiting.append(data)
                loop.call_soon_threadsafe(take)
            loop.call_soon_threadsafe(ended.set)

    # A thread that is still waiting for the client does not keep the process alive.
    threading.Thread(target=read, name="stdin", daemon=True).start()
    await ended.wait()


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except OSError:
        return b""


class Output:
    """Where messages go; what cannot be written any more is not worth an error: the client is gone."""

    def __init__(self) -> None:
        self._file = sys.stdout.buffer
        sys.stdout = sys.stderr  # stdout belongs to the protocol alone
        self.is_closed = False

    def write(self, data: bytes) -> None:
        """Send `data` now."""
        if self.is_closed:
            return
        try:
            self._file.write(data)
            self._file.flush()
        except (OSError, ValueError):
            self.is_closed = True

    def close(self) -> None:
        """Send nothing any more."""
        self.is_closed = True
