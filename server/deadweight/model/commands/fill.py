"""dd, fallocate, truncate and head: files whose size is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Filled, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# `50M` and `50MiB` are binary, `50MB` is decimal, to coreutils and util-linux alike; dd has c, w and b besides.
_COUNT = re.compile(r"(\d{1,15})([kKMGT]?)(iB|B)?")
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def _bytes(text: str) -> int | None:
    match = _COUNT.fullmatch(text)
    if match is None:
        return None
    base = 1000 if match[3] == "B" and match[2] else 1024
    unit: int = base ** _UNITS[match[2].upper()]
    return int(match[1]) * unit


def _dd(call: Call) -> Iterator[Effect]:
    operands = dict(word.pattern.partition("=")[::2] for word in call.words)
    target = operands.get("of")
    if not target or target.startswith("/dev/"):
        return
    block, count = _bytes(operands.get("bs", "512")), _bytes(operands.get("count", ""))
    if block is not None and count is not None and operands.get("if", "").startswith("/dev/"):
        yield writes(call.around.resolve(target), Filled(call.program, block * count), call.span)


def _sized(call: Call) -> Iterator[Effect]:
    """`fallocate -l 1G FILE`, `truncate -s 1G FILE`: a hole has bytes in a layer, too; `-s 0` takes them away."""
    length = _bytes(call.value("-l", "--length", "-s", "--size") or "")
    if length is not None:
        for path in call.paths(call.operands("-l", "--length", "-o", "--offset", "-s", "--size", "-r", "--reference")):
            yield writes(path, Filled(call.program, length), call.span) if length else removes(path, call.span)


def _head(call: Call) -> Iterator[Effect]:
    """`head -c 10M /dev/urandom > FILE`."""
    count = _bytes(call.value("-c", "--bytes") or "")
    for path in call.outputs if count is not None else ():
        yield writes(call.around.resolve(path), Filled(call.program, count or 0), call.span)


TOOLS = (Tool(("dd",), _dd), Tool(("fallocate", "truncate"), _sized), Tool(("head",), _head))
