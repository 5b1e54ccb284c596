"""A folder with all it holds, as plain data that versions of a context share; and its files by path."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.steps import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """Files (name -> bytes) and folders by name; `bytes` and `count` (of files) are sums of all below.

    Nothing ever changes in it, so that a context with other patterns has the same object wherever it holds the same.
    `stamp` is the time, in ns, at which an entry last came to or left the folder on disk; 0 where nobody looked.
    """

    files: Mapping[str, int]
    folders: Mapping[str, Folder]
    bytes: int
    count: int
    stamp: int = 0

    def at(self, path: str) -> Folder | None:
        """The folder of a path with `/` between names; "" is this one. None where there is no such folder."""
        found: Folder | None = self
        for name in path.split("/") if path else ():
            found = found.folders.get(name) if found else None
        return found

    def size_of(self, path: str) -> int | None:
        """The bytes of the file of a path; None where there is no such file."""
        parent, _, name = path.rpartition("/")
        folder = self.at(parent)
        return None if folder is None else folder.files.get(name)

    def walk(self, enters: Callable[[str, Folder], bool]) -> Iterator[tuple[str, Folder]]:
        """The folder and those below it, each with its path and a slash; `enters` says by name which."""
        waiting = [("", self)]
        while waiting:
            path, here = waiting.pop()
            yield path, here
            waiting += [(f"{path}{name}/", below) for name, below in here.folders.items() if enters(name, below)]

    def holds(self, path: str) -> bool:
        """Whether there is a file or folder of this path."""
        return self.at(path) is not None or self.size_of(path) is not None

    def entries(self) -> list[tuple[str, int]]:
        """What lies in it with its bytes, by name; a folder has a slash at the end."""
        folders = ((f"{name}/", folder.bytes) for name, folder in self.folders.items())
        return sorted((*self.files.items(), *folders))


def folder(files: Mapping[str, int], folders: Mapping[str, Folder], stamp: int = 0) -> Folder:
    """A folder of files and folders."""
    below = folders.values()
    return Folder(
        files,
        folders,
        sum(files.values()) + sum([each.bytes for each in below]),
        len(files) + sum([each.count for each in below]),
        stamp,
    )


EMPTY = folder({}, {})  # also stands for one that nobody has looked into


def without(top: Folder, other: Folder) -> Folder:
    """What a folder holds and another does not. Where they share a folder, nobody looks into it."""
    if top is other:
        return EMPTY
    folders: dict[str, Folder] = {}
    for name, below in top.folders.items():
        rest = without(below, other.folders[name]) if name in other.folders else below
        if rest.count:
            folders[name] = rest
    return folder({name: count for name, count in top.files.items() if name not in other.files}, folders)


def thinned(top: Folder, path: str) -> Folder:
    """The same folder without a file or folder in it; itself where there is none of this path."""
    name, _, rest = path.partition("/")
    if rest:
        below = top.folders.get(name)
        left = thinned(below, rest) if below else None
        return top if left is None or left is below else folder(top.files, {**top.folders, name: left}, top.stamp)
    if name not in top.files and name not in top.folders:
        return top
    files = {each: count for each, count in top.files.items() if each != name}
    return folder(files, {each: below for each, below in top.folders.items() if each != name}, top.stamp)


def with_folder(top: Folder, path: str) -> Folder:
    """The same folder with one more in it, which holds nothing."""
    name, _, rest = path.partition("/")
    below = top.folders.get(name, EMPTY)
    return folder(top.files, {**top.folders, name: with_folder(below, rest) if rest else below}, top.stamp)


def folder_of(files: Mapping[str, int], empty_folders: Iterable[str] = ()) -> Folder:
    """The folder of files by path; `empty_folders` hold none."""
    filed: dict[str, dict[str, int]] = {"": {}}
    for path, count in files.items():
        parent, _, name = path.rpartition("/")
        filed.setdefault(parent, {})[name] = count
    for path in [*filed, *empty_folders]:
        while path:
            filed.setdefault(path, {})
            path = path.rpartition("/")[0]
    return joined({path: Listing(here) for path, here in filed.items()})


class Listing(NamedTuple):
    """What one folder holds itself: its files, and its folders that nobody has looked into."""

    files: dict[str, int]
    unseen: tuple[str, ...] = ()
    stamp: int = 0


def joined(listings: Mapping[str, Listing]) -> Folder:
    """The folder "" of listings by path, each beside those of all folders above it."""
    return finished(join(listings))


def join(listings: Mapping[str, Listing]) -> Generator[None, None, Folder]:
    """The same in steps, a folder each."""
    below: dict[str, dict[str, Folder]] = {path: dict.fromkeys(each.unseen, EMPTY) for path, each in listings.items()}
    # The deepest first: a folder is made when all below it are.
    for path in sorted(listings, key=lambda path: path.count("/") + bool(path), reverse=True):
        yield
        found = folder(listings[path].files, below.pop(path), listings[path].stamp)
        if not path:
            return found
        parent, _, name = path.rpartition("/")
        below[parent][name] = found
    return EMPTY


class Files(Mapping[str, int]):
    """The files of a folder by path, each path with `prefix` in front; it is spelled out when somebody wants all."""

    __slots__ = ("_paths", "folder", "prefix")

    def __init__(self, folder: Folder, prefix: str = "") -> None:
        self.folder = folder
        self.prefix = prefix
        self._paths: dict[str, int] | None = None

    def __getitem__(self, path: str) -> int:
        found = self.folder.size_of(path[len(self.prefix) :]) if path.startswith(self.prefix) else None
        if found is None:
            raise KeyError(path)
        return found

    def __len__(self) -> int:
        return self.folder.count

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Files) and other.folder is self.folder:
            return other.prefix == self.prefix
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def _all(self) -> dict[str, int]:
        if self._paths is None:
            found: dict[str, int] = {}
            waiting = [(self.prefix, self.folder)]
            while waiting:
                prefix, here = waiting.pop()
                for name, count in here.files.items():
                    found[prefix + name] = count
                waiting += [(f"{prefix}{name}/", each) for name, each in here.folders.items()]
            self._paths = found
        return self._paths
