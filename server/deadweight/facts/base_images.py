"""Sizes of base images: what documents of their publishers, or a rebuild, say about a repository, tag and platform."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from deadweight.facts.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

# exact: a byte total of the image's layers, or `docker images` to four digits. reported: a README, a size baseline, or
# what `docker images` printed for somebody, to three digits. rebuilt: measured on a rebuild from the same packages.
# modelled: a sum of known parts, or a tag that should be the same image. upper bound: measured with a small application
# on top. rough: said in passing, or of a build that may be years old.
Quality = Literal["exact", "reported", "rebuilt", "modelled", "upper bound", "rough"]


class Figure(NamedTuple):
    """Bytes of an image, who says so, and when.

    `date` is as exact as the document is: "2026-09-17", "2026-09" or "2026"; the first year where it lies in a range.
    """

    bytes: int
    source: str
    date: str
    age: int  # whole months before the newest figure in the table
    quality: Quality


@dataclass(frozen=True, slots=True)
class BaseImage:
    """One tag on one platform. `suite` is the release that it stands on (bookworm, noble, 3.24), where known."""

    repository: str  # official images without `library/`, other registries with their host
    tag: str
    platform: str
    pulled: Figure | None
    unpacked: Figure | None
    layers: int | None
    suite: str | None


def find(repository: str, tag: str, platform: str = "linux/amd64") -> BaseImage | None:
    """The figures for exactly this tag."""
    found = _images(table("base_images").rows(repository, tag, platform))
    return found[0] if found else None


@lru_cache(maxsize=64)
def tags(repository: str, platform: str = "linux/amd64") -> tuple[BaseImage, ...]:
    """All tags of a repository that have a figure on `platform`, sorted by tag."""
    return _images(row for row in table("base_images").rows(repository) if row[2] == platform)


def _images(rows: Iterable[tuple[str, ...]]) -> tuple[BaseImage, ...]:
    """Rows of one figure each, put together by image."""
    images: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = {}
    for row in rows:
        repository, tag, platform, kind, *rest = row
        images.setdefault((repository, tag, platform), {})[kind] = tuple(rest)
    return tuple(_image(key, figures) for key, figures in images.items())


def _image(key: tuple[str, str, str], figures: dict[str, tuple[str, ...]]) -> BaseImage:
    layers = next((int(row[1]) for row in figures.values() if row[1]), None)
    suite = next((row[2] for row in figures.values() if row[2]), None)
    return BaseImage(*key, _figure(figures.get("pulled")), _figure(figures.get("unpacked")), layers, suite)


def _figure(row: tuple[str, ...] | None) -> Figure | None:
    if row is None:
        return None
    count, _layers, _suite, age, date, source, quality = row
    return Figure(int(count), source, date, int(age), cast("Quality", quality))
