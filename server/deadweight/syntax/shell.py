"""The shell of a RUN: a tree of commands, lists, pipelines, blocks, words and redirects, and questions to it.

The input is the text that `/bin/sh -c` gets: continuations and comments of the Dockerfile are already taken out. All
spans are offsets in code points of that text. tree-sitter-bash reads what is more than words and operators;
`shell_reader` turns its nodes into what a reader of a shell script sees.

Parsing never raises. A script with problems gives what could be read; an opaque one gives nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.shell_nodes import load_language
from deadweight.syntax.shell_plain import read_plain
from deadweight.syntax.shell_programs import CONDA, SHELLS, Nested, at_exit, may_nest, nested, program
from deadweight.syntax.shell_reader import TooDeepError, read
from deadweight.syntax.shell_tree import (
    Block,
    Chain,
    Command,
    Node,
    Pipeline,
    Redirect,
    Script,
    Statement,
    StatementList,
    Word,
)
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.syntax.shell_tree import WordPart

__all__ = [
    "CONDA",
    "SHELLS",
    "Block",
    "Chain",
    "Command",
    "Nested",
    "Node",
    "Pipeline",
    "Placed",
    "Redirect",
    "Script",
    "Statement",
    "StatementList",
    "Word",
    "alternatives",
    "at_exit",
    "children",
    "commands",
    "function_commands",
    "inner_scripts",
    "is_over_list",
    "is_valid",
    "may_nest",
    "nested",
    "parse",
    "program",
    "walk",
]

TESTS = frozenset(("[", "[[", "test"))
# A hostile body costs tree-sitter up to 4 µs a byte, so that a longer one is not read at all.
MAX_CHARACTERS = 64_000
# tree-sitter-bash 0.25.1 takes quadratic time for `a|a|a|...`: 33 ms for 1,000 parts, 26 s for 31,000 (November 2026).
MAX_BARS = 1_000
MAX_ALTERNATIVES = 64
MAX_BRACES = 16
MAX_INNER = 3  # of scripts inside scripts that a feature looks into: each level reads the rest of the text once more


class Placed(NamedTuple):
    """A simple command and the circumstances in which it runs."""

    command: Command
    ancestors: tuple[Node, ...]  # outermost first
    conditional: bool = False  # may be left out though nothing went wrong: after ||, in a branch, loop or function
    subshell: bool = False  # in parentheses or a substitution
    background: bool = False
    in_pipeline: bool = False
    in_substitution: bool = False
    in_function: bool = False
    calls_function: bool = False  # of the script itself, whose commands tell what it does


def parse(text: str) -> Script:
    """Read a script. Never raises; see `Script` for text that cannot be read."""
    return _short(text) if len(text) <= _SHORT else _long(text)


def _parse(text: str) -> Script:
    if len(text) > MAX_CHARACTERS or text.count("|") > MAX_BARS:
        return _opaque(text)
    if (script := read_plain(text)) is not None:
        return script
    language = load_language()
    try:
        return read(text, language) if language is not None else _opaque(text)
    except TooDeepError:
        return _opaque(text)


# A script that somebody types is another one at each keystroke, and its tree takes sixty bytes a character.
_SHORT = 1_000  # characters
_short = lru_cache(maxsize=512)(_parse)
_long = lru_cache(maxsize=8)(_parse)


def is_valid(text: str) -> bool:
    """Whether all of `text` was read without a problem."""
    script = parse(text)
    return not script.is_opaque and not script.problems


def commands(script: Script) -> Iterator[Placed]:
    """Every simple command in the order of execution; those inside a word or redirect come before their command.

    A part after `&&` is not conditional, because a RUN goes on only where all before it succeeded, unless a test stands
    before it in the chain and the chain's failure goes unnoticed: `[ -f a ] && b; c`.
    """
    found: list[Placed] = []
    _place_list(script.body, _NOWHERE, found, decides=True)
    return iter(found)


def function_commands(function: Block) -> Iterator[Placed]:
    """Every simple command of a function, as it runs where somebody calls it."""
    found: list[Placed] = []
    for body in function.bodies:
        _place_list(body, Placed(_NO_COMMAND, (function,), in_function=True), found, decides=False)
    return iter(found)


def is_over_list(block: Block) -> bool:
    """Whether a block is a loop over values that are written out: `for name in a b`, whose body does run."""
    return block.kind == "for" and bool(block.name and block.words) and all(word.value for word in block.words)


def walk(script: Script) -> Iterator[Node]:
    """Every node, substitutions included, parents before their children."""
    stack: list[Node] = [statement.node for statement in reversed(script.body.statements)]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(list(children(node)))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`: its parts, its statements, and the commands substituted in its words."""
    if isinstance(node, (Chain, Pipeline)):
        yield from node.parts
        return
    for body in _substituted(node):
        yield from (statement.node for statement in body.statements)
    if isinstance(node, Block):
        for body in node.bodies:
            yield from (statement.node for statement in body.statements)


def alternatives(word: Word) -> tuple[str, ...]:
    """The patterns a brace list stands for in bash: `/var/{cache,log}` is `/var/cache` and `/var/log`.

    A word without a brace list, or with more than 64 alternatives, is its own pattern. dash has no brace lists.
    """
    if "{" not in word.text:
        return (word.pattern,)
    pattern = "".join(
        part.value.translate(_MARK_BRACES) if part.kind == "literal" and not part.is_quoted else part.pattern
        for part in word.parts
    )
    if not 1 <= pattern.count("\x01") <= MAX_BRACES or _MARKS.search(word.text):
        return (word.pattern,)
    found = tuple(islice(_brace_alternatives(pattern), MAX_ALTERNATIVES + 1))
    if len(found) > MAX_ALTERNATIVES:
        return (word.pattern,)
    return tuple(alternative.translate(_UNMARK_BRACES) for alternative in found)


def inner_scripts(script: Script) -> Iterator[Nested]:
    """The scripts that the commands of a script hand to other shells, in order."""
    for node in walk(script):
        if isinstance(node, Command) and (inner := nested(node)):
            yield inner


_NO_COMMAND = Command(Span(0, 0), (), (), ())

_MARKS = re.compile("[\x01\x02\x03]")
_MARK_BRACES = str.maketrans("{,}", "\x01\x02\x03")
_UNMARK_BRACES = str.maketrans("\x01\x02\x03", "{,}")


def _opaque(text: str) -> Script:
    return Script(text, StatementList(Span(0, 0), "script", ()), is_opaque=True, problems=())


def _brace_alternatives(pattern: str) -> Iterator[str]:
    r"""The words of `pattern`, in which \x01, \x02 and \x03 stand for the brace, comma and brace that count."""
    start = -1
    while (start := pattern.find("\x01", start + 1)) >= 0:
        depth, cuts = 0, [start]
        for index in range(start, len(pattern)):
            char = pattern[index]
            depth += (char == "\x01") - (char == "\x03")
            if char == "\x02" and depth == 1:
                cuts.append(index)
            if depth == 0:
                break
        if depth or len(cuts) == 1:
            continue  # `{}` and `{a}` are words like others
        for cut, end in zip(cuts, (*cuts[1:], index), strict=True):
            for middle in _brace_alternatives(pattern[cut + 1 : end]):
                for rest in _brace_alternatives(pattern[index + 1 :]):
                    yield pattern[:start] + middle + rest
        return
    yield pattern


def _substituted(node: Command | Block) -> Iterator[StatementList]:
    """The bodies of the substitutions in the node's own words, in source order."""
    if isinstance(node, Command):
        for assignment in node.assignments:
            if assignment.value:
                yield from _bodies(assignment.value.parts)
    for word in node.words:
        if word.parts:
            yield from _bodies(word.parts)
    for redirect in node.redirects:
        if redirect.target:
            yield from _bodies(redirect.target.parts)
        if redirect.heredoc:
            yield from _bodies(redirect.heredoc.parts)


def _bodies(parts: tuple[WordPart, ...]) -> Iterator[StatementList]:
    return chain.from_iterable(part.bodies for part in parts if part.bodies)


# These put into one list: as generators inside generators they would take each command through all levels.


def _place_list(body: StatementList, place: Placed, found: list[Placed], *, decides: bool) -> None:
    """The commands of a list; `decides` says that its exit status is the script's."""
    last = len(body.statements) - 1
    for index, statement in enumerate(body.statements):
        inner = place._replace(background=True) if statement.terminator == "&" else place
        _place(statement.node, inner, found, decides=decides and index == last)


def _place(node: Node, place: Placed, found: list[Placed], *, decides: bool) -> None:
    if isinstance(node, Chain):
        _place_chain(node, place, found, decides=decides)
        return
    if isinstance(node, Pipeline):
        is_several = place.in_pipeline or len(node.parts) > 1
        below = place._replace(ancestors=(*place.ancestors, node), in_pipeline=is_several)
        for part in node.parts:
            _place(part, below, found, decides=False)
        return
    if node.redirects or any(map(_parts_of, node.words)) or (isinstance(node, Command) and node.assignments):
        for body in _substituted(node):
            inside = place._replace(ancestors=(*place.ancestors, node), subshell=True, in_substitution=True)
            _place_list(body, inside, found, decides=False)
    if isinstance(node, Command):
        found.append(tuple.__new__(Placed, (node, *place[1:])))
        return
    below = place._replace(ancestors=(*place.ancestors, node))
    for index, body in enumerate(node.bodies):
        inner = below._replace(
            # The first condition of an `if` or `while` always runs, `elif` only where those before it failed.
            conditional=below.conditional
            or body.role == "branch"
            or (body.role == "loop" and not is_over_list(node))
            or (body.role == "condition" and index > 0)
            or node.kind == "function",
            subshell=below.subshell or node.kind == "subshell",
            in_function=below.in_function or node.kind == "function",
        )
        _place_list(body, inner, found, decides=decides and body.role == "body" and node.kind != "function")


def _place_chain(node: Chain, place: Placed, found: list[Placed], *, decides: bool) -> None:
    below = place._replace(ancestors=(*place.ancestors, node))
    operators = node.operators
    last_or = len(operators) - 1 - operators[::-1].index("||") if "||" in operators else -1
    has_test = False
    for index, part in enumerate(node.parts):
        operator = operators[index - 1] if index else ""
        goes_unnoticed = not decides or index <= last_or
        conditional = operator == "||" or (has_test and goes_unnoticed)
        inner = below._replace(conditional=True) if conditional else below
        _place(part, inner, found, decides=decides and index == len(operators))
        has_test = (has_test and operator == "&&") or ((last_or >= 0 or not decides) and _is_test(part))


_NOWHERE = Placed(_NO_COMMAND, ())
_parts_of = attrgetter("parts")


def _is_test(node: Node) -> bool:
    if isinstance(node, Pipeline) and len(node.parts) == 1:
        return _is_test(node.parts[0])
    return isinstance(node, Command) and bool(node.words) and node.words[0].text in TESTS
