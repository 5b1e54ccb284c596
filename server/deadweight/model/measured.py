"""Which line of a Dockerfile each row of an image's history was made by.

Rows and lines are matched by what they say, as the longest sequence that both have in common: a line that has changed
since the build has no row, and whatever else was built is told from the lines. What matches a line is asked once a line
and once a history, so that an edit costs a look at the lines of the image.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.effects import Figure
from deadweight.model.history import plain_words
from deadweight.model.image import ImageRef
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deadweight.model.history import History, Row
    from deadweight.model.stages import Build, Stage
    from deadweight.syntax.dockerfile import Instruction

_MOST_LIKE = 10  # rows that say the same; of more, the newest count, so that an edit stays quick
_SHELL = "/bin/sh -c "


@dataclass(frozen=True, eq=False)
class Measured:
    """An image's history as the measure of a Dockerfile.

    `base` is what the FROM of the image named when it was first compared, `base_rows` how many rows of the history are
    that image's; None where that cannot be told.
    """

    history: History
    source: str  # "docker history of app:1"
    base: str = ""
    base_rows: int | None = None

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """What each row adds."""
        return tuple([Figure(row.low, row.best, row.high, self.source, row.date) for row in self.history.rows])

    @cached_property
    def base_figure(self) -> Figure | None:
        """What the rows of the base image add together."""
        return None if self.base_rows is None else self._sum(self.figures[: self.base_rows])

    @cached_property
    def image(self) -> Figure:
        """What all rows add together."""
        return self._sum(self.figures)

    def sum_of(self, rows: Sequence[int]) -> Figure:
        """What some of the rows add together."""
        return self._sum([self.figures[row] for row in rows])

    def _sum(self, figures: Sequence[Figure]) -> Figure:
        low, best, high = (sum(getattr(each, name) for each in figures) for name in ("low", "best", "high"))
        return Figure(low, best, high, self.source, self.history.date)


class Matched(NamedTuple):
    """What the instructions of an image's stages were measured to add, by the number of the stage: FROM first.

    `rows` are those of the history that are some line's; `stages` the stages of the image.
    """

    stages: tuple[Stage, ...]
    figures: Mapping[int, tuple[Figure | None, ...]]
    rows: frozenset[int]


def measure(history: History, build: Build, source: str) -> Measured:
    """The history as the measure of a Dockerfile that may have changed since the image was built."""
    stages = _stages_of_image(build)
    found = Measured(history, source, stages[0].base_text if stages else "")
    instructions = [step.instruction for stage in stages for step in stage.steps]
    lines = _rows_of(instructions, found)
    return replace(found, base_rows=_base_rows(stages, instructions, lines, history.rows))


def matched(measured: Measured, build: Build, before: Matched | None = None) -> Matched:
    """What each line of the image is measured to add; `before` is the same for an earlier version of the file."""
    stages = _stages_of_image(build)
    if before is not None and before.stages == stages:
        return before
    rows = _rows_of([step.instruction for stage in stages for step in stage.steps], measured)
    figures: dict[int, tuple[Figure | None, ...]] = {}
    first, at = measured.base_figure if stages and stages[0].base_text == measured.base else None, 0
    for stage in stages:
        own = rows[at : at + len(stage.steps)]
        figures[stage.index] = (first, *(None if row is None else measured.figures[row] for row in own))
        first, at = None, at + len(own)
    return Matched(stages, figures, frozenset([row for row in rows if row is not None]))


def unmatched(measured: Measured, found: Matched) -> list[int]:
    """The rows that add something and are neither some line's nor the base image's."""
    first = measured.base_rows if measured.base_rows is not None else min(found.rows, default=0)
    rows = measured.history.rows
    return [row for row in range(first, len(rows)) if row not in found.rows and rows[row].best]


def _stages_of_image(build: Build) -> tuple[Stage, ...]:
    """The stages whose layers are in the image, the one that stands on an image of its own first."""
    return tuple([build.stages[index] for index in sorted(build.shipped)])


def _base_rows(
    stages: Sequence[Stage], lines: Sequence[Instruction], rows_of: Sequence[int | None], rows: Sequence[Row]
) -> int | None:
    """How many rows the base image has: what lies below the row of the first line.

    Where the first lines have changed, there are as many rows to be left out, if they are of the same keywords.
    """
    if not stages:
        return None
    base = stages[0].base
    if isinstance(base, ImageRef) and base.is_scratch:
        return 0
    if not lines:
        return len(rows)
    place = next((place for place, row in enumerate(rows_of) if row is not None), None)
    row = None if place is None else rows_of[place]
    if place is None or row is None or row < place:
        return None
    is_as_long = all(
        line.keyword == each.keyword for line, each in zip(lines[:place], rows[row - place : row], strict=True)
    )
    return row - place if is_as_long else None


# --- which rows are which lines ---


def _rows_of(lines: Sequence[Instruction], measured: Measured) -> list[int | None]:
    """The row of each line: as many as possible in the order of both, the newest where there is a choice."""
    newest: list[int] = []  # of each length, the row in which a sequence of it starts, from the end; negative
    chains: list[_Chain] = []
    for place in range(len(lines) - 1, -1, -1):
        for row in _rows_like(lines[place], measured):
            length = bisect_left(newest, -row)
            chain = _Chain(place, row, chains[length - 1] if length else None)
            newest[length : length + 1] = (-row,)
            chains[length : length + 1] = (chain,)
    found: list[int | None] = [None] * len(lines)
    at = chains[-1] if chains else None
    while at is not None:
        found[at.place] = at.row
        at = at.behind
    return found


class _Chain(NamedTuple):
    """A row as that of a line, and those of the lines behind it."""

    place: int
    row: int
    behind: _Chain | None


@remembered
def _rows_like(line: Instruction, measured: Measured) -> tuple[int, ...]:
    """The rows that say what a line says, in order."""
    rows, first = measured.history.rows, measured.base_rows or 0
    said = _Said.by(line)
    like = [number for number in range(first, len(rows)) if rows[number].keyword == line.keyword]
    return tuple([number for number in like if said.is_like(rows[number])][-_MOST_LIKE:])


class _Said(NamedTuple):
    """What a line says, as builders say it: a RUN in one of several texts, all else in words; None is a variable's."""

    texts: frozenset[str]
    words: tuple[str | None, ...]
    keyword: str

    @classmethod
    def by(cls, line: Instruction) -> _Said:
        """What an instruction says."""
        if line.keyword == "RUN":
            return cls(frozenset([" ".join(text.split()) for text in _commands(line)]), (), "RUN")
        if line.keyword in ("COPY", "ADD"):
            texts = [_source(word.text if word.value is None else word.value) for word in line.words]
            words = [part for text in texts for part in (text.split() if "$" not in text else (None,))]
        else:
            texts = line.arguments.text.split()
            words = [part for text in texts for part in (plain_words(text) if "$" not in text else (None,))]
        return cls(frozenset(), tuple(words), line.keyword)

    def is_like(self, row: Row) -> bool:
        """Whether a row says the same."""
        if self.keyword == "RUN":
            return row.text in self.texts or (
                row.is_open and any(row.text.endswith(f" {text}") for text in self.texts if text)
            )
        if self.keyword in ("COPY", "ADD"):
            words = row.words
            # The classic builder and buildah tell a hash of what is copied, and where to.
            is_hashed = len(words) > 1 and words[1] == "in"
            return _is_like(words[2:], self.words[-1:]) if is_hashed else _is_like(words, self.words)
        words = plain_words(row.text)
        if self.keyword == "ARG":  # with its default, or what was given
            return words[:1] == self.words[:1]
        # A shell may stand before the words of CMD and ENTRYPOINT.
        own = words[-len(self.words) :] if self.keyword in ("CMD", "ENTRYPOINT") else words
        return _is_like(own, self.words)


def _is_like(words: Sequence[str], wanted: Sequence[str | None]) -> bool:
    """Whether words are the `wanted` ones, where a variable may stand for any words or for none."""
    unknown = [place for place, word in enumerate(wanted) if word is None]
    if not unknown:
        return tuple(words) == tuple(wanted)
    before, behind = wanted[: unknown[0]], wanted[unknown[-1] + 1 :]
    is_long_enough = len(words) >= len(before) + len(behind)
    return (
        is_long_enough
        and tuple(words[: len(before)]) == tuple(before)
        and tuple(words[len(words) - len(behind) :]) == tuple(behind)
    )


def _source(word: str) -> str:
    """What COPY names; of a heredoc, its name without quotes, as builders say it."""
    return f"<<{word[2:].lstrip('-').strip(_QUOTES)}" if word.startswith("<<") else word


_QUOTES = "'\""


def _commands(line: Instruction) -> list[str]:
    """The ways in which builders say a RUN's command."""
    text, array = line.arguments.text, line.array
    if array is not None:
        joined = " ".join(word.value or "" for word in array)
        return [joined, joined.removeprefix(_SHELL), text]
    if not line.heredocs:
        return [text]
    first, last = line.heredocs[0], line.heredocs[-1]
    bodies = line.text[first.content.start : last.terminator.end]
    found = [text, f"{text} {bodies}"]  # buildah leaves the bodies out
    if len(line.heredocs) == 1 and len(text.split()) == 1:
        body = line.text[first.content.start : first.content.end]
        # BuildKit runs a body as the script that it is; one that names its own program, from a file.
        found.append(f"/dev/pipes/{first.name}" if body.startswith("#!") else body)
    return found
