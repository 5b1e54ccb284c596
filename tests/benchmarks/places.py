"""Where in a Dockerfile somebody types, and what: a character at a time, there and back."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\r|\n")


class Place(NamedTuple):
    """An offset in a text and the phrase that is typed there."""

    offset: int
    phrase: str


class _Kind(NamedTuple):
    """How a kind of place is found: the caret stands where the match ends."""

    says: str
    pattern: str
    phrase: str
    first: bool = False  # the first one in the file; else the one nearest to the middle


_ADDED_COMMAND = " && apt-get update && apt-get install -y --no-install-recommends curl"
_RUN = r"^RUN[ \t](?!<<)[^\n]*?(?=[ \t]*(?:&&)?[ \t]*\\?\r?$)"
_KINDS = {
    "run": _Kind("a command in a RUN, in the middle", _RUN, _ADDED_COMMAND),
    "package": _Kind(
        "a list of apt packages", r"apt-get install[^\n]*\\\r?\n[ \t]+[a-z0-9][a-z0-9.+-]*", " libxslt1-dev"
    ),
    "from": _Kind("the tag of a FROM", r"^FROM[ \t]+[\w./-]+:[\w.-]+", "-bookworm"),
    "copy": _Kind("the source of a COPY", r"^COPY[ \t]+[\w./*$][^\s<]*", "/shared"),
    "env": _Kind("the value of an ENV, at the top", r"^ENV[ \t]+\w+=[^\s\\\"']+", "/opt/tools/bin", first=True),
    "first": _Kind("a new first line", r"\A", "\n", first=True),
    "heredoc": _Kind("the opener of a heredoc", r"^(?:RUN|COPY)[^\n]*?<<-?\w+", "_HERE"),
    "quote": _Kind("a quote in a RUN", _RUN, '"'),
}
PLACES = {name: kind.says for name, kind in _KINDS.items()}


def find(name: str, text: str) -> Place | None:
    """The place of this kind; None where the text has none."""
    kind = _KINDS[name]
    ends = [found.end() for found in re.finditer(kind.pattern, text, re.MULTILINE)]
    if not ends:
        return None
    middle = 0 if kind.first else len(text) // 2
    return Place(min(ends, key=lambda end: abs(end - middle)), kind.phrase)


class Typist:
    """Types the phrase of a place and takes it back, a character at each change, over and over."""

    def __init__(self, text: str, place: Place) -> None:
        self.version = 1
        self._head, self._tail = text[: place.offset], text[place.offset :]
        self._phrase = place.phrase
        self._length = 0  # of what is typed of the phrase
        there = range(1, len(place.phrase) + 1)
        self._lengths = itertools.cycle([*there, *reversed(there[:-1]), 0])
        lines = _LINE_END.split(self._head)
        self._line, self._column = len(lines) - 1, _units(lines[-1])

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._head + self._phrase[: self._length] + self._tail

    def next(self) -> dict[str, object]:
        """The next change, as the protocol has it."""
        before, self._length = self._length, next(self._lengths)
        self.version += 1
        stays = min(before, self._length)
        range_ = {"start": self._position(stays), "end": self._position(before)}
        return {"range": range_, "text": self._phrase[stays : self._length]}

    def _position(self, length: int) -> dict[str, int]:
        *lines, last = _LINE_END.split(self._phrase[:length])
        return {"line": self._line + len(lines), "character": _units(last) + (0 if lines else self._column)}


def _units(line: str) -> int:
    """The UTF-16 code units of a line, which is how the protocol counts."""
    return len(line.encode("utf-16-le", "surrogatepass")) // 2
