"""dpkg: packages out of files; mostly it is asked for the architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.apt import RECORDS
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands("--root", "--admindir", "--instdir")
    if call.has("-i", "--install", "--unpack"):
        for word in operands:
            path = call.around.resolve(word.pattern)
            yield writes(None, call.around.files.archive(path, word.plain, False), call.span)
        yield writes(None, RECORDS, call.span)
    elif call.has("-r", "--remove", "-P", "--purge"):
        yield removes_packages(PackageSet("apt", tuple(word.plain for word in operands)), call.span)
        yield writes(None, RECORDS, call.span)
    elif call.has("-x", "--extract") and len(operands) > 1:
        path, folder = (call.around.resolve(word.pattern) for word in operands[:2])
        yield writes(folder, call.around.files.archive(path, operands[0].plain, False), call.span)
    elif call.has("-R", "--recursive", "--configure"):
        yield writes(None, Built("dpkg"), call.span)


TOOLS = (Tool(("dpkg",), _effects),)
