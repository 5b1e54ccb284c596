"""`deadweight size`: what every line of a Dockerfile weighs, the image's total, and what of it can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.analysis.report import report, saving
from deadweight.cli import build, history
from deadweight.cli.findings import add_budget, as_size, with_budget
from deadweight.cli.main import CLEAN, FINDINGS, UNREADABLE
from deadweight.cli.output import add_format, document, is_coloured, line, paint, write
from deadweight.cli.size_table import FOOTER, lines_of, rows, totals
from deadweight.cli.together import together_as_json, together_in_words
from deadweight.model.image import ImageRef
from deadweight.rules.over_budget import over_budget
from deadweight.text import Text
from deadweight.workspace.files import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.estimate import Sizes
    from deadweight.size.targets import Comparison
    from deadweight.snapshot import Snapshot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    build.add_arguments(parser)
    add_budget(parser)
    parser.add_argument("--no-findings", action="store_true", help="leave out what can go")
    add_format(parser, ("text", "json", "jsonl"))
    history.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Size all files."""
    code, one_by_one = CLEAN, build.OneByOne()
    documents: list[dict[str, Any]] = []
    sized: list[Sizes] = []
    reads: Iterable[Read] = build.read_files(arguments, with_budget(arguments), every_build=True)
    measured = None
    if arguments.history is not None:
        reads = list(reads)
        measured = history.measured_snapshot(arguments, reads)
    for read in reads:
        with one_by_one.each(read.path):
            over = report(read.snapshot, read.settings, (over_budget,)) if read.snapshot else ()
            code = UNREADABLE if read.snapshot is None else max(code, FINDINGS if over else CLEAN)
            if arguments.format == "text":
                if measured is not None:
                    write(history.as_text(read.path, measured))
                elif read.snapshot is not None:
                    write(_as_text(read, read.snapshot, over, with_findings=not arguments.no_findings))
            else:
                made = _as_json(read, over)
                if measured is not None:
                    history.add_to(made, measured)
                if arguments.format == "jsonl":
                    write(line(made))
                else:
                    documents.append(made)
            if read.snapshot and not read.snapshot.is_foreign and measured is None:
                sized.append(read.snapshot.sizes)
    if arguments.format == "json":
        write(document({"files": documents, **together_as_json(sized)} if len(documents) != 1 else documents[0]))
    elif arguments.format == "text" and sized:
        if said := together_in_words(sized):
            write(said + "\n")
        write(FOOTER)
    return UNREADABLE if one_by_one.failed else code


def _as_json(read: Read, over: Sequence[Reported]) -> dict[str, Any]:
    if read.snapshot is None:
        return {"path": str(read.path), "error": read.error}
    snapshot = read.snapshot
    return {
        "path": str(read.path),
        **({} if read.build is None else {"build": read.build}),
        "context": build.how_as_json(read.how),
        "image": as_size(snapshot.sizes.image()),
        "pulled": as_size(snapshot.sizes.pulled()),
        "target": _target_as_json(snapshot.sizes.comparison()),
        "budget": snapshot.options.budget,
        "over_budget": bool(over),
        "stages": [_stage_as_json(snapshot, ledger) for ledger in snapshot.ledgers],
    }


def _target_as_json(found: Comparison | None) -> dict[str, Any] | None:
    """What an app of this kind may weigh, pulled; None where the kind is not plain."""
    if found is None:
        return None
    target = found.target
    times = None if found.times is None else round(found.times, 2)
    return {"app": target.app, "low": target.low, "high": target.high, "times": times}


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
    first, last = lines_of(lines, snapshot, layer)
    return {
        "line": first,
        "end_line": last,
        "keyword": layer.instruction.keyword,
        "adds": as_size(adds),
        "pulled": as_size(snapshot.sizes.layer_pulled(layer)),
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


def _as_text(read: Read, snapshot: Snapshot, over: Sequence[Reported], *, with_findings: bool) -> str:
    """The table, the totals, and what can go."""
    coloured = is_coloured()
    name = paint(shown(read.path), "bold", coloured)
    if snapshot.is_foreign:
        return f"{name}\n  in the language of another frontend: {snapshot.tree.directives['syntax']}"
    said = [name, *(f"  {each}" for each in build.how_in_words(read.how, snapshot.options.target))]
    said += [*rows(snapshot, coloured=coloured), *totals(snapshot, over, coloured=coloured)]
    found = report(snapshot, read.settings) if with_findings else ()
    if found := tuple(each for each in found if each.finding.is_about_bytes):
        lines = Text(snapshot.text)
        said.append(paint("what can go", "bold", coloured))
        for each in found:
            number = lines.position(each.span.start).line + 1
            said.append(f"  line {number}: {each.statement}, {paint(saving(each.finding), 'yellow', coloured)}")
    return "\n".join(said) + "\n"
