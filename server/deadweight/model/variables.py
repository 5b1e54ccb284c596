"""ARG and ENV: what a `$variable` stands for, where "unknown" is an answer too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.syntax.words import Literal, WordError, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.syntax.words import Part, Variable


class _Unknown(Exception):
    """Some part of the word has no value that can be told."""


def expand(text: str, scope: Mapping[str, str | None], *, unset: str | None = "", escape: str = "\\") -> str | None:
    """`text` with quotes removed and variables replaced as BuildKit does it; None where the outcome is unknown.

    `unset` is what an unset variable stands for: "" in FROM, None where the base image may have set it.
    """
    if "$" not in text and not any(special in text for special in ("'", '"', escape)):
        return text
    try:
        return "".join(_value(part, scope, unset) for part in parts(text, escape))
    except (WordError, _Unknown):
        return None


def _value(part: Part, scope: Mapping[str, str | None], unset: str | None) -> str:
    if isinstance(part, Literal):
        return part.value
    if part.name in scope:
        value, is_set = scope[part.name], True
    else:
        value, is_set = unset, False
    operator = part.operator
    if operator in ("-", ":-", "+", ":+"):
        if is_set and value is None:
            raise _Unknown
        counts_as_set = is_set and bool(value or not operator.startswith(":"))
        use_operand = counts_as_set == operator.endswith("+")
        if use_operand:
            return "".join(_value(each, scope, unset) for each in part.operands[0])
        return "" if operator.endswith("+") else value or ""
    if value is None:
        raise _Unknown
    return _modified(value, part, scope, unset) if part.operands else value


def _modified(value: str, part: Variable, scope: Mapping[str, str | None], unset: str | None) -> str:
    """`${x?message}`, `${x#pattern}`, `${x%pattern}`, `${x/pattern/replacement}`."""
    operands = ["".join(_value(each, scope, unset) for each in operand) for operand in part.operands]
    if part.operator in ("?", ":?"):
        return value
    pattern = _pattern(operands[0], greedy=part.operator in ("##", "%%", "/", "//"))
    if part.operator in ("#", "##"):
        return re.sub(rf"\A(?:{pattern})", "", value, count=1)
    if part.operator in ("%", "%%"):
        # The shortest (or longest) suffix: try every start from the right (or from the left).
        starts = range(len(value) + 1) if part.operator == "%%" else range(len(value), -1, -1)
        return next((value[:at] for at in starts if re.fullmatch(pattern, value[at:])), value)
    if part.operator in ("/", "//"):
        return re.sub(pattern, lambda _: operands[1], value, count=part.operator == "/")
    raise _Unknown


def _pattern(glob: str, *, greedy: bool) -> str:
    """A shell pattern with `*` and `?` as a regular expression."""
    star = ".*" if greedy else ".*?"
    return "".join(star if ch == "*" else "." if ch == "?" else re.escape(ch) for ch in glob)
