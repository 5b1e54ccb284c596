"""pipx: programs of PyPI, each in a virtual environment of its own, installed by pip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands import pip, venv
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = ("--suffix", "--preinstall", "--python", "--pip-args", "-i", "--index-url", "--include-deps", "--backend")


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    named = "PIPX_GLOBAL_HOME" if call.has("--global") else "PIPX_HOME"
    usual = "/opt/pipx" if call.has("--global") else "~/.local/share/pipx"
    home = around.resolve(around.variables.get(named) or usual)
    if verb in ("install", "inject"):
        settings = pip.settings(call)
        # An injected package goes into the environment of the program that is named first.
        packages = replace(
            pip.requested(call, operands[1 if verb == "install" else 2 :], pip.indexes(call, settings)), already=()
        )
        yield writes(home, packages, call.span)
        yield writes(home, venv.PIP, call.span)  # one for all environments
        cache = around.resolve(around.variables.get("PIP_CACHE_DIR") or around.cached("pip"))
        told = "--no-cache" in (call.value("--pip-args") or "")
        if cache and not told and settings.value("no-cache-dir") is None:
            left = Leftover("install-cache", "pip's download cache", f"rm -rf {cache}", of=packages)
            yield writes(cache, left, call.span)
    elif verb == "uninstall":
        yield removes_packages(PackageSet("pip", tuple(word.plain for word in operands[1:])), call.span)
    elif verb in ("run", "upgrade", "upgrade-all", "runpip"):
        yield writes(home, Built(f"pipx {verb}"), call.span)


TOOLS = (Tool(("pipx",), _effects),)
