"""Which command of a RUN the cursor is in, and which word of it; through scripts that are typed half."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.features.completion.place import Typed
from deadweight.model.commands.call import Call, Surroundings
from deadweight.model.commands.interpreters import interpreted
from deadweight.model.effects import Nth
from deadweight.model.filesystem import Filesystem
from deadweight.syntax import shell
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from deadweight.features.completion.place import Place
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Script

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]*")
_QUOTES = ("", '"', "'")


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the word of it around the cursor, which is the one at `index` behind the program."""

    call: Call
    index: int
    typed: Typed


def body_at(place: Place) -> RunBody | None:
    """The script that the cursor is in; None where there is none: exec form, other shells, heredocs that are data."""
    if (
        place.keyword != "RUN"
        or place.flag
        or place.base.is_windows
        or place.instruction.keyword_span.contains(place.at)
    ):
        return None
    return run_body(place.instruction, place.state.shell)


def text_before(body: RunBody, place: Place) -> tuple[str, str]:
    """The script up to the cursor, and behind it. In a heredoc that is a script, from the start of the line on."""
    mark, text = body.source.offset(place.at), body.script.text
    start = text.rfind("\n", 0, mark) + 1
    return text[start:mark], text[mark + 1 :]


def command_at(body: RunBody, place: Place) -> Command | None:
    """The innermost command with an argument at the cursor."""
    mark, text = body.source.offset(place.at), body.script.text
    if text[mark : mark + 1] == "" or body.script.is_opaque:
        return None
    state = place.state
    files = Filesystem(None, place.snapshot.context)
    around = Surroundings(state.workdir, state.variables, state.home, place.base, files)
    for quote in _QUOTES if body.script.problems else _QUOTES[:1]:
        # `pip install "fla`: the quote that opens a word is typed long before the one that closes it.
        script = shell.parse(text[: mark + 1] + quote) if quote else body.script
        if found := _command_in(script, mark, around, body):
            return found
    return None


def programs_of(place: Place) -> frozenset[str]:
    """The programs that a RUN calls, wherever in it the cursor is."""
    body = None if place.base.is_windows else run_body(place.instruction, place.state.shell)
    if body is None:
        return frozenset()
    names = (_program(placed)[0] for placed in shell.commands(body.script))
    return frozenset(name for name in names if name)


def names_set_at(place: Place) -> tuple[str, ...]:
    """The variables that a RUN's own script sets."""
    body = body_at(place)
    found: list[str] = []
    for node in shell.walk(body.script) if body else ():
        if isinstance(node, shell.Command):
            found += (each.name for each in node.assignments)
            if node.words and node.words[0].text in ("export", "local", "readonly"):
                found += (word.text.partition("=")[0] for word in node.words[1:])
        elif isinstance(node, shell.Block) and node.kind == "for" and node.name:
            found.append(node.name)
    return tuple(name for name in dict.fromkeys(found) if name.isidentifier())


def accounts_of(place: Place) -> tuple[str, ...]:
    """The accounts that the stage's RUNs create above the place."""
    if place.base.is_windows or place.stage is None:
        return ()
    found: list[str] = []
    for step in place.stage.steps[: len(place.before)]:
        is_run = step.instruction.keyword == "RUN" and "add" in step.instruction.text
        body = run_body(step.instruction, step.state.shell) if is_run else None
        for placed in shell.commands(body.script) if body else ():
            program, words = shell.program(placed.command)
            if program in ("useradd", "adduser") and words and _ACCOUNT.fullmatch(words[-1].text):
                found.append(words[-1].text)
    return tuple(dict.fromkeys(found))


def _command_in(script: Script, mark: int, around: Surroundings, body: RunBody, offset: int = 0) -> Command | None:
    for placed in shell.commands(script):
        nested = shell.nested(placed.command)
        if nested and nested.offset <= mark < nested.offset + len(nested.text):
            inner = shell.parse(nested.text)
            if found := _command_in(inner, mark - nested.offset, around, body, offset + nested.offset):
                return found
        program, words = _program(placed)
        index = next((at for at, word in enumerate(words) if word.span.contains(mark)), None)
        if program is None or index is None:
            continue
        word = words[index]
        span = body.span(placed.command.span.shifted(offset))
        call = Call(program, program, words, Nth(0), span, around, placed, placed)
        start = mark - word.span.start
        return Command(call, index, Typed(word.text[:start], word.text[start + 1 :]))
    return None


def _program(placed: shell.Placed) -> tuple[str | None, tuple[shell.Word, ...]]:
    """The program of a command and its words; of `python3 -m pip install` it is pip."""
    program, words = shell.program(placed.command)
    if program and (inner := interpreted(program, words)):
        return inner[0], words[inner[1] :]
    if program == "uv" and words and words[0].text == "pip":
        return "uv pip", words[1:]
    return program, words
