"""What packages weigh: npm packages as installed, Python wheels and installs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from deadweight.facts.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """One version of an npm package. Sizes in bytes; `installed` without the packages nested in its node_modules.

    `tarball` and `packument` (the registry's document about all versions) are what npm caches of it; None: not
    measured.
    """

    name: str
    version: str
    installed: int
    files: int
    tarball: int | None
    packument: int | None
    depends: tuple[tuple[str, str], ...]  # names and ranges
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure varies over a table: its 10th and 90th percentile, and the mean without the top 5 %."""

    low: int
    mean: int
    high: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """One version of a distribution: bytes of its wheels for any platform, glibc and musl; None where there is none."""

    name: str
    version: str
    pure: int | None
    manylinux: int | None
    musllinux: int | None
    depends: tuple[str, ...]
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class PythonInstall:
    """What `pip install` of a request wrote, `byte_code` (its .pyc files) included, for all that it depends on."""

    request: str
    installed: int
    byte_code: int
    distributions: tuple[tuple[str, str], ...]  # names as PEP 503 writes them, versions
    source: str
    date: str


def npm_versions(name: str) -> tuple[NpmPackage, ...]:
    """All measured versions of a package, oldest first."""
    return tuple(sorted((_npm_package(row) for row in table("npm").rows(name)), key=lambda each: release(each.version)))


@cache
def npm_spread() -> Spread:
    """How installed bytes vary over all measured npm packages."""
    return _spread([int(row[2]) for row in table("npm").rows()])


@cache
def npm_packument_spread() -> Spread:
    """How the registry's documents vary, which npm caches when it has to ask for a package."""
    return _spread([int(row[5]) for row in table("npm").rows() if row[5]])


@cache
def npm_tarball_share() -> float:
    """Bytes of all tarballs, as a share of the bytes that they install."""
    rows = [row for row in table("npm").rows() if row[4]]
    return sum(int(row[4]) for row in rows) / sum(int(row[2]) for row in rows)


def wheel(name: str) -> Wheel | None:
    """The newest measured wheel of a distribution; `name` as PEP 503 writes it ("scikit-learn")."""
    found = [_wheel(row) for row in table("pypi").rows(name)]
    # A lockfile for several Pythons also lists versions that have no wheel for ours.
    return max(found, key=lambda each: ((each.pure or each.manylinux) is not None, release(each.version)), default=None)


@cache
def python_installs() -> dict[str, PythonInstall]:
    """Measured installs by request: "flask", "uvicorn[standard]"."""
    return {row[0]: _python_install(row) for row in table("python_installed").rows()}


def npm_starting(prefix: str) -> Iterator[NpmPackage]:
    """The packages whose names start with `prefix`, each in its newest measured version."""
    for _, rows in groupby(table("npm").starting(prefix), key=itemgetter(0)):
        yield max(map(_npm_package, rows), key=lambda each: release(each.version))


def wheels_starting(prefix: str) -> Iterator[Wheel]:
    """The newest measured wheels of the distributions whose names start with `prefix`."""
    for name, _ in groupby(table("pypi").starting(prefix), key=itemgetter(0)):
        if found := wheel(name):
            yield found


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare: `release("5.10.0-rc.1")` is (5, 10, 0)."""
    numbers = []
    for part in version.split("-")[0].split("."):
        if not (part.isdigit() and part.isascii() and len(part) < 10):
            break
        numbers.append(int(part))
    return tuple(numbers)


def _npm_package(row: tuple[str, ...]) -> NpmPackage:
    tarball, packument = (int(each) if each else None for each in row[4:6])
    depends = tuple((name, wanted) for name, _, wanted in (each.rpartition("@") for each in _names(row[6])))
    return NpmPackage(row[0], row[1], int(row[2]), int(row[3]), tarball, packument, depends, row[7], row[8])


def _wheel(row: tuple[str, ...]) -> Wheel:
    pure, manylinux, musllinux = (int(each) if each else None for each in row[2:5])
    return Wheel(row[0], row[1], pure, manylinux, musllinux, _names(row[5]), row[6], row[7])


def _python_install(row: tuple[str, ...]) -> PythonInstall:
    pairs = tuple((name, version) for name, _, version in (each.partition("==") for each in _names(row[3])))
    return PythonInstall(row[0], int(row[1]), int(row[2]), pairs, row[4], row[5])


def _names(column: str) -> tuple[str, ...]:
    return tuple(column.split(",")) if column else ()


def _spread(values: list[int]) -> Spread:
    values = sorted(values)
    count = len(values)
    usual = values[: max(1, count * 95 // 100)]
    return Spread(values[count // 10], round(sum(usual) / len(usual)), values[count * 9 // 10])
