"""What a pattern leaves out of the build context, or brings back: files, bytes and the largest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features import words
from deadweight.features.hover import Hover
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from deadweight.features.ignoring.reading import IgnoreReading


def ignore_hover(reading: IgnoreReading, offset: int) -> Hover | None:
    """What the pattern at `offset` does to the context."""
    index = reading.pattern_at(offset)
    if index is None:
        return None
    pattern, measured = reading.patterns[index], reading.measured
    if illegal := next((each for each in reading.matcher.problems if each.index == index), None):
        return Hover(pattern.span, f"Docker rejects this pattern: {illegal.message}")
    share = reading.share(index)
    if measured is None or share is None:
        return Hover(pattern.span, "The build context is being measured")
    verb = "Brings back" if pattern.negated else "Leaves out"
    if not share.files:
        return Hover(pattern.span, f"{verb} nothing that no other pattern does")
    about = "" if measured.whole.complete else "at least "
    amount = f"**{about}{in_words(share.bytes)}** in {share.files:,} file{'s' * (share.files != 1)}"
    lines = [f"{verb} {amount} of the build context"]
    if share.files > 1:
        lines += ["", *(f"- {words.code(path)} {in_words(count)}" for path, count in share.largest)]
    return Hover(pattern.span, "\n".join(lines))
