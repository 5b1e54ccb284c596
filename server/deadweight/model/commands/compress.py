"""gunzip, xz, bunzip2 and zstd: a file in place of its archive, or beside it, or out of a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Extracted, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_SUFFIX = re.compile(r"\.(?:gz|xz|lzma|bz2|zst|lz4|Z)$")
_KEEPS_SOURCE = frozenset(("zstd", "unzstd", "lz4", "unlz4"))
_ALWAYS_PRINTS = frozenset(("zcat", "xzcat", "bzcat", "zstdcat", "lz4cat"))
_UNPACKS = frozenset(("gunzip", "unxz", "unlzma", "bunzip2", "unzstd", "unlz4", *_ALWAYS_PRINTS))
_PACKS = ("gzip", "pigz", "xz", "lzma", "bzip2", "pbzip2", "zstd", "lz4")


def _effects(call: Call) -> Iterator[Effect]:
    operands = [word.pattern for word in call.operands("-o", "-S", "--suffix", "-T", "-p", "-b") if word.pattern != "-"]
    is_unpacked = call.program in _UNPACKS or call.has("-d", "--decompress", "--uncompress")
    around = call.around
    if not is_unpacked:
        return  # what is packed stays, by another name
    if call.program in _ALWAYS_PRINTS or not operands or call.has("-c", "--stdout", "--to-stdout"):
        for target in call.outputs:
            yield writes(around.resolve(target), _content(call, operands[0] if operands else None), call.span)
        return
    for typed in operands:
        path = around.resolve(typed)
        to = call.value("-o") if call.program in _KEEPS_SOURCE else None
        yield writes(around.resolve(to) if to else path and _SUFFIX.sub("", path), _content(call, typed), call.span)
        is_kept = call.program in _KEEPS_SOURCE and not call.has("--rm")
        if path and not is_kept and not call.has("-k", "--keep"):
            yield removes(path, call.span)


def _content(call: Call, typed: str | None) -> Extracted:
    if typed is None:
        urls = call.urls_fed
        return Extracted(None, url=urls[0] if urls else None)
    return call.around.files.archive(call.around.resolve(typed), typed, False)


TOOLS = (Tool((*sorted(_UNPACKS), *_PACKS), _effects),)
