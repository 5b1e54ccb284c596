"""git: what a clone brings, the history with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Download, writes
from deadweight.model.image import release_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base

# The first releases with a git of 2.22 or later, which gets files that a clone left out (docs.gitea.com, "Clone
# filters": what server and client need; 2026-11-26): Debian 11 has 2.30, Ubuntu 20.04 2.25, Alpine 3.12 2.26, Fedora 32
# 2.26, Enterprise Linux 9 2.31, Amazon Linux 2023 2.40 (their package lists; kept by hand, 2026-11-26).
_FETCHES_FILES_LATER = {
    "debian": (11,),
    "ubuntu": (20, 4),
    "alpine": (3, 12),
    "fedora": (32,),
    "almalinux": (9,),
    "oraclelinux": (9,),
    "rockylinux": (9,),
    "amazonlinux": (2023,),
}
_BEFORE_THE_VERB = ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path")
_VALUES = (
    *("-b", "--branch", "--depth", "-o", "--origin", "--reference", "--shallow-since", "--shallow-exclude", "-u"),
    *("--upload-pack", "--template", "--separate-git-dir", "-j", "--jobs", "--filter", "--config", "--server-option"),
)


def can_fetch_files_later(base: Base) -> bool:
    """Whether the git of a base image's release knows clones without the files of older versions."""
    since, release = _FETCHES_FILES_LATER.get(base.os or ""), release_numbers(base)
    return since is not None and release >= since


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*_BEFORE_THE_VERB, *_VALUES)
    if not operands:
        return
    around, folder = call.around, call.value("-C") or "."
    if operands[0].text == "clone" and len(operands) > 1:
        url = operands[1].pattern
        name = operands[2].pattern if len(operands) > 2 else url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        target = name if name.startswith(("/", "$", "~")) else f"{folder}/{name}"
        yield writes(around.resolve(target), Download(url, is_folder=True), call.span)
    elif operands[0].text in ("fetch", "pull", "submodule", "lfs"):
        yield writes(around.resolve(folder), Download(None, is_folder=True), call.span)


TOOLS = (Tool(("git",), _effects),)
