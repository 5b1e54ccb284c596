"""A line above each stage: what it comes to, whether it ships, beside what target, and which of its lines adds most."""

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
        title = ", ".join((_total(snapshot, ledger), *_notes(snapshot, ledger)))
        yield Lens(span, title, ledger.stage is snapshot.build.target)


def _total(snapshot: Snapshot, ledger: Ledger) -> str:
    """The name of a stage and what it comes to with all that it stands on."""
    is_image = ledger.stage is snapshot.build.target
    size = snapshot.sizes.stage(ledger)
    amount = words.short(size)
    is_known = amount != words.UNKNOWN
    return f"{'Image' if is_image else f'Stage {ledger.stage.label}'}: {amount}{' unpacked' * is_known}"


def _notes(snapshot: Snapshot, ledger: Ledger) -> Iterator[str]:
    """What else there is to say in a few words: of the image what is pulled, of a stage whether it ships."""
    stage, build = ledger.stage, snapshot.build
    if stage is build.target:
        if pulled := snapshot.sizes.pulled():
            yield f"{words.short(pulled)} pulled"
        if comparison := snapshot.sizes.comparison():
            yield words.compared(comparison)
    elif stage.index in build.shipped:
        yield "part of the image"
    else:
        yield "does not ship" if stage.index in build.reached else "not built for the image"
    # Of a stage that comes to one line alone, that one is at hand.
    if len(found := snapshot.sizes.heaviest((ledger,), 2)) > 1:
        yield f"most in line {snapshot.line(found[0][0].site)}"
