"""What a build step does to the filesystem of its layer: effects, each with a path and a cause. A cause is data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from deadweight.facts.constants import constant

if TYPE_CHECKING:
    from deadweight.model.context import Selection, Unpacked
    from deadweight.model.folder import Folder
    from deadweight.model.image import ImageRef
    from deadweight.model.stages import Site
    from deadweight.text import Span


class Kind(Enum):
    """What happens to a path."""

    WRITES = "writes"
    REMOVES = "removes"
    REPLACES = "replaces"  # what the same layer wrote at this path, and nothing where it wrote nothing there
    MOVES = "moves"  # to where the cause says: what the same layer wrote there; what is older is hidden below it


@dataclass(frozen=True, slots=True)
class Figure:
    """Bytes that somebody measured: the range, the likeliest, who, and when (ISO date)."""

    low: int
    best: int
    high: int
    source: str
    date: str


def figure(name: str) -> Figure:
    """The bytes of a constant of the facts, with who measured them and when."""
    found = constant(name)
    return Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)


@dataclass(frozen=True, slots=True)
class ProjectTexts:
    """The project files an install reads, as texts: what asks for packages, and the lockfile that fixes them."""

    manifest: str | None = None
    lock: str | None = None
    # requirements files name further ones; their texts by path, relative to the file that names them
    includes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PackageSet:
    """Packages that a manager installs: by `names` as typed, or by a `project`'s files.

    `suite` is the base's release ("bookworm"), `libc` its C library; None where they are unknown. `options` are words
    that change the outcome: "recommends", "dev", "frozen", "no-compile". What is there already is not written again:
    packages by name in `already`, or so many bytes in `there`. `each` is what one package weighs, for a manager whose
    packages are in no table of the facts. All of it can be removed by its `label`: `apk add --virtual LABEL`. `folder`
    is what an install of the same project wrote on the user's own disk: the node_modules or .venv beside the manifest
    in the build context. `runtime` is the version of the language.
    """

    manager: str
    names: tuple[str, ...] = ()
    project: ProjectTexts | None = None
    suite: str | None = None
    libc: str | None = None
    options: frozenset[str] = frozenset()
    already: tuple[str, ...] = ()
    there: int = 0
    each: Figure | None = None
    label: str = ""
    folder: Folder | None = None
    runtime: str = ""
    _hash: int | None = field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        # It is looked up at every edit, with hundreds of names that are there already.
        if self._hash is None:
            own = hash((self.manager, self.names, self.project, self.options, self.already, self.there))
            object.__setattr__(self, "_hash", own)
            return own
        return self._hash


@dataclass(frozen=True, slots=True)
class Leftover:
    """Files that a tool leaves behind and that nothing in the image reads.

    `topic` says which rule speaks of it: "install-cache" for what a package manager downloads. `cleanup` is the command
    that removes it in the same RUN; `flag` the option that keeps the tool from writing it, to stand behind `verb`, or
    behind the tool's own name, or in place of one of those that it makes `moot`. Its bytes are `figure`, or the
    download of the packages in `of`. A store such as Maven's `is_read_again` where the tool runs again, and is a
    leftover only behind the last run.
    """

    topic: str
    what: str
    cleanup: str
    flag: str | None = None
    verb: str | None = field(default=None, compare=False)
    of: PackageSet | None = None
    figure: Figure | None = None
    is_read_again: bool = field(default=False, compare=False)
    moot: tuple[str, ...] = field(default=(), compare=False)

    @property
    def are_many(self) -> bool:
        """Whether the verb behind `what` is a plural: "the archives of gems in /srv" lie there."""
        return self.what.partition(" in ")[0].endswith("s")


@dataclass(frozen=True, slots=True)
class BaseLayers:
    """The layers of the base image; `ref` None where it is unknown."""

    ref: ImageRef | None
    platform: str


@dataclass(frozen=True, slots=True, eq=False)
class Copied:
    """Files of the build context: `root` there is what the effect's path is in the image.

    `selection` is None where the context is not known; `is_complete` false where it could not be walked to its end.
    `owner` is what --chown says, "" for root.
    """

    source: str
    root: str | None
    selection: Selection | None
    is_complete: bool = True
    owner: str = ""

    @property
    def is_file(self) -> bool:
        """Whether the source is one file of the context."""
        return self.selection is not None and self.root in self.selection.files


@dataclass(frozen=True, slots=True)
class CopiedFromStage:
    """What an earlier stage holds under a path.

    `effects` is what the ledger knows of it, None where that is unclear. `nested`: how often it was copied before.
    """

    stage: str
    path: str
    effects: tuple[Effect, ...] | None
    nested: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes written in the Dockerfile itself: a heredoc of COPY, `echo ... > FILE`, or what `pip config set` notes.

    `content` is the text, None where the shell puts something unknown into it; `appends` where it goes to the end of
    what the file holds already.
    """

    bytes: int
    content: str | None = None
    appends: bool = False


def as_text(content: str, *, appends: bool = False) -> Text:
    """The cause that is a text of a Dockerfile."""
    return Text(len(content.encode("utf-8", "replace")), content, appends)


@dataclass(frozen=True, slots=True)
class Measured:
    """Files that a tool writes whenever it runs; `constant` names their measured size in the facts.

    `is_file` where it is one, at the path of the effect.
    """

    what: str
    constant: str
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A file from the network, or a folder of them, as a clone is one; how big it is, the Dockerfile does not say."""

    url: str | None
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an archive holds.

    `bytes` is the archive's own size where it lies in the build context, `content` what its files weigh where somebody
    looked into it, `url` where it comes from. `is_part` where only some of its files are taken.
    """

    archive: str | None
    bytes: int | None = None
    content: Unpacked | None = None
    url: str | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A file of a stated size, such as `fallocate -l 1G /swap` makes; `by` is the program."""

    by: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Installer:
    """What a script from the network installs: `curl https://sh.rustup.rs | sh`."""

    url: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compiler writes for each of its sources, such as `tsc`; `bytes` are those of the sources."""

    compiler: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Output:
    """What a build writes, by the folder of the build context in which the same build left its work: its bytes."""

    program: str
    folder: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Files that lie in an earlier layer and are written once more, whole: `by` says by which program.

    `sources` are the effects they come from, each with its instruction. Where nothing may change
    (`chmod +x` of a program), only the classic image store writes them again: `may_be_nothing`.
    """

    by: str
    sources: tuple[tuple[Site, Effect], ...]
    may_be_nothing: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """Where `mv` puts things; None where that is unknown."""

    to: str | None


@dataclass(frozen=True, slots=True)
class Built:
    """What a program writes that nobody knows more about. `program` is "" for one of the user's and one we have no file
    for: the same effect while its name is typed.
    """

    program: str = ""


Cause: TypeAlias = (
    PackageSet
    | Leftover
    | BaseLayers
    | Copied
    | CopiedFromStage
    | Text
    | Measured
    | Download
    | Extracted
    | Filled
    | Installer
    | Compiled
    | Rewritten
    | Moved
    | Output
    | Built
    | None
)


class Nth(NamedTuple):
    """A command of a RUN by its number, from 0; its layer knows where that stands (`Layer.span`).

    So what is typed into a RUN leaves the effects of its other commands as they are, wherever these move.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that one instruction does. `span` is the stretch of the instruction's text, or the command, that does
    it.

    `path` is absolute; None where it is unknown or all over the filesystem. `is_certain` is false for what happens
    only in a branch, a loop or after `||`.
    """

    kind: Kind
    path: str | None
    cause: Cause
    span: Span | Nth
    is_certain: bool = True


def writes(path: str | None, cause: Cause, span: Span | Nth) -> Effect:
    """The effect that writes `path`."""
    return Effect(Kind.WRITES, path, cause, span)


def removes(path: str | None, span: Span | Nth) -> Effect:
    """The effect that removes `path`, which may hold wildcards in its last names."""
    return Effect(Kind.REMOVES, path, None, span)


def removes_packages(packages: PackageSet, span: Span | Nth) -> Effect:
    """The effect that uninstalls packages by name."""
    return Effect(Kind.REMOVES, None, packages, span)


def replaces(path: str, cause: Cause, span: Span | Nth) -> Effect:
    """The effect that leaves `cause` of what this layer wrote at `path`."""
    return Effect(Kind.REPLACES, path, cause, span)


def moves(path: str, to: str | None, span: Span | Nth) -> Effect:
    """The effect that puts what is at `path` elsewhere."""
    return Effect(Kind.MOVES, path, Moved(to), span)


def covers(pattern: str, path: str) -> bool:
    """Whether removing `pattern` leaves nothing that matters of `path`.

    `/var/lib/apt` and `/var/lib/apt/lists/*` cover `/var/lib/apt/lists`; `/var/lib/apt/lists/partial` does not. `**` in
    the middle stands for folders, any number of them.
    """
    return is_under(path, pattern) if "*" not in pattern else _glob_covers(pattern, path)


def is_under(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _glob_covers(pattern: str, path: str) -> bool:
    names, patterns = path.strip("/").split("/"), pattern.strip("/").split("/")
    if "**" in patterns[:-1]:
        before, after = pattern.split("/**/", 1)
        return any(_glob_covers("/".join((before, *("*",) * more, after)), path) for more in range(len(names)))
    if patterns[-1] in ("*", "**") and len(patterns) == len(names) + 1:
        patterns.pop()  # everything in the folder
    if len(patterns) > len(names):
        return False
    return all(fnmatchcase(name, each) for name, each in zip(names, patterns, strict=False))
