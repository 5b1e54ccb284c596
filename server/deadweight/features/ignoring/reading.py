"""A .dockerignore at one version, with the folder that it is for: what the features of this package ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.filesystem import inside_context
from deadweight.model.ignore import compile_patterns
from deadweight.model.sifting import Share, sift
from deadweight.model.stages import Site
from deadweight.model.variables import expand
from deadweight.settings import DEFAULTS
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from deadweight.model.context import BuildContext
    from deadweight.model.ignore import Matcher
    from deadweight.model.sifting import Sifted
    from deadweight.model.stages import Stage
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerignore import IgnoreFile, Pattern

# Patterns that say where they hold, or that bring something back.
_ANCHORED = re.compile(r"^!|/|\*\*")
_MOST_TRIED = 50  # patterns that may mean something else than in a .gitignore, tried on what is left
_MOST_PROVEN = 10  # patterns of which the whole folder is sifted once more, to be sure


class Taken(NamedTuple):
    """What a Dockerfile takes from the context: a path in it, by the file's name and line (from 1)."""

    dockerfile: str
    line: int
    path: str


class Measured(NamedTuple):
    """The folder of an ignore file, all of it, and what patterns leave of it.

    `below` says of patterns without a slash what they would leave out besides, if they held in every folder as those of
    a .gitignore do. `needless` are patterns without which just the same would be left.
    """

    whole: BuildContext
    patterns: tuple[str, ...]
    sifted: Sifted
    below: Mapping[int, Share]
    needless: frozenset[int]

    def is_of(self, whole: BuildContext, file: IgnoreFile) -> bool:
        """Whether it is what this file leaves of this folder."""
        return self.whole is whole and self.patterns == tuple([pattern.text for pattern in file.patterns])

    def lighter(self, ignore_file: str) -> BuildContext:
        """The context as the builder gets it with an ignore file of this name; the same object each time."""
        return self.whole.under(ignore_file, self.patterns, self.sifted)


def measure(whole: BuildContext, file: IgnoreFile) -> Generator[None, None, Measured]:
    """What an ignore file leaves of a folder, found out in steps of less than a millisecond."""
    patterns = tuple([pattern.text for pattern in file.patterns])
    found = yield from sift(whole.tree, compile_patterns(patterns))
    below = yield from _below(whole, patterns, found)
    needless = yield from _needless(whole, patterns, found)
    return Measured(whole, patterns, found, below, needless)


def _below(whole: BuildContext, patterns: tuple[str, ...], found: Sifted) -> Generator[None, None, dict[int, Share]]:
    """What patterns would leave out besides if they held in every folder; that of a few, and of those all of it."""
    tried = [at for at, pattern in enumerate(patterns) if not _ANCHORED.search(pattern)][:_MOST_TRIED]
    alone = yield from sift(found.kept, compile_patterns([f"**/{patterns[at]}" for at in tried]))
    heavy = [at for number, at in enumerate(tried) if alone.share(number).bytes >= DEFAULTS.min_saving]
    below: dict[int, Share] = {}
    for at in heavy[:_MOST_PROVEN]:
        other = (*patterns[:at], f"**/{patterns[at]}", *patterns[at + 1 :])
        then = yield from sift(whole.tree, compile_patterns(other))
        exceptions = (number for number, pattern in enumerate(patterns) if pattern.startswith("!"))
        files, count = found.kept.count - then.kept.count, found.kept.bytes - then.kept.bytes
        if count >= DEFAULTS.min_saving and all(_is_as_it_was(number, found, then) for number in exceptions):
            below[at] = Share(files, count, alone.share(tried.index(at)).largest)
    return below


def _is_as_it_was(exception: int, found: Sifted, then: Sifted) -> bool:
    """Whether a pattern with `!` brings back what it did, and nothing more of what it names is left out."""
    is_overruled_now = exception in then.overruled and exception not in found.overruled
    return then.share(exception)[:2] == found.share(exception)[:2] and not is_overruled_now


def _needless(whole: BuildContext, patterns: tuple[str, ...], found: Sifted) -> Generator[None, None, frozenset[int]]:
    """The patterns that decide nothing, and without which nothing else would be left."""
    idle = [
        at for at in range(len(patterns)) if at not in found.shares and (at in found.overruled or found.met >> at & 1)
    ]
    needless: set[int] = set()
    for at in idle[:_MOST_PROVEN]:
        then = yield from sift(whole.tree, compile_patterns((*patterns[:at], *patterns[at + 1 :])))
        if (then.kept.count, then.kept.bytes) == (found.kept.count, found.kept.bytes):
            needless.add(at)
    return frozenset(needless)


@dataclass(frozen=True)
class IgnoreReading:
    """The lines of the file, what they come to (None until that is known), and what Dockerfiles take.

    What it comes to may be that of an earlier version of the file: then `is_current` is false. `is_measuring` says
    whether somebody is finding out.
    """

    file: IgnoreFile
    measured: Measured | None = None
    taken: tuple[Taken, ...] = ()
    is_measuring: bool = False

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns in order."""
        return self.file.patterns

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The patterns as the matcher gets them."""
        return tuple([pattern.text for pattern in self.patterns])

    @cached_property
    def matcher(self) -> Matcher:
        """The patterns, ready to match."""
        return compile_patterns(self.texts)

    @property
    def is_current(self) -> bool:
        """Whether it is known what these very patterns come to."""
        return self.measured is not None and self.measured.patterns == self.texts

    def share(self, index: int) -> Share | None:
        """What a pattern decides; None until that is known."""
        return self.measured.sifted.share(index) if self.measured and self.is_current else None

    def pattern_at(self, offset: int) -> int | None:
        """The index of the pattern at an offset."""
        spans = enumerate(pattern.span for pattern in self.patterns)
        return next((index for index, span in spans if span.start <= offset <= span.end), None)


def taken_by(snapshot: Snapshot, name: str) -> Iterator[Taken]:
    """What the COPYs and ADDs of a Dockerfile take from the context, where that is one path each."""
    for stage in snapshot.build.stages:
        for number, path in _paths_taken(stage):
            yield Taken(name, snapshot.line(Site(stage.index, number)), path)


@remembered
def _paths_taken(stage: Stage) -> tuple[tuple[int, str], ...]:
    """The same of one stage, each path with the number of its instruction."""
    found: list[tuple[int, str]] = []
    for number, step in enumerate(stage.steps, 1):
        instruction = step.instruction
        if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
            continue
        heredocs = {heredoc.name for heredoc in instruction.heredocs}
        for word in instruction.words[:-1]:
            source = expand(word.text, step.state.variables, unset=None, escape=instruction.escape)
            if not source or ":" in source or any(ch in source for ch in "*?[\\<") or source in heredocs:
                continue
            if path := inside_context(source):
                found.append((number, path))
    return tuple(found)
