"""What a container of an image starts with, and whether that waits for a person to work in it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.layers import Ledger
    from deadweight.syntax.dockerfile import Instruction, Section

# Parts of what stages and NODE_ENV for developers are called: `dev`, `test-e2e` (kept by hand, 2026-11-23).
_FOR_DEVELOPERS = frozenset(
    ("dev", "develop", "development", "test", "tests", "testing", "ci", "lint", "debug", "devcontainer", "local")
)
# What a container that a person works in is kept alive with: `CMD ["bash"]`, `CMD sleep infinity`.
_IDLE = re.compile(r"(?:\S*/)?(?:ba|z|a)?sh(?: -[il]+)*|sleep (?:infinity|\d+)|tail -[fF] /dev/null")


def start_command(ledgers: Iterable[Ledger]) -> str:
    """What a container runs, as a shell would: ENTRYPOINT and CMD together; "" where these stages have neither."""
    entrypoint = command = None
    for ledger in ledgers:
        own = _last_of(ledger.stage.section)
        entrypoint, command = own.get("ENTRYPOINT", entrypoint), own.get("CMD", command)
    if entrypoint is None or entrypoint.array is None:
        return _as_shell(entrypoint or command)
    return f"{_as_shell(entrypoint)} {_as_shell(command)}".strip()


def is_idle(start: str) -> bool:
    """Whether a start command only keeps a container alive that a person works in."""
    return _IDLE.fullmatch(start) is not None


def is_for_developers(name: str | None) -> bool:
    """Whether a stage or an environment is for developers, by its name."""
    return not _FOR_DEVELOPERS.isdisjoint(re.split(r"[-_.]", (name or "").lower()))


@remembered
def _last_of(section: Section) -> dict[str, Instruction]:
    """The ENTRYPOINT and the CMD of a stage that hold."""
    found: dict[str, Instruction] = {}
    for each in reversed(section.instructions):
        if each.keyword in ("ENTRYPOINT", "CMD"):
            found.setdefault(each.keyword, each)
        if len(found) == 2:
            break
    return found


def _as_shell(instruction: Instruction | None) -> str:
    if instruction is None:
        return ""
    if instruction.array is None:
        return instruction.arguments.text
    return shlex.join(word.value or "" for word in instruction.array)
