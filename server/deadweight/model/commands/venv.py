"""`python -m venv` and virtualenv: a virtual environment with a pip of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

_VALUES = ("--prompt", "-p", "--python", "--extra-search-dir", "--app-data")
PIP = Measured("pip in a virtual environment", "python.venv")
# Docker's Python images ship without any byte code: the pip that venv runs writes that of what it needs.
LIBRARY_BYTE_CODE = Measured("byte code of the standard library", "python.venv.library")


def on_path(around: Surroundings) -> str | None:
    """The virtual environment whose programs are found before those of the image, as far as ENV PATH tells.

    What a base image's PATH is nobody knows, so that `ENV PATH=/venv/bin:$PATH` is unknown: it is taken to name the
    environment that was made.
    """
    if "PATH" not in around.variables:
        return None
    path, made = around.variables["PATH"], around.files.place_of(PIP)
    return made if made and (path is None or f"{made}/bin" in path.split(":")) else None


def _effects(call: Call) -> Iterator[Effect]:
    if call.has("--without-pip", "--no-pip"):
        return
    for path in call.paths(call.operands(*_VALUES)):
        yield writes(path, PIP, call.span)
        around = call.around
        is_bare = around.base.repository == "python" and not around.variables.get("PYTHONDONTWRITEBYTECODE")
        if call.program == "venv" and is_bare:
            yield writes("/usr/local/lib", LIBRARY_BYTE_CODE, call.span)


TOOLS = (Tool(("venv", "virtualenv"), _effects),)
