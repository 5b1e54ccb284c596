"""Which paths an ignore file leaves out of the build context: moby/patternmatcher, exactly, in linear time.

`ignore_patterns` reads each pattern as moby does, `ignore_automaton` joins all of them into one small automaton. What
each prefix of a path before a `/` matches is known on the way: these are the parents.

Source: github.com/moby/patternmatcher at commit 5a6d842, with POSIX paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.globs import ILLEGAL, Glob, read_glob
from deadweight.model.ignore_automaton import Automaton
from deadweight.model.ignore_patterns import read_items
from deadweight.syntax.dockerignore import SPACE, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.ignore_automaton import State

__all__ = ["Glob", "Matcher", "Problem", "Reached", "compile_patterns", "read_glob"]

_REMEMBERED_FOLDERS = 20_000
_LONGEST_PATH = 4096  # characters, Linux's PATH_MAX: a pattern that needs more of them matches nothing


@dataclass(frozen=True, slots=True)
class Problem:
    """A pattern that Docker rejects, and with it the build: the pattern's index, and why."""

    index: int
    message: str


class Reached(NamedTuple):
    """How matching stands at a path: what a walk hands down from a folder to its entries.

    `own` has a bit for each pattern that matches this very path, and no parent of it.
    `decided_by` is the index of the pattern that decides, None where no pattern matches. `may_return` says of an
    excluded folder whether an exception may bring back something below it, so that a walk must enter it.
    """

    excluded: bool
    decided_by: int | None
    may_return: bool
    matched: int  # a bit for each pattern that matched this path or a parent
    state: State
    own: int = 0


class Matcher:
    """The patterns of one ignore file, ready to match. Illegal ones are in `problems` and match nothing.

    Paths are relative to the context, cleaned, with `/` between names.
    """

    __slots__ = ("_automaton", "_folders", "negated", "problems", "top")

    def __init__(self, automaton: Automaton, negated: int, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self.top = Reached(False, None, False, 0, automaton.start)  # the context's root
        self._automaton = automaton
        self.negated = negated  # a bit for each pattern with `!`
        self._folders: dict[str, tuple[int, State]] = {"": (0, automaton.start)}

    def decides(self, path: str) -> int | None:
        """The index of the pattern that decides on `path`, by itself or by a parent; None where none matches.

        This is moby's MatchesOrParentMatches. `at` says what a build does, which differs in a corner.
        """
        parent, slash, name = path.rpartition("/")
        matched, state = self._below(parent) if slash else self._folders[""]
        for ch in name:
            state = state[ch]
        matched |= state.accepted
        return matched.bit_length() - 1 if matched else None

    def excludes(self, path: str) -> bool:
        """Whether MatchesOrParentMatches leaves `path` out."""
        index = self.decides(path)
        return index is not None and not self.negated >> index & 1

    def meets(self, folder: Reached, name: str) -> bool:
        """Whether a pattern matches entry `name` of `folder` itself; if none does, it is as all such entries are."""
        state = folder.state
        for ch in name:
            state = state[ch]
        return state.accepted != 0

    def below(self, folder: Reached, name: str) -> Reached:
        """How matching stands at entry `name` of `folder`: moby's MatchesUsingParentResults, as builds walk.

        A pattern is tried only where it would change the verdict, and what was not tried on a folder does not pass
        down: with `**/*.md` and `!docs`, docs/a.md is left out, though MatchesOrParentMatches says that it is not.
        """
        state = folder.state
        for ch in name:
            state = state[ch]
        matched = folder.matched
        accepted = state.accepted
        own = accepted & ~matched
        after = state["/"]
        if not self.negated:
            matched |= own
            return Reached(matched != 0, matched.bit_length() - 1 if matched else None, False, matched, after, accepted)
        excluded = False
        decided_by = None
        tried = matched | own
        while tried:
            bit = tried & -tried
            tried ^= bit
            negated = bit & self.negated != 0
            if not bit & matched:
                if negated != excluded:
                    if excluded:
                        decided_by = bit.bit_length() - 1  # not tried by moby, yet it says the same, and later
                    continue
                matched |= bit
            excluded = not negated
            decided_by = bit.bit_length() - 1
        return Reached(excluded, decided_by, excluded and after.may_return, matched, after, accepted)

    def at(self, path: str) -> Reached:
        """How matching stands at `path` when a build walks down to it from the root of the context."""
        reached = self.top
        for name in path.split("/"):
            reached = self.below(reached, name)
        return reached

    def _below(self, folder: str) -> tuple[int, State]:
        """What matched `folder` or a parent of it, and the state after its slash."""
        if known := self._folders.get(folder):
            return known
        matched, state = self._folders[""]
        for ch in folder:
            if ch == "/":
                matched |= state.accepted
            state = state[ch]
        if len(self._folders) > _REMEMBERED_FOLDERS:
            self._folders = {"": self._folders[""]}
        self._folders[folder] = found = (matched | state.accepted, state["/"])
        return found


def compile_patterns(patterns: Iterable[str]) -> Matcher:
    """A matcher of `patterns` as `syntax.dockerignore` gives them, negated ones with their `!`. Never raises."""
    automaton = Automaton()
    negated = 0
    problems: list[Problem] = []
    for index, written in enumerate(patterns):
        pattern = written.strip(SPACE)
        if not pattern:
            continue
        pattern = clean(pattern)
        is_negated = pattern.startswith("!")
        if pattern == "!":
            problems.append(Problem(index, 'illegal exclusion pattern: "!"'))
            continue
        pattern = pattern[is_negated:]
        try:
            read_glob(pattern)
            items = read_items(pattern)
        except ValueError:
            problems.append(Problem(index, ILLEGAL))
            continue
        negated |= is_negated << index
        if sum(item.kind in ("literal", "one") for item in items) <= _LONGEST_PATH:
            automaton.add(items, index, may_return=is_negated)
    return Matcher(automaton, negated, tuple(problems))
