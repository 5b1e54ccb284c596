"""Work in steps: a generator that yields between them, so that others may have their turn, and returns its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

_Result = TypeVar("_Result")


def finished(work: Generator[None, None, _Result]) -> _Result:
    """What work comes to, done in one go."""
    try:
        while True:
            next(work)
    except StopIteration as done:
        result: _Result = done.value
        return result
