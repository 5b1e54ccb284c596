"""dnf, yum, microdnf and tdnf: packages of Fedora, Red Hat and their like, and what they keep of the repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands import ini, rpm, upgrades
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, as_text, figure, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base

# Options that take the next word along.
VALUES = (
    *("-c", "--config", "-x", "--exclude", "--excludepkgs", "-d", "--debuglevel", "-e", "--errorlevel"),
    *("--installroot", "--releasever", "--setopt", "--enablerepo", "--disablerepo", "--repo", "--repoid", "--destdir"),
    *("--downloaddir", "--advisory", "--forcearch", "--comment", "--repofrompath", "-R", "--randomwait"),
)
_INSTALLS = frozenset(("install", "in", "localinstall", "reinstall", "install-n", "install-na", "install-nevra"))
_UPGRADES = frozenset(("update", "upgrade", "up", "distro-sync", "dist-upgrade", "update-minimal", "upgrade-minimal"))
_REMOVES = frozenset(("remove", "erase", "rm", "autoremove"))
_PARTS = ("--security", "--sec-severity", "--bugfix", "--advisory", "--advisories", "--cve", "--bz")
_GROUPS = frozenset(("groupinstall", "group", "grp", "groups", "builddep", "build-dep", "swap", "downgrade", "module"))
_FETCHES = frozenset(
    (*_INSTALLS, *_UPGRADES, *_GROUPS, "makecache", "check-update", "list", "search", "info", "provides", "repoquery")
)
_DNF5_SINCE = 41  # Fedora's
_SETTINGS = "/etc/dnf/dnf.conf"
_WEAK = "install_weak_deps"
# gcc-12.2.1-4.fc37.x86_64, nodejs-22.*, curl.x86_64
_VERSION = re.compile(r"(?:-[0-9*][^-]*(?:-[0-9*][^-]*)?)?(?:\.(?:x86_64|i686|aarch64|noarch))?$")


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    is_moved, root = rpm.root_of(call, "--installroot")
    if not verb or call.has("--assumeno", "--downloadonly", "--help"):
        return
    folder = rpm.below(cache(call.program, call.around.base), is_moved=is_moved, root=root)
    if verb in _FETCHES and not call.has("-C", "--cacheonly"):
        yield call.leaves(folder, _metadata(call))
    names = tuple(_VERSION.sub("", word.pattern) for word in operands[1:])
    if verb in _INSTALLS and names:
        yield rpm.installs(call, names, root, is_moved=is_moved, recommends=_brings_weak(call))
    elif verb in _REMOVES:
        yield rpm.uninstalls(call, names)
    elif verb in _UPGRADES or (verb in _GROUPS and verb != "module"):
        # `--security` and its like bring a part that nobody knows.
        is_whole = verb in _UPGRADES and not names and not is_moved and not call.has(*_PARTS)
        program = f"{call.program} {verb}"
        release = call.value("--releasever")
        for newer in upgrades.of_rpm(call.around, program, release) if is_whole else (Built(program),):
            yield writes(root, newer, call.span)
    elif verb == "config-manager" and (settings := [*_set_by(call)]):
        yield writes(_SETTINGS, as_text("[main]\n" + "".join(settings), appends=True), call.span)
    elif verb == "clean" and len(operands) > 1 and operands[1].text in ("all", "metadata", "dbcache"):
        yield removes(folder, call.span)


def _metadata(call: Call) -> Leftover:
    """What the repositories say of their packages. Nobody has measured it for tdnf."""
    program = call.program
    is_yum = call.around.base.package_manager == "yum" and program == "yum"
    measured = None if program == "tdnf" else figure("yum.metadata" if is_yum else "dnf.metadata")
    return Leftover("install-cache", f"{program}'s package metadata", f"{program} clean all", figure=measured)


def _brings_weak(call: Call) -> bool:
    """Whether an install brings what the packages only recommend: not with yum of Red Hat 7, tdnf, or told so.

    No image says so in its dnf.conf: not those of Fedora and Rocky Linux, the minimal ones neither (their kickstarts,
    read 2026-11-26), nor ubi8 (ceph/ceph-container#1798), ubi8-minimal (mongodb/mongodb-kubernetes-operator#1448) and
    Amazon Linux 2023, with microdnf too (amazonlinux/amazon-linux-2023#547).
    """
    if _program(call.program, call.around.base) in ("yum", "tdnf"):
        return False
    said = [each.partition("=")[2] for each in _set_by(call) if each.startswith(f"{_WEAK}=")]
    texts = map(call.around.files.text, (_SETTINGS, "/etc/yum.conf"))  # the one is a link to the other
    configured = [value for text in texts if (value := ini.value(text, _WEAK, "", "main")) is not None]
    wanted = [*configured, *said]
    return not wanted or wanted[-1].strip().lower() not in ini.NO


def _set_by(call: Call) -> Iterator[str]:
    """The settings of a call, a line each: `--setopt=install_weak_deps=False`, `config-manager setopt NAME=VALUE`."""
    texts = [word.plain for word in call.words]
    for before, each in zip(["", *texts], texts, strict=False):
        value = each if before in ("--setopt", "setopt") else each.removeprefix("--setopt=")
        if value != each or before in ("--setopt", "setopt"):
            yield value.removeprefix("*.").removeprefix("main.") + "\n"


_FOLDERS = {"yum": "yum", "microdnf": "yum", "tdnf": "tdnf", "dnf5": "libdnf5"}


def cache(program: str, base: Base) -> str:
    """Where a program of the family keeps what it downloads."""
    return f"/var/cache/{_FOLDERS.get(_program(program, base), 'dnf')}"


def _program(program: str, base: Base) -> str:
    """The program that really runs: `yum` is dnf from Red Hat 8 on, `dnf` is dnf5 from Fedora 41 on."""
    if program == "yum" and base.package_manager in (None, "yum"):
        return "yum"
    is_fedora_with_dnf5 = base.os == "fedora" and (base.suite is None or _number(base.suite) >= _DNF5_SINCE)
    if program in ("yum", "dnf", "microdnf") and is_fedora_with_dnf5:
        return "dnf5"
    return "dnf" if program == "yum" else program


def _number(suite: str) -> int:
    return int(suite) if suite.isdigit() and len(suite) < 4 else _DNF5_SINCE


TOOLS = (Tool(("dnf", "dnf5", "yum", "microdnf", "tdnf"), _effects),)
