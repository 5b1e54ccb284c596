"""The vocabulary of fixes: small edits that keep the user's layout, operators and line ends.

Every function gives edits in the file, or None where it cannot keep its word: that the exit status of the RUN, and
whatever runs after the place of the edit, stay the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.run import run_body
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.syntax.dockerfile import Placed
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Block, Chain, Node, Pipeline, Statement, StatementList, Word

_WIDTH = 100  # a line that would grow beyond it is continued on the next
_BREAK = re.compile(r"(?P<before>[^\n]*?)[ \t]*\r?\n(?P<between>.*\n)?(?P<indent>[ \t]*)", re.DOTALL)


def insert_word(layer: Layer, after: Word, text: str) -> Edit | None:
    """Put a word behind a word of a command: a flag behind its verb."""
    body = _body(layer)
    return Edit(_at(layer, body.source.end(after.span.end)), f" {text}") if body else None


def append_command(layer: Layer, call: Call, command: str) -> Edit | None:
    """Run `command`, which never fails, right after `call` where that succeeded, in the operators already in force."""
    body = _body(layer)
    place = body and _place(body, call)
    if not body or not place or (errexit := _stops_at_failure(body, call)) is None:
        return None
    unit, chain = place.unit, place.chain
    if _runs_as_root_by_sudo(call):
        command = f"sudo {command}"
    at = body.source.end(unit.span.end)
    if not errexit or place.list.role == "condition" or _is_before_and(place) or _ends_script(body, place):
        return Edit(_at(layer, at), _joined(layer, body, place, "&&", command))
    if chain is None:
        return Edit(_at(layer, at), _joined(layer, body, place, ";", command))
    # With `set -e`, the last part of `a && b;` ends the script when it fails; `a && b && c;` would not end it for b.
    return None


def prepend_command(layer: Layer, call: Call, command: str) -> Edit | None:
    """Run `command && ` right before `call`: where it fails, the call counts as failed."""
    body = _body(layer)
    place = body and _place(body, call)
    if not body or not place or (errexit := _stops_at_failure(body, call)) is None:
        return None
    if _runs_as_root_by_sudo(call):
        command = f"sudo {command}"
    start = place.unit.span.start
    if place.chain is not None and place.chain.parts[0] is not place.unit:
        index = place.chain.parts.index(place.unit)
        if place.chain.operators[index - 1] != "&&":
            return None
    elif errexit and place.chain is None and place.list.role != "condition":
        return Edit(_at(layer, body.source.start(start)), f"{command}; ")
    elif place.chain is not None and "||" in place.chain.operators:
        return None
    return Edit(_at(layer, body.source.start(start)), f"{command} && ")


def remove_instruction(text: str, placed: Placed) -> Edit:
    """Take an instruction out with all its lines."""
    return Edit(Span(placed.offset, placed.offset + len(placed.instruction.text)), "")


def line_end(text: str) -> str:
    """The line end in use: that of the first line."""
    newline = text.find("\n")
    return "\r\n" if newline > 0 and text[newline - 1] == "\r" else "\n"


class _Place(NamedTuple):
    """Where a call stands: `unit` is the call or its pipeline, `chain` the && and || around it."""

    unit: Node
    chain: Chain | None
    statement: Statement
    list: StatementList


def _body(layer: Layer) -> RunBody | None:
    if layer.step is None:
        return None
    return run_body(layer.step.instruction, layer.step.state.shell)


def _at(layer: Layer, offset: int) -> Span:
    start = layer.placed.offset + offset
    return Span(start, start)


def _place(body: RunBody, call: Call) -> _Place | None:
    placed = call.placed
    if placed.background or placed.in_substitution:
        return None
    unit: Node = placed.command
    chain: Chain | None = None
    block: Block | None = None
    for ancestor in reversed(placed.ancestors):
        if isinstance(ancestor, shell.Pipeline) and chain is None:
            if ancestor.is_negated:
                return None
            unit = ancestor
        elif isinstance(ancestor, shell.Chain):
            chain = ancestor
        elif isinstance(ancestor, shell.Block):
            block = ancestor
            break
    lists = block.bodies if block else (body.script.body,)
    for statements in lists:
        for statement in statements.statements:
            if statement.span.start <= unit.span.start and unit.span.end <= statement.span.end:
                return None if statement.terminator == "&" else _Place(unit, chain, statement, statements)
    return None


def _stops_at_failure(body: RunBody, call: Call) -> bool | None:
    """Whether `set -e` is in force at a call; None where it is switched off again somewhere."""
    stops = any(option.startswith("-") and not option.startswith("--") and "e" in option for option in body.options)
    stops = stops or "errexit" in body.options
    for placed in shell.commands(body.script):
        if placed.command is call.placed.command:
            break
        texts = [word.text for word in placed.command.words]
        if texts[:1] != ["set"]:
            continue
        if any(text.startswith("+") and "e" in text for text in texts) or ("+o" in texts and "errexit" in texts):
            return None
        if any(re.fullmatch(r"-[a-z]*e[a-z]*", text) for text in texts) or ("-o" in texts and "errexit" in texts):
            stops = True
    return stops


def _is_before_and(place: _Place) -> bool:
    """Whether the call is not the last of its chain: its failure does not end the script as it is."""
    return place.chain is not None and place.chain.parts[-1] is not place.unit


def _ends_script(body: RunBody, place: _Place) -> bool:
    """Whether nothing follows: the status of the chain is the status of the RUN, whoever checks it."""
    last = body.script.body.statements[-1]
    return place.statement is last and place.chain is not None


def _runs_as_root_by_sudo(call: Call) -> bool:
    words = call.placed.command.words
    return bool(words) and words[0].text == "sudo"


def _joined(layer: Layer, body: RunBody, place: _Place, operator: str, command: str) -> str:
    """`command` with the operator before it, broken over lines the way its neighbours are."""
    text = layer.placed.instruction.text
    escape, newline = layer.placed.instruction.escape, line_end(text)
    if body.form == "script" and operator == ";":
        return f"{newline}{_indent(text, body.source.start(place.unit.span.start))}{command}"
    gap = _neighbouring_gap(text, body, place)
    if gap is not None and (match := _BREAK.match(gap)):
        leads = not match["before"].replace(escape, "").strip()
        if leads and operator == "&&":
            return f" {escape}{newline}{match['indent']}&& {command}"
        spaced = " &&" if operator == "&&" else ";"
        return f"{spaced} {escape}{newline}{match['indent']}{command}"
    source = text[body.source.start(place.unit.span.start) : body.source.end(place.unit.span.end)]
    spaced = " && " if operator == "&&" else "; "
    start = text.rfind("\n", 0, body.source.end(place.unit.span.end)) + 1
    line = text[start:].partition("\n")[0]
    fits = "\n" not in source and len(line.rstrip()) + len(spaced) + len(command) <= _WIDTH
    if fits or body.form == "script":
        return spaced + command
    if operator == "&&":
        return f" {escape}{newline}    && {command}"
    return f"; {escape}{newline}    {command}"


def _neighbouring_gap(text: str, body: RunBody, place: _Place) -> str | None:
    """The source between the call and the nearest command it is joined to, where there is one."""
    siblings: tuple[Node | Pipeline | Statement, ...]
    if place.chain is not None:
        siblings, own = place.chain.parts, place.chain.parts.index(place.unit)
    else:
        siblings = tuple(place.list.statements)
        own = place.list.statements.index(place.statement)
    if own > 0:
        first, second = siblings[own - 1], siblings[own]
    elif len(siblings) > 1:
        first, second = siblings[0], siblings[1]
    else:
        return None
    end = first.node.span.end if isinstance(first, shell.Statement) else first.span.end
    return text[body.source.end(end) : body.source.start(second.span.start)]


def _indent(text: str, offset: int) -> str:
    """The white space that the line of `offset` starts with."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip())]
