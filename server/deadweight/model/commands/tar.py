"""tar and unzip: what an archive unpacks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Extracted, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _tar(call: Call) -> Iterator[Effect]:
    first = call.words[0].pattern if call.words else ""
    # `tar xzf a.tgz` writes its options without a dash.
    letters = "" if first.startswith("--") else first.removeprefix("-")
    if "x" not in letters and not call.has("-x", "--extract", "--get"):
        return
    folder = call.value("-C", "--directory") or "."
    archive = call.value("-f", "--file")
    if archive is None and "f" in letters and len(call.words) > 1:
        archive = call.words[1].pattern
    yield writes(call.around.resolve(folder), Extracted(archive), call.span)


def _unzip(call: Call) -> Iterator[Effect]:
    archives = call.operands("-d", "-x", "-P")
    if archives and not call.has("-l", "-t", "-p", "-Z", "-z"):
        yield writes(call.around.resolve(call.value("-d") or "."), Extracted(archives[0].pattern), call.span)


TOOLS = (Tool(("tar", "bsdtar"), _tar), Tool(("unzip",), _unzip))
