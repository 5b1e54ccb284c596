"""What BuildKit would reject, each at its place; the tree is there all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerfile import DIRECTIVES, MAX_LINE, Comment, Instruction
from deadweight.syntax.json_form import is_array_of_other_things
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.syntax.dockerfile import Dockerfile, Placed


class Problem(NamedTuple):
    """A place in the file and what is wrong there."""

    span: Span
    message: str


class _Form(NamedTuple):
    """How many arguments an instruction takes, and its flags; None where any number or flag will do."""

    least: int = 1
    most: int | None = None
    flags: frozenset[str] = frozenset()


# moby/buildkit, frontend/dockerfile/instructions/parse.go and docs/reference.md, read 2026-11-23.
_COPY_FLAGS = frozenset(("chown", "chmod", "link", "parents", "exclude"))
_FORMS = {
    "ADD": _Form(2, None, _COPY_FLAGS | {"keep-git-dir", "checksum", "unpack"}),
    "ARG": _Form(),
    "CMD": _Form(0),
    "COPY": _Form(2, None, _COPY_FLAGS | {"from"}),
    "ENTRYPOINT": _Form(0),
    "ENV": _Form(),
    "EXPOSE": _Form(),
    "FROM": _Form(1, 3, frozenset(("platform",))),
    "HEALTHCHECK": _Form(
        1, None, frozenset(("interval", "timeout", "start-period", "start-interval", "retries"))
    ),
    "LABEL": _Form(),
    "MAINTAINER": _Form(),
    "ONBUILD": _Form(),
    "RUN": _Form(0, None, frozenset(("mount", "network", "security", "device"))),
    "SHELL": _Form(),
    "STOPSIGNAL": _Form(1, 1),
    "USER": _Form(),
    "VOLUME": _Form(),
    "WORKDIR": _Form(),
}
_NEED_VALUE = frozenset(("from", "chown", "chmod", "mount", "platform", "exclude", "checksum"))
_NOT_AS_TRIGGER = frozenset(("ONBUILD", "FROM", "MAINTAINER"))


def find_problems(tree: Dockerfile) -> Iterator[Problem]:
    """The problems of a file, in order."""
    yield from _directives(tree)
    has_stage = False
    for placed in tree.instructions:
        instruction, offset, _ = placed
        if instruction.keyword == "FROM":
            has_stage = True
        elif not has_stage and instruction.keyword != "ARG" and instruction.keyword in _FORMS:
            yield Problem(instruction.span.shifted(offset), "no build stage yet: FROM comes first")
            has_stage = True  # said once
        yield from _of_instruction(placed)
    if not tree.instructions:
        yield Problem(Span(0, 0), "file with no instructions")


def _directives(tree: Dockerfile) -> Iterator[Problem]:
    seen: set[str] = set()
    for piece, offset in zip(tree.pieces, tree.offsets, strict=False):
        if isinstance(piece, Instruction):
            return
        if not isinstance(piece, Comment) or not piece.directive:
            continue
        name, value = piece.directive
        span = Span(offset, offset + len(piece.text.rstrip()))
        if name in seen:
            yield Problem(span, f"only one {name} parser directive can be used")
        elif name in DIRECTIVES and name == "escape" and value not in ("\\", "`"):
            yield Problem(span, f"invalid escape token {value!r}: it is \\ or `")
        seen.add(name)


def _of_instruction(placed: Placed) -> Iterator[Problem]:
    instruction, offset, _ = placed
    if len(instruction.text) > MAX_LINE and any(
        len(line.encode("utf-8", "surrogatepass")) > MAX_LINE for line in instruction.text.split("\n")
    ):
        yield Problem(instruction.span.shifted(offset), f"a line is longer than {MAX_LINE} bytes")
        return
    if instruction.has_open_heredoc:
        yield Problem(instruction.span.shifted(offset), "unterminated heredoc")
    trigger = instruction.trigger
    for problem in _of_form(instruction) if trigger is None else _of_trigger(trigger):
        yield Problem(problem.span.shifted(offset), problem.message)


def _of_trigger(trigger: Instruction) -> Iterator[Problem]:
    if trigger.keyword in _NOT_AS_TRIGGER:
        yield Problem(trigger.keyword_span, f"{trigger.keyword} isn't allowed as an ONBUILD trigger")
    else:
        yield from _of_form(trigger)


def _of_form(instruction: Instruction) -> Iterator[Problem]:
    keyword = instruction.keyword
    form = _FORMS.get(keyword)
    if form is None:
        yield Problem(instruction.keyword_span, f"unknown instruction: {keyword}")
        return
    for flag in instruction.flags:
        if flag.name not in form.flags:
            yield Problem(flag.span, f"unknown flag: --{flag.name}")
        elif not flag.value and flag.name in _NEED_VALUE:
            yield Problem(flag.span, f"missing a value on flag: --{flag.name}")
    words = instruction.words
    least = form.least
    if is_array_of_other_things(instruction.arguments.text) and keyword in ("RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME"):
        yield Problem(instruction.span, "when using JSON array syntax, arrays must be comprised of strings only")
    elif keyword == "FROM" and (len(words) not in (1, 3) or (len(words) == 3 and words[1].text.lower() != "as")):
        yield Problem(instruction.span, "FROM requires either one or three arguments")
    elif len(words) < least:
        count = {1: "at least one argument", 2: "at least two arguments"}[least]
        yield Problem(instruction.span, f"{keyword} requires {count}")
    elif form.most is not None and len(words) > form.most:
        yield Problem(instruction.span, f"{keyword} requires exactly {form.most} argument")
    elif keyword in ("ENV", "LABEL"):
        yield from _pairs(instruction)
    elif keyword == "SHELL" and instruction.array is None:
        yield Problem(instruction.span, "SHELL requires the arguments to be in JSON form")
    elif keyword == "HEALTHCHECK" and words[0].text.upper() not in ("CMD", "NONE"):
        yield Problem(words[0].span, f"unknown type {words[0].text!r} in HEALTHCHECK: it is CMD or NONE")


def _pairs(instruction: Instruction) -> Iterator[Problem]:
    words = instruction.words
    if "=" not in words[0].text:
        if len(words) < 2:
            yield Problem(instruction.span, f"{instruction.keyword} must have two arguments")
        return
    for word in words:
        if "=" not in word.text:
            yield Problem(word.span, f"can't find = in {word.text!r}: it must be name=value")
