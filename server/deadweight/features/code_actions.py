"""Quick fixes beside their findings, refactorings with what to check, and fix-all: only what was proven."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import about, title_of
from deadweight.features.kinds import ACTION_KINDS, FIX_ALL, QUICK_FIX, REFACTORING
from deadweight.rules.catalog import RULES
from deadweight.rules.edits import line_end
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS
from deadweight.text import Edit, Span, line_edits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import AddedLines, Fix
    from deadweight.settings import Settings
    from deadweight.snapshot import Snapshot

_IGNORE = re.compile(r"[ \t]*#[ \t]*deadweight:[ \t]*ignore[ \t]*=[ \t]*[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do about findings: edits in the file, lines of others. `note` says what a person has to check,
    `disabled` why it cannot be done.
    """

    title: str
    kind: str
    edits: tuple[Edit, ...]
    adds: tuple[AddedLines, ...] = ()
    reported: Reported | None = None
    is_preferred: bool = False
    note: str = ""
    disabled: str = ""


def is_wanted(kind: str, only: Sequence[str]) -> bool:
    """Whether a client that asks for `only` these kinds, or for any, wants this one; `source` holds `source.fixAll`."""
    return not only or any(kind == each or kind.startswith(each + ".") or not each for each in only)


def code_actions(
    snapshot: Snapshot,
    reported: Sequence[Reported],
    span: Span,
    *,
    holds: Callable[[Reported, Fix], bool],
    offered: Sequence[Reported] = (),
    only: Sequence[str] = (),
    can_create: bool = True,
) -> tuple[Action, ...]:
    """The fixes of the findings on the lines that `span` touches, safe ones first; last, what silences each of them.

    What is `offered` are no findings, and needs no silencing; what a finding's fix does already is not listed again. A
    fix that does not hold is not listed, nor one that creates a file where the client cannot.
    """
    lines = whole_lines(snapshot.text, span)
    here = [each for each in reported if each.span.start <= lines.end and lines.start <= each.span.end]
    also = [each for each in offered if each.span.start <= lines.end and lines.start <= each.span.end]
    actions = [action for each in here for action in _fixes(each, only, can_create, holds)]
    done = {(each.edits, each.adds) for each in actions}
    others = (action for each in also for action in _fixes(each, only, can_create, holds))
    actions += [action for action in others if (action.edits, action.adds) not in done]
    silencing = [_ignore(each) for each in here] if is_wanted(QUICK_FIX, only) else []
    return (*sorted(actions, key=_rank), *silencing)


def not_offered(snapshot: Snapshot, span: Span, only: Sequence[str]) -> tuple[Action, ...]:
    """The refactorings that a person asks for on the lines of `span` and does not get, each with the reason."""
    if not any(kind.startswith(REFACTORING.partition(".")[0]) for kind in only):
        return ()
    lines = whole_lines(snapshot.text, span)
    refused = (each for rule in RULES if (each := rule.why_not(snapshot)))
    return tuple(
        Action(each.title, kind, (), disabled=each.reason)
        for each in refused
        if is_wanted(kind := f"{REFACTORING}.{each.refactoring}", only)
        and lines.start <= snapshot.offset(each.site) + snapshot.instruction(each.site).span.start <= lines.end
    )


def fix_all_action(snapshot: Snapshot, settings: Settings = DEFAULTS, *, can_create: bool = True) -> Action | None:
    """Every safe fix of the file in one; None where there is none."""

    def wanted(_: Reported, fix: Fix) -> bool:
        return fix.safety is Safety.SAFE and (can_create or not _creates(fix))

    outcome = fix_all(snapshot, settings, wanted)
    if not outcome.done:
        return None
    edits = tuple(line_edits(snapshot.text, outcome.snapshot.text))
    saves = outcome.saves
    amount = f", saves {about(saves)}" if saves and saves.best else f" ({len(outcome.done)})"
    return Action(f"Apply all safe fixes{amount}", FIX_ALL, edits, outcome.added)


def _fixes(
    reported: Reported, only: Sequence[str], can_create: bool, holds: Callable[[Reported, Fix], bool]
) -> Iterator[Action]:
    is_first = True
    for fix in reported.fixes:
        is_safe = fix.safety is Safety.SAFE
        kind = QUICK_FIX if is_safe else _refactoring(fix)
        if not is_wanted(kind, only) or (_creates(fix) and not can_create) or not holds(reported, fix):
            continue
        adds = (fix.adds,) if fix.adds else ()
        yield Action(title_of(fix), kind, fix.edits, adds, reported, is_safe and is_first, fix.note)
        is_first = is_first and not is_safe


def _rank(action: Action) -> int:
    return next(rank for rank, kind in enumerate(ACTION_KINDS) if is_wanted(action.kind, [kind]))


def _refactoring(fix: Fix) -> str:
    return f"{REFACTORING}.{fix.refactoring}" if fix.refactoring else REFACTORING


def _creates(fix: Fix) -> bool:
    return fix.adds is not None and fix.adds.is_new


def _ignore(reported: Reported) -> Action:
    """The comment that silences a rule for one instruction; one that is there already names one rule more."""
    snapshot, rule = reported.snapshot, reported.rule.id
    offset = snapshot.offset(reported.finding.site)
    text = snapshot.text
    above = text[text.rfind("\n", 0, max(offset - 1, 0)) + 1 : offset]
    if match := _IGNORE.match(above):
        at = offset - len(above) + match.end()
        edit = Edit(Span(at, at), f",{rule}")
    else:
        line = text[offset : offset + snapshot.instruction(reported.finding.site).span.start]
        indent = line[line.rfind("\n") + 1 :]
        edit = Edit(Span(offset, offset), f"{indent}# deadweight: ignore={rule}{line_end(text)}")
    return Action(f"Ignore {rule} here", QUICK_FIX, (edit,), reported=reported)


def whole_lines(text: str, span: Span) -> Span:
    """From the start of the first line that `span` touches to the end of the last."""
    end = text.find("\n", span.end)
    return Span(text.rfind("\n", 0, span.start) + 1, len(text) if end < 0 else end)
