"""Builds whose layers were measured, as `docs/evidence-sizes.jsonl` has them, with our estimate beside each layer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from deadweight.model import image
from deadweight.model.image import StatedSize
from deadweight.snapshot import Options
from develop.evidence.contexts import DOCS, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from deadweight.size.units import Size
    from develop.evidence.contexts import Files

BUILDS = DOCS / "evidence-sizes.jsonl"


@dataclass(frozen=True, slots=True)
class Build:
    """A Dockerfile that was built, with the bytes of all files in each layer, as `docker history` counts them.

    base, base_bytes: what the last stage stands on, and what that weighs in the lab
    added_bytes: all that the last stage adds to it
    lines: line of a RUN, COPY or ADD, in any stage -> bytes
    why: line -> why we are far from what was measured
    """

    name: str
    date: str
    dockerfile: str
    files: Files
    base: str
    base_bytes: int
    added_bytes: int
    lines: Mapping[int, int]
    why: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction whose layer was measured, and what we say of it without building anything."""

    build: str
    number: int
    text: str
    measured: int
    said: Size | None
    why: str

    @property
    def keyword(self) -> str:
        """RUN, COPY or ADD."""
        return self.text.partition(" ")[0].upper()

    @property
    def copies_context(self) -> bool:
        """Whether it is a COPY that takes from the build context."""
        return self.keyword == "COPY" and "--from=" not in self.text

    @property
    def error(self) -> float | None:
        """How far the best figure is off, as a share of what was measured; None where there is no figure."""
        if self.said is None or not self.measured:
            return None
        return self.said.best / self.measured - 1

    @property
    def is_in_range(self) -> bool:
        """Whether what was measured lies between the ends of what we say, to the byte."""
        said = self.said
        return said is not None and said.low <= self.measured and (said.high is None or self.measured <= said.high)

    @property
    def width(self) -> float | None:
        """The upper end as a multiple of the lower one; None where there is no upper end."""
        if self.said is None or self.said.high is None:
            return None
        return max(self.said.high, 1) / max(self.said.low, 1)


@dataclass(frozen=True, slots=True)
class Compared:
    """A build with our estimates: of its lines, and of the image on the base image as the lab has it."""

    build: Build
    lines: tuple[Line, ...]
    image: Size | None

    @property
    def image_bytes(self) -> int:
        """What the image weighs."""
        return self.build.base_bytes + self.build.added_bytes

    @property
    def image_error(self) -> float | None:
        """How far the best figure of the image is off."""
        return self.image.best / self.image_bytes - 1 if self.image and self.image_bytes else None


def read_builds(path: Path = BUILDS) -> list[Build]:
    """The recorded builds."""
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Build(
            record["name"],
            record["date"],
            record["dockerfile"],
            record["files"],
            record["base"],
            record["base_bytes"],
            record["added_bytes"],
            {int(number): count for number, count in record["lines"].items()},
            {int(number): text for number, text in record.get("why", {}).items()},
        )
        for record in records
    ]


def write_builds(builds: Iterable[Build]) -> None:
    """Record these builds, by name."""
    lines = (json.dumps(asdict(build)) for build in sorted(builds, key=lambda build: build.name))
    BUILDS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def compared(build: Build) -> Compared:
    """What we say of a build, beside what was measured."""
    bases = {image.name_of(image.parse(build.base)): StatedSize(build.base_bytes, "the lab")}
    snapshot = snapshot_of(build.dockerfile, build.files, Options(bases=bases))
    lines = []
    for ledger in snapshot.ledgers:
        for layer in ledger.layers:
            number = snapshot.line(layer.site)
            if number in build.lines:
                text = layer.instruction.text.replace("\\\n", " ").partition("\n")[0]
                said = snapshot.sizes.layer(layer)
                lines.append(Line(build.name, number, text, build.lines[number], said, build.why.get(number, "")))
    return Compared(build, tuple(lines), snapshot.sizes.image())
