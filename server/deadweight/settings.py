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
    from collections.abc import Iterator

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
    try:
        return _converter().structure(given, Settings), ()
    except Exception as error:
        wrong = list(_wrong_entries(error))
    for place, _ in wrong:
        given = _without(given, *place)
    return _converter().structure(given, Settings), tuple(line for _, line in wrong)


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
        named: Any = {
            each.name: override(rename=_camel(each.name), struct_hook=readers[each.name]) for each in fields(cls)
        }
        structure = make_dict_structure_fn(cls, converter, **named)
        converter.register_structure_hook(cls, lambda value, cls, of=structure: of(_object(value, cls)))
    return converter


def _wrong_entries(error: Any, *place: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each wrong entry: the names that lead to it, and the line that says what is wrong."""
    said = ": ".join(("settings", *place))
    if hasattr(error, "exceptions"):
        for each in error.exceptions:
            yield from _wrong_entries(each, *place, *(_camel(note.name) for note in getattr(each, "__notes__", ())))
    elif hasattr(error, "extra_fields"):
        for name in sorted(error.extra_fields, key=str):
            what = no_such_rule(name) if place == ("rules",) else f"there is no {name}"
            yield (*place, name), f"{said}: {what}"
    else:
        yield place, f"{said}: {error}"


def _without(given: Any, *place: str) -> dict[str, Any]:
    """An object without the entry at this place; nothing for what is no object."""
    if not place or not isinstance(given, Mapping):
        return {}
    first, *rest = place
    left = {name: value for name, value in given.items() if name != first}
    return {**left, first: _without(given[first], *rest)} if rest else left


def _object(value: Any, cls: type | None = None) -> Any:
    # `"late-delete": "off"` is short for `"late-delete": {"severity": "off"}`.
    short = cls is RuleSettings and isinstance(value, str)
    return {"severity": value} if short else _checked(value, isinstance(value, Mapping), "no object")


def _size(value: Any) -> int:
    if isinstance(value, str):
        return read_size(value)
    return int(_checked(value, type(value) is int and value >= 0, _NO_SIZE))


def _checked(value: Any, right: bool, otherwise: str) -> Any:
    if not right:
        raise ValueError(f"{reprlib.repr(value)} is {otherwise}")
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


_NO_SEVERITY = f"no severity: write {', '.join((OFF, *SEVERITIES[:-1]))} or {SEVERITIES[-1]}"
_READERS: dict[str, Callable[[Any, Any], Any]] = {
    "severity": lambda value, _: _checked(value, value in (OFF, *SEVERITIES), _NO_SEVERITY),
    "min_saving": lambda value, _: _size(value),
    "inlay_hints": lambda value, _: _checked(value, isinstance(value, bool), "neither true nor false"),
    "platform": lambda value, _: _checked(value, isinstance(value, str), "no text"),
}
