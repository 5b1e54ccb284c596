"""What `deadweight size` says of several files together: base layers that their images share are pulled once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.analysis.report import about
from deadweight.cli.findings import as_size
from deadweight.size.shared import together
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.size.estimate import Sizes


def together_in_words(sized: Sequence[Sizes]) -> str:
    """The line below several files; "" where their images share nothing."""
    found = together(sized)
    if found is None or not found.shared or len(sized) < 2:
        return ""
    once = f"{in_words(found.shared)} of base layers that they share counted once"
    return f"all {len(sized)} images {about(found.pulled)} pulled, {once}"


def together_as_json(sized: Sequence[Sizes]) -> dict[str, Any]:
    """The same for scripts, beside the files; nothing where nothing is known."""
    found = together(sized)
    return {"together": {"pulled": as_size(found.pulled), "shared": found.shared}} if found else {}
