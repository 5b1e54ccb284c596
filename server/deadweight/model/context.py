"""`BuildContext`: the files that COPY and ADD can see, as plain data, and what a source of theirs selects."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from deadweight.model.folder import EMPTY, Files, Folder, folder_of, thinned, with_folder, without
from deadweight.model.ignore import compile_patterns, read_glob
from deadweight.model.sifting import Sifted, sifted
from deadweight.syntax import dockerignore
from deadweight.syntax.dockerignore import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from deadweight.model.ignore import Glob, Matcher

# How many answers a context keeps: an ignore file or a source that somebody types is another one at each keystroke.
_MOST_CONTEXTS = 8  # each with all its files
_MOST_ANSWERS = 1024

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


# The endings of archives whose content may be known: what ADD and tar unpack, and unzip.
GZIP = (".tar.gz", ".tgz")
ARCHIVES = (".tar", *GZIP, ".tar.xz", ".txz", ".zip")


class Unpacked(NamedTuple):
    """The bytes of all files that an archive holds: exact where it has a list of them, else by what it packs."""

    low: int
    best: int
    high: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source of COPY or ADD takes from the context: paths (relative to the context) and their bytes.

    `exists` is also true of a folder without files; a source that does not exist fails the build.
    """

    files: Mapping[str, int]
    bytes: int
    exists: bool

    def without(self, gone: Selection) -> Selection:
        """What another selection does not take."""
        mine, others = self.files, gone.files
        if isinstance(mine, Files) and isinstance(others, Files) and mine.prefix == others.prefix:
            rest = without(mine.folder, others.folder)
            return replace(self, files=Files(rest, mine.prefix), bytes=rest.bytes)
        files = {path: count for path, count in mine.items() if path not in others}
        return replace(self, files=files, bytes=sum(files.values()))

    def thinned(self, path: str) -> Selection:
        """The same without a file or folder, by its path in the context; itself where it has none of this path."""
        if isinstance(self.files, Files):
            prefix = self.files.prefix
            rest = thinned(self.files.folder, path[len(prefix) :]) if path.startswith(prefix) else self.files.folder
            return self if rest is self.files.folder else replace(self, files=Files(rest, prefix), bytes=rest.bytes)
        files = {each: count for each, count in self.files.items() if each != path and not each.startswith(path + "/")}
        return self if len(files) == len(self.files) else replace(self, files=files, bytes=sum(files.values()))

    def largest(self, most: int) -> list[tuple[str, int]]:
        """The heaviest of its entries (paths in the context, a folder with a slash at the end) with their bytes."""
        if isinstance(self.files, Files):
            found = [(f"{self.files.prefix}{name}", count) for name, count in self.files.folder.entries()]
        else:
            found = list(self.files.items())
        return sorted((each for each in found if each[1]), key=lambda entry: (-entry[1], entry[0]))[:most]


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A build context as the builder gets it.

    root: its folder, for display
    files: path relative to the root, with `/` -> bytes; ignored files are not among them, a symlink is 0 bytes
    ignored_files, ignored_bytes: what the ignore file leaves out, as far as it was looked at
    ignore_file: the ignore file in use, relative to the root, or absolute where it lies outside
    patterns: its patterns as Docker reads them
    texts: path -> text of the manifests, lockfiles and other project files among `files`
    archives: path -> what it unpacks to, of the archives among `files` that say so
    complete: False where the walk stopped at a limit or could not enter a folder: sums are "at least"
    notes: what a person needs to know about that, a sentence each
    empty_folders: folders the builder gets that hold no file, where `files` is any mapping
    whole: what is there with all that the ignore file leaves out; None where it leaves out nothing
    """

    root: str
    files: Mapping[str, int]
    ignored_files: int = 0
    ignored_bytes: int = 0
    ignore_file: str | None = None
    patterns: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, Unpacked] = field(default_factory=dict)
    complete: bool = True
    notes: tuple[str, ...] = ()
    empty_folders: InitVar[Iterable[str]] = ()
    whole: Folder | None = field(default=None, repr=False, compare=False)
    tree: Folder = field(init=False, repr=False, compare=False)
    # Answers given before: an editor asks the same context again at each edit.
    _selections: dict[str, Selection] = field(init=False, repr=False, compare=False, default_factory=dict)
    _lighter: dict[tuple[str, tuple[str, ...]], BuildContext] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _asked: dict[tuple[Any, ...], Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self, empty_folders: Iterable[str]) -> None:
        files = self.files if isinstance(self.files, Files) else Files(folder_of(self.files, empty_folders))
        object.__setattr__(self, "files", files)
        object.__setattr__(self, "tree", files.folder)

    @property
    def total(self) -> int:
        """The bytes of all files."""
        return self.tree.bytes

    def folders(self) -> list[tuple[str, int]]:
        """The entries at the top (folders with all they hold, and files) with their bytes, the heaviest first."""
        weights = ((name.rstrip("/"), count) for name, count in self.tree.entries())
        return sorted(weights, key=lambda entry: (-entry[1], entry[0]))

    def entries(self, folder: str) -> list[tuple[str, int]]:
        """What lies in a folder ("" is the top), by name: a folder with a slash at the end and all that it holds."""
        found = self.tree.at(folder.rstrip("/"))
        return found.entries() if found else []

    def ignoring(self, ignore_file: str, text: str) -> BuildContext:
        """The same context with another ignore file, which holds `text`."""
        return _kept(self._lighter, (ignore_file, _patterns_of(text)), self._ignoring, _MOST_CONTEXTS)

    def ignoring_also(self, ignore_file: str, lines: Iterable[str]) -> BuildContext:
        """The same context with these lines at the end of an ignore file, the one in use or a new one."""
        there = self.patterns if ignore_file == self.ignore_file else ()
        patterns = (*there, *_patterns_of("\n".join(lines)))
        return _kept(self._lighter, (ignore_file, patterns), self._ignoring, _MOST_CONTEXTS)

    def _ignoring(self, new: tuple[str, tuple[str, ...]]) -> BuildContext:
        ignore_file, patterns = new
        whole = self.whole or self.tree
        for pattern in patterns:
            # What an exception names in a folder that nobody looked into is taken to be there.
            if pattern.startswith("!") and not _has_wildcard(pattern) and self._is_unseen(pattern[1:]):
                whole = with_folder(whole, pattern[1:])
        return self.sifted_by(ignore_file, patterns, sifted(whole, compile_patterns(patterns)))

    def under(self, ignore_file: str, patterns: tuple[str, ...], by: Sifted) -> BuildContext:
        """The same context with an ignore file of these patterns, which leave of it what `by` says."""
        return _kept(self._lighter, (ignore_file, patterns), lambda new: self.sifted_by(*new, by), _MOST_CONTEXTS)

    def sifted_by(self, ignore_file: str, patterns: tuple[str, ...], by: Sifted) -> BuildContext:
        """`under`, made anew."""
        files = Files(by.kept)
        return replace(
            self,
            files=files,
            ignored_files=self.ignored_files + self.tree.count - by.kept.count,
            ignored_bytes=self.ignored_bytes + self.tree.bytes - by.kept.bytes,
            ignore_file=ignore_file,
            patterns=patterns,
            texts={path: text for path, text in self.texts.items() if path in files},
            archives={path: content for path, content in self.archives.items() if path in files},
            whole=self.whole or self.tree,
        )

    def leaves_out(self, path: str) -> bool:
        """Whether the ignore file leaves out a path that is there, or may be, in a folder that nobody looked into."""
        if self.whole is None or self.select(path).exists:
            return False
        return self.whole.holds(path) or self._is_unseen(path)

    def _is_unseen(self, path: str) -> bool:
        above = accumulate(path.split("/")[:-1], "{}/{}".format)
        return self.whole is not None and any(self.whole.at(folder) is EMPTY for folder in above)

    def pattern_of(self, path: str) -> str | None:
        """The pattern of the ignore file that leaves a path out, whether it is there or not."""
        here = self.asked(_matcher).at(path)
        return self.patterns[here.decided_by] if here.excluded and here.decided_by is not None else None

    def only(self, patterns: tuple[str, ...]) -> BuildContext:
        """What patterns without `!` leave out of this context, as a context of its own."""
        return self.asked(_only, patterns)

    def asked(self, ask: Callable[..., _Answer], *arguments: Hashable) -> _Answer:
        """What a question about all of this context comes to; it is asked once."""
        answer: _Answer = _kept(self._asked, (ask, *arguments), lambda key: key[0](self, *key[1:]), _MOST_ANSWERS)
        return answer

    def weights(self, patterns: tuple[str, ...]) -> Mapping[str, int]:
        """The bytes that an ignore file of these patterns would leave out, by the pattern that decides."""
        shares = self.asked(_sifted, patterns).shares
        return {patterns[at]: shares[at].bytes for at in sorted(shares) if shares[at].files}

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
            return _selection(path, self.tree) or _NOTHING
        try:
            segments = [read_glob(name) if _has_wildcard(name) else name for name in names]
        except ValueError:
            return _NOTHING
        found = [each for match in sorted(_matching(self.tree, segments)) if (each := _selection(match, self.tree))]
        if len(found) == 1:
            return found[0]
        files = {path: count for each in found for path, count in each.files.items()}
        return Selection(files, sum(files.values()), exists=bool(found))


_NOTHING = Selection({}, 0, exists=False)


def _selection(path: str, tree: Folder) -> Selection | None:
    """The file `path`, or all that the folder `path` holds; None where it is neither."""
    folder = tree.at(path)
    if folder is not None:
        return Selection(Files(folder, path + "/"), folder.bytes, exists=True)
    count = tree.size_of(path)
    return None if count is None else Selection({path: count}, count, exists=True)


def _matching(tree: Folder, segments: list[Glob | str]) -> Iterator[str]:
    """The paths that match name by name."""
    *folders, last = segments
    found = [("", tree)]
    for segment in folders:
        found = [
            (f"{prefix}{name}/", folder.folders[name])
            for prefix, folder in found
            for name in _names(segment, folder.folders)
        ]
    for prefix, folder in found:
        for name in _names(last, {**folder.files, **folder.folders}):
            yield prefix + name


def _names(segment: Glob | str, among: Mapping[str, object]) -> Iterable[str]:
    if isinstance(segment, str):
        return (segment,) if segment in among else ()
    return filter(segment.matches, among)


def _patterns_of(text: str) -> tuple[str, ...]:
    return tuple(pattern.text for pattern in dockerignore.parse(text).patterns)


def _matcher(context: BuildContext) -> Matcher:
    return compile_patterns(context.patterns)


def _only(context: BuildContext, patterns: tuple[str, ...]) -> BuildContext:
    rest = context.asked(_sifted, patterns).kept
    return BuildContext(context.root, Files(without(context.tree, rest)), complete=context.complete)


def _sifted(context: BuildContext, patterns: tuple[str, ...]) -> Sifted:
    return sifted(context.tree, compile_patterns(patterns))


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
