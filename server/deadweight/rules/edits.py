"""The vocabulary of fixes: small edits that keep the user's layout, operators and line ends.

Every function gives edits in the file, or None where it cannot keep its word: that the exit status of the RUN, and
whatever runs after the place of the edit, stay the same.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.run import run_body
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.syntax.dockerfile import Placed
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Block, Chain, Node, Statement, StatementList, Word

_WIDTH = 100  # a line that would grow beyond it is continued on the next
_BREAK = re.compile(r"(?P<before>[^\n]*?)[ \t]*\r?\n(?P<between>.*\n)?(?P<indent>[ \t]*)", re.DOTALL)
_BRANCHES = frozenset(("if", "case", "for", "select", "while", "until"))
# The options of `set` and of a shell that hold an e: `-e`, `-eux`, `-xe`.
_SETS_E = re.compile(r"-[a-z]*e[a-z]*")
_STATUS = re.compile(r"\$\?|\$\{\?\}")  # `$?`
# What sees more of a script's course than its exit status: `${PIPESTATUS[0]}`, `trap clean ERR`.
_WATCHED = re.compile(r"\bPIPESTATUS\b|\btrap\b[^\n;&|]*\b(?:ERR|DEBUG)\b")


def insert_word(layer: Layer, after: Word, text: str) -> Edit | None:
    """Put a word behind a word of a command: a flag behind its verb."""
    body = _body(layer)
    return Edit(_at(layer, body.source.end(after.span.end)), f" {text}") if body else None


def append_command(layer: Layer, call: Call, command: str) -> Edit | None:
    """Run `command`, which never fails, right after `call` where that succeeded, in the operators already in force.

    Behind a call in a branch or loop it runs when the whole of that is done.
    """
    body = _body(layer)
    place = body and _place(body, call)
    if not body or not place or place.errexit is None or _WATCHED.search(body.script.text):
        return None
    command = _as_user_of(call) + command
    after, operator = place.unit, "&&"
    if place.errexit and not place.is_before_operator:
        # With `set -e` a failing `a` ends the script in `a; b`, not in `a && b`. An `if` may fail without ending it.
        is_unread = not place.is_last and not _STATUS.search(body.script.text)
        if place.chain is None and (place.is_program or is_unread):
            operator = ";"
        elif place.chain is not None and place.is_program and place.is_end_of_script:
            operator = "&&"
        elif place.chain is not None and is_unread:
            after, operator = place.chain, ";"
        else:
            return None
    return Edit(_at(layer, body.source.end(after.span.end)), _joined(layer, body, place, operator, command))


def prepend_command(layer: Layer, call: Call, command: str) -> Edit | None:
    """Run `command` right before `call`, or before all that decides whether it runs: where it fails, so does that."""
    body = _body(layer)
    place = body and _place(body, call, whole=call.placed.conditional)
    if not body or not place or place.errexit is None:
        return None
    start = place.unit.span.start
    operator = "; " if place.errexit and start == place.statement.span.start else " && "
    return Edit(_at(layer, body.source.start(start)), f"{_as_user_of(call)}{command}{operator}")


def remove_instruction(placed: Placed) -> Edit:
    """Take an instruction out with all its lines."""
    return Edit(Span(placed.offset, placed.offset + len(placed.instruction.text)), "")


def line_end(text: str) -> str:
    """The line end in use: that of the first line."""
    newline = text.find("\n")
    return "\r\n" if newline > 0 and text[newline - 1] == "\r" else "\n"


class _Place(NamedTuple):
    """Where a call stands.

    `unit` is the call, its pipeline, or the outermost branch or loop around it; `chain` the && and || around that.
    `errexit`: whether a failure there ends the script, None where nobody can tell.
    """

    unit: Node
    chain: Chain | None
    statement: Statement
    list: StatementList
    errexit: bool | None
    is_program: bool  # the unit has no list of its own, in which `set -e` would count
    is_end_of_script: bool

    @property
    def is_before_operator(self) -> bool:
        """Whether && or || follows: then `set -e` takes no notice of a failure."""
        return self.chain is not None and self.chain.parts[-1] is not self.unit

    @property
    def is_last(self) -> bool:
        """Whether the status of the statement is that of its list."""
        return self.list.statements[-1] is self.statement


def _body(layer: Layer) -> RunBody | None:
    if layer.step is None:
        return None
    return run_body(layer.step.instruction, layer.step.state.shell)


def _at(layer: Layer, offset: int) -> Span:
    start = layer.placed.offset + offset
    return Span(start, start)


def _place(body: RunBody, call: Call, *, whole: bool = False) -> _Place | None:
    """The place of a call; `whole` takes the statement of the script that it is in as one."""
    placed = call.placed
    if placed.background or placed.in_substitution or placed.in_function or _is_exec(call):
        return None
    nodes: tuple[Node, ...] = (*placed.ancestors, placed.command)
    branch = 0 if whole else next((at for at, node in enumerate(nodes) if _is_branch(node)), len(nodes) - 1)
    unit = nodes[branch]
    chain: Chain | None = None
    block: Block | None = None
    outer = 0
    for at in range(branch - 1, -1, -1):
        node = nodes[at]
        if isinstance(node, shell.Block):
            block, outer = node, at + 1
            break
        if isinstance(node, shell.Chain):
            chain = node
        elif isinstance(node, shell.Pipeline):
            if node.is_negated:
                return None
            unit = node
    for statements in block.bodies if block else (body.script.body,):
        for statement in statements.statements:
            if statement.span.start <= unit.span.start and unit.span.end <= statement.span.end:
                errexit = _stops_at_failure(body, nodes[:outer], placed)
                is_end = statement is body.script.body.statements[-1]
                return _Place(unit, chain, statement, statements, errexit, _is_program(body, unit), is_end)
    return None


def _is_exec(call: Call) -> bool:
    """Whether the call takes the place of the shell: nothing runs after it."""
    return call.placed.command.words[0].text == "exec"


def _is_branch(node: Node) -> bool:
    return isinstance(node, shell.Block) and node.kind in _BRANCHES


def _is_program(body: RunBody, unit: Node) -> bool:
    """Whether a unit is made of programs only: no compound command, no call of a function."""
    if isinstance(unit, shell.Pipeline):
        return all(_is_program(body, part) for part in unit.parts)
    if not isinstance(unit, shell.Command):
        return False
    functions = {node.name for node in shell.walk(body.script) if isinstance(node, shell.Block) and node.name}
    return not any(word.text in functions for word in unit.words[:1])


def _stops_at_failure(body: RunBody, around: tuple[Node, ...], call: shell.Placed) -> bool | None:
    """Whether `set -e` is in force in the innermost list of `around`; None where only a run of the script tells."""
    inner: Node | None = None
    for node in reversed(around):
        if isinstance(node, shell.Chain) and inner is not None and node.parts[-1] is not inner:
            return False
        if isinstance(node, shell.Pipeline) and node.is_negated:
            return False
        inner = node
    stops: bool | None = "errexit" in body.options or any(_SETS_E.fullmatch(option) for option in body.options)
    processes = [node for node in around if _is_process(node)]
    for placed in shell.commands(body.script):
        if placed.command is call.command:
            break
        texts = [word.text for word in placed.command.words]
        if texts[:1] != ["set"] or (new := _set_errexit(texts)) is None:
            continue
        if placed.in_substitution or placed.background:
            continue
        if placed.in_function or placed.conditional or not _is_reached(placed, call):
            stops = stops if stops == new else None
        elif all(any(node is each for each in processes) for node in placed.ancestors if _is_process(node)):
            stops = new
    return stops


def _is_reached(placed: shell.Placed, call: shell.Placed) -> bool:
    """Whether a command has run where `call` runs: `a && set -e` has not where a failed."""
    nodes = (*placed.ancestors, placed.command)
    return all(
        node.parts[0] is inner or ("||" not in node.operators and any(node is each for each in call.ancestors))
        for node, inner in pairwise(nodes)
        if isinstance(node, shell.Chain)
    )


def _set_errexit(texts: list[str]) -> bool | None:
    """What a `set` does to errexit: True for `set -eu`, False for `set +e`, None for nothing."""
    if "errexit" in texts:
        return texts[texts.index("errexit") - 1].startswith("-")
    options = texts[1 : texts.index("--")] if "--" in texts else texts[1:]
    if any(_SETS_E.fullmatch(text.replace("+", "-", 1)) for text in options if text.startswith("+")):
        return False
    return True if any(_SETS_E.fullmatch(text) for text in options) else None


def _is_process(node: Node) -> bool:
    """Whether what is set inside is forgotten outside: parentheses, a part of a pipeline."""
    if isinstance(node, shell.Pipeline):
        return len(node.parts) > 1
    return isinstance(node, shell.Block) and node.kind == "subshell"


def _as_user_of(call: Call) -> str:
    """What a command needs in front to run as the user of a call: `sudo -E `."""
    words = call.placed.command.words
    if words[0].text != "sudo":
        return ""
    wrapper = words[: len(words) - len(call.words) - 1]
    return "".join(f"{word.text} " for word in wrapper)


def _joined(layer: Layer, body: RunBody, place: _Place, operator: str, command: str) -> str:
    """`command` with the operator before it, broken over lines the way its neighbours are."""
    text, newline = layer.placed.instruction.text, line_end(layer.placed.instruction.text)
    start, end = body.source.start(place.unit.span.start), body.source.end(place.unit.span.end)
    spaced = " && " if operator == "&&" else "; "
    if body.form == "script":
        line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0]
        rest = text[end:].partition("\n")[0].strip()
        if operator == ";" and not rest and "<<" not in line:
            return f"{newline}{_indent(text, start)}{command}"
        return spaced + command
    escape = layer.placed.instruction.escape
    gap = _neighbouring_gap(text, body, place)
    if gap is not None and (match := _BREAK.match(gap)):
        leads = not match["before"].replace(escape, "").strip()
        if leads and operator == "&&":
            return f" {escape}{newline}{match['indent']}&& {command}"
        return f"{spaced.rstrip()} {escape}{newline}{match['indent']}{command}"
    line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0]
    if "\n" not in text:
        return spaced + command
    if "\n" not in text[start:end] and len(line.rstrip()) + len(spaced) + len(command) <= _WIDTH:
        return spaced + command
    if operator == "&&":
        return f" {escape}{newline}    && {command}"
    return f"; {escape}{newline}    {command}"


def _neighbouring_gap(text: str, body: RunBody, place: _Place) -> str | None:
    """The source between the unit and the nearest command it is joined to, where there is one."""
    siblings: tuple[Node | Statement, ...]
    if place.chain is not None:
        siblings, own = place.chain.parts, place.chain.parts.index(place.unit)
    else:
        siblings, own = place.list.statements, place.list.statements.index(place.statement)
    if len(siblings) == 1:
        return None
    first, second = siblings[max(own - 1, 0)], siblings[max(own, 1)]
    end = first.node.span.end if isinstance(first, shell.Statement) else first.span.end
    return text[body.source.end(end) : body.source.start(second.span.start)]


def _indent(text: str, offset: int) -> str:
    """The white space that the line of `offset` starts with."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip())]
