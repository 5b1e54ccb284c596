"""Writes what client-vscode/package.json has from the server: its version and its settings. Run after changes of them.

    python server/develop/vscode_manifest.py [--check]

With --check nothing is written: says whether the file is stale, and exits with 1 then.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

sys.path.append(str(pathlib.Path(__file__).parents[1]))  # for whoever runs this as a script

from deadweight import __version__
from develop.settings_schema import configuration

MANIFEST = pathlib.Path(__file__).parents[2] / "client-vscode" / "package.json"


def main(*arguments: str) -> int:
    """Writes what is stale, or only says so."""
    is_stale = text() != MANIFEST.read_text("utf-8")
    if "--check" in arguments:
        if is_stale:
            print(f"{MANIFEST.name} is stale: run python server/develop/vscode_manifest.py")
        return int(is_stale)
    MANIFEST.write_text(text(), "utf-8", newline="\n")
    return 0


def text() -> str:
    """The file as it should be; what the server does not say in it is left as it is."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    manifest["version"] = __version__
    manifest["contributes"]["configuration"][0]["properties"] = settings()
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def settings() -> dict[str, Any]:
    """The settings that the server knows; their descriptions are Markdown."""
    return {name: _described(each) for name, each in configuration().items()}


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    return {("markdownDescription" if key == "description" else key): value for key, value in schema.items()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
