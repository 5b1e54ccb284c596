"""The edit that takes a command out of a RUN, and the RUN where nothing else in it is of use without that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.edits import remove_command, remove_instruction

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_MANAGERS = frozenset(("apt-get", "apt", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper"))
# What is of no use where nothing is upgraded or installed beside it.
_PREPARES = frozenset(("update", "clean", "dist-clean", "autoremove", "refresh", "ref", "makecache", "cc"))


def without(snapshot: Snapshot, layer: Layer, call: Call) -> Edit | None:
    """The edit that leaves out an install or an upgrade; what it found of packages stays for installs further down."""
    is_read = any(each is not call and _downloads(each) for each in layer.calls) and any(
        each.program == call.program and not _is_of_no_use(each)
        for ledger in snapshot.reached_ledgers
        for below in ledger.layers
        if below.site > layer.site
        for each in below.calls
    )
    if not is_read and all(each is call or _is_of_no_use(each) for each in layer.calls):
        return remove_instruction(snapshot, layer)
    return remove_command(snapshot, layer, call)


def _downloads(call: Call) -> bool:
    """Whether a call brings the lists of all packages."""
    return call.program in _MANAGERS and any(
        word.text in ("update", "refresh", "ref", "makecache") for word in call.words
    )


def _is_of_no_use(call: Call) -> bool:
    """Whether a call only prepares an install or cleans up behind it."""
    if call.program in _MANAGERS:
        verb = next((word.text for word in call.words if not word.text.startswith("-")), "")
        return verb in _PREPARES
    return call.program == "rm" and all(
        word.text.startswith(("-", "/var/cache/", "/var/lib/apt/")) for word in call.words
    )
