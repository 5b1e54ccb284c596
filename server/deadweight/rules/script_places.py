"""Where a command stands in the script of a RUN, and what its failure means there: what every edit asks first."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Block, Chain, Node, Statement, StatementList

_BRANCHES = frozenset(("if", "case", "for", "select", "while", "until"))
# The options of `set` and of a shell that hold an e: `-e`, `-eux`, `-xe`.
_SETS_E = re.compile(r"-[a-z]*e[a-z]*")


class Place(NamedTuple):
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


def body_of(layer: Layer) -> RunBody | None:
    """The script of a RUN; None for any other instruction, and where no POSIX shell reads it."""
    if layer.step is None or layer.instruction.keyword != "RUN":
        return None
    return run_body(layer.step.instruction, layer.step.state.shell)


def place_of(body: RunBody, call: Call, *, whole: bool = False) -> Place | None:
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
                return Place(unit, chain, statement, statements, errexit, _is_program(body, unit), is_end)
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
        if texts[:1] != ["set"] or (new := set_errexit(texts)) is None:
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


def set_errexit(texts: list[str]) -> bool | None:
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
