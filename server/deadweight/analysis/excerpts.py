"""A file as excerpts: stages that have to do with each other, each analysed on its own and kept until it changes.

An excerpt is a Dockerfile: what stands above the first FROM, and its stages. What is known about it stays true wherever
its stages move in the file, so that an edit costs what it touches. The findings of a file are those of one excerpt, the
one with the stage that becomes the image.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain, pairwise, takewhile
from operator import is_
from typing import TYPE_CHECKING

from deadweight.analysis.report import report
from deadweight.model.stages import base_name, global_scope, sources_of
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import Dockerfile, Instruction
from deadweight.syntax.problems import Problem, problems_of_head, problems_of_stages
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.model.context import BuildContext
    from deadweight.settings import Settings
    from deadweight.syntax.dockerfile import Piece
    from deadweight.text import Edit


@dataclass(frozen=True)
class Section:
    """A stage as it is written: a FROM and the pieces below it. The first of a file, without a FROM, is its head."""

    pieces: tuple[Piece, ...]
    is_head: bool

    @cached_property
    def length(self) -> int:
        """How many characters it has."""
        return sum(len(piece.text) for piece in self.pieces)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject, from the start of the section on."""
        return tuple(problems_of_head(self.pieces) if self.is_head else problems_of_stages(self.pieces))

    @cached_property
    def name(self) -> str:
        """The name that `AS` gives the stage, in lower case."""
        words = self.pieces[0].words if isinstance(self.pieces[0], Instruction) else ()
        return words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else ""

    @cached_property
    def has_open_heredoc(self) -> bool:
        """Whether a heredoc in it has no end yet."""
        return any(isinstance(piece, Instruction) and piece.has_open_heredoc for piece in self.pieces)

    def base(self, scope: Mapping[str, str | None]) -> str:
        """What its FROM names, in lower case."""
        return base_name(self.pieces[0], scope).lower() if isinstance(self.pieces[0], Instruction) else ""

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The stages that it copies from or mounts, by name or number."""
        instructions = (piece for piece in self.pieces if isinstance(piece, Instruction))
        return tuple(name.lower() for instruction in instructions for name in sources_of(instruction))


class Excerpt:
    """Some stages of a file, and what is known about them. Places in it are other than those in the file."""

    def __init__(self, snapshot: Snapshot, settings: Settings, sections: tuple[Section, ...]) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self.sections = sections  # the head first
        self.starts = tuple(accumulate((section.length for section in sections), initial=0))

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """The findings, at places in the excerpt."""
        return report(self.snapshot, self.settings)


class Placement:
    """An excerpt where it stands in a file; `offsets` are those of its sections there."""

    def __init__(self, excerpt: Excerpt, offsets: tuple[int, ...]) -> None:
        self.excerpt = excerpt
        self.offsets = offsets
        self._shifts = tuple(there - here for there, here in zip(offsets, excerpt.starts, strict=False))

    def inside(self, offset: int) -> int:
        """An offset of the file as one of the excerpt."""
        return offset - self._shifts[max(bisect_right(self.offsets, offset) - 1, 0)]

    def outside(self, offset: int, *, is_end: bool = False) -> int:
        """An offset of the excerpt as one of the file. Between two sections it is the start of the second, or the end
        of the first.
        """
        at = bisect_right(self.excerpt.starts, offset - 1 if is_end else offset, 0, len(self.offsets)) - 1
        return offset + self._shifts[max(at, 0)]

    def span(self, span: Span) -> Span:
        """A span of the excerpt as one of the file; what is inserted between two sections belongs to the first."""
        end = self.outside(span.end, is_end=True)
        return Span(end if span.start == span.end else self.outside(span.start), end)

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """The findings, at places in the file."""
        if not any(self._shifts):
            return self.excerpt.reported
        return tuple(self._placed(each) for each in self.excerpt.reported)

    def edits(self, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """Edits of the excerpt as edits of the file."""
        return tuple(edit._replace(span=self.span(edit.span)) for edit in edits)

    def _placed(self, reported: Reported) -> Reported:
        finding = reported.finding
        fixes = tuple(replace(fix, edits=self.edits(fix.edits)) for fix in finding.fixes)
        related = tuple(replace(each, span=self.span(each.span)) for each in finding.related)
        return replace(reported, finding=replace(finding, span=self.span(finding.span), fixes=fixes, related=related))


class Excerpts:
    """All excerpts of one version of a file; what `before`, an earlier version, knows of the same stages is kept."""

    def __init__(
        self,
        tree: Dockerfile,
        context: BuildContext | None,
        options: Options,
        settings: Settings,
        before: Excerpts | None = None,
    ) -> None:
        self.tree: Dockerfile = tree
        self.context: BuildContext | None = context
        self.options: Options = options
        self.settings: Settings = settings
        if before is not None and not (
            before.context is context and before.options == options and before.settings is settings
        ):
            before = None
        self.sections: tuple[Section, ...] = _sections(tree, before.sections if before else ())
        self.offsets: tuple[int, ...] = tuple([tree.offsets[at] for at in (0, *tree.stages)])
        self._links: tuple[_Links, ...] = _links(self.sections, options, before)
        self._groups: tuple[tuple[int, ...], ...]
        self._known: dict[tuple[int, ...], Excerpt]  # of this version or an earlier one
        if before is not None and before._links == self._links:
            self._groups, self._known = before._groups, before._known
        else:
            self._groups, self._known = _groups(self._links), {}
        self._placements: dict[tuple[int, ...], Placement] = {}

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject, at places in the file."""
        found: list[Problem] = []
        for section, offset in zip(self.sections, self.offsets, strict=True):
            if section.problems:
                found += [problem._replace(span=problem.span.shifted(offset)) for problem in section.problems]
                if section.has_open_heredoc:
                    break  # what follows may be its body
        if len(self.sections) == 1 and not self.tree.instructions:
            found.append(Problem(Span(0, 0), "file with no instructions"))
        return tuple(found)

    @property
    def of_image(self) -> Placement:
        """The excerpt with the stage that becomes the image: all findings are about it."""
        return self._placement(self._target)

    def at(self, offset: int) -> Placement:
        """The excerpt with the stage that stands at an offset; above the first, that of the image."""
        number = bisect_right(self.offsets, offset) - 2
        return self._placement(number if number >= 0 else self._target)

    def inside(self, span: Span) -> Iterator[Placement]:
        """The excerpts with stages that a span touches, each once."""
        first, last = bisect_right(self.offsets, span.start) - 2, bisect_right(self.offsets, span.end) - 2
        numbers = range(max(first, 0), max(last, 0) + 1)
        groups = dict.fromkeys(self._groups[number] for number in numbers if number < len(self._groups))
        return (self._placement(group[0]) for group in groups)

    @property
    def _target(self) -> int:
        wanted = (self.options.target or "").lower()
        names = [section.name for section in self.sections[1:]]
        if wanted in names:
            return len(names) - 1 - names[::-1].index(wanted)
        return int(wanted) if wanted.isdecimal() and int(wanted) < len(names) else len(names) - 1

    def _placement(self, number: int) -> Placement:
        numbers = self._groups[number] if self._groups else ()
        if numbers not in self._placements:
            offsets = tuple([self.offsets[each] for each in (0, *(number + 1 for number in numbers))])
            self._placements[numbers] = Placement(self._excerpt(numbers), offsets)
        return self._placements[numbers]

    def _excerpt(self, numbers: tuple[int, ...]) -> Excerpt:
        sections = tuple([self.sections[each] for each in (0, *(number + 1 for number in numbers))])
        old = self._known.get(numbers)
        if old is not None and all(map(is_, old.sections, sections)):
            return old
        if old is not None:
            snapshot = old.snapshot.edited(self._tree_of(sections))
        else:
            options = replace(self.options, numbers=numbers, has_target=self._target in numbers or not numbers)
            snapshot = Snapshot(self._tree_of(sections), self.context, options)
        made = self._known[numbers] = Excerpt(snapshot, self.settings, sections)
        return made

    def _tree_of(self, sections: tuple[Section, ...]) -> Dockerfile:
        if len(sections) == len(self.sections):
            return self.tree
        return Dockerfile(tuple(chain.from_iterable(section.pieces for section in sections)), self.tree.escape)


def _sections(tree: Dockerfile, old: Sequence[Section]) -> tuple[Section, ...]:
    """The head and the stages of a file; of those that are as they were, the very same objects."""
    bounds = (0, *tree.stages, len(tree.pieces))
    pieces = tree.pieces
    cut = [pieces[start:end] for start, end in pairwise(bounds)]
    same = sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], zip(old, cut, strict=False)))
    rest = min(len(old), len(cut)) - same
    ends = zip(reversed(old), reversed(cut), strict=False)
    last = min(rest, sum(1 for _ in takewhile(lambda pair: pair[0].pieces == pair[1], ends)))
    made = [Section(each, is_head=not (at or same)) for at, each in enumerate(cut[same : len(cut) - last])]
    return (*old[:same], *made, *old[len(old) - last :])


# What a stage is called, and what it stands on, copies from and mounts.
_Links = tuple[str, tuple[str, ...]]


def _links(sections: Sequence[Section], options: Options, before: Excerpts | None) -> tuple[_Links, ...]:
    head, *stages = sections
    if before is not None and before.sections[0] is head and len(before.sections) == len(sections):
        known = zip(before.sections[1:], before._links, stages, strict=True)
        if all(old is new for old, _, new in known):
            return before._links
    instructions = [piece for piece in head.pieces if isinstance(piece, Instruction)]
    scope = global_scope(instructions, options.build_args, options.platform)
    return tuple([(each.name, (each.base(scope), *each.sources)) for each in stages])


def _groups(links: Sequence[_Links]) -> tuple[tuple[int, ...], ...]:
    """For each stage the numbers of all that have to do with it, directly or by way of others."""
    named: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(links):
        named.setdefault(str(number), []).append(number)
        if name:
            named.setdefault(name, []).append(number)
    group_of = [[number] for number in range(len(links))]
    for number, (_, sources) in enumerate(links):
        for other in {each for source in sources for each in named.get(source, ())}:
            one, two = group_of[number], group_of[other]
            if one is not two:
                one += two
                for each in two:
                    group_of[each] = one
    sorted_ = {id(group): tuple(sorted(group)) for group in group_of}
    return tuple([sorted_[id(group)] for group in group_of])
