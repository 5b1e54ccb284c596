"""What the tools of Python install, as bytes: a PackageSet is read into requirements or what a lockfile pins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.ecosystems import python
from deadweight.size import pip
from deadweight.size.parts import cut_off
from deadweight.size.units import ZERO, Size, around, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.ecosystems.python import LockedDistribution, Requirement
    from deadweight.model.effects import PackageSet, ProjectTexts
    from deadweight.model.folder import Folder

MANAGERS = frozenset(("pip", "uv", "poetry", "pipenv"))

_read_requirement = lru_cache(maxsize=4096)(python.read_requirement)
_read_lock = lru_cache(maxsize=16)(python.read_lock)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an install is asked for. `locked` is None where no lockfile settles it; `is_whole` False: there is more."""

    requirements: tuple[Requirement, ...]
    locked: tuple[LockedDistribution, ...] | None = None
    is_whole: bool = True


def installed(packages: PackageSet) -> Size | None:
    """Bytes that an install writes into site-packages; None where nobody can tell anything about it."""
    asked, options, target = _asked(packages), packages.options, _target(packages)
    if asked is None:
        return None
    if "wheels" in options:
        return cache_left(packages)
    if asked.locked is not None:
        found = _beside(packages.folder, asked.locked, target) or pip.installed_locked(asked.locked, target)
    else:
        found = pip.installed(
            asked.requirements, target, dependencies="no-deps" not in options, already=_there(packages)
        )
    return _with_rest(asked, found)


def lacks_musl(packages: PackageSet) -> Iterator[str]:
    """The distributions of an install that have wheels for glibc and none for musl."""
    asked = _asked(packages)
    if asked is None:
        return
    for each in asked.locked or ():
        stated = each.glibc_wheel is not None
        if each.musl_wheel is None if stated else pip.glibc_alone(each.name, each.version):
            yield each.name
    if asked.locked is None:
        for name, version in names(packages):
            if pip.glibc_alone(name, version):
                yield name


def names(packages: PackageSet) -> Iterator[tuple[str, str]]:
    """The distributions that an install writes, by name, each with its version or ''."""
    asked = _asked(packages)
    if asked is None:
        return
    if asked.locked is not None:
        yield from ((each.name, each.version) for each in asked.locked)
    else:
        yield from pip.names(asked.requirements, _target(packages), dependencies="no-deps" not in packages.options)


@dataclass(frozen=True, slots=True)
class _Site:
    """A site-packages folder: its bytes without byte code, those of its modules, and what is installed there."""

    files: int
    modules: int
    versions: tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)
def _site(environment: Folder) -> _Site | None:
    """The site-packages of a virtual environment."""
    library = environment.at("lib") or environment
    folders = (below.at("site-packages") for name, below in library.folders.items() if name.startswith("python"))
    site = next((each for each in folders if each and each.count), None)
    if site is None:
        return None
    files = modules = 0
    for _, folder in site.walk(lambda name, _: name != "__pycache__"):
        files += sum(folder.files.values())
        modules += sum(count for name, count in folder.files.items() if name.endswith(".py"))
    records = (name.removesuffix(".dist-info") for name in site.folders if name.endswith(".dist-info"))
    return _Site(
        files, modules, tuple((python.normal(each[0]), each[2]) for each in (name.partition("-") for name in records))
    )


def _beside(environment: Folder | None, wanted: tuple[LockedDistribution, ...], target: pip.Target) -> Size | None:
    """What the project's own virtual environment tells of an install; None where it holds something else."""
    site = _site(environment) if environment else None
    if site is None or not {(each.name, each.version) for each in wanted} <= set(site.versions):
        return None
    names = {each.name for each in wanted}
    more = [python.LockedDistribution(name, version) for name, version in site.versions if name not in names]
    byte_code = site.modules * constant("pip.byte_code.by_source").best if target.byte_code else 0
    weighed = round(site.files + byte_code)
    rest = pip.installed_locked(more, target) if more else ZERO
    best = weighed - (rest.best if rest else 0)
    if best < weighed / 4:
        return None  # too little of it to tell
    unsure = (weighed - best) / best / 3 + 0.05
    return around(
        "packages of the virtual environment", best, min(unsure, 0.9), unsure, ".venv in the build context", ""
    )


def cache_left(packages: PackageSet) -> Size | None:
    """Bytes that stay in the cache of the tool: wheels, or beside what it links its records of them."""
    asked, options, target = _asked(packages), packages.options, _target(packages)
    if asked is None:
        return None
    if "linked" in options or "copied" in options:
        records = (
            pip.records_left(asked.requirements, target)
            if asked.locked is None
            else pip.records_left_locked(asked.locked)
        )
        return total((records, installed(packages))) if "copied" in options else records
    if asked.locked is not None:
        found = pip.cache_left_locked(asked.locked, target)
    else:
        found = pip.cache_left(
            asked.requirements, target, dependencies="no-deps" not in options, already=_there(packages)
        )
    return _with_rest(asked, found)


def with_cuda(packages: PackageSet) -> tuple[str, ...]:
    """The names of what is asked for that brings libraries for CUDA from PyPI, by itself or by what it needs."""
    asked = _asked(packages)
    if asked is None or asked.locked is not None or "no-deps" in packages.options:
        return ()
    there = {each.name for each in map(_read_requirement, packages.already) if each}
    return tuple(name for name in pip.with_cuda(asked.requirements, _target(packages)) if name not in there)


def _target(packages: PackageSet) -> pip.Target:
    options = packages.options
    return pip.Target(packages.libc, packages.runtime, "no-compile" not in options, "cpu" in options)


def _there(packages: PackageSet) -> frozenset[str]:
    return _brought(packages.already, "cpu" in packages.options)


@lru_cache(maxsize=16)
def _brought(names: tuple[str, ...], cpu: bool) -> frozenset[str]:
    """The distributions that installs brought: a file may hold thousands of these, each on all before it."""
    return frozenset[str]().union(*[_brought_by(name, cpu) for name in names])


@lru_cache(maxsize=4096)
def _brought_by(name: str, cpu: bool) -> frozenset[str]:
    requirement = _read_requirement(name)
    return pip.brought(requirement, cpu=cpu) if requirement else frozenset()


def _with_rest(asked: _Asked, size: Size | None) -> Size | None:
    """A size of what was read of a list that is too long."""
    return size if asked.is_whole else cut_off(size, f"{python.MOST_REQUIREMENTS:,} requirements")


def _asked(packages: PackageSet) -> _Asked | None:
    """What an install is asked for, by name and in files; None where a file's text is not known."""
    named = tuple(each for name in packages.names if (each := _named(name)))
    if packages.project is None:
        return _Asked(named)
    found = _of_project(packages.manager, packages.project, packages.options)
    if found is None or not named:
        return found
    return _Asked((*named, *found.requirements), found.locked, found.is_whole)


def _named(word: str) -> Requirement | None:
    """What a word of a command asks for: `$PACKAGES`, whose value nobody knows, may be anything."""
    return _read_requirement(word) or (python.Requirement("", url=word) if "$" in word or "`" in word else None)


@lru_cache(maxsize=32)
def _of_project(manager: str, project: ProjectTexts, options: frozenset[str]) -> _Asked | None:
    """What the files of a project ask for; a file that stays the same is read once."""
    if project.manifest is None and project.lock is None:
        return None
    text = project.manifest or ""
    if project.includes:
        read = python.read_requirements(text, "", dict(project.includes).get)
        return _Asked(read.requirements, is_whole=read.is_whole)
    declared = python.read_pipfile(text) if manager == "pipenv" else python.read_pyproject(text)
    lock = _read_lock(project.lock) if project.lock else None
    if declared is None:
        return None if lock is None else _Asked((), lock)
    chosen = python.chosen(replace(declared, manager=manager), options | ({"only=main"} if manager == "pip" else set()))
    if lock is None:
        return _Asked(chosen)
    if any(each.depends for each in lock):
        return _Asked(chosen, python.locked(lock, chosen))
    # A Pipfile.lock does not say who needs what, only which section it is in.
    return _Asked(chosen, tuple(each for each in lock if not each.dev or "without=dev" not in options))
