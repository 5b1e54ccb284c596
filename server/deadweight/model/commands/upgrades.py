"""What `apt-get upgrade`, `apk upgrade` and `dnf update` write: packages that the base image holds, once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.effects import Built, Measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Surroundings
    from deadweight.model.image import Base

WHAT = "packages newer than those of the base image"
# How many dots a version has that is built once and never again: debian:12.4, python:3.11.2; ubuntu:22.04 goes on.
_DOTS = {"debian": 1, "ubuntu": 9}
_USUAL_DOTS = 2
_STANDS_STILL = ("amazonlinux", "2023")


def of_apt(around: Surroundings) -> Iterator[Measured]:
    """What an upgrade of Debian or Ubuntu brings, by how old the base may be."""
    yield from _once(around, "apt.upgrade.old" if _stands_still(around.base) else "apt.upgrade")


def of_apk(around: Surroundings) -> Iterator[Measured | Built]:
    """What an upgrade brings to an image of a language on Alpine that is not built anew; nobody has measured it for
    Alpine alone, nor for a tag that goes with the builds (node:22-alpine).
    """
    base = around.base
    if base.repository in ("alpine", "") or base.os_family != "alpine" or not _stands_still(base):
        yield Built("apk upgrade")
    else:
        yield from _once(around, "apk.upgrade")


def of_rpm(around: Surroundings, program: str, release: str | None) -> Iterator[Measured | Built]:
    """What an upgrade to a `release` brings to a system of RPM; None for that of the image.

    The repositories of Amazon Linux 2023 stand still for each release, and so do those that an image asks (AWS,
    "Deterministic upgrades through versioned repositories", read 2026-11-26).
    """
    if around.base.os_family != "rpm":
        yield Built(program)
    elif release is not None or (around.base.os, around.base.suite) != _STANDS_STILL:
        yield from _once(around, "rpm.upgrade")


def _once(around: Surroundings, constant: str) -> Iterator[Measured]:
    """The packages are as new as can be where they were upgraded before."""
    newer = Measured(WHAT, constant)
    if not around.files.has(newer):
        yield newer


def _stands_still(base: Base) -> bool:
    return base.version.count(".") >= _DOTS.get(base.repository, _USUAL_DOTS)
