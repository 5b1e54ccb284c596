"""Turns the survey's files of wheels and installs into facts/data/pypi.tsv and python_installed.tsv.

python server/collect/pypi.py python_wheels.json python_installed.json server/deadweight/facts/data
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
from typing import Any

DATE = re.compile(r"\d{4}-\d\d-\d\d")
WHEELS = ("pure_wheel_bytes", "manylinux_x86_64_wheel_bytes", "musllinux_x86_64_wheel_bytes")


def main(wheels_path: str, installed_path: str, data_path: str) -> None:
    """Writes both tables."""
    how, rows = read(wheels_path)
    wheels: list[tuple[str, ...]] = [
        (normal(row["name"]), row["version"], *(str(row[kind] or "") for kind in WHEELS),
         ",".join(sorted({normal(name) for name in row["depends"]})), "uv lock: sizes as the index states them", how)
        for row in rows
    ]  # fmt: skip
    write(data_path, "pypi", ("name", "version", "pure", "manylinux", "musllinux", "depends", "source", "date"), wheels)
    how, rows = read(installed_path)
    installs: list[tuple[str, ...]] = [
        (row["request"], str(row["installed_bytes"]), str(row["of_which_pyc"]),
         ",".join(f"{normal(name)}=={version}" for name, version in row["distributions"]),
         "pip install, CPython 3.11, linux x86_64", how)
        for row in rows
    ]  # fmt: skip
    write(data_path, "python_installed", ("request", "bytes", "byte_code", "distributions", "source", "date"), installs)


def read(path: str) -> tuple[str, list[dict[str, Any]]]:
    """The date of a survey's file and its rows."""
    data = json.loads(pathlib.Path(path).read_text("utf-8"))
    date = DATE.search(data["how"])
    return date[0] if date else "", data["rows"]


def normal(name: object) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", str(name)).lower()


def write(folder: str, name: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A sorted table."""
    text = "\n".join("\t".join(row) for row in (header, *sorted(rows)))
    pathlib.Path(folder, f"{name}.tsv").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
