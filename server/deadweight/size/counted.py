"""Packages of managers that no table knows, as bytes: as many as the lockfile says, or at least as the manifest asks
for, each by what such ones weigh.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts.constants import constant
from deadweight.model.ecosystems import golang, php, ruby, rust
from deadweight.size.units import Size, at_least, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from deadweight.model.effects import PackageSet


class _Manager(NamedTuple):
    """What a manager's packages are called, and the constants: what one weighs installed and kept as a download, and
    what projects keep whose packages nobody can count; '' where nobody has measured it. Where no lockfile counts them,
    at least those are there that are `asked` for.
    """

    packages: str
    counted: Callable[[PackageSet], int | None]
    installed: str
    kept: str
    kept_at_all: str = ""
    asked: Callable[[PackageSet], int | None] = lambda _: None


def installed(packages: PackageSet) -> Size | None:
    """Bytes that an install writes; None where nobody can count its packages."""
    manager = MANAGERS[packages.manager]
    if not manager.installed:
        return None
    if (count := manager.counted(packages)) is not None:
        return _times(manager, count, manager.installed)
    asked = manager.asked(packages)
    return None if asked is None else at_least(_times(manager, asked, manager.installed))


def cache_left(packages: PackageSet) -> Size | None:
    """Bytes that the downloads of an install come to."""
    manager = MANAGERS[packages.manager]
    count = manager.counted(packages)
    if count is not None:
        return _times(manager, count, manager.kept)
    if not manager.kept_at_all:
        return None
    known = constant(manager.kept_at_all)
    what = f"{manager.packages} of a project"
    return size(what, round(known.low), round(known.best), round(known.high), known.source, known.date)


def _times(manager: _Manager, count: int, name: str) -> Size:
    """So many packages, of which nobody knows whether they are heavy ones: their ranges do not cancel out."""
    each = constant(name)
    low, best, high = (round(count * bytes_) for bytes_ in (each.low, each.best, each.high))
    return size(f"{count} {manager.packages}", low, best, high, each.source, each.date)


def _named(packages: PackageSet) -> int | None:
    return len(packages.names) or None


def _gems(packages: PackageSet) -> int | None:
    project = packages.project
    if project is None or not project.lock:
        return None
    lock = _lock_of_gems(project.lock)
    if project.manifest is None:
        return len(lock)
    without = [option.removeprefix("without=") for option in packages.options if option.startswith("without=")]
    return len(ruby.installed(_gemfile(project.manifest), lock, without))


def _php(packages: PackageSet) -> int | None:
    if packages.names:
        return len(packages.names)
    lock = _lock_of_php(packages.project.lock) if packages.project and packages.project.lock else None
    return len(lock.packages) + (len(lock.dev) if "dev" in packages.options else 0) if lock else None


def _php_asked(packages: PackageSet) -> int | None:
    manifest = _manifest_of_php(packages.project.manifest) if packages.project and packages.project.manifest else None
    return len(manifest.packages) + (len(manifest.dev) if "dev" in packages.options else 0) if manifest else None


def _crates(packages: PackageSet) -> int | None:
    return rust.crates(packages.project.lock) if packages.project and packages.project.lock else None


def _modules(packages: PackageSet) -> int | None:
    return golang.modules(packages.project.manifest) if packages.project and packages.project.manifest else None


_gemfile = lru_cache(maxsize=8)(ruby.read_gemfile)
_lock_of_gems = lru_cache(maxsize=8)(ruby.read_lock)
_lock_of_php = lru_cache(maxsize=8)(php.read_lock)
_manifest_of_php = lru_cache(maxsize=8)(php.read_manifest)
MANAGERS = {
    "gem": _Manager("gems", _named, "", "gem.kept_by_name"),
    "bundler": _Manager("gems", _gems, "gem.installed", "gem.kept", "gem.kept_by_project"),
    "composer": _Manager(
        "packages", _php, "composer.installed", "composer.kept", "composer.kept_by_project", _php_asked
    ),
    "cargo": _Manager("crates", _crates, "", "cargo.kept", "cargo.kept_by_project"),
    "go": _Manager("modules", _modules, "", "go.module", "go.modules"),
    "nuget": _Manager("packages", _named, "", "nuget.kept"),
}
