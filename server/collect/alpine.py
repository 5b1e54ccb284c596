"""Makes facts/data/alpine.tsv, what Alpine's packages weigh and depend on, from an index or from lists of an image.

    python server/collect/alpine.py DATA_FOLDER RELEASE DATE FILE...

Each FILE is one of
- an index: APKINDEX, or the APKINDEX.tar.gz of a mirror (.../v3.22/main/x86_64/APKINDEX.tar.gz), or a table with the
  columns name, version, installed_bytes, package_bytes, depends, provides;
- a document of docker-library/repo-info (repos/IMAGE/local/TAG.md), which says what packages of an image weigh.

Rows of RELEASE ("3.22") with the same names are replaced, all others stay; those from pages of pkgs.alpinelinux.org
were put in by hand, for packages of the community repository. What a package depends on by a file, a
library or a command (`so:libz.so.1`) is resolved here; a name that another package provides is a row without bytes
that depends on it. An index of Alpine 3.20 and before counts blocks of 4 KiB, later ones count bytes.
"""

from __future__ import annotations

import lzma
import pathlib
import re
import sys
import tarfile
from typing import NamedTuple

COLUMNS = ("release", "package", "installed", "download", "depends", "source", "date")
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
# A section of a document of repo-info, from its heading to what the package weighs.
INSTALLED = re.compile(r"^### `apk` package: `([^`]+)`(?s:.*?)installed size:\n([\d.]+) ([KMG]?i?B)\n", re.MULTILINE)


class Listed(NamedTuple):
    """A package of an index. `depends` and `provides` as written there: `so:libz.so.1`, `cmd:git=2.38.5-r0`."""

    name: str
    installed: int
    download: int
    depends: list[str]
    provides: list[str]
    priority: int = 0


def main(folder: str, release: str, date: str, *files: str) -> None:
    """Reads each file and merges what it says into the table."""
    table = pathlib.Path(folder, "alpine.tsv")
    rows: list[tuple[str, ...]] = []
    for each in map(pathlib.Path, files):
        is_document = each.suffix == ".md"
        rows += image_rows(release, each.read_text("utf-8")) if is_document else index_rows(release, date, each)
    merge(table, rows)


def merge(table: pathlib.Path, rows: list[tuple[str, ...]]) -> None:
    """Puts rows into the table, in place of those of the same release and package."""
    lines = table.read_text("utf-8").splitlines()[1:] if table.exists() else []
    merged = {tuple(line.split("\t")[:2]): tuple(line.split("\t")) for line in lines}
    merged |= {row[:2]: row for row in rows}
    text = "\n".join("\t".join(row) for row in (COLUMNS, *sorted(merged.values())))
    table.write_text(text + "\n", "utf-8")


def index_rows(release: str, date: str, path: pathlib.Path) -> list[tuple[str, ...]]:
    """A row for each package of an index, and for each further name that one of them provides."""
    packages = {each.name: each for each in listed(path)}
    providers: dict[str, list[str]] = {}
    for each in packages.values():
        for provided in each.provides:
            providers.setdefault(bare(provided), []).append(each.name)
    chosen = {name: max(found, key=lambda each: preference(packages[each])) for name, found in providers.items()}
    chosen |= {name: name for name in packages}
    source = f"APKINDEX of Alpine {release}, main, x86_64"
    rows: list[tuple[str, ...]] = []
    for each in packages.values():
        needed = {chosen[bare(one)] for one in each.depends if not one.startswith("!") and bare(one) in chosen}
        depends = " ".join(sorted(needed - {each.name}))
        rows.append((release, each.name, str(each.installed), str(each.download), depends, source, date))
    provided_names = (name for name in chosen.keys() - packages.keys() if not set(":/") & set(name))
    return [*rows, *((release, name, "", "", chosen[name], source, date) for name in provided_names)]


def preference(package: Listed) -> tuple[int, bool, bool, int, str]:
    """How likely apk takes a package where several provide what is asked for: by the priority that the index gives it,
    else what a small image has (busybox-binsh), the plainest, the newest (postgresql15-dev).
    """
    name = package.name
    return package.priority, name.startswith("busybox"), name.endswith("-default"), -len(name), name


def bare(dependency: str) -> str:
    """A dependency without its version: `libffi=3.4.4-r0` is libffi."""
    return re.split(r"[=<>~@]", dependency)[0]


def listed(path: pathlib.Path) -> list[Listed]:
    """The packages of an index."""
    if path.name.endswith((".tsv", ".tsv.xz")):
        content = path.read_bytes()
        table = (lzma.decompress(content) if path.suffix == ".xz" else content).decode()
        columns = [line.split("\t") for line in table.splitlines()[1:]]
        return [Listed(name, int(i), int(s), d.split(), p.split()) for name, _, i, s, d, p in columns]
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path, ignore_zeros=True) as archive:
            member = archive.extractfile("APKINDEX")
            assert member, "the archive holds no APKINDEX"
            text = member.read().decode()
    else:
        text = path.read_text("utf-8")
    stanzas = (
        dict(line.split(":", 1) for line in each.splitlines() if line[1:2] == ":") for each in text.split("\n\n")
    )
    return [
        Listed(
            each["P"],
            int(each["I"]),
            int(each["S"]),
            each.get("D", "").split(),
            each.get("p", "").split(),
            int(each.get("k", 0)),
        )
        for each in stanzas
        if "P" in each
    ]


def image_rows(release: str, document: str) -> list[tuple[str, ...]]:
    """A row for each package that a document of repo-info lists; what they depend on it does not say."""
    image = re.search(r"^# `([^`]+)`", document)
    created = re.search(r"Created: `(\d{4}-\d\d-\d\d)", document)
    assert image, "no document of repo-info"
    assert created, "a document that does not say when the image was made"
    source = f"docker-library/repo-info: {image[1]}"
    return [
        (release, name, str(round(float(count) * UNITS[unit])), "", "", source, created[1])
        for name, count, unit in INSTALLED.findall(document)
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
