"""The tokens of a shell script, as an editor colours them: commands, options, strings, variables, operators, keywords.

The tree of `shell` has no place for a `then` or a comment, so these come from tree-sitter's own nodes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.shell_nodes import load_language, parse_nodes
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node as Raw

    from deadweight.syntax.shell_tree import Script

Kind = Literal[
    "command", "function", "option", "string", "variable", "assigned", "keyword", "operator", "number", "comment",
    "delimiter",
]  # fmt: skip

_OPTION = re.compile(r"-[^=\s]*")  # `-y`, `--output` in `--output=a`
_KEYWORD = re.compile(r"[a-z]+")  # what is spelled like `then` and has no name in the grammar
_KINDS: dict[str, Kind] = {
    "comment": "comment",
    "raw_string": "string",
    "ansi_c_string": "string",
    "string_content": "string",
    "heredoc_content": "string",
    "regex": "string",
    "extglob_pattern": "string",
    "number": "number",
    "file_descriptor": "operator",
    "test_operator": "operator",
    "heredoc_start": "delimiter",
    "heredoc_end": "delimiter",
    "simple_expansion": "variable",
    "variable_name": "variable",
    "special_variable_name": "variable",
}
_STRINGS = frozenset(("string", "heredoc_body"))  # what in them is no node of its own is text
_ASSIGNING = frozenset(("variable_assignment", "for_statement", "select_statement"))
_COMMANDS = frozenset(("command", "declaration_command", "unset_command"))
_WORDS: dict[str, Kind] = {"command_name": "command", "function_definition": "function", "expansion": "string"}
_BRACES = frozenset(("${", "}"))


class Token(NamedTuple):
    """A stretch of a script; `assigned` is a variable that gets its value here, `delimiter` the `EOF` of `<<EOF`."""

    span: Span
    kind: Kind


def tokens(script: Script, levels: int = shell.MAX_INNER) -> list[Token]:
    """The tokens of a script in order, none over another. Of a script that could not be read there are none.

    Where another shell reads a text, its tokens are those of a script: `sh -c 'a && b'`, `bash <<EOF`; so many `levels`
    deep.
    """
    language = load_language()
    if script.is_opaque or language is None:
        return []
    root, offsets, _ = parse_nodes(script.text, language)
    found = _joined(_leaves(root, script.text, offsets))
    inside = sorted(shell.inner_scripts(script), key=lambda each: each.offset) if levels else []
    if not inside:
        return found
    found = list(without(found, [Span(offset, offset + len(text)) for text, offset in inside]))
    for text, offset in inside:
        found += (Token(token.span.shifted(offset), token.kind) for token in tokens(shell.parse(text), levels - 1))
    return sorted(found)


def without(tokens: Iterable[Token], holes: Sequence[Span]) -> Iterator[Token]:
    """What is left of tokens outside of the holes; both are in order."""
    at = 0
    for (start, end), kind in tokens:
        while at < len(holes) and holes[at].end <= start:
            at += 1
        for hole in holes[at:]:
            if hole.start >= end:
                break
            if start < hole.start:
                yield Token(Span(start, hole.start), kind)
            start = max(start, hole.end)
        if start < end:
            yield Token(Span(start, end), kind)


class _Leaf(NamedTuple):
    span: Span
    kind: Kind
    goes_on: bool  # together with a token of its kind right before it, it is one token


def _joined(leaves: Iterable[_Leaf]) -> list[Token]:
    """Tokens of leaves: `"a` and `"` are one string, `${` and `A` and `}` one variable."""
    found: list[Token] = []
    for span, kind, goes_on in leaves:
        if goes_on and found and found[-1].kind == kind and found[-1].span.end == span.start:
            span = Span(found.pop().span.start, span.end)
        found.append(Token(span, kind))
    return found


def _leaves(root: Raw, text: str, offsets: list[int] | None) -> Iterator[_Leaf]:
    """What is coloured, from left to right. `within` is the type of the node around."""
    stack: list[tuple[Span, Raw | None, str]] = [(Span(root.start_byte, root.end_byte), root, "")]
    while stack:
        (first, last), raw, within = stack.pop()
        if raw is not None and raw.type not in _KINDS and raw.child_count:
            stack += reversed(list(_children(raw, within)))
            continue
        if first == last:
            continue  # tree-sitter only wished it were there
        span = Span(first, last) if offsets is None else Span(_at(offsets, first), _at(offsets, last))
        kind = "string" if raw is None else _kind(raw, within, text[span.start : span.end])
        if kind == "option" and (match := _OPTION.match(text, span.start, span.end)):
            span = Span(*match.span())
        if kind:
            yield _Leaf(span, kind, kind == "string" or (within == "expansion" and text[span.start] != "$"))


def _children(raw: Raw, within: str) -> Iterator[tuple[Span, Raw | None, str]]:
    """The nodes directly in `raw` with what each is within; None for a stretch of a string that is no node."""
    kind = raw.type
    is_argument = kind == "concatenation" and within in _COMMANDS
    inside = "command_name" if kind == "concatenation" and within == "command_name" else kind
    done = raw.start_byte
    for child in raw.children:
        span = Span(child.start_byte, child.end_byte)
        if kind in _STRINGS and done < span.start:
            yield Span(done, span.start), None, kind
        yield span, child, within if is_argument else inside
        is_argument = False  # only the beginning of a word makes it an option
        done = span.end
    if kind in _STRINGS and done < raw.end_byte:
        yield Span(done, raw.end_byte), None, kind


def _kind(raw: Raw, within: str, text: str) -> Kind | None:
    """What a leaf is coloured as."""
    kind = raw.type
    if not raw.is_named:
        return _kind_of_mark(kind, within)
    if kind == "word":
        if text.startswith("-") and within in _COMMANDS:
            return "option"
        return _WORDS.get(within)
    if kind in _STRINGS:
        return "string"
    if kind == "variable_name" and within in _ASSIGNING:
        return "assigned"
    return _KINDS.get(kind)


def _kind_of_mark(text: str, within: str) -> Kind | None:
    """What a quote, a bracket, an operator or a keyword is coloured as."""
    if within in _STRINGS:
        return "string"
    if within == "expansion" and text in _BRACES:
        return "variable"
    if not text.strip():
        return None
    return "keyword" if _KEYWORD.fullmatch(text) else "operator"


def _at(offsets: list[int], byte: int) -> int:
    return bisect_right(offsets, byte) - 1
