"""Starts the server that the extension brings, with `python -I -S`: isolated from all that the user has installed.

The first line on stderr tells the extension which Python this is, and whether it will do; any Python 3 can read this.
What the server needs lies in the folders beside. Where no wheel was made for this Python, it does without tree-sitter.
"""

import sys

VERSION = [str(number) for number in sys.version_info[:3]]

if sys.version_info < (3, 10):  # noqa: UP036 - it may be started by any
    sys.exit("Python " + ".".join(VERSION) + " is too old")
sys.stderr.write("Python " + ".".join(VERSION) + " starts\n")
sys.stderr.flush()

from pathlib import Path  # noqa: E402 - what takes time comes after the first line

HERE = Path(__file__).resolve().parent

sys.path[:0] = [str(HERE / "compiled" / ("cp" + "".join(VERSION[:2]))), str(HERE / "libs")]
sys.argv.insert(1, "server")

from deadweight.cli.main import main  # noqa: E402 - it is there from now on

sys.exit(main())
