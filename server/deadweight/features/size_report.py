"""The whole file as a readable report: what each line adds, the total, and what can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.analysis.report import saving
from deadweight.features import words
from deadweight.features.image_size import summary
from deadweight.size.units import seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot

_LONGEST = 60  # characters of an instruction


def size_report(snapshot: Snapshot, reported: Sequence[Reported], name: str) -> str:
    """The report of a Dockerfile called `name`, in Markdown with short lists."""
    if snapshot.is_foreign:
        return f"# {name}\n\nIn the language of another frontend: {snapshot.tree.directives['syntax']}\n"
    top = (f"# {name}", "", summary(snapshot, reported), "", *_beside(snapshot, reported))
    return "\n".join((*top, *_stages(snapshot), *_findings(reported)))


def _beside(snapshot: Snapshot, reported: Sequence[Reported]) -> Iterator[str]:
    """How the image stands beside its target and its budget, how long it takes to pull, and how old its figures are."""
    pulled, image = snapshot.sizes.pulled(), snapshot.sizes.image()
    if seconds := seconds_in_words(pulled.best) if pulled else "":
        yield f"- a pull takes {seconds}{words.age(image, snapshot.options.today)}"
    if comparison := snapshot.sizes.comparison():
        yield f"- {words.compared_at_length(comparison)}"
    yield from (f"- {each.message}" for each in reported if each.finding.basis == "budget")
    yield ""


def _stages(snapshot: Snapshot) -> Iterator[str]:
    for ledger in snapshot.ledgers:
        ships = "" if ledger.stage.index in snapshot.build.shipped else ", does not ship"
        is_one = len(snapshot.ledgers) == 1
        yield "## What each line adds" if is_one else f"## Stage {words.code(ledger.stage.label)}{ships}"
        yield ""
        yield from _rows(snapshot, ledger)
        yield ""


def _rows(snapshot: Snapshot, ledger: Ledger) -> Iterator[str]:
    """The lines that add something, in order."""
    for layer in ledger.layers:
        size = snapshot.sizes.layer(layer)
        if layer.weighs or layer.step is None:
            packed = snapshot.sizes.layer_pulled(layer)
            amount = f"**{words.short(size)}**{f' unpacked, {words.short(packed)} pulled,' if size and packed else ''}"
            yield f"- line {snapshot.line(layer.site)}: {amount} {words.code(_shortened(layer))}"


def _shortened(layer: Layer) -> str:
    text = " ".join(layer.instruction.line.text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _findings(reported: Sequence[Reported]) -> Iterator[str]:
    reported = [each for each in reported if each.finding.is_about_bytes]
    if reported:
        yield "## What can go"
        yield ""
    for each in reported:
        line = each.snapshot.line(each.finding.site)
        yield f"- line {line}: {each.statement}, **{saving(each.finding)}** ({each.rule.id})"
