"""`lsprotocol.types` with classes that are finished on first use: its plain import is most of what a start costs.

lsprotocol defines 554 classes by `attrs.define`, which writes, compiles and runs Python code for each. A session needs
some thirty of them. Here a class statement of the module makes a promise; when somebody asks the module for the class,
he gets an empty one. Only when he makes an instance or asks for the fields is the body run, `attrs.define` called and
what the annotations name resolved.

Tried were, in million instructions for the import (2026-11-24, Python 3.11, attrs 26.1, lsprotocol 2025.0.0):

- 1,530 as it is
- two thirds of the time with what attrs compiles kept on disk, where somebody has to keep it fresh
- 184 where only `attrs.define` waits: the bodies make 1,600 fields and as many types for the annotations
- 82 where the bodies wait as well
- 33 where no class is made, nor what is made of classes, until somebody asks the module for it (2026-11-26): this

A class is finished in place, and so has no slots as the original: an instance takes attributes that the class does not
know, and the class has no descriptors for its fields. Whoever needs the original sets DEADWEIGHT_EAGER_TYPES=1. It is
also what everybody gets of an lsprotocol that is not written as the one that this was made for.
"""

from __future__ import annotations

import builtins
import enum
import os
import sys
import threading
import typing
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
# A class, or the promise of one, with its body, or with what came of the body.
_unfinished: dict[type | _Promise, Body | type] = {}


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


class _Promise:
    """Stands for what the module defines until somebody asks for it."""

    __slots__ = ("_kept", "_make")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._kept: Any = self

    def kept(self) -> Any:
        with _LOCK:
            if self._kept is self:
                self._kept = self._make()
            return self._kept


def _kept(value: Any) -> Any:
    """What is promised by a value, or by what it holds."""
    if type(value) is _Promise:
        return value.kept()
    return type(value)(map(_kept, value)) if type(value) in (tuple, list) else value


def _is_promised(value: Any) -> bool:
    return type(value) is _Promise or (type(value) in (tuple, list) and any(map(_is_promised, value)))


class _Kept(dict[Any, Any]):
    """A dictionary of the module, or its builtins: what it lacks somebody has promised."""

    def __init__(self, given: dict[Any, Any], promised: dict[Any, Any]) -> None:
        super().__init__(given)
        self._promised = promised

    def __missing__(self, key: Any) -> Any:
        if key not in self._promised:
            raise KeyError(key)
        found = self[key] = _kept(self._promised[key])
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self._promised else super().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._promised or super().__contains__(key)


def _of_all(name: str) -> Any:
    """A method of a dictionary that sees all of it."""

    def method(self: _Kept, *arguments: Any) -> Any:
        promised, self._promised = self._promised, {}
        everything = {key: _kept(value) for key, value in promised.items()} | dict(dict.items(self))
        dict.clear(self)
        dict.update(self, everything)
        return getattr(dict, name)(self, *arguments)

    return method


for _name in (
    *("__delitem__", "__eq__", "__ior__", "__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__"),
    *("__ror__", "copy", "items", "keys", "pop", "popitem", "setdefault", "update", "values"),
):
    setattr(_Kept, _name, _of_all(_name))


class _Attrs(_AttrsOfBodies):
    """attrs as `lsprotocol.types` sees it while it is imported: `define` leaves classes unfinished."""

    def __init__(self, bodies: dict[_Promise, Body]) -> None:
        self._bodies = bodies  # of the classes that no decorator has seen
        self.defined: list[type] = []  # the classes that were made at once

    def define(self, cls: Any) -> Any:
        if cls not in self._bodies:
            self.defined.append(attrs.define(cls))
            return self.defined[-1]
        _unfinished[cls] = self._bodies.pop(cls)
        return cls


class _Enum:
    """enum as `lsprotocol.types` sees it while it is imported."""

    def __getattr__(self, name: str) -> Any:
        return getattr(enum, name)

    @staticmethod
    def unique(cls: Any) -> Any:
        return _Promise(lambda: enum.unique(cls.kept())) if _is_promised(cls) else enum.unique(cls)


class _Typing:
    """typing as `lsprotocol.types` sees it while it is imported."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(typing, name)
        return _Form(found) if name in ("Sequence", "Union") else found


class _Form:
    """What makes types of types: a promise of promises."""

    def __init__(self, form: Any) -> None:
        self._form = form

    def __getitem__(self, arguments: Any) -> Any:
        if _is_promised(arguments):
            return _Promise(lambda: self._form[_kept(arguments)])
        return self._form[arguments]


def _run(code: CodeType, module: ModuleType) -> None:
    """Run the code of the module, with class statements that promise unfinished classes."""
    bodies: dict[_Promise, Body] = {}
    attrs_shown = _Attrs(bodies)
    shown = {"attrs": attrs_shown, "enum": _Enum(), "typing": _Typing()}
    names, promised = vars(module), dict[str, Any]()
    own = {
        "__build_class__": lambda body, name, *bases, **options: _build_class(bodies, body, name, *bases, **options),
        "__import__": lambda name, *rest: shown.get(name) or builtins.__import__(name, *rest),
    }
    # What bodies and functions of the module name is found here where nobody has asked for it before.
    names["__builtins__"] = _Kept({**vars(builtins), **own}, promised)
    exec(code, names)  # noqa: S102 - what the import system does with it
    for name, value in list(names.items()):
        if type(value) is _Form:
            names[name] = getattr(typing, name)
        elif type(value) is dict and any(map(_is_promised, value.values())):
            names[name] = _Kept({}, value)
        elif _is_promised(value):
            promised[name] = names.pop(name)

    def asked(name: str) -> Any:
        if name not in promised:
            raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")
        found = names[name] = _kept(promised[name])
        return found

    names.setdefault("__all__", [name for name in (*names, *promised) if not name.startswith("_")])  # for `import *`
    names.update(attrs=_AttrsOfBodies(), __getattr__=asked, __dir__=lambda: sorted({*names, *promised}))
    if "enum" in names:
        names["enum"] = enum
    for cls, body in bodies.items():
        made = builtins.__build_class__(body, "made")
        if made.__annotations__:
            raise TypeError(f"{cls} has fields but did not come by attrs.define")
        _become(cls.kept(), made)
    for each in attrs_shown.defined:
        _resolve(each)
    first = next(iter(_unfinished))
    _finish(first.kept() if isinstance(first, _Promise) else first)  # what goes wrong with one goes wrong with all


def _build_class(bodies: dict[_Promise, Body], body: Any, name: str, *bases: Any, **options: Any) -> Any:
    """The promise of an empty class with fields to come, or of an enumeration; what has methods is made at once."""
    has_methods = CodeType in map(type, body.__code__.co_consts)
    if options or has_methods:
        return builtins.__build_class__(body, name, *bases, **options)
    if bases:
        return _Promise(lambda: builtins.__build_class__(body, name, *bases))
    promise = _Promise(lambda: _unfinished_class(promise, name))
    bodies[promise] = body
    return promise


def _unfinished_class(promise: _Promise, name: str) -> type:
    cls = type(name, (), {"__module__": _NAME, **_STAND_INS})
    if promise in _unfinished:
        _unfinished[cls] = _unfinished.pop(promise)
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
    attrs.resolve_types(cls, {}, vars(sys.modules[_NAME])["ALL_TYPES_MAP"])


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
