"""Fix-all: every safe fix that keeps its word, applied until nothing is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.analysis.proof import MANY, fixed, hold_together, holds, is_sound
from deadweight.analysis.report import report
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix, NewFile
    from deadweight.settings import Settings
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span

MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fix-all comes to: the snapshot after it, the files it creates, and what was fixed in which way."""

    snapshot: Snapshot
    created: tuple[NewFile, ...]
    done: tuple[tuple[Reported, Fix], ...]


def is_safe(_: Reported, fix: Fix) -> bool:
    """The choice of fix-all in an editor and of `fix` without further words."""
    return fix.safety is Safety.SAFE


def fix_all(
    snapshot: Snapshot, settings: Settings = DEFAULTS, wanted: Callable[[Reported, Fix], bool] = is_safe
) -> Outcome:
    """Apply the first wanted fix of every finding, round by round: what a fix uncovers is found in the next one."""
    created: list[NewFile] = []
    done: list[tuple[Reported, Fix]] = []
    for _ in range(MAX_ROUNDS):
        chosen = _choose(snapshot, settings, wanted)
        if not chosen:
            break
        after = fixed(snapshot, [fix for _, fix in chosen])
        if not is_sound(snapshot, after):
            chosen = chosen[:1]
            after = fixed(snapshot, [chosen[0][1]])
        created += [fix.creates for _, fix in chosen if fix.creates]
        done += chosen
        snapshot = after
    return Outcome(snapshot, tuple(created), tuple(done))


def _choose(
    snapshot: Snapshot, settings: Settings, wanted: Callable[[Reported, Fix], bool]
) -> list[tuple[Reported, Fix]]:
    """One fix a finding, none of which touches an instruction that another one touches."""
    found = report(snapshot, settings)
    chosen: list[tuple[Reported, Fix]] = []
    touched: set[int] = set()
    for reported in found:
        for fix in reported.finding.fixes:
            instructions = {_instruction_at(snapshot, edit.span) for edit in fix.edits}
            if not wanted(reported, fix) or touched & instructions:
                continue
            if len(found) <= MANY and not holds(snapshot, found, reported, fix):
                continue
            touched |= instructions
            chosen.append((reported, fix))
            break
    return chosen if len(found) <= MANY or hold_together(snapshot, found, chosen) else []


def _instruction_at(snapshot: Snapshot, span: Span) -> int:
    """The piece of the file that an edit touches: the one it starts in, or behind which it inserts."""
    from bisect import bisect_left

    return max(bisect_left(snapshot.tree.offsets, span.start + 1) - 1, 0)
