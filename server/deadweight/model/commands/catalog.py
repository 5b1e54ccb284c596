"""Every tool that the ledger knows, by the name it is called by: all that the modules beside this one list in TOOLS."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from deadweight.model import commands

if TYPE_CHECKING:
    from deadweight.model.commands.call import Tool


def find(program: str) -> Tool | None:
    """The tool that a program's name stands for: pip for `pip`, `pip3` and `pip3.12`."""
    found = by_name()
    return found.get(program) or found.get(program.rstrip("0123456789."))


@cache
def by_name() -> dict[str, Tool]:
    """All tools: a tool is a file in this folder, and nothing else has to know of it."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    modules = (import_module(f"{commands.__name__}.{name}") for name in names)
    return {name: tool for module in modules for tool in getattr(module, "TOOLS", ()) for name in tool.names}
