"""What `pip install` writes, in bytes: site-packages by measured installs and wheels, and the wheels it caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.facts import packages as facts
from deadweight.model.ecosystems.python import applies
from deadweight.size.parts import condensed
from deadweight.size.units import Size, around, size, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.ecosystems.python import LockedDistribution, Requirement

SOURCE = "pip install, CPython 3.11, linux x86_64"
DATE = "2026-11-23"

# Installed files without .pyc, as multiples of the wheel: median, p10 and p90 of 26 installs (python_installed.tsv).
FILES = (2.49, 3.27, 3.64)
# CUDA libraries, which are compressed inside too: nvidia-cusparselt-cu13 0.10.0 is 1.40, nvidia-nvjitlink 13.5.37
# is 2.52.
CUDA_FILES = (1.4, 2.0, 2.6)
# .pyc on top, as multiples of the wheel. Pure Python: boto3 0.2, django 0.9, httpx 3.5, flask 4.3, gunicorn 4.6; with
# compiled parts: pyarrow 0.1, lxml 0.1, scipy 0.8, numpy 0.8, sqlalchemy 2.2. Same installs.
PURE_BYTE_CODE = (0.5, 3.0, 4.6)
NATIVE_BYTE_CODE = (0.05, 0.7, 2.0)

# The table has one Python's byte code, and other releases: numpy 71.4 MB by itself is 71.4 MB in a real build.
MEASURED = 0.08
OTHER_VERSION = 0.3


def installed(requirements: Iterable[Requirement], libc: str | None, *, byte_code: bool = True) -> Size | None:
    """Bytes that installing the requirements with all they depend on writes into site-packages.

    `libc` is "glibc", "musl" or None for unknown (taken as glibc); `byte_code` False: with --no-compile. None where
    nothing is known about any of them. One that is unknown opens the upper end.
    """
    return _installed(_closure(requirements), libc, byte_code)


def installed_locked(
    distributions: Iterable[LockedDistribution], libc: str | None, *, dev: bool, byte_code: bool = True
) -> Size | None:
    """The same for the distributions of a lockfile, which needs no guess about dependencies."""
    return _installed(_locked(distributions, dev), libc, byte_code)


def cache_left(requirements: Iterable[Requirement], libc: str | None) -> Size | None:
    """Bytes that stay in ~/.cache/pip: the wheels as downloaded."""
    return _cached(_closure(requirements), libc)


def cache_left_locked(distributions: Iterable[LockedDistribution], libc: str | None, *, dev: bool) -> Size | None:
    """The same for the distributions of a lockfile."""
    return _cached(_locked(distributions, dev), libc)


# --- which distributions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Distribution:
    """One distribution to weigh. `stated` are wheel bytes that a lockfile states, for glibc and musl."""

    name: str
    version: str = ""
    stated: tuple[int | None, int | None] = (None, None)
    from_index: bool = True


def _closure(requirements: Iterable[Requirement]) -> dict[str, _Distribution]:
    """The requirements and what they depend on, by name, as far as the tables know it."""
    found: dict[str, _Distribution] = {}
    installs = facts.python_installs()
    waiting = []
    for requirement in requirements:
        if not applies(requirement.marker):
            continue
        name = requirement.name or requirement.url
        found[name] = _Distribution(name, requirement.version, from_index=not requirement.url)
        extras = f"{name}[{','.join(requirement.extras)}]"
        for request in (extras, name):
            if install := installs.get(request):
                waiting += [each for each, _ in install.distributions]
                break
        waiting.append(name)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found.setdefault(name, _Distribution(name))
        if wheel := facts.wheel(name):
            waiting += wheel.depends
    return found


def _locked(distributions: Iterable[LockedDistribution], dev: bool) -> dict[str, _Distribution]:
    return {
        each.name: _Distribution(each.name, each.version, (each.glibc_wheel, each.musl_wheel))
        for each in distributions
        if dev or not each.dev
    }


# --- their bytes ----------------------------------------------------------------------------------------------------


def _installed(wanted: dict[str, _Distribution], libc: str | None, byte_code: bool) -> Size | None:
    if not wanted:
        return Size(0, 0, 0)
    by_itself = {name: _unpacked(each, libc, byte_code) for name, each in wanted.items()}
    sizes: list[Size | None] = []
    covered: set[str] = set()
    # Heaviest first: an install of pandas also says what its numpy weighs.
    for install in sorted(facts.python_installs().values(), key=lambda each: -each.installed):
        names = {name for name, _ in install.distributions}
        if names <= wanted.keys() and (measured := _measured(install, wanted, by_itself, covered, libc, byte_code)):
            sizes.append(measured)
            covered |= names
    sizes += [by_itself[name] for name in wanted if name not in covered]
    known = total(sizes)
    return known and condensed(known, "more distributions")


def _measured(
    install: facts.PythonInstall,
    wanted: dict[str, _Distribution],
    by_itself: dict[str, Size | None],
    covered: set[str],
    libc: str | None,
    byte_code: bool,
) -> Size | None:
    """A measured install less what is already covered; None where it says little about these distributions."""
    if libc == "musl" and any(_wheel_bytes(wanted[name], libc) is None for name, _ in install.distributions):
        return None
    count = install.installed - (0 if byte_code else install.byte_code)
    again = sum(known.best for name, _ in install.distributions if name in covered and (known := by_itself[name]))
    if again > count / 2:
        return None
    differs = any(wanted[name].version not in ("", version) for name, version in install.distributions)
    width = OTHER_VERSION if differs or libc == "musl" else MEASURED
    others = sum(name not in covered for name, _ in install.distributions) - 1
    what = install.request + (f" and {others} it needs" if others > 0 else "")
    width = min(0.9, width + again / count)
    return around(what, count - again, width, width, install.source, install.date)


def _unpacked(distribution: _Distribution, libc: str | None, byte_code: bool) -> Size | None:
    """A wheel as installed; None where its size is unknown (not in the table, or only as source)."""
    count = _wheel_bytes(distribution, libc)
    if count is None:
        return None
    wheel = facts.wheel(distribution.name)
    pure = wheel is not None and wheel.pure is not None and wheel.manylinux is None
    compiled = (PURE_BYTE_CODE if pure else NATIVE_BYTE_CODE) if byte_code else (0, 0, 0)
    files = FILES
    if distribution.name.startswith("nvidia-"):
        files, compiled = CUDA_FILES, (0, 0, 0)
    low, best, high = (round(count * (a + b)) for a, b in zip(files, compiled, strict=True))
    stated = any(distribution.stated)
    other_version = wheel is not None and not stated and distribution.version not in ("", wheel.version)
    if other_version:
        low, high = round(low * (1 - OTHER_VERSION)), round(high * (1 + OTHER_VERSION))
    source = "wheel size in the lockfile" if stated else "wheel size"
    if other_version and wheel:
        source += f" of version {wheel.version}"
    label = f"{distribution.name} {distribution.version}".rstrip()
    return size(label, low, best, high, f"{source}, times what wheels unpack to", DATE)


def _wheel_bytes(distribution: _Distribution, libc: str | None) -> int | None:
    if not distribution.from_index:
        return None
    glibc_stated, musl_stated = distribution.stated
    wheel = facts.wheel(distribution.name)
    if libc == "musl":
        ours, theirs = musl_stated, wheel and wheel.musllinux
    else:
        ours, theirs = glibc_stated, wheel and wheel.manylinux
    # aiohttp has a wheel for any platform too: pip takes the compiled one where it can.
    return ours if any(distribution.stated) else theirs or (wheel.pure if wheel else None)


def _cached(wanted: dict[str, _Distribution], libc: str | None) -> Size | None:
    sizes: Sequence[Size | None] = [_cached_wheel(each, libc) for each in wanted.values()]
    known = total(sizes)
    return known and condensed(known, "more wheels")


def _cached_wheel(distribution: _Distribution, libc: str | None) -> Size | None:
    count = _wheel_bytes(distribution, libc)
    if count is None:
        return None
    wheel = facts.wheel(distribution.name)
    differs = wheel is not None and not any(distribution.stated) and distribution.version not in ("", wheel.version)
    below = OTHER_VERSION if differs else 0.05
    # Real builds left the wheels and 1 % more; an index that also lets its pages be cached adds those.
    label = f"wheel of {distribution.name}"
    return around(label, count, below, max(below, 0.25), "wheel size", wheel.date if wheel else DATE)
