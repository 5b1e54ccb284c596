"""What comments say of an instruction: those in it, and those right above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.syntax.dockerfile import Comment, Instruction, remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Section


def spoken_of(snapshot: Snapshot, layer: Layer) -> str:
    """An instruction with the comments right above it."""
    section = snapshot.build.stages[layer.site.stage].section
    return _above(section).get(layer.site.step, "") + layer.instruction.text


@remembered
def _above(section: Section) -> Mapping[int, str]:
    """The comments right above the instructions of a stage, by the number of these."""
    found: dict[int, str] = {}
    number, comments = 0, ""
    for piece in section.pieces:
        if isinstance(piece, Instruction):
            if comments:
                found[number] = comments
            number += 1
        comments = comments + piece.text if isinstance(piece, Comment) else ""
    return found
