"""Weighs wheels for facts/data/pypi.tsv: what each unpacks to, and what its modules compile to.

    python server/collect/pypi.py TABLE (WHEEL | FOLDER | uv.lock)...

Wheels come from `pip download -d FOLDER -r requirements.txt`; run it with the Python that the wheels are for. A uv.lock
tells the sizes of wheels for musl, and of distributions that were not downloaded. All other rows stay.
"""

from __future__ import annotations

import datetime
import marshal
import pathlib
import re
import sys
import warnings
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from deadweight.model.ecosystems.lenient import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = (
    *("name", "version", "pure", "manylinux", "musllinux", "files", "byte_code", "depends", "source", "date"),
)  # fmt: skip
PYTHON = f"CPython {sys.version_info.major}.{sys.version_info.minor}"
WEIGHED = f"wheel unpacked and compiled by {PYTHON}, linux x86_64"
STATED = "uv lock: sizes as the index states them"
NONE = "-"  # there is no wheel for this libc; an empty column says that nobody looked

MOST_COMPILED = 1_500_000  # bytes of source; sympy alone has 26 MB

Row = tuple[str, ...]


def main(table_path: str, *sources: str) -> None:
    """Weighs every wheel and merges its row into the table."""
    table = pathlib.Path(table_path)
    lines = table.read_text("utf-8").splitlines()[1:] if table.exists() else []
    rows: dict[Row, Row] = {tuple(line.split("\t")[:2]): tuple(line.split("\t")) for line in lines}
    for source in sources:
        path = pathlib.Path(source)
        if path.suffix == ".lock":
            for row in stated(path):
                rows[row[:2]] = with_musl(rows[row[:2]], row) if row[:2] in rows else row
            continue
        for wheel in sorted(path.glob("*.whl"), key=lambda each: each.stat().st_size) if path.is_dir() else [path]:
            if rows.get(named(wheel), HEADER)[8] == WEIGHED:
                continue  # by an earlier run that was stopped
            try:
                row = weighed(wheel)
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                print(f"{wheel.name}: {error}", file=sys.stderr)
                continue
            others = [each for each in rows.values() if each[0] == row[0] and each[4]]
            if not row[4] and others:
                row = with_musl(row, others[-1])
            rows[row[:2]] = row
            if len(rows) % 50 == 0:
                write(table, rows)
    write(table, rows)


def write(table: pathlib.Path, rows: dict[Row, Row]) -> None:
    """Writes the rows, sorted."""
    text = "\n".join("\t".join(row) for row in (HEADER, *sorted(rows.values())))
    table.write_text(text + "\n", "utf-8")


def with_musl(row: Row, other: Row) -> Row:
    """A row with the size of the wheel for musl that another one states."""
    return row if row[2] else (*row[:4], other[4], *row[5:])


def named(wheel: pathlib.Path) -> Row:
    """The distribution and its version that a wheel's file name says."""
    name, version, *_ = wheel.name.split("-")
    return normal(name), version


def weighed(wheel: pathlib.Path) -> Row:
    """The row of a wheel: its bytes, those of its files as installed, and of their byte code."""
    files = 0
    depends = ""
    modules: list[zipfile.ZipInfo] = []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            files += entry.file_size
            if entry.filename.endswith(".dist-info/METADATA"):
                depends = ",".join(dependencies(archive.read(entry).decode("utf-8", "replace")))
            elif entry.filename.endswith(".dist-info/entry_points.txt"):
                # A program in bin/ for each, of 222 bytes and a little more.
                files += 230 * scripts(archive.read(entry).decode("utf-8", "replace"))
            elif entry.filename.endswith(".py") and ".data/scripts" not in entry.filename:
                modules.append(entry)
        byte_code = compiled(archive, modules)
    weight = str(wheel.stat().st_size)
    is_pure = wheel.name.endswith("-none-any.whl")
    kinds = (weight, "", "") if is_pure else ("", weight, "")
    sizes = (str(files), str(byte_code))
    today = datetime.date.today().isoformat()
    return (*named(wheel), *kinds, *sizes, depends, WEIGHED, today)


def compiled(archive: zipfile.ZipFile, modules: list[zipfile.ZipInfo]) -> int:
    """Bytes of the .pyc of modules; of many megabytes every nth is compiled, and tells of the rest by its own bytes."""
    sources = sum(module.file_size for module in modules)
    sample = modules[:: max(1, round(sources / MOST_COMPILED))]
    sampled = sum(module.file_size for module in sample)
    count = 0
    for module in sample:
        weight = byte_code_of(module.filename, archive.read(module))
        # Its line in RECORD: `flask/__pycache__/app.cpython-311.pyc,,`
        count += weight + (len(module.filename) + 28 if weight else 0)
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
