"""What `apt-get install` writes, in bytes: the packages apt adds to a minimal Debian, each counted once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import packages as facts
from deadweight.size.parts import condensed
from deadweight.size.units import Size, around, size, total

if TYPE_CHECKING:
    from collections.abc import Iterable

SUITES = ("bookworm", "trixie")

# Releases without package lists of their own, by the Debian release nearest in time.
NEAREST = {
    **dict.fromkeys(("buster", "bullseye", "focal", "jammy", "lunar"), "bookworm"),
    **dict.fromkeys(("noble", "plucky", "questing", "resolute", "forky", "sid"), "trixie"),
}
OTHER_RELEASE = 0.25

LAYER_SOURCE = "apt-get install in real builds, Debian bookworm"
DATE = "2026-11-23"

# What a slim image leaves out even of a small request: of wget's 3.7 MB it writes 1.6, no translations, no manuals.
TRANSLATIONS = 2_500_000
# Packages of nothing else: gnupg-l10n, 4.9 MB, is empty there.
_TEXTS_ALONE = ("-l10n", "-doc", "-docs", "-locales", "-man")


class Added(NamedTuple):
    """What an install adds to a minimal Debian: the packages, what was `asked` for, and the names in no table.

    `held` are the packages that were there before.
    """

    packages: frozenset[str]
    asked: tuple[str, ...]
    unknown: tuple[str, ...]
    held: frozenset[str]


def added(names: Iterable[str], suite: str | None, *, recommends: bool, already: Iterable[str] = ()) -> Added:
    """The packages that `apt-get install NAMES` adds, by name; arguments as in `installed`."""
    return _added(tuple(names), nearest(suite), recommends, tuple(already))


@lru_cache(maxsize=128)
def _added(names: tuple[str, ...], known_suite: str, recommends: bool, already: tuple[str, ...]) -> Added:
    held = frozenset(
        each for name in already for each in (name, *(facts.apt_closure(known_suite, name, recommends=False) or ()))
    )
    # apt leaves a package alone that is there, and does not ask for its recommendations again.
    asked = tuple(name for name in dict.fromkeys(names) if name not in held)
    closures = [facts.apt_closure(known_suite, name, recommends=recommends) for name in asked]
    packages = frozenset(name for closure in closures for name in closure or ()) - held
    unknown = tuple(name for name, closure in zip(asked, closures, strict=True) if closure is None)
    return Added(packages, asked, unknown, held)


def installed(names: Iterable[str], suite: str | None, *, recommends: bool, already: Iterable[str] = ()) -> Size | None:
    """Bytes that `apt-get install NAMES` adds to a layer of Debian or Ubuntu ("bookworm"; None for an unknown suite).

    `already` are names that were installed before, in the base image or in an earlier layer: what they brought along
    is not written again. A name that is not in the table opens the upper end; None where no name is.
    """
    found = added(names, suite, recommends=recommends, already=already)
    if found.unknown and found.unknown == found.asked:
        return None
    if not found.packages:
        return Size(0, 0, None if found.unknown else 0)
    return unpacked(found.packages, suite, unknown=len(found.unknown))


def unpacked(names: Iterable[str], suite: str | None, *, unknown: int = 0) -> Size | None:
    """Bytes of exactly these packages, and of so many unknown ones."""
    known_suite = nearest(suite)
    found = [facts.debian_package(known_suite, name) for name in sorted(names)]
    packages = [each for each in found if each is not None]
    sizes: list[Size | None] = [_unpacked(each) for each in packages]
    sizes += [_byte_code(packages), *(None for _ in range(unknown))]
    sum_ = total(sizes)
    if sum_ is None:
        return None
    # The packages of a layer err together: an image that leaves out documentation leaves it out of all of them.
    width = OTHER_RELEASE if suite not in SUITES else 0.0
    shipped = sum(each.installed for each in packages)
    left_out = TRANSLATIONS + sum(each.installed for each in packages if each.name.endswith(_TEXTS_ALONE))
    low = round(min(sum_.low, sum_.best - (0.15 + width) * shipped - left_out))
    high = None if sum_.high is None else round(max(sum_.high, sum_.best + (0.05 + width) * shipped))
    return condensed(Size(max(0, low), sum_.best, high, sum_.parts), "more packages")


def nearest(suite: str | None) -> str:
    """The release with package lists of its own that stands for `suite`."""
    return suite if suite in SUITES else NEAREST.get(suite or "", SUITES[0])


def _unpacked(package: facts.DebianPackage) -> Size:
    """Installed-Size rounds every file up to whole kilobytes, so that the files themselves weigh a little less."""
    return around(package.name, round(package.installed * 0.96), 0.15, 0.05, package.source, package.date)


# Packages whose .py files are compiled when they are installed: python3-pip, libpython3.11-stdlib, python3.11-minimal
_COMPILED = r"python3-.+|libpython3[\d.]*-(?:stdlib|minimal)"


def _byte_code(packages: Iterable[facts.DebianPackage]) -> Size:
    """.pyc files, which no package list counts."""
    shipped = sum(each.installed for each in packages if re.fullmatch(_COMPILED, each.name))
    if not shipped:
        return Size(0, 0, 0)
    return size(
        "compiled Python files", round(0.4 * shipped), round(0.95 * shipped), round(1.3 * shipped), LAYER_SOURCE, DATE
    )
