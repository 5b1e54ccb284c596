"""The commands of a script as they run: loops over a written list value by value, functions where they are called."""

from __future__ import annotations

import re
from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.shell import Block, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deadweight.syntax.shell import Placed, Script

_MOST_RUNS = 2_000  # of commands that a script comes to: loops in loops
_MOST_CALLS = 4  # of functions inside functions
_ALL = frozenset(("$@", "${@}", "$*", "${*}"))
_DEFINES = re.compile(r"\(\s*\)|\bfunction\b")
_ARGUMENT = re.compile(r"\$(?:(\d)|\{(\d)\})")


class Run(NamedTuple):
    """A command as it runs: with the variables of the loops around it and, in a function, what that is called with."""

    placed: Placed
    bound: Mapping[str, str]
    arguments: tuple[Word, ...] | None = None

    def filled(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Words of the command with the function's arguments in them."""
        if self.arguments is None or not any("$" in word.text for word in words):
            return words
        return tuple(each for word in words for each in _filled(word, self.arguments))


def runs(script: Script) -> Iterator[Run]:
    """The commands of a script in the order in which they run."""
    functions = _functions(script)
    if not functions and " in " not in script.text:
        return iter([tuple.__new__(Run, (placed, {}, None)) for placed in shell.commands(script)])
    return islice(_unrolled(shell.commands(script), functions, ()), _MOST_RUNS)


def _functions(script: Script) -> dict[str, Block]:
    """The functions of a script that it calls, by name."""
    if _DEFINES.search(script.text) is None:
        return {}
    named = {node.name: node for node in shell.walk(script) if isinstance(node, Block) and node.kind == "function"}
    called = {_name(placed) for placed in shell.commands(script)} if named else set()
    return {name: block for name, block in named.items() if name and name in called}


def _unrolled(placed: Iterable[Placed], functions: Mapping[str, Block], inside: tuple[Block, ...]) -> Iterator[Run]:
    """`inside` are the loops and functions that are unrolled already."""
    for loop, group in groupby(placed, lambda each: _Loop.around(each, inside)):
        body = list(group)
        if loop.block is None:
            for each in body:
                yield from _called(each, functions, inside)
            continue
        for word in loop.block.words:
            for run in _unrolled(body, functions, (*inside, loop.block)):
                yield run._replace(bound={loop.block.name or "": word.value or "", **run.bound})


def _called(placed: Placed, functions: Mapping[str, Block], inside: tuple[Block, ...]) -> Iterator[Run]:
    """A command; in front of one that calls a function what that does."""
    outer = next((each for each in placed.ancestors if isinstance(each, Block) and each.kind == "function"), None)
    if outer is not None and outer.name in functions and outer not in inside:
        return  # it stands in a function, and runs where that is called
    block = functions.get(_name(placed) or "")
    if block is None or block in inside or sum(each.kind == "function" for each in inside) >= _MOST_CALLS:
        yield Run(placed, {})
        return
    arguments = placed.command.words[1:]
    for each in _unrolled(shell.function_commands(block), functions, (*inside, block)):
        conditional = placed.conditional or each.placed.conditional
        given = arguments if each.arguments is None else tuple(Run(placed, {}, arguments).filled(each.arguments))
        yield Run(each.placed._replace(conditional=conditional), each.bound, given)
    yield Run(placed._replace(calls_function=True), {})


class _Loop(NamedTuple):
    """The outermost loop around a command whose values are written out; of two, each is its own."""

    at: int
    block: Block | None

    @classmethod
    def around(cls, placed: Placed, inside: tuple[Block, ...]) -> _Loop:
        for node in placed.ancestors:
            if isinstance(node, Block) and node not in inside:
                if node.kind == "function":
                    break
                if shell.is_over_list(node):
                    return cls(node.span.start, node)
        return cls(-1, None)


def _name(placed: Placed) -> str | None:
    words = placed.command.words
    return words[0].value if words else None


def _filled(word: Word, arguments: tuple[Word, ...]) -> Iterator[Word]:
    if "$" not in word.text:
        yield word
    elif word.pattern in _ALL:
        yield from arguments
    else:
        text = _ARGUMENT.sub(lambda match: _pattern(arguments, int(match[1] or match[2])), word.pattern)
        yield Word(word.span, text, None if "$" in text else text) if text != word.pattern else word


def _pattern(arguments: tuple[Word, ...], number: int) -> str:
    return arguments[number - 1].pattern if 0 < number <= len(arguments) else ""
