"""Globs as Go's filepath.Match reads them: `*.[ch]`. COPY takes its sources by them; ignore files must be such too.

Source: Go's path/filepath, with POSIX paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.characters import between, not_slash, one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.characters import Test

ILLEGAL = "syntax error in pattern"


class Glob(NamedTuple):
    """A pattern of Go's filepath.Match for one path segment: tests for a character each, None for `*`."""

    tokens: Sequence[Test | None]

    def matches(self, name: str) -> bool:
        """Whether all of `name`, which holds no slash, matches; at most len(tokens) * len(name) steps."""
        tokens = self.tokens
        token = at = 0
        star = -1
        resume = 0
        while at < len(name):
            if token < len(tokens) and (test := tokens[token]) is None:
                star, resume = token, at
                token += 1
            elif token < len(tokens) and test is not None and test(name[at]):
                token += 1
                at += 1
            elif star >= 0:
                resume += 1
                token, at = star + 1, resume
            else:
                return False
        return all(test is None for test in tokens[token:])


def read_glob(pattern: str) -> Glob:
    """`pattern` as Go's filepath.Match reads it. Raises ValueError where that says "syntax error in pattern"."""
    tokens: list[Test | None] = []
    at = 0
    while at < len(pattern):
        ch = pattern[at]
        at += 1
        if ch == "*":
            tokens.append(None)
        elif ch == "?":
            tokens.append(not_slash)
        elif ch == "[":
            test, at = _glob_class(pattern, at)
            tokens.append(test)
        else:
            if ch == "\\":
                if at == len(pattern):
                    raise ValueError(ILLEGAL)
                ch = pattern[at]
                at += 1
            tokens.append(ch.__eq__)
    return Glob(tokens)


def _glob_class(pattern: str, at: int) -> tuple[Test, int]:
    """The class whose `[` ends at `at`, and the offset after its `]`."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _glob_class_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _glob_class_char(pattern, at + 1)
        ranges.append((low, high))
    return one_of([between(low, high) for low, high in ranges], negated), at + 1


def _glob_class_char(pattern: str, at: int) -> tuple[str, int]:
    """One character of a class, escaped or not, and the offset after it, where more must follow."""
    if pattern[at : at + 1] in ("-", "]"):
        raise ValueError(ILLEGAL)
    at += pattern.startswith("\\", at)
    # Go rejects a byte that is no UTF-8 here; read from disk it is a lone surrogate.
    if at + 1 >= len(pattern) or "\ud800" <= pattern[at] <= "\udfff":
        raise ValueError(ILLEGAL)
    return pattern[at], at + 1
