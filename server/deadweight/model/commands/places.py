"""mv, cp, rsync, install and ln: the same bytes at another place, written anew unless the same RUN wrote them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.commands.changes import again
from deadweight.model.effects import Built, Rewritten, moves, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_VALUES = ("-t", "--target-directory", "-m", "--mode", "-o", "--owner", "-g", "--group", "-S", "--suffix")


def _mv(call: Call) -> Iterator[Effect]:
    for source, target in _pairs(call):
        if source is None:
            continue
        sources = call.around.files.of_earlier_layers(source, True)
        yield moves(source, target, call.span)
        if sources:
            yield writes(target, Rewritten(call.program, sources), call.span)


def _cp(call: Call) -> Iterator[Effect]:
    if call.has("-s", "--symbolic-link"):
        return
    for source, target in _pairs(call):
        sources = call.around.files.held(source) if source else ()
        if sources:
            yield writes(target, Rewritten(call.program, tuple(sources)), call.span)


def _rsync(call: Call) -> Iterator[Effect]:
    if call.has("--remove-source-files"):
        yield from _mv(call)
    elif not any(":" in word.pattern for word in call.operands()):  # from another machine
        yield from _cp(call)
    else:
        yield writes(call.around.resolve(call.operands()[-1].pattern), Built("rsync"), call.span)


def _install(call: Call) -> Iterator[Effect]:
    if not call.has("-d", "--directory"):
        yield from _cp(call)


def _ln(call: Call) -> Iterator[Effect]:
    """A symbolic link has no bytes; a second name of a file that lies in an earlier layer is written with the file."""
    if call.has("-s", "--symbolic"):
        return
    for source, _ in _pairs(call):
        yield from again(call, source)


def _pairs(call: Call) -> Iterator[tuple[str | None, str | None]]:
    """Each source and where it goes: into the last operand or the folder of -t, or to that very path."""
    folder = call.value("-t", "--target-directory")
    operands = list(call.operands(*_VALUES))
    if folder is None and len(operands) < 2:
        return
    last = operands.pop().pattern if folder is None else folder
    target = call.around.resolve(last)
    sources = list(call.paths(operands))
    is_folder = folder is not None or len(sources) > 1 or last.endswith(("/", "/.", ".")) or _holds(call, target)
    for source in sources:
        is_one = source is not None and "*" not in posixpath.basename(source)
        into = (
            posixpath.join(target, posixpath.basename(source)) if target and source and is_folder and is_one else None
        )
        yield source, into or target


def _holds(call: Call, target: str | None) -> bool:
    """Whether a target is a folder that is there already."""
    return target is not None and (target == call.around.folder or call.around.files.has_folder(target))


TOOLS = (
    Tool(("mv",), _mv),
    Tool(("cp",), _cp),
    Tool(("rsync",), _rsync),
    Tool(("install",), _install),
    Tool(("ln",), _ln),
)
