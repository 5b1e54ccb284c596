"""JSON and TOML that anybody may have written, as package.json: a value of another kind than wanted is an empty one."""

from __future__ import annotations

import re
from typing import Any

# A larger file is not read: the biggest package-lock.json of the corpus has 2 MB.
LARGEST_TEXT = 32_000_000


def json_object(text: str) -> dict[str, Any] | None:
    """The object that `text` is, or None for a text that is none or too large."""
    import json

    if len(text) > LARGEST_TEXT:
        return None
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):  # RecursionError: `[[[[...` a thousand deep
        return None
    return data if isinstance(data, dict) else None


def toml_table(text: str) -> dict[str, Any] | None:
    """The table that `text` is, or None for a text that is none, is empty or too large."""
    if not text or len(text) > LARGEST_TEXT:
        return None
    try:
        return parse_toml(text) or None
    except ValueError:
        return None


def parse_toml(text: str) -> dict[str, Any]:
    """The table that `text` is. Raises ValueError whose message ends in "(at line 3, column 1)" or in words."""
    import importlib
    import sys

    # The standard library reads TOML since 3.11; tomli is the same code for 3.10.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    work = 0
    for segment in _TOML_SEGMENT.finditer(text):
        work += sum(map(bool, segment[0].split("."))) ** 2
        if work > _MOST_WORK:
            line = text.count("\n", 0, segment.start()) + 1
            raise ValueError(f"Keys of too many parts (at line {line}, column 1)")
    try:
        table: dict[str, Any] = toml.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise ValueError("Nested too deeply") from error
    return table


# A key of n parts takes n * n steps: 11 s for 20,000 (2026-11-23). A key with its dots is in one segment.
_MOST_WORK = 20_000_000
_TOML_SEGMENT = re.compile(r"[^=\n#,\[\]{}]+")


def as_string(value: object) -> str:
    """`value` if it is a string, else ''."""
    return value if isinstance(value, str) else ""


def as_object(value: object) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_strings(value: object) -> tuple[str, ...]:
    """The strings in a list; a string alone is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
