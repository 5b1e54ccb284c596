"""zypper: packages of SUSE, and what it keeps of the repositories."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Figure, Leftover, PackageSet, removes, removes_packages, writes

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
    root = call.value("--root", "-R", "--installroot")
    folder = call.around.resolve(root) if root else None
    if not verb or call.has("--dry-run", "--help"):
        return
    cache = _CACHE if root is None else folder and posixpath.join(folder, _CACHE.lstrip("/"))
    if verb in _FETCHES:
        found = constant("zypper.metadata")
        figure = Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)
        left = Leftover("install-cache", "zypper's package metadata", "zypper clean --all", figure=figure)
        yield call.leaves(cache, left)
    names = tuple(word.pattern.partition("=")[0] for word in operands[1:])
    if verb in _INSTALLS and names:
        already = () if root else call.around.files.packages("rpm")
        packages = PackageSet("rpm", names, suite=call.around.base.suite, libc="glibc", already=already)
        yield writes(folder, packages, call.span)
    elif verb in _REMOVES:
        yield removes_packages(PackageSet("rpm", names), call.span)
    elif verb in _UPGRADES:
        yield writes(folder, Built(f"zypper {verb}"), call.span)
    elif verb in ("clean", "cc", "clean-cache") and call.has("-a", "--all", "-m", "--metadata"):
        yield removes(cache, call.span)


TOOLS = (Tool(("zypper",), _effects),)
