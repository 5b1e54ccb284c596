"""What the patterns of an ignore file leave of a folder, and how much each of them takes away.

A folder below which no pattern can match any more is taken, or left out, as a whole: by its sums.
"""

from __future__ import annotations

from heapq import heappush, heappushpop
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.folder import EMPTY, Folder, folder
from deadweight.steps import finished

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from deadweight.model.ignore import Matcher, Reached

_STEP = 256  # entries between two moments at which the work may be left alone
_MOST_LARGEST = 5  # entries named of what a pattern decides


class Share(NamedTuple):
    """What one pattern decides: files and bytes, and the largest entries (paths, a folder with a slash) with theirs.

    Where all that a folder holds is decided by others, it has none of it, and is there all the same.
    """

    files: int
    bytes: int
    largest: tuple[tuple[str, int], ...]


_NONE = Share(0, 0, ())


class Sifted(NamedTuple):
    """What is left of a folder, and what each pattern decides, by its index.

    Of a pattern with `!`, that is what it brings back. `met` has a bit for each pattern that matches something outside
    of folders that are left out whole; `overruled` says of patterns which other one decides about something that they
    match: of one with `!`, a pattern behind it that leaves out again what it would bring back.
    """

    kept: Folder
    shares: Mapping[int, Share]
    met: int
    overruled: Mapping[int, int]

    def share(self, index: int) -> Share:
        """What the pattern of this index decides."""
        return self.shares.get(index, _NONE)


class _Open(NamedTuple):
    """A folder that is being looked at: its path with a slash, how matching stands, what is kept of it so far."""

    was: Folder
    path: str
    reached: Reached
    files: dict[str, int]
    folders: dict[str, Folder]
    waiting: list[tuple[str, Folder]]


def sifted(top: Folder, matcher: Matcher) -> Sifted:
    """What patterns leave of a folder, in one go."""
    return finished(sift(top, matcher))


def sift(top: Folder, matcher: Matcher) -> Generator[None, None, Sifted]:
    """What patterns leave of a folder, as builds walk it: in steps of less than a millisecond."""
    kept, tallies = top, _Tallies(matcher)
    ways: list[_Open] = []
    opened: _Open | None = _Open(top, "", matcher.top, {}, {}, list(top.folders.items()))
    while opened or ways:
        if opened is not None:
            others = matcher.below(opened.reached, "")  # all entries that no pattern matches by their own names
            for number, (name, count) in enumerate(opened.was.files.items()):
                if number % _STEP == _STEP - 1:
                    yield
                here = matcher.below(opened.reached, name) if matcher.meets(opened.reached, name) else others
                if here.decided_by is not None or here.own:
                    tallies.note(here, here, opened.path + name, 1, count)
                if not here.excluded:
                    opened.files[name] = count
            ways.append(opened)
            opened = None
        way = ways[-1]
        while way.waiting and opened is None:
            if len(way.waiting) % _STEP == 0:
                yield
            name, below = way.waiting.pop()
            here = matcher.below(way.reached, name)
            if here.state.is_dead or (here.excluded and not here.may_return):
                # Nothing matches below it any more: it is as its entries are, whatever their names.
                inner = matcher.below(here, "") if here.state.is_dead else here
                tallies.note(here, inner, f"{way.path}{name}/", below.count, below.bytes)
                if not inner.excluded:
                    way.folders[name] = below
                elif not here.excluded:
                    way.folders[name] = EMPTY
            else:
                tallies.note(here, here, f"{way.path}{name}/", 0, 0)
                opened = _Open(below, f"{way.path}{name}/", here, {}, {}, list(below.folders.items()))
        yield
        if opened is None:
            kept = _closed(ways.pop())
            if ways and (kept.count or kept.folders or not way.reached.excluded):
                ways[-1].folders[way.path[:-1].rpartition("/")[2]] = kept
    return Sifted(kept, tallies.shares(), tallies.met, tallies.overruled)


def _closed(way: _Open) -> Folder:
    """What is kept of a folder: the folder itself, where that is all of it."""
    was = way.was
    is_same = len(way.files) == len(was.files) and len(way.folders) == len(was.folders)
    if is_same and all(way.folders[name] is each for name, each in was.folders.items()):
        return was
    return folder(way.files, way.folders)


class _Tallies:
    """The sums of all patterns while they are made."""

    def __init__(self, matcher: Matcher) -> None:
        self.met = 0
        self.overruled: dict[int, int] = {}
        self._negated = matcher.negated
        self._sums: dict[int, tuple[int, int]] = {}
        self._largest: dict[int, list[tuple[int, str]]] = {}

    def note(self, here: Reached, verdict: Reached, path: str, files: int, count: int) -> None:
        """Take in an entry: what matches it, and what is decided about it, or all that it holds."""
        self.met |= here.own
        if here.excluded and here.decided_by is not None:
            others = here.own & ~(1 << here.decided_by)
            while others:
                index = others.bit_length() - 1
                others ^= 1 << index
                if index < here.decided_by or not self._negated >> index & 1:
                    self.overruled.setdefault(index, here.decided_by)
        if verdict.decided_by is None:
            return
        index = verdict.decided_by
        had = self._sums.get(index, (0, 0))
        self._sums[index] = (had[0] + files, had[1] + count)
        largest = self._largest.setdefault(index, [])
        if not count:
            return
        if len(largest) < _MOST_LARGEST:
            heappush(largest, (count, path))
        elif count > largest[0][0]:
            heappushpop(largest, (count, path))

    def shares(self) -> dict[int, Share]:
        """What each pattern came to."""
        return {
            index: Share(*sums, tuple((path, count) for count, path in sorted(self._largest[index], key=_by_weight)))
            for index, sums in self._sums.items()
        }


def _by_weight(entry: tuple[int, str]) -> tuple[int, str]:
    return -entry[0], entry[1]
