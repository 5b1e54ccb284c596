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
    return None if index is None else Hover(reading.patterns[index].span, about_pattern(reading, index))


def about_pattern(reading: IgnoreReading, index: int) -> str:
    """The same in Markdown."""
    pattern, measured = reading.patterns[index], reading.measured
    if illegal := next((each for each in reading.matcher.problems if each.index == index), None):
        return f"Docker rejects this pattern: {illegal.message}"
    share = reading.share(index)
    if measured is None or share is None:
        return f"The build context is {'being measured' if reading.is_measuring else 'not known'}"
    verb = "Brings back" if pattern.negated else "Leaves out"
    if not share.files:
        return f"{verb} nothing that no other pattern does"
    about = "" if measured.whole.complete else "at least "
    amount = f"**{about}{in_words(share.bytes)}** in {share.files:,} file{'s' * (share.files != 1)}"
    lines = [f"{verb} {amount} of the build context"]
    if share.files > 1:
        lines += ["", *(f"- {words.code(path)} {in_words(count)}" for path, count in share.largest)]
    return "\n".join(lines)
