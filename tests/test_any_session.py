"""Any session at all: what a client may send, right or wrong, against a model of the texts that it has open."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.protocol import default_converter

from deadweight.analysis.report import check
from deadweight.lsp.documents import OpenDockerfile
from deadweight.lsp.server import Server, make_server
from deadweight.rules.catalog import BY_ID, RULES
from raw_messages import Wire, framed, message

if TYPE_CHECKING:
    from collections.abc import Callable

    from deadweight.text import Encoding

PUSHED, PULLED = "textDocument/publishDiagnostics", "textDocument/diagnostic"
RAISED = -32603  # the code of the error that a handler's exception becomes
REFUSING = ("textDocument/prepareRename", "textDocument/rename", "codeAction/resolve")
EDITOR: dict[str, Any] = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "completion": {"completionItem": {"snippetSupport": True, "insertReplaceSupport": True}},
        "publishDiagnostics": {"relatedInformation": True, "codeDescriptionSupport": True},
    },
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
        "applyEdit": True,
        "configuration": True,
        "diagnostics": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
        "didChangeConfiguration": {"dynamicRegistration": True},
    },
}
RESOLVING = {**EDITOR["textDocument"]["codeAction"], "resolveSupport": {"properties": ["edit"]}}
PULLING = {
    **EDITOR,
    "window": {"workDoneProgress": True},
    "textDocument": {**EDITOR["textDocument"], "diagnostic": {}, "codeAction": RESOLVING},
}


def positions_in(encoding: str, capabilities: dict[str, Any]) -> dict[str, Any]:
    return {**capabilities, "general": {"positionEncodings": [encoding]}}


CLIENTS: list[tuple[Encoding, dict[str, Any]]] = [
    ("utf-16", {}),
    ("utf-8", positions_in("utf-8", EDITOR)),
    ("utf-16", PULLING),
    ("utf-32", positions_in("utf-32", PULLING)),
]

# pygls' converter learns each type once, which takes longer than most sessions.
CONVERTER: Any = default_converter()  # type: ignore[no-untyped-call]

# --- what is sent ---

NAMES = ("Dockerfile", "web.Dockerfile", ".dockerignore", "Dockerfile.dockerignore", "notes.md")
ELSEWHERE = (
    "untitled:Dockerfile",
    "file:Dockerfile",
    "file:///nul%00/Dockerfile",
    f"file:///{'long' * 100}/Dockerfile",
    "file://[::1/Dockerfile",
    "vscode-remote://host/é𝄞/Dockerfile",
    "",
)
PIECES = (
    *("FROM node:22\n", "FROM python:3.13 AS b\r\n", "FROM b\n", "FROM scratch", "ARG A=1\n", "ENV B=${A}é𝄞\n"),
    *(
        "RUN apt-get update && apt-get install -y curl\n",
        "RUN pip install pandas\r",
        "RUN rm -rf /var/lib/apt/lists/*\n",
    ),
    *("COPY . .\n", "COPY --from=b /x /y\n", "RUN <<EOF\n", "EOF\n", "# syntax=x/y\n", "# escape=`\n", "ONBUILD RUN "),
    *("node_modules\n", "!a/**\n", "[a\n", "\r\n", "\r", "\n", "\u2028", "\x0c", "\x85", "\0", "\ufeff", "\t", " "),
    *("é", "𝄞", "\ud834", "\udd1e", "😀", "\\\n", "`\n", "\\", '"', "'", "$", "$(", "${", "{", ")", "&& ", "; ", "|"),
    *("\ntrue", "if x; then\n", "x" * 200, '["a",', "--mount=type=cache,", "#", "# deadweight: ignore\n"),
)
BITS = ("\r", "\n", "\ud834", "\udd1e", "𝄞", "é", "x", " ", "\\", "\u2028")


def sent_as(parts: list[str]) -> str:
    """A text as the server gets it: two halves of a character that come together are one."""
    return str(json.loads(json.dumps("".join(parts))))


texts = st.lists(st.sampled_from(PIECES), max_size=8).map(sent_as)
bits = st.lists(st.sampled_from(BITS), max_size=5).map(sent_as)
far = st.sampled_from((0, 1, 2, 5, 80, 10_000, 2**31 - 1))
positions = st.fixed_dictionaries({"line": st.integers(0, 6), "character": st.integers(0, 30)}) | st.fixed_dictionaries(
    {"line": far, "character": far}
)
ranges = st.fixed_dictionaries({"start": positions, "end": positions})  # backwards too
absurd = st.fixed_dictionaries({"line": st.sampled_from((0, 2**70)), "character": st.just(2**70)})
edited = st.fixed_dictionaries({"start": positions, "end": positions | absurd})
changes = st.fixed_dictionaries({"text": texts | bits, "range": edited}) | st.fixed_dictionaries({"text": texts})
near = st.fixed_dictionaries({"line": st.integers(0, 2), "character": st.integers(0, 8)})
small_changes = st.fixed_dictionaries({"text": bits, "range": st.fixed_dictionaries({"start": near, "end": near})})
NO_NUMBERS: tuple[Any, ...] = (-1, 1.5, "1", None, True, [], {})
no_numbers = st.sampled_from(NO_NUMBERS)
no_positions = st.one_of(
    st.sampled_from((None, [], "x", {}, {"line": 0}, 5)),
    st.fixed_dictionaries({"line": no_numbers, "character": st.just(0)}),
    st.fixed_dictionaries({"line": st.just(0), "character": no_numbers}),
)
no_changes: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from((None, [], "x", {}, 5, {"range": None}, {"text": None}, {"text": 5}, {"text": ["x"]})),
    st.fixed_dictionaries({"text": texts, "range": st.sampled_from(([], "x", {}, 5, {"start": None}))}),
    st.fixed_dictionaries({"text": texts, "range": st.fixed_dictionaries({"start": positions, "end": no_positions})}),
    st.fixed_dictionaries({"text": texts, "range": st.fixed_dictionaries({"start": no_positions, "end": positions})}),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("uri", "text", "x")), inner, max_size=3)
    ),
    max_leaves=6,
)

places = st.sampled_from((*(0,) * len(NAMES + ELSEWHERE), 2, 2, *range(len(NAMES + ELSEWHERE))))
versions = st.integers(0, 9)

# What each request needs beside the document.
CONTEXT: dict[str, Any] = {"diagnostics": []}
AT = {"position": positions}
REQUESTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "textDocument/hover": AT,
    "textDocument/inlayHint": {"range": ranges},
    "textDocument/codeAction": {
        "range": ranges,
        "context": st.sampled_from((CONTEXT, {**CONTEXT, "only": ["source.fixAll"]})),
    },
    "codeAction/resolve": {
        "title": st.just("x"),
        "data": st.fixed_dictionaries({"number": st.integers(-2, 9), "version": versions}),
    },
    "textDocument/codeLens": {},
    "textDocument/completion": AT,
    "completionItem/resolve": {"label": st.just("x"), "data": st.just({"subject": ["package", "apt", "curl"]})},
    "textDocument/signatureHelp": AT,
    "textDocument/definition": AT,
    "textDocument/references": {**AT, "context": st.just({"includeDeclaration": True})},
    "textDocument/documentHighlight": AT,
    "textDocument/prepareRename": AT,
    "textDocument/rename": {**AT, "newName": st.sampled_from(("x", "é", "", "a b", "\ud834"))},
    "textDocument/documentLink": {},
    "textDocument/documentSymbol": {},
    "workspace/symbol": {"query": st.sampled_from(("", "b", "𝄞"))},
    "textDocument/foldingRange": {},
    "textDocument/selectionRange": {"positions": st.lists(positions, max_size=3)},
    "textDocument/semanticTokens/full": {},
    "textDocument/semanticTokens/full/delta": {"previousResultId": st.sampled_from(("1", "x"))},
    "textDocument/semanticTokens/range": {"range": ranges},
    "textDocument/diagnostic": {},
    "workspace/executeCommand": {"command": st.sampled_from(("deadweight.fixAll", "deadweight.sizeReport"))},
}
# What is the same whatever way a text came about.
SAME = (
    *("textDocument/inlayHint", "textDocument/codeAction", "textDocument/codeLens", "textDocument/documentLink"),
    *("textDocument/documentSymbol", "textDocument/foldingRange", "textDocument/semanticTokens/range"),
)
NO_METHODS = ("no/such", "$/no/such", "", "initialize", "window/logMessage", "workspace/configuration")
LIKE_NOTIFICATIONS = ("exit", "initialized", "textDocument/didChange", "$/setTrace", "$/cancelRequest")
QUIET = (
    {"method": "$/cancelRequest", "params": {"id": 1}},
    {"method": "$/setTrace", "params": {"value": "verbose"}},
    {"method": "$/no/such", "params": [1]},
    {"method": "no/such"},
    {"method": "window/workDoneProgress/cancel", "params": {"token": "x"}},
    {"method": "workspace/didChangeConfiguration", "params": {"settings": None}},
    {"method": "workspace/didChangeWorkspaceFolders", "params": {"event": {"added": [], "removed": []}}},
    {"method": "workspace/didChangeWatchedFiles", "params": {"changes": [{"uri": "file:///x/Dockerfile", "type": 1}]}},
)
NO_PARAMETERS = sorted({*types.METHOD_TO_TYPES} - {"exit", "workspace/didChangeConfiguration"})
# What stands where a message should; a newline before the next header sets all right again, and so does the header.
NO_MESSAGES = (
    b"garbage",
    b"garbage\r\n",
    b"\r\n\r\n",
    b"Content-Length: x\r\n\r\n{}",
    b"Content-Length: -5\r\n\r\n{}",
    b"Content-Length: 99999999999999999999\r\n\r\n{}",
    b"Content-Length: 999999999\r\n\r\n{}",
    b"Content-Type: x\r\n\r\n{}",
    b"Content-Length: 0\r\n\r\n",
    b"Content-Length: 2\r\n\r\n{",  # swallows a byte of what follows
)
NO_BODIES = (
    *(b"{", b"[]", b"[{}]", b"{}", b"null", b"5", b'"x"', b"\xff\xfe", b"[" * 20_000, b'{"jsonrpc":"2.0"}'),
    *(b'{"jsonrpc":"1.0","id":"old","method":"shutdown"}', b'{"jsonrpc":"2.0","id":null,"method":"shutdown"}'),
    *(b'{"jsonrpc":"2.0","id":[1],"method":"shutdown"}', b'{"jsonrpc":"2.0","method":5}', b'{"jsonrpc":"2.0","id":5}'),
    *(b'{"jsonrpc":"2.0","id":{},"result":1}', b'{"jsonrpc":"2.0","id":"x","error":5}', b"NaN", b"1" * 5000),
    b'[{"jsonrpc":"2.0","id":"batch","method":"shutdown"}]',
)

Step = tuple[Any, ...]
of_texts: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("open"), places, versions, texts),
    st.tuples(st.just("change"), places, versions, st.lists(changes, max_size=3)),
    st.tuples(st.just("change"), places, versions, st.lists(changes, min_size=1, max_size=3)),
    st.tuples(st.just("spoil"), places, versions, st.lists(changes, max_size=2), no_changes),
    st.tuples(st.just("spoil all"), places, st.sampled_from((None, 5, "x", {"text": "x"}))),
    st.tuples(st.just("open badly"), places, st.sampled_from((None, 5, ["x"], {}))),
    st.tuples(st.just("close"), places),
    st.tuples(st.just("save"), places),
)
of_requests: st.SearchStrategy[Step] = st.one_of(
    *(
        st.tuples(st.just("ask"), places, st.just(method), st.fixed_dictionaries(parameters))
        for method, parameters in REQUESTS.items()
    )
)
of_the_rest: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("ask badly"), st.sampled_from((*REQUESTS, *NO_METHODS)), anything),
    st.tuples(st.just("ask badly"), st.sampled_from(LIKE_NOTIFICATIONS), st.sampled_from(({}, None, []))),
    st.tuples(st.just("answer"), anything),
    st.tuples(st.just("say"), st.sampled_from(QUIET)),
    st.tuples(st.just("settings"), st.sampled_from(({}, {"minSaving": 0}, {"rules": {"late-delete": "off"}}, 5))),
    st.tuples(st.just("say badly"), st.sampled_from(NO_PARAMETERS), anything),
    st.tuples(st.just("noise"), st.sampled_from(NO_MESSAGES)),
    st.tuples(st.just("body"), st.sampled_from(NO_BODIES)),
)
# Of each sort as much as of the others, however many there are of it.
steps = st.sampled_from((of_texts, of_texts, of_requests, of_the_rest)).flatmap(lambda sort: sort)
Batch = tuple[list[Step], list[float]]  # and where it is cut into pieces
cuts = st.lists(st.floats(0, 1), max_size=3)
first = st.tuples(st.tuples(st.just("open"), st.just(0), versions, texts).map(lambda step: [step]), cuts)
batches: st.SearchStrategy[list[Batch]] = st.tuples(
    first, st.lists(st.tuples(st.lists(steps, min_size=1, max_size=6), cuts), min_size=1, max_size=6)
).map(lambda both: [both[0], *both[1]])


# --- a model of what is open ---


def model_offset(text: str, line: int, character: int, encoding: Encoding) -> int:
    """The offset of a position, as LSP says, a character at a time."""
    at = 0
    while line and at < len(text):
        line -= text[at] == "\n" or (text[at] == "\r" and text[at + 1 : at + 2] != "\n")
        at += 1
    while character > 0 and at < len(text) and text[at] not in "\r\n":
        character -= model_units(text[at], encoding)
        at += 1
    return at


def model_units(character: str, encoding: Encoding) -> int:
    if encoding == "utf-32":
        return 1
    if encoding == "utf-16":
        return 1 + (character > "\uffff")
    return 1 + (character >= "\x80") + (character >= "\u0800") + (character > "\uffff")


def model_change(text: str, change: dict[str, Any], encoding: Encoding) -> str:
    if "range" not in change:
        return str(change["text"])
    start, end = sorted(
        model_offset(text, place["line"], place["character"], encoding)
        for place in (change["range"]["start"], change["range"]["end"])
    )
    return text[:start] + str(change["text"]) + text[end:]


def is_ours(uri: str) -> bool:
    """Whether the server keeps the text of this document."""
    return uri.rpartition("/")[2].endswith(("Dockerfile", ".dockerignore")) and "[" not in uri


class Session:
    """A server and what its client knows."""

    def __init__(self, encoding: Encoding, capabilities: dict[str, Any], folder: Path) -> None:
        self.encoding, self.capabilities, self.folder = encoding, capabilities, folder
        self.pulls = "diagnostic" in capabilities.get("textDocument", {})
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.shown: dict[str, Any] = {}  # the diagnostics that were pushed last
        self.settings: Any = {}
        self.lost: list[str] = []  # documents whose loss has yet to be told
        self.asked: dict[int, tuple[str, bool]] = {}  # of each request its method, and whether it has to succeed
        self.questions: list[tuple[Any, Any]] = []  # of the server's, not answered
        self._numbers = count(1)
        self._wire = Wire()
        self.server: Server = make_server()
        self.server.protocol._converter = CONVERTER
        self.server.protocol.set_writer(self._wire)
        self.ask("initialize", {"capabilities": capabilities})

    def uri(self, place: int) -> str:
        return (self.folder / NAMES[place]).as_uri() if place < len(NAMES) else ELSEWHERE[place - len(NAMES)]

    def request(self, method: str, params: Any, *, well: bool) -> bytes:
        number = next(self._numbers)
        self.asked[number] = method, well
        return message(id=number, method=method, params=params)

    def ask(self, method: str, params: Any) -> Any:
        """The answer to a request."""
        return self.receive(self.request(method, params, well=True))

    def receive(self, *pieces: bytes) -> Any:
        """Send a batch; all that was said and done must fit what the client knows. Gives the last answer."""
        for piece in pieces:
            self.server.protocol.receive(piece)
            self.server.show_changed()
        answer, published = None, dict[str, Any]()
        for said in self._wire.take():
            assert "raceback" not in json.dumps(said)
            if "method" not in said:
                answer = self._answered(said)
            elif "id" in said:
                self.questions.append((said["id"], said))
            elif said["method"] == PUSHED:
                published[said["params"]["uri"]] = said["params"]
            elif said["method"] == "window/logMessage":
                told = said["params"]["message"]
                self.lost = [uri for uri in self.lost if not told.startswith(f"deadweight: {uri}: ")]
        assert not self.asked, "a request without an answer"
        assert not self.lost, "a document is lost, and nobody is told"
        self._check_texts()
        assert not (self.pulls and published)
        for uri, said in published.items():
            assert said.get("version") == (self.versions[uri] if uri in self.texts else None)
            self.shown[uri] = said["diagnostics"]
        return answer

    def _answered(self, said: dict[str, Any]) -> Any:
        assert ("result" in said) != ("error" in said), said
        if said["id"] not in [*self.asked]:
            assert "error" in said, "an answer that nobody asked for"
            return None
        method, has_to_succeed = self.asked.pop(said["id"])
        if "error" in said:
            assert "\n" not in said["error"]["message"]
            assert not has_to_succeed or (method in REFUSING and said["error"]["code"] != RAISED), (method, said)
        return said.get("result")

    def _check_texts(self) -> None:
        open_ = {document.uri: document for document in self.server.documents}
        assert set(open_) == {uri for uri in self.texts if is_ours(uri)}
        for uri, document in open_.items():
            assert str(document.text) == self.texts[uri]
            assert document.version == self.versions[uri]
            assert not isinstance(document, OpenDockerfile) or document.tree.text == self.texts[uri]


# --- the steps, as bytes; the session knows of them ---


def bytes_of(session: Session, step: Step) -> bytes:
    kind, *rest = step
    return STEPS[kind](session, *rest)


def opened(session: Session, place: int, version: int, text: str) -> bytes:
    uri = session.uri(place)
    session.texts[uri], session.versions[uri] = text, version
    return opening(uri, version, text)


def opened_badly(session: Session, place: int, text: Any) -> bytes:
    uri = session.uri(place)
    session.texts.pop(uri, None)
    session.lost.append(uri)
    return opening(uri, 1, text)


def opening(uri: str, version: int, text: Any) -> bytes:
    document = {"uri": uri, "languageId": "dockerfile", "version": version, "text": text}
    return message(method="textDocument/didOpen", params={"textDocument": document})


def changed(session: Session, place: int, version: int, changes: list[Any]) -> bytes:
    uri = session.uri(place)
    if uri in session.texts:
        for each in changes:
            session.texts[uri] = model_change(session.texts[uri], each, session.encoding)
        session.versions[uri] = version
    return changing(uri, version, changes)


def spoiled(session: Session, place: int, version: int, changes: list[Any], change: Any) -> bytes:
    return all_spoiled(session, place, [*changes, change], version)


def all_spoiled(session: Session, place: int, changes: Any, version: int = 1) -> bytes:
    uri = session.uri(place)
    if session.texts.pop(uri, None) is not None and is_ours(uri):
        session.lost.append(uri)
    return changing(uri, version, changes)


def changing(uri: str, version: int, changes: Any) -> bytes:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
    return message(method="textDocument/didChange", params=params)


def closed(session: Session, place: int) -> bytes:
    uri = session.uri(place)
    session.texts.pop(uri, None)
    return message(method="textDocument/didClose", params={"textDocument": {"uri": uri}})


def saved(session: Session, place: int) -> bytes:
    return message(method="textDocument/didSave", params={"textDocument": {"uri": session.uri(place)}})


def asked(session: Session, place: int, method: str, parameters: dict[str, Any]) -> bytes:
    uri = session.uri(place)
    params = {"textDocument": {"uri": uri}, "arguments": [uri], **parameters}
    if "data" in params:
        params["data"] = {"uri": uri, **params["data"]}
    return session.request(method, params, well=session.pulls or method != PULLED)


def asked_badly(session: Session, method: str, params: Any) -> bytes:
    return session.request(method, params, well=False)


def answered(session: Session, result: Any) -> bytes:
    question = session.questions.pop(0)[0] if session.questions else "nobody asked"
    return message(id=question, result=result)


def told(session: Session, value: Any) -> bytes:
    session.settings = value
    return message(method="workspace/didChangeConfiguration", params={"settings": {"deadweight": value}})


def said(_: Session, what: dict[str, Any]) -> bytes:
    return message(**what)


def said_badly(_: Session, method: str, params: Any) -> bytes:
    return message(method=method, params=params)


def noise(_: Session, bytes_: bytes) -> bytes:
    # What stands behind the noise may be lost with it.
    return bytes_ + message(method="$/lost") + message(method="$/lost")


def body(_: Session, bytes_: bytes) -> bytes:
    return framed(bytes_)


STEPS: dict[str, Callable[..., bytes]] = {
    "open": opened,
    "open badly": opened_badly,
    "change": changed,
    "spoil": spoiled,
    "spoil all": all_spoiled,
    "close": closed,
    "save": saved,
    "ask": asked,
    "ask badly": asked_badly,
    "answer": answered,
    "settings": told,
    "say": said,
    "say badly": said_badly,
    "noise": noise,
    "body": body,
}


# --- what holds ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build context."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "package.json").write_text('{"dependencies": {"express": "4"}}')
    (folder / "big.bin").write_bytes(b"x" * 2_000_000)
    (folder / ".dockerignore").write_text("node_modules\n")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.js").write_bytes(b"x" * 3_000_000)
    return folder


@settings(max_examples=100)
@given(st.sampled_from(CLIENTS), batches)
def test_any_session_is_followed(folder: Path, client: tuple[Encoding, dict[str, Any]], sent: list[Batch]) -> None:
    asyncio.run(follow(Session(*client, folder), sent))


def inserted(character: int, text: str) -> dict[str, Any]:
    place = {"line": 0, "character": character}
    return {"text": text, "range": {"start": place, "end": place}}


@settings(max_examples=100)
@example(client=CLIENTS[0], text="\udd1ex", sent=[[inserted(0, "\ud834")], [inserted(2, "y")], [inserted(3, "z")]])
@given(st.sampled_from(CLIENTS), bits, st.lists(st.lists(small_changes, min_size=1, max_size=3), max_size=12))
def test_any_edits_are_followed(client: tuple[Encoding, dict[str, Any]], text: str, sent: list[list[Any]]) -> None:
    session = Session(*client, Path("/nowhere"))
    untitled = len(NAMES)
    session.receive(opened(session, untitled, 0, text))
    for version, changes in enumerate(sent, 1):
        session.receive(changed(session, untitled, version, changes))


async def follow(session: Session, sent: list[Batch]) -> None:
    for batch, cuts in sent:
        data = b"".join(bytes_of(session, step) for step in batch)
        places = sorted({0, *(int(cut * len(data)) for cut in cuts), len(data)})
        session.receive(*(data[start:end] for start, end in pairwise(places)))
    fresh = Session(session.encoding, session.capabilities, session.folder)
    fresh.receive(told(fresh, session.settings))
    for place in range(len(NAMES) + len(ELSEWHERE)):
        if (uri := session.uri(place)) in session.texts:
            fresh.receive(opened(fresh, place, session.versions[uri], session.texts[uri]))
    for each in (session, fresh):
        await all_known(each)
    for uri in fresh.texts:
        shown = {method: session.ask(method, about(uri)) for method in SAME}
        assert shown == {method: fresh.ask(method, about(uri)) for method in SAME}
        assert session.shown.get(uri) == fresh.shown.get(uri)
        check_ranges(shown, fresh.texts[uri], session.encoding)


async def all_known(session: Session) -> None:
    """Wait for the walks of folders, and have nothing left to say about settings."""
    session.receive(message(method="workspace/didChangeConfiguration", params={"settings": None}))
    while session.questions:
        number, question = session.questions.pop(0)
        items = question["params"]["items"] if question["method"] == "workspace/configuration" else ()
        session.receive(message(id=number, result=[None for _ in items]))
    while any(document.is_measuring for document in session.server.documents):
        await asyncio.sleep(0)
    session.receive(b"")


def about(uri: str) -> dict[str, Any]:
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 2**31 - 1, "character": 0}}
    return {"textDocument": {"uri": uri}, "range": everything, "context": CONTEXT}


def check_ranges(shown: Any, text: str, encoding: Encoding) -> None:
    """Whatever ranges there are, they are in the text."""
    if isinstance(shown, dict):
        if set(shown) == {"line", "character"}:
            offset = model_offset(text, shown["line"], shown["character"], encoding)
            assert model_position(text, offset, encoding) == (shown["line"], shown["character"])
        for each in shown.values():
            check_ranges(each, text, encoding)
    elif isinstance(shown, list):
        for each in shown:
            check_ranges(each, text, encoding)


def model_position(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    before = text[:offset]
    ends = [at for at, each in enumerate(before) if each == "\n" or (each == "\r" and text[at + 1 : at + 2] != "\n")]
    start = ends[-1] + 1 if ends else 0
    return len(ends), sum(model_units(each, encoding) for each in before[start:])


@pytest.mark.parametrize("field", ["line", "character"])
def test_a_wrong_position_loses_the_document_and_somebody_is_told(folder: Path, field: str) -> None:
    session = Session(*CLIENTS[0], folder)
    for number in NO_NUMBERS:
        place = {"line": 0, "character": 0, field: number}
        session.receive(opened(session, 0, 1, "FROM scratch\n"))
        session.receive(spoiled(session, 0, 2, [], {"text": "x", "range": {"start": place, "end": place}}))


def test_a_shutdown_while_settings_are_asked_for(folder: Path) -> None:
    session = Session(*CLIENTS[2], folder)
    session.receive(opened(session, 0, 1, "FROM scratch\n"))
    session.receive(answered(session, [{"minSaving": "10GB"}]))
    session.receive(told(session, {}))
    assert session.ask("shutdown", None) is None


def test_a_rule_that_fails_does_not_silence_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> NoReturn:
        raise ZeroDivisionError

    rules = (replace(BY_ID["late-delete"], check=fail), *RULES)
    monkeypatch.setattr("deadweight.lsp.documents.check", partial(check, rules=rules))
    session = Session(*CLIENTS[0], folder)
    session.receive(opened(session, 0, 1, "FROM python:3.13-slim\nRUN pip install pandas\n"))
    assert [each["code"] for each in session.shown[session.uri(0)]] == ["install-cache-kept"]


def test_every_request_is_tried() -> None:
    features = Session("utf-16", PULLING, Path()).server.protocol.fm
    known = {method for method in (*features.features, *features.builtin_features) if types.METHOD_TO_TYPES[method][1]}
    later = {"workspace/diagnostic"}  # answered between messages: test_protocol_workspace.py
    assert known - {"initialize", "shutdown"} - later == set(REQUESTS)
