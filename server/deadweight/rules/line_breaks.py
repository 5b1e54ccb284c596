"""How commands of a RUN stand on lines of their own: `&&` ends a line or starts one, and how far each is indented.

A fix that adds a line does it as the RUN does that it is added to, or else as most RUNs of the file do.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

_INDENT = "    "


class Seam(NamedTuple):
    """What ends the line of one command, the operator perhaps, and what starts that of the next one."""

    end: str
    start: str


def seam(snapshot: Snapshot, layers: Sequence[Layer], operator: str) -> Seam:
    """How a command is joined to one on the line before, in these RUNs, of which the nearest is the first."""
    runs = [layer.instruction for layer in layers]
    escape = runs[0].escape
    if operator == ";":
        return Seam(f"; {escape}", next((indent for each in runs if (indent := _indent_of(each))), _INDENT))
    nearest = next((own for each in runs if (own := _seam_of(each))), None)
    # Where lists of packages alone have lines, `&&` stands no further right than is usual.
    indent = next((white for each in runs if (white := _indent_of(each)) and len(white) <= len(_INDENT)), _INDENT)
    return nearest or _usual(snapshot) or Seam(f" {escape}", f"{indent}&& ")


def _usual(snapshot: Snapshot) -> Seam | None:
    """How most RUNs of the file do it."""
    instructions = (placed.instruction for placed in snapshot.tree.instructions)
    found = Counter(each for run in instructions if run.keyword == "RUN" and (each := _seam_of(run)))
    return max(found, key=found.__getitem__) if found else None


@remembered
def _seam_of(run: Instruction) -> Seam | None:
    """How a RUN joins its last two commands that stand on lines of their own; None where it has none."""
    lines = list(_lines(run))
    for above, below in zip(reversed(lines[:-1]), reversed(lines[1:]), strict=True):
        if not above.endswith(run.escape):
            continue  # in a heredoc
        ended = above.removesuffix(run.escape).rstrip()
        indent = below[: len(below) - len(below.lstrip())]
        if ended.endswith("&&") and ended.strip() != "&&":
            return Seam(above[len(ended.removesuffix("&&").rstrip()) :], indent)
        if below.lstrip().startswith("&&") and below.removesuffix(run.escape).strip() != "&&":
            return Seam(f" {run.escape}", f"{indent}&& ")
    return None


def _indent_of(run: Instruction) -> str:
    """The white space in front of a RUN's last line; "" where it has one line."""
    *above, last = _lines(run)
    return last[: len(last) - len(last.lstrip())] if above else ""


def _lines(run: Instruction) -> Iterator[str]:
    """The lines of a RUN that say something to the shell."""
    lines = (line.rstrip() for line in run.text.rstrip().split("\n"))
    return (line for line in lines if line and not line.lstrip().startswith("#"))
