"""Chains of commands and their words, `a "$B" && c; d`, which most scripts are: read without tree-sitter.

Where somebody types, only the command that changes is read again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from deadweight.syntax.shell_tree import (
    Chain,
    Command,
    KnownCommands,
    Node,
    Script,
    Statement,
    StatementList,
    Word,
    WordPart,
)
from deadweight.syntax.shell_words import read_word
from deadweight.text import Span

_PLAIN_WORD = re.compile(r"[\w./:=@%+,-]+")  # stands for itself: `/usr/bin`, `A=1`, `--no-install-recommends`

# Each piece ends in one way only: else the time doubles with every piece of a text that is something else after all.
_VARIABLE = r"\$(?:[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])|\{[A-Za-z_][A-Za-z0-9_]*\})"
_DOUBLE = rf'"(?:[^"\\$`]|{_VARIABLE})*"'
# A `[` in front is a command, an `A=1` in front of a command assigns.
_WORD_OF_COMMAND = rf"(?:[A-Za-z0-9_./:=@%+,*?~\]-]|(?<=[A-Za-z0-9_./-])\[|'[^']*'|{_VARIABLE}|{_DOUBLE})+"
_COMMAND_OF_SCRIPT = rf"(?![A-Za-z_][A-Za-z0-9_]*\+?=){_WORD_OF_COMMAND}(?:[ \t]+{_WORD_OF_COMMAND})*"
_GAP = r"[ \t\n]*"
_SCRIPT = re.compile(
    rf"{_GAP}{_COMMAND_OF_SCRIPT}(?:[ \t]*(?:&&|\|\||;|\n){_GAP}{_COMMAND_OF_SCRIPT})*[ \t]*(?:[;\n]{_GAP})?"
)
_COMMAND, _WORD = re.compile(_COMMAND_OF_SCRIPT), re.compile(_WORD_OF_COMMAND)
_OPERATOR = re.compile(r"&&|\|\||;|\n")
# Words that begin something else than a command of words, or end it.
_OTHERS = re.compile(
    r"\b(?:case|coproc|declare|do|done|elif|else|esac|export|fi|for|function|if|in|local|readonly|select|then|time"
    r"|typeset|unset|unsetenv|until|while)(?![\w./:=@%+,-])"
)
_EXPANSIONS = re.compile(rf"'[^']*'|{_DOUBLE}|{_VARIABLE}")
_EXPANSION = re.compile(_VARIABLE)


def read_plain(text: str) -> Script | None:
    """The script in `text`; None for any that is more than words, `&&`, `||`, `;` and line ends."""
    if not is_plain(text):
        return None
    statements: list[Statement] = []
    parts: list[Node] = []
    operators: list[str] = []
    end = 0
    while found := _COMMAND.search(text, end):
        source, start = found[0], found.start()
        parts.append(_known.at(source, start) or _known.keep(source, start, command(source, start)))
        operator = _OPERATOR.search(text, found.end())
        end = operator.end() if operator else len(text)
        if operator and operator[0] in ("&&", "||"):
            operators.append(operator[0])
            continue
        span = Span(parts[0].span.start, parts[-1].span.end)
        node = Chain(span, tuple(parts), tuple(operators)) if operators else parts[0]
        if operator and operator[0] == ";":
            statements.append(Statement(Span(span.start, end), node, ";"))
        else:
            statements.append(Statement(span, node, "\n" if operator else ""))
        parts, operators = [], []
    span = Span(statements[0].span.start, statements[-1].span.end)
    return Script(text, StatementList(span, "script", tuple(statements)), is_opaque=False, problems=())


_known = KnownCommands(1_024)


def is_plain(text: str) -> bool:
    """Whether a script is no more than words, `&&`, `||`, `;` and line ends."""
    return _SCRIPT.fullmatch(text) is not None and _OTHERS.search(text) is None


def is_command(text: str) -> bool:
    """Whether a script is the words of a command and nothing else, wherever among others it stands."""
    return _COMMAND.fullmatch(text) is not None and _OTHERS.search(text) is None


def command(text: str, start: int) -> Command:
    """The command in `text`, which stands at `start`."""
    words = tuple([_word(at[0], start + at.start()) for at in _WORD.finditer(text)])
    return Command(Span(start, start + len(text)), (), words, ())


@lru_cache(maxsize=2048)
def _word(text: str, start: int) -> Word:
    span = Span(start, start + len(text))
    if _PLAIN_WORD.fullmatch(text):
        return Word(span, text, text)
    holes: list[WordPart] = []
    for piece in _EXPANSIONS.finditer(text) if "$" in text else ():
        for at in _EXPANSION.finditer(text, *piece.span()) if piece[0][0] != "'" else ():
            place = Span(start + at.start(), start + at.end())
            holes.append(WordPart(place, "variable", at[0], is_quoted=False, names=(at[0].strip("${}"),)))
    return read_word(text, span, holes, is_syntax=False)
