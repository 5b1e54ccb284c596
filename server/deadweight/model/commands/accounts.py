"""useradd, groupadd and their like: entries in the lists of accounts, and records of logins up to the new one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Figure, Leftover, Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base

_LISTS = Measured("the lists of accounts", "accounts.lists")
_FILES = {"/var/log/lastlog": "login.record", "/var/log/faillog": "login.failures"}
_LEAST = 100_000  # below it the records have 30 MB at most, and nobody chooses such a number without need
# shadow 4.13 writes no records of accounts that never logged in (shadow-maint/shadow#558, 2022-08-25). These have it.
_WRITE_NONE = {
    "debian": frozenset(("bookworm", "trixie", "forky", "sid")),
    "ubuntu": frozenset(("lunar", "mantic", "noble", "oracular", "plucky", "questing", "resolute")),
}
_FEDORA_SINCE, _RED_HAT_SINCE = 38, 10
_WITHOUT_FAILURES = "rpm"  # Red Hat's systems have no faillog


def _effects(call: Call) -> Iterator[Effect]:
    yield writes("/etc", _LISTS, call.span)
    if call.program in ("useradd", "adduser"):
        yield from _records(call.with_variables())


def _records(call: Call) -> Iterator[Effect]:
    """The files with a record for each account up to the number of the new one, in a layer full of zeros."""
    base, number = call.around.base, call.value("-u", "--uid") or ""
    is_left_out = call.has("-l", "--no-log-init") and call.program == "useradd"
    if (
        is_left_out
        or not number.isdigit()
        or int(number) < _LEAST
        or len(number) > 10
        or _writes_none(base, call.program)
    ):
        return
    flag = "--no-log-init" if call.program == "useradd" else None
    for path, name in _FILES.items():
        if base.os_family == _WITHOUT_FAILURES and name == "login.failures":
            continue
        each = constant(name)
        most = round(each.best * (int(number) + 1))
        figure = Figure(most if base.os and base.suite else 0, most, most, each.source, each.date)
        what = f"an empty login record of each of {number} accounts"
        yield writes(path, Leftover("login-records", what, f"rm -f {' '.join(_FILES)}", flag, figure=figure), call.span)


def _writes_none(base: Base, program: str) -> bool:
    """Whether the system has a useradd that leaves no records; one that nobody knows may leave them."""
    if base.os_family == "alpine" or (base.os is None and program == "adduser"):
        return True
    if base.os in _WRITE_NONE:
        return base.suite in _WRITE_NONE[base.os or ""]
    if base.os_family != "rpm" or not (base.suite or "").isdigit():
        return base.os is not None and base.os_family != "rpm"
    since = _FEDORA_SINCE if base.os == "fedora" else _RED_HAT_SINCE
    return base.os != "amazonlinux" and int(base.suite or "") >= since


TOOLS = (Tool(("useradd", "adduser", "usermod", "userdel", "groupadd", "addgroup", "groupmod"), _effects),)
