"""useradd, groupadd and their like: entries in the lists of accounts, and a home folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_LISTS = Measured("the lists of accounts", "accounts.lists")


def _effects(call: Call) -> Iterator[Effect]:
    yield writes("/etc", _LISTS, call.span)


TOOLS = (Tool(("useradd", "adduser", "usermod", "userdel", "groupadd", "addgroup", "groupmod"), _effects),)
