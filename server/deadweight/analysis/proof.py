"""Whether a fix keeps its word. It is carried out on a copy, and the copy is read again from scratch."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.analysis.report import report
from deadweight.syntax.dockerfile import Comment, parse
from deadweight.syntax.run import run_body
from deadweight.text import apply_edits

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

MANY = 100  # findings; the longest real files have about 30
_NOTABLE = 1_000_000  # bytes; a fix may not bring a finding as heavy as this


def fixed(snapshot: Snapshot, fixes: Sequence[Fix]) -> Snapshot:
    """The snapshot after `fixes`. Raises ValueError where their edits overlap."""
    edits = [edit for fix in fixes for edit in fix.edits]
    tree = parse(apply_edits(snapshot.text, edits)) if edits else snapshot.tree
    context = snapshot.context
    for fix in fixes:
        if fix.creates and context is not None:
            context = context.ignoring(fix.creates.path, fix.creates.text)
    return replace(snapshot, tree=tree, context=context)


def holds(snapshot: Snapshot, found: Sequence[Reported], reported: Reported, fix: Fix) -> bool:
    """Whether `fix` does what it says and nothing else; `found` is everything reported for `snapshot`."""
    try:
        after = fixed(snapshot, (fix,))
    except ValueError:
        return False
    return is_sound(snapshot, after) and _is_gone(found, report(after), reported)


def hold_together(snapshot: Snapshot, found: Sequence[Reported], chosen: Sequence[tuple[Reported, Fix]]) -> bool:
    """Whether many fixes, one a finding, all do what they say when they are carried out at once.

    Each proof reads the whole file; beyond a few dozen of them that is too long to wait for.
    """
    try:
        after = fixed(snapshot, [fix for _, fix in chosen])
    except ValueError:
        return False
    return is_sound(snapshot, after) and len(report(after)) <= len(found) - len(chosen)


def is_sound(before: Snapshot, after: Snapshot) -> bool:
    """Whether nothing broke: no new problem, the same directives and comments, every RUN still valid shell."""
    if before.tree is after.tree:
        return True
    if len(after.problems) > len(before.problems) or before.tree.directives != after.tree.directives:
        return False
    if _comments(after) < _comments(before):
        return False
    return _scripts_are_valid(before, after) and _second_opinion(before.text, after.text)


def _is_gone(before: Sequence[Reported], after: Sequence[Reported], reported: Reported) -> bool:
    """Whether one finding of the rule less is reported, and no other rule has more to say that weighs something."""
    rule = reported.rule.id
    if sum(each.rule.id == rule for each in after) >= sum(each.rule.id == rule for each in before):
        return False
    counts, now = _notable(before, rule), _notable(after, rule)
    return all(now[each] <= counts[each] for each in now)


def _notable(found: Sequence[Reported], but: str) -> Counter[str]:
    """How many findings of each rule, `but` one, are about a notable number of bytes."""
    from collections import Counter

    notable = (each for each in found if each.finding.saves is None or each.finding.saves.best >= _NOTABLE)
    return Counter(each.rule.id for each in notable if each.rule.id != but)


def _comments(snapshot: Snapshot) -> int:
    """How many comment lines there are, those inside continuations included."""
    pieces = snapshot.tree.pieces
    inside = sum(line.lstrip().startswith("#") for piece in pieces for line in piece.text.split("\n")[1:])
    return sum(isinstance(piece, Comment) for piece in pieces) + inside


def _scripts_are_valid(before: Snapshot, after: Snapshot) -> bool:
    """Whether every RUN that reads as a script without problems still has none."""
    old = {step.instruction for stage in before.build.stages for step in stage.steps}
    broken = sum(_has_problems(instruction) for instruction in old if instruction.keyword == "RUN")
    new = {step.instruction for stage in after.build.stages for step in stage.steps}
    return sum(_has_problems(instruction) for instruction in new - old if instruction.keyword == "RUN") <= broken


def _has_problems(instruction: Instruction) -> bool:
    body = run_body(instruction)
    return body is not None and bool(body.script.problems)


def _second_opinion(before: str, after: str) -> bool:
    """Whether dockerfile-parse still agrees with us about where instructions are, if it did before."""
    return not _agrees(before) or _agrees(after)


@lru_cache(maxsize=256)
def _agrees(text: str) -> bool:
    from io import BytesIO

    from dockerfile_parse import DockerfileParser

    try:
        structure = DockerfileParser(fileobj=BytesIO(text.encode("utf-8", "surrogateescape"))).structure
    except Exception:
        return False
    theirs = [(each["instruction"], each["startline"]) for each in structure if each["instruction"] != "COMMENT"]
    ours = [(placed.instruction.keyword, placed.line) for placed in parse(text).instructions]
    return theirs == ours
