"""Starts the extension's server by Pythons as people have them.

    client-vscode/test/pythons.py [PYTHON...]

Each has to greet, and to find what is wrong with a Dockerfile, started as the extension starts it: a plain Python, one
whose packages are broken copies of what the server needs, one in a folder full of such, and those that are named. One
that is too old has to say so.
Needs what client-vscode/package.py lays out in bundled/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).resolve().parents[1] / "bundled"
ISOLATED = ("-I", "-S")  # as in src/interpreter.ts
BROKEN = "raise RuntimeError('a package of the user was imported')\n"
PACKAGES = ("attr", "attrs", "cattrs", "lsprotocol", "pygls", "tree_sitter", "typing_extensions", "yaml", "deadweight")
DOCKERFILE = "FROM python:3.13-slim\nRUN pip install pandas\n"
SECONDS = 60


def main() -> int:
    """Tries them all; exits with 1 where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        results = [
            tried("plain", sys.executable),
            tried("with broken packages", broken_environment(Path(folder) / "env")),
            tried("in a folder of broken packages", sys.executable, cwd=with_packages(Path(folder) / "here")),
            tried(
                "with variables of the user's", sys.executable, PYTHONPATH=f"{folder}/here", PYTHONSTARTUP="/nowhere"
            ),
            *(tried(name, name) for name in sys.argv[1:]),
        ]
    return 0 if all(results) else 1


def broken_environment(folder: Path) -> str:
    """A Python whose site-packages hold nothing but what fails, one of it at every start."""
    venv.create(folder, with_pip=False)
    (site,) = [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    with_packages(site)
    (site / "start.pth").write_text("import lsprotocol\n", "utf-8")
    found = next(each for each in (folder / "bin/python", folder / "Scripts/python.exe") if each.exists())
    return str(found)


def with_packages(folder: Path) -> Path:
    """A folder with a broken package for each that the server imports."""
    folder.mkdir(exist_ok=True)
    for name in PACKAGES:
        (folder / f"{name}.py").write_text(BROKEN, "utf-8")
    return folder


def tried(what: str, python: str, cwd: Path | None = None, **variables: str) -> bool:
    """Whether the server starts and does its work, or says that it cannot."""
    command = (python, *ISOLATED, str(BUNDLED / "deadweight_server.py"), "--stdio")
    document = {"uri": "file:///Dockerfile", "languageId": "dockerfile", "version": 1, "text": DOCKERFILE}
    asked = (
        message(id=1, method="initialize", params={"capabilities": {}}),
        message(method="textDocument/didOpen", params={"textDocument": document}),
        message(id=2, method="shutdown"),
        message(method="exit"),
    )
    environment = {**os.environ, **variables}
    try:
        done = subprocess.run(
            command, input=b"".join(asked), cwd=cwd, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{what}: {error}")
        return False
    said_first = done.stderr.decode().partition("\n")[0].strip()
    if said_first.endswith(" is too old"):
        print(f"{what}: {said_first}, as it says")
        return True
    fine = said_first.endswith(" starts") and done.returncode == 0 and b"install-cache-kept" in done.stdout
    print(f"{what}: {said_first}, {'ok' if fine else (done.stderr or done.stdout).decode()[-500:]}")
    return fine


def message(**content: Any) -> bytes:
    """A message as it goes over the wire."""
    body = json.dumps({"jsonrpc": "2.0", **content}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


if __name__ == "__main__":
    sys.exit(main())
