"""dpkg and rpm: packages out of files; mostly dpkg is asked for the architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.apt import RECORDS
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Extracted, PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _dpkg(call: Call) -> Iterator[Effect]:
    operands = call.operands("--root", "--admindir", "--instdir")
    if call.has("-x", "--extract") and len(operands) > 1:
        path, folder = (call.around.resolve(word.pattern) for word in operands[:2])
        yield writes(folder, call.around.files.archive(path, operands[0].plain, False), call.span)
    elif call.has("-R", "--recursive", "--configure"):
        yield writes(None, Built("dpkg"), call.span)
    elif call.has("-i", "--install", "--unpack"):
        yield from _installed(call)
        yield writes(None, RECORDS, call.span)
    elif call.has("-r", "--remove", "-P", "--purge"):
        yield removes_packages(PackageSet("apt", tuple(word.plain for word in operands)), call.span)
        yield writes(None, RECORDS, call.span)


def _rpm(call: Call) -> Iterator[Effect]:
    if call.has("-e", "--erase"):
        yield removes_packages(PackageSet("rpm", tuple(word.pattern for word in call.operands())), call.span)
    elif call.has("-i", "-U", "-F", "--install", "--upgrade", "--freshen") and not call.has("-q", "--query", "-V"):
        yield from _installed(call)


def _installed(call: Call) -> Iterator[Effect]:
    """What the archives hold that a call names: files, or addresses for rpm."""
    for word in call.operands("--root", "--admindir", "--instdir", "--prefix", "--dbpath"):
        typed = word.pattern
        if typed.startswith(("http://", "https://")):
            yield writes(None, Extracted(None, url=typed), call.span)
        else:
            yield writes(None, call.around.files.archive(call.around.resolve(typed), word.plain, False), call.span)


TOOLS = (Tool(("dpkg",), _dpkg), Tool(("rpm",), _rpm))
