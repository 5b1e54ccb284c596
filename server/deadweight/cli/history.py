"""`deadweight size --history`: what an image's history measured beside what every line is estimated to weigh."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deadweight.cli.findings import as_size
from deadweight.cli.output import is_coloured, paint
from deadweight.features.measured import is_of, lines_of_image, precision, what_differs, what_is_counted
from deadweight.model.history import LARGEST, read_history
from deadweight.model.measured import measure, unmatched
from deadweight.size.estimate import estimated_size
from deadweight.size.units import ZERO, Size, in_words
from deadweight.snapshot import Snapshot
from deadweight.workspace.files import UnreadableError, read_text, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from deadweight.cli.build import Read
    from deadweight.model.effects import Figure
    from deadweight.model.layers import Layer
    from deadweight.model.measured import Measured

_SOURCE = 44  # characters of an instruction
_SMALLEST = 1_000  # bytes; of less, a share says nothing
_MOST_PERCENT = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--history`."""
    parser.add_argument(
        "--history",
        metavar="FILE",
        help="what `docker history --no-trunc --human=false --format json IMAGE` printed, or podman's (-: stdin): "
        "the measured sizes beside the estimates",
    )


def measured_snapshot(arguments: argparse.Namespace, reads: Sequence[Read]) -> Snapshot | None:
    """The one Dockerfile that is asked for, with the history that is given as its measure; None where none is, or
    where the Dockerfile cannot be read.

    Raises UnreadableError for what is no history, or that of something else, and where there are several Dockerfiles.
    """
    if arguments.history is None:
        return None
    is_stdin = arguments.history == "-"
    name = "stdin" if is_stdin else shown(Path(arguments.history))
    history = read_history(_stdin() if is_stdin else read_text(Path(arguments.history), LARGEST))
    if history.wrong:
        raise UnreadableError(f"{name}: {history.wrong}")
    if len(reads) != 1:
        raise UnreadableError(f"--history is of one image, and there are {len(reads)} Dockerfiles: name the one of it")
    read = reads[0]
    if read.snapshot is None:
        return None
    measured = measure(history, read.snapshot.build, history.source(name))
    snapshot = Snapshot(read.snapshot.tree, read.snapshot.context, replace(read.snapshot.options, measured=measured))
    if not is_of(snapshot):
        raise UnreadableError(f"{name}: no row is of a line of {shown(read.path)}: it is another image's history")
    return snapshot


def add_to(document: dict[str, Any], snapshot: Snapshot) -> None:
    """Add what was measured to the JSON of a file."""
    measured, found = snapshot.options.measured, snapshot.ledgers.matched
    assert measured is not None
    assert found is not None
    for stage, ledger in zip(document["stages"], snapshot.ledgers, strict=True):
        for made, layer in zip(stage["instructions"], ledger.layers, strict=True):
            made["measured"] = _figure_as_json(layer.measured)
    document["measured_total"] = _figure_as_json(measured.image)
    document["measured_by"] = {"source": measured.source, "date": measured.history.date or None}
    document["measured_elsewhere"] = _figure_as_json(measured.sum_of(unmatched(measured, found)))


def as_text(path: Path, snapshot: Snapshot) -> str:
    """A row an instruction of the image: line, source, estimate, what was measured, and by how much they differ."""
    measured, coloured = snapshot.options.measured, is_coloured()
    assert measured is not None
    heads = f"  {'line':>4}  {'':<{_SOURCE}} {'estimated':>10} {'measured':>10} {'error':>7}"
    rows = [paint(shown(path), "bold", coloured), f"  measured: {_source(measured)}", paint(heads, "dim", coloured)]
    fat = max((layer for layer in lines_of_image(snapshot) if layer.measured), key=_bytes, default=None)
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers:
            if layer.step is None and isinstance(ledger.stage.base, int):
                continue  # a stage of the file: its lines are above
            note = "the base image" if layer.step is None else "the fat layer" if layer is fat and _bytes(fat) else ""
            source = " ".join(layer.instruction.line.text.split())
            row = _row(source, estimated_size(layer), layer.measured, f"{snapshot.line(layer.site):>4}")
            rows.append(paint(f"{row}  ◀ {note}", "yellow", coloured) if layer is fat and note else f"{row}  {note}")
    rows.append(paint(_row("the image", snapshot.sizes.estimates.image(), measured.image, " " * 4), "bold", coloured))
    rows += (f"  {each}" for each in _notes(snapshot, measured))
    return "\n".join(each.rstrip() for each in rows) + "\n"


def _notes(snapshot: Snapshot, measured: Measured) -> Iterator[str]:
    yield f"{what_is_counted(measured.history)}: the column SIZE of `{measured.history.engine} history`"
    yield from filter(None, (precision(measured), what_differs(snapshot, measured)))


def _source(measured: Measured) -> str:
    return ", ".join(filter(None, (measured.source, measured.history.date)))


def _row(source: str, estimate: Size | None, measured: Figure | None, line: str) -> str:
    source = source if len(source) <= _SOURCE else source[: _SOURCE - 1] + "…"
    source = "".join(ch if ch.isprintable() else " " for ch in source)
    is_nothing = estimate == ZERO and (measured is None or not measured.best)
    amounts = ("", "") if is_nothing else (_estimate_in_words(estimate), _measured_in_words(measured))
    cells = f"{amounts[0]:>10} {amounts[1]:>10} {_error(estimate, measured):>7}"
    return f"  {line}  {source:<{_SOURCE}} {cells}"


def _estimate_in_words(size: Size | None) -> str:
    if size is None or (size.high is None and not size.best):
        return "unknown"
    return f"{'≥ ' if size.high is None else ''}{in_words(size.best)}"


def _measured_in_words(figure: Figure | None) -> str:
    return "" if figure is None else in_words(figure.best)


def _error(estimate: Size | None, measured: Figure | None) -> str:
    """By how much of what was measured an estimate is too high; "" where that says nothing."""
    if estimate is None or measured is None or estimate.high is None or measured.best < _SMALLEST:
        return ""
    percent = round((estimate.best - measured.best) / measured.best * 100)
    return f"{percent:+d}%" if 0 < abs(percent) < _MOST_PERCENT else "0%" if not percent else f"> {_MOST_PERCENT}%"


def _bytes(layer: Layer) -> int:
    return layer.measured.best if layer.measured else 0


def _figure_as_json(figure: Figure | None) -> dict[str, int | None] | None:
    return as_size(Size(figure.low, figure.best, figure.high)) if figure else None


def _stdin() -> str:
    content = sys.stdin.buffer.read(LARGEST + 1)
    return content.decode("utf-8", "surrogateescape")
