"""Whether the client's process is still there: a server whose client died without a word ends too."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 2.0  # between two looks


def watch(process: int | None, gone: Callable[[], None]) -> None:
    """Call `gone` when `process` has ended.

    One that is not there to begin with belongs to another machine or container, and says nothing. On Windows nobody is
    watched: what asks for a process there ends it.
    """
    if os.name != "posix" or process is None or process <= 0 or not _lives(process):
        return
    loop = asyncio.get_running_loop()
    parent = os.getppid()

    def look() -> None:
        # A parent that nobody has waited for is still to be found, but is no parent any more.
        if _lives(process) and (process != parent or os.getppid() == parent):
            loop.call_later(_SECONDS, look)
        else:
            gone()

    loop.call_later(_SECONDS, look)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
