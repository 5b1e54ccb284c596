"""What BuildKit would reject, each at its place; the tree is there all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerfile import (
    KEYWORDS,
    MAX_LINE,
    TAKES_ARRAY,
    Comment,
    Instruction,
    has_long_line,
)
from deadweight.syntax.json_form import is_array_of_other_things
from deadweight.syntax.words import HEREDOC
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.syntax.dockerfile import Blank, Dockerfile, Section


class Problem(NamedTuple):
    """A place in the file and what is wrong there."""

    span: Span
    message: str


# The flags of each instruction, and those of them that may stand without a value. moby/buildkit,
# frontend/dockerfile/instructions/parse.go and docs/reference.md, read 2026-11-23.
_COPY_FLAGS = frozenset(("chown", "chmod", "link", "exclude"))
_FLAGS: dict[str, frozenset[str]] = {
    "ADD": _COPY_FLAGS | {"keep-git-dir", "checksum", "unpack"},
    "COPY": _COPY_FLAGS | {"from", "parents"},
    "FROM": frozenset(("platform",)),
    "HEALTHCHECK": frozenset(("interval", "timeout", "start-period", "start-interval", "retries")),
    "RUN": frozenset(("mount", "network", "security", "device")),
}
_SWITCHES = frozenset(("link", "keep-git-dir", "unpack", "parents"))
_REPEATABLE = frozenset(("mount", "exclude", "device"))
_IGNORES_FLAGS = frozenset(("ARG", "STOPSIGNAL"))
_LEAST = {"CMD": 0, "ENTRYPOINT": 0, "RUN": 0, "COPY": 2, "ADD": 2}  # arguments; one for the others
_COUNTS = {1: "at least one argument", 2: "at least two arguments"}
_KEYWORDS = frozenset(KEYWORDS)
_NOT_AS_TRIGGER = frozenset(("ONBUILD", "FROM", "MAINTAINER"))
_TOO_LONG = f"a line is longer than {MAX_LINE} bytes"
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")  # `AS build-1`


def find_problems(tree: Dockerfile) -> Iterator[Problem]:
    """The problems of a file, in order."""
    for section, start in zip(tree.sections, tree.starts, strict=False):
        if section.problems:
            yield from (problem._replace(span=problem.span.shifted(start)) for problem in section.problems)
        if section.has_open_heredoc:
            return  # what follows may be its body
    if len(tree.sections) == 1 and not tree.sections[0].instructions:
        yield Problem(Span(0, 0), "file with no instructions")


def problems_of(section: Section) -> tuple[Problem, ...]:
    """The problems of a section, at places in it."""
    found: list[Problem] = list(_in_pieces(section))
    if section.is_head:
        found += _in_head(section)
    return tuple(sorted(found, key=lambda problem: problem.span))


def _in_head(section: Section) -> Iterator[Problem]:
    seen: set[str] = set()
    for piece, offset in zip(section.pieces, section.starts, strict=False):
        if isinstance(piece, Comment) and piece.directive:
            yield from _of_directive(piece, *piece.directive, offset, seen)
        if isinstance(piece, Instruction) and piece.keyword != "ARG" and piece.keyword in _KEYWORDS:
            yield Problem(piece.span.shifted(offset), "no build stage yet: FROM comes first")
            return  # said once


def _in_pieces(section: Section) -> Iterator[Problem]:
    is_long = section.starts[-1] > MAX_LINE // 4  # a character takes up to four bytes
    for number in range(len(section.pieces)) if is_long else section.numbers:
        piece = section.pieces[number]
        found = piece.problems if isinstance(piece, Instruction) else _of_other(piece)
        if found:
            offset = section.starts[number]
            yield from (problem._replace(span=problem.span.shifted(offset)) for problem in found)
        if isinstance(piece, Instruction) and piece.has_open_heredoc:
            return  # what follows may be its body


def _of_other(piece: Blank | Comment) -> tuple[Problem, ...]:
    if not has_long_line(piece.text):
        return ()
    return (Problem(Span(0, len(piece.text.rstrip("\r\n"))), _TOO_LONG),)


def _of_directive(comment: Comment, name: str, value: str, offset: int, seen: set[str]) -> Iterator[Problem]:
    span = Span(offset, offset + len(comment.text.rstrip()))
    if name in seen:
        yield Problem(span, f"only one {name} parser directive can be used")
    elif name == "escape" and value not in ("\\", "`"):
        yield Problem(span, f"invalid escape token {value!r}: it is \\ or `")
    seen.add(name)


def problems_in(instruction: Instruction) -> tuple[Problem, ...]:
    """The problems of an instruction, at places in it."""
    if instruction.has_long_line:  # nothing of it was read
        return (Problem(instruction.span, _TOO_LONG),)
    return tuple(_in_instruction(instruction))


def _in_instruction(instruction: Instruction) -> Iterator[Problem]:
    if instruction.has_open_heredoc:
        yield Problem(instruction.span, "unterminated heredoc")
    trigger = instruction.trigger
    if trigger is None:
        yield from _of_form(instruction)
    elif trigger.keyword in _NOT_AS_TRIGGER:
        yield Problem(trigger.keyword_span, f"{trigger.keyword} isn't allowed as an ONBUILD trigger")
    else:
        yield from _of_flags(instruction)
        yield from _of_form(trigger)


def _of_form(instruction: Instruction) -> Iterator[Problem]:
    keyword = instruction.keyword
    if keyword not in _KEYWORDS:
        yield Problem(instruction.keyword_span, f"unknown instruction: {_short(keyword)}")
        return
    yield from _of_flags(instruction)
    least = _LEAST.get(keyword, 1)  # where it is 0 nobody splits the text into words
    if keyword in TAKES_ARRAY and is_array_of_other_things(instruction.arguments.text):
        yield Problem(instruction.span, "when using JSON array syntax, arrays must be comprised of strings only")
    elif least and len(instruction.words) < least:
        yield Problem(instruction.span, f"{keyword} requires {_COUNTS[least]}")
    elif check := _CHECKS.get(keyword):
        yield from check(instruction)


def _of_flags(instruction: Instruction) -> Iterator[Problem]:
    if instruction.keyword in _IGNORES_FLAGS:
        return
    known = _FLAGS.get(instruction.keyword, frozenset())
    seen: set[str] = set()
    for span, name, value in instruction.flags:
        if name not in known:
            yield Problem(span, f"unknown flag: --{_short(name)}")
        elif name in seen and name not in _REPEATABLE:
            yield Problem(span, f"duplicate flag specified: --{name}")
        elif value == "" if name in _SWITCHES else value is None:
            yield Problem(span, f"missing a value on flag: --{name}")
        elif name in _SWITCHES and (value or "true").lower() not in ("true", "false"):
            yield Problem(span, f"expecting boolean value for flag --{name}")
        seen.add(name)


def _of_from(instruction: Instruction) -> Iterator[Problem]:
    words = instruction.words
    if len(words) not in (1, 3) or (len(words) == 3 and words[1].text.lower() != "as"):
        yield Problem(instruction.span, "FROM requires either one or three arguments")
    elif len(words) == 3 and not _STAGE_NAME.fullmatch(words[2].text.lower()):
        yield Problem(words[2].span, f"invalid name for build stage: {_short(words[2].text)!r}")


def _of_pairs(instruction: Instruction) -> Iterator[Problem]:
    words = instruction.words
    if "=" not in words[0].text:
        if len(words) < 2:
            yield Problem(instruction.span, f"{instruction.keyword} must have two arguments")
        return
    for word in words:
        name, equals, _ = word.text.partition("=")
        if not equals:
            yield Problem(word.span, f"can't find = in {_short(word.text)!r}: it must be name=value")
        elif not name:
            yield Problem(word.span, f"{instruction.keyword} names can not be blank")


def _of_arg(instruction: Instruction) -> Iterator[Problem]:
    for word in instruction.words:
        if word.text.startswith("="):
            yield Problem(word.span, "ARG names can not be blank")


def _of_copy(instruction: Instruction) -> Iterator[Problem]:
    target = instruction.words[-1]
    if instruction.heredocs and HEREDOC.fullmatch(target.text):
        yield Problem(target.span, f"{instruction.keyword} cannot accept a heredoc as a destination")


def _of_shell(instruction: Instruction) -> Iterator[Problem]:
    if instruction.array is None:
        yield Problem(instruction.span, "SHELL requires the arguments to be in JSON form")


def _of_volume(instruction: Instruction) -> Iterator[Problem]:
    for word in instruction.words:
        if instruction.array is not None and not (word.value or "").strip():
            yield Problem(word.span, "VOLUME specified can not be an empty string")


def _of_healthcheck(instruction: Instruction) -> Iterator[Problem]:
    first, *others = instruction.words
    kind = first.text.upper()
    if kind not in ("CMD", "NONE"):
        yield Problem(first.span, f"unknown type {_short(first.text)!r} in HEALTHCHECK: it is CMD or NONE")
    elif kind == "NONE" and others:
        yield Problem(others[0].span, "HEALTHCHECK NONE takes no arguments")
    elif kind == "CMD" and not others:
        yield Problem(instruction.span, "missing command after HEALTHCHECK CMD")


_CHECKS: dict[str, Callable[[Instruction], Iterator[Problem]]] = {
    "FROM": _of_from,
    "ENV": _of_pairs,
    "LABEL": _of_pairs,
    "ARG": _of_arg,
    "COPY": _of_copy,
    "ADD": _of_copy,
    "SHELL": _of_shell,
    "VOLUME": _of_volume,
    "HEALTHCHECK": _of_healthcheck,
}


def _short(text: str) -> str:
    """What somebody typed, cut where it would fill the screen, without what no screen shows."""
    shown = "".join(ch if ch.isprintable() else "?" for ch in text[:60])
    return shown if len(text) <= 60 else shown[:57] + "..."
