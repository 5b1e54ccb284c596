"""The blocks that docs/editors.md tells people to copy: the only home of how an editor is configured."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/editors.md"


def blocks(heading: str) -> list[str]:
    """The blocks of code below a heading, down to the next one of the same rank."""
    _, found, section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    if not found:
        raise LookupError(f"no heading {heading!r} in docs/editors.md")
    return re.findall(r"^```\w*\n(.*?)^```$", section.partition("\n## ")[0], re.M | re.S)
