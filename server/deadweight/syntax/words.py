"""Words of an instruction's arguments: quotes, escapes and `${variables}`, as BuildKit splits and reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

# What Go's unicode.IsSpace accepts: Python also takes \x1c to \x1f. Spelled out, it compiles thirty times as long.
SPACE = re.compile(r"[^\S\x1c-\x1f]")
HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)", re.DOTALL)  # a word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`
_PLAIN_WORD = re.compile(r"[^\t\v\f\r ]+")
_NAME = re.compile(r"[^\W\d]\w*|\d+|[@*#?\-$!]")
_SPECIAL = re.compile(r"""[$'"\\`]""")  # without one of these a word stands for itself
_MAX_DEPTH = 40  # of `${a:-${b:-...}}`; deeper is nobody's, and Python's stack is not endless


class Word(NamedTuple):
    """A word: its place, its source text, and its value when nothing in it has to be looked up (else None)."""

    span: Span
    text: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself. `quoted` text never splits into several words."""

    span: Span
    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME` or `${NAME}`, with an operator and its operand where there is one: `${x:-y}`, `${x%.*}`, `${x//a/b}`.

    `operands` holds one sequence of parts for `-`, `+`, `?`, `#` and `%` and two for `/` and `//`.
    """

    span: Span
    name: str
    operator: str = ""
    operands: tuple[tuple[Part, ...], ...] = ()


Part = Literal | Variable


class WordError(ValueError):
    """The text is no complete word: a quote or brace is open, or a substitution is malformed."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def parts(text: str, escape: str = "\\") -> tuple[Part, ...]:
    """The literals and variables of `text`, spans relative to it. Raises WordError where BuildKit's lexer would."""
    return _known_parts(text, escape) if len(text) <= _SHORT else _parts(text, escape)


def _parts(text: str, escape: str) -> tuple[Part, ...]:
    if not _SPECIAL.search(text):
        return (Literal(Span(0, len(text)), text),) if text else ()
    return _Lexer(text, escape).read("", 0)


_SHORT = 1_000  # characters; a long text that somebody types would fill the memory with its versions
_known_parts = lru_cache(maxsize=4096)(_parts)


def dequoted(text: str, escape: str = "\\") -> str | None:
    """`text` without its quotes and escapes; None when a variable is in it or a quote is open."""
    if not _SPECIAL.search(text):
        return text
    try:
        found = parts(text, escape)
    except WordError:
        return None
    if any(isinstance(part, Variable) for part in found):
        return None
    return "".join(part.value for part in found if isinstance(part, Literal))


def split_plain(text: str, escape: str = "\\") -> Iterator[Word]:
    """Words apart at white space only, as FROM, COPY, EXPOSE and others are split: quotes hold nothing together."""
    for match in _PLAIN_WORD.finditer(text):
        yield Word(Span(*match.span()), match[0], dequoted(match[0], escape))


def split_quoted(text: str, escape: str = "\\") -> Iterator[Word]:
    """Words apart at white space outside quotes, as ENV, LABEL, ARG and flags are split."""
    for match in _quoted_word(escape).finditer(text):
        yield Word(Span(*match.span()), match[0], dequoted(match[0], escape))


def heredoc_name(text: str) -> str | None:
    """The terminator that `text`, found behind `<<`, stands for: quotes taken off, variables left as written.

    None where it is no word or several.
    """
    if len(heredoc_words(text)) != 1:
        return None
    return "".join(
        part.value if isinstance(part, Literal) else text[part.span.start : part.span.end] for part in parts(text)
    )


def heredoc_words(text: str) -> list[str]:
    """The words among which BuildKit looks for `<<NAME`: quotes kept, variables left as written; none on an error."""
    return [text[span.start : span.end] for span in heredoc_spans(text)]


def heredoc_spans(text: str) -> list[Span]:
    """Where those words stand."""
    try:
        found = parts(text, "\\")
    except WordError:
        return []
    spans: list[Span] = []
    start = -1  # of the word that is being read; -1 outside of one
    for part in found:
        if isinstance(part, Literal) and part.quoted:
            start = part.span.start if start < 0 else start
            continue
        done = part.span.start
        for gap in SPACE.finditer(text, *part.span):
            if gap.start() > done and start < 0:
                start = done
            if start >= 0:
                spans.append(Span(start, gap.start()))
            start, done = -1, gap.end()
        if done < part.span.end and start < 0:
            start = done
    return [*spans, Span(start, len(text))] if start >= 0 else spans


@lru_cache(maxsize=4)
def _quoted_word(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    # An open quote runs to the end of the line, an escape takes the next character along.
    return re.compile(
        rf"""(?:[^\s'"{e}]+|{e}(?:.|\Z)|'[^']*(?:'|\Z)|"(?:{e}.|[^"{e}])*(?:"|{e}?\Z)|[\x1c-\x1f])+""", re.DOTALL
    )


class _Lexer:
    """One pass over a text; a class because every method moves the same cursor."""

    def __init__(self, text: str, escape: str) -> None:
        self.text = text
        self.escape = escape
        self.quoted_run = re.compile(f'[^"${re.escape(escape)}]+')
        self.at = 0

    def read(self, stop: str, depth: int, *, raw: bool = False) -> tuple[Part, ...]:
        r"""Parts up to the character `stop` (consumed), or to the end where `stop` is empty.

        `raw`: escapes stay in the values, for patterns where `\*` is a star and `*` is not.
        """
        if depth > _MAX_DEPTH:
            raise WordError("substitutions are nested too deeply", self.at)
        found: list[Part] = []
        special = re.compile(f"[$'\"{re.escape(self.escape + stop)}]")
        while self.at < len(self.text):
            start = self.at
            match = special.search(self.text, start)
            self.at = match.start() if match else len(self.text)
            if self.at > start:
                found.append(Literal(Span(start, self.at), self.text[start : self.at]))
            if not match:
                break
            ch = match[0]
            if ch == stop:
                self.at += 1
                return tuple(found)
            found += self.special(ch, depth, raw)
        if stop:
            raise WordError(f"missing {stop!r}", len(self.text))
        return tuple(found)

    def special(self, ch: str, depth: int, raw: bool) -> list[Part]:
        if ch == "$":
            return [self.dollar(depth)]
        if ch == "'":
            return [self.single_quoted()]
        if ch == '"':
            return self.double_quoted(depth, raw)
        start = self.at
        self.at = min(start + 2, len(self.text))
        return [Literal(Span(start, self.at), self.text[start + (not raw) : self.at], quoted=True)]

    def single_quoted(self) -> Part:
        start = self.at
        end = self.text.find("'", start + 1)
        if end < 0:
            raise WordError("a single quote is not closed", start)
        self.at = end + 1
        return Literal(Span(start, self.at), self.text[start + 1 : end], quoted=True)

    def double_quoted(self, depth: int, raw: bool) -> list[Part]:
        """One quoted literal a stretch between variables; the quotes belong to the stretches at the ends."""
        opened = start = self.at
        self.at += 1
        found: list[Part] = []
        value = ""
        while self.at < len(self.text):
            ch = self.text[self.at]
            if ch == '"':
                self.at += 1
                return [*found, Literal(Span(start, self.at), value, quoted=True)]
            if ch == "$":
                found.append(Literal(Span(start, self.at), value, quoted=True))
                found.append(self.dollar(depth))
                start, value = self.at, ""
            elif ch == self.escape:
                following = self.text[self.at + 1 : self.at + 2]
                keeps = raw or following not in ('"', "$", self.escape)
                value += ch + following if keeps else following
                self.at += 2
            else:
                plain = self.quoted_run.match(self.text, self.at)
                assert plain is not None
                value += plain[0]
                self.at = plain.end()
        raise WordError("a double quote is not closed", opened)

    def dollar(self, depth: int) -> Part:
        start = self.at
        self.at += 1
        if self.text[self.at : self.at + 1] != "{":
            name = self.name()
            return Variable(Span(start, self.at), name) if name else Literal(Span(start, self.at), "$")
        self.at += 1
        if self.text[self.at : self.at + 1] in ("", "{", "}", ":"):
            raise WordError("bad substitution", start)
        name = self.name()
        operator = self.text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return Variable(Span(start, self.at), name)
        if operator == ":":
            following = self.text[self.at : self.at + 1]
            self.at += 1
            # A colon changes nothing before a pattern: `${x:#a}` is `${x#a}`.
            operator = following if following in ("#", "%") else operator + following
        if operator == "/":
            if self.text[self.at : self.at + 1] == "/":
                operator = "//"
                self.at += 1
            pattern = self.read("/", depth + 1, raw=True)
            return self.variable(start, name, operator, (pattern, self.read("}", depth + 1, raw=True)))
        if operator in ("#", "%"):
            if self.text[self.at : self.at + 1] == operator:
                operator *= 2
                self.at += 1
            return self.variable(start, name, operator, (self.read("}", depth + 1, raw=True),))
        if operator not in ("+", "-", "?") and not operator.startswith(":"):
            raise WordError(f"unsupported modifier ({operator}) in substitution", start)
        return self.variable(start, name, operator, (self.read("}", depth + 1),))

    def variable(self, start: int, name: str, operator: str, operands: tuple[tuple[Part, ...], ...]) -> Variable:
        return Variable(Span(start, self.at), name, operator, operands)

    def name(self) -> str:
        match = _NAME.match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        return match[0]
