"""What a snapshot's rules find: each byte said once, the loudness by the bytes, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.analysis.claims import Claims
from deadweight.analysis.silence import Silence
from deadweight.rules.catalog import RULES
from deadweight.settings import DEFAULTS, OFF
from deadweight.size.units import in_words, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.rules.rule import Finding, Fix, Related, Rule
    from deadweight.settings import Settings, Severity
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

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

    @property
    def related(self) -> tuple[Related, ...]:
        """The other places that the finding is about, each once: one command may have several effects."""
        return tuple(dict.fromkeys(self.finding.related))


def report(snapshot: Snapshot, settings: Settings = DEFAULTS, rules: Iterable[Rule] = RULES) -> tuple[Reported, ...]:
    """The findings of a snapshot, in the order of the file; nothing for a file in another frontend's language."""
    if snapshot.is_foreign:
        return ()
    found: list[Reported] = []
    claims = Claims()
    silence = Silence(snapshot.tree)
    for rule in rules:
        own = settings.of(rule.id)
        if own.severity == OFF:
            continue
        min_saving = settings.min_saving if own.min_saving is None else own.min_saving
        for each in rule.check(snapshot):
            finding = claims.left_of(each, snapshot.sizes)
            if finding is None or _is_small(finding, min_saving) or silence.covers(rule, finding.span.start):
                continue
            claims.take(finding)
            found.append(Reported(rule, finding, own.severity or severity_of(finding)))
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
    return f"{fix.title}, saves {about(fix.saves)}"


def about(size: Size) -> str:
    """A size in words: "about 20 MB", "at least 75 MB"; "up to 20 MB" is all of it or, with other storage, nothing."""
    if size.high is None:
        return f"at least {in_words(size.best)}"
    may_be_nothing = size.low == 0 and size.best == size.high > 0
    return f"{'up to' if may_be_nothing else 'about'} {in_words(size.best)}"


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
        return f"{about(saves)} written again"
    return f"saves {about(saves)}"


def total_saving(found: Iterable[Reported]) -> Size | None:
    """What all findings about the image save together; what is written again at a rebuild is no saving of bytes."""
    sizes = [each.finding.saves for each in found if each.finding.basis in ("size", "context")]
    return total(sizes)
