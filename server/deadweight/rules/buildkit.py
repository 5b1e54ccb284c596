"""Whether BuildKit is what builds a file, so that mounts may be put into it.

`COPY --chmod` needs no such certainty: every builder of today knows it (BuildKit, Buildah, kaniko; kept by hand,
2026-11-26). Mounts are an error for Docker's old builder, and kaniko takes no notice of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.instruction import Instruction

_FLAGS = {
    "RUN": ("mount", "network", "security"),
    "COPY": ("link", "parents", "exclude"),
    "ADD": ("link", "exclude", "checksum", "keep-git-dir", "unpack"),
}


def is_sure(snapshot: Snapshot) -> bool:
    """Whether a file says what no builder without mounts understands."""
    return "syntax" in snapshot.tree.directives or any(
        _is_of_buildkit(each) for stage in snapshot.build.stages for each in stage.section.instructions
    )


def _is_of_buildkit(instruction: Instruction) -> bool:
    flags = _FLAGS.get(instruction.keyword, ())
    return bool(instruction.heredocs) or any(instruction.flag(name) for name in flags)
