"""`deadweight size`: what every line of a Dockerfile weighs, the image's total, and what of it can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.analysis.report import about, report, saving
from deadweight.cli import build, history
from deadweight.cli.findings import as_size
from deadweight.cli.main import CLEAN, UNREADABLE
from deadweight.cli.output import add_format, document, is_coloured, line, paint, write
from deadweight.model.image import ImageRef
from deadweight.size.units import in_words
from deadweight.text import Text
from deadweight.workspace.files import shown

if TYPE_CHECKING:
    import argparse

    from deadweight.cli.build import Read
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

_BAR = 24  # characters
_SOURCE = 44
_WRITERS = frozenset(("FROM", "RUN", "COPY", "ADD"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    build.add_arguments(parser)
    parser.add_argument("--no-findings", action="store_true", help="leave out what can go")
    add_format(parser, ("text", "json", "jsonl"))
    history.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Size all files."""
    code = CLEAN
    documents: list[dict[str, Any]] = []
    reads = build.read_files(arguments) if arguments.history is None else list(build.read_files(arguments))
    measured = history.measured_snapshot(arguments, reads) if isinstance(reads, list) else None
    for read in reads:
        if read.snapshot is None:
            code = UNREADABLE
        if arguments.format == "text":
            if measured is not None:
                write(history.as_text(read.path, measured))
            elif read.snapshot is not None:
                write(_as_text(read, read.snapshot, with_findings=not arguments.no_findings))
            continue
        made = _as_json(read)
        if measured is not None:
            history.add_to(made, measured)
        if arguments.format == "jsonl":
            write(line(made))
        else:
            documents.append(made)
    if arguments.format == "json":
        write(document({"files": documents} if len(documents) != 1 else documents[0]))
    return code


def _as_json(read: Read) -> dict[str, Any]:
    if read.snapshot is None:
        return {"path": str(read.path), "error": read.error}
    snapshot = read.snapshot
    return {
        "path": str(read.path),
        "context": build.how_as_json(read.how),
        "image": as_size(snapshot.sizes.image()),
        "pulled": as_size(snapshot.sizes.pulled()),
        "stages": [_stage_as_json(snapshot, ledger) for ledger in snapshot.ledgers],
    }


def _stage_as_json(snapshot: Snapshot, ledger: Ledger) -> dict[str, Any]:
    stage = ledger.stage
    lines = Text(snapshot.text)
    return {
        "name": stage.name,
        "base": stage.base.text if isinstance(stage.base, ImageRef) else stage.base_text or None,
        "ships": stage.index in snapshot.build.shipped,
        "total": as_size(snapshot.sizes.stage(ledger)),
        "instructions": [_layer_as_json(lines, snapshot, layer) for layer in ledger.layers],
    }


def _layer_as_json(lines: Text, snapshot: Snapshot, layer: Layer) -> dict[str, Any]:
    adds = snapshot.sizes.layer(layer)
    first, last = _lines_of(lines, snapshot, layer)
    return {
        "line": first,
        "end_line": last,
        "keyword": layer.instruction.keyword,
        "adds": as_size(adds),
        "parts": [
            {
                "what": part.what,
                "low": part.low,
                "best": part.best,
                "high": part.high,
                "source": part.source,
                "date": part.date,
            }
            for part in (adds.parts if adds else ())
        ],
    }


def _lines_of(lines: Text, snapshot: Snapshot, layer: Layer) -> tuple[int, int]:
    """The first and last line of an instruction, from 1 as LSP counts them."""
    offset, text = snapshot.offset(layer.site), layer.instruction.text
    return lines.position(offset).line + 1, lines.position(offset + len(text.rstrip("\r\n"))).line + 1


def _as_text(read: Read, snapshot: Snapshot, *, with_findings: bool) -> str:
    """A row an instruction: line, source, bytes, a bar; the totals; then what can go."""
    coloured = is_coloured()
    rows = [paint(shown(read.path), "bold", coloured)]
    if snapshot.is_foreign:
        return f"{rows[0]}\n  in the language of another frontend: {snapshot.tree.directives['syntax']}"
    rows += (f"  {each}" for each in build.how_in_words(read.how, snapshot.options.target))
    lines = Text(snapshot.text)
    heaviest = max(
        (size.best for ledger in snapshot.ledgers for layer in ledger.layers if (size := snapshot.sizes.layer(layer))),
        default=0,
    )
    for ledger in snapshot.ledgers:
        ships = ledger.stage.index in snapshot.build.shipped
        if len(snapshot.ledgers) > 1:
            note = "" if ships else " (does not ship)"
            rows.append(f"{paint(f'stage {ledger.stage.label}', 'bold', coloured)}{note}")
        rows += [_row(lines, snapshot, layer, heaviest, coloured, ships) for layer in ledger.layers]
    image, pulled = snapshot.sizes.image(), snapshot.sizes.pulled()
    total = f"{_total(image)} unpacked, {_total(pulled)} pulled" if image else "size unknown"
    rows.append(f"{paint('image', 'bold', coloured)} {total}")
    found = report(snapshot, read.settings) if with_findings else ()
    if found := tuple(each for each in found if each.finding.is_about_bytes):
        rows.append(paint("what can go", "bold", coloured))
        for each in found:
            number = lines.position(each.span.start).line + 1
            rows.append(f"  line {number}: {each.statement}, {paint(saving(each.finding), 'yellow', coloured)}")
    return "\n".join(rows) + "\n"


def _row(lines: Text, snapshot: Snapshot, layer: Layer, heaviest: int, coloured: bool, ships: bool) -> str:
    number, _ = _lines_of(lines, snapshot, layer)
    source = layer.instruction.line.text
    source = source if len(source) <= _SOURCE else source[: _SOURCE - 1] + "…"
    source = "".join(ch if ch.isprintable() else " " for ch in source)
    adds = snapshot.sizes.layer(layer)
    amount, bar = "", ""
    if adds is None:
        amount = "unknown"
    elif layer.instruction.keyword in _WRITERS and (adds.best or layer.kept):
        sign = "" if layer.step is None else "+"
        amount = f"{'≥ ' if adds.high is None else ''}{sign}{in_words(adds.best)}"
        bar = "█" * round(_BAR * adds.best / heaviest) if heaviest else ""
        bar = bar or ("▏" if adds.best else "")
    return (
        f"  {number:>4}  {source:<{_SOURCE}} {amount:>10}  {paint(bar, 'cyan' if ships else 'dim', coloured)}".rstrip()
    )


def _total(size: Size | None) -> str:
    return "size unknown" if size is None else about(size)
