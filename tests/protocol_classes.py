"""Every class of the protocol, JSON objects for it, and all that can be seen of it."""

from __future__ import annotations

import collections.abc
import inspect
import json
import re
import sys
import typing
from enum import Enum
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cattrs import Converter

WRONG: tuple[Any, ...] = (None, True, -1, 2**40, 1.5, "x", [], ["x"], {}, {"x": 1})


def classes() -> Iterator[type]:
    """The classes that have fields."""
    return (each for each in types.ALL_TYPES_MAP.values() if isinstance(each, type) and attrs.has(each))


def objects(cls: type, depth: int = 1) -> list[dict[str, Any]]:
    """An object with the fields that must be there, one with all, and one for each value of each field."""
    fields = [field for field in attrs.fields(cls) if depth >= 0 or field.default is attrs.NOTHING]
    values = {_key(field.name): _values(field.type, depth) if depth > -4 else [] for field in fields}
    needed = {_key(field.name) for field in fields if field.default is attrs.NOTHING}
    if any(not values[key] for key in needed):  # endless, as an object within itself
        return []
    least = {key: values[key][0] for key in values if key in needed}
    if depth < 0:
        return [least]
    most = least | {key: found[-1] for key, found in values.items() if found}
    return [least, most, *({**least, key: value} for key, found in values.items() for value in found)]


def _values(type_: Any, depth: int) -> list[Any]:
    """JSON values for a type."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    simple: dict[Any, list[Any]] = {str: ["a"], bool: [True], int: [3], float: [1.5], type(None): [None]}
    if type_ in simple:
        return simple[type_]
    if type_ in (Any, object, types.LSPObject):
        return [{"any": [1, None, {"x": True}]}]
    if origin is typing.Union:
        return [value for each in arguments for value in _values(each, depth)]
    if origin is typing.Literal:
        return list(arguments)
    if origin is tuple:
        return [[_values(each, depth)[0] for each in arguments]]
    if origin in (dict, collections.abc.Mapping):
        return [{}, {_values(arguments[0], depth)[0]: _values(arguments[1], depth)[0]}]
    if origin in (list, collections.abc.Sequence):
        return [[], *([value] for value in _values(arguments[0], depth))]
    if issubclass(type_, Enum):
        return [each.value for each in type_][:3]
    return [*objects(type_, depth - 1)]


def _key(name: str) -> str:
    first, *rest = name.removesuffix("_").split("_")
    return first + "".join(each.title() for each in rest)


def seen(cls: Any, converter: Converter) -> dict[str, Any]:
    """What can be seen of a class, as words: its fields, what is made of objects, and how it takes wrong ones."""
    given = objects(cls)
    made: Any = converter.structure(given[0], cls)
    good = {field.alias: getattr(made, field.name) for field in attrs.fields(cls)}
    return {
        "class": [repr(cls), cls.__module__, cls.__qualname__, cls.__doc__, cls.__match_args__, cls.__hash__ is None],
        "fields": [_field(field) for field in attrs.fields(cls)],
        "signature": str(inspect.signature(cls)),
        "annotations": str(cls.__annotations__),
        "made": [passed_on(converter, cls, each) for each in given],
        "wrong": [passed_on(converter, cls, {**given[-1], key: value}) for key in given[-1] for value in WRONG],
        "no object": [passed_on(converter, cls, value) for value in WRONG],
        "calls": [
            _outcome(lambda: cls(*good.values())),
            _outcome(lambda: cls(*good.values(), 1)),
            _outcome(lambda: cls(**good, nonsense=1)),
            *(_outcome(lambda name=name: cls(**{**good, name: _Odd()})) for name in good),
            *(_outcome(lambda name=name: cls(**{key: good[key] for key in good if key != name})) for name in good),
        ],
        "assignments": [
            _outcome(lambda name=name, value=value: setattr(converter.structure(given[0], cls), name, value))
            for name in good
            for value in WRONG
        ],
        "equal": [made == cls(**good), made != cls(**good), made == 1, made == attrs.evolve(made)],
        "plain": str(attrs.asdict(made)),
    }


def passed_on(converter: Converter, cls: Any, given: Any) -> str:
    """A JSON value as an object, and back."""
    try:
        made: Any = converter.structure(json.loads(json.dumps(given)), cls)
    except Exception as error:
        return type(error).__name__
    return f"{made!r} {_outcome(lambda: json.dumps(converter.unstructure(made)))}"


class _Odd:
    """A value that nobody wants."""

    def __repr__(self) -> str:
        return "odd"


def _field(field: attrs.Attribute[Any]) -> list[str]:
    validator = re.sub(" at 0x[0-9a-f]+", "", repr(field.validator))
    what = (field.name, field.alias, field.default, field.type, field.kw_only, field.init, field.eq, field.order)
    return [validator, *map(repr, what)]


def _outcome(attempt: Any) -> str:
    try:
        return repr(attempt())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main() -> None:
    """Write all that can be seen, and how many classes were unfinished before."""
    from deadweight.lsp import lazy_types
    from deadweight.lsp.converter import make_converter

    unfinished, converter = lazy_types.unfinished(), make_converter()
    json.dump([unfinished, {cls.__name__: seen(cls, converter) for cls in classes()}], sys.stdout)
