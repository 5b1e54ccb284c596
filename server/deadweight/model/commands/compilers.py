"""C and C++ compilers: the program that `-o` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_DYNAMIC = Measured("a C program", "c.program", is_file=True)
_STATIC = Measured("a static C program", "c.program.static", is_file=True)


def _effects(call: Call) -> Iterator[Effect]:
    sources = call.operands("-o", "-I", "-L", "-l", "-x", "-include", "-isystem")
    if sources:
        target = call.around.resolve(call.value("-o") or "a.out")
        yield writes(target, _STATIC if "-static" in call.options else _DYNAMIC, call.span)


TOOLS = (Tool(("gcc", "g++", "cc", "c++", "clang", "clang++"), _effects),)
