"""Long work in short slices between messages, so that no edit ever waits for it.

A thread would not do: it takes the interpreter's lock for 5 ms at a time, and an answer of half a millisecond takes
seven (measured 2026-11-23).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable

FIRST_SLICE = 0.03  # seconds; what is done within it needs no second answer
SLICE = 0.001  # seconds

_Result = TypeVar("_Result")
_logger = logging.getLogger("pygls.deadweight")


async def quietly(work: Generator[None, None, _Result]) -> _Result:
    """What work comes to, done in slices between messages."""
    end = time.perf_counter() + SLICE
    try:
        while True:
            next(work)
            if time.perf_counter() > end:
                await asyncio.sleep(0)
                end = time.perf_counter() + SLICE
    except StopIteration as done:
        result: _Result = done.value
        return result


class Background:
    """The work under way, at most one of each name."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Generator[None, None, object]] = {}
        self._reasons: dict[Hashable, Exception] = {}  # of work that is to stop

    def run(
        self,
        name: Hashable,
        work: Generator[None, None, _Result],
        then: Callable[[_Result], None],
        first: float = FIRST_SLICE,
    ) -> bool:
        """Do a `first` slice of `work` now, and the rest between messages; `then` takes what it comes to.

        Gives whether all was done at once. Work of the same name that is under way is dropped.
        """
        self.drop(name)
        self._running[name] = work
        return self._go_on(name, work, then, first)

    def drop(self, name: Hashable) -> None:
        """Forget work that nobody waits for any more."""
        self._reasons.pop(name, None)
        if work := self._running.pop(name, None):
            work.close()

    def stop(self, name: Hashable, reason: Exception) -> None:
        """Raise `reason` where work is now, so that it comes to what it has."""
        if name in self._running:
            self._reasons[name] = reason

    def _go_on(
        self,
        name: Hashable,
        work: Generator[None, None, _Result],
        then: Callable[[_Result], None],
        seconds: float,
    ) -> bool:
        if self._running.get(name) is not work:
            return True
        end = time.perf_counter() + seconds
        try:
            if reason := self._reasons.pop(name, None):
                work.throw(reason)
            while time.perf_counter() < end:
                next(work)
        except StopIteration as done:
            del self._running[name]
            then(done.value)
            return True
        except Exception:
            del self._running[name]
            _logger.exception("work in the background failed")
            return True
        # The loop deals with messages before timers that are due; what is called soon would go before them.
        asyncio.get_running_loop().call_later(0, self._go_on, name, work, then, SLICE)
        return False
