"""Which variables of a script come from outside of it: what it reads before it sets them itself.

`echo $A` and `[ -n "$A" ] || A=1; echo $A` are about the variable of the environment, `A=1; echo $A` is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.shell_tree import Block, Chain, Command, Pipeline
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.syntax.shell_tree import Node, Script, StatementList, Word, WordPart


class Use(NamedTuple):
    """The name of a variable where a script reads or sets it, without `$` and braces."""

    name: str
    span: Span
    sets: bool = False


class Variables(NamedTuple):
    """`outer`: every place of the variables from outside, in source order; `own`: names that are the script's own."""

    outer: tuple[Use, ...]
    own: frozenset[str]


def variables(script: Script) -> Variables:
    """The variables of a script. Where it could not be read, whatever looks like the use of a variable is one."""
    reader = _Reader(script.text)
    reader.statements(script.body, _Set(), 0)
    found = reader.result()
    if not (script.is_opaque or script.problems):
        return found
    known = {use.span for use in found.outer}
    quotes = 0
    done = 0
    more: list[Use] = []
    for match in _LOOKS_LIKE_A_USE.finditer(script.text):
        quotes += script.text.count("'", done, match.start())
        done = match.start()
        span = Span(*match.span(1))
        if quotes % 2 == 0 and span not in known and match[1] not in found.own:
            more.append(Use(match[1], span))
    return Variables(tuple(sorted((*found.outer, *more), key=lambda use: use.span)), found.own)


class _Set:
    """What the script has set up to some place, surely or on some way to it, above what was set `outside`."""

    __slots__ = ("_maybe", "_outside", "_sure")

    def __init__(self, outside: _Set | None = None) -> None:
        self._sure: set[str] = set()
        self._maybe: set[str] = set()
        self._outside = outside

    def add(self, name: str) -> None:
        self._sure.add(name)

    def has(self, name: str) -> bool:
        return name in self._sure or (self._outside is not None and self._outside.has(name))

    def may_have(self, name: str) -> bool:
        return name in self._maybe or (self._outside is not None and self._outside.may_have(name))

    def join(self, branch: _Set) -> None:
        """Go on behind a branch that may have been taken."""
        self._maybe |= branch.added

    @property
    def added(self) -> set[str]:
        """What was set since `outside`."""
        return self._sure | self._maybe


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IDENTIFIER = re.compile(_NAME)
_ASSIGNMENT = re.compile(rf"\"?({_NAME})(\+?=)?")  # `A=1`, `"A=$B"` and `A` after `export`
_IN_VARIABLE = re.compile(rf"\$\{{?[#!]?({_NAME})")  # `A` and `B` in `${A:-$B}`
_IN_ARITHMETIC = re.compile(rf"(?<![\w#])(?:\$\{{?[#!]?)?({_NAME})")  # `A` and `B` in `$((A + $B))`
_LOOKS_LIKE_A_USE = re.compile(rf"(?<!\\)\$\{{?[#!]?({_NAME})")
_MOST_NESTED = 4  # `sh -c "sh -c '...'"`; deeper is nobody's
_DECLARES = frozenset(("declare", "typeset", "local"))  # what they name is the script's own, with a value or not
_MARKS = frozenset(("export", "readonly", "unset"))
_READ_OPTIONS_WITH_VALUE = frozenset(("-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u"))


class _Reader:
    """One pass over a script in the order of execution; a class because every method adds to the same lists."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.uses: list[tuple[Use, bool]] = []  # with whether the script itself has surely set the variable
        self.mixed: set[str] = set()  # names that mean the script's variable or the outer one, by the way taken
        self.nesting = 0  # scripts in scripts around what is read
        self.in_functions: set[str] = set()  # read in a function, which may be called later

    def result(self) -> Variables:
        set_here = {use.name for use, _ in self.uses if use.sets}
        mixed = self.mixed | (self.in_functions & set_here)
        outer = [use for use, is_own in self.uses if use.name in mixed or not (is_own or use.sets)]
        return Variables(tuple(sorted(outer, key=lambda use: use.span)), frozenset(set_here - mixed))

    def read(self, name: str, start: int, so_far: _Set) -> None:
        is_own = so_far.has(name)
        if not is_own and so_far.may_have(name):
            self.mixed.add(name)
        self.uses.append((Use(name, Span(start, start + len(name))), is_own))

    def set(self, name: str, start: int, so_far: _Set) -> None:
        self.uses.append((Use(name, Span(start, start + len(name)), sets=True), True))
        so_far.add(name)

    def statements(self, body: StatementList, so_far: _Set, offset: int) -> None:
        """The statements of a list; `offset` is where the script that they are in starts in the outermost one."""
        for statement in body.statements:
            self.node(statement.node, _Set(so_far) if statement.terminator == "&" else so_far, offset)

    def node(self, node: Node, so_far: _Set, offset: int) -> None:
        if isinstance(node, Command):
            self.command(node, so_far, offset)
        elif isinstance(node, Block):
            self.block(node, so_far, offset)
        elif isinstance(node, Pipeline):
            for part in node.parts:  # each in a shell of its own
                self.node(part, _Set(so_far) if len(node.parts) > 1 else so_far, offset)
        else:
            self.chain(node, so_far, offset)

    def chain(self, chain: Chain, so_far: _Set, offset: int) -> None:
        self.node(chain.parts[0], so_far, offset)
        inside = _Set(so_far)
        for operator, part in zip(chain.operators, chain.parts[1:], strict=True):
            if operator == "&&":
                self.node(part, inside, offset)
            else:
                self.branch(part, inside, offset)
        so_far.join(inside)

    def branch(self, node: Node, so_far: _Set, offset: int) -> None:
        taken = _Set(so_far)
        self.node(node, taken, offset)
        so_far.join(taken)

    def command(self, command: Command, so_far: _Set, offset: int) -> None:
        for assignment in command.assignments:
            if assignment.value:
                self.parts(assignment.value.parts, so_far, offset)
        for word in command.words:
            self.parts(word.parts, so_far, offset)
        self.redirects(command.redirects, so_far, offset)
        for assignment in command.assignments:
            name = _IDENTIFIER.match(assignment.name)
            if name is None:
                continue
            start = assignment.span.start + offset
            if assignment.operator == "+=" and not so_far.has(name[0]):
                self.mixed.add(name[0])
            # `A=1 make` sets it for make alone.
            self.set(name[0], start, _Set(so_far) if command.words else so_far)
        if command.words:
            self.builtin(command, so_far, offset)
        if nested := shell.nested(command):
            self.nested(nested, _Set(so_far), offset)

    def nested(self, nested: shell.Nested, so_far: _Set, offset: int) -> None:
        script = shell.parse(nested.text)
        if not script.is_opaque and self.nesting < _MOST_NESTED:
            self.nesting += 1
            self.statements(script.body, so_far, offset + nested.offset)
            self.nesting -= 1

    def builtin(self, command: Command, so_far: _Set, offset: int) -> None:
        """What the shell's own commands set: `export A=1`, `read A`."""
        name, *words = command.words
        if name.text in _MARKS or name.text in _DECLARES:
            for word in words:
                self.declaration(word, name.text in _DECLARES, so_far, offset)
        elif name.text == "read":
            values = iter(words)
            for word in values:
                if word.text in _READ_OPTIONS_WITH_VALUE:
                    next(values, None)
                elif _IDENTIFIER.fullmatch(word.text):
                    self.set(word.text, word.span.start + offset, so_far)
        elif name.text == "getopts" and len(words) > 1 and _IDENTIFIER.fullmatch(words[1].text):
            self.set(words[1].text, words[1].span.start + offset, so_far)

    def declaration(self, word: Word, is_own: bool, so_far: _Set, offset: int) -> None:
        match = _ASSIGNMENT.match(word.text)
        if match is None or (not match[2] and match.end() < len(word.text)):
            return
        start = word.span.start + match.start(1) + offset
        if match[2] == "+=" and not so_far.has(match[1]):
            self.mixed.add(match[1])
        if match[2] or is_own:
            self.set(match[1], start, so_far)
        else:
            self.read(match[1], start, so_far)

    def block(self, block: Block, so_far: _Set, offset: int) -> None:
        is_arithmetic = block.kind == "arithmetic" or (block.kind == "for" and block.name is None)
        for word in block.words:
            self.parts(word.parts, so_far, offset, is_arithmetic=is_arithmetic)
        self.redirects(block.redirects, so_far, offset)
        bodies = block.bodies
        if block.kind in ("subshell", "braces"):
            self.statements(bodies[0], _Set(so_far) if block.kind == "subshell" else so_far, offset)
            return
        first = len(self.uses)
        if bodies and bodies[0].role == "condition":  # that of an `if` or `while` always runs
            self.statements(bodies[0], so_far, offset)
            bodies = bodies[1:]
        taken = _Set(so_far)
        if block.name and block.kind != "function":
            self.set(block.name, self.text.index(block.name, block.span.start + offset + len(block.kind)), taken)
        for body in bodies:
            branch = _Set(taken)
            self.statements(body, branch, offset)
            taken.join(branch)
        read_here = {use.name for use, is_own in self.uses[first:] if not is_own}
        if block.kind == "function":
            self.in_functions |= read_here
        elif block.kind in ("for", "select", "while", "until"):
            self.mixed |= read_here & taken.added  # the second time round, the first has set it
        so_far.join(taken)

    def redirects(self, redirects: Iterable[shell.Redirect], so_far: _Set, offset: int) -> None:
        for redirect in redirects:
            if redirect.target and redirect.heredoc is None:
                self.parts(redirect.target.parts, so_far, offset)
            if redirect.heredoc:
                self.parts(redirect.heredoc.parts, so_far, offset)

    def parts(self, parts: Iterable[WordPart], so_far: _Set, offset: int, *, is_arithmetic: bool = False) -> None:
        for part in parts:
            if part.kind in ("variable", "arithmetic") or (part.kind == "syntax" and is_arithmetic):
                pattern = _IN_VARIABLE if part.kind == "variable" else _IN_ARITHMETIC
                inner = [body.span for body in part.bodies]
                for match in pattern.finditer(part.text):
                    start = part.span.start + match.start(1)
                    if not any(span.contains(start) for span in inner):
                        self.read(match[1], start + offset, so_far)
            for body in part.bodies:
                self.statements(body, _Set(so_far), offset)
