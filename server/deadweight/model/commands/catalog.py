"""Every tool that the ledger knows, by the name it is called by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import apt, download, files, npm, pip, tar, venv

if TYPE_CHECKING:
    from deadweight.model.commands.call import Tool

TOOLS: tuple[Tool, ...] = (apt.TOOL, pip.TOOL, npm.TOOL, tar.TOOL, venv.TOOL, *download.TOOLS, *files.TOOLS)
_BY_NAME = {name: tool for tool in TOOLS for name in tool.names}


def find(program: str) -> Tool | None:
    """The tool that a program's name stands for."""
    return _BY_NAME.get("pip" if pip.is_program(program) else program)
