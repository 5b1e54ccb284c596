r"""From a pattern of an ignore file to the steps that match it.

moby turns each pattern into a plain comparison or into a Go regular expression, often a surprising one: in `[a*]`
the star is expanded inside the brackets, and `\d` is a digit. We make the same expression and read it as Go does.

Source: github.com/moby/patternmatcher at commit 5a6d842; Go's regexp/syntax.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.characters import (
    anything,
    between,
    in_category,
    members,
    not_newline,
    not_slash,
    one_of,
    opposite,
)
from deadweight.model.globs import ILLEGAL
from deadweight.model.ignore_automaton import Item

if TYPE_CHECKING:
    from deadweight.model.characters import Test


def read_items(pattern: str) -> list[Item]:
    """The steps to match all of a path with `pattern`. Raises ValueError where Go's regexp.Compile would fail."""
    expression, kind = _expression(pattern)
    if kind == "exact":
        return _literal(pattern)
    if kind == "prefix":
        return [*_literal(pattern[:-2]), Item("many", test=anything)]
    if kind == "suffix" and pattern.startswith("**/"):
        # `**/foo` matches what ends in /foo, and foo.
        return [Item("folders", test=anything), *_literal(pattern[3:])]
    if kind == "suffix":
        return [Item("many", test=anything), *_literal(pattern[2:])]
    return _read_expression(expression)


def _literal(text: str) -> list[Item]:
    return [Item("literal", ch) for ch in text]


# A `**` with the slash it takes along, a character with its backslash, or any other character.
_WORD = re.compile(r"\*\*/?|\\.|.", re.DOTALL)


def _expression(pattern: str) -> tuple[str, str]:
    """The regular expression that moby makes of `pattern`, and how it matches: exact, prefix, suffix or expression."""
    kind = "exact"
    made: list[str] = []
    for word in _WORD.finditer(pattern):
        text = word[0]
        if text in ("**", "**/"):
            if word.end() < len(pattern):
                made.append("(.*/)?")
                kind = "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                made.append(".*")
                kind = "expression"
            if word.start() == 0:
                kind = "suffix"
        elif text in ("*", "?"):
            made.append("[^/]*" if text == "*" else "[^/]")
            kind = "expression"
        elif text in ".+()|{}$":
            made.append("\\" + text)
        else:
            made.append(text)
            if len(text) == 2 or text in "[]":
                kind = "expression"
    return "".join(made), kind


def _read_expression(expression: str) -> list[Item]:
    """The items of an expression made by `_expression`: literals, classes, stars and groups, escapes, conditions."""
    items: list[Item] = []
    at = 0
    while at < len(expression):
        ch = expression[at]
        if expression.startswith("(.*/)?", at):
            items.append(Item("folders", test=not_newline))
            at += 6
        elif expression.startswith(".*", at):
            items.append(Item("many", test=not_newline))
            at += 2
        elif ch == "[":
            is_ours = expression.startswith("[^/]", at)  # one test for all of them lets patterns share their states
            test, at = (not_slash, at + 4) if is_ours else _class(expression, at + 1)
            repeated = expression.startswith("*", at)
            items.append(Item("many" if repeated else "one", test=test))
            at += repeated
        elif expression.startswith("\\Q", at):
            # Quoted up to \E; without one, up to the `$` that moby appends, and then nothing holds the end.
            quoted, closed, _ = (expression[at + 2 :] + "$").partition("\\E")
            items += _literal(quoted)
            at += len(quoted) + 4
            if not closed:
                items.append(Item("many", test=anything))
        elif ch == "\\" and expression[at + 1 : at + 2] in tuple("AbBz"):
            items.append(Item("if", expression[at + 1].replace("A", "^")))
            at += 2
        elif ch == "^":
            items.append(Item("if", "^"))
            at += 1
        elif ch == "\\":
            if escaped := _escaped_class(expression, at):
                test, at = escaped
                items.append(Item("one", test=test))
            else:
                ch, at = _escaped(expression, at)
                items.append(Item("literal", ch))
        else:
            items.append(Item("literal", ch))
            at += 1
    return items


_NAMED_CLASS = re.compile(r"\[:(\^?)([^\]]*?):\]")  # [[:alpha:]]
_NAMED: dict[str, str] = {  # RE2's POSIX classes, ASCII only; each a class of Python's
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PERL = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}


def _class(expression: str, at: int) -> tuple[Test, int]:
    """The class whose `[` ends at `at` as RE2 reads it, and the offset after its `]`."""
    negated = expression.startswith("^", at)
    at += negated
    tests: list[Test] = []
    while not (tests and expression.startswith("]", at)):
        if named := _NAMED_CLASS.match(expression, at):
            if named[2] not in _NAMED:
                raise ValueError(ILLEGAL)
            test = members(_NAMED[named[2]], negated=bool(named[1]))
            at = named.end()
        elif escaped := _escaped_class(expression, at):
            test, at = escaped
        else:
            low, at = _escaped(expression, at)
            high = low
            if expression.startswith("-", at) and not expression.startswith("]", at + 1):
                high, at = _escaped(expression, at + 1)
            if high < low:
                raise ValueError(ILLEGAL)
            test = between(low, high)
        tests.append(test)
    return one_of(tests, negated), at + 1


def _escaped_class(expression: str, at: int) -> tuple[Test, int] | None:
    r"""A class such as `\d` or `\pL` at `at` and the offset after it, if there is one."""
    escape = expression[at : at + 2]
    if escape in ("\\p", "\\P"):
        category = expression[at + 2 : at + 3]
        if category not in tuple("CLMNPSZ"):
            raise ValueError(ILLEGAL)
        test = in_category(category)
        return (test if escape == "\\p" else opposite(test)), at + 3
    if len(escape) == 2 and escape[0] == "\\" and (letters := _PERL.get(escape[1].lower())):
        return members(letters, negated=escape[1].isupper()), at + 2
    return None


_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_HEX = re.compile(r"x([0-9A-Fa-f]{2})")


def _escaped(expression: str, at: int) -> tuple[str, int]:
    """The one character at `at`, escaped or not, and the offset after it."""
    if at >= len(expression):
        raise ValueError(ILLEGAL)
    if expression[at] != "\\":
        return expression[at], at + 1
    if octal := _OCTAL.match(expression, at + 1):
        return chr(int(octal[0], 8)), octal.end()
    if code := _HEX.match(expression, at + 1):
        return chr(int(code[1], 16)), code.end()
    ch = expression[at + 1 : at + 2]
    if ch in _CONTROL:
        return _CONTROL[ch], at + 2
    if ch.isascii() and ch and not ch.isalnum():
        return ch, at + 2
    raise ValueError(ILLEGAL)
