"""The numbers of the accounts that a file makes: they own files before the account is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer

_MAKE_USERS = frozenset(("useradd", "adduser"))
_MAKE_GROUPS = frozenset(("groupadd", "addgroup"))
# Options with a value of useradd, adduser, groupadd and addgroup, those of BusyBox among them.
_VALUES = (
    *("-u", "--uid", "-g", "--gid", "-G", "--groups", "--ingroup", "-d", "--home", "--home-dir", "-h", "-s", "--shell"),
    *("-c", "--comment", "--gecos", "-k", "--skel", "-K", "--key", "-e", "--expiredate", "-f", "--inactive"),
    *("-b", "--base-dir", "-p", "--password"),
)
_CHANGE_THEM = frozenset(("usermod", "groupmod", "deluser", "userdel", "groupdel", "delgroup"))


def by_number(layers: Iterable[Layer], user: str, group: str) -> str | None:
    """The numbers of a user and a group that the file makes, "1000:1000"; None where it does not say them all."""
    calls = [call for layer in layers for call in layer.calls]
    if any(call.program in _CHANGE_THEM for call in calls):
        return None
    uid = user if user.isdigit() else _number(calls, _MAKE_USERS, user, ("-u", "--uid"))
    gid = group if group.isdigit() else _number(calls, _MAKE_GROUPS, group, ("-g", "--gid"))
    return f"{uid}:{gid}" if uid and gid else None


def _number(calls: Iterable[Call], programs: frozenset[str], name: str, options: tuple[str, ...]) -> str | None:
    """The number that the only call which makes an account gives to it."""
    found = [call for call in calls if call.program in programs and _makes(call) == name]
    number = found[0].value(*options) if len(found) == 1 and not found[0].placed.conditional else None
    return number if number and number.isdigit() else None


def _makes(call: Call) -> str | None:
    """The account that a call makes; None where it does something else, as `adduser USER GROUP`."""
    operands = call.operands(*_VALUES)
    return operands[0].value if len(operands) == 1 else None
