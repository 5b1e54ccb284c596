"""dpkg: what it installs from a file is unknown; mostly it is asked for the architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _effects(call: Call) -> Iterator[Effect]:
    if call.has("-i", "--install", "--unpack", "-x", "--extract", "-R", "--recursive"):
        yield writes(None, Built("dpkg"), call.span)


TOOLS = (Tool(("dpkg",), _effects),)
