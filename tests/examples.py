"""Small Dockerfiles with the files around them, out of text: what rule pages and tests are written in.

A block is a Dockerfile, or several files, each below a line `//- PATH [BYTES]`. BYTES stands for a file whose content
does not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deadweight.model.context import BuildContext
from deadweight.settings import KEBAB_CASE, Settings, read_settings, read_toml
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse

_FILE = re.compile(r"^//- (\S+)(?: (\d+))?\n", re.MULTILINE)
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """The files of a block by path; the bytes of those that only weigh."""

    files: dict[str, str]
    weights: dict[str, int]

    @property
    def dockerfile(self) -> str:
        return self.files["Dockerfile"]


def read_example(block: str) -> Example:
    if not block.startswith("//- "):
        return Example({"Dockerfile": block}, {})
    _, *pieces = _FILE.split(block)
    files = {path: content for path, _, content in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)}
    return Example(
        files, {path: int(weight) for path, weight in zip(pieces[::3], pieces[1::3], strict=False) if weight}
    )


def snapshot_of(block: str) -> Snapshot:
    """The snapshot of a block; the context is what its files make, an ignore file and settings among them in force."""
    example = read_example(block)
    sizes = {path: example.weights.get(path, len(text.encode())) for path, text in example.files.items()}
    context = BuildContext("the example", sizes, texts=example.files)
    if ignore := example.files.get(".dockerignore"):
        context = context.ignoring(".dockerignore", ignore)
    return Snapshot(parse(example.dockerfile), context, settings_of(block).build_options())


def settings_of(block: str) -> Settings:
    """The settings of a block, those of its deadweight.toml."""
    text = read_example(block).files.get("deadweight.toml", "")
    settings, wrong = read_settings(read_toml(text), spelling=KEBAB_CASE)
    assert not wrong
    return settings


def blocks(page: str, heading: str) -> list[str]:
    """The code blocks of a page's sections with this heading."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    return [block for section in sections if section.startswith(heading) for block in _BLOCK.findall(section)]


def pairs(page: str) -> list[tuple[str, str]]:
    """Each example's block and the one below "Use instead:"."""
    found = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE):
        if section.startswith("Example"):
            before, after = section.split("Use instead:")
            found.append((_BLOCK.findall(before)[-1], _BLOCK.findall(after)[0]))
    return found
