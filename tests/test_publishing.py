"""Diagnostics as bytes: what clients read out of them is what the protocol's own types say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.protocol import default_converter

from conftest import json_lines
from deadweight.lsp import convert, publishing
from deadweight.lsp.convert import Client
from deadweight.lsp.documents import Documents
from deadweight.lsp.publishing import diagnostics_json, publish_json, report_json
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from deadweight.lsp.documents import Document

CONVERTER = default_converter()  # type: ignore[no-untyped-call]
CLIENTS = [
    Client(encoding=encoding, related_places=able, describes_codes=able, fades_unnecessary=able)
    for encoding in ("utf-8", "utf-16", "utf-32")
    for able in (False, True)
]
UGLY = (
    '# é𝄞 "\\" \x07 \udce9\r\nFROM debian:12\r\nRUN echo é𝄞 && apt-get update && apt-get install -y git # "\r'
    "\r\nRUN rm -rf /var/lib/apt/lists/*\r\nWÖRK\x00\x1f\u2028DIR '\udce9\r\nCOPY --fröm=\"x a\r\n"
)


def opened(text: str, uri: str = "file:///c/%C3%A9/Dockerfile", version: int | None = 7) -> Document:
    document = Documents().open(uri, "Dockerfile", Path("/c/Dockerfile"), version, text)
    assert document is not None
    return document


def published(document: Document, client: Client) -> Any:
    return json.loads(publish_json(document, diagnostics_json(document, client)).decode("ascii"))


def by_types(document: Document, client: Client) -> Any:
    """The same message, made of the protocol's types."""
    found = [convert.diagnostic(document.uri, document.text, each, client) for each in document.diagnostics]
    params = types.PublishDiagnosticsParams(document.uri, found, document.version)
    return CONVERTER.unstructure(types.PublishDiagnosticsNotification(params), types.PublishDiagnosticsNotification)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: f"{client.encoding}-{client.related_places}")
def test_bytes_and_types_say_the_same(client: Client) -> None:
    document = opened(UGLY)
    message = published(document, client)
    assert message == by_types(document, client)
    found = CONVERTER.structure(message, types.PublishDiagnosticsNotification).params.diagnostics
    assert {str(each.code) for each in found} > {"syntax", "late-delete"}
    late = next(each for each in found if each.code == "late-delete")
    able = client.describes_codes
    assert late.data == {"rule": "late-delete"}
    assert late.tags == ((types.DiagnosticTag.Unnecessary,) if able else None)
    assert bool(late.code_description and late.related_information) == able


@pytest.mark.parametrize("client", CLIENTS[1::2], ids=lambda client: client.encoding)
def test_bytes_and_types_say_the_same_of_real_files(shared: Path, client: Client) -> None:
    rows = [row["text"] for row in json_lines(shared / "corpus/dockerfiles.jsonl.xz")]
    for text in rows[::100]:
        document = opened(text)
        assert published(document, client) == by_types(document, client)


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(codec=None), max_size=20), st.sampled_from(CLIENTS))
def test_whatever_is_typed_goes_over_the_wire(typed: str, client: Client) -> None:
    document = opened(UGLY)
    document.apply(Edit(Span(40, 45), typed))
    assert published(document, client) == by_types(document, client)


STAGES = (
    "ARG A=1\nFROM debian:12 AS a\nRUN apt-get update && apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n"
    "FROM node:22 AS b\nCOPY --from=a /var/lib/apt /x\nRUN npm install\nFROM debian:12 AS c\nRUN apt-get update\n"
    "RUN apt-get install -y \\u0000\nRUN apt-get install -y curl\nRUN apt-get install -y wget\n"
    "FROM b\nCOPY --from=c / /c\nRUN chown -R 1 /c\n"
)
PLACES = st.sampled_from([at for at, ch in enumerate(STAGES) if ch in "\nRF"] + [0])


@settings(max_examples=100)
@given(
    st.lists(st.tuples(PLACES, st.sampled_from(("", "\n", "# x\n", "\r", "x", "RUN <<E\n", "E\n"))), max_size=6),
    st.sampled_from(CLIENTS),
)
def test_what_has_moved_is_told_where_it_is(typed: list[tuple[int, str]], client: Client) -> None:
    document = opened(STAGES)
    assert published(document, client)["params"]["diagnostics"]
    for place, new in typed:
        end = len(document.text)
        at = min(place, end)
        document.apply(Edit(Span(at, at if new else min(at + 1, end)), new))
        assert published(document, client) == by_types(document, client)


SEVERAL = (
    'FROM debian:12\nRUN echo "ab" && apt-get update && apt-get install -y git\n'
    'RUN <<E\necho "ab"; apt-get install -y gcc\n'
    "apt-get clean\nE\nRUN rm -rf /var/lib/apt/lists/*\n"
)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, len(SEVERAL) - 1), st.sampled_from("𝄞éx \n\r")), max_size=3),
    st.sampled_from(CLIENTS),
)
def test_a_place_counts_what_stands_before_it(replaced: list[tuple[int, str]], client: Client) -> None:
    document = opened(SEVERAL)
    assert len(published(document, client)["params"]["diagnostics"]) > 1
    for at, new in replaced:  # as many code points, which may be more units, or lines
        document.apply(Edit(Span(at, at + 1), new))
        assert published(document, client) == by_types(document, client)


def test_what_has_moved_as_a_whole_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    document = opened(STAGES.replace("\\u0000", "git"))
    assert b"what line 14 wrote" in diagnostics_json(document, CLIENTS[0])
    monkeypatch.setattr(publishing, "_diagnostic", lambda *_: pytest.fail("written again"))
    document.apply(Edit(Span(0, 0), "\n"))
    assert published(document, CLIENTS[0]) == by_types(document, CLIENTS[0])


def test_several_findings_of_a_rule_stand_at_one_command() -> None:
    document = opened("FROM golang:1.24\nRUN go install golang.org/x/tools/gopls@v0.20.0\nCOPY\n")
    message = published(document, CLIENTS[0])
    assert message == by_types(document, CLIENTS[0])
    told = [each["message"].partition(" cache")[0] for each in message["params"]["diagnostics"]]
    assert {"Go's build", "Go's module"} < set(told)
    document.apply(Edit(Span(0, 0), "\n"))
    assert published(document, CLIENTS[0]) == by_types(document, CLIENTS[0])


def test_a_version_that_nobody_knows_is_left_out() -> None:
    message = published(opened("FROM a\n", version=None), Client())
    assert message["params"] == {"uri": "file:///c/%C3%A9/Dockerfile", "diagnostics": []}


def test_a_report_is_read_as_one() -> None:
    document = opened(UGLY)
    found = diagnostics_json(document, Client())

    def report(previous: object) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "result": json.loads(report_json(found, previous))}
        return CONVERTER.structure(message, types.DocumentDiagnosticResponse).result

    full = report(None)
    assert isinstance(full, types.RelatedFullDocumentDiagnosticReport)
    assert CONVERTER.unstructure(full)["items"] == by_types(document, Client())["params"]["diagnostics"]
    assert full.result_id
    assert report(full.result_id) == types.RelatedUnchangedDocumentDiagnosticReport(full.result_id)
    assert isinstance(report("0"), types.RelatedFullDocumentDiagnosticReport)
