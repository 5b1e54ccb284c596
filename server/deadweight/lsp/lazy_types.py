"""`lsprotocol.types` with classes that are finished on first use: its plain import is most of what a start costs.

lsprotocol defines 554 classes by `attrs.define`, which writes, compiles and runs Python code for each. A session needs
some thirty of them. Here a class statement of the module makes an empty class and keeps the body; only when somebody
makes an instance or asks for the fields is the body run, `attrs.define` called and what the annotations name resolved.

Tried were, in million instructions for the import (2026-11-24, Python 3.11, attrs 26.1, lsprotocol 2025.0.0):

- 1,530 as it is
- two thirds of the time with what attrs compiles kept on disk, where somebody has to keep it fresh
- 184 where only `attrs.define` waits: the bodies make 1,600 fields and as many types for the annotations
- 82 where the bodies wait as well, which is this

A class is finished in place, and so has no slots as the original: an instance takes attributes that the class does not
know, and the class has no descriptors for its fields. Whoever needs the original sets DEADWEIGHT_EAGER_TYPES=1. It is
also what everybody gets of an lsprotocol that is not written as the one that this was made for.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import CodeType
from typing import TYPE_CHECKING, Any, cast

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import InspectLoader
    from types import ModuleType

    Body = Callable[[], object]  # the function that Python makes of the body of a class statement

EAGER = "DEADWEIGHT_EAGER_TYPES"

_NAME = "lsprotocol.types"
_LOCK = threading.RLock()
_unfinished: dict[type, Body | type] = {}  # a class with its body, or with what came of the body


def import_types() -> bool:
    """Import `lsprotocol.types` with unfinished classes; says whether it has.

    Does nothing where the module is there already, or the environment or the module itself is against it: whoever
    imports it next gets the plain one.
    """
    if _NAME in sys.modules or os.environ.get(EAGER) == "1":
        return False
    try:
        spec = find_spec(_NAME)
        if spec is None or _NAME in sys.modules:  # the package has imported it
            return False
        module = module_from_spec(spec)
        code = cast("InspectLoader", spec.loader).get_code(_NAME)
    except Exception:  # whatever it is: the plain import says it, or can do without
        return False
    sys.modules[_NAME] = module
    try:
        _run(cast("CodeType", code), module)
    except Exception:  # an lsprotocol that is written otherwise still works as its authors meant it
        _unfinished.clear()
        del sys.modules[_NAME]
        return False
    vars(sys.modules["lsprotocol"])["types"] = module
    # lsprotocol's converter resolves the annotations of all classes, unless that is done.
    vars(import_module("lsprotocol._hooks"))["_resolved_forward_references"] = True
    return True


def unfinished() -> int:
    """How many classes nobody has used yet."""
    return len(_unfinished)


class _Unfinished:
    """Stands in a class under a name that the finished class has, and finishes it for whoever asks."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        holder = next(each for each in owner.__mro__ if each.__module__ == _NAME)
        with _LOCK:
            if self._name == "__annotations__" and holder in _unfinished:
                return _begun(holder).__annotations__  # for which attrs is not needed
            _finish(holder)
        found = getattr(holder, self._name)
        return found.__get__(instance, owner) if callable(found) else found


_STAND_INS = {
    name: _Unfinished(name) for name in ("__init__", "__attrs_attrs__", "__annotations__", "__match_args__", "__doc__")
}


class _AttrsOfBodies:
    """attrs as the bodies of classes see it: `attrs.validators` takes long to import, and hardly any complains."""

    class validators:  # noqa: N801 - as attrs calls it
        """What makes the validators of fields."""

        @staticmethod
        def instance_of(type_: Any) -> _Validator:
            return _Validator("instance_of", type_, lambda value: isinstance(value, type_))

        @staticmethod
        def in_(options: Any) -> _Validator:
            return _Validator("in_", options, lambda value: any(value == each for each in options))

        @staticmethod
        def optional(validator: Any) -> _Validator:
            return _Validator("optional", validator, lambda value: value is None, validator)

    def __getattr__(self, name: str) -> Any:
        return getattr(attrs, name)


class _Validator:
    """A validator of attrs that lets pass what is fine; what is not, another one judges, or that of attrs itself."""

    __slots__ = ("_given", "_is_fine", "_name", "_other")

    def __init__(self, name: str, given: object, is_fine: Callable[[Any], bool], other: Any = None) -> None:
        self._name = name
        self._given = given
        self._is_fine = is_fine
        self._other = other

    def __call__(self, instance: object, field: Any, value: Any) -> None:
        if not self._is_fine(value):
            (self._other or self._made())(instance, field, value)

    def __repr__(self) -> str:
        return repr(self._made())

    def _made(self) -> Any:
        return getattr(attrs.validators, self._name)(self._given)


class _Attrs(_AttrsOfBodies):
    """attrs as `lsprotocol.types` sees it while it is imported: `define` leaves classes unfinished."""

    def __init__(self, bodies: dict[type, Body]) -> None:
        self._bodies = bodies  # of the classes that no decorator has seen
        self.defined: list[type] = []  # the classes that were made at once

    def define(self, cls: type) -> type:
        if cls not in self._bodies:
            self.defined.append(attrs.define(cls))
            return self.defined[-1]
        _unfinished[cls] = self._bodies.pop(cls)
        return cls


def _run(code: CodeType, module: ModuleType) -> None:
    """Run the code of the module, with class statements that make unfinished classes."""
    bodies: dict[type, Body] = {}
    shown = _Attrs(bodies)
    vars(module)["__builtins__"] = {
        **vars(builtins),
        "__build_class__": lambda body, name, *bases, **options: _build_class(bodies, body, name, *bases, **options),
        "__import__": lambda name, *rest: shown if name == "attrs" else builtins.__import__(name, *rest),
    }
    exec(code, vars(module))  # noqa: S102 - what the import system does with it
    vars(module)["attrs"] = _AttrsOfBodies()
    for cls, body in bodies.items():
        made = builtins.__build_class__(body, cls.__name__)
        if made.__annotations__:
            raise TypeError(f"{cls} has fields but did not come by attrs.define")
        _become(cls, made)
    for cls in shown.defined:
        _resolve(cls)
    _finish(next(iter(_unfinished)))  # what goes wrong with one is not to go wrong with all, one by one


def _build_class(bodies: dict[type, Body], body: Any, name: str, *bases: Any, **options: Any) -> Any:
    """An empty class in place of one with fields; what has bases or methods is made at once."""
    has_methods = CodeType in map(type, body.__code__.co_consts)
    if bases or options or has_methods:
        return builtins.__build_class__(body, name, *bases, **options)
    cls = type(name, (), {"__module__": _NAME, **_STAND_INS})
    bodies[cls] = body
    return cls


def _begun(cls: type) -> Any:
    """What comes of the body of an unfinished class: a class of its own that attrs has not seen."""
    body = _unfinished[cls]
    if not isinstance(body, type):
        body = _unfinished[cls] = builtins.__build_class__(body, cls.__name__)
    return body


def _finish(cls: type) -> None:
    """Make of a class what it was to be."""
    if cls not in _unfinished:  # another thread was quicker
        return
    made = _begun(cls)
    # With these attrs writes only the code of `__init__`.
    made.__eq__, made.__repr__, made.__hash__ = _equal, _shown, None
    # attrs copies the names of the class's module, here 1,500, for each class.
    made.__module__ = "lsprotocol"
    attrs.define(made, slots=False)
    made.__module__ = _NAME
    _resolve(made)
    made.__attrs_types_resolved__ = cls
    _become(cls, made)
    del _unfinished[cls]


def _resolve(cls: type) -> None:
    """Let the fields of a class know their types, as lsprotocol's converter does it."""
    attrs.resolve_types(cls, vars(sys.modules[_NAME])["ALL_TYPES_MAP"], {})


def _become(cls: type, made: type) -> None:
    """Give a class everything that another has; what stood in for it goes."""
    for name, value in vars(made).items():
        if name not in ("__dict__", "__weakref__"):
            setattr(cls, name, value)
    for name in _STAND_INS.keys() - vars(made).keys():
        delattr(cls, name)


def _equal(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return all(getattr(self, each.name) == getattr(other, each.name) for each in self.__attrs_attrs__)


def _shown(self: Any) -> str:
    fields = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in self.__attrs_attrs__)
    return f"{self.__class__.__qualname__}({fields})"
