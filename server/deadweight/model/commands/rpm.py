"""What dnf, yum and zypper have in common: packages of RPM, in the system or below another root."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.effects import PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base

_UBI = re.compile(r"\bubi(\d+)\b")
_DISTS = {
    **dict.fromkeys(("almalinux", "centos", "oraclelinux", "rockylinux"), "el"),
    "amazonlinux": "amzn",
    "fedora": "fc",
}


def root_of(call: Call, *options: str) -> tuple[bool, str | None]:
    """Whether packages go below another root than `/`, and which: None where nobody can tell."""
    typed = call.value(*options)
    return typed is not None, call.around.resolve(typed) if typed else None


def below(folder: str, *, is_moved: bool, root: str | None) -> str | None:
    """Where a folder of the system lies in that root."""
    if not is_moved:
        return folder
    return posixpath.join(root, folder.lstrip("/")) if root else None


def installs(call: Call, names: tuple[str, ...], root: str | None, *, is_moved: bool, recommends: bool) -> Effect:
    """The effect of an install, `recommends` with the packages that those asked for only recommend."""
    already = () if is_moved else call.around.files.packages("rpm")
    options = frozenset(("recommends",)) if recommends else frozenset[str]()
    packages = PackageSet("rpm", names, suite=dist(call.around.base), libc="glibc", options=options, already=already)
    return writes(root, packages, call.span)


def dist(base: Base) -> str | None:
    """The release of an image in the words of RPM's `%{dist}`, in which packages of one name are alike: el9, fc44."""
    if base.os in ("ubi", "ubi-minimal"):  # whose repositories have the release in their names
        return f"el{named[1]}" if (named := _UBI.search(base.repository)) else None
    return f"{_DISTS[base.os]}{base.suite}" if base.os in _DISTS and base.suite else None


def uninstalls(call: Call, names: Iterable[str]) -> Effect:
    """The effect of removing packages."""
    return removes_packages(PackageSet("rpm", tuple(names)), call.span)
