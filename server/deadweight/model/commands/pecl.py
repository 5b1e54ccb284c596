"""pecl and the helpers of Docker's PHP images: extensions, and what building them leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.commands.measured import figure
from deadweight.model.effects import Built, Leftover, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_LEFT = "/tmp/pear"  # noqa: S108 (where pecl itself works)
_EXTENSIONS = "/usr/local/lib/php/extensions"
_QUIET = frozenset(("channel-update", "update-channels", "config-set", "config-show", "list", "info", "search"))


def _pecl(call: Call) -> Iterator[Effect]:
    words = [word.text for word in call.operands("-d", "-D")]
    verb = words[0] if words else ""
    if verb in ("install", "upgrade"):
        yield writes(_EXTENSIONS, Built("pecl install"), call.span)
        for _ in words[1:]:
            left = Leftover("install-cache", "pecl's downloads", f"rm -rf {_LEFT}", figure=figure("pecl.kept"))
            yield writes(_LEFT, left, call.span)
    elif verb and verb not in _QUIET:
        yield writes(_EXTENSIONS, Built(f"pecl {verb}"), call.span)


def _extension(call: Call) -> Iterator[Effect]:
    """They unpack PHP's source and remove it again, and keep only the extension."""
    yield writes(_EXTENSIONS, Built(call.program), call.span)


def _nothing(_: Call) -> Iterator[Effect]:
    return iter(())


TOOLS = (
    Tool(("pecl",), _pecl),
    Tool(("docker-php-ext-install", "install-php-extensions"), _extension),
    Tool(("docker-php-ext-configure",), _nothing),
)
