"""`BuildContext`: the files that COPY and ADD can see, as plain data, and what a source of theirs selects."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from deadweight.model.ignore import compile_patterns, read_glob
from deadweight.syntax import dockerignore
from deadweight.syntax.dockerignore import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deadweight.model.ignore import Glob

# How many answers a context keeps: an ignore file or a source that somebody types is another one at each keystroke.
_MOST_CONTEXTS = 8  # each with all its files
_MOST_ANSWERS = 1024

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source of COPY or ADD takes from the context: paths (relative to the context) and their bytes.

    `exists` is also true of a folder without files; a source that does not exist fails the build.
    """

    files: Mapping[str, int]
    bytes: int
    exists: bool


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A build context as the builder gets it.

    root: its folder, for display
    files: path relative to the root, with `/` -> bytes; ignored files are not among them, a symlink is 0 bytes
    ignored_files, ignored_bytes: what the ignore file leaves out, as far as it was looked at
    ignore_file: the ignore file in use, relative to the root, or absolute where it lies outside
    patterns: its patterns as Docker reads them
    texts: path -> text of the manifests, lockfiles and other project files among `files`
    complete: False where the walk stopped at a limit or could not enter a folder: sums are "at least"
    notes: what a person needs to know about that, a sentence each
    empty_folders: folders the builder gets that hold no file
    """

    root: str
    files: Mapping[str, int]
    ignored_files: int = 0
    ignored_bytes: int = 0
    ignore_file: str | None = None
    patterns: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    notes: tuple[str, ...] = ()
    empty_folders: frozenset[str] = frozenset()
    _paths: list[str] = field(init=False, repr=False, compare=False)
    # Answers given before: an editor asks the same context again at each edit.
    _selections: dict[str, Selection] = field(init=False, repr=False, compare=False, default_factory=dict)
    _entries: dict[str, tuple[tuple[str, int], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _weights: dict[tuple[str, ...], dict[str, int]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _lighter: dict[tuple[str, tuple[str, ...]], BuildContext] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        # An empty folder stands as `folder/`: whatever starts with a folder's name and a slash is proof of the folder.
        paths = sorted((*self.files, *(folder + "/" for folder in self.empty_folders)))
        object.__setattr__(self, "_paths", paths)

    @property
    def total(self) -> int:
        """The bytes of all files."""
        return sum(self.files.values())

    def folders(self) -> list[tuple[str, int]]:
        """The entries at the top (folders with all they hold, and files) with their bytes, the heaviest first."""
        weights: Counter[str] = Counter()
        for path, count in self.files.items():
            weights[path.partition("/")[0]] += count
        return sorted(weights.items(), key=lambda entry: (-entry[1], entry[0]))

    def entries(self, folder: str) -> tuple[tuple[str, int], ...]:
        """What lies in a folder ("" is the top), by name: a folder with a slash at the end and all that it holds."""
        folder = folder and f"{folder.rstrip('/')}/"
        return _kept(self._entries, folder, self._entries_of, _MOST_ANSWERS)

    def _entries_of(self, folder: str) -> tuple[tuple[str, int], ...]:
        weights: Counter[str] = Counter()
        start, end = self._range(folder)
        for path in self._paths[start:end]:
            name, slash, _ = path[len(folder) :].partition("/")
            weights[name + slash] += self.files.get(path, 0)
        return tuple((name, count) for name, count in weights.items() if name)

    def ignoring(self, ignore_file: str, text: str) -> BuildContext:
        """The same context with another ignore file, which holds `text`."""
        patterns = tuple(pattern.text for pattern in dockerignore.parse(text).patterns)
        return _kept(self._lighter, (ignore_file, patterns), self._ignoring, _MOST_CONTEXTS)

    def _ignoring(self, new: tuple[str, tuple[str, ...]]) -> BuildContext:
        ignore_file, patterns = new
        matcher = compile_patterns(patterns)
        files = {path: count for path, count in self.files.items() if not matcher.at(path).excluded}
        return replace(
            self,
            files=files,
            ignored_files=self.ignored_files + len(self.files) - len(files),
            ignored_bytes=self.ignored_bytes + self.total - sum(files.values()),
            ignore_file=ignore_file,
            patterns=patterns,
            texts={path: text for path, text in self.texts.items() if path in files},
            empty_folders=frozenset(folder for folder in self.empty_folders if not matcher.at(folder).excluded),
        )

    def weights(self, patterns: tuple[str, ...]) -> Mapping[str, int]:
        """The bytes that an ignore file of these patterns would leave out, by the pattern that decides."""
        return _kept(self._weights, patterns, self._weights_of, _MOST_ANSWERS)

    def _weights_of(self, patterns: tuple[str, ...]) -> dict[str, int]:
        matcher = compile_patterns(patterns)
        weights: dict[str, int] = {}
        for path, count in self.files.items():
            if (decided := matcher.decides(path)) is not None:
                weights[patterns[decided]] = weights.get(patterns[decided], 0) + count
        return weights

    def select(self, source: str) -> Selection:
        """What `COPY source` takes: a file, what a folder holds, or all that matches Go's filepath.Match.

        `/x`, `./x/` and `../x` are all x at the top of the context: nothing outside of it can be reached.
        """
        return _kept(self._selections, clean("/" + source)[1:], self._select, _MOST_ANSWERS)

    def _select(self, path: str) -> Selection:
        """What a cleaned source takes; "" is the whole context."""
        if not path:
            return Selection(self.files, self.total, exists=True)
        names = path.split("/")
        if not any(map(_has_wildcard, names)):
            found = self._under(path)
        else:
            try:
                segments = [read_glob(name) if _has_wildcard(name) else name for name in names]
            except ValueError:
                segments = []
            found = [each for match in self._matching("", segments) for each in self._under(match)]
        files = {each: self.files[each] for each in found if not each.endswith("/")}
        return Selection(files, sum(files.values()), exists=bool(found))

    def _under(self, path: str) -> list[str]:
        """The file `path`, or all that the folder `path` holds; nothing where it is neither."""
        if path in self.files:
            return [path]
        start, end = self._range(path + "/")
        return self._paths[start:end]

    def _range(self, folder: str) -> tuple[int, int]:
        """Where the paths that start with `folder`, which ends in a slash (or is empty), lie in `_paths`."""
        if not folder:
            return 0, len(self._paths)
        start = bisect_left(self._paths, folder)
        return start, bisect_left(self._paths, folder[:-1] + "0", start)  # "0" follows "/"

    def _matching(self, folder: str, segments: list[Glob | str]) -> Iterator[str]:
        """The paths below `folder` (empty, or ending in a slash) that match name by name."""
        if not segments:
            return
        first, *rest = segments
        names = [first] if isinstance(first, str) else filter(first.matches, self._names(folder))
        for name in names:
            if rest:
                yield from self._matching(f"{folder}{name}/", rest)
            else:
                yield folder + name

    def _names(self, folder: str) -> Iterator[str]:
        """The names of a folder's entries."""
        at, end = self._range(folder)
        while at < end:
            name, slash, _ = self._paths[at][len(folder) :].partition("/")
            if name:
                yield name
            at = self._range(f"{folder}{name}/")[1] if slash else at + 1


def _kept(known: dict[_Key, _Answer], key: _Key, ask: Callable[[_Key], _Answer], most: int) -> _Answer:
    """The answer to a question, asked now or before; of more than so many answers, those nobody wanted are dropped."""
    answer = known.pop(key) if key in known else ask(key)
    known[key] = answer  # the last one now
    if len(known) > most:
        del known[next(iter(known))]
    return answer


def _has_wildcard(name: str) -> bool:
    r"""Whether BuildKit matches this name of a source rather than take it as it is; `\*` is no wildcard."""
    escaped = False
    for ch in name:
        if ch in "*?[" and not escaped:
            return True
        escaped = ch == "\\" and not escaped
    return False
