"""Exec-form arrays such as `CMD ["node", "app.js"]`, with the place of every string."""

from __future__ import annotations

import re

from deadweight.syntax.words import Word
from deadweight.text import Span

_OPEN = re.compile(r"\[[ \t\r\n]*")
_CLOSE = re.compile(r"\][ \t\r\n]*\Z")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"[ \t\r\n]*')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def read_array(text: str) -> tuple[Word, ...] | None:
    """The strings of the JSON array that `text` is, spans relative to `text`; None where it is no such array.

    Like BuildKit of 2026 (but not 0.12) it wants nothing behind the array: `RUN ["a"] && b` is in shell form.
    """
    if not (match := _OPEN.match(text)):
        return None
    words: list[Word] = []
    at = match.end()
    if _CLOSE.match(text, at):
        return ()
    while match := _STRING.match(text, at):
        words.append(Word(Span(match.start(), match.end(1) + 1), match.group(0).rstrip(), _unescape(match.group(1))))
        at = match.end()
        if _CLOSE.match(text, at):
            return tuple(words)
        if text[at : at + 1] != ",":
            return None
        at += 1
        while text[at : at + 1] in (" ", "\t", "\r", "\n"):
            at += 1
    return None


def is_array_of_other_things(text: str) -> bool:
    """Whether `text` is a JSON array that holds something else than strings, which BuildKit rejects."""
    if not text.startswith("[") or read_array(text) is not None:
        return False
    from json import loads

    try:
        return isinstance(loads(text), list)
    except (ValueError, RecursionError):
        return False


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else _ESCAPES.get(m[1], m[1]), text)
    # `\ud83d\ude00` is one character; half of such a pair is U+FFFD, as Go's decoder has it.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
