"""What a client is told of each image's weight, if it says that it shows it: `deadweight/imageSize`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deadweight.lsp import server as server_module
from deadweight.lsp.server import Server, make_server
from raw_messages import Wire, message

if TYPE_CHECKING:
    from pathlib import Path

PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"
SHOWN = {"deadweight": {"imageSize": True, "sizeReport": True}}


def greeted(experimental: Any) -> tuple[Server, Wire]:
    server, wire = make_server(), Wire()
    server.protocol.set_writer(wire)
    capabilities = {"experimental": experimental, "textDocument": {"diagnostic": {}}}
    server.protocol.receive(message(id=1, method="initialize", params={"capabilities": capabilities}))
    return server, wire


def opened(server: Server, path: Path, text: str) -> str:
    uri = path.as_uri()
    document = {"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}
    server.protocol.receive(message(method="textDocument/didOpen", params={"textDocument": document}))
    return uri


def typed(server: Server, uri: str, text: str) -> None:
    params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
    server.protocol.receive(message(method="textDocument/didChange", params=params))
    server.show_changed()


def sizes(wire: Wire) -> list[Any]:
    return [each["params"] for each in wire.take() if each.get("method") == "deadweight/imageSize"]


def test_a_size_is_told_when_it_is_another(tmp_path: Path) -> None:
    server, wire = greeted(SHOWN)
    uri = opened(server, tmp_path / "Dockerfile", PIP)
    (first,) = sizes(wire)
    assert first["uri"] == uri
    assert first["size"]["text"].endswith("MB")
    assert first["size"]["detail"].startswith("The image: ")
    assert "can go" in first["size"]["detail"]
    typed(server, uri, f"# a comment\n{PIP}")
    assert sizes(wire) == []
    typed(server, uri, "FROM scratch\n")
    (last,) = sizes(wire)
    assert last["size"] != first["size"]


def test_another_frontends_language_has_none(tmp_path: Path) -> None:
    server, wire = greeted(SHOWN)
    uri = opened(server, tmp_path / "Dockerfile", PIP)
    typed(server, uri, "# syntax=example.com/other\nFROM x\n")
    assert sizes(wire)[-1] == {"uri": uri, "size": None}


@pytest.mark.parametrize("experimental", [None, 1, {}, {"deadweight": 1}, {"deadweight": {"imageSize": False}}])
def test_who_does_not_show_it_is_not_told(experimental: Any, tmp_path: Path) -> None:
    server, wire = greeted(experimental)
    opened(server, tmp_path / "Dockerfile", PIP)
    assert sizes(wire) == []


@pytest.mark.parametrize(("experimental", "is_said"), [(SHOWN, False), (None, True)])
def test_a_report_is_summed_up_for_who_does_not_show_it(experimental: Any, is_said: bool, tmp_path: Path) -> None:
    server, wire = greeted(experimental)
    uri = opened(server, tmp_path / "Dockerfile", PIP)
    server.protocol.receive(
        message(
            id=2, method="workspace/executeCommand", params={"command": "deadweight.sizeReport", "arguments": [uri]}
        )
    )
    said = wire.take()
    assert any("markdown" in str(each.get("result")) for each in said)
    assert any(each.get("method") == "window/showMessage" for each in said) == is_said


def test_the_pages_of_rules_are_named() -> None:
    server, wire = greeted(None)
    server.protocol.receive(
        message(id=2, method="workspace/executeCommand", params={"command": "deadweight.rulePages"})
    )
    (pages,) = [each["result"] for each in wire.take() if each.get("id") == 2]
    (page,) = [each for each in pages if each["rule"] == "apt-lists-kept"]
    assert page["title"] == "Apt package lists stay in the layer."
    assert page["uri"].endswith("/apt-lists-kept.md")


def test_that_scripts_are_not_read_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "load_language", lambda: None)
    server, wire = greeted(None)
    for name in ("Dockerfile", "a.Dockerfile"):
        opened(server, tmp_path / name, PIP)
    (said,) = [each["params"]["message"] for each in wire.take() if each.get("method") == "window/showMessage"]
    assert "without tree-sitter" in said
