"""What dnf, yum and zypper write, in bytes, as far as Debian's packages of the same programs and lists of dnf tell."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.facts.tables import table
from deadweight.facts.weak_dependencies import weak_dependencies
from deadweight.model.effects import PackageSet
from deadweight.size import apt
from deadweight.size.units import Part, Size, at_least, size, total

if TYPE_CHECKING:
    from deadweight.facts.weak_dependencies import WeakDependency

_SUITE = "bookworm"
# What every image with dnf or microdnf has, and Debian's smallest system does not.
_HELD = ("ca-certificates", "curl")


def installed(packages: PackageSet) -> Size | None:
    """Bytes that installing RPM packages adds to a layer, with what they bring along as weak dependencies.

    No index of an RPM distribution is in the facts: a wide range around what Debian's packages weigh. A name that
    stands for none of them opens the upper end; None where no name does.
    """
    listed = _listed(packages.suite, (*packages.already, *packages.names))
    asked = tuple(name for name in packages.names if name not in listed)
    named = [weighs(listed[name]) for name in packages.names if name in listed and name not in packages.already]
    brought = [*named, *map(weighs, weak(packages))]
    return total(([_installed(asked, packages.already)] if asked else []) + brought)


def weak(packages: PackageSet) -> tuple[WeakDependency, ...]:
    """What an install brings along that nobody asked for, as far as anybody has listed it."""
    if "recommends" not in packages.options:
        return ()
    there = {*packages.names, *packages.already, *_listed(packages.suite, packages.already)}
    return tuple([each for name, each in _listed(packages.suite, packages.names).items() if name not in there])


def weighs(each: WeakDependency) -> Size | None:
    """The bytes of a package that comes along."""
    if each.low is None or each.best is None:
        return None
    return size(each.name, each.low, each.best, each.best, each.source, each.date)


@lru_cache(maxsize=256)
def _listed(dist: str | None, names: tuple[str, ...]) -> dict[str, WeakDependency]:
    """The packages that come along with any of these, by name."""
    return {each.name: each for name in names for each in weak_dependencies(dist, name)} if dist else {}


@lru_cache(maxsize=256)
def _installed(names: tuple[str, ...], already: tuple[str, ...]) -> Size | None:
    known = tuple(debian for each in names if (debian := debian_name(each)))
    held = (*_HELD, *(debian for each in already if (debian := debian_name(each))))
    found = _on_debian(known, held) if known else None
    if found is None:
        return None
    band = constant("rpm.by_debian_name")
    parts = tuple(
        Part(
            each.what,
            round(each.low * band.low),
            each.best,
            None if each.high is None else round(each.high * band.high),
            f"Debian's package of that name, as {each.source}",
            each.date,
        )
        for each in found.parts
    )
    high = None if found.high is None else round(found.high * band.high)
    whole = Size(round(found.low * band.low), found.best, high, parts)
    return whole if len(known) == len(names) else at_least(whole)


@lru_cache(maxsize=2048)
def debian_name(name: str) -> str | None:
    """Debian's package of the same program or library: by the table, else the one of that name; None for none."""
    if row := table("rpm_names").row(name):
        return row[1]
    stem = name.removesuffix("-devel")
    candidates = (name,) if stem == name else (f"{stem}-dev", f"lib{stem}-dev")
    return next((each for each in candidates if _on_debian((each,)) is not None), None)


def _on_debian(names: tuple[str, ...], already: tuple[str, ...] = ()) -> Size | None:
    return apt.installed(PackageSet("apt", names, suite=_SUITE, already=already))
