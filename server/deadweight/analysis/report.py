"""What a snapshot's rules find: each byte said once, the loudness by the bytes, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deadweight.analysis.silence import Silence
from deadweight.rules.catalog import RULES
from deadweight.settings import DEFAULTS
from deadweight.size.units import in_words, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.effects import Effect
    from deadweight.rules.rule import Finding, Fix, Rule
    from deadweight.settings import Settings
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

Severity = Literal["hint", "information", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("hint", "information", "warning", "error")
_HINT_BELOW, _INFORMATION_BELOW = 10_000_000, 50_000_000  # bytes saved


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding as it is shown."""

    rule: Rule
    finding: Finding
    severity: Severity

    @property
    def message(self) -> str:
        """The finding's message and its bytes."""
        return f"{self.finding.message}, {saving(self.finding)}"


def report(snapshot: Snapshot, settings: Settings = DEFAULTS, rules: Iterable[Rule] = RULES) -> tuple[Reported, ...]:
    """The findings of a snapshot, in the order of the file; nothing for a file in another frontend's language."""
    if snapshot.is_foreign:
        return ()
    found: list[Reported] = []
    taken: set[tuple[int, Effect]] = set()
    silence = Silence(snapshot.tree)
    for rule in rules:
        for finding in rule.check(snapshot):
            if finding.frees and taken.issuperset(finding.frees):
                continue
            if _is_small(finding, settings.min_saving) or silence.covers(rule, finding.span.start):
                continue
            taken.update(finding.frees)
            found.append(Reported(rule, finding, severity_of(finding)))
    return tuple(sorted(found, key=lambda each: each.finding.span))


def severity_of(finding: Finding) -> Severity:
    """How loud a finding is: by its bytes; what is unknown, or is about rebuilds, is information."""
    saves = finding.saves
    if finding.basis == "correctness":
        return "error"
    if finding.basis == "cache" or saves is None or (saves.high is None and saves.best < _INFORMATION_BELOW):
        return "information"
    if saves.best < _HINT_BELOW:
        return "hint"
    return "information" if saves.best < _INFORMATION_BELOW else "warning"


def title_of(fix: Fix) -> str:
    """The title of a fix, with its bytes where it has some of its own."""
    if fix.saves is None:
        return fix.title
    return f"{fix.title}, saves {_about(fix.saves)}"


def _about(size: Size) -> str:
    return f"{'at least' if size.high is None else 'about'} {in_words(size.best)}"


def _is_small(finding: Finding, min_saving: int) -> bool:
    """Whether a finding's bytes are too few to be worth saying; unknown ones where more than usual is asked for."""
    saves = finding.saves
    if saves is None or saves.high is None:
        return min_saving > DEFAULTS.min_saving and (saves.best if saves else 0) < min_saving
    return saves.best < min_saving


def saving(finding: Finding) -> str:
    """The bytes of a finding in words: "saves about 20 MB", "writes about 130 MB again at each rebuild"."""
    saves = finding.saves
    if saves is None:
        return "size unknown"
    if finding.basis == "cache":
        return f"{_about(saves)} written again"
    return f"saves {_about(saves)}"


def total_saving(found: Iterable[Reported]) -> Size | None:
    """What all findings about the image save together; what is written again at a rebuild is no saving of bytes."""
    sizes = [each.finding.saves for each in found if each.finding.basis in ("size", "context")]
    return total(sizes)
