"""Comments that silence rules for the instruction below them: `# deadweight: ignore=RULE` and hadolint's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerfile import Comment, Instruction, remembered

if TYPE_CHECKING:
    from deadweight.model.stages import Site
    from deadweight.rules.rule import Rule
    from deadweight.syntax.dockerfile import Dockerfile, Section

# `# deadweight: ignore=apt-lists-kept, install-cache-kept because we ship them`, `# hadolint ignore=DL3009,DL3042`
_IGNORE = re.compile(r"\s*#\s*(deadweight:|hadolint)\s*ignore\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)")


def is_silenced(tree: Dockerfile, rule: Rule, site: Site) -> bool:
    """Whether a comment above an instruction silences a rule there."""
    silence = _silence(tree.sections[site.stage + 1])
    names = silence.of.get(site.step, _NOBODY) if site.step else _silence(tree.sections[site.stage]).below
    return bool(names) and not names.isdisjoint((rule.id, *rule.same_as))


class _Silence(NamedTuple):
    """The rules that the comments right above an instruction of a section name, by its number, and those at its end."""

    of: dict[int, frozenset[str]]
    below: frozenset[str]


_NOBODY = frozenset[str]()


@remembered
def _silence(section: Section) -> _Silence:
    of: dict[int, frozenset[str]] = {}
    above, number = _NOBODY, 0
    if not [piece for piece in section.pieces if "ignore" in piece.text]:
        return _Silence(of, above)
    for piece in section.pieces:
        if isinstance(piece, Comment):
            above |= _names(piece.text)
            continue
        if isinstance(piece, Instruction):
            if above:
                of[number] = above
            number += 1
        above = _NOBODY
    return _Silence(of, above)


def _names(comment: str) -> set[str]:
    """The rules that a comment names: ours by id, hadolint's as `hadolint:CODE`, as `same_as` writes them."""
    match = _IGNORE.match(comment)
    if not match:
        return set()
    prefix = "hadolint:" if match[1] == "hadolint" else ""
    return {prefix + name.strip() for name in match[2].split(",")}
