"""Between JSON and the protocol's classes: the converter of lsprotocol, which compiles only where it pays off.

cattrs writes, compiles and runs a function for each class, and for each class that a field could hold. In a session
most classes are met once, in the greeting: here the fields of an object are looked at one by one, until so many objects
of the class have come by that a function would have been quicker. The capabilities of a client are read only as far as
somebody asks. What comes out is the same, and test_cold_start.py compares both for every class.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls import protocol

from deadweight.lsp.lazy_types import unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    Structure = Callable[[Any, Any], Any]
    Unstructure = Callable[[Any], dict[str, Any]]

_OFTEN = 100  # objects; a function costs 500 µs and saves 2 to 4 µs with each
_PLAIN = frozenset({str, int, bool, float, type(None)})


def make_converter() -> Converter:
    """A converter as pygls makes it, for one server."""
    converter = Converter(detailed_validation=False)
    if not unfinished():  # lsprotocol's hooks also resolve what annotations name, where classes are its own
        return _register(get_converter(converter))
    waits = True

    def choose(cls: Any) -> Structure:
        """How lsprotocol chooses one of several types: a greeting does without its 70 functions for that."""
        has_text, is_identity = str in get_args(cls), {*get_args(cls)} - {NoneType} == {int, str}

        def structure(given: Any, _: Any) -> Any:
            nonlocal waits
            if is_identity or (has_text and type(given) is str):  # which all of its functions leave as it is
                return given
            if waits:
                waits = False
                _register(get_converter(converter))
            return converter.get_structure_hook(cls)(given, cls)

        return structure

    converter.register_structure_hook_factory(lambda cls: waits and _is_choice(cls), choose)
    return _register(converter)


def _register(converter: Converter) -> Converter:
    """Have our own way for objects with fields."""
    converter.register_structure_hook_factory(_has_fields, lambda cls: _structure(cls, converter))
    converter.register_unstructure_hook_factory(_has_fields, lambda cls: _unstructure(cls, converter))
    converter.register_structure_hook_factory(_is_capabilities, lambda cls: _structure_capabilities(cls, converter))
    # As in pygls.protocol.default_converter, for methods that the protocol does not know.
    converter.register_structure_hook(protocol.JsonRPCRequestMessage, protocol._params_field_structure_hook)
    converter.register_structure_hook(protocol.JsonRPCNotification, protocol._params_field_structure_hook)
    converter.register_structure_hook(protocol.JsonRPCResponseMessage, protocol._result_field_structure_hook)
    return converter


def _is_choice(cls: Any) -> bool:
    """Whether a type is several, or one that only lsprotocol knows how to read."""
    members = [each for each in get_args(cls) if each is not NoneType] if get_origin(cls) is Union else []
    return len(members) > 1 or cls is NoneType or cls is types.LSPObject


def _has_fields(cls: Any) -> bool:
    # As attrs.has, which would finish an unfinished class: see lazy_types.py.
    return isinstance(cls, type) and "__attrs_attrs__" in vars(cls)


def _is_capabilities(cls: Any) -> bool:
    return _has_fields(cls) and cls.__name__.endswith("ClientCapabilities")


def _structure(cls: type, converter: Converter) -> Structure:
    """How an object of `cls` is made of a JSON object."""
    fields = [(_camel_case(each.name), each) for each in attrs.fields(cls)]
    overrides: dict[str, Any] = {field.name: override(rename=key) for key, field in fields}
    hooks: dict[str, Structure] = {}
    count = 0
    compiled: Structure | None = None

    def structure(given: Any, _: Any) -> Any:
        try:
            return compiled(given, cls) if compiled else field_by_field(given)
        except Exception as error:
            raise ClassValidationError(f"{cls.__name__}: {error}", [error], cls) from error

    def field_by_field(given: Any) -> Any:
        nonlocal count, compiled
        count += 1
        if count == _OFTEN:
            with suppress(Exception):  # a field of a kind that cattrs cannot read: lsprotocol has one
                compiled = make_dict_structure_fn(cls, converter, **overrides)
        values: dict[str, Any] = {}
        for key, field in fields:
            if key in given:
                hook = hooks.get(key) or hooks.setdefault(key, converter.get_structure_hook(field.type))
                values[field.alias or field.name] = hook(given[key], field.type)
        return cls(**values)

    # By these cattrs tells the classes of a union.
    structure.overrides = overrides  # type: ignore[attr-defined]
    return structure


def _unstructure(cls: type, converter: Converter) -> Unstructure:
    """How a JSON object is made of an object of `cls`: what is always there comes first, as cattrs has it."""
    always: list[tuple[str, str, Any]] = []
    optional: list[tuple[str, str, Any]] = []
    overrides: dict[str, Any] = {}
    for field in attrs.fields(cls):
        key = _camel_case(field.name)
        is_always = field.default is attrs.NOTHING or types.is_special_property(cls, field.name)
        overrides[field.name] = override(rename=key, omit_if_default=not is_always)
        (always if is_always else optional).append((field.name, key, field.default))
    count = 0
    compiled: Unstructure | None = None

    def unstructure(instance: Any) -> dict[str, Any]:
        return compiled(instance) if compiled else field_by_field(instance)

    def field_by_field(instance: Any) -> dict[str, Any]:
        nonlocal count, compiled
        count += 1
        if count == _OFTEN:
            compiled = make_dict_unstructure_fn(cls, converter, **overrides)
        made = {key: _plain(getattr(instance, name), converter) for name, key, _ in always}
        for name, key, default in optional:
            value = getattr(instance, name)
            if value != default:
                made[key] = _plain(value, converter)
        return made

    return unstructure


def _plain(value: Any, converter: Converter) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list or kind is tuple:
        return [_plain(each, converter) for each in value]
    if kind is dict:
        return {_plain(key, converter): _plain(each, converter) for key, each in value.items()}
    return converter.unstructure(value)


def _structure_capabilities(cls: type, converter: Converter) -> Structure:
    """How capabilities are made of a JSON object: each is read when somebody asks for it.

    One that cannot be read is as good as left out.
    """

    def read(self: Any, name: str) -> Any:
        annotation = cls.__annotations__.get(name)
        if annotation is None:
            raise AttributeError(name)
        if name in vars(self):  # where the class has slots
            return vars(self)[name]
        given, value = vars(self)["_given"], None
        if _camel_case(name) in given:
            one = type("one", (), {"__annotations__": {name: annotation}})
            with suppress(Exception):
                type_ = get_type_hints(one, {}, types.ALL_TYPES_MAP)[name]
                value = converter.structure(given[_camel_case(name)], type_)
        vars(self)[name] = value
        return value

    lazy = type(cls.__name__, (cls,), {"__getattr__": read})

    def structure(given: Any, _: Any) -> Any:
        if not isinstance(given, dict):
            raise TypeError(f"{given!r} is no object")
        made: Any = object.__new__(lazy)
        vars(made)["_given"] = given
        return made

    return structure


@cache
def _camel_case(name: str) -> str:
    first, *rest = name.removesuffix("_").split("_")
    return first + "".join(each.title() for each in rest)
