"""What an image holds, file by file, and what is different in two of them."""

from __future__ import annotations

import hashlib
import re
import tarfile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from develop.evidence.case import Case

# What differs between two builds of the same Dockerfile, or is Docker's own: not compared.
NOISE = (
    *("/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev", "/proc", "/sys"),
    *("/var/log", "/root/.npm/_logs", "/etc/machine-id", "/etc/ld.so.cache", "/var/cache/ldconfig"),
    *("/var/cache/apt", "/var/cache/debconf", "/var/lib/dpkg/status-old", "/var/lib/dpkg/diversions-old"),
)


class Entry(NamedTuple):
    """A path of an image; its time is left out, because every build has its own."""

    kind: str
    mode: str
    owner: str
    target: str
    bytes: int
    content: str


class Tree(NamedTuple):
    """The files of an image, and the file lists of its Debian packages."""

    entries: dict[str, Entry]
    packages: dict[str, tuple[str, ...]]


_KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "symlink"}
_LIST = re.compile(r"/var/lib/dpkg/info/([^/:]+)(?::\w+)?\.list")  # /var/lib/dpkg/info/libc6:amd64.list


def tree_of(archive: tarfile.TarFile) -> Tree:
    """What an exported image holds, without the noise."""
    entries: dict[str, Entry] = {}
    packages: dict[str, tuple[str, ...]] = {}
    for member in archive:
        path = "/" + member.name.strip("/")
        content = b""
        if member.isreg() and (file := archive.extractfile(member)):
            content = file.read()
        if name := _LIST.fullmatch(path):
            packages[name[1]] = tuple(content.decode().split("\n"))
        if member.islnk() and (linked := entries.get("/" + member.linkname.strip("/"))):
            entries[path] = linked  # a hard link is the file that it names
            continue
        entries[path] = Entry(
            _KINDS.get(member.type, "other"),
            f"{member.mode:04o}",
            f"{member.uid}:{member.gid}",
            member.linkname,
            member.size,
            hashlib.sha256(content).hexdigest() if member.isreg() else "",
        )
    return Tree({path: entry for path, entry in entries.items() if not _is_noise(path)}, packages)


def _is_noise(path: str) -> bool:
    return _is_in(path, NOISE) or path.endswith((".pyc", "/__pycache__"))


def _is_in(path: str, places: Iterable[str]) -> bool:
    """Whether a path is one of these places, or below; a place that ends in `*` is only a beginning."""
    return any(
        path.startswith(place[:-1]) if place.endswith("*") else path == place or path.startswith(place + "/")
        for place in places
    )


def dropped_packages(before: Tree, after: Tree) -> frozenset[str]:
    """The Debian packages that only the first image holds."""
    return frozenset(before.packages.keys() - after.packages.keys())


def differences(case: Case, created: Iterable[str], before: Tree, after: Tree) -> Iterator[str]:
    """What is different in two images and nobody announced."""
    was, now = before.entries, after.entries
    owned = _owned(before, dropped_packages(before, after)) if case.drops_packages else frozenset()
    written = tuple(f"/{path}" for path in created)  # COPY takes `.dockerignore` along, wherever that is
    for path in sorted(was.keys() | now.keys()):
        if _is_in(path, case.gone) or path in owned or (path in now and path.endswith(written)):
            continue
        if path not in now:
            yield f"only before: {path}"
        elif path not in was:
            yield f"only after: {path}"
        elif was[path] != now[path]:
            changes = (name for name, old, new in zip(Entry._fields, was[path], now[path], strict=True) if old != new)
            yield f"{', '.join(changes)}: {path}"


_MERGED = re.compile(r"/(?:bin|sbin|lib|lib32|lib64|libx32)(?=/)")  # symlinks to what is in /usr


def _owned(tree: Tree, dropped: Iterable[str]) -> frozenset[str]:
    """The paths of packages that go away, and where dpkg and apt write down which packages there are."""
    paths: set[str] = set()
    for name in dropped:
        paths.update("/usr" + path if _MERGED.match(path) else path for path in tree.packages[name])
        paths.update(path for path in tree.entries if re.match(rf"/var/lib/dpkg/info/{re.escape(name)}[.:]", path))
    return frozenset(paths | {"/var/lib/dpkg/status", "/var/lib/apt/extended_states"} if paths else paths)
