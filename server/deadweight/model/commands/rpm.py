"""What dnf, yum and zypper have in common: packages of RPM, in the system or below another root."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.effects import PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


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
    base = call.around.base
    already = () if is_moved else call.around.files.packages("rpm")
    options = frozenset(("recommends",)) if recommends else frozenset[str]()
    packages = PackageSet("rpm", names, suite=base.suite, libc="glibc", options=options, already=already)
    return writes(root, packages, call.span)


def uninstalls(call: Call, names: Iterable[str]) -> Effect:
    """The effect of removing packages."""
    return removes_packages(PackageSet("rpm", tuple(names)), call.span)
