"""Merging RUNs into one, so that what the later ones take away or change never lies in a layer of its own.

The script that comes out does what the scripts did one after the other: it ends at the first that fails, and nothing
that one of them sets is seen by the next. Where that cannot be promised there are no edits. A WORKDIR between them
becomes a `cd`.
"""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.rules.edits import line_end, with_blanks, with_comments
from deadweight.rules.line_breaks import seam
from deadweight.rules.rule import Fix, Safety
from deadweight.rules.script_places import body_of, set_errexit
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import remembered
from deadweight.text import Edit, Span, apply_edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
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
_MANAGE = frozenset(
    (
        *("apt-get", "apt", "aptitude", "apt-mark", "dpkg", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper"),
        *("rm", "set", "true", "export"),
    )
)
# What comes before an install: where the packages are found, and what they ask.
_PREPARE = frozenset(("apt-key", "add-apt-repository", "debconf-set-selections", "echo", "printf"))
# What brings files at one version, looks whether they are the right ones, and unpacks them.
_FETCH = frozenset(
    (
        *("curl", "wget", "git", "tar", "unzip", "gunzip", "xz", "bzip2", "gpg", "echo", "printf", "mkdir", "cd"),
        *("sha1sum", "sha256sum", "sha512sum", "md5sum", "mv", "cp", "rm", "set", "true"),
    )
)
_DELETE = frozenset(("rm", "rmdir", "cd", "set", "true"))
_MOST = 200  # RUNs in one: of each, all behind it are asked, and more than engines take are no file of a person
_ADDRESSED = re.compile(r"#\s*(?:deadweight|hadolint)\b")  # comments that speak of the instruction below them
_HARMLESS_SET = re.compile(r"-[ex]+")  # `set -ex`: a chain of && ends at the first failure anyway


class _Script(NamedTuple):
    """What matters of one RUN's script to those before and after it.

    `kind`: "chain" for one list of &&, "strict" for a list that `set -e` ends at a failure, "loose" for any other.
    `is_unit` says that its last statement is a plain command or pipeline, not a chain; `takes_over`, that the course of
    what comes behind it may be another: `source`, `exec`.
    """

    layer: Layer
    body: RunBody
    kind: str
    is_unit: bool
    needs_parentheses: bool = False
    takes_over: bool = False

    @property
    def sets_nounset(self) -> bool:
        """Whether it starts with `set -eu`, so that unset variables are errors in it, and with no other option."""
        first = self.body.script.body.statements[0].node
        return self.kind == "strict" and isinstance(first, shell.Command) and _sets_u(first)


def merge_runs(snapshot: Snapshot, layers: Sequence[Layer]) -> tuple[Edit, ...] | None:
    """Edits that make RUNs, each right below the one before or with a WORKDIR between them, a single RUN; None where
    none do.
    """
    from deadweight.rules import working_folders

    runs = runs_of(layers)
    if len(runs) > _MOST:
        return None
    scripts = [script for layer in runs if (script := _read(layer, is_last=layer is runs[-1]))]
    if len(scripts) < max(2, len(runs)):
        return None
    settled = working_folders.settled(snapshot, layers)
    if settled is None:
        return None
    edits: list[Edit] = [*settled]
    left = scripts[0]
    for number, (before, right) in enumerate(pairwise(scripts), 1):
        operator = _operator(left, right, is_last=number == len(scripts) - 1)
        if operator is None or not is_same_setting(before.layer, right.layer):
            return None
        enters = working_folders.entered(snapshot, before.layer, right.layer)
        if enters is None:
            return None
        is_list = before.kind == "loose" and before is not scripts[0]
        is_undone = before.sets_nounset and not right.sets_nounset  # what unset variables do is seen by no other script
        leaks = (is_undone and operator != ";") or any(_leaks_into(before, after) for after in scripts[number:])
        before = before._replace(needs_parentheses=is_list or leaks)
        if before.needs_parentheses and (operator == ";" or before.kind == "strict"):
            return None  # `set -e` is off in parentheses before &&
        first = ("set +u", *enters) if is_undone else enters
        made = _joined(snapshot, scripts[:number], before, right, operator, first)
        if made is None:
            return None
        edits += made
        kind = left.kind if operator == ";" or left.kind != "chain" else right.kind
        left = right._replace(kind=kind, is_unit=right.is_unit and operator == ";")
    return tuple(edits)


def merged(snapshot: Snapshot, layers: Sequence[Layer]) -> Fix | None:
    """The fix that makes one RUN of several; where they are many steps, one that changes takes many along."""
    edits = merge_runs(snapshot, layers)
    return merging(runs_of(layers), edits) if edits is not None else None


def merging(layers: Sequence[Layer], edits: tuple[Edit, ...], besides: str = "") -> Fix:
    """The fix that these edits are, which make one RUN of several; `besides` says what else they do."""
    title = f"Merge {'both' if len(layers) == 2 else f'the {len(layers)}'} RUNs{besides}"
    if _steps(layers) <= _FEW:
        return Fix("merge", title, Safety.SAFE, edits)
    return Fix("merge", title, Safety.ASK, edits, note="Check: a change of one of these steps runs all of them again")


def _steps(layers: Sequence[Layer]) -> int:
    """How many steps RUNs are: those that manage packages, one below the other, are one list that a build brings up to
    date as a whole, and so are those that bring and unpack files; what only deletes belongs to the steps before it.
    """
    kinds = groupby(map(_kind_of_step, (layer for layer in layers if not _only_deletes(layer))))
    return sum(1 if kind else len(list(row)) for kind, row in kinds)


def _kind_of_step(layer: Layer) -> str:
    """What a RUN does and nothing else, so that it is one step with its neighbours that do the same; "" for others."""
    return "packages" if _is_of_packages(layer) else "files" if _only_fetches(layer) else ""


def runs_of(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Those that make a layer: the others say where the next ones work."""
    return tuple(layer for layer in layers if layer.instruction.keyword != "WORKDIR")


def move_into(snapshot: Snapshot, layer: Layer, later: Layer, changes: Sequence[Edit] = ()) -> tuple[Edit, ...] | None:
    """Edits that take a RUN away and do what it does, with some `changes` in its script, at the start of a later one.

    The folder that it runs in is that of the later RUN then, so that its commands may not care; the account and the
    shell are the same.
    """
    left, right = _read(layer), _read(later, is_last=True)
    if left is None or right is None or _leaks_into(left, right) or layer.instruction.flags:
        return None
    if left.sets_nounset and not right.sets_nounset:
        return None
    own, others = layer.step, later.step
    if own is None or others is None or (own.state.user, own.state.shell) != (others.state.user, others.state.shell):
        return None
    operator = _operator(left, right, is_last=True)
    end = _end_of_script(snapshot, left)
    ended = left.body.script.body.statements[-1].terminator == ";"
    if operator not in ("&&", ";") or end is None or (ended and operator == "&&"):
        return None
    text, start = snapshot.text, _start_of_script(snapshot, left)
    script = apply_edits(text[start:end], [Edit(each.span.shifted(-start), each.text) for each in changes])
    ending, starting = seam(snapshot, (later, layer), operator)
    joint = f"{ending.removeprefix(';') if ended else ending}{line_end(text)}{starting}"
    at, where = snapshot.offset(later.site), _start_of_script(snapshot, right)
    above = with_comments(snapshot.tree, snapshot.offset(layer.site))
    comments = text[above : snapshot.offset(layer.site)]
    if _ADDRESSED.search(comments):
        return None
    removed = with_blanks(snapshot.tree, Span(above, snapshot.offset(layer.site) + len(layer.instruction.text)))
    edits = (Edit(removed, ""), Edit(Span(at, at), comments), Edit(Span(where, where), script + joint))
    return tuple(each for each in edits if each.text or each.span.start < each.span.end)


@remembered
def only_manages(layer: Layer) -> bool:
    """Whether a RUN does nothing but manage packages."""
    return bool(layer.calls) and all(map(manages, layer.calls))


def manages(call: Call) -> bool:
    """Whether a call manages packages."""
    return call.program in _MANAGE


@remembered
def _is_of_packages(layer: Layer) -> bool:
    """Whether a RUN does nothing but manage packages, or say where they are found."""
    return bool(layer.calls) and all(call.program in _MANAGE or call.program in _PREPARE for call in layer.calls)


@remembered
def _only_fetches(layer: Layer) -> bool:
    """Whether a RUN does nothing but bring files, check and unpack them."""
    return bool(layer.calls) and all(call.program in _FETCH for call in layer.calls)


@remembered
def _only_deletes(layer: Layer) -> bool:
    """Whether a RUN does nothing but delete files."""
    return bool(layer.calls) and all(call.program in _DELETE for call in layer.calls)


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
    return script and script._replace(takes_over=takes_over)


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
            is_first = before.sets_nounset and command is before.body.script.body.statements[0].node
            if after.kind == "loose" or not (is_harmless or is_first):
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
    between_them: Sequence[str],
) -> list[Edit] | None:
    """The edits at the seam of two of the `scripts`; comments between the RUNs stay where they are. Some commands come
    between them: what takes back what the first has set, and goes where the second works.
    """
    text, start = snapshot.text, _end_of_script(snapshot, before)
    stop = _start_of_script(snapshot, after)
    own_end = snapshot.offset(before.layer.site) + len(before.layer.instruction.text)
    if start is None or text[start:own_end].strip():
        return None
    between = text[own_end : snapshot.offset(after.layer.site)]
    if _ADDRESSED.search(between):
        return None
    newline = line_end(text)
    comments = "".join(f"{line}{newline}" for line in between.splitlines() if line.lstrip().startswith("#"))
    closing = " )" if before.needs_parentheses else ""
    edits: list[Edit] = []
    if before.needs_parentheses:
        at = _start_of_script(snapshot, before)
        edits.append(Edit(Span(at, at), "( "))
    ended = before.body.script.body.statements[-1].terminator == ";"
    if ended and operator != ";":
        return None
    layers = [script.layer for script in reversed(scripts)]
    ending, starting = seam(snapshot, (*layers, after.layer), ";" if operator == ";" else "&&")
    ending = ending.removeprefix(";") if ended else f"{closing}{ending}"
    first = "".join(f"{each}{'; ' if operator == ';' else ' && '}" for each in between_them)
    joint = f"{ending}{newline}{comments}{starting}{first}{'{ ' if operator == '{' else ''}"
    edits.append(Edit(Span(start, stop), joint))
    if operator == "{":
        end = _end_of_script(snapshot, after)
        if end is None:
            return None
        is_ended = after.body.script.body.statements[-1].terminator == ";"
        edits.append(Edit(Span(end, end), " }" if is_ended else "; }"))
    return edits


def _start_of_script(snapshot: Snapshot, script: _Script) -> int:
    """Where the first statement starts in the file."""
    start = script.body.source.start(script.body.script.body.statements[0].span.start)
    return snapshot.offset(script.layer.site) + start


def _end_of_script(snapshot: Snapshot, script: _Script) -> int | None:
    """Where the last statement ends in the file; None where something is said behind it that is no command."""
    body = script.body
    end = body.script.body.statements[-1].span.end
    if body.script.text[end:].strip():
        return None
    return snapshot.offset(script.layer.site) + body.source.end(end)


def _program(command: shell.Command) -> tuple[str, ...]:
    """The command's own name, and that of the program it runs for another: `command exec x`."""
    name, _ = shell.program(command)
    return tuple(dict.fromkeys((command.words[0].text, name or ""))) if command.words else ()


def _sets_u(command: shell.Command) -> bool:
    return len(command.words) == 2 and re.fullmatch(r"-[ex]*u[ex]*", command.words[1].text) is not None


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
