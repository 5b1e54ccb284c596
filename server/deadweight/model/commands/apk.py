"""apk: packages of Alpine, sets of them under one name, and the index that stays unless `--no-cache` is said."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.facts import alpine_images
from deadweight.model.commands import upgrades
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, figure, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

INDEX = "/var/cache/apk"
# Where this folder is, apk takes it instead, and keeps packages beside its index (Alpine's wiki, Local APK cache, read
# 2026-11-26).
LOCAL_CACHE = "/etc/apk/cache"
_INDEXES = "APKINDEX.*.tar.gz"
# Options that take the next word along.
VALUES = (
    *("-t", "--virtual", "-X", "--repository", "-p", "--root", "-o", "--output", "--arch", "--cache-dir"),
    *("--cache-max-age", "--keys-dir", "--progress-fd", "--repositories-file", "--timeout", "--wait"),
)
# With --no-cache the index is always a new one.
_UPDATES = ("-U", "--update", "--update-cache")
# These fetch the index where there is none; `apk del` does not (apk-tools, src/app_del.c: APK_OPENF_NO_AUTOUPDATE).
_FETCHES_INDEX = ("add", "update", "upgrade", "fix")
_NO_CACHE_SINCE = (3, 3)
_SMALL_INDEX_BEFORE = (3, 12)
_NAME = re.compile(r"[^=<>~@]+")  # of `nodejs=~22`, `curl>8`, `foo@edge`


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables(alpine_images.LISTS.get(call.around.base.repository, {}))
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    root = call.value("-p", "--root")
    folder = around.resolve(root) if root else None
    if not verb or call.has("--simulate", "-s", "--help"):
        return
    index = _index_folder(call, folder)
    if verb in _FETCHES_INDEX and not call.has("--no-cache", "--no-network"):
        yield call.leaves(index and posixpath.join(index, _INDEXES), _index(call, verb))
    names = tuple(match[0] for word in operands[1:] if (match := _NAME.match(word.pattern)))
    if verb == "add":
        # A name with `!` says what must not be there.
        wanted = tuple(name for name in names if not name.startswith("!"))
        already = () if root else (*around.base.packages, *around.files.packages("apk"))
        if wanted:
            base, label = around.base, call.value("-t", "--virtual") or ""
            packages = PackageSet("apk", wanted, suite=base.suite, libc=base.libc, already=already, label=label)
            yield writes(folder, packages, call.span)
    elif verb == "del":
        yield removes_packages(PackageSet("apk", names), call.span)
    elif verb in ("upgrade", "fix"):
        is_whole = verb == "upgrade" and not names and not root
        for newer in upgrades.of_apk(around) if is_whole else (Built(f"apk {verb}"),):
            yield writes(folder, newer, call.span)
    elif verb == "fetch":
        yield writes(around.resolve(call.value("-o", "--output") or "."), Built("apk fetch"), call.span)
    elif verb == "cache" and operands[-1].text == "purge":  # `clean` leaves the index where it is
        yield removes(index, call.span)


def _index_folder(call: Call, root: str | None) -> str | None:
    """Where the index is kept: in the root that packages are installed to."""
    if call.around.files.is_mounted(LOCAL_CACHE):
        return LOCAL_CACHE
    folder = call.value("--cache-dir") or INDEX
    if call.value("-p", "--root"):
        return posixpath.join(root, folder.lstrip("/")) if root else None
    return call.around.resolve(folder)


def _index(call: Call, verb: str) -> Leftover:
    suite = call.around.base.suite or ""
    release = tuple(int(each) for each in suite.split(".") if each.isdigit() and len(each) < 4)
    measured = figure("apk.index.small" if release and release < _SMALL_INDEX_BEFORE else "apk.index")
    flag = None if release and release < _NO_CACHE_SINCE else "--no-cache"
    cleanup = f"rm -rf {INDEX}/*"
    return Leftover("install-cache", "apk's package index", cleanup, flag, verb, figure=measured, moot=_UPDATES)


TOOLS = (Tool(("apk",), _effects),)
