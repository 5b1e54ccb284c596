"""A walk of a folder that takes long: the client shows it, and may have enough of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from deadweight.lsp.background import Background
from deadweight.lsp.server import make_server
from deadweight.model.context import BuildContext
from deadweight.workspace.context import EnoughError, walk_context
from raw_messages import Wire, message

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CREATE, PROGRESS = "window/workDoneProgress/create", "$/progress"


@pytest.fixture(autouse=True)
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders whose walk ends only when somebody has enough."""

    def walk(path: Path, *_: object, **__: object) -> Generator[None, None, BuildContext]:
        found: dict[str, int] = {}
        try:
            while True:
                found["big.bin"] = 3_000_000
                yield
        except EnoughError:
            return BuildContext(str(path.parent), found, complete=False)

    monkeypatch.setattr("deadweight.lsp.measuring.walk_context", walk)
    monkeypatch.setattr("deadweight.lsp.progress._PATIENCE", 0)


class Client:
    """A client with one open Dockerfile; `can` is what it says of its windows."""

    def __init__(self, folder: Path, **can: bool) -> None:
        self.server, self.wire, self.said = make_server(), Wire(), list[Any]()
        self.server.protocol.set_writer(self.wire)
        self.uri = (folder / "Dockerfile").as_uri()
        self.send(id=1, method="initialize", params={"capabilities": {"window": can}})
        text = "FROM scratch\nCOPY . .\n"
        document = {"uri": self.uri, "languageId": "", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": document})

    def send(self, **content: Any) -> None:
        self.server.protocol.receive(message(**content))
        self.server.show_changed()

    async def hears(self, method: str) -> Any:
        """Wait for the next message of this method."""
        while True:
            self.said += self.wire.take()
            for number, each in enumerate(self.said):
                if each.get("method") == method:
                    return self.said.pop(number)
            await asyncio.sleep(0)

    async def is_shown_progress(self) -> str:
        """Agree to a progress; gives its token."""
        asked = await self.hears(CREATE)
        self.send(id=asked["id"], result=None)
        begun = (await self.hears(PROGRESS))["params"]
        assert begun["value"] == {
            "kind": "begin",
            "title": "Reading the build context of Dockerfile",
            "cancellable": True,
        }
        return str(begun["token"])

    def hints(self) -> list[str]:
        everything = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        self.wire.take()
        params = {"textDocument": {"uri": self.uri}, "range": everything}
        self.send(id=2, method="textDocument/inlayHint", params=params)
        return [each["label"] for each in self.wire.take()[0]["result"]]


def test_a_walk_that_is_stopped_keeps_what_it_has_found(tmp_path: Path) -> None:
    async def session() -> None:
        client = Client(tmp_path, workDoneProgress=True)
        token = await client.is_shown_progress()
        assert client.hints() == ["measuring ..."]
        client.send(method="window/workDoneProgress/cancel", params={"token": "another"})
        assert client.hints() == ["measuring ..."]
        client.send(method="window/workDoneProgress/cancel", params={"token": token})
        assert (await client.hears(PROGRESS))["params"] == {"token": token, "value": {"kind": "end"}}
        assert client.hints() == ["at least 3.0 MB"]

    asyncio.run(session())


def test_progress_ends_with_its_document(tmp_path: Path) -> None:
    async def session() -> None:
        client = Client(tmp_path, workDoneProgress=True)
        token = await client.is_shown_progress()
        client.send(method="textDocument/didClose", params={"textDocument": {"uri": client.uri}})
        assert (await client.hears(PROGRESS))["params"] == {"token": token, "value": {"kind": "end"}}

    asyncio.run(session())


def test_a_client_that_refuses_is_shown_nothing(tmp_path: Path) -> None:
    async def session() -> None:
        client = Client(tmp_path, workDoneProgress=True)
        asked = await client.hears(CREATE)
        client.send(id=asked["id"], error={"code": -32603, "message": "no"})
        client.send(method="textDocument/didClose", params={"textDocument": {"uri": client.uri}})
        assert not [each for each in client.wire.take() if each.get("method") == PROGRESS]

    asyncio.run(session())


def test_a_client_without_progress_is_not_asked(tmp_path: Path) -> None:
    async def session() -> None:
        client = Client(tmp_path)
        assert client.hints() == ["measuring ..."]
        assert not client.server.work_shown._under_way

    asyncio.run(session())


def test_work_that_fails_is_dropped() -> None:
    def work(*, fails: bool) -> Generator[None, None, int]:
        yield
        if fails:
            raise RuntimeError
        return 5

    background, found = Background(), list[int]()
    assert background.run("x", work(fails=True), found.append)
    assert background.run("x", work(fails=False), found.append)
    assert found == [5]


def stopped(walk: Generator[None, None, BuildContext]) -> BuildContext:
    try:
        walk.throw(EnoughError())
        while True:
            next(walk)
    except StopIteration as done:
        found: BuildContext = done.value
        return found


def test_a_walk_can_be_stopped_anywhere(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "package.json").write_text("{}")
    (tmp_path / "package.json").write_text("{}")
    steps = sum(1 for _ in walk_context(tmp_path / "Dockerfile"))
    sizes = []
    for number in range(steps):
        walk = walk_context(tmp_path / "Dockerfile")
        for _ in range(number + 1):
            next(walk)
        context = stopped(walk)
        sizes.append(len(context.files))
        assert context.complete == (len(context.files) == 3)
    assert (sizes[0], sizes[-1]) == (0, 3)
