"""The server as a process: how it ends, and what bytes it takes, over pipes and a port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from raw_messages import framed, message, messages
from sessions import SECONDS, SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HELLO = message(id=1, method="initialize", params={})
BYE = message(id=99, method="shutdown") + message(method="exit")
Connected = tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]  # a server, where it is written to and read from
PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"


def opening(text: str) -> bytes:
    document = {"uri": "untitled:Dockerfile", "languageId": "", "version": 1, "text": text}
    return message(method="textDocument/didOpen", params={"textDocument": document})


def symbols(number: int) -> bytes:
    params = {"textDocument": {"uri": "untitled:Dockerfile"}}
    return message(id=number, method="textDocument/documentSymbol", params=params)


def conversation(*sent: bytes) -> tuple[int, list[Any]]:
    """Exit code and what the server said, for all these bytes and the end of stdin."""
    done = subprocess.run(SERVER, input=b"".join(sent), capture_output=True, timeout=SECONDS, check=False)
    assert b"Traceback" not in done.stderr
    return done.returncode, messages(done.stdout)


@pytest.fixture(params=["pipes", "port"])
def connected(request: pytest.FixtureRequest) -> Iterator[Connected]:
    """A server, where it is written to and where it is read from."""
    with contextlib.ExitStack() as stack:
        if request.param == "pipes":
            server = stack.enter_context(_started(SERVER))
            yield _pipes(server)
        else:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            server = stack.enter_context(_started([*SERVER, "--tcp", str(port)]))
            connection = stack.enter_context(_connection(port))
            yield server, connection.makefile("wb"), connection.makefile("rb")


@contextlib.contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def _pipes(server: subprocess.Popen[bytes]) -> Connected:
    return server, cast("IO[bytes]", server.stdin), cast("IO[bytes]", server.stdout)


def _connection(port: int) -> socket.socket:
    """A connection to a server that is just starting."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    raise TimeoutError


def send(connected: Connected, *data: bytes) -> None:
    for each in data:
        connected[1].write(each)
    connected[1].flush()


def answer(connected: Connected, number: int) -> Any:
    """The answer to a request; what comes before it is passed over."""
    while True:
        length = 0
        while (line := connected[2].readline()) != b"\r\n":
            assert line, "the server has ended"
            if line.startswith(b"Content-Length: "):
                length = int(line.partition(b" ")[2])
        (said,) = messages(framed(connected[2].read(length)))
        if said.get("id") == number and "method" not in said:
            return said


# --- the end ---


def test_after_shutdown_every_request_is_refused_and_exit_ends_it(connected: Connected) -> None:
    send(connected, HELLO, message(id=2, method="shutdown"), symbols(3), message(id=4, method="shutdown"))
    assert answer(connected, 2)["result"] is None
    assert answer(connected, 3)["error"]["code"] == -32600
    assert answer(connected, 4)["error"]["code"] == -32600
    send(connected, message(method="exit"))
    assert connected[0].wait(SECONDS) == 0


def test_an_exit_that_nothing_announced() -> None:
    assert conversation(message(method="exit")) == (1, [])


def test_a_client_that_hangs_up_while_the_server_writes() -> None:
    with _started(SERVER) as server:
        connected = _pipes(server)
        send(connected, HELLO, opening(PIP * 200))
        answer(connected, 1)
        send(connected, *(symbols(number) for number in range(2, 30)))
        for stream in connected[1:]:
            stream.close()
        assert server.wait(SECONDS) == 0


def test_a_connection_that_is_reset() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _started([*SERVER, "--tcp", str(port)]) as server:
        with _connection(port) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # no word of farewell
            connection.sendall(HELLO + opening(PIP))
            connection.recv(1)
        assert server.wait(SECONDS) == 0
        assert cast("IO[bytes]", server.stderr).read() == b""


@pytest.mark.skipif(os.name != "posix", reason="nobody is watched on Windows")
def test_a_client_that_dies_while_its_pipe_stays_open() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as client,
        _started(SERVER) as server,
    ):
        connected = _pipes(server)
        send(connected, message(id=1, method="initialize", params={"processId": client.pid}))
        answer(connected, 1)
        client.kill()
        client.wait()
        assert server.wait(SECONDS) == 0


def test_a_client_of_another_machine_has_a_process_that_is_not_here() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    code, said = conversation(message(id=1, method="initialize", params={"processId": gone.pid}), symbols(2), BYE)
    assert code == 0
    assert [each["result"] for each in said if each.get("id") == 2] == [[]]


# --- bytes ---


def test_a_client_that_reads_only_at_the_end(connected: Connected) -> None:
    send(connected, HELLO, opening(PIP * 40), *(symbols(number) for number in range(2, 4)), BYE)
    assert len(answer(connected, 3)["result"]) == 80
    assert answer(connected, 99)["result"] is None
    assert connected[0].wait(SECONDS) == 0


def test_one_byte_at_a_time_and_ten_millions_at_once(connected: Connected) -> None:
    for byte in HELLO + opening("FROM é𝄞\n") + symbols(2):
        send(connected, bytes([byte]))
    (found,) = answer(connected, 2)["result"]
    assert found["name"] == "é𝄞"
    send(connected, opening("# é\n" * 2_500_000), symbols(3))
    assert answer(connected, 3)["result"] == []
    params = {"textDocument": {"uri": "untitled:Dockerfile"}, "contentChanges": [{"text": "FROM scratch\n"}]}
    send(connected, message(method="textDocument/didChange", params=params), symbols(4))
    assert len(answer(connected, 4)["result"]) == 1


def test_headers_of_any_case_and_other_fields() -> None:
    sent = [HELLO, opening("FROM x\n")]
    for number, header in enumerate(
        (
            b"content-length: %d\r\n",
            b"CONTENT-LENGTH:%d\r\n",
            b"Content-Length \t:\t %d\r\n",
            b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n",
            b"X-Content-Length: 5\r\nContent-Length: %d\r\nX-Other: \xff\r\n",
        ),
        2,
    ):
        body = symbols(number).partition(b"\r\n\r\n")[2]
        sent.append(header % len(body) + b"\r\n" + body)
    code, said = conversation(*sent, BYE)
    assert code == 0
    assert [each["id"] for each in said if each.get("result") and each["id"] != 1] == [2, 3, 4, 5, 6]


def test_what_is_no_message_costs_itself_alone() -> None:
    sent = [HELLO]
    lengths = (b"0", b"-1", b"x", b"", b"999999999", b"9" * 100, b"3")
    for number, length in enumerate(lengths, 100):
        body = symbols(2).partition(b"\r\n\r\n")[2]
        sent += (b"Content-Length: " + length + b"\r\n\r\n" + body, symbols(number))
    sent += (framed(b"[]"), framed(b"{oops"), framed(b"[" * 100_000))
    code, said = conversation(*sent, b"x" * 5_000_000, b"\r\n\r\n", symbols(3), BYE)
    assert code == 0
    assert {1, 3, 99, *range(100, 107)} <= {each.get("id") for each in said}
    assert [each["error"]["code"] for each in said if "error" in each][-3:] == [-32600, -32700, -32700]


def test_a_greeting_that_cannot_be_read_may_be_mended() -> None:
    bad = message(id=1, method="initialize", params=[1]), message(id=2, method="initialize", params={"capabilities": 5})
    code, said = conversation(*bad, symbols(3), message(id=4, method="initialize", params={}), symbols(5), BYE)
    assert code == 0
    answers = {each["id"]: "error" in each for each in said if "id" in each}
    assert answers == {1: True, 2: True, 3: True, 4: False, 5: False, 99: False}


def test_standard_input_of_any_kind() -> None:
    assert subprocess.run(SERVER, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS).returncode == 0
