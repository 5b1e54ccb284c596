"""Which layers base images consist of, so that what two of them share is known by its digests."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from deadweight.facts.tables import table


class ImageLayer(NamedTuple):
    """A layer by the first 12 digits of its digest, and the bytes that a pull transfers of it."""

    digest: str
    bytes: int


@lru_cache(maxsize=256)
def layers_of(repository: str, platform: str, pulled: int) -> tuple[ImageLayer, ...]:
    """The layers of the image of a repository that transfers `pulled` bytes; none where nobody knows them.

    An image has many tags, and a tag many images over time: the bytes say which one it is.
    """
    row = table("image_layers").row(repository, platform, str(pulled))
    pairs = (each.partition(":") for each in (row[3].split() if row else ()))
    return tuple(ImageLayer(digest, int(count)) for digest, _, count in pairs)
