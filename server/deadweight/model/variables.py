"""ARG and ENV: what a `$variable` stands for, where "unknown" is an answer too."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING

from deadweight.syntax.words import Literal, WordError, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.syntax.words import Part, Variable

# Linux hands no longer string to a program (MAX_ARG_STRLEN in include/uapi/linux/binfmts.h, read 2026-11-23), and
# `ENV a=$a$a$a`, said again and again, must not fill the memory.
MAX_VALUE = 131_072


class Scope(Mapping[str, "str | None"]):
    """The variables in force at one place of a stage; a value of None is unknown.

    Scopes that come one from the other share one history, so that thousands of ENV lines do not cost thousands of
    copies.
    """

    __slots__ = ("_at", "_history", "_newest")

    def __init__(self, values: Mapping[str, str | None] | None = None) -> None:
        self._history = {name: [(0, value)] for name, value in (values or {}).items()}
        self._at = 0
        self._newest = [0]

    def __getitem__(self, name: str) -> str | None:
        versions = self._history[name]
        index = bisect_right(versions, self._at, key=lambda version: version[0])
        if not index:
            raise KeyError(name)
        return versions[index - 1][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, versions in self._history.items() if versions[0][0] <= self._at)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self, values: Mapping[str, str | None]) -> Scope:
        """The scope after these assignments."""
        if self._newest[0] != self._at:  # another scope has come from this one and goes on with the history
            return Scope(self).changed(values)
        scope = Scope()
        scope._history, scope._newest = self._history, self._newest
        scope._at = scope._newest[0] = self._at + 1
        for name, value in values.items():
            scope._history.setdefault(name, []).append((scope._at, value))
        return scope


class _UnknownError(Exception):
    """Some part of the word has no value that can be told, or BuildKit stops with an error there."""


def expand(text: str, scope: Mapping[str, str | None], *, unset: str | None = "", escape: str = "\\") -> str | None:
    """`text` with quotes removed and variables replaced as BuildKit does it; None where the outcome is unknown.

    `unset` is what an unset variable stands for: "" in FROM, None where the base image may have set it.
    Source: moby/buildkit frontend/dockerfile/shell/lex.go, read 2026-11-23.
    """
    try:
        value = "".join(_value(part, scope, unset) for part in parts(text, escape))
    except (WordError, _UnknownError):
        return None
    return value if len(value) <= MAX_VALUE else None


def _value(part: Part, scope: Mapping[str, str | None], unset: str | None) -> str:
    if isinstance(part, Literal):
        return part.value
    is_set = part.name in scope
    value = scope[part.name] if is_set else unset
    if value is None:
        raise _UnknownError
    # `${x:-a}` asks whether x has a value, `${x-a}` only whether it is set.
    has_value = is_set and bool(value or not part.operator.startswith(":"))
    match part.operator.lstrip(":"):
        case "":
            return value
        case "-":
            return value if has_value else _operand(part, 0, scope, unset)
        case "+":
            return _operand(part, 0, scope, unset) if has_value else ""
        case "?" if has_value:
            return value
        case "#" | "##":
            globs = _globs(_operand(part, 0, scope, unset))
            return value[_match_end(globs, value, 0, longest=part.operator == "##") or 0 :]
        case "%" | "%%":
            mirrored = [glob[::-1] for glob in reversed(_globs(_operand(part, 0, scope, unset)))]
            end = _match_end(mirrored, value[::-1], 0, longest=part.operator == "%%") or 0
            return value[: len(value) - end]
        case "/" | "//":
            globs = _globs(_operand(part, 0, scope, unset))
            return _replaced(value, globs, _operand(part, 1, scope, unset), once=part.operator == "/")
    raise _UnknownError


def _operand(part: Variable, index: int, scope: Mapping[str, str | None], unset: str | None) -> str:
    return "".join(_value(each, scope, unset) for each in part.operands[index])


# A character of a pattern, or None for `?`; a pattern is lists of these with a `*` between each two.
_Glob = list["str | None"]


def _globs(pattern: str) -> list[_Glob]:
    """The stretches of a pattern between its stars."""
    globs: list[_Glob] = [[]]
    characters = iter(pattern)
    for ch in characters:
        if ch == "*":
            globs.append([])
            continue
        if ch == "\\":
            ch = next(characters, "")
            if ch not in ("*", "?", "\\", "}", "/"):
                raise _UnknownError  # BuildKit: invalid escape
            globs[-1].append(ch)
            continue
        globs[-1].append(None if ch == "?" else ch)
    return globs


def _places(glob: _Glob, value: str, start: int) -> Iterator[int]:
    """The offsets from `start` on where `glob` matches, overlapping ones too."""
    pattern = "".join("." if ch is None else re.escape(ch) for ch in glob)
    return (match.start() for match in re.compile(f"(?={pattern})", re.DOTALL).finditer(value, start))


def _match_end(globs: list[_Glob], value: str, start: int, *, longest: bool) -> int | None:
    """Where the shortest or longest match of a pattern at `start` ends; None where there is none.

    It never goes back: the earliest place of each stretch leaves most to those behind it.
    """
    first, *others = globs
    end = start + len(first)
    if next(_places(first, value[start:end], 0), None) != 0:
        return None
    for glob in others:
        places = _places(glob, value, end)
        place = next(places, None)
        if place is None:
            return None
        if longest and glob is others[-1]:
            place = max(places, default=place)
        end = place + len(glob)
    return end


def _replaced(value: str, globs: list[_Glob], replacement: str, *, once: bool) -> str:
    """`value` with the leftmost longest match of a pattern, or with every match, replaced."""
    pieces: list[str] = []
    done = start = length = 0
    while (place := next(_places(globs[0], value, start), None)) is not None:
        end = _match_end(globs, value, place, longest=True)
        if end is None:
            break  # further to the right is less for the stars, not more
        if end > place or place > done or not pieces:  # no empty match right behind another one
            pieces += (value[done:place], replacement)
            length += place - done + len(replacement)
            done = end
        if once or place == len(value) or length > MAX_VALUE:
            break
        start = max(end, place + 1)
    return "".join((*pieces, value[done:]))
