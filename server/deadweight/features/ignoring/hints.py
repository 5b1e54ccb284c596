"""At the end of each pattern what it takes from the build context; above all of them, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.ignoring.hover import about_pattern
from deadweight.features.inlay_hints import Hint
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.ignoring.reading import IgnoreReading
    from deadweight.text import Span

_SMALLEST = 100_000  # bytes; less is not worth the space on the line


def ignore_hints(reading: IgnoreReading, span: Span) -> Iterator[Hint]:
    """The hints of the patterns inside `span`."""
    for index, pattern in enumerate(reading.patterns):
        if not span.start <= pattern.span.end <= span.end:
            continue
        share = reading.share(index)
        if share is None and reading.is_measuring:
            yield Hint(pattern.span.end, "measuring ...", "The build context is being measured")
        elif share is not None and share.bytes >= _SMALLEST:
            sign = "+" if pattern.negated else "\N{MINUS SIGN}"
            yield Hint(pattern.span.end, f"{sign}{in_words(share.bytes)}", about_pattern(reading, index))


def context_in_words(reading: IgnoreReading) -> str:
    """What the builder gets of the folder: "Build context: 12 MB of 157 MB, 120 of 36,000 files"."""
    measured = reading.measured
    if measured is None:
        return "Build context: measuring ..." if reading.is_measuring else "Build context: not known"
    whole, kept = measured.whole.tree, measured.sifted.kept
    about = "" if measured.whole.complete else "at least "
    return (
        f"Build context: {in_words(kept.bytes)} of {about}{in_words(whole.bytes)}, "
        f"{kept.count:,} of {whole.count:,} file{'s' * (whole.count != 1)}"
    )
