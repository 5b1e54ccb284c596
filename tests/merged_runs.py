"""The RUNs of a small Dockerfile made one."""

from __future__ import annotations

from deadweight.analysis.proof import fixed, is_sound
from deadweight.rules import copies_between
from examples import snapshot_of

FROM = "FROM debian:trixie\n"


def merged(lines: str) -> str | None:
    """The lines below FROM after all up to the last RUN has become one: a container starts as it did."""
    snapshot = snapshot_of(FROM + lines)
    runs = [layer for layer in snapshot.ledgers[0].layers if layer.instruction.keyword == "RUN"]
    fix = copies_between.merged_from(snapshot, runs[0], runs[-1])
    if fix is None:
        return None
    after = fixed(snapshot, [fix])
    assert is_sound(snapshot, after)
    ends = [each.build.stages[0].end for each in (snapshot, after)]
    assert ends[0].workdir == ends[1].workdir
    assert dict(ends[0].variables) == dict(ends[1].variables)
    return after.text.removeprefix(FROM)
