"""Builds the extension: client-vscode/package.py [TARGET...], all targets where none is named.

Needs Node.js of 20 or newer with npm, and Python of 3.10 or newer with pip; fetches all else from npm and PyPI. What
is built lies in client-vscode/build: deadweight-TARGET-VERSION.vsix. With --check nothing is built: says what each file
there brings, and exits with 1 where something is missing or too much.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import vsix
import wheels

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD, BUNDLED, MEDIA = HERE / "build", HERE / "bundled", HERE / "media"
PICTURES = ROOT / "docs" / "images"


def main() -> int:
    """Builds, or checks what was built."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(vsix.TARGETS)}")
    parser.add_argument("--check", action="store_true", help="say what the files that were built bring")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - vsix.TARGETS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(vsix.TARGETS)}")
    targets = arguments.targets or list(vsix.TARGETS)
    if not arguments.check:
        build(targets)
    problems = [problem for each in targets for problem in vsix.check(built(each), each)]
    for each in problems:
        print(each)
    return 1 if problems else 0


def built(target: str) -> Path:
    """The file of a target."""
    version = json.loads((HERE / "package.json").read_text("utf-8"))["version"]
    return BUILD / f"deadweight-{target}-{version}.vsix"


def build(targets: list[str]) -> None:
    """Makes the file of each target."""
    npm = shutil.which("npm") or sys.exit("npm was not found: install Node.js 20 or newer")
    if not is_installed():
        run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    run(npm, "run", "--silent", "compile")
    shutil.copy(ROOT / "LICENSE", HERE / "LICENSE")
    MEDIA.mkdir(exist_ok=True)
    for name in re.findall(r'"media/([^"]+\.png)"', (HERE / "package.json").read_text("utf-8")):
        shutil.copy(PICTURES / name, MEDIA / name)
    server = wheels.build_server(ROOT, BUILD)
    for target in targets:
        fetched = wheels.fetch(BUNDLED / "requirements.txt", vsix.TARGETS[target], BUILD / "wheels" / target)
        wheels.lay_out([server, *fetched], BUNDLED)
        made = built(target)
        made.unlink(missing_ok=True)
        run(npm, "exec", "--", "vsce", "package", *options(target), "--out", str(made))


def is_installed() -> bool:
    """Whether the packages of package-lock.json are there; npm leaves a note of those that it has installed."""
    lock, note = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    return note.is_file() and note.stat().st_mtime >= lock.stat().st_mtime


def options(target: str) -> list[str]:
    """What vsce is told of a target."""
    named = ["--target", target] if vsix.TARGETS[target] else []
    # Debian's package xapp-sn-watcher has the look of a secret of Slack's.
    secrets = ["--allow-package-secrets", "slack"]
    return [*named, "--no-dependencies", "--no-rewrite-relative-links", "--allow-missing-repository", *secrets]


def run(*command: str) -> None:
    """Runs a program in this folder; ends where it fails."""
    done = subprocess.run(command, cwd=HERE, env={**os.environ, "npm_config_update_notifier": "false"}, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
