"""Build contexts as data: what the cases hold, as the product sees it, and as files that can be built."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deadweight.model.context import BuildContext
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse

DOCS = Path(__file__).resolve().parents[3] / "docs"

# path -> text, or the bytes of a file whose content does not matter, or an archive: {"bytes": ..., "holds": files}
Files = Mapping[str, Any]


def snapshot_of(dockerfile: str, files: Files, options: Options | None = None) -> Snapshot:
    """A Dockerfile in the context of these files, which it lies in itself."""
    texts = {path: what for path, what in files.items() if isinstance(what, str)}
    weights = {path: _bytes(what) for path, what in {**files, "Dockerfile": dockerfile}.items()}
    context = BuildContext("the context", weights, texts=texts)
    if ignore := texts.get(".dockerignore"):
        context = context.ignoring(".dockerignore", ignore)
    return Snapshot(parse(dockerfile), context, options or Options())


def _bytes(what: Any) -> int:
    if isinstance(what, str):
        return len(what.encode())
    return int(what["bytes"] if isinstance(what, dict) else what)


def write_context(folder: Path, dockerfile: str, files: Files) -> None:
    """Write a context."""
    for path, what in {**files, "Dockerfile": dockerfile}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_content(path, what))
        file.chmod(0o644)


def _content(path: str, what: Any) -> bytes:
    """What a file holds: its text, or noise that depends on nothing but its path."""
    if isinstance(what, str):
        return what.encode()
    if isinstance(what, int):
        return random.Random(path).randbytes(what)  # noqa: S311
    held = {name: _packable(name, each) for name, each in what["holds"].items()}
    return _zip(held) if path.endswith(".zip") else _tar(held)


def _packable(path: str, what: str | int) -> bytes:
    """A text, or noise that packs to two fifths, as programs do."""
    if isinstance(what, str):
        return what.encode()
    return _content(path, what * 2 // 5).ljust(what, b"\0")


def _zip(held: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return written.getvalue()


def _tar(held: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    # Without the time, so that two builds get the same archive.
    packer = gzip.GzipFile(fileobj=written, mode="wb", mtime=0)
    with packer, tarfile.open(fileobj=packer, mode="w") as archive:
        for name, content in held.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()
