"""Histories of images as engines printed them, each with the Dockerfile that was built: `tests/histories/`.

Recorded from real builds on 2026-11-26: Docker 26.1.5 with its BuildKit (`buildkit`, `heredocs`, `odd`, `app`) and with
its classic builder (`classic`); buildah 1.39.3, printed by podman 5.4.2 (`podman`, `podman-heredocs`). `app-rounded` is
`app` without --human=false.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from deadweight.model.history import read_history
from deadweight.model.measured import measure
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse

FOLDER = Path(__file__).parent / "histories"


class Recorded(NamedTuple):
    """A Dockerfile, and what the engine printed of its image."""

    dockerfile: str
    printed: str

    @property
    def sizes(self) -> list[int]:
        """What the engine says of each row."""
        return [int(each["Size"] if "Size" in each else each["size"]) for each in self.rows]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows, the newest first."""
        documents = [json.loads(line) for line in self.printed.splitlines()]
        return documents[0] if isinstance(documents[0], list) else documents


def recorded(name: str) -> Recorded:
    dockerfile = (FOLDER / f"{name.removesuffix('-rounded')}.Dockerfile").read_text("utf-8")
    return Recorded(dockerfile, (FOLDER / f"{name}.json").read_text("utf-8"))


def measured_snapshot(dockerfile: str, printed: str) -> Snapshot:
    """A Dockerfile with a history as its measure."""
    plain = Snapshot(parse(dockerfile))
    measured = measure(read_history(printed), plain.build, "docker history of app:1")
    return Snapshot(plain.tree, None, Options(measured=measured))


def by_line(snapshot: Snapshot) -> dict[int, int | None]:
    """What was measured of each line of the image that runs, copies or starts from an image."""
    return {
        snapshot.line(layer.site): layer.measured.best if layer.measured else None
        for ledger in snapshot.shipped_ledgers
        for layer in ledger.layers
        if layer.instruction.keyword in ("RUN", "COPY", "ADD") or not isinstance(ledger.stage.base, int)
        if layer.instruction.keyword in ("FROM", "RUN", "COPY", "ADD")
    }
