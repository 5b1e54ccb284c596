"""What a session says while somebody types in real Dockerfiles, against a check that knows nothing of before."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.analysis.report import check, report
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.analysis.report import Checked

_PHRASES = 3  # a file
_JOINTS = (" && ", " ", "; ", " /")


@dataclass(frozen=True, slots=True)
class Typed:
    """How many letters were typed or erased in a file, and the texts before the cursor where what was said differed."""

    letters: int
    differing: tuple[str, ...]


def differences(phrases: Sequence[str], text: str, seed: float) -> Typed:
    """Letters behind words of RUNs, one after the other: what a session says of each, and what a fresh check says."""
    rng = random.Random(seed)  # noqa: S311
    now = Snapshot(parse(text))
    checked = check(now)
    letters, differing = 0, []
    for _ in range(_PHRASES):
        for edit in _typed(now, phrases, rng):
            now = now.edited(edited(now.tree, edit))
            checked = check(now, before=checked)
            fresh = Snapshot(parse(now.text))
            letters += 1
            if _said(now, checked) != _said(fresh, check(fresh)):
                differing.append(now.text[: edit.span.end][-60:])
    return Typed(letters, tuple(differing))


def phrases_of(texts: Sequence[str]) -> list[str]:
    """What RUNs of these files begin with, and what stands in their further lines."""
    return [each for text in texts for each in re.findall(r"(?m)^(?:RUN |    )(.{4,60})$", text)]


def _typed(now: Snapshot, phrases: Sequence[str], rng: random.Random) -> Iterator[Edit]:
    runs = [placed for placed in now.tree.instructions if placed.instruction.keyword == "RUN"]
    if not runs:
        return
    placed = rng.choice(runs)
    words = [found.end() for found in re.finditer(r"\S(?=\s|$)", placed.instruction.text)]
    at = placed.offset + rng.choice(words)
    letters = rng.choice(_JOINTS) + rng.choice(phrases)[: rng.choice((4, 10, 18))]
    yield from (Edit(Span(at + n, at + n), letter) for n, letter in enumerate(letters))
    if rng.random() < 0.5:
        yield from (Edit(Span(at + n, at + n + 1), "") for n in reversed(range(len(letters))))


def _said(snapshot: Snapshot, checked: Checked) -> list[tuple[object, ...]]:
    return [(each.rule.id, each.span, each.message, each.severity) for each in report(snapshot, checked=checked)]
