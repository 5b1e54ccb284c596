"""What the measured sizes of an image say of a Dockerfile, in words that a terminal and an editor share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.measured import unmatched
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from deadweight.model.history import History
    from deadweight.model.layers import Layer
    from deadweight.model.measured import Measured
    from deadweight.snapshot import Snapshot

_WRITERS = frozenset(("RUN", "COPY", "ADD"))
# Bytes of a block of ext4 and xfs; Docker's containerd image store sums those (moby daemon/containerd/image_history.go,
# containerd/continuity fs/du_unix.go; 2026-11-26).
_BLOCK = 4096


def lines_of_image(snapshot: Snapshot) -> list[Layer]:
    """The layers of the image that write something, without the base's."""
    layers = (layer for ledger in snapshot.shipped_ledgers for layer in ledger.layers if layer.step)
    return [layer for layer in layers if layer.instruction.keyword in _WRITERS]


def is_of(snapshot: Snapshot) -> bool:
    """Whether the history is that of an image of this Dockerfile: some line that writes has a row, if there is one.

    What writes nothing, `WORKDIR /app`, many Dockerfiles share.
    """
    lines = lines_of_image(snapshot)
    return not lines or any(layer.measured for layer in lines)


def what_differs(snapshot: Snapshot, measured: Measured) -> str:
    """The rows that match no line and the lines that match no row, in a sentence; "" where there are none."""
    found = snapshot.ledgers.matched
    if found is None:
        return ""
    rows = unmatched(measured, found)
    lines = sum(layer.measured is None for layer in lines_of_image(snapshot))
    said = []
    if rows:
        together = in_words(measured.sum_of(rows).best)
        verb = "matches" if len(rows) == 1 else "match"
        said.append(f"{_count(len(rows), 'row')} of the history ({together}) {verb} no line")
    if lines:
        said.append(f"{_count(lines, 'line')} {'has' if lines == 1 else 'have'} no row")
    return f"{', and '.join(said)}: the Dockerfile has changed since, or another one was built" if said else ""


def what_is_counted(history: History) -> str:
    """What an engine's sizes are the bytes of."""
    if history.engine == "podman":
        return "files with their headers, as podman counts them"
    written = [row.best for row in history.rows if row.best]
    is_in_blocks = len(written) > 1 and not any(count % _BLOCK for count in written) and not history.is_rounded
    return "blocks on the disk, as containerd's image store counts them" if is_in_blocks else "unpacked bytes"


def precision(measured: Measured) -> str:
    """That sizes are rounded, where they are; else ""."""
    return "its sizes are rounded to three digits: --human=false keeps all" if measured.history.is_rounded else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
