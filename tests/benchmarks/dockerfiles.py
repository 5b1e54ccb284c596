"""Dockerfiles of any length, joined from the stages beside this file: real in kind, and nobody else's text."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST = 10  # lines

_HERE = Path(__file__).parent
_HEAD = "# syntax=docker/dockerfile:1\n"
_FROM = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)
_COPIED = re.compile(r"\bfrom=([^\s,]+)")


class _Stage(NamedTuple):
    """A stage with its name, what it stands on, and how many lines it has."""

    text: str
    name: str
    base: str
    lines: int


def dockerfile(lines: int) -> str:
    """A Dockerfile of exactly so many lines, at least SHORTEST; the same one each time.

    The stages come round again and again. Each round has names of its own, in paths and values as well, so that no two
    instructions are equal just because of how the file was made. The last stage is the one that ships: it and what it
    stands on, stage by stage up to the first round, so that a long file is not one where hardly anything counts.
    """
    *stages, last = _stages()
    chain = _chain([*stages, last])
    joined = [_HEAD]
    end = chain[-1]  # what the next stage of the chain stands on: an image at first
    left = lines - 1 - last.lines
    for number in itertools.count(1):
        before = left
        for stage in _round(stages, chain, left):
            text = _numbered(stage.text, stages, number)
            if stage.name in chain:
                text, end = _standing_on(end, text)
            joined.append(text + "\n")
            left -= stage.lines + 1
        if left == before:
            break
    labels = (f'LABEL com.example.shop.note-{number}="to be kept"\n' for number in range(1, left + 1))
    return "".join([*joined, _standing_on(end, last.text)[0], *labels])


def lay_out(folder: Path, text: str) -> Path:
    """Put a Dockerfile and what its COPYs take into a folder; gives the path of the Dockerfile."""
    shutil.copytree(_HERE / "context", folder, dirs_exist_ok=True)
    path = folder / "Dockerfile"
    path.write_bytes(text.encode())
    return path


def _stages() -> list[_Stage]:
    return [_stage(path.read_text("utf-8")) for path in sorted((_HERE / "stages").glob("*.Dockerfile"))]


def _stage(text: str) -> _Stage:
    ((base, name),) = _FROM.findall(text)
    return _Stage(text, name, base, text.count("\n"))


def _chain(stages: Sequence[_Stage]) -> list[str]:
    """What the last stage stands on, from the top: stages, and the image below them."""
    bases = {stage.name: stage.base for stage in stages}
    chain = [stages[-1].base]
    while chain[-1] in bases:
        chain.append(bases[chain[-1]])
    return chain


def _round(stages: Sequence[_Stage], chain: Sequence[str], left: int) -> Iterator[_Stage]:
    """The stages once, without those that do not fit and those that miss one of these."""
    joined: set[str] = set()
    names = {stage.name for stage in stages}
    for stage in stages:
        needs = {*_COPIED.findall(stage.text), *([] if stage.name in chain else [stage.base])} & names
        if stage.lines < left and needs <= joined:
            joined.add(stage.name)
            left -= stage.lines + 1
            yield stage


def _numbered(text: str, stages: Sequence[_Stage], number: int) -> str:
    """The text with the number of the round behind every name of a stage; nothing in the first."""
    if number == 1:
        return text
    names = "|".join(sorted((stage.name for stage in stages), key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{names})(?![\w-])", rf"\g<0>-{number}", text)


def _standing_on(base: str, text: str) -> tuple[str, str]:
    """The stage with another base, and its name."""
    ((_, name),) = _FROM.findall(text)
    return _FROM.sub(f"FROM {base} AS {name}", text), name
