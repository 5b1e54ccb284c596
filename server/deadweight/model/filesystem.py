"""What the instructions so far put where: texts of project files, bytes that are there already, installed packages."""

from __future__ import annotations

import operator
import posixpath
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.model.context import Selection
from deadweight.model.effects import (
    BaseLayers,
    Built,
    Compiled,
    Copied,
    CopiedFromStage,
    Download,
    Extracted,
    Filled,
    Kind,
    Leftover,
    Measured,
    PackageSet,
    Rewritten,
    Text,
    covers,
    is_under,
)
from deadweight.model.playing import Rest, Written, after, written_by
from deadweight.model.questions import question, question_of_texts
from deadweight.model.stack import (
    TEXTS,
    all_given,
    all_removed,
    installed,
    installed_in,
    leftover_folders,
    measured,
    removed_paths,
    top,
)
from deadweight.model.stages import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Cause, Effect
    from deadweight.model.folder import Folder
    from deadweight.model.questions import Question
    from deadweight.model.stack import Stack
    from deadweight.model.stages import Site

_MOST_PATHS = 64  # of which is known what an instruction wrote there: somebody types one letter by letter
# Where distributions keep what packages bring; what lies elsewhere in an image is the user's own.
_SYSTEM = (
    *("/bin", "/etc", "/lib", "/sbin", "/usr/bin", "/usr/include", "/usr/lib", "/usr/sbin", "/usr/share"),
    "/var/lib",
)
# Where Python has its packages, below what an install is told as its place.
_PYTHON_PACKAGES = ("site-packages", "dist-packages")
# Where official images put their language: node, python, go, java, php, ruby.
_LANGUAGES = ("/usr/local", "/opt/java")


@dataclass(frozen=True, slots=True)
class Mount:
    """`RUN --mount`: its type, its absolute target (None where it is unknown), what it takes from where."""

    type: str
    target: str | None
    source: str = ""
    from_: str | None = None


@dataclass(frozen=True, slots=True)
class Filesystem:
    """What a command of a RUN finds: the layers below it, the build context that they copy from, the mounts of the RUN,
    and what the RUN (the instruction at `site`) has done so far.

    `asked` is all that the RUN has asked: while the answers stay as they are, so does what was read of the RUN.
    """

    below: Stack | None
    context: BuildContext | None
    mounts: tuple[Mount, ...] = ()
    site: Site = NOWHERE
    here: tuple[Effect, ...] = ()
    asked: list[Question] = field(default_factory=list, compare=False)

    def answers(self, questions: Iterable[Question], texts: Collection[str] | None = None) -> bool:
        """Whether it gives the same answers to questions that were asked of another file system, from which it differs
        in the texts of some files alone where it is said which.
        """
        asked = questions if texts is None else [each for each in questions if each.hangs_on(texts)]
        return all(each.ask(self._when(each.here), *each.arguments) == each.answer for each in asked)

    def asks_again(self, questions: Iterable[Question], *, is_on_the_same: bool) -> bool:
        """Asks what was asked before, perhaps `is_on_the_same`; whether each answer is what it was."""
        for each in questions:
            if is_on_the_same and each.here == self.here:
                self.asked.append(each)
                continue
            answer = each.ask(self, *each.arguments)
            if answer != each.answer:
                return False
            self.asked.append(each._replace(here=self.here, answer=answer))
        return True

    def _when(self, here: tuple[Effect, ...]) -> Filesystem:
        """What a command of the RUN finds when it has done this."""
        return Filesystem(self.below, self.context, self.mounts, self.site, here) if here else self

    @question_of_texts(operator.eq)
    def text(self, path: str) -> str | None:
        """The text of a file by its path in the image: as a bind mount shows it, as it was copied last, or as the
        Dockerfile itself writes it.
        """
        return self._texts((path,)).get(path)

    @question_of_texts(operator.contains)
    def known_texts(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of those of these files of which anything is known."""
        found = self._texts(paths)
        return tuple([found[path] for path in paths if path in found])

    @question_of_texts(lambda folder, path: posixpath.dirname(path) == folder)
    def texts(self, folder: str) -> tuple[str, ...]:
        """The texts of the files in a folder, in the order of their names."""
        paths = {each.path for each in self._given() if each.path and posixpath.dirname(each.path) == folder}
        for origin in self._origins(folder):
            names = (each for each in self.context.texts if posixpath.dirname(each) == origin) if self.context else ()
            paths.update(posixpath.join(folder, posixpath.basename(each)) for each in names)
        found = self._texts(tuple(paths))
        return tuple([found[path] for path in sorted(found)])

    def _texts(self, paths: tuple[str, ...]) -> dict[str, str]:
        """The texts of several files, by their paths: what was done to any of them is looked through once."""
        texts = self.context.texts if self.context else {}
        mounted = {path: texts[each] for path in paths for each in self._mounted(path) if each in texts}
        removed, given = all_removed(self.below), all_given(self.below)
        tops = given.tops if given else frozenset[str]()
        pending = {
            path
            for path in paths
            if path not in mounted and path not in removed and (self.here or "" in tops or top(path) in tops)
        }
        added: dict[str, list[str]] = {path: [] for path in pending}
        for effect in self._given():
            cause = effect.cause
            if not pending:
                break
            if isinstance(cause, Text):
                if effect.path in pending:
                    added[effect.path] += [cause.content or ""]
                    if cause.content is None:
                        del added[effect.path]
                    if cause.content is None or not cause.appends:
                        pending.remove(effect.path)
                continue
            where = effect.path
            if where is None:
                continue
            if effect.kind is Kind.REMOVES:
                pending -= {path for path in pending if covers(where, path)}
                continue
            for path in [path for path in pending if is_under(path, where)] if texts else ():
                origin = next((each for each in _origins_in(effect, path) if each in texts), None)
                if origin is not None:
                    added[path] += [texts[origin]]
                    pending.remove(path)
        return mounted | {path: "".join(reversed(found)) for path, found in added.items() if found}

    @question
    def beside(self, path: str, name: str) -> Folder | None:
        """The folder `name` beside a project file on the user's disk, by the file's path in the image.

        The ignore file may leave the folder out: nobody copies node_modules, and it tells what an install writes.
        """
        if self.context is None:
            return None
        whole = self.context.whole or self.context.tree
        for origin in self._origins(path):
            if origin in self.context.texts:
                folder = whole.at(posixpath.join(posixpath.dirname(origin), name))
                return folder if folder and folder.count else None
        return None

    def _origins(self, path: str) -> Iterator[str]:
        """Where a path of the image may come from in the context: by a bind mount, or by the COPY that was last."""
        if self.context is None:
            return
        yield from self._mounted(path)
        for effect in self._given():
            yield from _origins_in(effect, path)

    def _mounted(self, path: str) -> Iterator[str]:
        """Where a path of the image comes from in the context by a bind mount."""
        for mount in self.mounts:
            if mount.type == "bind" and mount.from_ is None and mount.target and is_under(path, mount.target):
                yield _below(inside_context(mount.source), mount.target, path)

    def _given(self) -> Iterator[Effect]:
        """What was done to files whose texts may be known, the newest first: only these are looked through."""
        for effect in reversed(self.here):
            if effect.kind is Kind.REMOVES or isinstance(effect.cause, TEXTS):
                yield effect
        given = all_given(self.below)
        while given is not None:
            yield from reversed(given.effects)
            given = given.below

    @question
    def archive(self, path: str | None, typed: str, is_part: bool) -> Extracted:
        """What unpacking an archive writes, by its path in the image; `typed` is that as it was written."""
        name = posixpath.basename(typed)
        for effect in self.here[::-1]:
            cause = effect.cause
            if isinstance(cause, Download) and cause.url and (effect.path == path or cause.url.endswith("/" + name)):
                return Extracted(typed, url=cause.url, is_part=is_part)
        root = self._root_of(path) if path else None
        if self.context is None or root is None or root not in self.context.files:
            held = self._held(path) if path else []
            url = next((each.effect.cause.url for each in held if isinstance(each.effect.cause, Download)), None)
            return Extracted(typed, url=url, is_part=is_part)
        content = self.context.archives.get(root)
        return Extracted(typed, self.context.files[root], content, is_part=is_part)

    def _root_of(self, path: str) -> str | None:
        """Where a file of the image lies in the context: as a bind mount shows it, or as it was copied."""
        if mounted := next(self._mounted(path), None):
            return mounted
        roots = [each.effect.cause.root for each in self._held(path) if isinstance(each.effect.cause, Copied)]
        return roots[-1] if roots else None

    @question
    def left_by_builds(self, path: str, names: tuple[str, ...]) -> tuple[str, int] | None:
        """The first folder of these names that lies in the user's own copy of a folder of the image, with its bytes;
        one that the image gets anyway is none.
        """
        root = next((root for effect in self._written() if (root := _root_below(effect, path)) is not None), None)
        if self.context is None or root is None:
            return None
        everything = self.context.whole or self.context.tree
        for name in names:
            own = posixpath.join(root, name)
            found = everything.at(own)
            if found is not None and found.bytes:
                return None if self.context.tree.at(own) else (own, found.bytes)
        return None

    @question
    def copied_bytes(self, folder: str) -> int:
        """How many bytes COPY and ADD put under a folder."""
        return sum(selection.bytes for selection in self._copied(folder))

    @question
    def copied_matching(self, folder: str, wanted: Callable[[str], bool]) -> int:
        """How many bytes of files with a wanted path (that of the context) COPY and ADD put under a folder."""
        files = (file for selection in self._copied(folder) for file in selection.files.items())
        return sum(count for path, count in files if wanted(path))

    def _copied(self, folder: str) -> Iterator[Selection]:
        if self.context is None:
            return
        for effect in self._written():
            cause = effect.cause
            if not isinstance(cause, Copied) or cause.root is None or cause.selection is None or effect.path is None:
                continue
            if is_under(effect.path, folder):
                yield cause.selection
            elif is_under(folder, effect.path):
                yield self.context.select(_below(cause.root, effect.path, folder))

    @question
    def is_mounted(self, folder: str) -> bool:
        """Whether something is mounted there or below."""
        return any(mount.target is not None and is_under(mount.target, folder) for mount in self.mounts)

    @question
    def has_folder(self, path: str) -> bool:
        """Whether something was written below a path, so that it is a folder."""
        return any(
            each.path is not None and each.path != path and is_under(each.path, path) for each in self._written()
        )

    @question
    def has(self, cause: Cause) -> bool:
        """Whether something of just this cause is there."""
        if isinstance(cause, Measured):
            return cause in measured(self.below) or any(effect.cause == cause for effect in self.here)
        return any(isinstance(effect.cause, type(cause)) and effect.cause == cause for effect in self._written())

    @question
    def place_of(self, cause: Cause) -> str | None:
        """Where something of just this cause was put last; None where it is not there, or nobody can tell."""
        return next((effect.path for effect in self._written() if effect.cause == cause), None)

    @question
    def packages(self, manager: str) -> tuple[str, ...]:
        """The names that a package manager was asked for, each once."""
        here = _asked_for(self.here, manager)
        return tuple(sorted(here.union([name for each, name in installed(self.below) if each == manager])))

    @question
    def packages_in(self, manager: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Those of them that went to one of these folders."""
        here = _asked_for((each for each in self.here if each.path in folders or each.kind is Kind.REMOVES), manager)
        below = installed_in(self.below)
        return tuple(sorted(here.union([name for each, path, name in below if each == manager and path in folders])))

    @question
    def has_leftover(self, folder: str) -> bool:
        """Whether a tool has left something in a folder, in an earlier layer."""
        return folder in leftover_folders(self.below)

    @question
    def is_removed(self, path: str) -> bool:
        """Whether the build has removed a file that the base image may hold."""
        return any(covers(each, path) for each in (*removed_paths(self.here), *all_removed(self.below)))

    @question_of_texts(covers)
    def held(self, path: str) -> list[Written]:
        """What lies under `path` (which may hold wildcards), each file once, as far as effects tell."""
        return self._held(path)

    def _held(self, path: str, *, but_texts: bool = False) -> list[Written]:
        there: Sequence[Rest] = self.below.there if self.below else ()
        if self.here:
            targets = [mount.target for mount in self.mounts if mount.target]
            there = after(there, self.here, Rest(self.site, written_by(self.here, targets)))
        found: list[Written] = []
        later: dict[str, set[str | None]] = {}  # what is copied above: the sources by folder
        for rest in reversed(there):
            if but_texts and rest.is_text:
                continue
            known = rest.known.get(path)
            parts = known[1] if known and known[0] is self.context else self._parts_of(rest, path)
            for part in reversed(parts):
                if isinstance(part.cause, Copied) and part.path is not None:
                    is_there = part.cause.root is not None and _is_copied_again(part.path, part.cause.root, later)
                    later.setdefault(part.path, set()).add(part.cause.root)
                    if is_there:
                        continue
                found.append(Written(rest.site, part))
        found.reverse()
        # A file of the context that was copied is that file, whatever else ran in its folder.
        files = (each for each in found if isinstance(cause := each.effect.cause, Copied) and cause.is_file)
        file = next((each for each in files if each.effect.path == path), None)
        if file is None and any(each.effect.path == path and is_file_at(each.effect, path) for each in found):
            return [each for each in found if each.site.step]  # nothing of the base image lies below a file
        return [file] if file else found

    def _parts_of(self, rest: Rest, path: str) -> tuple[Effect, ...]:
        """What an instruction wrote under `path` and is there still, in other places than before."""
        if len(rest.known) >= _MOST_PATHS:
            rest.known.clear()
        parts = [self.part_of(effect, path) for effect in rest.effects]
        found = tuple([part for part in parts if part is not None and not _is_in_place(part)])
        rest.known[path] = (self.context, found)
        return found

    def part_of(self, effect: Effect, path: str) -> Effect | None:
        """The part of what `effect` wrote that lies under `path`, perhaps all; None where that is surely nothing."""
        cause, where = effect.cause, effect.path
        if where is not None and (is_under(where, path) or covers(path, where)):
            return effect
        if where is None:
            is_elsewhere = isinstance(cause, (PackageSet, Measured)) and not _is_among(path, _SYSTEM)
            return None if is_elsewhere else replace(effect, path=path, cause=_A_PART)
        folder = posixpath.dirname(path) if "*" in path or "?" in path else path
        if not is_under(folder, where) or isinstance(cause, (Leftover, Measured)):
            return None
        match cause:
            case BaseLayers():
                return replace(effect, path=path, cause=_A_PART) if _is_among(path, _SYSTEM + _LANGUAGES) else None
            case Copied() if cause.root is not None and self.context is not None:
                inner = _below(cause.root, where, path)
                selection = self.context.select(inner)
                # The same files: an ignore file that leaves some out does so for every COPY.
                copied = Copied(inner, inner, selection, self.context.complete, cause.owner)
                return replace(effect, path=path, cause=copied) if selection.exists else None
            case PackageSet() if posixpath.basename(path) in _PYTHON_PACKAGES:  # beside it are but a few scripts
                return replace(effect, path=path)
            case Compiled():  # its sources stay where they are: the folder asked for is where it writes
                return replace(effect, path=path)
            case Rewritten():
                parts = ((site, self.part_of(each, path)) for site, each in cause.sources)
                sources = tuple((site, part) for site, part in parts if part is not None)
                return replace(effect, path=path, cause=replace(cause, sources=sources)) if sources else None
        return replace(effect, path=path, cause=_A_PART)

    @question
    def of_earlier_layers(
        self, path: str, is_recursive: bool, or_unknown: bool = False
    ) -> tuple[tuple[Site, Effect], ...]:
        """What a program that changes all files under `path`, or `path` alone, has to write again in this layer; of the
        lines that a Dockerfile writes into a file nobody speaks. What was copied to `path` out of a context that is not
        known may be a file, and is one where the program says so.
        """
        done = {id(each.cause): each for each in self.here if isinstance(each.cause, Rewritten)}
        if any(each.path is not None and is_under(path, each.path) for each in done.values()):
            return ()
        again = {(site, id(each)) for effect in done.values() for site, each in _sources(effect)}
        held = self._held(path, but_texts=True)
        return tuple(
            [
                (site, effect)
                for site, effect in (held if is_recursive else _right_at(path, held))
                if site != self.site
                and not isinstance(effect.cause, Text)
                and (site, id(effect)) not in again
                and (is_recursive or is_file_at(effect, path) or (or_unknown and _is_copied_to(effect, path)))
            ]
        )

    def _written(self) -> Iterator[Effect]:
        """What is there, the newest first."""
        yield from reversed(self.here)
        for layer in self.below or ():
            yield from reversed(layer.kept)


def _asked_for(effects: Iterable[Effect], manager: str) -> set[str]:
    """The names that one RUN asks a package manager for, without those that it removes again."""
    names: set[str] = set()
    labels: dict[str, tuple[str, ...]] = {}
    for effect in effects:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or cause.manager != manager:
            continue
        if effect.kind is Kind.REMOVES:
            for name in cause.names:
                names.difference_update(labels.pop(name, (name,)))
            continue
        if cause.label:
            labels[cause.label] = tuple(name for name in cause.names if name not in cause.already)
        names.update(cause.names)
    return names


def _origins_in(effect: Effect, path: str) -> Iterator[str]:
    """Where in the context `path` comes from if `effect` copied it, directly or by way of another stage."""
    cause = effect.cause
    if effect.path is None or not is_under(path, effect.path):
        return
    if isinstance(cause, Copied) and cause.root is not None:
        yield _below(cause.root, effect.path, path)
    elif isinstance(cause, CopiedFromStage):
        there = _below(cause.path, effect.path, path)
        for each in cause.effects or ():
            yield from _origins_in(each, there)


_WILD = re.compile(r"[*?\[]")
_A_PART = Built("a part of what an earlier instruction wrote")


def inside_context(source: str) -> str:
    """A source of COPY as a path relative to the context: `./`, `/` and `../` are the context itself, ""."""
    return posixpath.normpath("/" + source.lstrip("/")).lstrip("/")


def _root_below(effect: Effect, path: str) -> str | None:
    """What a folder of the image is in the build context where `effect` copied it."""
    cause = effect.cause
    if not isinstance(cause, Copied) or cause.root is None or effect.path is None or not is_under(path, effect.path):
        return None
    return _below(cause.root, effect.path, path)


def _below(root: str, folder: str, path: str) -> str:
    """Where `path`, which lies below `folder`, lies below `root`, what `folder` is a copy of."""
    return posixpath.join(root, path[len(folder) :].lstrip("/")).rstrip("/")


@lru_cache(maxsize=1024)
def _is_among(path: str, folders: tuple[str, ...]) -> bool:
    return any(is_under(path, folder) or is_under(folder, path) for folder in folders)


def _is_in_place(effect: Effect) -> bool:
    """Whether what an effect writes is there already, by the effects that it comes from: `chown`, not `mv`."""
    cause, path = effect.cause, effect.path
    if not isinstance(cause, Rewritten) or path is None:
        return False
    paths = [each.path for _, each in cause.sources]
    return all(each is None or is_under(each, path) or is_under(path, each) for each in paths)


def _is_copied_to(effect: Effect, path: str) -> bool:
    return effect.path == path and isinstance(effect.cause, Copied) and effect.cause.selection is None


def is_file_at(effect: Effect, path: str) -> bool:
    """Whether an effect is about a file that `path`, which may hold wildcards, names itself, not by a folder."""
    cause = effect.cause
    if isinstance(cause, Rewritten):
        return all(is_file_at(each, path) for _, each in cause.sources)
    if isinstance(cause, CopiedFromStage):
        # Where one of them is a file at that very path, no other one is more: an older file, or what was a part of it.
        found = [is_file_at(each, cause.path) for each in cause.effects or ()]
        return bool(found) and (all if _WILD.search(cause.path) else any)(found)
    is_file = isinstance(cause, (Filled, Text)) or (isinstance(cause, (Copied, Measured)) and cause.is_file)
    is_file |= isinstance(cause, Download) and not cause.is_folder
    return is_file and effect.path is not None and fnmatchcase(effect.path, path)


def _right_at(path: str, held: Iterable[Written]) -> Iterator[Written]:
    """What lies under a path; of a folder of the context that `/bin/*` names, the files in it, one by one."""
    folder, pattern = posixpath.split(path)
    for site, effect in held:
        cause = effect.cause
        is_in_folder = "*" in pattern and "*" not in folder and effect.path in (folder, path)
        if not is_in_folder or not isinstance(cause, Copied) or cause.root is None or cause.is_file:
            yield Written(site, effect)
            continue
        root = cause.root if effect.path == folder else posixpath.dirname(cause.root)
        for name, count in cause.selection.files.items() if cause.selection else ():
            if posixpath.dirname(name) == root:
                file = Copied(name, name, Selection({name: count}, count, exists=True), True, cause.owner)
                yield Written(site, replace(effect, path=posixpath.join(folder, posixpath.basename(name)), cause=file))


def _sources(effect: Effect) -> tuple[tuple[Site, Effect], ...]:
    return effect.cause.sources if isinstance(effect.cause, Rewritten) else ()


@lru_cache(maxsize=4096)
def _folders(path: str) -> tuple[str, ...]:
    """A path and the folders that it lies in."""
    folder = posixpath.dirname(path)
    return (path,) if folder == path else (path, *_folders(folder))


def _is_copied_again(path: str, root: str, later: Mapping[str, set[str | None]]) -> bool:
    """Whether one of the sources that later COPYs bring, by folder, is what `root` is at `path`, or has it within."""
    for folder in _folders(path):
        if folder in later:
            inside = path[len(folder) :].strip("/")
            is_within = not inside or f"/{root}".endswith(f"/{inside}")
            if is_within and root[: len(root) - len(inside)].rstrip("/") in later[folder]:
                return True
    return False
