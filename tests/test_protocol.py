"""The language server as real clients meet it: over stdio, with what VS Code, Neovim and a bare client can do."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from deadweight.lsp.server import make_server
from raw_messages import Wire, messages
from raw_messages import message as frame
from sessions import SECONDS, SERVER, Page, Session, within

if TYPE_CHECKING:
    from pathlib import Path

PIP = "FROM python:3.13-slim\nRUN pip install pandas\n"
FIXED = "FROM python:3.13-slim\nRUN pip install --no-cache-dir pandas\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


# --- the greeting ---


async def test_what_is_announced_fits_the_client(session: Session) -> None:
    announced = session.result.capabilities
    encodings = {"visual-studio-code": "utf-16", "neovim": "utf-8", "nothing": "utf-16"}
    assert session.encoding == encodings[session.name]
    assert session.pulls == (session.name == "neovim")
    assert announced.hover_provider
    assert announced.inlay_hint_provider
    # A client that knows nothing of kinds must not be told of them.
    assert isinstance(announced.code_action_provider, bool) == (session.name == "nothing")


# --- documents ---


async def test_a_finding_stands_where_it_is_in_any_encoding(session: Session, tmp_path: Path) -> None:
    text = "FROM python:3.13-slim\r\nRUN echo é𝄞 && pip install pandas\r\n"
    page = session.open(tmp_path / "Dockerfile", text)
    (found,) = await page.diagnostics()
    assert page.spanned(found.range) == "pip install pandas"
    before = "RUN echo é𝄞 && "
    units = {"utf-8": len(before.encode()), "utf-16": len(before.encode("utf-16-le")) // 2}
    assert found.range.start == types.Position(1, units[session.encoding])
    assert (found.source, found.code) == ("deadweight", "install-cache-kept")
    assert "saves " in found.message


async def test_every_edit_is_followed(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "# é𝄞\r\nFROM python:3.13-slim\r\nRUN pip install 𝄞 flask\r\n")
    await page.diagnostics()
    page.type("𝄞 flask", "--no-cache-dir \x0c pandas")
    assert await page.codes() == []
    page.type("--no-cache-dir \x0c ", "")
    assert await page.codes() == ["install-cache-kept"]
    page.type("RUN pip", "\r\nRUN true && pip")
    (found,) = await page.diagnostics()
    assert page.spanned(found.range) == "pip install pandas"


async def test_several_changes_at_once_and_a_whole_text(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "FROM x\n")
    await page.diagnostics()
    end = types.Position(99, 99)  # behind the end: taken as the end
    page.change(
        types.TextDocumentContentChangeWholeDocument("FROM python:3.13-slim\n"),
        types.TextDocumentContentChangePartial(types.Range(end, end), "RUN pip install pandas"),
    )
    assert await page.codes() == ["install-cache-kept"]


async def test_what_is_typed_on_the_way_to_a_file(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "")
    text = 'FROM x AS "\n\x00\ufeffRUN <<EOF\nCOPY [\nONBUILD ONBUILD\nEOF\n\\\n'
    for end in range(1, len(text), 5):
        page.change(types.TextDocumentContentChangeWholeDocument(text[:end]))
    assert all(each.source == "deadweight" for each in await page.diagnostics())


async def test_what_buildkit_rejects_is_an_error(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "app.dockerfile", "FROM scratch\nRNU x\n")
    (found,) = await page.diagnostics()
    assert (found.code, found.severity) == ("syntax", types.DiagnosticSeverity.Error)
    assert page.spanned(found.range) == "RNU"


async def test_files_that_are_not_ours_are_silent(session: Session, tmp_path: Path) -> None:
    for name in ("Dockerfile.j2", ".gitignore", "notes.md"):
        page = session.open(tmp_path / name, PIP)
        page.type("pandas", "flask")
        assert await page.hover("RUN") is None
        assert await page.hints() == []
        assert await page.actions() == []
    assert session.client.published.empty()
    assert session.client.messages == []


async def test_changes_of_a_document_that_is_not_open_do_no_harm(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    session.close_all()
    page.type("pandas", "flask")
    assert await page.hover("RUN") is None
    again = session.open(tmp_path / "Dockerfile", PIP)
    assert await again.codes() == ["install-cache-kept"]


async def test_other_places_are_told_to_clients_that_show_them(session: Session, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" * 2_000_000)
    page = session.open(
        tmp_path / "Dockerfile", "FROM debian:bookworm-slim\nCOPY model.bin /é𝄞/\nRUN rm /é𝄞/model.bin\n"
    )
    (found,) = await page.diagnostics()
    assert found.code == "late-delete"
    if session.name == "nothing":
        assert found.related_information is None
    else:
        assert found.related_information is not None
        (place,) = found.related_information
        assert place.location.uri == page.uri
        assert page.spanned(place.location.range) == "model.bin"
        assert place.message


# --- push and pull ---


async def test_diagnostics_are_pushed_or_pulled_never_both(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP, version=7)
    assert await page.codes() == ["install-cache-kept"]
    page.type("pandas", "flask")
    await session.settle()
    if session.pulls:
        assert session.client.published.empty()
    else:
        published = await within(session.client.published.get())
        assert (published.uri, published.version) == (page.uri, 8)


async def test_a_closed_document_has_no_diagnostics_left(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    await page.diagnostics()
    session.close_all()
    await session.settle()
    if not session.pulls:
        assert not (await within(session.client.published.get())).diagnostics


async def test_an_answer_that_stays_is_not_sent_again(session: Session, tmp_path: Path) -> None:
    if not session.pulls:
        pytest.skip("this client does not pull")
    page = session.open(tmp_path / "Dockerfile", PIP)

    async def pull(previous: str | None) -> Any:
        params = types.DocumentDiagnosticParams(page.identifier, previous_result_id=previous)
        return await within(session.client.text_document_diagnostic_async(params))

    first = await pull(None)
    assert isinstance(await pull(first.result_id), types.RelatedUnchangedDocumentDiagnosticReport)
    page.type("RUN", "\nRUN")
    assert isinstance(await pull(first.result_id), types.RelatedFullDocumentDiagnosticReport)


# --- what is shown ---


async def test_hover_says_sizes_without_tables(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "FROM node:22\n")
    shown = await page.hover("node")
    assert shown is not None
    assert isinstance(shown.contents, types.MarkupContent)
    assert "pulled" in shown.contents.value
    assert "|" not in shown.contents.value
    assert shown.range is not None
    assert page.spanned(shown.range) == "FROM node:22"


async def test_hints_come_from_the_real_folder(session: Session, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . é𝄞\n")
    (hint,) = await page.hints()
    assert hint.label == "+3.0 MB"
    assert page.spanned(types.Range(types.Position(1, 0), hint.position)) == "COPY . é𝄞"


# --- code actions ---


async def test_a_quick_fix_gives_the_text(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    action, _ = await page.actions("quickfix")
    assert (action.kind, action.is_preferred) == ("quickfix", True)
    assert page.after(action) == (FIXED, {})
    assert action.diagnostics is not None
    assert [each.code for each in action.diagnostics] == ["install-cache-kept"]


async def test_a_fix_belongs_to_the_version_it_was_made_for(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    page.type("RUN", "# é𝄞\nRUN")
    action, _ = await page.actions("quickfix")
    assert page.after(action)[0] == FIXED.replace("RUN", "# é𝄞\nRUN")  # and names version 2, where it can


async def test_a_refactoring_says_what_to_check(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "FROM node:22\n")
    slim = next(each for each in await page.actions("refactor") if "slim" in each.title)
    assert page.after(slim) == ("FROM node:22-slim\n", {})
    annotations = slim.edit and slim.edit.change_annotations
    said = [each.description or "" for each in annotations.values()] if annotations else [slim.title]
    assert "Check: " in said[0]


async def test_a_file_is_created_only_by_clients_that_can(session: Session, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "pack").write_bytes(b"x" * 2_000_000)
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert await page.codes() == ["missing-dockerignore"]
    *actions, _ = await page.actions("quickfix")
    if session.name == "nothing":
        assert actions == []
    else:
        assert [page.after(each) for each in actions] == [(str(page.text), {".dockerignore": ".git\n"})]
    assert not (tmp_path / ".dockerignore").exists()  # the client writes, never the server


async def test_lenses_and_commands(session: Session, tmp_path: Path) -> None:
    client, page = session.client, session.open(tmp_path / "Dockerfile", PIP)
    params = types.CodeLensParams(page.identifier)
    first, *others = await within(client.text_document_code_lens_async(params))
    assert page.spanned(first.range) == "FROM"
    assert first.command.title.startswith("Image: ")
    asked = types.ExecuteCommandParams(first.command.command, first.command.arguments)
    report = await within(client.workspace_execute_command_async(asked))
    assert "- line 2: " in report["markdown"]
    assert client.messages[-1].message.startswith("The image: ")
    assert len(others) == (session.name != "nothing")  # what cannot be applied is not offered
    if others:
        asked = types.ExecuteCommandParams(others[0].command.command, others[0].command.arguments)
        await within(client.workspace_execute_command_async(asked))
        edit = await within(client.applied.get())
        assert page.after(types.CodeAction("", edit=edit))[0] == FIXED


async def test_an_action_of_an_older_version_has_no_edits(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    context = types.CodeActionContext([])
    params = types.CodeActionParams(page.identifier, page.all, context)
    first, *_ = await within(session.client.text_document_code_action_async(params))
    if first.edit is None:
        page.type("pandas", "flask")
        with pytest.raises(JsonRpcException, match="has changed"):
            await within(session.client.code_action_resolve_async(first))


async def test_fix_all_on_request(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", f"{PIP}RUN pip install flask scikit-learn\n")
    (action,) = await page.actions("source.fixAll")
    assert action.kind == "source.fixAll.deadweight"
    assert page.after(action)[0] == f"{FIXED}RUN pip install --no-cache-dir flask scikit-learn\n"
    assert action.title.startswith("Apply all safe fixes, saves ")
    assert action.title.endswith(" MB")


# --- .dockerignore ---


async def test_an_ignore_file_is_checked_and_weighed(session: Session, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / ".dockerignore", "big\n[a\n")
    (found,) = await page.diagnostics()
    assert page.spanned(found.range) == "[a"
    shown = await page.hover("big")
    assert shown is not None
    assert "3.0 MB" in shown.contents.value  # type: ignore[union-attr]


async def test_an_ignore_file_that_is_being_typed_counts(session: Session, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    (tmp_path / ".dockerignore").write_text("big\n.dockerignore\n")
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert [hint.label for hint in await page.hints()] == ["+2.0 MB"]
    ignore = session.open(tmp_path / ".dockerignore", "big\n.dockerignore\n")
    ignore.type("big", "large")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    session.client.text_document_did_close(types.DidCloseTextDocumentParams(ignore.identifier))
    assert [hint.label for hint in await page.hints()] == ["+2.0 MB"]


async def test_podman_takes_its_own_ignore_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "deadweight.toml").write_text('builder = "podman"\n')
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    own = session.open(tmp_path / ".containerignore", "b*\n")
    other = session.open(tmp_path / ".dockerignore", "none\n")
    assert await page.hints() == []
    own.type("b*", "c*")
    other.type("none", "big")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]


async def test_lines_are_added_to_an_ignore_file_on_disk_and_in_the_editor(session: Session, tmp_path: Path) -> None:
    ignore = tmp_path / ".dockerignore"
    ignore.write_bytes("# é\r\nbig".encode())
    (tmp_path / ".turbo").mkdir()
    (tmp_path / ".turbo/x").write_bytes(b"x" * 2_000_000)
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert await page.codes() == ["heavy-folder-copied"]
    on_disk, _ = await page.actions("quickfix")
    assert added_to(on_disk, ignore.as_uri()) == (None, types.Position(1, 3), "\r\n**/.turbo\r\n")
    opened = session.open(ignore, "# é\r\nbig\r\nsmall\r\n", version=7)
    opened.type("small", "𝄞")
    in_editor, _ = await page.actions("quickfix")
    version = None if session.name == "nothing" else 8
    assert added_to(in_editor, ignore.as_uri()) == (version, types.Position(3, 0), "**/.turbo\r\n")
    assert ignore.read_bytes() == "# é\r\nbig".encode()  # the client writes, never the server


def added_to(action: types.CodeAction, uri: str) -> tuple[int | None, types.Position, str]:
    """The version, the place and the text of the one edit of a file."""
    assert action.edit is not None
    version, edits = None, (action.edit.changes or {}).get(uri, [])
    for change in action.edit.document_changes or ():
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.uri == uri
        version, edits = change.text_document.version, list(change.edits)  # type: ignore[arg-type]
    (edit,) = edits
    assert edit.range.start == edit.range.end
    return version, edit.range.start, edit.new_text


async def test_what_is_wrong_with_patterns_and_the_way_out(session: Session, tmp_path: Path) -> None:
    (tmp_path / "app" / "node_modules").mkdir(parents=True)
    (tmp_path / "app" / "node_modules" / "big").write_bytes(b"x" * 3_000_000)
    (tmp_path / "run.sh").write_text("true\n")
    (tmp_path / "Dockerfile").write_text("FROM alpine\nCOPY run.sh /\n")
    page = session.open(tmp_path / ".dockerignore", "node_modules\n*.sh\n")
    assert await page.codes() == ["pattern-only-at-top", "copied-file-ignored"]
    first, second = await page.actions("quickfix")
    assert page.after(first)[0] == "**/node_modules\n*.sh\n"
    assert page.after(second)[0] == "node_modules\n*.sh\n!run.sh\n"
    page.type("node_modules", "**/node_modules")
    assert await page.codes() == ["copied-file-ignored"]
    assert [hint.label for hint in await page.hints()] == ["\N{MINUS SIGN}3.0 MB"]
    params = types.CodeLensParams(page.identifier)
    (lens,) = await within(session.client.text_document_code_lens_async(params))
    assert lens.command.title.startswith("Build context: ")
    # A Dockerfile that is open counts as it is typed, not as it lies on disk.
    opened = session.open(tmp_path / "Dockerfile", "FROM alpine\n")
    assert await opened.codes() == []
    page.type("*.sh", "*.s?")
    assert await page.codes() == []


async def test_an_ignore_file_follows_what_a_dockerfile_copies(session: Session, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("pass\n")
    dockerfile = session.open(tmp_path / "Dockerfile", "FROM alpine\nCOPY a.py /x\n")
    page = session.open(tmp_path / ".dockerignore", "a.py\n")
    assert await page.codes() == ["copied-file-ignored"]
    for old, new, codes in (("a.py", "b.py", []), ("b.py", "a.py", ["copied-file-ignored"])):
        dockerfile.type(old, new)
        for _ in range(50):  # what a batch of messages changes is shown when all of them are dealt with
            if await page.codes_now() == codes:
                break
        assert await page.codes_now() == codes


async def test_what_is_typed_and_taken_back_leaves_nothing(session: Session, tmp_path: Path) -> None:
    for number in range(1200):  # more than are tried at once
        (tmp_path / f"{number}.txt").write_text("x" * 1000)
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    page = session.open(tmp_path / ".dockerignore", "big\n")
    assert await labels(page) == ["\N{MINUS SIGN}3.0 MB"]
    page.type("big", "big\n*.txt")
    page.type("big\n*.txt", "big")
    assert await labels(page) == ["\N{MINUS SIGN}3.0 MB"]


async def labels(page: Page) -> list[str]:
    """The labels of the hints."""
    return [str(hint.label) for hint in await page.hints()]


async def test_another_builder_walks_again(session: Session, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    (tmp_path / ".containerignore").write_text("big\n.c*\nDockerfile\n")
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    settings = {"deadweight": {"builder": "podman"}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    if session.name == "visual-studio-code":
        return  # it is asked for its settings, and has others
    assert await page.hints() == []
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"deadweight": {}}))


async def test_a_pattern_that_is_a_file_is_a_link(session: Session, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1\n")
    page = session.open(tmp_path / ".dockerignore", "data.csv\nnode_modules\n")
    await labels(page)
    params = types.DocumentLinkParams(page.identifier)
    (link,) = await within(session.client.text_document_document_link_async(params))
    assert link.target == (tmp_path / "data.csv").as_uri()


async def test_a_saved_or_watched_change_of_the_folder_counts(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert await page.hints() == []
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    session.client.text_document_did_save(types.DidSaveTextDocumentParams(page.identifier))
    assert [hint.label for hint in await page.hints()] == ["+3.0 MB"]
    (tmp_path / ".dockerignore").write_text("big\n")
    event = types.FileEvent((tmp_path / ".dockerignore").as_uri(), types.FileChangeType.Created)
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    assert await page.hints() == []


# --- settings ---


async def test_settings_are_taken_and_wrong_ones_named_in_one_line(session: Session, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "pack").write_bytes(b"x" * 2_000_000)
    page = session.open(tmp_path / "Dockerfile", "FROM scratch\nCOPY . .\n")
    assert await page.codes() == ["missing-dockerignore"]
    settings: dict[str, Any] = {"deadweight": {"minSaving": "10GB", "inlayHints": 3, "colour": "red"}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    page.type("COPY", "\nCOPY")
    assert await page.codes() == []
    (message,) = session.client.messages
    assert "inlayHints" in message.message
    assert "colour" in message.message
    assert "\n" not in message.message
    settings = {"deadweight": {"inlayHints": False}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    assert await page.hints() == []
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"deadweight": {}}))
    assert await page.hints() != []


async def test_settings_of_single_rules(session: Session, tmp_path: Path) -> None:
    page = session.open(tmp_path / "Dockerfile", PIP)
    (found,) = await page.diagnostics()
    for given, severity in (
        ("error", types.DiagnosticSeverity.Error),
        ({"severity": "hint", "minSaving": 0}, types.DiagnosticSeverity.Hint),
        ({}, found.severity),
    ):
        settings: dict[str, Any] = {"deadweight": {"rules": {"install-cache-kept": given}}}
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        page.type("RUN", "\nRUN")
        (found,) = await page.diagnostics()
        assert found.severity == severity
    for off in ("off", {"severity": "off"}, {"minSaving": "10GB"}):
        settings = {"deadweight": {"rules": {"install-cache-kept": off, "no-such-rule": "off"}}}
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        page.type("RUN", "\nRUN")
        assert await page.codes() == []
        assert "no-such-rule" in session.client.messages.pop().message
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"deadweight": {}}))
    await session.settle()


# --- a session that goes wrong, as raw messages ---


def conversation(*sent: bytes) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, what the server said, and its stderr, for all these messages and the end of stdin."""
    done = subprocess.run(SERVER, input=b"".join(sent), capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, messages(done.stdout), done.stderr.decode()


def answer(said: list[dict[str, Any]], to: int) -> dict[str, Any]:
    return next(each for each in said if each.get("id") == to and "method" not in each)


ORIGIN = {"line": 0, "character": 0}
HELLO = frame(id=1, method="initialize", params={})
BYE = (frame(id=99, method="shutdown"), frame(method="exit"))


async def test_exit_codes() -> None:
    assert conversation(HELLO, *BYE)[0] == 0
    assert conversation(HELLO, frame(method="exit"))[0] == 1
    assert conversation(HELLO)[0] == 0  # the client is gone: so is the server


async def test_a_request_that_cannot_be_read_costs_one_answer() -> None:
    code, said, errors = conversation(
        HELLO,
        frame(id=2, method="textDocument/hover", params={"nonsense": 1}),
        frame(id=3, method="no/suchMethod", params={}),
        frame(method="textDocument/didOpen", params=[]),
        b"Content-Length: 5\r\n\r\n{oops",
        frame(
            id=4,
            method="textDocument/hover",
            params={"textDocument": {"uri": "u"}, "position": {"line": 0, "character": 0}},
        ),
        *BYE,
    )
    assert code == 0
    assert "error" in answer(said, 2)
    assert "error" in answer(said, 3)
    assert answer(said, 4)["result"] is None
    assert "Traceback" not in errors
    assert all(line.startswith("deadweight: ") for line in errors.splitlines())


async def test_a_handler_that_fails_costs_one_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a line\nand another")

    server, wire = make_server(), Wire()
    server.protocol.set_writer(wire)
    monkeypatch.setattr("deadweight.features.hover.hover", fail)
    document = {"uri": (tmp_path / "Dockerfile").as_uri(), "languageId": "", "version": 1, "text": PIP}
    place = {"textDocument": document, "position": {"line": 0, "character": 0}}
    for message in (
        HELLO,
        frame(method="textDocument/didOpen", params={"textDocument": document}),
        frame(id=2, method="textDocument/hover", params=place),
        frame(id=3, method="textDocument/inlayHint", params={**place, "range": {"start": ORIGIN, "end": ORIGIN}}),
    ):
        server.protocol.receive(message)
    said = wire.take()
    assert "error" in answer(said, 2)
    assert answer(said, 3)["result"] is not None
    assert "raceback" not in str(said)
    (logged,) = [each["params"]["message"] for each in said if each.get("method") == "window/logMessage"]
    assert logged.endswith("a line and another")


async def test_settings_with_the_greeting() -> None:
    hello = frame(
        id=1, method="initialize", params={"capabilities": {}, "initializationOptions": {"minSaving": "much"}}
    )
    _, said, errors = conversation(hello, *BYE)
    (shown,) = [each["params"] for each in said if each.get("method") == "window/showMessage"]
    assert "minSaving" in shown["message"]
    assert errors == ""


async def test_stdio_is_accepted_and_a_wrong_port_is_one_line() -> None:
    arguments = [*SERVER, "--stdio"]
    assert subprocess.run(arguments, input=HELLO + b"".join(BYE), capture_output=True, timeout=SECONDS).returncode == 0
    wrong = subprocess.run([*SERVER, "--tcp", "99999999"], capture_output=True, timeout=SECONDS, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.count(b"\n") == 1


async def test_a_port_of_this_machine() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*SERVER, "--tcp", str(port)], stdin=subprocess.DEVNULL) as server:
        try:
            with _connected(port) as connection:
                connection.sendall(HELLO + b"".join(BYE))
                received = b""
                while more := connection.recv(65_536):
                    received += more
            assert b'"serverInfo"' in received
            assert server.wait(SECONDS) == 0
        finally:
            server.kill()


def _connected(port: int) -> socket.socket:
    """A connection to a server that is just starting."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    raise TimeoutError
