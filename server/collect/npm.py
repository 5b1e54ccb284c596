"""Weighs npm packages for facts/data/npm.tsv: installs into temporary folders with npm and adds up the files.

    python server/collect/npm.py TABLE LOCK_FOLDER_OR_REQUESTS...

Each further argument is one install: a folder with package.json and package-lock.json (`npm ci`), with package.json
alone (`npm install`), with node_modules as well, made by any manager that copies (which is weighed where it lies), or
requests parted by commas (`npm install express,lodash`). Rows of packages that are measured again are replaced, all
others stay. The table is written after each install; what one downloads serves all. Figures that sum up the table are
npm.* of constants.tsv: tests/test_usual_packages.py says when they are others.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = ("name", "version", "bytes", "files", "tarball_bytes", "packument_bytes", "depends", "source", "date")
SOURCE = "npm install, linux x64"


def main(table_path: str, *installs: str) -> None:
    """Measures every install and merges its rows into the table."""
    table = pathlib.Path(table_path)
    lines = table.read_text("utf-8").splitlines()[1:] if table.exists() else []
    rows = {tuple(line.split("\t")[:2]): tuple(line.split("\t")) for line in lines}
    with tempfile.TemporaryDirectory() as cache:
        for install in installs:
            try:
                measured = measure(install, pathlib.Path(cache))
            except subprocess.CalledProcessError as error:
                print(f"{install}: {error}", file=sys.stderr)
                continue
            print(f"{install}: {len(measured)} packages", file=sys.stderr)
            for row in measured:
                # What another manager installed left nothing in npm's cache: what is known of that stays.
                cached = rows.get(row[:2], row)[4:6]
                merged = (new or known for new, known in zip(row[4:6], cached, strict=True))
                rows[row[:2]] = (*row[:4], *merged, *row[6:])
            text = "\n".join("\t".join(row) for row in (HEADER, *sorted(rows.values())))
            table.write_text(text + "\n", "utf-8")


def measure(install: str, cache: pathlib.Path) -> list[tuple[str, ...]]:
    """A row for each package of one install."""
    if pathlib.Path(install, "node_modules").is_dir():
        return weigh_all(pathlib.Path(install), cache)
    with tempfile.TemporaryDirectory() as temporary:
        app = pathlib.Path(temporary, "app")
        app.mkdir()
        if pathlib.Path(install, "package.json").is_file():
            for name in ("package.json", "package-lock.json"):
                if pathlib.Path(install, name).is_file():
                    shutil.copy(pathlib.Path(install, name), app / name)
            arguments = ["ci" if (app / "package-lock.json").is_file() else "install"]
        else:
            (app / "package.json").write_text("{}", "utf-8")
            arguments = ["install", *install.split(",")]
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--force", "--loglevel=error"]
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, *arguments, *quiet, f"--cache={cache}"], cwd=app, check=True)  # noqa: S603
        return weigh_all(app, cache)


def weigh_all(app: pathlib.Path, cache: pathlib.Path) -> list[tuple[str, ...]]:
    """A row for each package that lies in the node_modules of a folder."""
    tarballs, packuments = cached_bytes(cache)
    rows: list[tuple[str, ...]] = []
    for folder, entry in packages(app / "node_modules"):
        size, files = weigh(folder, whole=bool(bundled(entry)))
        may_lack = entry.get("peerDependenciesMeta", {})
        peers = {peer: wanted for peer, wanted in entry.get("peerDependencies", {}).items() if peer not in may_lack}
        here = present(app, folder, entry.get("optionalDependencies", {}))
        depends = {**peers, **entry.get("dependencies", {}), **here}
        for name in (*(entry.get("optionalDependencies", {}).keys() - here.keys()), *bundled(entry)):
            depends.pop(name, None)
        needs = ",".join(f"{each}@{wanted}" for each, wanted in sorted(depends.items()))
        name, version, today = entry["name"], entry["version"], datetime.date.today().isoformat()
        cached = (str(tarballs.get((name, version), "")), str(packuments.get(name, "")))
        rows.append((name, version, str(size), str(files), *cached, needs, SOURCE, today))
    return rows


def packages(modules: pathlib.Path) -> Iterator[tuple[pathlib.Path, dict[str, Any]]]:
    """The packages in a node_modules and in those of its packages, each with what its package.json says.

    What a package brings in its own tarball is part of it, and no package.
    """
    for folder in (*modules.glob("[!.@]*"), *modules.glob("@*/*")):
        try:
            entry = json.loads((folder / "package.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if not folder.is_symlink() and "name" in entry and "version" in entry:
            yield folder, entry
            if not bundled(entry):
                yield from packages(folder / "node_modules")


def bundled(entry: dict[str, Any]) -> list[str]:
    """The packages that come in the tarball of one."""
    named = entry.get("bundleDependencies") or entry.get("bundledDependencies") or []
    return list(entry.get("dependencies", {})) if named is True else list(named)


def weigh(folder: pathlib.Path, *, whole: bool) -> tuple[int, int]:
    """File bytes and files of a package's folder, unless it is `whole` without those nested in its node_modules."""
    own = [
        path
        for path in folder.rglob("*")
        if (whole or "node_modules" not in path.relative_to(folder).parts) and path.is_file() and not path.is_symlink()
    ]
    return sum(path.stat().st_size for path in own), len(own)


def present(app: pathlib.Path, folder: pathlib.Path, optional: dict[str, str]) -> dict[str, str]:
    """The optional dependencies that this platform has: `@esbuild/linux-x64`, not `@esbuild/win32-x64`."""
    places = (folder / "node_modules", app / "node_modules")
    return {name: wanted for name, wanted in optional.items() if any((each / name).is_dir() for each in places)}


# "make-fetch-happen:request-cache:https://host/@scope/name/-/name-1.0.0.tgz"
TARBALL = re.compile(r"/((?:@[^/]+/)?[^/]+)/-/[^/]+?-(\d+\.\d+\.\d+[^/]*)\.tgz$")
PACKUMENT = re.compile(r"https?://[^/]+/(?:.*?/)??((?:@[^/]+/)?[^/@]+)$")


def cached_bytes(cache: pathlib.Path) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """What npm left in its cache: bytes of each tarball and of each package document (packument)."""
    tarballs: dict[tuple[str, str], int] = {}
    packuments: dict[str, int] = {}
    for bucket in (cache / "_cacache" / "index-v5").rglob("*"):
        if not bucket.is_file():
            continue
        for line in bucket.read_text("utf-8").splitlines():
            if "\t" not in line:
                continue
            entry = json.loads(line.split("\t", 1)[1])
            key = urllib.parse.unquote(entry["key"])
            content = cache / "_cacache" / "content-v2" / blob_path(entry["integrity"])
            if not content.is_file():
                continue
            size = content.stat().st_size
            if tarball := TARBALL.search(key):
                tarballs[tarball[1], tarball[2]] = size
            elif packument := PACKUMENT.search(key):
                packuments[packument[1]] = size
    return tarballs, packuments


def blob_path(integrity: str) -> str:
    """Where cacache keeps the content of `sha512-<base64>`."""
    import base64

    algorithm, _, digest = integrity.partition("-")
    name = base64.b64decode(digest).hex()
    return f"{algorithm}/{name[:2]}/{name[2:4]}/{name[4:]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
