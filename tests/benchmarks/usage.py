"""What a process and its children use: CPU time and memory, as Linux tells it; None on other systems."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_IS_LINUX = (_PROC / "self/schedstat").exists()


class Memory(NamedTuple):
    """MiB: resident, and resident with shared pages split among those who share them."""

    rss: float
    pss: float


def cpu_us(pid: int) -> float | None:
    """The µs that all threads of a process and of its children have run so far."""
    if not _IS_LINUX:
        return None
    threads = (thread for each in _tree(pid) for thread in _entries(_PROC / str(each) / "task"))
    return sum(int((_read(thread / "schedstat") or "0").split()[0]) for thread in threads) / 1000


def memory(pid: int) -> Memory | None:
    """The memory of a process and its children."""
    if not _IS_LINUX:
        return None
    rollups = [_read(_PROC / str(each) / "smaps_rollup") for each in _tree(pid)]
    return Memory(*(sum(_kib(name, rollup) for rollup in rollups) / 1024 for name in ("Rss", "Pss")))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in _entries(_PROC / str(pid) / "task"):
        for child in _read(thread / "children").split():
            yield from _tree(int(child))


def _kib(name: str, rollup: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", rollup, re.MULTILINE)
    return int(found[1]) if found else 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # gone meanwhile
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:  # gone meanwhile
        return ""
