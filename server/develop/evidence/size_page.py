"""The part of `docs/evidence.md` about sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from develop.evidence.fixes import megabytes
from develop.evidence.scores import EXACT, LARGE, scores_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.size.units import Size
    from develop.evidence.scores import Scores
    from develop.evidence.sizes import Compared, Line

_INTRODUCTION = f"""## Sizes

Each line is an instruction of a Dockerfile that was built, in any of its stages. *Measured* are the bytes of all files
in its layer. *Said* is our best figure, with its range; it is computed from the text and the build context, without
building anything. The Dockerfiles are written as people write them. Half of them were looked at while the estimates
were made. Of the other half only totals were, until they were done: median error 2 %, nine of ten lines within 64 % and
then 58 %, 84 % and then 89 % of the lines inside their range (36 lines of 1 MB and more, 2026-11-26). What its lines
showed was then mended as well, so that the figures below are of builds that are known.

Pip took its packages through an index on the same machine that sends the caching headers of the public one. A layer of
less than {LARGE // 10**6} MB is listed, but its error does not count.
"""
_FAR = 0.35  # share of what was measured, from where on a line is listed among those that are far off
_NAME = 70  # characters of an instruction


def sizes_in_words(builds: Sequence[Compared]) -> Iterator[str]:
    """The lines of the part."""
    lines = [line for build in builds for line in build.lines]
    yield _INTRODUCTION
    yield "| Of this | Here | Goal |"
    yield "|---|---:|---:|"
    yield from scores_in_words(scores_of(lines))
    yield "\n### Far off\n"
    yield f"Lines of {LARGE // 10**6} MB and more that are off by over {_FAR:.0%}, or of which nothing is said.\n"
    yield from (f"- {_far(line)}" for line in sorted(filter(_is_far, lines), key=lambda line: -_bytes_off(line)))
    yield "\n### Images\n"
    yield "What is said of the whole image, on the base image as the lab has it (`--base-size`).\n"
    yield "| Build | Base | Measured | Said | Error |"
    yield "|---|---|---:|---:|---:|"
    yield from (
        f"| {each.build.name} | {each.build.base} | {megabytes(each.image_bytes)} | {_said(each.image)} "
        f"| {_error(each.image_error)} |"
        for each in builds
    )
    yield "\n### Layers\n"
    yield "| Build | Line | Instruction | Measured | Said | Error | In range |"
    yield "|---|---:|---|---:|---:|---:|---|"
    yield from (
        f"| {line.build} | {line.number} | {_text(line)} | {megabytes(line.measured)} | {_said(line.said)} "
        f"| {_error(line.error)} | {'' if line.said is None else 'yes' if line.is_in_range else 'no'} |"
        for line in lines
    )


def scores_in_words(scores: Scores) -> Iterator[str]:
    """A row a score, beside what we want it to be."""
    rows = (
        ("RUN, median error", f"{scores.large_runs} layers", _percent(scores.median_error), "10 %"),
        ("RUN, error of 90 %", f"{scores.large_runs} layers", _percent(scores.p90_error), "35 %"),
        ("RUN, within the range", f"{scores.runs} layers", _percent(scores.in_range), "80 %"),
        ("RUN, median of high / low", f"{scores.large_runs} layers", _times(scores.median_width), "1.5"),
        ("RUN, 90 % of high / low", f"{scores.large_runs} layers", _times(scores.p90_width), "3"),
        ("With a figure", f"layers of {LARGE // 10**6} MB and more", _percent(scores.priced), "85 %"),
        ("With an upper end", f"layers of {LARGE // 10**6} MB and more", _percent(scores.bounded), ""),
        (
            f"COPY from the context, right to {EXACT:.1%}",
            f"{scores.copies} layers",
            _percent(scores.exact_copies),
            "100 %",
        ),
    )
    yield from (f"| {what}, {of} | {here} | {goal} |" for what, of, here, goal in rows)


def _is_far(line: Line) -> bool:
    return line.measured >= LARGE and (line.error is None or abs(line.error) > _FAR)


def _bytes_off(line: Line) -> int:
    return abs((line.said.best if line.said else 0) - line.measured)


def _far(line: Line) -> str:
    said = "nothing" if line.said is None else f"{_said(line.said)} MB"
    why = f" {line.why}" if line.why else ""
    return f"{line.build}, line {line.number}, {_text(line)}: {megabytes(line.measured)} MB measured, {said} said.{why}"


def _text(line: Line) -> str:
    text = " ".join(line.text.split()).replace("|", "\\|").replace("`", "'")
    return f"`{text if len(text) <= _NAME else text[: _NAME - 1] + '…'}`"


def _said(size: Size | None) -> str:
    if size is None:
        return "unknown"
    if size.high is None:
        return f"{megabytes(size.best)} (at least {megabytes(size.low)})"
    return f"{megabytes(size.best)} ({megabytes(size.low)} to {megabytes(size.high)})"


def _error(error: float | None) -> str:
    return "" if error is None else f"{error:+.0%}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _times(factor: float | None) -> str:
    return "" if factor is None else f"{factor:.2f}"
