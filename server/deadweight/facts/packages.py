"""What packages weigh: npm packages as installed, Python wheels unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol, TypeVar

from deadweight.facts.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _HasVersion(Protocol):
    @property
    def version(self) -> str: ...


_Versioned = TypeVar("_Versioned", bound=_HasVersion)
_NONE = "-"  # in the column of a wheel: there is none


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
class Wheel:
    """One version of a distribution: bytes of its wheels for any platform, glibc and musl.

    None is unknown, or that there is none: `lacks_musl` says so of musl. `files` is what the wheel unpacks to and
    `byte_code` what its modules compile to; None: not weighed. `depends` are names, some with extras, `coverage[toml]`,
    and behind the name of an extra what only that brings: `async:asgiref`.
    """

    name: str
    version: str
    pure: int | None
    manylinux: int | None
    musllinux: int | None
    lacks_musl: bool
    files: int | None
    byte_code: int | None
    depends: tuple[str, ...]
    source: str
    date: str

    @property
    def download(self) -> int | None:
        """Bytes of the wheel that pip takes on glibc: the compiled one where there is one."""
        return self.manylinux or self.pure


@lru_cache(maxsize=8192)
def npm_versions(name: str) -> tuple[NpmPackage, ...]:
    """All measured versions of a package, oldest first."""
    return tuple(sorted((_npm_package(row) for row in table("npm").rows(name)), key=lambda each: release(each.version)))


@lru_cache(maxsize=4096)
def wheels(name: str) -> tuple[Wheel, ...]:
    """The known versions of a distribution, oldest first; `name` as PEP 503 writes it ("scikit-learn")."""
    return tuple(sorted((_wheel(row) for row in table("pypi").rows(name)), key=lambda each: release(each.version)))


def wheel(name: str) -> Wheel | None:
    """The newest version of a distribution that was weighed; else the newest with a wheel for linux."""
    return max(
        wheels(name),
        key=lambda each: (each.files is not None, each.download is not None, release(each.version)),
        default=None,
    )


def nearest(versions: Sequence[_Versioned], version: str) -> _Versioned | None:
    """Of several versions of a package the one itself, else the one with the nearest number."""
    numbers = release(version)
    return min(
        versions,
        key=lambda each: (each.version != version, _distance(release(each.version), numbers)),
        default=None,
    )


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
    name, version, *sizes, depends, source, date = row
    pure, manylinux, musllinux, files, byte_code = (int(each) if each.isdigit() else None for each in sizes)
    lacks_musl = sizes[2] == _NONE
    return Wheel(
        name, version, pure, manylinux, musllinux, lacks_musl, files, byte_code, _names(depends), source, date,
    )  # fmt: skip


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(a - b) for a, b in zip((*one, 0, 0, 0), (*other, 0, 0, 0), strict=False))[:3]


def _names(column: str) -> tuple[str, ...]:
    return tuple(column.split(",")) if column else ()
