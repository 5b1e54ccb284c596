"""A git server for builds in the lab: what they clone from github.com is a small project with a history, made here."""

from __future__ import annotations

import atexit
import random
import subprocess
import tempfile
from pathlib import Path

_ADDRESS, _PORT = "127.0.0.1", 18084
# Git asks this server where a build asks the public one, as long as these variables are set.
ENVIRONMENT = f"GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.git://{_ADDRESS}:{_PORT}/.insteadOf GIT_CONFIG_VALUE_0=https://github.com/"
PROJECT = "example/tool.git"
_VERSIONS, _BYTES = 8, 2_000_000  # of which each is another file, as a picture is
_AS = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")


def serve_clones() -> None:
    """Serve the project until the process ends."""
    folder = tempfile.mkdtemp()
    _make(Path(folder, PROJECT))
    where = (f"--base-path={folder}", f"--listen={_ADDRESS}", f"--port={_PORT}")
    server = subprocess.Popen(("git", "daemon", "--export-all", "--reuseaddr", *where))  # noqa: S603, S607
    atexit.register(server.terminate)


def _make(folder: Path) -> None:
    """The project, version by version."""
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet")
    # As the public server does (docs of git: uploadpack.allowFilter).
    for given in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        _git(folder, "config", given, "true")
    for version in range(_VERSIONS):
        Path(folder, "picture.bin").write_bytes(random.Random(version).randbytes(_BYTES))  # noqa: S311
        Path(folder, "tool.sh").write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", f"Version {version}")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(("git", *_AS, *arguments), cwd=folder, check=True)  # noqa: S603, S607
