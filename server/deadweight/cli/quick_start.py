"""What lets a process that is ours alone start sooner: what is compiled at run time is compiled on first use.

A frozen dataclass is six functions that the standard library writes as text and compiles, one by one. Of 98 dataclasses
most are never compared, printed or hashed, and many never made: to compile all took 300 of the 660 million
instructions that the import of the rules takes. Of 85 regular expressions a first look at a Dockerfile needs 32: 29
million (2026-11-24, Python 3.11).
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

EAGER = "DEADWEIGHT_EAGER_TYPES"

_KNOWN = ((3, 10), (3, 13))  # versions of Python whose dataclasses are written as `_exec` expects
_compile = re.compile


def compile_on_first_use() -> None:
    """From now on, compile methods of dataclasses and our own regular expressions when they are first used.

    Not where DEADWEIGHT_EAGER_TYPES=1, which is for whoever suspects that something goes wrong here.
    """
    import dataclasses

    if os.environ.get(EAGER) == "1":
        return
    vars(re)["compile"] = _compile_later
    if _KNOWN[0] <= sys.version_info[:2] <= _KNOWN[1]:
        vars(dataclasses)["exec"] = _exec  # a name of the module goes before the builtin


def import_asyncio() -> None:
    """Import asyncio as for a Python without TLS, unless somebody has imported it: the server uses no network.

    asyncio would load OpenSSL: 28 million instructions and 4 MB. `import ssl` works as ever afterwards.
    """
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules["ssl"] = None
    try:
        import asyncio  # noqa: F401
    finally:
        del modules["ssl"]


class _Pattern:
    """A regular expression that is compiled when somebody first asks it for anything."""

    def __init__(self, *given: Any) -> None:
        self.__dict__["given"] = given

    def __getattr__(self, name: str) -> Any:
        known = self.__dict__
        if "compiled" not in known:
            known["compiled"] = _compile(*known["given"])
        found = known[name] = getattr(known["compiled"], name)
        return found


def _compile_later(pattern: Any, flags: Any = 0) -> Any:
    is_ours = sys._getframe(1).f_globals.get("__name__", "").startswith("deadweight.")
    return _Pattern(pattern, flags) if is_ours else _compile(pattern, flags)


def _exec(source: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """As `exec` for what dataclasses write: a function that gives the methods of a class, or a single one."""
    head, _, returned = source.rpartition("\n return ")
    if not head.startswith("def __create_fn__(") or "\n" in returned:
        exec(source, names, made)  # noqa: S102 - what dataclasses would have done
        return

    def create(**cells: Any) -> object:
        stand_ins: dict[str, FunctionType] = {}
        methods: dict[str, Any] = {}

        def compiled() -> dict[str, Any]:
            if not methods:
                there: dict[str, Any] = {}
                exec(source, names, there)  # noqa: S102 - the same, later
                found = there["__create_fn__"](**cells)
                for stand_in, method in zip(
                    stand_ins.values(), found if isinstance(found, tuple) else (found,), strict=True
                ):
                    method.__qualname__ = stand_in.__qualname__
                    methods[stand_in.__name__] = method
            return methods

        for name in filter(None, returned.strip("()").split(",")):
            stand_ins[name] = _stand_in(name, stand_ins, compiled)
        return tuple(stand_ins.values()) if returned.startswith("(") else stand_ins[returned]

    made["__create_fn__"] = create


def _stand_in(name: str, stand_ins: dict[str, FunctionType], compiled: Callable[[], dict[str, Any]]) -> Any:
    """A method that has itself and its like compiled at the first call, and leaves its place in the class to them."""

    def stand_in(self: object, /, *args: Any, **options: Any) -> Any:
        methods = compiled()
        for cls in type(self).__mro__:
            for each, method in methods.items():
                if vars(cls).get(each) is stand_ins[each]:
                    setattr(cls, each, method)
        return methods[name](self, *args, **options)

    stand_in.__name__ = name
    return stand_in
