"""pacman: packages of Arch Linux, and the archives that it keeps of all that it installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, figure, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_CACHE = "/var/cache/pacman/pkg"
# Options that take the next word along.
VALUES = (
    *("-b", "--dbpath", "-r", "--root", "--sysroot", "--arch", "--cachedir", "--color", "--config", "--gpgdir"),
    *("--hookdir", "--logfile", "--assume-installed", "--ignore", "--ignoregroup", "--overwrite"),
)


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    if call.has("--print", "-p", "--help"):
        return
    names = tuple(word.pattern for word in call.operands(*VALUES))
    folder = call.around.resolve(call.value("--cachedir") or _CACHE)
    if call.has("-U", "--upgrade"):
        yield writes(None, Built("pacman -U"), call.span)
    elif call.has("-R", "--remove"):
        yield removes_packages(PackageSet("pacman", names), call.span)
    elif call.has("-S", "--sync"):
        if call.has("-c", "--clean"):
            if _cleans_all(call):
                yield removes(folder, call.span)
            return
        if call.has("-s", "--search", "-i", "--info", "-l", "--list"):
            return
        upgrades = call.has("-u", "--sysupgrade")
        if upgrades:
            yield writes(None, Built("pacman -Syu"), call.span)
        if names:
            already = call.around.files.packages("pacman")
            yield writes(None, PackageSet("pacman", names, libc="glibc", already=already), call.span)
        if names or upgrades:
            measured = figure("pacman.cache")
            left = Leftover("install-cache", "pacman's package archives", f"rm -rf {_CACHE}/*", figure=measured)
            yield call.leaves(folder, left)


def _cleans_all(call: Call) -> bool:
    """Whether `pacman -Scc` empties the cache: `--noconfirm` takes the answer that its question has by default, and
    that is no. `-Sc` leaves the archives of what is installed.
    """
    twice = sum(option.count("c") for option in call.options if not option.startswith("--")) > 1
    return (twice or call.options.count("--clean") > 1) and not call.has("--noconfirm")


TOOLS = (Tool(("pacman",), _effects),)
