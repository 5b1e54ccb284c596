"""What Helix shows of a Dockerfile: it has no batch mode, so it is used in a terminal of tmux as a person uses it."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SECONDS = 60


class _SilentError(Exception):
    """What was waited for never came."""


def drive(tmux: Path, hx: Path, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What was seen; needs the files of the user's configuration where the environment says."""
    terminal = _Terminal(tmux, folder, environment)
    seen = {"version": _version(hx)}
    try:
        _drive(terminal, hx, folder, seen)
    except _SilentError as error:
        seen["failed"] = str(error)
    finally:
        terminal.tmux("kill-server")
    return seen


def _drive(terminal: _Terminal, hx: Path, folder: Path, seen: dict[str, str]) -> None:
    dockerfile = folder / "Dockerfile"
    terminal.start(hx, dockerfile)
    terminal.line_with("any finding", "saves about")
    terminal.keys("3jw")
    seen["diagnostic"] = terminal.line_with("a diagnostic", "download cache stays in this layer")
    seen["hint"] = terminal.line_with("a hint", "RUN npm install", "+140 MB")
    terminal.keys("Space", "k")
    seen["hover"] = terminal.line_with("the hover", "npm packages: ")
    terminal.keys("Escape", "Space", "a")
    terminal.line_with("the menu", "Run npm cache clean --force")
    terminal.keys("Enter")
    terminal.line_with("the fix", "npm install && npm cache clean --force")
    terminal.keys("Escape", ":w", "Enter")
    _wait("the file", lambda: "cache clean" in dockerfile.read_text("utf-8"))
    seen["fix"] = dockerfile.read_text("utf-8").splitlines()[3]
    terminal.keys(":open .dockerignore", "Enter", "j")
    seen["ignore file"] = terminal.line_with("a diagnostic of .dockerignore", "a comment has")


class _Terminal:
    """A screen and a keyboard, on a socket of their own."""

    def __init__(self, tmux: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._command = (str(tmux), "-f", "/dev/null", "-S", str(folder.parent / "tmux"))
        self._folder = folder
        self._environment = {**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def tmux(self, *arguments: str) -> str:
        command = (*self._command, *arguments)
        done = subprocess.run(command, env=self._environment, cwd=self._folder, capture_output=True, check=False)
        return done.stdout.decode()

    def start(self, *command: object) -> None:
        self.tmux("new-session", "-d", "-x", "160", "-y", "50", " ".join(map(str, command)))

    def keys(self, *keys: str) -> None:
        for each in keys:
            self.tmux("send-keys", each)

    def line_with(self, what: str, *parts: str) -> str:
        """The first line of the screen that holds all parts, as soon as there is one."""
        found: list[str] = []

        def look() -> bool:
            found[:] = [
                line for line in self.tmux("capture-pane", "-p").splitlines() if all(each in line for each in parts)
            ]
            return bool(found)

        _wait(what, look)
        return found[0].strip(" │─┊")


def _version(hx: Path) -> str:
    said = subprocess.run((str(hx), "--version"), capture_output=True, text=True, check=False).stdout
    return said.split()[1] if said else "?"


def _wait(what: str, met: Callable[[], bool]) -> None:
    end = time.monotonic() + _SECONDS
    while not _is_so(met):
        if time.monotonic() > end:
            raise _SilentError(f"waited in vain for {what}")
        time.sleep(0.2)


def _is_so(met: Callable[[], bool]) -> bool:
    try:
        return met()
    except FileNotFoundError:  # while an editor saves a file, it may not be there
        return False
