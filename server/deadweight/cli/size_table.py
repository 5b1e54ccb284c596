"""What every line weighs as a table, like that of `docker history` and before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.report import about, saving
from deadweight.cli.output import paint
from deadweight.features import words
from deadweight.size.units import in_range, in_words
from deadweight.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.model.layers import Layer
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

# Columns of docker's own commands (docker/cli: docs/reference/commandline/{history,image_ls}.md, 2026-11-26).
FOOTER = (
    "compare unpacked with SIZE of `docker history`, and of `docker images` in the classic image store;\n"
    "pulled with CONTENT SIZE of newer engines, whose DISK USAGE is both together"
)

_BAR, _SOURCE, _CELL = 16, 36, 12  # characters
_WRITERS = frozenset(("FROM", "RUN", "COPY", "ADD"))


class Column(NamedTuple):
    """A column of figures: its heading, and what it says of a layer ("" for nothing)."""

    title: str
    cell: Callable[[Snapshot, Layer], str]


def _unpacked(snapshot: Snapshot, layer: Layer) -> str:
    return _amount(layer, snapshot.sizes.layer(layer))


def _pulled(snapshot: Snapshot, layer: Layer) -> str:
    size = snapshot.sizes.layer_pulled(layer)
    return _amount(layer, size) if size else ""  # said to be unknown once is enough


COLUMNS = (Column("unpacked", _unpacked), Column("pulled", _pulled))


def rows(snapshot: Snapshot, columns: Sequence[Column] = COLUMNS, *, coloured: bool) -> Iterator[str]:
    """A heading, and a row an instruction: line, source, figures and a bar; a line above each of several stages."""
    lines = Text(snapshot.text)
    heaviest = max((size.best for _, size in snapshot.sizes.heaviest(snapshot.ledgers, 1)), default=0)
    heading = _row("line", "instruction", [column.title for column in columns], "")
    yield paint(heading, "dim", coloured)
    for ledger in snapshot.ledgers:
        ships = ledger.stage.index in snapshot.build.shipped
        if len(snapshot.ledgers) > 1:
            note = "" if ships else " (does not ship)"
            yield f"{paint(f'stage {ledger.stage.label}', 'bold', coloured)}{note}"
        for layer in ledger.layers:
            number = str(lines_of(lines, snapshot, layer)[0])
            bar = paint(_bar(snapshot.sizes.layer(layer), heaviest), "cyan" if ships else "dim", coloured)
            yield _row(number, _source(layer), [column.cell(snapshot, layer) for column in columns], bar)


def totals(snapshot: Snapshot, over: Sequence[Reported], *, coloured: bool) -> Iterator[str]:
    """What the image comes to, beside its target and its budget."""
    image = snapshot.sizes.image()
    said = [f"{about(image)} unpacked" if image else words.UNKNOWN, words.pulled(snapshot.sizes.pulled())]
    aged = words.age(image, snapshot.options.today)
    yield f"{paint('image', 'bold', coloured)} {', '.join(filter(None, said))}{aged}"
    if comparison := snapshot.sizes.comparison():
        yield f"  {words.compared_at_length(comparison)}"
    for each in over:
        budget = in_words(snapshot.options.budget or 0)
        yield f"  {paint(f'over its budget of {budget} unpacked, {saving(each.finding)}', 'yellow', coloured)}"


def lines_of(lines: Text, snapshot: Snapshot, layer: Layer) -> tuple[int, int]:
    """The first and last line of an instruction, from 1 as LSP counts them."""
    offset, text = snapshot.offset(layer.site), layer.instruction.text
    return lines.position(offset).line + 1, lines.position(offset + len(text.rstrip("\r\n"))).line + 1


def _row(number: str, source: str, cells: Sequence[str], bar: str) -> str:
    figures = " ".join(f"{cell:>{_CELL}}" for cell in cells)
    return f"  {number:>4}  {source:<{_SOURCE}} {figures}  {bar}".rstrip()


def _source(layer: Layer) -> str:
    source = layer.instruction.line.text
    source = source if len(source) <= _SOURCE else source[: _SOURCE - 1] + "…"
    return "".join(ch if ch.isprintable() else " " for ch in source)


def _amount(layer: Layer, size: Size | None) -> str:
    if size is None:
        return "unknown"
    if layer.instruction.keyword not in _WRITERS or not (size.best or layer.kept):
        return ""
    sign = "" if layer.step is None else "+"
    return f"≥ {sign}{in_words(size.best)}" if size.is_at_least else f"{sign}{in_range(size)}"


def _bar(size: Size | None, heaviest: int) -> str:
    if size is None or not heaviest or not size.best:
        return ""
    return "█" * round(_BAR * size.best / heaviest) or "▏"
