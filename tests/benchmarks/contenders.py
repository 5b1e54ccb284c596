"""The servers that are compared: where they come from, how they are started, and what they check."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

NAMES = ("deadweight", "deadweight-pull", "bare-pygls", "bare-pygls-pull", "npm", "tally")
OURS, FLOOR, OTHER = "deadweight", "bare-pygls", "npm"

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[1]
_PACKAGE = "dockerfile-language-server-nodejs"


class Contender(NamedTuple):
    """A server as it is started."""

    name: str
    command: tuple[str, ...]
    checks: str
    pulls: bool = False
    version: str | None = None  # where the server itself says none


class MissingError(Exception):
    """A server is not here and cannot be fetched; says why in one line."""


def floor_of(name: str) -> str:
    """The bare server that speaks with its client as this one does."""
    return f"{FLOOR}-pull" if name.endswith("-pull") else FLOOR


def find(name: str, folder: Path) -> Contender:
    """One of NAMES; what has to be installed for it goes into `folder`."""
    pulls = name.endswith("-pull")
    if name == "npm":
        return _npm(folder)
    if name == "tally":
        return _tally()
    if name.startswith(OURS):
        return Contender(name, (python(folder), "-m", "deadweight", "server"), "all its rules, and syntax", pulls)
    arguments = [str(_HERE / "bare_pygls.py"), *(["pull"] if pulls else [])]
    return Contender(name, (python(folder), *arguments), "nothing: the floor", pulls)


def python(folder: Path) -> str:
    """The running interpreter where it has Deadweight; else one in `folder` that gets this checkout."""
    if importlib.util.find_spec("deadweight"):
        return sys.executable
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    if not scripts.exists():
        print("deadweight is not installed here: installing this checkout for the run", file=sys.stderr)
        venv.create(folder / "venv", with_pip=True)
        _run(str(scripts / "python"), "-m", "pip", "install", "--quiet", str(_CHECKOUT))
    return str(scripts / "python")


def program(name: str) -> str | None:
    """A program beside this interpreter, where pip puts it, or on PATH."""
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return shutil.which(name, path=beside)


def _npm(folder: Path) -> Contender:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        raise MissingError(f"{_PACKAGE} is left out: there is no npm or no node")
    _run(npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), _PACKAGE)
    package = folder / "node_modules" / _PACKAGE
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    command = (node, str(package / "bin" / "docker-langserver"), "--stdio")
    return Contender("npm", command, "syntax", version=version)


def _tally() -> Contender:
    tally = program("tally")
    if not tally:
        raise MissingError("tally is left out: it is not installed (pip install tally-cli)")
    return Contender("tally", (tally, "lsp", "--stdio"), "its rules, hadolint's and ShellCheck's, and syntax")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise MissingError(f"{Path(command[0]).name} {command[1]} failed: {said}")
