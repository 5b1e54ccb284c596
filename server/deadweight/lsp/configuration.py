"""The settings of each open document: the client's, told or asked for, and what the project's file says over them."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lsprotocol import types

from deadweight.settings import DEFAULTS, read_settings
from deadweight.workspace.declared_builds import declares_below
from deadweight.workspace.settings_files import NAMES, SettingsFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from deadweight.lsp.documents import Document
    from deadweight.lsp.server import Server
    from deadweight.settings import Settings
    from deadweight.workspace.settings_files import SettingsFile

_SECTION = "deadweight"


class Configuration:
    """What a session knows of its settings."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told: Settings = DEFAULTS
        # What the client answered for a document, and the last time that it was asked.
        self._answered: WeakKeyDictionary[Document, Settings] = WeakKeyDictionary()
        self._asked: WeakKeyDictionary[Document, int] = WeakKeyDictionary()
        self._questions = 0
        self._said: set[str] = set()  # what is wrong with the client's settings as they are now
        self._complained: dict[Path, str | None] = {}  # the text of each settings file about which something was said

    def of(self, document: Document) -> Settings:
        """The settings that hold for a document now: its project's file is read."""
        base = self._answered.get(document, self._told)
        file = SettingsFiles().of(document.path) if document.path else None
        if file is None:
            return base
        settings, wrong = file.over(base)
        self._complain(file, wrong)
        return settings

    def tell(self, raw: object) -> None:
        """Take the settings that the client has for all documents."""
        self._told, wrong = read_settings(raw)
        self._say_once(wrong)

    def change(self, settings: object) -> None:
        """The client's settings have changed; `settings` has them, or else the client waits to be asked."""
        self._said.clear()
        if isinstance(settings, dict) and _SECTION in settings:
            self.tell(settings[_SECTION])
            self.apply(self._server.documents)
        self.ask(self._server.documents)

    def ask(self, documents: Iterable[Document]) -> None:
        """Ask a client that can be asked for the settings of documents; what changes is shown when it answers."""
        documents = list(documents)
        if not documents or not self._server.client.configures:
            return
        self._questions += 1
        self._asked.update(dict.fromkeys(documents, self._questions))
        question = self._questions
        items = [types.ConfigurationItem(each.uri, _SECTION) for each in documents]
        answer = self._server.workspace_configuration(types.ConfigurationParams(items))
        answer.add_done_callback(
            lambda answer: None if answer.cancelled() else self._take(documents, question, _answers(answer))
        )

    def apply(self, documents: Iterable[Document]) -> None:
        """Let documents take the settings that hold now, and show what becomes of those that have others."""
        changed: list[Document] = []
        for each in documents:
            before = (each.folder, each.settings.builder)
            if each.configure():
                changed.append(each)
                self._server.measuring.weigh(each)
            if (each.folder, each.settings.builder) != before:
                self._server.measuring.walk(each)
        self._server.show_again(changed)

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files have changed on disk: among them perhaps the settings of documents below, or how these are built."""
        folders = {folder for path in paths if (folder := speaks_for(path))}
        if folders:
            self.apply([each for each in self._server.documents if each.path and folders & set(each.path.parents)])

    def _take(self, documents: Sequence[Document], question: int, answers: Sequence[Any]) -> None:
        wrong: list[str] = []
        for document, raw in zip_longest(documents, answers[: len(documents)]):
            if self._asked.get(document) != question:  # asked again meanwhile
                continue
            # A client that has nothing to say leaves what it told before.
            self._answered.pop(document, None)
            if raw is not None:
                self._answered[document], lines = read_settings(raw)
                wrong += lines
        self._say_once(wrong)
        self.apply([each for each in documents if self._server.documents.get(each.uri) is each])

    def _say_once(self, wrong: Iterable[str]) -> None:
        lines = [each for each in dict.fromkeys(wrong) if each not in self._said]
        self._said.update(lines)
        self._say(lines)

    def _complain(self, file: SettingsFile, wrong: Sequence[str]) -> None:
        """Say what is wrong with a settings file, once for each text of it."""
        text = file.text or file.error
        if wrong and self._complained.get(file.path) != text:
            self._say(wrong)
        self._complained[file.path] = text

    def _say(self, lines: Sequence[str]) -> None:
        if lines:
            message = f"deadweight: {'; '.join(lines)}"
            self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))


def speaks_for(path: Path) -> Path | None:
    """The folder below which a file decides for documents: settings, and what declares builds; None for others."""
    return path.parent if path.name in NAMES else declares_below(path)


def registrations(server: Server) -> list[types.Registration]:
    """What a client that waits to be asked is asked to notify."""
    if not server.client.registers_configuration:
        return []
    options = types.DidChangeConfigurationRegistrationOptions(_SECTION)
    return [types.Registration("configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)]


def _answers(answer: Future[Any]) -> Sequence[Any]:
    """What a client answered; nothing where it refused."""
    failed = answer.exception() is not None
    return () if failed or not isinstance(answer.result(), (list, tuple)) else answer.result()


def _did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    server.configuration.change(params.settings)


def _did_change_folders(server: Server, _: types.DidChangeWorkspaceFoldersParams) -> None:
    server.configuration.ask(server.documents)


FEATURES: tuple[tuple[str, object | None, Callable[..., None]], ...] = (
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, None, _did_change_configuration),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, None, _did_change_folders),
)
