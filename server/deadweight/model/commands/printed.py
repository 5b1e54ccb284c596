"""echo, printf, cat and tee: files whose text stands in the Dockerfile, such as settings of other tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Text, writes
from deadweight.model.variables import expand
from deadweight.syntax.shell import Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.syntax.shell import Word
    from deadweight.syntax.shell_tree import Command, Redirect

PROGRAMS = frozenset(("echo", "printf", "cat"))
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "c": ""}
_CONVERSION = re.compile(r"%(?:[-0-9.]*)([sb%])")
_MOST_ROUNDS = 100  # through a format of printf


def printed(call: Call) -> Iterator[Effect]:
    """What a call of one of these programs writes into a file by `>` or `>>`, its own or that of the block around."""
    own = _output(call.own.command.redirects)
    blocks = [each for each in call.own.ancestors if isinstance(each, Block)]
    around = next((found for block in reversed(blocks) if (found := _output(block.redirects))), None)
    redirect = own or (None if call.own.in_pipeline or call.own.in_substitution else around)
    if redirect is None or redirect.target is None:
        return
    # In a block the first writes the file anew, and who is first does not matter here.
    appends = own is None or redirect.operator == ">>"
    yield from _written(call, redirect.target, _said(call.program, call.words, call.own.command, _scope(call)), appends)


def _tee(call: Call) -> Iterator[Effect]:
    """`echo x | tee FILE`, `tee -a FILE <<EOF`."""
    said = _heredoc(call.own.command, _scope(call))
    if said is None and (fed := call.fed_by) is not None:
        said = _said(fed.program, fed.words, fed.command, _scope(call)) if fed.program in PROGRAMS else None
    for word in call.operands():
        yield from _written(call, word, said, call.has("-a", "--append"))


def _output(redirects: Sequence[Redirect]) -> Redirect | None:
    """Where the output goes."""
    return next(
        (each for each in redirects if each.operator in (">", ">>", ">|") and each.descriptor in (None, "1")), None
    )


def _written(call: Call, target: Word, said: str | None, appends: bool) -> Iterator[Effect]:
    path = call.around.resolve(target.pattern)
    if path is None or said is None:
        return
    known = None if "$" in said or "`" in said else said
    yield writes(path, Text(len(said.encode("utf-8", "replace")), known, appends), call.span)


def _said(name: str, words: Sequence[Word], command: Command, scope: Mapping[str, str | None]) -> str | None:
    """What a program prints; what nobody knows stands in it as it is written. None where it copies a file."""
    if name == "cat":
        return _heredoc(command, scope) if not words or words[0].text == "-" else None
    if any(word.has_substitution for word in words):
        return None
    texts = [_put_in(word.plain, scope) if word.value is None else word.plain for word in words]
    if name == "echo":
        ends = "\n"
        while texts and re.fullmatch("-[neE]+", texts[0]):
            ends = "" if "n" in texts.pop(0) else ends
        return _unescaped(" ".join(texts)) + ends
    return _formatted([each for each in texts if each != "--"])


def _heredoc(command: Command, scope: Mapping[str, str | None]) -> str | None:
    found = next((each.heredoc for each in command.redirects if each.heredoc), None)
    if found is None:
        return None
    return found.text if found.is_literal else _put_in(found.text, scope)


def _formatted(texts: list[str]) -> str | None:
    """What `printf FORMAT ARGUMENT...` prints: the format once more as long as there are arguments."""
    if not texts:
        return None
    form, waiting, found = _unescaped(texts[0]), texts[1:], ""
    for _ in range(_MOST_ROUNDS):
        before = len(waiting)
        found += _CONVERSION.sub(lambda match: "%" if match[1] == "%" else waiting.pop(0) if waiting else "", form)
        if not waiting or len(waiting) == before:
            break
    return found


def _unescaped(said: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), said) if "\\" in said else said


def _put_in(said: str, scope: Mapping[str, str | None]) -> str:
    """A text with the variables that are known."""
    found = expand(said, scope, unset=None) if "$" in said else None
    return said if found is None else found


def _scope(call: Call) -> Mapping[str, str | None]:
    return {"HOME": call.around.home, **call.around.variables}


TOOLS = (Tool(("tee",), _tee),)
