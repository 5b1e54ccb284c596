"""What the user may set, read from plain data; wrong values are named and left at their default."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from deadweight.rules.catalog import BY_ID

if TYPE_CHECKING:
    from cattrs import Converter

Severity = Literal["hint", "information", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
OFF: Literal["off"] = "off"

_SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d+)?)\s*([kKMG]?)[bB]?\s*")
_NO_SIZE = "no size: write 500kB, 1.5MB or a number of bytes"
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """The settings of one rule; what is None is as for all rules.

    severity: how loud its findings are, whatever their bytes; "off" turns the rule off
    min_saving: its findings that save fewer bytes are not reported
    """

    severity: Severity | Literal["off"] | None = None
    min_saving: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one session.

    min_saving: findings that save fewer bytes are not reported
    inlay_hints: whether editors show what each line adds
    platform: what is built for, as in `docker build --platform`
    rules: the settings of single rules, by id
    """

    min_saving: int = 1_000_000
    inlay_hints: bool = True
    platform: str = "linux/amd64"
    rules: Mapping[str, RuleSettings] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, rule: str) -> RuleSettings:
        """The settings of one rule."""
        return self.rules.get(rule, _AS_ALL)


_AS_ALL = RuleSettings()
DEFAULTS = Settings()


def read_size(text: str) -> int:
    """Bytes of "500kB", "1.5 MB", "20000"; k, M and G are powers of 1000. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is {_NO_SIZE}")
    return round(float(match[1]) * _SCALE[match[2]])


def read_settings(raw: object) -> tuple[Settings, tuple[str, ...]]:
    """Settings out of what a client or a file gives (names in camelCase), and what is wrong with it, a line each."""
    given = {} if raw is None else raw
    wrong: list[str] = []
    try:
        settings = _converter().structure(given, Settings)
    except Exception as error:
        settings = _converter().structure(_right_entries(given, error, "settings", wrong), Settings)
    return settings, tuple(wrong)


def no_such_rule(name: object) -> str:
    """What is wrong with an id that no rule has."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), BY_ID, 1)
    hint = f"did you mean {close[0]}?" if close else f"the rules are {', '.join(BY_ID)}"
    return f"there is no rule {name!r}: {hint}"


@cache
def _converter() -> Converter:
    """Makes settings of plain data; each wrong entry is an error of its own."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    # An entry for each rule, so that an id of no rule is, like any unknown name, an entry too many.
    rules = TypedDict("rules", dict.fromkeys(BY_ID, RuleSettings), total=False)  # type: ignore[misc]
    readers = {**_READERS, "rules": lambda value, _: converter.structure(_object(value), rules)}
    for cls in (RuleSettings, Settings):
        names = [each.name for each in fields(cls)]
        named: Any = {name: override(rename=_CAMEL.get(name), struct_hook=readers[name]) for name in names}
        structure = make_dict_structure_fn(cls, converter, **named)
        converter.register_structure_hook(cls, lambda value, cls, of=structure: of(_object(value, cls)))
    return converter


def _right_entries(given: Any, error: Any, place: str, wrong: list[str]) -> dict[str, Any]:
    """What is left of an object that cattrs finds errors in; each wrong entry is named with its place."""
    if not hasattr(error, "exceptions"):
        wrong.append(f"{place}: {error}")
        return {}
    right = dict(given) if isinstance(given, Mapping) else {}
    for each in error.exceptions:
        for name in sorted(getattr(each, "extra_fields", ()), key=str):
            del right[name]
            wrong.append(f"{place}: {no_such_rule(name) if place == 'settings: rules' else f'there is no {name}'}")
        for note in getattr(each, "__notes__", ()):
            name = _CAMEL.get(note.name, note.name)
            left = _right_entries(right.pop(name, None), each, f"{place}: {name}", wrong)
            right |= {name: left} if left else {}
    return right


def _object(value: Any, cls: type | None = None) -> Any:
    # `"late-delete": "off"` is short for `"late-delete": {"severity": "off"}`.
    short = cls is RuleSettings and isinstance(value, str)
    return {"severity": value} if short else _checked(value, isinstance(value, Mapping), "no object")


def _size(value: Any, _: object) -> Any:
    return read_size(value) if isinstance(value, str) else _checked(value, type(value) is int and value >= 0, _NO_SIZE)


def _checked(value: Any, right: bool, otherwise: str) -> Any:
    if not right:
        raise ValueError(f"{reprlib.repr(value)} is {otherwise}")
    return value


_CAMEL = {"min_saving": "minSaving", "inlay_hints": "inlayHints"}
_NO_SEVERITY = f"no severity: write {', '.join((OFF, *SEVERITIES[:-1]))} or {SEVERITIES[-1]}"
_READERS: dict[str, Callable[[Any, Any], Any]] = {
    "severity": lambda value, _: _checked(value, value in (OFF, *SEVERITIES), _NO_SEVERITY),
    "min_saving": _size,
    "inlay_hints": lambda value, _: _checked(value, isinstance(value, bool), "neither true nor false"),
    "platform": lambda value, _: _checked(value, isinstance(value, str), "no text"),
}
