"""Tests for one character: what globs and the patterns of ignore files are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Test: TypeAlias = "Callable[[str], bool]"


def anything(_: str) -> bool:
    """Every character passes."""
    return True


def not_newline(ch: str) -> bool:
    """What `.` stands for in a Go regular expression."""
    return ch != "\n"


def not_slash(ch: str) -> bool:
    """What `?` stands for in a pattern."""
    return ch != "/"


def is_word(ch: str) -> bool:
    r"""What `\w` stands for in a Go regular expression: ASCII only."""
    return ch == "_" or (ch.isascii() and ch.isalnum())


def between(low: str, high: str) -> Test:
    """A test for the characters from `low` to `high`, both with it."""
    return lambda ch: low <= ch <= high


def opposite(test: Test) -> Test:
    """A test for what does not pass `test`."""
    return lambda ch: not test(ch)


def one_of(tests: list[Test], negated: bool) -> Test:
    """A test for what passes one of `tests`, or none of them if `negated`."""
    return lambda ch: any(test(ch) for test in tests) != negated


def members(python_class: str, negated: bool) -> Test:
    """A test for the characters of a class written in Python's syntax."""
    find = re.compile(f"[{'^' * negated}{python_class}]").match
    return lambda ch: find(ch) is not None


def in_category(category: str) -> Test:
    """A test for a one-letter Unicode category."""
    import unicodedata

    return lambda ch: unicodedata.category(ch)[0] == category and unicodedata.category(ch) != "Cn"
