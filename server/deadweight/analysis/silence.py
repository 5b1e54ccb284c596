"""Comments that silence rules for the instruction below them: `# deadweight: ignore=RULE` and hadolint's own."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from deadweight.syntax.dockerfile import Comment, Instruction

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule
    from deadweight.syntax.dockerfile import Dockerfile

# `# deadweight: ignore=apt-lists-kept, install-cache-kept because we ship them`, `# hadolint ignore=DL3009,DL3042`
_IGNORE = re.compile(r"\s*#\s*(deadweight:|hadolint)\s*ignore\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)")


class Silence:
    """What a file's comments silence, by instruction."""

    def __init__(self, tree: Dockerfile) -> None:
        self._offsets: list[int] = []
        self._names: list[frozenset[str]] = []
        above: set[str] = set()
        for piece, offset in zip(tree.pieces, tree.offsets, strict=False):
            if isinstance(piece, Comment):
                above |= _names(piece.text)
                continue
            if isinstance(piece, Instruction):
                self._offsets.append(offset)
                self._names.append(frozenset(above))
            above = set()

    def covers(self, rule: Rule, offset: int) -> bool:
        """Whether a comment above the instruction at `offset` silences a rule."""
        at = bisect_right(self._offsets, offset) - 1
        return at >= 0 and not self._names[at].isdisjoint((rule.id, *rule.same_as))


def _names(comment: str) -> set[str]:
    """The rules that a comment names: ours by id, hadolint's as `hadolint:CODE`, as `same_as` writes them."""
    match = _IGNORE.match(comment)
    if not match:
        return set()
    prefix = "hadolint:" if match[1] == "hadolint" else ""
    return {prefix + name.strip() for name in match[2].split(",")}
