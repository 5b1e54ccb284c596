"""zypper: packages of SUSE, and what it keeps of the repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import rpm
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, figure, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_CACHE = "/var/cache/zypp"
# Options that take the next word along.
VALUES = (
    *("--root", "-R", "--installroot", "--repo", "-r", "--from", "--type", "-t", "--cache-dir", "-C", "--plus-repo"),
    *("-p", "--reposd-dir", "-D", "--download", "--config", "-c", "--releasever"),
)
_INSTALLS = frozenset(("install", "in"))
_UPGRADES = frozenset(("update", "up", "dist-upgrade", "dup", "patch"))
_REMOVES = frozenset(("remove", "rm"))
_FETCHES = _INSTALLS | _UPGRADES | {"refresh", "ref", "search", "se", "info", "if", "list-updates", "lu"}


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    is_moved, root = rpm.root_of(call, "--root", "-R", "--installroot")
    if not verb or call.has("--dry-run", "--help"):
        return
    cache = rpm.below(_CACHE, is_moved=is_moved, root=root)
    if verb in _FETCHES:
        left = Leftover(
            "install-cache", "zypper's package metadata", "zypper clean --all", figure=figure("zypper.metadata")
        )
        yield call.leaves(cache, left)
    names = tuple(word.pattern.partition("=")[0] for word in operands[1:])
    if verb in _INSTALLS and names:
        # openSUSE's images set `solver.onlyRequires = true`: what is only recommended stays out unless it is asked for.
        yield rpm.installs(call, names, root, is_moved=is_moved, recommends=call.has("--recommends"))
    elif verb in _REMOVES:
        yield rpm.uninstalls(call, names)
    elif verb in _UPGRADES:
        yield writes(root, Built(f"zypper {verb}"), call.span)
    elif verb in ("clean", "cc", "clean-cache") and call.has("-a", "--all", "-m", "--metadata"):
        yield removes(cache, call.span)


TOOLS = (Tool(("zypper",), _effects),)
