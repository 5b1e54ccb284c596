"""tar and unzip: what an archive unpacks to, be it of the build context, from the network, or through a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Extracted, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_TAR_VALUES = (
    *(
        "-C",
        "--directory",
        "-f",
        "--file",
        "--strip-components",
        "--strip",
        "--exclude",
        "-I",
        "--wildcards-match-slash",
    ),
    *("--owner", "--group", "--mode", "--transform", "--xform", "-X", "--exclude-from", "-T", "--files-from"),
)


def _tar(call: Call) -> Iterator[Effect]:
    first = call.words[0].pattern if call.words else ""
    # `tar xzf a.tgz` writes its options without a dash.
    is_bare = bool(first) and not first.startswith("-")
    letters = "" if first.startswith("--") else first.removeprefix("-")
    if "x" not in letters and not call.has("-x", "--extract", "--get"):
        return
    archive = call.value("-f", "--file")
    operands = [word.pattern for word in call.operands(*_TAR_VALUES)]
    if is_bare:
        operands = operands[1:]
        if archive is None and "f" in letters and operands:
            archive, *operands = operands
    elif archive is None and "f" in letters and len(call.words) > 1:
        archive = call.words[1].pattern
    names = [name for name in operands if name != archive]
    is_part = bool(names) or call.has("-T", "--files-from", "--wildcards")
    yield from _extracted(call, call.value("-C", "--directory") or ".", archive, is_part=is_part)


def _unzip(call: Call) -> Iterator[Effect]:
    operands = [word.pattern for word in call.operands("-d", "-x", "-P")]
    if operands and not call.has("-l", "-t", "-p", "-Z", "-z"):
        yield from _extracted(call, call.value("-d") or ".", operands[0], is_part=len(operands) > 1)


def _extracted(call: Call, folder: str, archive: str | None, *, is_part: bool) -> Iterator[Effect]:
    around = call.around
    if archive in (None, "-"):
        urls = call.urls_fed
        cause = Extracted(None, url=urls[0] if urls else None, is_part=is_part)
    else:
        cause = around.files.archive(around.resolve(archive), archive, is_part)
    yield writes(around.resolve(folder), cause, call.span)


TOOLS = (Tool(("tar", "bsdtar"), _tar), Tool(("unzip",), _unzip))
