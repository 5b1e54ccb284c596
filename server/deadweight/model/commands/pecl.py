"""pecl and the helpers of Docker's PHP images: extensions, and what building them leaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, figure, writes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_LEFT = "/tmp/pear"  # noqa: S108 (where pecl itself works)
_EXTENSIONS = "/usr/local/lib/php/extensions"
_XDEBUG = re.compile(r"(?:xdebug/)?xdebug(?:[-@].*)?")
_QUIET = frozenset(("channel-update", "update-channels", "config-set", "config-show", "list", "info", "search"))


def _pecl(call: Call) -> Iterator[Effect]:
    words = [word.text for word in call.operands("-d", "-D")]
    verb = words[0] if words else ""
    if verb in ("install", "upgrade"):
        yield from _writes(call, "pecl install", words[1:])
        for _ in words[1:]:
            left = Leftover("install-cache", "pecl's downloads", f"rm -rf {_LEFT}", figure=figure("pecl.kept"))
            yield writes(_LEFT, left, call.span)
    elif verb and verb not in _QUIET:
        yield writes(_EXTENSIONS, Built(f"pecl {verb}"), call.span)


def _extension(call: Call) -> Iterator[Effect]:
    """They unpack PHP's source and remove it again, and keep only the extension."""
    yield from _writes(call, call.program, [word.text for word in call.operands()])


def _writes(call: Call, program: str, names: Sequence[str]) -> Iterator[Effect]:
    """Extensions as files. One of them is for developers, and weighs what somebody has measured."""
    debuggers = [name for name in names if is_xdebug(name)]
    if len(debuggers) < len(names) or not names:
        yield writes(_EXTENSIONS, Built(program), call.span)
    if debuggers:
        packages = PackageSet("pecl", ("xdebug",), each=figure("pecl.xdebug"))
        yield writes(f"{_EXTENSIONS}/xdebug.so", packages, call.span)


def is_xdebug(name: str) -> bool:
    """Whether a word asks pecl for Xdebug: `xdebug-3.4.5`, `xdebug-^3`, `xdebug/xdebug`."""
    return _XDEBUG.fullmatch(name) is not None


def _nothing(_: Call) -> Iterator[Effect]:
    return iter(())


TOOLS = (
    Tool(("pecl",), _pecl),
    Tool(("docker-php-ext-install", "install-php-extensions"), _extension),
    Tool(("docker-php-ext-configure",), _nothing),
)
