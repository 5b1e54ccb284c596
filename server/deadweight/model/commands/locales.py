"""localedef, locale-gen and update-ca-certificates: data that they gather in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_ARCHIVE = Measured("the archive of locales", "locales.archive")
_BUNDLE = Measured("the bundle of certificates", "certificates.bundle")


def _locales(call: Call) -> Iterator[Effect]:
    yield writes("/usr/lib/locale", _ARCHIVE, call.span)


def _certificates(call: Call) -> Iterator[Effect]:
    yield writes("/etc/ssl/certs", _BUNDLE, call.span)


TOOLS = (Tool(("localedef", "locale-gen"), _locales), Tool(("update-ca-certificates",), _certificates))
