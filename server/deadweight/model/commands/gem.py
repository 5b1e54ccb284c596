"""gem: the gems that it installs by name, and the archives that it keeps of them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P", "--trust-policy"),
    *("-p", "--http-proxy", "-B", "--bulk-threshold", "--platform", "-g", "--file", "--without"),
)
# Where gems lie whose Ruby is a package of the system; a version stands for the star.
_OF_SYSTEMS = {"apt": "/var/lib/gems/*", "apk": "/usr/lib/ruby/gems/*"}


def _effects(call: Call) -> Iterator[Effect]:
    operands = [word.plain for word in call.with_variables().operands(*VALUES)]
    verb, names = (operands[0], tuple(operands[1:])) if operands else ("", ())
    folder = call.around.resolve(call.value("-i", "--install-dir") or "") if call.has("-i", "--install-dir") else None
    folder = folder or home(call.around)
    if verb in ("install", "i", "update"):
        yield writes(folder, Built(f"gem {verb}"), call.span)
        if names and "--system" not in call.options:
            yield from left(call, folder, PackageSet("gem", names))
    elif verb == "sources" and call.has("-c", "--clear-all"):
        yield removes(call.around.resolve("~/.gem/specs"), call.span)


def home(around: Surroundings) -> str | None:
    """The folder that gems are installed into; None where nobody can tell."""
    if told := around.variables.get("GEM_HOME"):
        return around.resolve(told)
    manager = around.base.package_manager or ""
    is_package = any(name.startswith(("ruby", "bundler")) for name in around.files.packages(manager))
    return _OF_SYSTEMS.get(manager) if is_package else None


def left(call: Call, folder: str | None, packages: PackageSet) -> Iterator[Effect]:
    """The archives that stay of gems that are installed into a folder, whoever installs them."""
    if folder is None:
        return
    path = posixpath.join(folder, "cache/*.gem")
    what = "the archives of gems" if folder == home(call.around) else f"the archives of gems in {folder}"
    yield writes(path, Leftover("install-cache", what, f"rm -rf {path}", of=packages), call.span)


TOOLS = (Tool(("gem",), _effects),)
