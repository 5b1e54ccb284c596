"""What the garbage collector has to look at: not at what stays for the whole session."""

from __future__ import annotations

import gc

_THRESHOLDS = (10_000, 20, 20)  # objects that stayed, young collections, middle ones


def settle() -> None:
    """Let the collector leave alone everything that there is now, and run.

    For the end of the start, during which it is off, and for whenever a lot has come to stay. A full collection looks
    at each of the 50,000 objects that the server starts with: 30 ms of silence while somebody types.
    """
    gc.freeze()
    # What an edit or an answer drops has hardly any cycles. By default, every tenth hover would wait 5 ms for a full
    # collection, as what is frozen no longer counts (measured 2026-11-26).
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
