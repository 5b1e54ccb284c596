"""What each build of the extension has to bring: the platforms, and a look into a .vsix."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from wheels import DOES_WITHOUT_COMPILED, PYTHONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Each target of VS Code with the platform tags of the wheels that run there. Elsewhere people get the universal build:
# it uses a deadweight that is installed, or reads no scripts, as tree-sitter is made for each platform.
TARGETS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64"),
    "linux-arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64"),
    "alpine-x64": ("musllinux_1_2_x86_64",),
    "darwin-x64": ("macosx_11_0_x86_64",),
    "darwin-arm64": ("macosx_11_0_arm64",),
    "win32-x64": ("win_amd64",),
    "win32-arm64": ("win_arm64",),
    "universal": (),
}
LARGEST = 9_000_000  # bytes of a .vsix; 10 MB are promised

_BUNDLED = "extension/bundled/"
_NEEDED = (
    "extension/package.json",
    "extension/readme.md",
    "extension/changelog.md",
    "extension/icon.png",
    "extension/dist/extension.js",
    f"{_BUNDLED}deadweight_server.py",
    f"{_BUNDLED}libs/deadweight/cli/main.py",
    f"{_BUNDLED}libs/deadweight/pages/apt-lists-kept.md",
    f"{_BUNDLED}libs/deadweight/facts/data/base_images.tsv",
)
_UNWANTED = re.compile(r"node_modules/|/src/|/test/|\.ts$|\.map$|\.tsv\.z$|requirements")
_COMPILED = re.compile(r"\.(so|pyd|dylib|dll)$")


def check(path: Path, target: str) -> Iterator[str]:
    """Prints what a file brings; gives what is wrong with it."""
    if not path.is_file():
        yield f"{path.name}: not built"
        return
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        tags = {name: _tags(packed.read(name).decode()) for name in names if name.endswith(".dist-info/WHEEL")}
    size = path.stat().st_size
    compiled = sorted(name for name, found in tags.items() if "any" not in {each.split("-")[2] for each in found})
    print(f"{path.name}  {size / 1e6:.1f} MB, {len(tags)} wheels, {len(compiled)} of them compiled")
    for name in compiled:
        wheel = name.removeprefix(_BUNDLED).removesuffix(".dist-info/WHEEL")
        print(f"  {wheel:<40} {' '.join(sorted(tags[name]))}")
    yield from (f"{path.name}: {problem}" for problem in _problems(target, size, names, tags))


def _problems(target: str, size: int, names: list[str], tags: dict[str, set[str]]) -> Iterator[str]:
    if size > LARGEST:
        yield f"{size} bytes are more than {LARGEST}"
    found = {name.lower() for name in names}
    yield from (f"{name} is missing" for name in _NEEDED if name.lower() not in found)
    yield from (
        f"{name} is too much" for name in names if _UNWANTED.search(name.removeprefix("extension/bundled/libs"))
    )
    libraries = [name for name in names if _COMPILED.search(name)]
    if not TARGETS[target]:
        yield from (f"{name} is not for every platform" for name in libraries)
        return
    for python in PYTHONS:
        folder = f"{_BUNDLED}compiled/cp{python.replace('.', '')}/tree_sitter/"
        if not any(name.startswith(folder) for name in libraries):
            yield f"nothing compiled for Python {python}"
    for grammar in ("tree_sitter_bash", "tree_sitter_hcl"):
        if not any(name.startswith(f"{_BUNDLED}libs/{grammar}/") for name in libraries):
            yield f"{grammar} is missing"
    for name, each in tags.items():
        platforms = {tag.split("-")[2] for tag in each}
        is_left_out = DOES_WITHOUT_COMPILED in name
        if not is_left_out and not platforms & {"any", *TARGETS[target]} and not _fits(platforms, target):
            yield f"{name} is for {', '.join(sorted(platforms))}"


def _fits(platforms: set[str], target: str) -> bool:
    """Whether wheels for older systems of the same kind are among them, which run on newer ones."""
    kind = re.compile("|".join(re.sub(r"\d+", r"\\d+", each) for each in TARGETS[target]))
    return any(kind.fullmatch(each) for each in platforms)


def _tags(text: str) -> set[str]:
    """The tags in a wheel's file WHEEL."""
    return set(re.findall(r"^Tag: (\S+)$", text, re.MULTILINE))
