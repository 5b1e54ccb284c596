"""`python -m venv` and virtualenv: a virtual environment with a pip of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_VALUES = ("--prompt", "-p", "--python", "--extra-search-dir", "--app-data")
_PIP = Measured("pip in a virtual environment", "python.venv")


def _effects(call: Call) -> Iterator[Effect]:
    if call.has("--without-pip", "--no-pip"):
        return
    for path in call.paths(call.operands(*_VALUES)):
        yield writes(path, _PIP, call.span)


TOOLS = (Tool(("venv", "virtualenv"), _effects),)
