"""Tables of what was measured, as text and as Markdown."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.client import REQUESTS
from benchmarks.contenders import FLOOR, OTHER, OURS, floor_of
from benchmarks.figures import percentile, ratio_of_means, ratio_of_medians
from benchmarks.places import PLACES
from benchmarks.runs import BURST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.contenders import Contender
    from benchmarks.runs import Result

_NOT_MEASURED = "n/a"
_AGAINST = (f"against {FLOOR}", f"against {OTHER}")
_WALL_AND_CPU = ("p50", *_AGAINST, "CPU", *(f"{each}, CPU" for each in _AGAINST))


class Table(NamedTuple):
    """A table with a title; the first columns are words, the others figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


def as_text(table: Table) -> str:
    """A table for a terminal."""
    lines = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        "  ".join(
            cell.ljust(width) if number < table.words else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([table.title, *(f"  {line}".rstrip() for line in aligned), ""])


def as_markdown(table: Table) -> str:
    """A table for a document."""
    under = ["---" if number < table.words else "--:" for number in range(len(table.columns))]
    lines = [f"| {' | '.join(line)} |" for line in (table.columns, under, *table.rows)]
    return "\n".join([f"{table.title}:", "", *lines, ""])


def of_servers(contenders: Sequence[Contender], versions: Mapping[str, str | None]) -> Table:
    """What the names stand for."""
    rows = [(each.name, versions.get(each.name) or _NOT_MEASURED, each.checks) for each in contenders]
    return Table("Servers", ("server", "version", "checks"), rows, words=3)


def of_ours(files: Mapping[int, Sequence[Result]]) -> Table:
    """Our server with all files: what most people want to know."""
    rows = []
    for lines, results in files.items():
        for ours in results:
            if ours.name == OURS:
                wall, cpu = _against(ours, results, "edit"), _against(ours, results, "cpu")
                rows.append((f"{lines:,}", _p50(ours, "edit"), *wall, _cpu(ours), *cpu, _number(ours.diagnostics)))
    return Table(f"{OURS}, from an edit to its diagnostics, µs", ("lines", *_WALL_AND_CPU, "diagnostics"), rows)


def of_a_file(results: Sequence[Result], lines: int) -> list[Table]:
    """Everything about a file but the cold start."""
    return [
        Table(
            f"{lines:,} lines, from an edit to its diagnostics, µs",
            ("server", "edits", "min", "p50", "p95", "p99", *_AGAINST),
            [(each.name, *_spread(each), *_against(each, results, "edit")) for each in results],
        ),
        Table(
            f"{lines:,} lines, CPU time of an edit, µs; memory, MiB; diagnostics",
            ("server", "CPU", *_AGAINST, "RSS", "PSS", "diagnostics"),
            [(each.name, _cpu(each), *_against(each, results, "cpu"), *_state(each)) for each in results],
        ),
        Table(
            f"{lines:,} lines, p50 of an edit in a burst of {BURST} and of requests, µs",
            ("server", "burst", "publishes", *REQUESTS),
            [(each.name, *(_p50(each, kind) for kind in ("burst", "publishes", *REQUESTS))) for each in results],
        ),
    ]


def of_places(by_place: Mapping[str, Sequence[Result]], lines: int) -> Table:
    """Two servers at every kind of place."""
    rows, names = [], ["", ""]
    for place, (one, other) in by_place.items():
        names = [one.name, other.name]
        wall, cpu = _ratio(one, other, "edit"), _ratio(one, other, "cpu")
        rows.append((PLACES[place], _p50(one, "edit"), _p50(other, "edit"), wall, _cpu(one), _cpu(other), cpu))
    columns = ("edited", *names, "ratio", *(f"{name}, CPU" for name in names), "ratio, CPU")
    return Table(f"{lines:,} lines, an edit by place, p50 and CPU time, µs", columns, rows)


def of_cold_starts(results: Sequence[Result], lines: int) -> Table:
    """From the start of a process to its first diagnostics."""
    against = [(_against(each, results, "start"), _against(each, results, "cpu")) for each in results]
    rows = [
        (each.name, _p50(each, "start"), *wall, _cpu(each), *cpu)
        for each, (wall, cpu) in zip(results, against, strict=True)
    ]
    title = f"{lines:,} lines, from the start of the process to the first diagnostics, µs"
    return Table(title, ("server", *_WALL_AND_CPU), rows)


def _spread(result: Result) -> list[str]:
    """How many edits there were, and their times."""
    edits = result.samples.get("edit")
    if not edits:
        return ["0", *[_NOT_MEASURED] * 4]
    return [str(len(edits)), *(_number(percentile(edits, share)) for share in (0, 0.5, 0.95, 0.99))]


def _state(result: Result) -> list[str]:
    """What the server holds at the end."""
    memory = result.memory or (None, None)
    return [*(_number(each) for each in memory), _number(result.diagnostics)]


def _against(one: Result, results: Sequence[Result], kind: str) -> list[str]:
    """The ratios to the floor and to the other server."""
    by_name = {each.name: each for each in results}
    others = [by_name.get(name) for name in (floor_of(one.name), OTHER)]
    return [_ratio(one, other, kind) if other and other is not one else "" for other in others]


def _ratio(one: Result, other: Result, kind: str) -> str:
    """Of CPU time the mean, as it adds up; of what people wait for the median."""
    compare = ratio_of_means if kind == "cpu" else ratio_of_medians
    ratio = compare(one.samples.get(kind, ()), other.samples.get(kind, ()))
    if ratio is None:
        return _NOT_MEASURED
    value, low, high = (f"{each:,.0f}" if each >= 100 else f"{each:.3g}" for each in ratio)
    return f"{value} [{low}, {high}]"


def _p50(result: Result, kind: str) -> str:
    samples = result.samples.get(kind)
    return _number(median(samples) if samples else None)


def _cpu(result: Result) -> str:
    samples = result.samples.get("cpu")
    return _number(fmean(samples) if samples else None)


def _number(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:,.0f}"
