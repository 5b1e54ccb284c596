"""The tree of a shell script: commands, lists, pipelines, blocks, words and redirects, with spans.

All spans are offsets in code points of the script's text.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from deadweight.text import Span

_Thing = TypeVar("_Thing")

Role = Literal["script", "condition", "branch", "loop", "body", "substitution"]
BlockKind = Literal["subshell", "braces", "arithmetic", "if", "for", "select", "while", "until", "case", "function"]
PartKind = Literal["literal", "variable", "command", "arithmetic", "syntax"]

_SPECIAL = re.compile(r"[*?\[\]$`\\{}]")  # what a quote keeps from being special in a pattern


class WordPart(NamedTuple):
    """A stretch of a word that the shell treats in one way.

    `literal`: `value` is what it stands for. `variable`: `$A`, `${A:-b}`. `command`: `$(a)`, backticks, `<(a)`.
    `arithmetic`: `$((1 + 2))`. `syntax`: text with rules of its own, such as an array's elements or `$'a'`.
    """

    span: Span
    kind: PartKind
    text: str
    is_quoted: bool
    value: str = ""
    names: tuple[str, ...] = ()
    bodies: tuple[StatementList, ...] = ()  # the commands of each substitution inside

    @property
    def pattern(self) -> str:
        r"""The part as an unquoted pattern: `'a*'` is `a\*`."""
        if self.kind != "literal":
            return self.text
        return _SPECIAL.sub(r"\\\g<0>", self.value) if self.is_quoted else self.value


class Word(NamedTuple):
    """A word as written, and as the shell passes it on where that is known.

    `value` is the word without quotes and escapes, or None where the shell expands something in it: a variable, a
    substitution, a glob, a brace list, `~`. A word that needs no quote removal has no parts.
    """

    span: Span
    text: str
    value: str | None
    parts: tuple[WordPart, ...] = ()

    @property
    def pattern(self) -> str:
        r"""The word as one unquoted pattern: `"$HOME"/.cache/*` is `$HOME/.cache/*`, `'a*'/*` is `a\*/*`."""
        if not self.parts:
            return self.text
        pattern = "".join(part.pattern for part in self.parts)
        return "\\" + pattern if pattern.startswith("~") and self.parts[0].is_quoted else pattern

    @property
    def plain(self) -> str:
        """The word as a program gets it, where that is known; else as it is written: `"a[b]"` is `a[b]`."""
        return self.pattern if self.value is None else self.value

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables used in the word itself, in source order, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names))

    @property
    def has_substitution(self) -> bool:
        """Whether the word holds the output of a command or of arithmetic."""
        return any(part.bodies or part.kind in ("command", "arithmetic") for part in self.parts)


class Assignment(NamedTuple):
    """`NAME=value` before a command or alone; the name of an array's element is as written, `a[1]`."""

    span: Span
    name: str
    operator: Literal["=", "+="]
    value: Word | None


class Heredoc(NamedTuple):
    """The lines fed to a command; they lie after the line of its redirect, outside the command's span."""

    span: Span  # whole lines, each with its line end
    text: str
    terminator: Span
    is_literal: bool  # the delimiter is quoted: nothing in the body is expanded
    parts: tuple[WordPart, ...]  # the expansions in the body


class Redirect(NamedTuple):
    """`2>&1`, `> file`, `<<EOF`, `<<< word`; the target of a heredoc is its delimiter."""

    span: Span
    operator: str
    descriptor: str | None
    target: Word | None
    heredoc: Heredoc | None = None


class Command(NamedTuple):
    """A simple command; `[ ... ]`, `[[ ... ]]` and `export A=1` too. Without words it only assigns or redirects."""

    span: Span
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


class Pipeline(NamedTuple):
    """`a | b`, and `! a`: a pipeline of one part is negated."""

    span: Span
    parts: tuple[Node, ...]
    is_negated: bool


class Chain(NamedTuple):
    """`a && b || c`: two or more parts with an operator before each but the first; the shell groups from the left."""

    span: Span
    parts: tuple[Node, ...]
    operators: tuple[str, ...]


class Block(NamedTuple):
    """A compound command.

    `words`: the values of `for` and `select`, the subject and the patterns of `case`, the text of `(( ))`.
    `name`: the variable of `for` and `select`, the name of a function.
    """

    span: Span
    kind: BlockKind
    bodies: tuple[StatementList, ...]
    redirects: tuple[Redirect, ...]
    words: tuple[Word, ...] = ()
    name: str | None = None


class Statement(NamedTuple):
    """A node and what ends it; the span includes `;` or `&`, not a line end."""

    span: Span
    node: Node
    terminator: Literal[";", "&", "\n", ""]


class StatementList(NamedTuple):
    """Statements that run one after the other."""

    span: Span
    role: Role
    statements: tuple[Statement, ...]


class Script(NamedTuple):
    """A script as read.

    `is_opaque`: too long, too many bars, too deeply nested, or no tree-sitter here; then nothing was read.
    """

    text: str
    body: StatementList
    is_opaque: bool
    problems: tuple[Span, ...]


Node: TypeAlias = "Command | Pipeline | Chain | Block"


class KnownCommands:
    """What was read of commands of which the text says all, and which hold no others, each where it was read last.

    Where somebody types, those in front stay the same objects, and those behind are moved.
    """

    __slots__ = ("_by_text", "_most")

    def __init__(self, most: int) -> None:
        self._by_text: dict[str, tuple[int, Command]] = {}
        self._most = most

    def at(self, text: str, start: int) -> Command | None:
        """The command in `text`, which starts at `start`; None where it was not read yet."""
        if text not in self._by_text:
            return None
        place, command = self._by_text[text]
        if place != start:
            command = _moved(command, start - place)
            self._by_text[text] = start, command
        return command

    def keep(self, text: str, start: int, command: Command) -> Command:
        """Remember what was read of a text."""
        if len(self._by_text) >= self._most:
            self._by_text.clear()
        self._by_text[text] = start, command
        return command


def _moved(command: Command, by: int) -> Command:
    """The command where it stands `by` characters further on."""
    words = command.words
    new = tuple.__new__  # the class's own is Python: too slow for each word behind what is typed
    return Command(
        new(Span, (command.span.start + by, command.span.end + by)),
        _all_moved(command.assignments, by) if command.assignments else (),
        tuple(
            [
                new(Word, (new(Span, (start + by, end + by)), text, value, _parts_moved(parts, by) if parts else ()))
                for (start, end), text, value, parts in words
            ]
        ),
        _all_moved(command.redirects, by) if command.redirects else (),
    )


def _parts_moved(parts: tuple[WordPart, ...], by: int) -> tuple[WordPart, ...]:
    """The parts of a word in which no command stands."""
    new = tuple.__new__
    return tuple([new(WordPart, (new(Span, (start + by, end + by)), *rest)) for (start, end), *rest in parts])


def _all_moved(things: tuple[_Thing, ...], by: int) -> tuple[_Thing, ...]:
    """Parts of a tree, whatever they are, with all that is in them."""
    found: list[Any] = []
    for each in things:
        if isinstance(each, Span):
            found.append(each.shifted(by))
        else:
            found.append(tuple.__new__(type(each), _all_moved(each, by)) if isinstance(each, tuple) and each else each)
    return tuple(found)
