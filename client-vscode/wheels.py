"""The server and what it needs, as files that lie ready in the extension: wheels, fetched and unpacked by platform."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path  # noqa: TC003 - the types of a NamedTuple are looked at
from typing import TYPE_CHECKING, NamedTuple

from elf import without_debug_information

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

# PyYAML reads as well without its binding to a C library, only slower; its wheels are 0.8 MB for each Python on Linux,
# and there is none for every Python on every platform. Without the binding, all of them are the same.
DOES_WITHOUT_COMPILED = "pyyaml"
_COMPILED = (".so", ".pyd", ".dylib", ".dll")


class Wheel(NamedTuple):
    """What the name of a wheel says."""

    path: Path
    name: str
    version: str
    python: str
    abi: str
    platform: str

    @classmethod
    def of(cls, path: Path) -> Wheel:
        """Reads the name: NAME-VERSION-PYTHON-ABI-PLATFORM.whl."""
        name, version, *_, python, abi, platform = path.stem.split("-")
        return cls(path, name.lower().replace("_", "-"), version, python, abi, platform)

    @property
    def is_of_one_python(self) -> bool:
        """Whether it is for one version of Python alone."""
        return self.abi.startswith("cp") and self.name != DOES_WITHOUT_COMPILED


def build_server(root: Path, folder: Path) -> Path:
    """The wheel of the server, built from this checkout."""
    shutil.rmtree(folder / "server", ignore_errors=True)
    pip("wheel", "--no-deps", "--wheel-dir", str(folder / "server"), str(root))
    (made,) = (folder / "server").glob("deadweight-*.whl")
    return made


def fetch(lock: Path, platforms: Sequence[str], folder: Path) -> list[Path]:
    """The wheels of a lockfile for a platform, by the tags that it goes by, and for every Python.

    For no platform, those that any one can use.
    """
    pins = pinned(lock.read_text("utf-8"))
    of_any = download([pins.pop(DOES_WITHOUT_COMPILED)], (), PYTHONS[0], folder / "any")
    first = download(pins.values(), platforms, PYTHONS[0], folder)
    if not platforms:
        return [each.path for each in (*of_any, *first) if each.platform == "any" or each in of_any]
    of_each = [pins[each.name] for each in first if each.is_of_one_python]
    others = [wheel for python in PYTHONS[1:] for wheel in download(of_each, platforms, python, folder)]
    return [each.path for each in (*of_any, *first, *others)]


def pinned(lock: str) -> dict[str, str]:
    """The entries by name, without markers: pip would ask them of the Python that runs it, not of the one meant."""
    entries = re.findall(r"^(\w[\w.-]*)(==.*?(?<!\\)\n)", lock, re.MULTILINE | re.DOTALL)
    return {name: name + re.sub(r" ;[^\\\n]*", " ", rest) for name, rest in entries}


def download(pins: Iterable[str], platforms: Sequence[str], python: str, folder: Path) -> list[Wheel]:
    """The wheels of pins, unless they lie there already; pip compares the hashes."""
    asked, target = folder / f"{python}.txt", folder / python
    wanted = "".join(pins)
    if not asked.is_file() or asked.read_text("utf-8") != wanted:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        (target / "requirements.txt").write_text(wanted, "utf-8")
        tags = [option for each in platforms for option in ("--platform", each)]
        where = ["--python-version", python, "--implementation", "cp", *tags, "--dest", str(target)]
        pip("download", "--no-deps", "--only-binary", ":all:", "-r", str(target / "requirements.txt"), *where)
        asked.write_text(wanted, "utf-8")  # the last: what was broken off is done again
    return [Wheel.of(path) for path in sorted(target.glob("*.whl"))]


def lay_out(paths: Iterable[Path], bundled: Path) -> None:
    """Unpacks wheels: into `compiled/cpXY` what is for one Python alone, else into `libs`."""
    for folder in ("libs", "compiled"):
        shutil.rmtree(bundled / folder, ignore_errors=True)
    for wheel in map(Wheel.of, paths):
        unpack(wheel, bundled / "compiled" / wheel.python if wheel.is_of_one_python else bundled / "libs")
    compile_all(bundled / "libs")


def unpack(wheel: Wheel, folder: Path) -> None:
    """Unpacks a wheel, as it is smallest in an extension: that is packed anyway, so that packed tables become plain."""
    with zipfile.ZipFile(wheel.path) as packed:
        for name in packed.namelist():
            target = folder / name
            if name.endswith("/") or (wheel.name == DOES_WITHOUT_COMPILED and name.endswith(_COMPILED)):
                continue
            data = packed.read(name)
            if target.suffixes[-2:] == [".tsv", ".z"]:
                target, data = target.with_suffix(""), zlib.decompress(data)
            elif target.suffix == ".so":
                data = without_debug_information(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def compile_all(folder: Path) -> None:
    """Writes the byte code for the Python that runs this, so that its first start is as quick as the next ones.

    It holds whenever the files were unpacked, as they do not change: there are no dates in it.
    """
    mode = ["--invalidation-mode", "unchecked-hash", "-s", str(folder.parent)]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *mode, str(folder)], check=True)


def pip(*arguments: str) -> None:
    """Runs pip, and ends where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"pip {' '.join(arguments)} has failed")
