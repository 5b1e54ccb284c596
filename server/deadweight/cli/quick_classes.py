"""Dataclasses and named tuples whose methods are written when they are first called.

The standard library writes the methods of each as text and compiles them: of a frozen dataclass six, of which most are
never called. A session begins with 110 dataclasses and 130 named tuples; half of them get an instance, a tenth is ever
compared, hardly one printed (2026-11-26, Python 3.11).

Here a class is made at once, with its slots and what people wrote into it. Under the names of its other methods stand
descriptors that give way to the method when somebody asks for it. `__init__`, `__eq__`, `__hash__` and `__new__` are
written here, as they are what is called; the others are those of the class that the standard library makes of the same
body. What is out of the ordinary (fields that are inherited, `__post_init__`, `__slots__`) it makes at once as ever.

A frozen class refuses nothing here: the type checker does, and so do the classes of the standard library in the tests.
To get past a refusal, `__init__` would take three to four times as long, and it is 8 % of `check` (2026-11-26).
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import MISSING, Field
from functools import cache, partial
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

try:
    from _collections import _tuplegetter as _getter  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    from operator import itemgetter

    def _getter(index: int, doc: str) -> Any:
        return property(itemgetter(index), doc=doc)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Write = Callable[[type, str], Any]

_PLACE = "field_"  # with a number: stands for a field in the text of a function
_OPTIONS = frozenset(("frozen", "slots", "eq"))
_NOT_PLAIN = ("ClassVar", "InitVar", "KW_ONLY")
_make_dataclass: Any = dataclasses.dataclass
_make_named_tuple: Any = typing.NamedTupleMeta.__new__  # type: ignore[attr-defined]
_dataclasses: dict[type, tuple[type, dict[str, bool]]] = {}  # with the class as it was written, and the options
_named_tuples: dict[type, tuple[Any, ...]] = {}  # with what their metaclass was given


def write_methods_on_first_use() -> None:
    """From now on, dataclasses and named tuples are made as this module's docstring says."""
    vars(dataclasses)["dataclass"] = _dataclass
    typing.NamedTupleMeta.__new__ = _named_tuple  # type: ignore[attr-defined]


class _Unwritten:
    """Stands in a class under a name, and gives way to what belongs there when somebody asks for it."""

    __slots__ = ("_name", "_write")

    def __init__(self, name: str, write: Write) -> None:
        self._name = name
        self._write = write

    def __get__(self, instance: object, owner: type) -> Any:
        for holder in owner.__mro__:
            if vars(holder).get(self._name) is self:  # or another thread was quicker
                setattr(holder, self._name, self._write(holder, self._name))
        return getattr(owner if instance is None else instance, self._name)


# --- dataclasses ---


def _dataclass(cls: Any = None, /, **options: bool) -> Any:
    """As `dataclasses.dataclass`."""
    if cls is None:
        return partial(_dataclass, **options)
    body = vars(cls)
    fields: dict[str, str] = body.get("__annotations__", {})
    if not _is_plain(cls, fields, options):
        return _make_dataclass(cls, **options)
    is_frozen, is_compared = options.get("frozen", False), options.get("eq", True)
    names = {name: each for name, each in body.items() if name not in fields and name not in _OF_ANY_CLASS}
    made = {**names, "__qualname__": cls.__qualname__, **_UNWRITTEN_OF_DATACLASS}
    if options.get("slots"):
        made["__slots__"] = tuple(fields)
    else:
        made.update((name, each.default) for name, each in _specified(cls) if each.default is not MISSING)
    if is_compared:
        made |= _UNWRITTEN_OF_COMPARED if is_frozen else {**_UNWRITTEN_OF_COMPARED, "__hash__": None}
        made |= {"__hash__": body["__hash__"]} if "__hash__" in body else {}
    if is_frozen and options.get("slots"):
        made |= _UNWRITTEN_OF_FROZEN_SLOTS
    made["__match_args__"] = tuple(name for name, each in _specified(cls) if each.init)
    finished = type(cls.__name__, (), made)
    _dataclasses[finished] = cls, options
    return finished


def _is_plain(cls: type, fields: Mapping[str, Any], options: Mapping[str, bool]) -> bool:
    """Whether a class has nothing but fields, defaults and methods of its own."""
    return (
        options.keys() <= _OPTIONS
        and type(cls) is type
        and cls.__bases__ == (object,)
        and vars(cls).keys().isdisjoint(_GENERATED)
        and all(isinstance(each, str) and not any(word in each for word in _NOT_PLAIN) for each in fields.values())
    )


def _specified(cls: type) -> list[tuple[str, Field[Any]]]:
    """The fields of a class as it was written."""
    given = [(name, vars(cls).get(name, MISSING)) for name in cls.__annotations__]
    return [(name, each if isinstance(each, Field) else dataclasses.field(default=each)) for name, each in given]


def _write_for_dataclass(cls: type, name: str) -> Any:
    written, options = _dataclasses[cls]
    if name == "__init__":
        return _initialiser(cls, written)
    if name == "__eq__":
        compared = [each for each, spec in _specified(written) if spec.compare]
        mine, others = _places(compared, "self."), _places(compared, "other.")
        line = f"return ({mine}) == ({others}) if other.__class__ is self.__class__ else NotImplemented"
        return _function(cls, "__eq__", f"self, other: {line}", compared, {})
    if name == "__hash__":
        hashed = [each for each, spec in _specified(written) if (spec.compare if spec.hash is None else spec.hash)]
        return _function(cls, "__hash__", f"self: return hash(({_places(hashed, 'self.')}))", hashed, {})
    if name == "__dataclass_fields__":  # for `replace`, without a method
        options = {"init": False, "repr": False, "eq": False}
    copy = type(cls.__name__, (), {name: each for name, each in vars(written).items() if name not in _OF_ANY_CLASS})
    copy.__qualname__ = cls.__qualname__
    return vars(_make_dataclass(copy, **options))[name]


def _initialiser(cls: type, written: type) -> Any:
    specified = _specified(written)
    parameters, lines, defaults = [], [], []
    names: dict[str, Any] = {"_missing": MISSING}
    for index, (_, spec) in enumerate(specified):
        place = value = f"{_PLACE}{index}"
        if spec.init:
            parameters.append(place)
        if spec.default_factory is not MISSING:
            names[f"_new_{place}"] = spec.default_factory
            value = f"_new_{place}() if {place} is _missing else {place}" if spec.init else f"_new_{place}()"
        elif not spec.init:
            names[f"_default_{place}"] = spec.default
            value = f"_default_{place}"
            if spec.default is MISSING:
                continue
        if spec.init and (spec.default is not MISSING or spec.default_factory is not MISSING):
            defaults.append(spec.default)
        lines.append(f"self.{place} = {value}")
    head = ", ".join(["self", *parameters])
    made = _function(cls, "__init__", f"{head}: {'; '.join(lines)}", [name for name, _ in specified], names)
    made.__defaults__ = tuple(defaults)
    return made


# --- named tuples ---


def _named_tuple(meta: Any, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
    """As `typing.NamedTupleMeta.__new__`."""
    fields: Mapping[str, Any] = body.get("__annotations__", {})
    defaults = {field: body[field] for field in fields if field in body}
    given = (meta, name, bases, body)
    if (
        len(bases) > 1
        or any(field.startswith("_") for field in fields)
        or not body.keys().isdisjoint(_UNWRITTEN_OF_TUPLE)
    ):
        finished: type = _make_named_tuple(*given)
        return finished
    made = {key: each for key, each in body.items() if key not in fields}
    made |= {"__slots__": (), "_fields": tuple(fields), "__match_args__": tuple(fields), "_field_defaults": defaults}
    made |= {field: _getter(index, f"Alias for field number {index}") for index, field in enumerate(fields)}
    finished = type(name, (tuple,), made | _UNWRITTEN_OF_TUPLE)
    _named_tuples[finished] = given
    return finished


def _write_for_tuple(cls: Any, name: str) -> Any:
    if name != "__new__":
        return vars(_make_named_tuple(*_named_tuples[cls]))[name]
    fields: tuple[str, ...] = cls._fields
    places = _places(fields)
    made = _function(cls, "__new__", f"_cls, {places}: return _new(_cls, ({places}))", fields, {"_new": tuple.__new__})
    made.__defaults__ = tuple(cls._field_defaults.values())
    return staticmethod(made)


# --- functions ---


def _places(fields: Iterable[str], prefix: str = "") -> str:
    """What stands for fields in the text of a function."""
    return "".join(f"{prefix}{_PLACE}{index}, " for index, _ in enumerate(fields))


def _function(cls: type, name: str, text: str, fields: Iterable[str], names: dict[str, Any]) -> Any:
    """A function with this text behind `def (`, in which places stand for fields, and `names` for what they say.

    Most classes have as many fields as another one, which spares the compiler.
    """
    by_place: dict[Any, str] = {f"{_PLACE}{index}": field for index, field in enumerate(fields)}
    code = _compiled(name, text)
    code = code.replace(
        co_varnames=tuple([by_place.get(each, each) for each in code.co_varnames]),
        co_names=tuple([by_place.get(each, each) for each in code.co_names]),
        co_consts=tuple([by_place.get(each, each) for each in code.co_consts]),
    )
    made = FunctionType(code, {**names, "__name__": cls.__module__}, name)
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    return made


@cache
def _compiled(name: str, text: str) -> CodeType:
    head, _, body = text.partition(": ")
    made: dict[str, Any] = {}
    exec(f"def {name}({head}): {body or 'pass'}", made)  # noqa: S102 - as the standard library does it
    code: CodeType = made[name].__code__
    return code


_OF_ANY_CLASS = frozenset(("__dict__", "__weakref__"))
_UNWRITTEN_OF_DATACLASS = {
    name: _Unwritten(name, _write_for_dataclass)
    for name in ("__init__", "__repr__", "__dataclass_fields__", "__dataclass_params__")
}
_UNWRITTEN_OF_FROZEN_SLOTS = {name: _Unwritten(name, _write_for_dataclass) for name in ("__getstate__", "__setstate__")}
_UNWRITTEN_OF_COMPARED = {name: _Unwritten(name, _write_for_dataclass) for name in ("__eq__", "__hash__")}
_GENERATED = {"__post_init__", "__slots__", "__setattr__", "__delattr__", "__eq__", *_UNWRITTEN_OF_DATACLASS}
_UNWRITTEN_OF_TUPLE = {
    name: _Unwritten(name, _write_for_tuple)
    for name in ("__new__", "__repr__", "__getnewargs__", "_make", "_replace", "_asdict")
}
