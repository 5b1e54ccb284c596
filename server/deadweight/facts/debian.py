"""Debian packages: what they weigh and bring along, which suite stands for a release, what images hold already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.facts.tables import Table

Group = tuple[str, ...]  # packages of which one has to be there, the most preferred first


@dataclass(frozen=True, slots=True)
class Contents:
    """What a package puts on the disk, weighed file by file, in bytes.

    `documents` are those of its `files` that slim images leave out: manuals, translations, documentation. `byte_code`
    is what compiling its Python modules adds when it is installed, `records` what dpkg notes of it.
    """

    files: int
    documents: int
    byte_code: int
    records: int


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """A package of a suite: bytes of its archive, and of its files as the package lists say (`installed`)."""

    name: str
    version: str
    download: int
    installed: int
    contents: Contents | None  # None where nobody has weighed it
    depends: tuple[Group, ...]


class Release(NamedTuple):
    """The suite whose packages stand for those of a release, and how far sizes may be off, as a share. `source` says
    where its figures come from, and why that suite stands for another release; `date` when they were collected.
    """

    suite: str
    width: float
    source: str
    date: str


class Held(NamedTuple):
    """What an image holds beyond the smallest system: packages by name, and whether documents were left out of it."""

    packages: tuple[str, ...]
    documents: bool


@cache
def suites() -> tuple[str, ...]:
    """The suites whose packages are in the facts."""
    return tuple(row[0] for row in table("debian_releases").rows() if row[0] == row[1])


@lru_cache(maxsize=64)
def release(name: str | None) -> Release:
    """What stands for a release; for an unknown one (None) the suite in the middle, with a wide range."""
    rows = table("debian_releases")
    row = rows.row(name or "") or rows.row("")
    assert row is not None
    _, suite, width, why, date = row
    own = rows.row(suite)
    assert own is not None
    return Release(suite, float(width), own[3] if own == row else f"{own[3]}; {why}", date)


class Made(NamedTuple):
    """Bytes that a package writes when it is installed, and what they are."""

    bytes: int
    what: str
    source: str
    date: str


@cache
def made() -> dict[str, Made]:
    """What packages write when they are installed, where that is known: by package."""
    return {row[0]: Made(int(row[1]), row[2], row[3], row[4]) for row in table("apt_made").rows()}


@lru_cache(maxsize=16384)
def package(suite: str, name: str) -> DebianPackage | None:
    """One package of a suite; None for a name that it does not have, and for a virtual package."""
    row = _row(suite, name)
    return _package(suite, row) if row and row[1] else None


def recommends(suite: str, name: str) -> tuple[Group, ...]:
    """What a package of a suite recommends; nothing for any other name."""
    row = _row(suite, name)
    return _groups(suite, row[-2]) if row and row[1] else ()


@lru_cache(maxsize=16384)
def providers(suite: str, name: str) -> Group:
    """The packages that a name stands for, the most preferred first: itself, and those that provide it."""
    row = _row(suite, name)
    if row is None:
        return ()
    others = map(intern, row[-1].split())
    return (intern(name), *others) if row[1] else tuple(others)


def starting(suite: str, prefix: str) -> Iterator[DebianPackage]:
    """The packages of a suite whose names start with `prefix`."""
    return (_package(suite, row) for row in _table(suite).starting(prefix) if row[1])


@cache
def asked_for() -> tuple[str, ...]:
    """The names that Dockerfiles ask apt for, those that most of them ask for in front."""
    rows = sorted(table("apt_names").rows(), key=lambda row: (-int(row[1]), row[0]))
    return tuple(row[0] for row in rows)


@lru_cache(maxsize=8)
def minbase(suite: str) -> frozenset[str]:
    """The packages of the smallest Debian, which every image of it holds."""
    row = table("base_packages").row("debian", suite)
    return frozenset(row[4].split()) if row else frozenset()


@lru_cache(maxsize=256)
def held(repository: str, variant: str = "") -> Held | None:
    """What an image holds by its recipe; `variant` is a word of its tag (slim, apache). None for no recipe."""
    row = table("base_packages").row(repository, variant)
    if row is None:
        return None
    _, _, stands_on, documents, packages, *_ = row
    below = held(*stands_on.split(":")) if stands_on else None
    return Held(
        (*(below.packages if below else ()), *packages.split()), below.documents if below else documents == "yes"
    )


@lru_cache(maxsize=1024)  # who provides a name is asked just before what it needs
def _row(suite: str, name: str) -> tuple[str, ...] | None:
    return _table(suite).row(name)


def _table(suite: str) -> Table:
    return table(f"debian_{suite}")


def _package(suite: str, row: tuple[str, ...]) -> DebianPackage:
    name, version, download, installed, files, documents, byte_code, records, depends, *_ = row
    contents = Contents(int(files), int(documents), int(byte_code), int(records)) if files else None
    return DebianPackage(
        intern(name),
        version,
        int(download),
        int(installed),
        contents,
        _groups(suite, depends),
    )


def _groups(suite: str, text: str) -> tuple[Group, ...]:
    return tuple(_group(suite, group) for group in text.split())


@lru_cache(maxsize=32768)
def _group(suite: str, text: str) -> Group:
    """The packages of a group: in place of a virtual one those that provide it; what no list has stays as it is.

    `=name` is this package alone, whoever else provides it.
    """
    named = text.split("|")
    found = (each for name in named for each in ((name[1:],) if name[0] == "=" else providers(suite, name)))
    return tuple(map(intern, dict.fromkeys(found))) or (intern(named[0]),)
