"""rm, rmdir and find -delete remove; mkdir and other plain programs add nothing worth counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import removes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _rm(call: Call) -> Iterator[Effect]:
    for path in call.paths(call.operands()):
        if path is not None:
            yield removes(path, call.span)


def _find(call: Call) -> Iterator[Effect]:
    """`find DIR ... -delete` and `find DIR ... -exec rm`: whatever the tests are, it is a clean-up of that folder."""
    texts = [word.text for word in call.words]
    if "-delete" not in texts and not ("-exec" in texts and "rm" in texts):
        return
    narrowing = {"-name", "-iname", "-path", "-regex", "-newer", "-mtime", "-size"}
    if narrowing.isdisjoint(texts):
        starts = list(call.words[: next(at for at, text in enumerate(texts) if text.startswith("-"))])
        for path in call.paths(starts):
            if path is not None:
                yield removes(path, call.span)


def _nothing(_: Call) -> Iterator[Effect]:
    return iter(())


TOOLS = (
    Tool(("rm", "rmdir"), _rm),
    Tool(("find",), _find),
    # A folder, an entry in a file: bytes that nobody counts. Shell builtins and programs that only print.
    Tool(
        (
            *("mkdir", "set", "export", "unset", "cd", "true", "false", ":", "test", "[", "[["),
            *("echo", "printf", "exit", "sleep", "which", "command", "type", "id", "uname", "umask", "shopt", "trap"),
            *("ls", "cat", "grep", "cut", "tr", "head", "tail", "date", "wait", "read", "shift", "eval", "pwd", "env"),
            *("passwd", "chpasswd", "chsh", "sha256sum", "sha1sum", "sha512sum"),
            *("md5sum", "gpg", "basename", "dirname", "mktemp", "getent", "nproc", "ldconfig", "dpkg-query", "local"),
        ),
        _nothing,
    ),
)
