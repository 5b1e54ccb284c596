"""A line above each stage: what it comes to, whether it ships, and what all safe fixes together would save."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.features import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.layers import Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span


@dataclass(frozen=True, slots=True)
class Lens:
    """A line above the FROM in `span`; `is_image` where the stage is the image itself."""

    span: Span
    title: str
    is_image: bool


def code_lenses(snapshot: Snapshot) -> tuple[Lens, ...]:
    """The line of each stage; none in another frontend's language."""
    return () if snapshot.is_foreign else tuple(_lenses(snapshot))


def _lenses(snapshot: Snapshot) -> Iterator[Lens]:
    for ledger in snapshot.ledgers:
        site = ledger.layers[0].site
        span = ledger.stage.start.keyword_span.shifted(snapshot.offset(site))
        yield Lens(span, _title(snapshot, ledger), ledger.stage is snapshot.build.target)


def _title(snapshot: Snapshot, ledger: Ledger) -> str:
    stage, size = ledger.stage, snapshot.sizes.stage(ledger)
    amount = words.unpacked(size)
    if stage is snapshot.build.target:
        pulled = snapshot.sizes.pulled()
        return f"Image: {amount}{f', {words.short(pulled)} pulled' if pulled else ''}"
    if stage.index in snapshot.build.shipped:
        return f"Stage {stage.label}: {amount}, part of the image"
    built = "does not ship" if stage.index in snapshot.build.reached else "not built for the image"
    return f"Stage {stage.label}: {amount}, {built}"
