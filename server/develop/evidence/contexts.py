"""Build contexts as data: what the cases hold, as the product sees it, and as files that can be built."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from deadweight.model.context import BuildContext
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse

DOCS = Path(__file__).resolve().parents[3] / "docs"

# path -> text, or the bytes of a file whose content does not matter
Files = Mapping[str, "str | int"]


def snapshot_of(dockerfile: str, files: Files, options: Options | None = None) -> Snapshot:
    """A Dockerfile in the context of these files, which it lies in itself."""
    texts = {path: text for path, text in files.items() if isinstance(text, str)}
    weights = {path: len(what.encode()) if isinstance(what, str) else what for path, what in files.items()}
    weights["Dockerfile"] = len(dockerfile.encode())
    context = BuildContext("the context", weights, texts=texts)
    if ignore := texts.get(".dockerignore"):
        context = context.ignoring(".dockerignore", ignore)
    return Snapshot(parse(dockerfile), context, options or Options())


def write_context(folder: Path, dockerfile: str, files: Files) -> None:
    """Write a context; the content of a file depends on nothing but its path."""
    for path, what in {**files, "Dockerfile": dockerfile}.items():
        content = what.encode() if isinstance(what, str) else random.Random(path).randbytes(what)  # noqa: S311
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o644)
