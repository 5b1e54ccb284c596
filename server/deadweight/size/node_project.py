"""What the tools of Node install, as bytes: a PackageSet is read into a manifest and its lockfile, or into names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.model.ecosystems import node
from deadweight.size import npm
from deadweight.size.units import Part, Size

if TYPE_CHECKING:
    from deadweight.model.ecosystems.node import Lock, Manifest
    from deadweight.model.effects import PackageSet

MANAGERS = frozenset(("npm", "yarn", "yarn berry", "yarn pnp", "pnpm", "bun"))


@lru_cache(maxsize=32)
def _read_manifest(text: str) -> Manifest | None:
    return node.read_manifest(text)


@lru_cache(maxsize=16)
def _read_lock(text: str) -> Lock | None:
    return node.read_lock(text)


def installed(packages: PackageSet) -> Size | None:
    """Bytes that an install writes; None where nobody can tell anything about it."""
    options, libc = packages.options, packages.libc
    if packages.names:
        return npm.named(packages.names, libc, is_global="global" in options)
    manifest, lock = _project(packages)
    if manifest is None:
        return None
    dev = "dev" in options
    if "records" in options:
        return npm.pruned(manifest, lock, dev=dev, libc=libc)
    if packages.manager == "yarn pnp":
        return npm.cache_left(manifest, lock, dev=dev, libc=libc, manager="yarn berry")
    clean = "frozen" in options
    added = npm.installed(
        manifest, lock, dev=dev, libc=libc, clean=clean, manager=packages.manager, folder=packages.folder
    )
    return _beyond(packages.there, added) if added and packages.there else added


def cache_left(packages: PackageSet) -> Size | None:
    """Bytes that stay in the cache of the tool."""
    if packages.names:
        return npm.named_cache_left(packages.names, packages.manager, is_global="global" in packages.options)
    manifest, lock = _project(packages)
    if manifest is None:
        return None
    dev = "dev" in packages.options
    left = npm.cache_left(manifest, lock, dev=dev, libc=packages.libc, manager=packages.manager)
    # Beside a copied node_modules npm may find nothing to download; a clean checkout has no such folder.
    return Size(0, left.best, left.high, left.parts) if left and packages.there else left


def names(packages: PackageSet, *, dev: bool) -> frozenset[str]:
    """The packages that an install writes, by name, as far as manifest and lockfile tell; `dev`: with those that only
    development needs, where it takes them along.
    """
    if packages.names:
        return frozenset([name for each in packages.names if (name := each[:1] + each[1:].partition("@")[0])])
    manifest, lock = _project(packages)
    if manifest is None:
        return frozenset()
    wanted = node.install_set(manifest, lock, dev=dev and "dev" in packages.options, libc=packages.libc)
    return frozenset([*(each.name for each in wanted.locked), *(each.name for each in wanted.unlocked)])


def _beyond(there: int, added: Size) -> Size:
    """What an install writes where a copy of its folder is there already: what that lacks; all of it at the most."""
    low, best = max(0, added.low - there), max(0, added.best - there)
    sources = dict.fromkeys(part.source for part in added.parts)
    date = min((part.date for part in added.parts), default="")
    part = Part("packages that the copied folder lacks", low, best, added.high, ", ".join(sources), date)
    return Size(low, best, added.high, (part,))


def _project(packages: PackageSet) -> tuple[Manifest | None, Lock | None]:
    project = packages.project
    if project is None or project.manifest is None:
        return None, None
    return _read_manifest(project.manifest), _read_lock(project.lock) if project.lock else None
