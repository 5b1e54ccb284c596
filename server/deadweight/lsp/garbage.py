"""What the garbage collector has to look at: not at what stays for the whole session."""

from __future__ import annotations

import gc


def settle() -> None:
    """Let the collector leave alone everything that there is now, and run.

    For the end of the start, during which it is off, and for whenever a lot has come to stay. A full collection looks
    at each of the 50,000 objects that the server starts with: 30 ms of silence while somebody types.
    """
    gc.freeze()
    gc.enable()
