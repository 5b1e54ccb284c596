"""The open documents of a session: their text, kept in step with the editor's, and what is known about it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.report import check, report
from deadweight.features.diagnostics import SYNTAX, Diagnostic, diagnostics
from deadweight.lazy import cached_property
from deadweight.model.builds.declared import NOT_SAID
from deadweight.model.image import ImageRef, name_of
from deadweight.settings import DEFAULTS
from deadweight.size.units import in_words
from deadweight.snapshot import Snapshot
from deadweight.syntax import dockerfile, dockerignore
from deadweight.text import Span, Text
from deadweight.workspace import built_bases
from deadweight.workspace.context import ignore_file_of, ignore_files, shown_in
from deadweight.workspace.declared_builds import DeclaredBuilds, seen_from
from deadweight.workspace.discover import kind_of
from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.analysis.report import Checked, Reported, Said
    from deadweight.features.code_actions import Action
    from deadweight.features.ignoring.findings import IgnoreFinding
    from deadweight.features.ignoring.reading import IgnoreReading, Measured, Taken
    from deadweight.model.builds.declared import HowBuilt
    from deadweight.model.context import BuildContext
    from deadweight.model.measured import Measured as MeasuredImage
    from deadweight.model.stages import Site
    from deadweight.rules.rule import Fix, Rule
    from deadweight.settings import Builder, Settings
    from deadweight.snapshot import Options
    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Section
    from deadweight.text import Edit
    from deadweight.workspace.built_bases import BuiltBases

# Characters. The longest of 2,963 Dockerfiles on GitHub has 30,321; 10,000,000 took 11 s at each edit (2026-11-23).
_LARGEST = 1_000_000
# The longest of 185 ignore files on GitHub has 4,226; 2,000 patterns cost an edit about 100 ms (2026-11-26).
_LARGEST_IGNORE_FILE = 30_000
_MOST_DOCKERFILES = 20  # read in the folder of an ignore file, for what they copy

_logger = logging.getLogger("pygls.deadweight")


class Analysis:
    """What is known about one version of a Dockerfile, found out when somebody asks."""

    def __init__(self, snapshot: Snapshot, settings: Settings, before: Checked | None) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self._before = before
        self._fix_all: dict[bool, Action | None] = {}

    @cached_property
    def checked(self) -> Checked:
        """What the rules found."""
        return check(self.snapshot, self.settings, before=self._before, on_error=_log)

    @property
    def latest(self) -> Checked | None:
        """What the rules found when they last ran, here or in an earlier version."""
        return self.__dict__.get("checked", self._before)

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """The findings."""
        return report(self.snapshot, self.settings, checked=self.checked)

    @cached_property
    def offered(self) -> tuple[Reported, ...]:
        """What refactorings are about that no finding speaks of."""
        said = {(each.rule.id, each.span) for each in self.reported}
        found = report(self.snapshot, self.settings.offering)
        return tuple(each for each in found if (each.rule.id, each.span) not in said)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Problems and findings."""
        return diagnostics(self.snapshot, self.reported)

    def holds(self, reported: Reported, fix: Fix) -> bool:
        """Whether a fix keeps its word."""
        from deadweight.analysis.proof import holds  # here and below: a session starts without them

        if reported in self.reported:
            return holds(self.snapshot, self.reported, reported, fix, self.settings)
        settings = self.settings.offering
        return holds(self.snapshot, report(self.snapshot, settings), reported, fix, settings)

    def fix_all(self, *, can_create: bool) -> Action | None:
        """Every safe fix of the file in one."""
        if can_create not in self._fix_all:
            from deadweight.features.code_actions import fix_all_action

            self._fix_all[can_create] = fix_all_action(self.snapshot, self.settings, can_create=can_create)
        return self._fix_all[can_create]


class Document:
    """What all kinds have in common. `path` is None for what is not on disk (`untitled:`)."""

    def __init__(self, uri: str, path: Path | None, version: int | None, text: str, documents: Documents) -> None:
        self.uri, self.path, self.version = uri, path, version
        self.text = Text(text)
        self.is_measuring = False  # whether somebody walks the folder around it now
        self._documents = documents
        self.settings: Settings = documents.settings_of(self)
        self.how = documents.how(self)
        self.built_bases = built_bases.NONE
        self.options = self._options()

    def configure(self) -> bool:
        """Take the settings that hold now, and how files of the project say it is built; whether these are others."""
        before = self.settings, self.how
        self.settings = self._documents.settings_of(self)
        self.how = self._documents.how(self)
        if before == (self.settings, self.how):
            return False
        self.options = self._options()
        self.forget()
        return True

    def _options(self) -> Options:
        """What is said about the build, and what an image of it was measured to weigh."""
        options = self.settings.build_options(self.how, self.built_bases.sizes, self._documents.today())
        return replace(options, measured=self._documents.weighed(self.uri))

    @property
    def dockerfile(self) -> Path | None:
        """The Dockerfile that this is, or is about."""
        return self.path

    @property
    def folder(self) -> Path | None:
        """The folder of the build context."""
        return Path(self.how.folder) if self.how.folder else self.path and self.path.parent

    def apply(self, edit: Edit) -> None:
        """Carry out an edit of the editor's."""
        self.text.apply(edit)

    def measured(self, context: BuildContext | None) -> None:
        """Take what the walk of the folder came to; None where it cannot be read."""
        self.is_measuring = False

    def stands_on(self, bases: BuiltBases) -> bool:
        """Take what base images weigh that the project builds; whether that is another than before."""
        is_news = bases.sizes != self.built_bases.sizes
        self.built_bases = bases
        if is_news:
            self.options = self._options()
            self.forget()
        return is_news

    def forget(self) -> None:
        """Something around the file has changed: find out again what it comes to."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is underlined in the text as it is now."""
        raise NotImplementedError


class Written(NamedTuple):
    """A finding as JSON, and all that the text depends on: its words and places, and the instructions at the `sites`
    that it names, in these `stages`, with their lines; of their texts, it speaks up to these `ends`.

    In `marked` each number of a line stands between two NULs, which JSON has nowhere else; "" where it cannot tell.
    """

    said: Said
    shown: tuple[object, ...]
    sites: tuple[Site, ...]
    stages: frozenset[int]
    ends: tuple[int, ...]
    instructions: tuple[Instruction, ...]
    rows: tuple[int, ...]
    marked: str
    text: str


class Told(NamedTuple):
    """The findings that a client was last told of, by their places, and the version of the file that they were in."""

    sections: tuple[Section, ...]
    rows: tuple[int, ...]
    around: tuple[object, ...]
    written: dict[object, Written]


class OpenDockerfile(Document):
    """An open Dockerfile. Its build context is None as long as nobody has walked it, or where there is none."""

    def __init__(self, uri: str, path: Path | None, version: int | None, text: str, documents: Documents) -> None:
        super().__init__(uri, path, version, text, documents)
        self._length = len(text)
        self._tree = None if self._length > _LARGEST else dockerfile.parse(text)
        self._context: BuildContext | None = None
        self._analysis: Analysis | None = None
        self._is_current = False
        self.listed: tuple[Action, ...] = ()  # the actions that the client was last told of
        self.told = Told((), (), (), {})

    def apply(self, edit: Edit) -> None:
        """Carry out an edit; only the instructions it touches are read again."""
        super().apply(edit)
        self._length += len(edit.text) - (edit.span.end - edit.span.start)
        if self._length > _LARGEST:
            self._tree = None
        elif self._tree is None:
            self._tree = dockerfile.parse(str(self.text))
        else:
            self._tree = dockerfile.edited(self._tree, edit)
        self._is_current = False
        self.listed = ()

    def measured(self, context: BuildContext | None) -> None:
        """Take the build context as it is on disk."""
        super().measured(context)
        self._context = context
        self._is_current = False

    def forget(self) -> None:
        """Something around the file has changed: find out again what it comes to."""
        self._is_current = False

    def weigh(self, measured: MeasuredImage | None) -> None:
        """Take what an image of it was measured to weigh in place of the estimates; None for these again."""
        self._documents.weigh(self.uri, measured)
        self.options = self._options()
        self.forget()

    @property
    def is_read(self) -> bool:
        """Whether it is not too large for that."""
        return self._tree is not None

    @property
    def tree(self) -> Dockerfile:
        """The text as it is now, read; of a file that is too large, an empty one."""
        return self._tree or dockerfile.parse("")

    @property
    def snapshot(self) -> Snapshot:
        """The text as it is now with what lies around it."""
        return self.analysis.snapshot

    @property
    def analysis(self) -> Analysis:
        """What is known about the text as it is now; what was known of the text before it is taken over."""
        if self._analysis is None or not self._is_current:
            old = self._analysis
            context = self._documents.with_open_ignore_file(self, self._context)
            if old is not None and old.snapshot.options == self.options:
                snapshot = old.snapshot.edited(self.tree).within(context)
            else:
                snapshot = Snapshot(self.tree, context, self.options)
            self._analysis = Analysis(snapshot, self.settings, old.latest if old else None)
            self._is_current = True
        return self._analysis

    @property
    def is_on_new_base(self) -> bool:
        """Whether it stands on an image that the project builds and that nobody has weighed yet."""
        images, asked = self.how.images, self.built_bases.asked
        if not images:
            return False
        bases = (stage.base for stage in self.snapshot.build.stages if isinstance(stage.base, ImageRef))
        return any(name in images and name not in asked for each in bases if (name := name_of(each, latest=True)))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Problems and findings; of a file that is too large to be read at each edit, only that."""
        if self._tree is None:
            return (_too_large(_LARGEST),)
        return self.analysis.diagnostics


class OpenIgnoreFile(Document):
    """An open .dockerignore, or NAME.dockerignore."""

    def __init__(self, uri: str, path: Path | None, version: int | None, text: str, documents: Documents) -> None:
        super().__init__(uri, path, version, text, documents)
        self._file: dockerignore.IgnoreFile | None = None
        self.whole: BuildContext | None = None  # every file of the folder, as long as nobody has walked it
        self.found: Measured | None = None  # what the patterns, perhaps those of an earlier version, leave of it
        self.shown: Measured | None = None  # the same when Dockerfiles that use the file were last told
        self.taken_on_disk: tuple[Taken, ...] = ()  # by Dockerfiles that are not open
        self.taken_shown: tuple[Taken, ...] = ()  # what Dockerfiles took when the file was last shown
        self.is_sifting = False  # whether somebody tries the patterns on the folder now

    def apply(self, edit: Edit) -> None:
        """Carry out an edit."""
        super().apply(edit)
        self._file = None

    def measured(self, context: BuildContext | None) -> None:
        """Take the folder as it is on disk, with every file in it, left out or not."""
        super().measured(context)
        self.whole = context
        self.taken_on_disk = ()
        if context is None:
            self.found = None
        elif self.path:
            self.taken_on_disk = tuple(_taken_on_disk(self.path, context, self.settings.builder))

    @property
    def dockerfile(self) -> Path | None:
        """NAME of `NAME.dockerignore`; `.dockerignore` is about no single one, and lies in the build context itself."""
        return self.path.with_suffix("") if self.path and self.path.suffix else None

    @property
    def file(self) -> dockerignore.IgnoreFile:
        """The lines as they are now."""
        if self._file is None:
            self._file = dockerignore.parse("" if self._is_too_large else str(self.text))
        return self._file

    @property
    def _is_too_large(self) -> bool:
        return len(self.text) > _LARGEST_IGNORE_FILE

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What the Dockerfiles that use it take, as far as they say it by name."""
        from deadweight.features.ignoring.reading import taken_by  # here and below: few open one

        folder = self.folder or Path()
        opened = {shown_in(one.path, folder): one for one in self._documents.dependents(self) if one.path}
        taken = [each for name, one in opened.items() for each in taken_by(one.snapshot, name)]
        return (*taken, *(each for each in self.taken_on_disk if each.dockerfile not in opened))

    @property
    def reading(self) -> IgnoreReading:
        """The lines as they are now, and what is known of what they come to."""
        from deadweight.features.ignoring.reading import IgnoreReading

        return IgnoreReading(self.file, self.found, self.taken, self.is_measuring or self.is_sifting)

    @property
    def findings(self) -> tuple[IgnoreFinding, ...]:
        """What is wrong with the patterns."""
        from deadweight.features.ignoring.findings import ignore_findings

        return ignore_findings(self.reading)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the patterns; of a file that is too large to be read at each edit, only that."""
        if self._is_too_large:
            return (_too_large(_LARGEST_IGNORE_FILE),)
        return tuple([each.diagnostic for each in self.findings])


class Documents:
    """Every open document that is ours, by URI; `settings_of` gives the settings that hold for one, `builds` what files
    of the project declare now, `today` an ISO date.
    """

    def __init__(
        self,
        settings_of: Callable[[Document], Settings] = lambda document: DEFAULTS,
        builds: Callable[[], DeclaredBuilds] = DeclaredBuilds,
        today: Callable[[], str] = lambda: "",
    ) -> None:
        self.settings_of = settings_of
        self.today = today
        self._builds = builds
        self._open: dict[str, Document] = {}
        self._weighed: dict[str, MeasuredImage] = {}  # of Dockerfiles that are closed as well

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def open(self, uri: str, name: str, path: Path | None, version: int | None, text: str) -> Document | None:
        """Take in a document, whose kind its file name tells; None for a name that is not ours."""
        kind = kind_of(name)
        if kind == "dockerfile":
            self._open[uri] = OpenDockerfile(uri, path, version, text, self)
        elif kind == "dockerignore":
            self._open[uri] = OpenIgnoreFile(uri, path, version, text, self)
        return self._open.get(uri)

    def how(self, document: Document) -> HowBuilt:
        """How the Dockerfile is built that a document is, or is about."""
        if document.dockerfile is None:
            return NOT_SAID
        given = document.settings.context
        context = None if given is None else Path(given)
        return self._builds().how(document.dockerfile, context, "the project's settings")

    def weighed(self, uri: str) -> MeasuredImage | None:
        """What an image of the Dockerfile of this URI was measured to weigh."""
        return self._weighed.get(uri)

    def weigh(self, uri: str, measured: MeasuredImage | None) -> None:
        """Keep it for the session, whether the Dockerfile stays open or not."""
        self._weighed.pop(uri, None)
        if measured is not None:
            self._weighed[uri] = measured

    def get(self, uri: str) -> Document | None:
        """The document of this URI, where it is open and ours."""
        return self._open.get(uri)

    def beside(self, document: Document) -> dict[str, Snapshot]:
        """The other open Dockerfiles, by their paths seen from this one."""
        others = (each for each in self if isinstance(each, OpenDockerfile) and each is not document)
        folder = document.path and document.path.parent
        return {seen_from(folder, each.path): each.snapshot for each in others if folder and each.path}

    def close(self, uri: str) -> Document | None:
        """Forget a document; gives it where it was open."""
        return self._open.pop(uri, None)

    def dependents(self, ignore_file: OpenIgnoreFile) -> list[OpenDockerfile]:
        """The open Dockerfiles whose context the ignore file is for."""
        return [each for each in self if isinstance(each, OpenDockerfile) and _governs(ignore_file, each)]

    def governing(self, document: Document) -> list[OpenIgnoreFile]:
        """The open ignore files that are for a Dockerfile."""
        if not isinstance(document, OpenDockerfile):
            return []
        return [each for each in self if isinstance(each, OpenIgnoreFile) and _governs(each, document)]

    def with_context_of(self, path: Path) -> list[Document]:
        """The open documents whose build context holds `path`, or that it lies beside; or that of a base image."""
        return [
            each
            for each in self
            if each.folder and each.path and _holds(path, each.folder, each.path.parent, *each.built_bases.folders)
        ]

    def with_open_ignore_file(self, document: OpenDockerfile, context: BuildContext | None) -> BuildContext | None:
        """The context as an ignore file that is open here would make it, saved or not."""
        if True not in [isinstance(each, OpenIgnoreFile) for each in self._open.values()]:  # asked at each letter
            return context
        opened = {str(each.path): each for each in self.governing(document)}
        names = [str(each) for each in _ignore_files(document)]
        path = next((each for each in names if each in opened), None)
        found = opened[path].found if path is not None else None
        if context is None or path is None or found is None:
            return context
        name = shown_in(Path(path), Path(context.root))
        in_use = context.ignore_file and str(Path(context.root) / context.ignore_file)
        is_overruled = in_use in names[: names.index(path)]
        if is_overruled or (context.ignore_file == name and context.patterns == found.patterns):
            return context
        return found.lighter(name)


def _too_large(limit: int) -> Diagnostic:
    return Diagnostic(Span(0, 0), f"larger than {in_words(limit)}: not read", SYNTAX, "information")


def _taken_on_disk(ignore_file: Path, whole: BuildContext, builder: Builder) -> Iterator[Taken]:
    """What the Dockerfiles in the folder of an ignore file take that are built with it."""
    from deadweight.features.ignoring.reading import taken_by

    root = Path(whole.root)
    names = [name for name, count in whole.tree.files.items() if kind_of(name) == "dockerfile" and count <= _LARGEST]
    for name in sorted(names)[:_MOST_DOCKERFILES]:
        used = ignore_file_of(root / name, root, builder)
        # One that is not saved yet counts as well.
        if used == ignore_file or (used is None and ignore_file in ignore_files(root / name, root, builder)):
            try:
                text = read_text(root / name, _LARGEST)
            except UnreadableError:
                continue
            yield from taken_by(Snapshot(dockerfile.parse(text)), name)


def _holds(path: Path, *folders: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _ignore_files(document: OpenDockerfile) -> tuple[Path, ...]:
    """Where the ignore file of a Dockerfile may lie, the one that counts first."""
    if document.path is None or document.folder is None:
        return ()
    return ignore_files(document.path, document.folder, document.settings.builder)


def _governs(ignore_file: OpenIgnoreFile, document: OpenDockerfile) -> bool:
    return ignore_file.path in _ignore_files(document)


def _log(rule: Rule, error: Exception) -> None:
    """A rule that fails does not silence the others."""
    _logger.error("the rule %s failed", rule.id, exc_info=error)
