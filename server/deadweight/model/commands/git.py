"""git: what a clone brings, the history with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Download, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_BEFORE_THE_VERB = ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path")
_VALUES = (
    *("-b", "--branch", "--depth", "-o", "--origin", "--reference", "--shallow-since", "--shallow-exclude", "-u"),
    *("--upload-pack", "--template", "--separate-git-dir", "-j", "--jobs", "--filter", "--config", "--server-option"),
)


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*_BEFORE_THE_VERB, *_VALUES)
    if not operands:
        return
    around, folder = call.around, call.value("-C") or "."
    if operands[0].text == "clone" and len(operands) > 1:
        url = operands[1].pattern
        name = operands[2].pattern if len(operands) > 2 else url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        target = name if name.startswith(("/", "$", "~")) else f"{folder}/{name}"
        yield writes(around.resolve(target), Download(url), call.span)
    elif operands[0].text in ("fetch", "pull", "submodule", "lfs"):
        yield writes(around.resolve(folder), Download(None), call.span)


TOOLS = (Tool(("git",), _effects),)
