"""What may come in an ignore file: what is heavy in the context, what could come back, and what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.completion.items import MOST, Completions, Item
from deadweight.size.units import in_words
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.items import Kind
    from deadweight.features.ignoring.reading import IgnoreReading, Measured
    from deadweight.model.folder import Folder

# What tools and people leave beside sources in most projects; each is a name that holds in every folder.
_USUAL = (
    *(".git", "**/node_modules", "**/.venv", "**/__pycache__", "**/*.pyc", "**/.DS_Store", "**/*.log", "**/.env"),
    *("**/dist", "**/build", "**/target", "**/coverage", "**/.pytest_cache", "**/.idea", "**/.vscode"),
    *("Dockerfile*", ".dockerignore", "compose*.yaml"),
)


def ignore_completions(reading: IgnoreReading, offset: int) -> Completions | None:
    """What the pattern at `offset` may be: behind `!`, what is left out now; else what is heavy, then what is usual."""
    text = str(reading.file)
    start = text.rfind("\n", 0, offset) + 1
    typed = text[start:offset]
    if typed.startswith("#") or typed.strip() != typed:
        return None
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end].rstrip("\r")
    is_exception = typed.startswith("!")
    path = typed.removeprefix("!").removeprefix("**/")
    span = Span(offset - len(path), start + max(len(line), offset - start))
    folder, _, _ = path.rpartition("/")
    items: list[Item] = []
    if reading.measured is not None:
        items += _left_out(reading.measured, folder) if is_exception else _kept(reading.measured, folder)
    if not is_exception and not folder:
        there = {item.label.removesuffix("/") for item in items} | set(reading.texts)
        items += [Item(each, "value", detail="usual") for each in _USUAL if each not in there]
    return Completions(span, offset, tuple(items[:MOST]), is_incomplete=len(items) > MOST)


def _kept(measured: Measured, folder: str) -> Iterator[Item]:
    """The entries of a folder that the builder gets, the heaviest first."""
    # What is typed may be a pattern already that leaves out the folder.
    here = measured.sifted.kept.at(folder) or measured.whole.tree.at(folder)
    return _items(here, folder) if here else iter(())


def _left_out(measured: Measured, folder: str) -> Iterator[Item]:
    """The entries of a folder of which the builder does not get all, the heaviest first."""
    whole, kept = measured.whole.tree.at(folder), measured.sifted.kept.at(folder)
    if whole is None:
        return iter(())
    names = {name for name, count in (kept.entries() if kept else ()) if count}
    files = {name: count for name, count in whole.files.items() if name not in names}
    folders = {
        name: below
        for name, below in whole.folders.items()
        if not kept or name not in kept.folders or kept.folders[name].bytes < below.bytes
    }
    return _items_of([*files.items(), *((f"{name}/", below.bytes) for name, below in folders.items())], folder)


def _items(here: Folder, folder: str) -> Iterator[Item]:
    return _items_of(here.entries(), folder)


def _items_of(entries: list[tuple[str, int]], folder: str) -> Iterator[Item]:
    prefix = f"{folder}/" if folder else ""
    for name, count in sorted(entries, key=lambda entry: (-entry[1], entry[0])):
        path = prefix + name.rstrip("/")
        if path.strip() != path or any(ch in path for ch in "\r\n"):
            continue  # no pattern is this name
        kind: Kind = "folder" if name.endswith("/") else "file"
        yield Item(path, kind, insert=_escaped(path), detail=in_words(count))


def _escaped(path: str) -> str:
    """A path as a pattern that matches it alone."""
    escaped = "".join(f"\\{ch}" if ch in "*?[\\" else ch for ch in path)
    return f"\\{escaped}" if escaped.startswith(("#", "!")) else escaped
