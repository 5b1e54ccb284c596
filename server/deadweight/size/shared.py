"""Layers that images have in common: they are pulled and stored once, however many stages and files stand on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import base_images
from deadweight.facts.image_layers import ImageLayer, layers_of
from deadweight.model.effects import BaseLayers
from deadweight.model.image import ImageRef, name_of
from deadweight.size import images
from deadweight.size.units import Size, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.size.estimate import Sizes


class Together(NamedTuple):
    """What a pull of several images transfers, and what of that they have in common: that is transferred once."""

    pulled: Size
    shared: int


def base_layers(ref: ImageRef, platform: str) -> tuple[ImageLayer, ...]:
    """The layers of a base image, as the figure for its tag has them; none where nobody knows them.

    Two tags share layers where their digests are the same. Names do not tell: of a release there are many builds.
    """
    if ref.stated or ref.digest or ref.effective_tag is None:
        return ()
    image = base_images.find(ref.repository, ref.effective_tag, images.normal(ref.platform or platform))
    if image is None or image.pulled is None or image.pulled.quality != "exact":
        return ()
    return layers_of(image.repository, image.platform, image.pulled.bytes)


def shared(one: ImageRef, other: ImageRef, platform: str) -> int:
    """The bytes that a pull of both images transfers once."""
    others = {each.digest for each in base_layers(other, platform)}
    return sum(each.bytes for each in set(base_layers(one, platform)) if each.digest in others)


def together(files: Iterable[Sizes]) -> Together | None:
    """What a pull of the images of several files transfers; None where nothing is known of any."""
    pulled: list[Size | None] = []
    seen: set[object] = set()
    again = 0
    for sizes in files:
        pulled.append(sizes.pulled())
        for key, count in _pieces(sizes):
            again += count if key in seen else 0
            seen.add(key)
    added = total(pulled)
    if added is None:
        return None
    high = None if added.high is None else added.high - again
    return Together(Size(max(0, added.low - again), added.best - again, high, added.parts), again)


def _pieces(sizes: Sizes) -> list[tuple[object, int]]:
    """The layers of the base image of a file's target; the whole base is one where nobody knows them."""
    base = _base(sizes)
    if base is None or base.ref is None or base.ref.is_scratch:
        return []
    if layers := base_layers(base.ref, base.platform):
        return [(each.digest, each.bytes) for each in dict.fromkeys(layers)]
    whole = images.pulled(base.ref, base.platform)
    return [((name_of(base.ref, latest=True), base.ref.digest, base.platform), whole.best)] if whole else []


def _base(sizes: Sizes) -> BaseLayers | None:
    """What the target of a file stands on in the end."""
    target = sizes.build.target
    if target is None:
        return None
    ledger = sizes.ledgers[target.index]
    while isinstance(ledger.stage.base, int):
        ledger = sizes.ledgers[ledger.stage.base]
    cause = ledger.layers[0].kept[0].cause if ledger.layers[0].kept else None
    return cause if isinstance(cause, BaseLayers) else None
