"""Weighs wheels for facts/data/pypi.tsv: what each unpacks to, and what its modules compile to.

    python server/collect/pypi.py TABLE (WHEEL | FOLDER | uv.lock)...

A folder holds wheels (`pip download -d FOLDER -r requirements.txt`) or what they unpack to (`pip install -t FOLDER`, a
folder of `archive-v0` in uv's cache); run this with the Python that they are for. A uv.lock tells the sizes of wheels
that were not downloaded, those for musl among them. All other rows stay. What sums up the table is pip.any of
constants.tsv: tests/test_usual_packages.py says when it is another.
"""

from __future__ import annotations

import csv
import datetime
import marshal
import pathlib
import re
import sys
import warnings
import zipfile
from email.parser import HeaderParser
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from deadweight.model.ecosystems.lenient import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER = (
    *("name", "version", "pure", "manylinux", "musllinux", "files", "byte_code", "depends", "source", "date"),
)  # fmt: skip
PYTHON = f"CPython {sys.version_info.major}.{sys.version_info.minor}"
WEIGHED = f"wheel unpacked and compiled by {PYTHON}, linux x86_64"
STATED = "uv lock: sizes as the index states them"
NONE, SOME = "-", "?"  # there is no such wheel; there is one, whose size nobody told. Empty: nobody looked
MOST_COMPILED = 1_500_000  # bytes of source; sympy alone has 26 MB

CUDA = re.compile(r"/lib(?:torch|c10)_(?:cuda|nvshmem)\w*\.so")

Row = tuple[str, ...]


class Entry(NamedTuple):
    """A file of a wheel."""

    path: str
    size: int
    read: Callable[[], bytes]


def main(table_path: str, *sources: str) -> None:
    """Weighs every wheel and merges its row into the table."""
    table = pathlib.Path(table_path)
    lines = table.read_text("utf-8").splitlines()[1:] if table.exists() else []
    rows: dict[Row, Row] = {tuple(line.split("\t")[:2]): tuple(line.split("\t")) for line in lines}
    for source in map(pathlib.Path, sources):
        if source.suffix == ".lock":
            for row in stated(source):
                rows[row[:2]] = completed(rows[row[:2]], row) if row[:2] in rows else row
            continue
        wheels = sorted(source.glob("*.whl"), key=lambda each: each.stat().st_size) if source.is_dir() else [source]
        for found in (*wheels, *source.glob("*.dist-info")):
            key = named(found)
            if rows.get(key, HEADER)[8] == WEIGHED:
                continue  # by an earlier run that was stopped, or in another folder
            try:
                row = of_wheel(found) if found.suffix == ".whl" else of_folder(found)
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                print(f"{found.name}: {error}", file=sys.stderr)
                continue
            same, others = rows.get(key), [each for each in rows.values() if each[0] == row[0]]
            rows[key] = completed(row, same or (others[-1] if others and not row[2] else row))
            if key[0] == "torch" and found.suffix == ".whl":
                for_cpu = without_cuda(found)
                rows[for_cpu[:2]] = for_cpu
            if len(rows) % 50 == 0:
                write(table, rows)
    write(table, rows)


def completed(row: Row, other: Row) -> Row:
    """A row with the sizes of wheels that another one of its version knows; for musl those of any version do."""
    of_wheels = [
        theirs if ours in ("", SOME) and (place == 4 or row[1] == other[1]) else ours
        for place, (ours, theirs) in enumerate(zip(row[2:5], other[2:5], strict=True), 2)
    ]
    return (*row[:2], *(each or ours for each, ours in zip(of_wheels, row[2:5], strict=True)), *row[5:])


def write(table: pathlib.Path, rows: dict[Row, Row]) -> None:
    """Writes the rows, sorted."""
    text = "\n".join("\t".join(row) for row in (HEADER, *sorted(rows.values())))
    table.write_text(text + "\n", "utf-8")


def with_musl(row: Row, other: Row) -> Row:
    """A row with the size of the wheel for musl that another one states."""
    return row if row[2] else (*row[:4], other[4], *row[5:])


def named(found: pathlib.Path) -> Row:
    """The distribution and its version that the name of a wheel or of its `.dist-info` says."""
    name, version, *_ = found.name.removesuffix(".dist-info").split("-")
    return normal(name), version


def of_wheel(wheel: pathlib.Path) -> Row:
    """The row of a wheel."""
    weight = str(wheel.stat().st_size)
    is_pure = wheel.name.endswith("-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        entries = [
            Entry(each.filename, each.file_size, partial(archive.read, each))
            for each in archive.infolist()
            if not each.is_dir()
        ]
        return weighed(named(wheel), (weight, "") if is_pure else ("", weight), entries)


def without_cuda(wheel: pathlib.Path) -> Row:
    """What PyTorch's own index has of a version for the processor alone: the same without what is for CUDA."""
    with zipfile.ZipFile(wheel) as archive:
        kept = [each for each in archive.infolist() if not each.is_dir() and not CUDA.search(each.filename)]
        entries = [Entry(each.filename, each.file_size, partial(archive.read, each)) for each in kept]
        name, version = named(wheel)
        wheels = ("", str(sum(each.compress_size for each in kept)))
        *row, depends, source, date = weighed((name, f"{version}+cpu"), wheels, entries)
    needs = ",".join(each for each in depends.split(",") if not each.startswith(("cuda-", "nvidia-", "triton")))
    return (*row, needs, f"{source}, without its libraries for CUDA", date)


def of_folder(record: pathlib.Path) -> Row:
    """The row of a distribution that lies unpacked beside its `.dist-info`."""
    lines = csv.reader((record / "RECORD").read_text("utf-8").splitlines())
    paths = [record.parent / line[0] for line in lines if line]
    entries = [
        Entry(path.relative_to(record.parent).as_posix(), path.stat().st_size, path.read_bytes)
        for path in paths
        if ".." not in path.parts and path.is_file() and path.suffix != ".pyc"
    ]
    is_pure = "-none-any" in (record / "WHEEL").read_text("utf-8")
    return weighed(named(record), (SOME, "") if is_pure else ("", SOME), entries)


def weighed(key: Row, wheels: Row, entries: list[Entry]) -> Row:
    """The row of a distribution: its bytes as installed, and those of its byte code."""
    files = sum(entry.size for entry in entries)
    depends = ""
    for entry in entries:
        if entry.path.endswith(".dist-info/METADATA"):
            depends = ",".join(dependencies(entry.read().decode("utf-8", "replace")))
        elif entry.path.endswith(".dist-info/entry_points.txt"):
            # A program in bin/ for each, of 222 bytes and a little more.
            files += 230 * scripts(entry.read().decode("utf-8", "replace"))
    modules = [entry for entry in entries if entry.path.endswith(".py") and ".data/scripts" not in entry.path]
    today = datetime.date.today().isoformat()
    return (*key, *wheels, "", str(files), str(compiled(modules)), depends, WEIGHED, today)


def compiled(modules: list[Entry]) -> int:
    """Bytes of the .pyc of modules; of many megabytes every nth is compiled, and tells of the rest by its own bytes."""
    sources = sum(module.size for module in modules)
    sample = modules[:: max(1, round(sources / MOST_COMPILED))]
    sampled = sum(module.size for module in sample)
    count = 0
    for module in sample:
        weight = byte_code_of(module.path, module.read())
        # Its line in RECORD: `flask/__pycache__/app.cpython-311.pyc,,`
        count += weight + (len(module.path) + 28 if weight else 0)
    return round(count * sources / sampled) if sampled else count


def byte_code_of(path: str, source: bytes) -> int:
    """Bytes of the .pyc that an install writes beside a module; 0 for one that does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    return 16 + len(marshal.dumps(code))


def scripts(entry_points: str) -> int:
    """How many programs an entry_points.txt declares."""
    sections = re.findall(r"^\[(?:console|gui)_scripts\]\s*$((?:\n(?!\[).*)*)", entry_points, re.MULTILINE)
    return sum("=" in line for section in sections for line in section.splitlines())


def dependencies(metadata: str) -> Iterator[str]:
    """What a distribution needs here, sorted: "click", and "async:asgiref" for what its extra `async` brings."""
    here = {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}", "sys_platform": "linux"}
    found: set[str] = set()
    for text in HeaderParser().parsestr(metadata).get_all("Requires-Dist", ()):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        extras = f"[{' '.join(sorted(map(normal, requirement.extras)))}]" if requirement.extras else ""
        needed = normal(requirement.name) + extras
        named = re.findall(r"extra\s*==\s*['\"]([^'\"]+)", str(requirement.marker or ""))
        for extra in ("", *named):
            try:
                holds = requirement.marker is None or requirement.marker.evaluate({**here, "extra": extra})
            except UndefinedEnvironmentName:
                holds = True
            if holds and not (extra and needed in found):
                found.add(f"{normal(extra)}:{needed}" if extra else needed)
    return iter(sorted(found))


def stated(lock: pathlib.Path) -> Iterator[Row]:
    """A row for each distribution of a uv.lock: the sizes of its wheels."""
    today = datetime.date.today().isoformat()
    for package in parse_toml(lock.read_text("utf-8")).get("package", ()):
        wheels = package.get("wheels", ())
        pure = newest(wheels, r"-none-any\.whl")
        compiled = r"(?:-cp311|-abi3|-py3|-none)-.*{}\w*x86_64.*\.whl"
        manylinux, musllinux = (newest(wheels, compiled.format(kind)) for kind in ("manylinux", "musllinux"))
        if not (pure or manylinux or musllinux):
            continue
        musllinux = musllinux or ("" if pure else NONE)
        depends = sorted({each["name"] for each in package.get("dependencies", ())})
        yield (
            package["name"],
            package["version"],
            pure,
            manylinux,
            musllinux,
            "",
            "",
            ",".join(depends),
            STATED,
            today,
        )


def newest(wheels: list[dict[str, object]], pattern: str) -> str:
    """The size of the wheel whose name fits; '' for none."""
    found = [each for each in wheels if re.search(pattern, str(each.get("url", each.get("filename", ""))))]
    return str(max((each.get("size", "") for each in found), key=str, default=""))


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main(*sys.argv[1:])
