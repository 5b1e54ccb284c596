"""BuildKit's own parser as a judge, where PyPI's `dockerfile` is installed, and our reading in the same shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deadweight.syntax.dockerfile import parse

if TYPE_CHECKING:
    from deadweight.syntax.dockerfile import Dockerfile

Outline = list[tuple[str, int, int]]


def outline(tree: Dockerfile) -> Outline:
    """Keyword, first and last line (from 1) of every instruction, as BuildKit counts them."""
    return [
        (placed.instruction.keyword, placed.line + 1, placed.line + _line_count(placed.instruction.text))
        for placed in tree.instructions
    ]


def judge(text: str) -> Outline | None:
    """What BuildKit's parser makes of `text`; None where it gives an error. Skips the test where there is no judge."""
    module: Any = pytest.importorskip(
        "dockerfile", reason="BuildKit's parser (PyPI dockerfile) is not on this platform"
    )
    try:
        commands = module.parse_string(text)
    except (module.GoParseError, UnicodeDecodeError):
        return None
    return [((command.cmd or "").upper(), command.start_line, command.end_line) for command in commands]


def assert_agrees(text: str) -> None:
    """Our outline of `text` is the judge's, wherever the judge gives one."""
    expected = judge(text)
    if expected is not None:
        assert outline(parse(text)) == expected, text


def _line_count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))
