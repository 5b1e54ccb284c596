"""Real Dockerfiles, out of a folder or out of a file of JSON lines."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.workspace.discover import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class File:
    """A Dockerfile of a collection; `kind` is the part of it that the file belongs to, "" where there are none."""

    name: str
    kind: str
    text: str


def read_files(source: Path) -> list[File]:
    """Those below a folder, or those of a `.jsonl.xz` with `repo`, `path`, `category` and `text`. Raises OSError."""
    return list(_below(source) if source.is_dir() else _lines(source))


def _below(folder: Path) -> Iterator[File]:
    for path in find((folder,)):
        yield File(path.relative_to(folder).as_posix(), "", path.read_text("utf-8", errors="replace"))


def _lines(source: Path) -> Iterator[File]:
    with lzma.open(source, "rt", encoding="utf-8") as lines:
        for each in map(json.loads, lines):
            yield File(f"{each['repo']} {each['path']}", each["category"], each["text"])
