"""A Dockerfile from above: its stages, the names that it declares, and what an instruction is read with."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model import image
from deadweight.model.stages import base_name, global_scope, name_word, sources_of
from deadweight.syntax import shell
from deadweight.syntax.json_form import read_array
from deadweight.syntax.run import is_posix, run_body
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Logical, Placed
    from deadweight.syntax.shell import Script

_NUMBER = re.compile(r"[0-9]{1,4}")  # of a stage
_COMMANDS = frozenset(("CMD", "ENTRYPOINT", "HEALTHCHECK"))
_WINDOWS_SHELL = ("cmd", "/S", "/C")


class Section(NamedTuple):
    """A stage: FROM and the instructions up to the next one. Comments above the next FROM belong to that."""

    start: Placed
    steps: tuple[Placed, ...]

    @property
    def span(self) -> Span:
        """From its FROM to the end of its last instruction."""
        last = self.steps[-1] if self.steps else self.start
        return Span(self.start.offset + self.start.instruction.span.start, last.offset + whole(last.instruction).end)

    @property
    def name(self) -> str | None:
        """The name that AS gives it, as written."""
        word = name_word(self.start.instruction)
        return word and word.text


class Reading(NamedTuple):
    """What an instruction is read with: its SHELL, and which of the names in it are stages (in lower case)."""

    shell: tuple[str, ...]
    stages: tuple[str, ...]


NOTHING = Reading((), ())


def sections(tree: Dockerfile) -> tuple[tuple[Placed, ...], tuple[Section, ...]]:
    """The instructions above the first FROM, and the stages."""
    placed = iter(tree.instructions)
    head, *stages = [tuple(islice(placed, len(section.numbers))) for section in tree.sections]
    return head, tuple(Section(stage[0], stage[1:]) for stage in stages)


def whole(instruction: Instruction) -> Span:
    """From the keyword to the last character, the bodies of heredocs included."""
    start, end = instruction.span
    if instruction.heredocs:
        terminator = instruction.heredocs[-1].terminator
        end = terminator.start + len(instruction.text[terminator.start : terminator.end].rstrip("\r\n"))
    return Span(start, end)


class Pair(NamedTuple):
    """`name=value` of an ENV, ARG or LABEL; offsets count in the instruction's arguments. An ARG may have no value."""

    at: int
    name: str
    value_at: int = 0
    value: str | None = None


def pairs(instruction: Instruction) -> Iterator[Pair]:
    """What an ENV, ARG or LABEL declares, in the old form `ENV name value` too."""
    arguments, words = instruction.arguments, instruction.words
    starts = [arguments.offset(word.span.start) for word in words]
    if instruction.keyword != "ARG" and words and "=" not in words[0].text:
        yield Pair(starts[0], words[0].text, *((starts[1], arguments.text[starts[1] :]) if len(words) > 1 else ()))
        return
    for at, word in zip(starts, words, strict=True):
        name, equals, value = word.text.partition("=")
        yield Pair(at, name, at + len(name) + 1, value) if equals else Pair(at, name)


def command_of(instruction: Instruction) -> Logical:
    """What a CMD, ENTRYPOINT or HEALTHCHECK runs; nothing for `HEALTHCHECK NONE`."""
    source, words = instruction.arguments, instruction.words
    if instruction.keyword != "HEALTHCHECK":
        return source
    is_command = len(words) > 1 and words[0].text.upper() == "CMD"
    return source.part(source.offset(words[1].span.start) if is_command else len(source.text), len(source.text))


def script_in(instruction: Instruction, shell_form: tuple[str, ...]) -> tuple[Script, Logical] | None:
    """The script that an instruction hands to a POSIX shell, and where it stands in the instruction's text."""
    if instruction.keyword == "RUN":
        body = run_body(instruction, shell_form)
        return (body.script, body.source) if body else None
    if instruction.keyword not in _COMMANDS or not is_posix(shell_form):
        return None
    command = command_of(instruction)
    return None if read_array(command.text) is not None else (shell.parse(command.text), command)


def readings(tree: Dockerfile) -> Iterator[Reading]:
    """What each instruction is read with, in order."""
    head, stages = sections(tree)
    for _ in head:
        yield NOTHING
    scope = global_scope(tree.sections[0].instructions, {}, "linux/amd64")
    known: dict[str, tuple[str, ...]] = {}  # stages above, by name, each with its SHELL at the end
    for number, stage in enumerate(stages):
        base = base_name(stage.start.instruction, scope)
        is_stage = base.lower() in known
        shell = known[base.lower()] if is_stage else _shell_of(base)
        written = stage.start.instruction.words[:1]
        yield Reading(shell, tuple(word.text.lower() for word in written) if is_stage else ())
        for placed in stage.steps:
            instruction = placed.instruction
            yield Reading(shell, _stages_in(instruction.trigger or instruction, known, number))
            if instruction.keyword == "SHELL" and instruction.array:
                shell = tuple(word.value or "" for word in instruction.array)
        if stage.name:
            known[stage.name.lower()] = shell


def _shell_of(base: str) -> tuple[str, ...]:
    """The shell that an image starts with."""
    return _WINDOWS_SHELL if base and image.base(image.parse(base)).is_windows else ()


def _stages_in(instruction: Instruction, known: Mapping[str, object], number: int) -> tuple[str, ...]:
    """Which of the sources that the flags name are stages above, of which there are `number`."""
    if not instruction.flags:
        return ()
    names = (name.lower() for name in sources_of(instruction))
    return tuple(name for name in names if name in known or (_NUMBER.fullmatch(name) and int(name) < number))
