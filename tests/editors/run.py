"""Drives real editors, each with the blocks of docs/editors.md as its configuration.

    python tests/editors/run.py [EDITOR...] [--folder DIR]

Each opens a copy of docs/examples/node, and has to show a finding, a hover and, where it can, an inlay hint, to apply
a fix, and to show what is wrong in a .dockerignore. The editors are fetched into a folder (500 MB, once), and so is
what the server needs if this Python lacks it; nothing is installed. Exits with 1 where one fails, and says of each
that cannot be had why it is skipped. No part of the tests: it takes minutes.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

# Run as a script: the modules beside it are found as the tests find them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contenders import python
from editors import debian, helix
from editors.page import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deadweight-editors"
SECONDS = 300

# What is to be seen, and what it says of the example.
SIGHTS = {
    "diagnostic": "npm's download cache stays in this layer",
    "hint": "+140 MB",
    "hover": "npm packages: ",
    "fix": "RUN npm install && npm cache clean --force",
    "ignore file": "comment",
}
IGNORE_FILE = "coverage\ndist # output\n"  # Docker takes the comment as a part of the pattern


class Desk(NamedTuple):
    """Where one editor works: a home that holds nothing but what the page says, and the example."""

    home: Path
    app: Path
    root: Path  # below which the editors lie
    environment: Mapping[str, str]

    @property
    def seen(self) -> Path:
        return self.home / "seen"

    def program(self, name: str) -> Path:
        return self.root / "usr/bin" / debian.PROGRAMS[name]

    def configure(self, path: str, *texts: str) -> Path:
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(texts), "utf-8")
        return file

    def run(self, *command: object, **variables: object) -> dict[str, str]:
        """What the script that an editor is given has written down."""
        environment = {
            **self.environment,
            "SEEN": str(self.seen),
            **{name: str(each) for name, each in variables.items()},
        }
        said = subprocess.run(
            [str(each) for each in command],
            cwd=self.app,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        lines = self.seen.read_text("utf-8").splitlines() if self.seen.exists() else []
        seen = dict(line.split("\t", 1) for line in lines)
        if said.returncode and "failed" not in seen:
            seen["failed"] = " ".join((said.stderr or said.stdout).decode(errors="replace").split())[-300:]
        return seen


def neovim(desk: Desk) -> dict[str, str]:
    return _neovim(desk, blocks("Neovim 0.11 and later")[0])


def older_neovim(desk: Desk) -> dict[str, str]:
    return _neovim(desk, blocks("Neovim 0.10 and earlier")[0])


def _neovim(desk: Desk, configuration: str) -> dict[str, str]:
    desk.configure(".config/nvim/init.lua", configuration)
    (compiled,) = desk.root.glob("usr/lib/*/lua")
    return desk.run(
        *(desk.program("nvim"), "-n", "--headless", "Dockerfile", f"+luafile {HERE / 'neovim.lua'}"),
        VIMRUNTIME=desk.root / "usr/share/nvim/runtime",
        LUA_PATH=f"{desk.root}/usr/share/lua/5.1/?.lua;{desk.root}/usr/share/lua/5.1/?/init.lua;;",
        LUA_CPATH=f"{compiled}/5.1/?.so;{desk.root}/usr/lib/lua/5.1/?.so;;",
    )


def hx(desk: Desk) -> dict[str, str]:
    languages, config = blocks("Helix")
    desk.configure(".config/helix/languages.toml", languages)
    desk.configure(".config/helix/config.toml", config)
    environment = {**desk.environment, "HELIX_RUNTIME": str(desk.root / "usr/lib/hx/runtime")}
    return helix.drive(desk.program("tmux"), desk.program("hx").resolve(), desk.app, environment)


def eglot(desk: Desk) -> dict[str, str]:
    return _emacs(desk, "eglot.el", blocks("Emacs 29 and later (eglot)"))


def lsp_mode(desk: Desk) -> dict[str, str]:
    return _emacs(desk, "lsp-mode.el", [*blocks("Emacs 29 and later (eglot)"), *blocks("Emacs (lsp-mode)")])


def _emacs(desk: Desk, driver: str, configuration: list[str]) -> dict[str, str]:
    init = desk.configure(".emacs.d/init.el", *configuration)
    (share,) = desk.root.glob("usr/share/emacs/[0-9]*")
    (dumped,) = desk.root.glob("usr/libexec/emacs/*/*/*.pdmp")
    packages = sorted(desk.root.glob("usr/share/emacs/site-lisp/elpa-src/*"))
    lisp = [each for each in (share / "lisp", *sorted((share / "lisp").rglob("*"))) if each.is_dir()]
    return desk.run(
        *(desk.program("emacs"), f"--dump-file={dumped}", "--batch"),
        *(part for each in packages for part in ("-L", each)),
        *(part for each in ("dockerfile-mode", "lsp-mode") for part in ("-l", f"{each}-autoloads")),
        *("-l", init, "-l", HERE / driver),
        EMACSLOADPATH=":".join(map(str, lisp)),
        EMACSDATA=share / "etc",
        EMACSDOC=share / "etc",
        EMACSPATH=dumped.parent,
    )


def vim(desk: Desk) -> dict[str, str]:
    desk.configure(".vimrc", *blocks("Vim (ALE)"))
    plugin = desk.home / ".vim/pack/plugins/start/ale"
    plugin.parent.mkdir(parents=True)
    plugin.symlink_to(desk.root / "usr/share/vim-ale")
    (runtime,) = desk.root.glob("usr/share/vim/vim[0-9]*")
    return desk.run(
        *(desk.program("vim"), "-T", "dumb", "--not-a-term", "-n", "-i", "NONE", "-S", HERE / "vim.vim", "Dockerfile"),
        VIMRUNTIME=runtime,
    )


EDITORS: dict[str, Callable[[Desk], dict[str, str]]] = {
    "neovim": neovim,
    "neovim-older": older_neovim,
    "helix": hx,
    "emacs-eglot": eglot,
    "emacs-lsp-mode": lsp_mode,
    "vim": vim,
}
WITHOUT_HINTS = ("vim",)


def main() -> int:
    """Drives them one after the other; a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("editors", nargs="*", metavar="EDITOR", help=f"of {', '.join(EDITORS)} (default: all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the editors lie (default: %(default)s)")
    arguments = parser.parse_args()
    if unknown := set(arguments.editors) - set(EDITORS):
        parser.error(f"no such editor: {', '.join(sorted(unknown))}")
    names = arguments.editors or list(EDITORS)
    try:
        root = debian.unpacked(arguments.folder.resolve())
    except debian.MissingError as error:
        for name in names:
            print(f"{name}: skipped: {error}")
        return 0
    interpreter = python(arguments.folder.resolve())
    results = [_tried(name, root, interpreter) for name in names]
    return 0 if all(results) else 1


def _tried(name: str, root: Path, interpreter: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        seen = EDITORS[name](_desk(Path(folder), root, interpreter))
    wanted = {what: said for what, said in SIGHTS.items() if what != "hint" or name not in WITHOUT_HINTS}
    missing = [what for what, said in wanted.items() if said not in seen.get(what, "")]
    version = seen.pop("version", "of unknown version")
    shown = "; ".join(f"{what}: {text[:110]}" for what, text in seen.items())
    print(f"{name} {version}: {'no ' + ', no '.join(missing) if missing else 'fine'}; {shown}", flush=True)
    return not missing


def _desk(folder: Path, root: Path, interpreter: str) -> Desk:
    app = folder / "app"
    shutil.copytree(CHECKOUT / "docs/examples/node", app, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (app / ".dockerignore").write_text(IGNORE_FILE, "utf-8")
    home = folder / "home"
    scripts = home / "bin"
    scripts.mkdir(parents=True)
    server = scripts / "deadweight"  # as pipx puts it on the PATH
    path = f"PYTHONPATH={shlex.quote(str(CHECKOUT / 'server'))}"  # this checkout, whatever the interpreter has
    server.write_text(f'#!/bin/sh\n{path} exec {shlex.quote(interpreter)} -m deadweight "$@"\n', "utf-8")
    server.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON", "VIM", "NVIM"))}
    environment = {**kept, "HOME": str(home), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    return Desk(home, app, root, environment)


if __name__ == "__main__":
    sys.exit(main())
