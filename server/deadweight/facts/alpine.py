"""What Alpine's packages weigh and depend on, from an index of 2023 and of images of today where they list them, and
what it calls those of Debian.

The index of 3.17 is whole; of 3.24 the table has what official images and the pages of packages say. So a package is
weighed by the row nearest to the release that is asked for, and depends on what the index says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from deadweight.facts.tables import table

OLD, NEW = "3.17", "3.24"
# From 3.21 on an index counts bytes; until then blocks of 4 KiB, and most packages are nearer to those of 3.17.
_NEW_FROM = (3, 21)
_MORE = "?"  # among what a package depends on: there is more, and nobody wrote it down


@dataclass(frozen=True, slots=True)
class AlpinePackage:
    """A package as `release` has it: unpacked bytes, the packages it depends on, and whether these are all."""

    name: str
    release: str
    installed: int
    depends: tuple[str, ...]
    is_complete: bool
    source: str
    date: str


def nearest(release: str | None) -> str:
    """The release of the table that stands for a release of Alpine: "3.22", "edge", None for an unknown one."""
    numbers = tuple(int(each) for each in (release or "").split(".") if each.isdigit() and len(each) < 4)
    return OLD if numbers and numbers < _NEW_FROM else NEW


@lru_cache(maxsize=4096)
def alpine_package(release: str, name: str) -> AlpinePackage | None:
    """A package by its name or by one that it provides (openssh-client); `release` is one of the table."""
    rows = [row for each in (release, NEW, OLD) if (row := table("alpine").row(each, name))]
    if not rows:
        return None
    depends = next((row[4] for row in rows if row[4]), "").split()
    _, _, installed, _, _, source, date = rows[0]
    if not installed:
        return alpine_package(release, depends[0])
    # The same names come again and again: one string each.
    needed = tuple(intern(each) for each in depends if each != _MORE)
    return AlpinePackage(intern(name), rows[0][0], int(installed), needed, _MORE not in depends, source, date)


def alpine_starting(release: str, prefix: str) -> dict[str, int]:
    """The packages whose names start with `prefix`, by name, and the unpacked bytes of each alone."""
    others = (OLD, NEW) if release == NEW else (NEW, OLD)
    rows = (row for each in others for row in table("alpine").starting(each, prefix) if row[2])
    return dict(sorted({row[1]: int(row[2]) for row in rows}.items()))


@lru_cache(maxsize=1024)
def in_alpine(name: str) -> tuple[str, ...] | None:
    """The packages of Alpine that bring what a package of Debian does; None where nobody has said so."""
    row = table("apk_names").row(name)
    return tuple(row[1].split()) if row else None
