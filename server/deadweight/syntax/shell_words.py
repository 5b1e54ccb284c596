"""The words of a shell script: quotes and escapes resolved, and what a word stands for where that is known."""

from __future__ import annotations

import re

from deadweight.syntax.shell_tree import Word, WordPart
from deadweight.text import Span

_BARE_PIECE = re.compile(  # outside double quotes
    r"""[^\\'"$]+|\\[\s\S]|'[^']*'|\$'(?:[^'\\]|\\[\s\S])*'|\$[A-Za-z_][A-Za-z0-9_]*|[\s\S]"""
)
_QUOTED_PIECE = re.compile(r"""[^\\"]+|\\[\s\S]|[\s\S]""")  # inside double quotes
_EXPANDED = re.compile(r"[*?]|\[[^\[\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}|\A~")  # `*.deb`, `[a-z]`, `{a,b}`, `~/x`


def read_word(text: str, span: Span, holes: list[WordPart], *, is_syntax: bool) -> Word:
    """The word written as `text` at `span`; `holes` are its expansions, in source order.

    `is_syntax`: what is no expansion has rules of its own, as in an array or in arithmetic.
    """
    parts = _syntax_parts(text, span, holes) if is_syntax else _word_parts(text, span.start, holes)
    if any(part.kind != "literal" for part in parts):
        return Word(span, text, None, parts)
    shape = "".join("x" if part.is_quoted else part.value for part in parts)
    value = None if _EXPANDED.search(shape) else "".join(part.value for part in parts)
    return Word(span, text, value, parts)


def _syntax_parts(text: str, span: Span, holes: list[WordPart]) -> tuple[WordPart, ...]:
    parts: list[WordPart] = []
    done = span.start
    for hole in holes:
        if hole.span.start > done:
            between = text[done - span.start : hole.span.start - span.start]
            parts.append(WordPart(Span(done, hole.span.start), "syntax", between, False))
        parts.append(hole)
        done = hole.span.end
    if done < span.end:
        parts.append(WordPart(Span(done, span.end), "syntax", text[done - span.start :], False))
    return tuple(parts)


def _word_parts(text: str, start: int, holes: list[WordPart]) -> tuple[WordPart, ...]:
    """Quotes and escapes of a word resolved; `holes` are its expansions, of which nothing is read again."""
    parts: list[WordPart] = []
    opened = -1  # how many parts there were at the opening double quote; -1 outside
    index = 0
    for hole in (*holes, None):
        stop = hole.span.start - start if hole else len(text)
        while index < stop:
            match = (_BARE_PIECE if opened < 0 else _QUOTED_PIECE).match(text, index, stop)
            assert match  # each pattern ends in "any character"
            piece = match[0]
            span = Span(start + index, start + match.end())
            index = match.end()
            if piece == '"':
                if len(parts) == opened:
                    parts.append(WordPart(Span(span.start, span.start), "literal", "", is_quoted=True))
                opened = len(parts) if opened < 0 else -1
            elif piece != "\\\n":  # a continued line
                parts.append(_part(piece, span, is_quoted=opened >= 0))
        if hole:
            parts.append(hole._replace(is_quoted=True) if opened >= 0 else hole)
            index = hole.span.end - start
    return tuple(parts)


def _part(piece: str, span: Span, *, is_quoted: bool) -> WordPart:
    if is_quoted:
        is_escape = len(piece) == 2 and piece[0] == "\\" and piece[1] in '$`"\\'
        return WordPart(span, "literal", piece, True, piece[1] if is_escape else piece)
    if len(piece) > 1:
        if piece[0] == "'":
            return WordPart(span, "literal", piece, True, piece[1:-1])
        if piece[0] == "\\":
            return WordPart(span, "literal", piece, True, piece[1])
        if piece[0] == "$" and piece[1] != "'":
            # tree-sitter-bash 0.25.1 finds no variable in the `$B` of `$A-$B`.
            return WordPart(span, "variable", piece, False, "", (piece[1:],))
        if piece[0] == "$":
            return WordPart(span, "syntax", piece, False)  # $'...': dash takes the dollar as it is, bash does not
    return WordPart(span, "literal", piece, False, piece)
