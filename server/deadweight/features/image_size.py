"""What the image weighs in a few words, for the place where an editor shows one thing about a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.report import total_saving
from deadweight.features import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.snapshot import Snapshot


class ImageSize(NamedTuple):
    """The size alone, and what else there is to say about it, in Markdown."""

    text: str
    detail: str


def image_size(snapshot: Snapshot, reported: Sequence[Reported]) -> ImageSize | None:
    """What the image of a Dockerfile weighs; None for one in the language of another frontend."""
    if snapshot.is_foreign:
        return None
    return ImageSize(words.short(snapshot.sizes.image()), "\n\n".join(_details(snapshot, reported)))


def summary(snapshot: Snapshot, reported: Sequence[Reported]) -> str:
    """The image's total and what can go, in one line."""
    image, pulled = snapshot.sizes.image(), snapshot.sizes.pulled()
    said = f"The image: {words.unpacked(image)}{f', {words.short(pulled)} pulled' if pulled else ''}"
    can_go = total_saving(reported)
    return f"{said}; {words.short(can_go)} can go" if can_go and can_go.best else said


def _details(snapshot: Snapshot, reported: Sequence[Reported]) -> Iterator[str]:
    yield summary(snapshot, reported)
    if comparison := snapshot.sizes.comparison():
        yield words.compared_at_length(comparison)
