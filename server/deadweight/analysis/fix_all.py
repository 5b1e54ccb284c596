"""Fix-all: every safe fix that keeps its word, applied until nothing is left to do."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.analysis.proof import MANY, fixed, hold_together, holds, is_sound
from deadweight.analysis.report import report, total_saving
from deadweight.rules.rule import AddedLines, Safety
from deadweight.settings import DEFAULTS
from deadweight.size.units import Size, less, total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.settings import Settings
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fix-all comes to: the snapshot after it, the lines it adds to other files (all those of a file together),
    what was fixed in which way, and the bytes.

    `saves` is None where they are unknown.
    """

    snapshot: Snapshot
    added: tuple[AddedLines, ...]
    done: tuple[tuple[Reported, Fix], ...]
    saves: Size | None


def is_safe(_: Reported, fix: Fix) -> bool:
    """The choice of fix-all in an editor and of `fix` without further words."""
    return fix.safety is Safety.SAFE


def fix_all(
    snapshot: Snapshot, settings: Settings = DEFAULTS, wanted: Callable[[Reported, Fix], bool] = is_safe
) -> Outcome:
    """Apply the first wanted fix of every finding, round by round: what a fix uncovers is found in the next one.

    A round whose fixes do not go together takes the first alone. Fixes of several instructions come last: what they
    merge or take out should not hold anything that goes with a flag. Of these, merging comes first: what two RUNs would
    each do for themselves, the one that they become does once.
    """
    before = snapshot
    added: dict[str, AddedLines] = {}
    done: list[tuple[Reported, Fix]] = []
    for _ in range(MAX_ROUNDS):
        chosen = _choose(snapshot, settings, wanted)
        if not chosen:
            break
        after = fixed(snapshot, [fix for _, fix in chosen])
        if not is_sound(snapshot, after):
            chosen = chosen[:1]
            after = fixed(snapshot, [chosen[0][1]])
        for _, fix in chosen:
            if fix.adds:
                added[fix.adds.path] = _joined(added.get(fix.adds.path), fix.adds)
        done += chosen
        snapshot = after
    return Outcome(snapshot, tuple(added.values()), tuple(done), _saved(before, snapshot, done))


def _joined(first: AddedLines | None, more: AddedLines) -> AddedLines:
    """What two fixes add to a file, each line once: of one that is new, the second knew nothing or all of it."""
    if first is None:
        return more
    return AddedLines(first.path, tuple(dict.fromkeys((*first.lines, *more.lines))), first.is_new)


def _saved(before: Snapshot, after: Snapshot, done: Sequence[tuple[Reported, Fix]]) -> Size | None:
    """What the image weighs less. How sure that is, and whether there is more that nobody knows, the findings say.

    The findings themselves do not add up: what one round leaves of an effect is in the next round's finding again, and
    a fix may write elsewhere what it takes away here. What was measured is that of lines that a fix has not changed:
    estimates are compared.
    """
    converted = (less(*fix.weighs) for each, fix in done if fix.weighs and each.finding.basis == "conversion")
    others = total_saving(each for each, _ in done if each.finding.basis != "conversion")
    claimed = total((others, *converted))
    sizes = before.sizes.estimates.image(), after.sizes.estimates.image()
    if claimed is None or sizes[0] is None or sizes[1] is None:
        return claimed
    best = max(0, sizes[0].best - sizes[1].best)
    return Size(min(claimed.low, best), best, None if claimed.high is None else max(claimed.high, best))


def _choose(
    snapshot: Snapshot, settings: Settings, wanted: Callable[[Reported, Fix], bool]
) -> list[tuple[Reported, Fix]]:
    """The fixes of one round, none of which touches an instruction that another one touches."""
    found = report(snapshot, settings)
    is_short = len(found) <= MANY

    def is_possible(reported: Reported, fix: Fix) -> bool:
        return wanted(reported, fix) and (not is_short or holds(snapshot, found, reported, fix, settings))

    candidates = [
        (reported, fix)
        for reported in found
        if (fix := next((fix for fix in reported.fixes if is_possible(reported, fix)), None))
    ]
    inside = [each for each in candidates if not _is_structural(snapshot, each[1])]
    chosen: list[tuple[Reported, Fix]] = []
    touched: set[int] = set()
    for reported, fix in inside or sorted(candidates, key=lambda each: each[1].id != "merge"):
        pieces = _touched(snapshot, fix)
        if touched.isdisjoint(pieces):
            touched |= pieces
            chosen.append((reported, fix))
    return chosen if is_short or hold_together(snapshot, found, chosen, settings) else []


def _is_structural(snapshot: Snapshot, fix: Fix) -> bool:
    """Whether a fix is about several instructions, or takes one out."""
    touched = _touched(snapshot, fix)
    return len(touched) > 1 or any(_is_whole(snapshot, number, edit) for number in touched for edit in fix.edits)


def _is_whole(snapshot: Snapshot, number: int, edit: Edit) -> bool:
    """Whether an edit covers all that a piece of the file says."""
    start, text = snapshot.tree.offsets[number], snapshot.tree.pieces[number].text
    return edit.span.start <= start and start + len(text.rstrip()) <= edit.span.end


def _touched(snapshot: Snapshot, fix: Fix) -> set[int]:
    """The pieces of the file, by number, that a fix changes."""
    starts = snapshot.tree.offsets[:-1]
    touched: set[int] = set()
    for edit in fix.edits:
        first = bisect_right(starts, edit.span.start) - 1
        touched.update(range(first, max(first + 1, bisect_left(starts, edit.span.end))))
    return touched
