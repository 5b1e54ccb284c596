"""dotnet: what a build writes, and the packages that NuGet downloads and unpacks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import dotnet
from deadweight.model.effects import Built, Leftover, PackageSet, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-c", "--configuration", "-o", "--output", "-r", "--runtime", "-f", "--framework", "-v", "--verbosity"),
    *("-s", "--source", "--configfile", "--packages", "-a", "--arch", "--os", "--version-suffix", "--self-contained"),
)
_BUILDS = frozenset(("build", "publish", "pack", "test", "run", "msbuild"))
_RESTORES = frozenset((*_BUILDS, "restore"))


def _effects(call: Call) -> Iterator[Effect]:
    operands = [word.plain for word in call.operands(*VALUES)]
    verb = operands[0] if operands else ""
    if verb in _BUILDS:
        target = call.value("-o", "--output")
        if target is not None and verb in ("build", "publish"):
            yield writes(call.around.resolve(target), Built(f"dotnet {verb}"), call.span)
        else:
            yield writes(*builds.output(call, "dotnet", ("bin",)), call.span)
    elif operands[:3] in (["nuget", "locals", "all"], ["nuget", "locals", "global-packages"]) and call.has(
        "--clear", "-c"
    ):
        yield removes(call.around.resolve(store(call.around)), call.span)
    elif verb in ("tool", "workload", "new"):
        yield writes(None, Built(f"dotnet {verb}"), call.span)
    if verb in _RESTORES and not call.has("--no-restore", "--no-build"):
        yield from _left(call, operands[1:])


def _left(call: Call, projects: list[str]) -> Iterator[Effect]:
    around = call.around
    path = around.resolve(call.value("--packages") or store(around))
    names = _asked_for(call, projects)
    if path:
        packages = PackageSet("nuget", tuple(sorted(names))) if names else None
        left = Leftover("install-cache", "NuGet's packages", f"rm -rf {path}", of=packages, is_read_again=True)
        yield call.leaves(path, left)


def store(around: Surroundings) -> str:
    """Where NuGet keeps packages, unpacked."""
    return around.variables.get("NUGET_PACKAGES") or "~/.nuget/packages"


def _asked_for(call: Call, projects: list[str]) -> frozenset[str]:
    """The packages that the project files of a call name; none where nobody can tell."""
    texts = (call.around.files.text(path) for each in projects if (path := call.around.resolve(each)))
    return frozenset[str]().union(*(dotnet.references(text) for text in texts if text))


TOOLS = (Tool(("dotnet",), _effects, runs_scripts=True),)
