"""The fix that shows a RUN files by a mount, where they are copied for it alone and deleted by it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied, CopiedFromStage
from deadweight.model.layers import mounts_of
from deadweight.rules import buildkit, removing_there
from deadweight.rules.edits import PLAIN_PATH, insert_flag, remove_command, remove_instructions
from deadweight.rules.mounting import on_lines
from deadweight.rules.rule import Fix, Safety

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.undone import Removal
    from deadweight.snapshot import Snapshot

# Programs that but read the files that are named to them (kept by hand, 2026-11-26).
_READERS = frozenset(("tar", "bsdtar", "unzip", "dpkg", "rpm", "gpg", "sha256sum", "sha512sum", "md5sum"))
_INSTALLERS = frozenset(("apt-get", "apt", "dnf", "yum", "microdnf", "zypper", "pip", "pip3"))


def mounted(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Show the RUN files of the build context or of another stage instead of copying them first."""
    late = removals[0].layer
    layers = snapshot.ledgers.of(late).layers
    copies = [layer for layer, _ in removed]
    flags = [flag for layer, effect in removed if (flag := _as_mount(layer, effect))]
    paths = [effect.path or "" for _, effect in removed]
    above = layers[max(0, late.site.step - len(copies)) : late.site.step]
    if list(above) != sorted(copies, key=lambda each: each.site) or len(flags) < len(copies):
        return None
    deletes = [call for call in late.calls if any(call.span == removal.effect.span for removal in removals)]
    others = [call for call in late.calls if call not in deletes]
    if len(deletes) != 1 or not removing_there.removes_nothing_else(removals, deletes):
        return None
    names = [posixpath.basename(path) for path in paths]
    users = [call for call in others if any(name in word.text for word in call.words for name in names)]
    taken = late.step and any(mount.target in paths for mount in mounts_of(late.instruction, late.step.state))
    if taken or not all(map(_only_reads, users)) or any(removal.effect.path not in paths for removal in removals):
        return None
    edit = remove_command(snapshot, late, deletes[0])
    if edit is None:
        return None
    edits = (*remove_instructions(snapshot, above), insert_flag(snapshot, late, on_lines(late, flags)), edit)
    what = "the file" if len(copies) == 1 else "the files"
    title = f"Mount {what} for this RUN instead of copying {'it' if len(copies) == 1 else 'them'}"
    if buildkit.is_sure(snapshot):
        return Fix("bind-mount", title, Safety.SAFE, edits)
    return Fix("bind-mount", title, Safety.ASK, edits, note="Check: the builder is BuildKit")


def _as_mount(copy: Layer, effect: Effect) -> str | None:
    """The mount that shows a RUN what a COPY of one file brings."""
    instruction, cause, path = copy.instruction, effect.cause, effect.path or ""
    flags = [flag.name for flag in instruction.flags]
    if (
        instruction.keyword != "COPY"
        or len(instruction.words) != 2
        or instruction.heredocs
        or flags not in ([], ["from"])
    ):
        return None
    if isinstance(cause, Copied) and cause.is_file and not flags:
        source, stage = cause.root or "", ""
    elif isinstance(cause, CopiedFromStage) and flags:
        source, stage = cause.path, f"from={instruction.flags[0].value},"
    else:
        return None
    is_plain = PLAIN_PATH.fullmatch(path) and PLAIN_PATH.fullmatch(f"/{source.removeprefix('/')}") and "$" not in stage
    return f"--mount=type=bind,{stage}source={source},target={path}" if is_plain else None


def _only_reads(call: Call) -> bool:
    """Whether a call but reads the files that are named to it, so that a read-only mount will do."""
    if call.program == "gunzip":
        return call.has("-c", "--stdout")
    is_install = call.program in _INSTALLERS and any(word.text == "install" for word in call.words)
    return call.program in _READERS or is_install
