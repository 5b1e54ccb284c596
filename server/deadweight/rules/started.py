"""What a container of the image starts, and whether the image is one that people develop in."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.layers import Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

# Parts of what stages and NODE_ENV for developers are called: `dev`, `test-e2e` (kept by hand, 2026-11-23).
_FOR_DEVELOPERS = frozenset(
    ("dev", "develop", "development", "test", "tests", "testing", "ci", "lint", "debug", "devcontainer", "local")
)
# What a container that a person works in is kept alive with: `CMD ["bash"]`, `CMD sleep infinity`.
_IDLE = re.compile(r"(?:\S*/)?(?:ba|z|a)?sh(?: -[il]+)*|sleep (?:infinity|\d+)|tail -[fF] /dev/null")


def is_for_developers(name: str | None) -> bool:
    """Whether a name of a stage or an environment is one for developers: `dev`, `test-e2e`."""
    return not _FOR_DEVELOPERS.isdisjoint(re.split(r"[-_.]", (name or "").lower()))


def is_idle(start: str) -> bool:
    """Whether a command does nothing but wait for a person."""
    return _IDLE.fullmatch(start) is not None


def start_command(snapshot: Snapshot) -> str:
    """What a container runs, as a shell would: ENTRYPOINT and CMD together; '' where the file has neither."""
    return start_command_of(snapshot.shipped_ledgers)


def start_command_of(ledgers: Iterable[Ledger]) -> str:
    """What a container of these stages, each standing on the one before, runs."""
    last: dict[str, Instruction] = {}
    for ledger in ledgers:
        last.update((step.instruction.keyword, step.instruction) for step in ledger.stage.steps)
    entrypoint, command = last.get("ENTRYPOINT"), last.get("CMD")
    if entrypoint is None or entrypoint.array is None:
        return _as_shell(entrypoint or command)
    return f"{_as_shell(entrypoint)} {_as_shell(command)}".strip()


def _as_shell(instruction: Instruction | None) -> str:
    if instruction is None:
        return ""
    if instruction.array is None:
        return instruction.arguments.text
    return shlex.join(word.value or "" for word in instruction.array)
