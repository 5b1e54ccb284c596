"""Merging RUNs into one, so that what the later ones take away or change never lies in a layer of its own.

The script that comes out does what the scripts did one after the other: it ends at the first that fails, and nothing
that one of them sets is seen by the next. Where that cannot be promised there are no edits. A WORKDIR between them
becomes a `cd`, an ENV an `export`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.rules.edits import line_end, with_blanks, with_comments
from deadweight.rules.line_breaks import seam
from deadweight.rules.rule import Fix, Safety
from deadweight.rules.run_steps import steps
from deadweight.rules.script_places import body_of, set_errexit
from deadweight.rules.shell_options import NOUNSET, between, start_of
from deadweight.syntax import shell
from deadweight.text import Edit, Span, apply_edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.rules.shell_options import Between
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Node

# What changes the course of all that comes after it in the same shell.
_TAKES_OVER = frozenset(("exec", "exit", "return", "trap", "alias", "eval", "source", ".", "ulimit", "wait", "logout"))
# What the next script would notice, and what ends with parentheses around it.
_LEAKS = frozenset(
    ("cd", "pushd", "popd", "export", "unset", "umask", "readonly", "declare", "typeset", "shopt", "hash", "read")
)
_FEW = 3  # steps that are merged without asking: more of them are steps that the build cache keeps apart
_MOST = 200  # RUNs in one: of each, all behind it are asked, and more than engines take are no file of a person
_ADDRESSED = re.compile(r"#\s*(?:deadweight|hadolint)\b")  # comments that speak of the instruction below them
_BEHIND = re.compile(r"[ \t]*;?[ \t]*(?P<comment>#[^\n]*?)?\s*")  # what may stand behind the last command
# What the name of a shell is but a word to.
_NAME_SHELLS = frozenset(("useradd", "adduser", "usermod", "chsh", "echo", "printf", "apt-get", "apt", "apk", "sed"))
# What shells do by themselves, each in its way.
_BUILT_IN = frozenset(("echo", "printf", "test", "[", "[[", "read", "type", "let", "local", "kill", "time", "which"))
_LISTS = (shell.Command, shell.Chain, shell.Pipeline)
_HARMLESS_SET = re.compile(r"-[ex]+")  # `set -ex`: a chain of && ends at the first failure anyway


class _Script(NamedTuple):
    """What matters of one RUN's script to those before and after it.

    `kind`: "chain" for one list of &&, "strict" for a list that `set -e` ends at a failure, "loose" for any other.
    `is_unit` says that its last statement is a plain command or pipeline, not a chain; `takes_over`, that the course of
    what comes behind it may be another: `source`, `exec`. `start` is where it starts, without what needs not be said.
    """

    layer: Layer
    body: RunBody
    kind: str
    is_unit: bool
    needs_parentheses: bool = False
    takes_over: bool = False
    start: int = 0

    @property
    def options(self) -> frozenset[str]:
        """What it switches on at its start: "e", "u" and "x" for `set -eux`."""
        start = start_of(self.body)
        return start.options if start else frozenset()

    @property
    def changes_shell(self) -> bool:
        """Whether it may put another program in place of the shell: `ln -sf /bin/bash /bin/sh`."""
        return any(map(_is_of_shell, self.layer.calls))

    @property
    def is_for_any_shell(self) -> bool:
        """Whether it says nothing that one shell takes otherwise than another: programs with words alone."""
        commands = [placed.command for placed in shell.commands(self.body.script)]
        words = [word for command in commands for word in command.words]
        is_plain = all(isinstance(node, _LISTS) for node in shell.walk(self.body.script))
        is_plain = is_plain and all(each.operator in (">", ">>", ">&") for one in commands for each in one.redirects)
        return (
            is_plain
            and all(word.value is not None for word in words)
            and not _BUILT_IN & {name for command in commands for name in _program(command)}
        )


def merge_runs(snapshot: Snapshot, layers: Sequence[Layer]) -> tuple[Edit, ...] | None:
    """Edits that make RUNs, each right below the one before or with WORKDIRs and ENVs between them, a single RUN; None
    where none do.
    """
    from deadweight.rules import variables_between, working_folders

    runs = runs_of(layers)
    if len(runs) > _MOST:
        return None
    scripts = [script for layer in runs if (script := _read(layer, is_last=layer is runs[-1]))]
    if len(scripts) < max(2, len(runs)):
        return None
    settled = working_folders.settled(snapshot, layers)
    if settled is None:
        return None
    edits: list[Edit] = [*variables_between.moved_below(snapshot, layers), *settled]
    left = before = scripts[0]
    options = frozenset[str]()  # what the scripts so far have switched on
    for number, right in enumerate(scripts[1:], 1):
        operator = _operator(left, right, is_last=number == len(scripts) - 1)
        if operator is None or not is_same_setting(before.layer, right.layer):
            return None
        exports = variables_between.exported(snapshot, before.layer, right.layer)
        enters = working_folders.entered(snapshot, before.layer, right.layer)
        if exports is None or enters is None:
            return None
        if before.changes_shell and not all(script.is_for_any_shell for script in scripts[number:]):
            return None
        if exports and any("$" in (flag.value or "") for flag in right.layer.instruction.flags):
            return None
        is_list = before.kind == "loose" and before is not scripts[0]
        leaks = any(_leaks_into(before, after) for after in scripts[number:])
        before = before._replace(needs_parentheses=is_list or leaks)
        if before.needs_parentheses and (operator == ";" or before.kind == "strict"):
            return None  # `set -e` is off in parentheses before &&
        told = _between(snapshot, options if before.needs_parentheses else options | before.options, right)
        made = _joined(snapshot, scripts[:number], before, right, operator, told, (*exports, *enters))
        if made is None:
            return None
        edits += made
        kind = left.kind if operator == ";" or left.kind != "chain" else right.kind
        left = right._replace(kind=kind, is_unit=right.is_unit and operator == ";")
        before, options = right._replace(start=told.needless.rest if told.needless else right.start), told.on
    return tuple(edits)


def merged(snapshot: Snapshot, layers: Sequence[Layer]) -> Fix | None:
    """The fix that makes one RUN of several; where they are many steps, one that changes takes many along."""
    edits = merge_runs(snapshot, layers)
    return merging(runs_of(layers), edits) if edits is not None else None


def merging(layers: Sequence[Layer], edits: tuple[Edit, ...], besides: str = "") -> Fix:
    """The fix that these edits are, which make one RUN of several; `besides` says what else they do."""
    title = f"Merge {'both' if len(layers) == 2 else f'the {len(layers)}'} RUNs{besides}"
    if steps(layers) <= _FEW:
        return Fix("merge", title, Safety.SAFE, edits)
    return Fix("merge", title, Safety.ASK, edits, note="Check: a change of one of these steps runs all of them again")


def runs_of(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Those that make a layer: the others say where the next ones work, and what their variables are."""
    return tuple(layer for layer in layers if layer.instruction.keyword not in ("WORKDIR", "ENV"))


def move_into(snapshot: Snapshot, layer: Layer, later: Layer, changes: Sequence[Edit] = ()) -> tuple[Edit, ...] | None:
    """Edits that take a RUN away and do what it does, with some `changes` in its script, at the start of a later one.

    The folder that it runs in is that of the later RUN then, so that its commands may not care; the account and the
    shell are the same.
    """
    left, right = _read(layer), _read(later, is_last=True)
    if left is None or right is None or _leaks_into(left, right) or layer.instruction.flags:
        return None
    told = _between(snapshot, left.options, right)
    if told.undone:
        return None
    own, others = layer.step, later.step
    if own is None or others is None or (own.state.user, own.state.shell) != (others.state.user, others.state.shell):
        return None
    operator = _operator(left, right, is_last=True)
    behind = _behind(snapshot, left)
    if operator not in ("&&", ";") or behind is None:
        return None
    text, start, end = snapshot.text, _place(snapshot, left, left.start), _end_of_script(snapshot, left)
    script = apply_edits(text[start:end], [Edit(each.span.shifted(-start), each.text) for each in changes])
    ending, starting = seam(snapshot, (later, layer), operator)
    joint = f"{ending}{line_end(text)}{starting}"
    at, where = snapshot.offset(later.site), _place(snapshot, right, right.start)
    rest = _place(snapshot, right, told.needless.rest) if told.needless else where
    above = with_comments(snapshot.tree, snapshot.offset(layer.site))
    comments = text[above : snapshot.offset(layer.site)] + behind
    if _ADDRESSED.search(comments):
        return None
    removed = with_blanks(snapshot.tree, Span(above, snapshot.offset(layer.site) + len(layer.instruction.text)))
    edits = (Edit(removed, ""), Edit(Span(at, at), comments), Edit(Span(where, rest), script + joint))
    return tuple(each for each in edits if each.text or each.span.start < each.span.end)


def is_in_the_way(layer: Layer) -> bool:
    """Whether an instruction may need what is installed above it, or changes what an install does."""
    return layer.instruction.keyword in ("RUN", "USER", "SHELL", "ONBUILD") or "/etc/ap" in layer.instruction.text


def _read(layer: Layer, *, is_last: bool = False) -> _Script | None:
    """A RUN's script, if it can be part of a longer one."""
    body = body_of(layer)
    if body is None or body.form != "shell" or layer.instruction.heredocs or body.script.is_opaque:
        return None
    statements = body.script.body.statements
    if body.script.problems or not statements or any(each.terminator == "&" for each in statements):
        return None
    commands = list(shell.commands(body.script))
    takes_over = any(word in _TAKES_OVER for placed in commands for word in _program(placed.command))
    if takes_over and not is_last:
        return None
    script = _kind(layer, body, commands)
    return script and script._replace(takes_over=takes_over, start=statements[0].span.start)


def _is_of_shell(call: Call) -> bool:
    """Whether a call has to do with the program that is the shell."""
    return call.program not in _NAME_SHELLS and any(word.text in ("/bin/sh", "dash") for word in call.words)


def _kind(layer: Layer, body: RunBody, commands: Sequence[shell.Placed]) -> _Script | None:
    """How a script ends at a failure; None where that is no question of its statements alone."""
    statements = body.script.body.statements
    last = statements[-1].node
    first = statements[0].node
    if "errexit" in body.options or any(re.fullmatch(r"-[a-z]*e[a-z]*", option) for option in body.options):
        is_plain = len(statements) == 1 and all(not isinstance(node, shell.Block) for node in shell.walk(body.script))
        return _Script(layer, body, "chain", is_unit=False) if is_plain and _is_chain(last) else None
    if len(statements) == 1:
        ends_in_block = any(_is_block(part) for part in _parts(_last_part(last)))
        if not _is_chain(last) or (ends_in_block and any(_sets_errexit(placed) for placed in commands)):
            return _Script(layer, body, "loose", is_unit=True) if not any(map(_sets_errexit, commands)) else None
        return _Script(layer, body, "chain", is_unit=not isinstance(last, shell.Chain))
    if isinstance(first, shell.Command) and set_errexit([word.text for word in first.words]):
        stays = all(set_errexit([word.text for word in placed.command.words]) is not False for placed in commands)
        is_plain = not any(_is_block(node) for node in _parts(last))
        if not stays or not is_plain or not _is_chain(last):
            return None
        return _Script(layer, body, "strict", is_unit=not isinstance(last, shell.Chain))
    if any(map(_sets_errexit, commands)):
        return None
    return _Script(layer, body, "loose", is_unit=True)


def _operator(left: _Script, right: _Script, *, is_last: bool) -> str | None:
    """What goes between two scripts: "&&", ";" under `set -e`, "{" for && with braces around the second."""
    last = right.body.script.body.statements[-1].node
    is_block = any(_is_block(part) for part in _parts(_last_part(last)))
    if left.kind == "strict" and right.kind == "chain" and (is_block or right.takes_over):
        return None  # `{ a; b; }` goes on behind a failing a, and does not where `set -e` is in force
    if left.kind == "strict" and left.is_unit and right.kind in ("strict", "chain"):
        return ";"
    if right.kind == "chain":
        return "&&"
    if left.kind == "strict" or (right.kind == "strict" and not is_last):
        return None
    return "{" if is_last else "&&"


def is_same_setting(one: Layer, other: Layer) -> bool:
    """Whether two RUNs have the same flags, account, shell and variables."""
    first, second = one.step, other.step
    if first is None or second is None:
        return False
    flags = [sorted((flag.name, flag.value or "") for flag in each.instruction.flags) for each in (first, second)]
    return flags[0] == flags[1] and (first.state.user, first.state.shell) == (second.state.user, second.state.shell)


def _leaks_into(before: _Script, after: _Script) -> bool:
    """Whether the second script would notice what the first one sets, were there nothing around it."""
    for placed in shell.commands(before.body.script):
        command = placed.command
        if placed.subshell or placed.in_substitution:
            continue
        names = _program(command)
        if not names:
            if any(after.takes_over or _mentions(after, each.name) for each in command.assignments):
                return True
        elif names[0] in _LEAKS and not (names[0] == "cd" and _goes_elsewhere(after)):
            return True
        elif names[0] == "set" and _text(command) != _text(next(shell.commands(after.body.script)).command):
            is_harmless = all(_HARMLESS_SET.fullmatch(word.text) for word in command.words[1:])
            # `set -eu`: what comes behind it can take the latter back.
            is_first = before.kind == "strict" and command is before.body.script.body.statements[0].node
            can_be_undone = is_first and NOUNSET in before.options <= {"e", NOUNSET, "x"}
            if after.kind == "loose" or not (is_harmless or can_be_undone):
                return True
    blocks = (node for node in shell.walk(before.body.script) if isinstance(node, shell.Block) and node.name)
    return any(after.takes_over or _mentions(after, block.name or "") for block in blocks)


def _goes_elsewhere(script: _Script) -> bool:
    """Whether a script starts with `cd /somewhere` and never goes back, so that it starts wherever it may."""
    words = _text(next(shell.commands(script.body.script)).command)
    goes_back = "OLDPWD" in script.body.script.text or re.search(r"\bcd -(?!\S)", script.body.script.text)
    return len(words) == 2 and words[0] == "cd" and words[1].startswith("/") and not goes_back


def _text(command: shell.Command) -> list[str]:
    return [word.text for word in command.words]


def _mentions(script: _Script, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", script.body.script.text) is not None


def _joined(
    snapshot: Snapshot,
    scripts: Sequence[_Script],
    before: _Script,
    after: _Script,
    operator: str,
    told: Between,
    enters: Sequence[str],
) -> list[Edit] | None:
    """The edits at the seam of two of the `scripts`; comments between the RUNs stay where they are. Some commands come
    between them: what takes back what the first has set, and goes where the second works. They stand in the place of
    what the second needs not say.
    """
    text, start = snapshot.text, _end_of_script(snapshot, before)
    behind = _behind(snapshot, before)
    if behind is None:
        return None
    between_them = behind + text[_end_of_instruction(snapshot, before) : snapshot.offset(after.layer.site)]
    if _ADDRESSED.search(between_them):
        return None
    newline = line_end(text)
    comments = "".join(f"{line}{newline}" for line in between_them.splitlines() if line.lstrip().startswith("#"))
    closing = " )" if before.needs_parentheses else ""
    edits: list[Edit] = []
    if before.needs_parentheses:
        at = _place(snapshot, before, before.start)
        edits.append(Edit(Span(at, at), "( "))
    layers = [script.layer for script in reversed(scripts)]
    ending, starting = seam(snapshot, (*layers, after.layer), ";" if operator == ";" else "&&")
    stop, commands = after.start, (*told.undone, *enters)
    first = "".join(f"{each}{'; ' if operator == ';' else ' && '}" for each in commands)
    if told.needless is not None and (not commands or operator == "{"):
        stop = told.needless.rest
    elif told.needless is not None:
        stop, first = told.needless.end, first.rstrip("&; ")
    joint = f"{closing}{ending}{newline}{comments}{starting}{first}{'{ ' if operator == '{' else ''}"
    edits.append(Edit(Span(start, _place(snapshot, after, stop)), joint))
    if operator == "{":
        last = after.body.script.body.statements[-1]
        if _behind(snapshot, after) is None:
            return None
        end = snapshot.offset(after.layer.site) + after.body.source.end(last.span.end)
        edits.append(Edit(Span(end, end), " }" if last.terminator == ";" else "; }"))
    return edits


def _between(snapshot: Snapshot, options: frozenset[str], after: _Script) -> Between:
    """What is said in front of a script where these options are on; a comment behind its start keeps that."""
    told = between(options, after.body)
    if told.needless is None:
        return told
    gap = snapshot.text[_place(snapshot, after, told.needless.end) : _place(snapshot, after, told.needless.rest)]
    return told._replace(needless=None) if "#" in gap else told


def _place(snapshot: Snapshot, script: _Script, offset: int) -> int:
    """Where an offset in a script is in the file."""
    return snapshot.offset(script.layer.site) + script.body.source.start(offset)


def _end_of_script(snapshot: Snapshot, script: _Script) -> int:
    """Where the last statement ends in the file, without the `;` behind it."""
    end = script.body.source.end(script.body.script.body.statements[-1].node.span.end)
    return snapshot.offset(script.layer.site) + end


def _end_of_instruction(snapshot: Snapshot, script: _Script) -> int:
    return snapshot.offset(script.layer.site) + len(script.layer.instruction.text)


def _behind(snapshot: Snapshot, script: _Script) -> str | None:
    """The comment on the last line of a RUN, as a line of its own; None where something else is said there."""
    text = snapshot.text[_end_of_script(snapshot, script) : _end_of_instruction(snapshot, script)]
    match = _BEHIND.fullmatch(text)
    return match and (f"{match['comment']}{line_end(snapshot.text)}" if match["comment"] else "")


def _program(command: shell.Command) -> tuple[str, ...]:
    """The command's own name, and that of the program it runs for another: `command exec x`."""
    name, _ = shell.program(command)
    return tuple(dict.fromkeys((command.words[0].text, name or ""))) if command.words else ()


def _is_chain(node: Node) -> bool:
    return not isinstance(node, shell.Chain) or set(node.operators) == {"&&"}


def _parts(node: Node) -> Iterator[Node]:
    return iter(node.parts if isinstance(node, (shell.Chain, shell.Pipeline)) else (node,))


def _is_block(node: Node) -> bool:
    return isinstance(node, shell.Block)


def _last_part(node: Node) -> Node:
    return node.parts[-1] if isinstance(node, shell.Chain) else node


def _sets_errexit(placed: shell.Placed) -> bool:
    return (
        bool(set_errexit([word.text for word in placed.command.words]))
        if _program(placed.command) == ("set",)
        else False
    )
