"""tar, unzip, 7z and their like: what an archive unpacks to, of the build context, from the network or a pipe."""

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
# `xz -dc a.tar.xz | tar -x`
_PRINT = frozenset(
    (
        *("cat", "zcat", "xzcat", "bzcat", "zstdcat", "lz4cat", "gunzip", "unxz", "bunzip2", "unzstd", "unlz4"),
        *("gzip", "pigz", "xz", "bzip2", "pbzip2", "zstd", "lz4", "pv"),
    )
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


def _seven(call: Call) -> Iterator[Effect]:
    """`7z x FILE -oDIR`, the folder right behind the letter."""
    verb, *rest = [word.pattern for word in call.operands()] or [""]
    if verb in ("x", "e") and rest:
        yield from _extracted(call, call.value("-o") or ".", rest[0], is_part=len(rest) > 1)


def _unrar(call: Call) -> Iterator[Effect]:
    verb, *rest = [word.pattern for word in call.operands()] or [""]
    if verb in ("x", "e") and rest:
        folder = rest.pop() if len(rest) > 1 and rest[-1].endswith("/") else "."
        yield from _extracted(call, folder, rest[0], is_part=len(rest) > 1)


def _jar(call: Call) -> Iterator[Effect]:
    words = [word.pattern for word in call.words]
    if words and "x" in words[0] and len(words) > 1:
        yield from _extracted(call, ".", words[1], is_part=len(words) > 2)


def _cpio(call: Call) -> Iterator[Effect]:
    """`rpm2cpio a.rpm | cpio -idm`."""
    if call.has("-i", "--extract"):
        yield writes(call.around.folder, Extracted(None), call.span)


def _deb(call: Call) -> Iterator[Effect]:
    operands = [word.pattern for word in call.operands()]
    if operands and call.has("-x", "-X", "-R", "--extract", "--vextract", "--raw-extract"):
        yield from _extracted(call, operands[1] if len(operands) > 1 else ".", operands[0], is_part=False)


def _extracted(call: Call, folder: str, archive: str | None, *, is_part: bool) -> Iterator[Effect]:
    around = call.around
    if archive in (None, "-") and (fed := call.fed_by) and fed.program in _PRINT:
        archive = next((word.pattern for word in fed.words[::-1] if not word.text.startswith("-")), None)
    if archive in (None, "-"):
        urls = call.urls_fed
        cause = Extracted(None, url=urls[0] if urls else None, is_part=is_part)
    else:
        cause = around.files.archive(around.resolve(archive), archive, is_part)
    yield writes(around.resolve(folder), cause, call.span)


TOOLS = (
    Tool(("tar", "bsdtar"), _tar),
    Tool(("unzip",), _unzip),
    Tool(("7z", "7za", "7zr", "7zz"), _seven),
    Tool(("unrar",), _unrar),
    Tool(("jar",), _jar),
    Tool(("cpio",), _cpio),
    Tool(("dpkg-deb",), _deb),
)
