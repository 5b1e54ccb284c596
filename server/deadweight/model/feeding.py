"""What xargs puts behind a command's own words: what a pipe brings, as far as the file and its context tell."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from deadweight.model.commands.call import fed_by
from deadweight.model.commands.files import found_whole
from deadweight.syntax.shell import Word
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Surroundings
    from deadweight.syntax.shell import Placed

_UNKNOWN = "$@"  # words that nobody can know
_NAMES_FOLDERS = re.compile(r"-\w*d\w*|--directory")  # as they are given, and not what is in them


def words_given(placed: Placed, xargs: Sequence[Word], words: tuple[Word, ...], around: Surroundings) -> Iterator[Word]:
    """The words with which xargs calls a command that has `words` of its own; `xargs` are those behind that name."""
    end = words[-1].span.end if words else placed.command.span.end
    at = Span(end, end)
    given = _given(placed, xargs, around, at) or (Word(at, _UNKNOWN, None),)
    place = next((mark for word in xargs if (mark := _mark(word, xargs))), None)
    if place is None:
        yield from words
        yield from given
        return
    only = given[0].pattern if len(given) == 1 else _UNKNOWN
    for word in words:
        text = word.pattern.replace(place, only)
        yield word if text == word.pattern else Word(word.span, text, None if "$" in text else text)


def _mark(word: Word, xargs: Sequence[Word]) -> str | None:
    """What stands for the words given: `{}` of `-I {}` and `-i`."""
    if word.text == "-i":
        return "{}"
    if not word.text.startswith("-I"):
        return None
    return word.pattern[2:] or next((after.pattern for one, after in pairwise(xargs) if one is word), None)


def _given(placed: Placed, xargs: Sequence[Word], around: Surroundings, at: Span) -> tuple[Word, ...]:
    """The words that are given; none where nobody can know them."""
    redirected = (each.target for each in placed.command.redirects if each.operator == "<")
    named = (after for one, after in pairwise(xargs) if one.text in ("-a", "--arg-file"))
    if file := next((word for word in (*named, *redirected) if word), None):
        return _in_file(file, around, at)
    fed = fed_by(placed)
    if fed is None:
        return ()
    program, words, _ = fed
    operands = tuple(word for word in words if not word.text.startswith("-"))
    if program in ("echo", "printf"):
        printed = [word for word in operands if "%" not in word.text]
        are_known = all(word.value is not None for word in printed)
        return tuple(Word(word.span, each, each) for word in printed for each in _split(word)) if are_known else ()
    if program == "find":
        # What happens to folders alone is of no bytes: `find . -type d | xargs chmod 755`.
        return () if ("-type", "d") in pairwise([word.text for word in words]) else found_whole(words)
    if program == "ls":
        return _listed(words, around, at)
    # `grep -v '^#' FILE` and `sed 's/#.*//' FILE` leave comments out; what else they do, only they know.
    leaves_out_comments = program in ("grep", "egrep", "sed") and any("#" in word.text for word in operands[:-1])
    if operands and (program == "cat" or leaves_out_comments):
        return _in_file(operands[-1], around, at)
    return ()


def _listed(words: Sequence[Word], around: Surroundings, at: Span) -> tuple[Word, ...]:
    """What `ls` names: what it is given by patterns, or all in the working folder; elsewhere, names say not where."""
    operands = tuple(word for word in words if not word.text.startswith("-"))
    is_whole = any(_NAMES_FOLDERS.fullmatch(word.text) for word in words)
    if is_whole or any("*" in word.text for word in operands):
        return operands
    is_here = all(around.resolve(word.pattern) == around.folder for word in operands)
    return (Word(at, "*", "*"),) if is_here and around.folder not in (None, "/") else ()


def _split(word: Word) -> list[str]:
    return (word.value or "").replace("\\n", " ").split()


def _in_file(word: Word, around: Surroundings, at: Span) -> tuple[Word, ...]:
    """The words of a text of the build context, without comments."""
    path = around.resolve(word.pattern)
    text = around.files.text(path) if path else None
    lines = [line.partition("#")[0] for line in (text or "").splitlines()]
    return tuple(Word(at, each, each) for line in lines for each in line.split())
