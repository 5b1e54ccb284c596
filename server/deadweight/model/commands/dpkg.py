"""dpkg and rpm: packages out of files; mostly dpkg is asked for the architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Extracted, PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _effects(call: Call) -> Iterator[Effect]:
    if call.has("-x", "--extract") or call.has("-R", "--recursive"):
        yield writes(None, Built("dpkg"), call.span)
    elif call.has("-i", "--install", "--unpack"):
        yield from _installed(call)


def _rpm(call: Call) -> Iterator[Effect]:
    if call.has("-e", "--erase"):
        yield removes_packages(PackageSet("rpm", tuple(word.pattern for word in call.operands())), call.span)
    elif call.has("-i", "-U", "-F", "--install", "--upgrade", "--freshen") and not call.has("-q", "--query", "-V"):
        yield from _installed(call)


def _installed(call: Call) -> Iterator[Effect]:
    """What the archives hold that a call names: files, or addresses for rpm."""
    for word in call.operands("--root", "--prefix", "--dbpath"):
        typed = word.pattern
        if typed.startswith(("http://", "https://")):
            yield writes(None, Extracted(None, url=typed), call.span)
        else:
            yield writes(None, call.around.files.archive(call.around.resolve(typed), typed, False), call.span)


TOOLS = (Tool(("dpkg",), _effects), Tool(("rpm",), _rpm))
