"""corepack: pnpm, yarn or npm in the version that a project asks for, kept in a folder of its own."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems.lenient import as_object
from deadweight.model.effects import PackageSet, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_FETCHES = frozenset(("prepare", "install", "use", "up", "hydrate"))
# yarn 2 and later is one file, which npm has under another name.
_BERRY = "@yarnpkg/cli-dist"


def _effects(call: Call) -> Iterator[Effect]:
    """`corepack enable` only makes links; the manager itself comes with `prepare`, or when it is first called."""
    operands = call.operands("-o", "--install-directory")
    verb = operands[0].text if operands else ""
    around = call.around
    home = around.resolve(around.variables.get("COREPACK_HOME") or around.cached("node/corepack"))
    if verb in _FETCHES:
        names = tuple(word.plain for word in operands[1:]) or _asked_for(call)
        packages = PackageSet("npm", tuple(map(_on_npm, names)), libc=around.base.libc, options=frozenset(("global",)))
        if names:
            yield writes(home, packages, call.span)
    elif verb == "cache" and operands[-1].text in ("clean", "clear"):
        yield removes(home, call.span)


def _asked_for(call: Call) -> tuple[str, ...]:
    """The manager that package.json names: `"packageManager": "pnpm@10.4.1+sha512.ab"`."""
    folder = call.around.folder
    manifest = call.around.files.text(posixpath.join(folder, "package.json")) if folder else None
    try:
        named = as_object(json.loads(manifest or "{}")).get("packageManager")
    except (ValueError, RecursionError):
        return ()
    return (named.partition("+")[0],) if isinstance(named, str) and named else ()


def _on_npm(name: str) -> str:
    manager, _, version = name.partition("@")
    is_classic = not version or version.startswith(("1", "0", "classic"))
    return f"{_BERRY}@{version}" if manager == "yarn" and not is_classic else name


TOOLS = (Tool(("corepack",), _effects),)
