"""Editors of Debian testing, unpacked into a folder of their own: nothing is installed, and no root is needed.

They bring their own C library, and each program is told where it lies. No variable is set for that which the language
server, a child of the editor, would inherit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("elpa-dockerfile-mode", "elpa-lsp-mode", "emacs-nox", "hx", "neovim", "patchelf", "tmux", "vim", "vim-ale")
PROGRAMS = {"emacs": "emacs-nox", "hx": "hx", "nvim": "nvim", "tmux": "tmux", "vim": "vim.basic"}

_SUITE = "testing"
_MIRROR = "http://deb.debian.org/debian"
_SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class MissingError(Exception):
    """What is needed is not here and cannot be fetched; says why in one line."""


def unpacked(folder: Path) -> Path:
    """The root below which the editors lie; fetched into `folder` once."""
    root, done = folder / "root", folder / "done"
    if done.exists() and done.read_text("utf-8").split() == [*PACKAGES]:
        return root
    if not shutil.which("apt-get"):
        raise MissingError("the editors come from Debian, and there is no apt-get")
    shutil.rmtree(folder, ignore_errors=True)
    for archive in _downloaded(folder):
        _run("dpkg-deb", "-x", str(archive), str(root))
        archive.unlink()
    _tell_where_libraries_are(root)
    done.write_text("\n".join(PACKAGES), "utf-8")
    return root


def _downloaded(folder: Path) -> list[Path]:
    """The packages with all that they stand on, as on a machine that has nothing."""
    for each in ("lists/partial", "cache/archives/partial"):
        (folder / each).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {_SUITE} main\n", "utf-8")
    (folder / "status").touch()
    options = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "root",  # the folder need not be readable for others
    }
    given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    _run("apt-get", *given, "-q", "update")
    _run("apt-get", *given, "-q", "-y", "--download-only", "install", *PACKAGES)
    return sorted((folder / "cache/archives").glob("*.deb"))


def _mirror() -> str:
    """Where this machine takes Debian from."""
    for path in map(Path, _SOURCES):
        found = path.exists() and re.search(
            r"^(?:URIs:|deb(?: \[.*\])?) *(\S+/debian)/?\s", path.read_text("utf-8"), re.M
        )
        if found:
            return found[1]
    return _MIRROR


def _tell_where_libraries_are(root: Path) -> None:
    (loader,) = root.glob("usr/lib/*/ld-linux*.so.*")
    libraries = loader.parent
    patch = (str(loader), "--library-path", str(libraries), str(root / "usr/bin/patchelf"))
    for name in PROGRAMS.values():
        program = (root / "usr/bin" / name).resolve()
        _run(*patch, "--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries), str(program))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no word"]
        raise MissingError(f"{Path(command[0]).name}: {said[-1]}")
