"""Starts the server that the extension brings, with `python -I -S`: isolated from all that the user has installed.

What the server needs lies in the folders beside. Where no wheel was made for this Python, it does without tree-sitter.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

sys.path[:0] = [str(HERE / "compiled" / f"cp{sys.version_info.major}{sys.version_info.minor}"), str(HERE / "libs")]
sys.argv.insert(1, "server")

from deadweight.cli.main import main  # noqa: E402 - it is there from now on

sys.exit(main())
