"""Comments that silence rules for the instruction below them: `# deadweight: ignore=RULE` and hadolint's own."""

from __future__ import annotations

import re
from operator import is_
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerfile import Comment, Instruction, remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.stages import Site
    from deadweight.rules.rule import Rule
    from deadweight.syntax.dockerfile import Section

# `# deadweight: ignore=apt-lists-kept, install-cache-kept because we ship them`, `# hadolint ignore=DL3009,DL3042`
_IGNORE = re.compile(r"\s*#\s*(deadweight:|hadolint)\s*ignore\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)")


class Silence(NamedTuple):
    """The rules that the comments right above an instruction of a section name, by its number, and those at its end."""

    of: dict[int, frozenset[str]]
    below: frozenset[str]


_NOBODY = frozenset[str]()
NOTHING = Silence({}, _NOBODY)


class Hushed(NamedTuple):
    """What the comments of each section of a file silence; `any` is whether there is such a comment at all."""

    sections: Sequence[Section]
    silences: tuple[Silence, ...]
    any: bool

    def covers(self, rule: Rule, site: Site) -> bool:
        """Whether a comment above an instruction silences a rule there."""
        silence = self.silences[site.stage + 1]
        names = silence.of.get(site.step, _NOBODY) if site.step else self.silences[site.stage].below
        return bool(names) and not names.isdisjoint((rule.id, *rule.same_as))


def hushed(sections: Sequence[Section], before: Hushed | None = None) -> Hushed:
    """What the comments of a file silence; of an earlier version, sections that are the same are not read again."""
    if before is not None and len(before.sections) == len(sections):
        known = zip(sections, before.sections, before.silences, strict=True)
        found = tuple([silence if each is was else _silence(each) for each, was, silence in known])
        if all(map(is_, found, before.silences)):
            return Hushed(sections, before.silences, before.any)
    else:
        found = tuple(map(_silence, sections))
    return Hushed(sections, found, any(silence is not NOTHING for silence in found))


@remembered
def _silence(section: Section) -> Silence:
    of: dict[int, frozenset[str]] = {}
    above, number = _NOBODY, 0
    if not [piece for piece in section.pieces if "ignore" in piece.text]:
        return NOTHING
    for piece in section.pieces:
        if isinstance(piece, Comment):
            above |= _names(piece.text)
            continue
        if isinstance(piece, Instruction):
            if above:
                of[number] = above
            number += 1
        above = _NOBODY
    return Silence(of, above)


def _names(comment: str) -> set[str]:
    """The rules that a comment names: ours by id, hadolint's as `hadolint:CODE`, as `same_as` writes them."""
    match = _IGNORE.match(comment)
    if not match:
        return set()
    prefix = "hadolint:" if match[1] == "hadolint" else ""
    return {prefix + name.strip() for name in match[2].split(",")}
