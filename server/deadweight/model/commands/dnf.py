"""dnf, yum, microdnf and tdnf: packages of Fedora, Red Hat and their like, and what they keep of the repositories."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Figure, Leftover, PackageSet, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-c", "--config", "-x", "--exclude", "--excludepkgs", "-d", "--debuglevel", "-e", "--errorlevel"),
    *("--installroot", "--releasever", "--setopt", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--destdir"),
    *("--downloaddir", "--advisory", "--forcearch", "--comment", "--repofrompath", "-R", "--randomwait"),
)
_INSTALLS = frozenset(("install", "in", "localinstall", "reinstall", "install-n", "install-na", "install-nevra"))
_UPGRADES = frozenset(("update", "upgrade", "up", "distro-sync", "dist-upgrade", "update-minimal", "upgrade-minimal"))
_REMOVES = frozenset(("remove", "erase", "rm", "autoremove"))
_GROUPS = frozenset(("groupinstall", "group", "grp", "groups", "builddep", "build-dep", "swap", "downgrade", "module"))
_FETCHES = frozenset(
    (*_INSTALLS, *_UPGRADES, *_GROUPS, "makecache", "check-update", "list", "search", "info", "provides", "repoquery")
)
_DNF5_SINCE = 41  # Fedora's
# gcc-12.2.1-4.fc37.x86_64, nodejs-22.*, curl.x86_64
_VERSION = re.compile(r"(?:-[0-9*][^-]*(?:-[0-9*][^-]*)?)?(?:\.(?:x86_64|i686|aarch64|noarch))?$")


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    root = call.value("--installroot")
    folder = call.around.resolve(root) if root else None
    if not verb or call.has("--assumeno", "--downloadonly", "--help"):
        return
    cache = _cache(call, folder)
    if verb in _FETCHES and not call.has("-C", "--cacheonly"):
        yield call.leaves(cache, _metadata(call))
    names = tuple(_VERSION.sub("", word.pattern) for word in operands[1:])
    if verb in _INSTALLS and names:
        already = () if root else call.around.files.packages("rpm")
        packages = PackageSet("rpm", names, suite=call.around.base.suite, libc="glibc", already=already)
        yield writes(folder, packages, call.span)
    elif verb in _REMOVES:
        yield removes_packages(PackageSet("rpm", names), call.span)
    elif verb in _UPGRADES or (verb in _GROUPS and verb != "module"):
        yield writes(folder, Built(f"{call.program} {verb}"), call.span)
    elif verb == "clean" and len(operands) > 1 and operands[1].text in ("all", "metadata", "dbcache"):
        yield removes(cache, call.span)


def _metadata(call: Call) -> Leftover:
    """What the repositories say of their packages. Nobody has measured it for tdnf."""
    program = call.program
    figure = None
    if program != "tdnf":
        is_yum = call.around.base.package_manager == "yum" and program == "yum"
        found = constant("yum.metadata" if is_yum else "dnf.metadata")
        figure = Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)
    return Leftover("install-cache", f"{program}'s package metadata", f"{program} clean all", figure=figure)


def _cache(call: Call, root: str | None) -> str | None:
    """Where it lies: below the root that packages are installed to."""
    folder = f"/var/cache/{_FOLDERS.get(_program(call), 'dnf')}"
    if call.value("--installroot"):
        return posixpath.join(root, folder.lstrip("/")) if root else None
    return folder


_FOLDERS = {"yum": "yum", "microdnf": "yum", "tdnf": "tdnf", "dnf5": "libdnf5"}


def _program(call: Call) -> str:
    """The program that really runs: `yum` is dnf from Red Hat 8 on, `dnf` is dnf5 from Fedora 41 on."""
    base = call.around.base
    if call.program == "yum" and base.package_manager in (None, "yum"):
        return "yum"
    is_fedora_with_dnf5 = base.os == "fedora" and (base.suite is None or _number(base.suite) >= _DNF5_SINCE)
    if call.program in ("yum", "dnf", "microdnf") and is_fedora_with_dnf5:
        return "dnf5"
    return "dnf" if call.program == "yum" else call.program


def _number(suite: str) -> int:
    return int(suite) if suite.isdigit() and len(suite) < 4 else _DNF5_SINCE


TOOLS = (Tool(("dnf", "dnf5", "yum", "microdnf", "tdnf"), _effects),)
