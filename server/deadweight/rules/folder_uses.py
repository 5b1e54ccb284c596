"""Who has to do with a folder or a file that a RUN made, later in that RUN and in the layers and instructions behind
it.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import catalog
from deadweight.model.commands.call import remembered_of_words
from deadweight.model.effects import Kind, covers, is_under
from deadweight.model.stack import folded
from deadweight.syntax.dockerfile import remembered, remembered_of_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction, Section
    from deadweight.syntax.shell import Word

_PATTERN = re.compile(r"[*?\[]")
# What builds call the installation of everything; `make install-docs` installs a part.
INSTALLS_ALL = re.compile(r"install(?:[-/_]strip|_sw)?")
# Folders of the system, and those that people keep more than one project in.
SHARED = re.compile(
    r"/|/(?:bin|etc|home|lib|opt|root|srv|tmp|usr|var|src|build)|/home/\w+|/usr/(?:local/)?(?:bin|lib|share|src)|/usr/local|/var/\w+"
)
_POINTS = frozenset(("ln", "echo", "printf", "tee", "update-alternatives", "alternatives"))  # to what stays where it is
_PREFIX = re.compile(r"(?:.*prefix|destdir)=(.+)", re.IGNORECASE | re.DOTALL)
_READS_FILES = frozenset(("CMD", "ENTRYPOINT", "ENV", "HEALTHCHECK", "ONBUILD", "VOLUME"))


class Mentions(NamedTuple):
    """What the calls of a layer name: their words, the paths that these stand for and patterns of such, what a program
    of somebody's is given, and the folders that they run in. Most layers that have nothing to do with a file are told
    apart by it.
    """

    words: str
    paths: frozenset[str]
    patterns: tuple[str, ...]
    given: tuple[str, ...]
    inside: frozenset[str]

    def may_be_about(self, file: str) -> bool:
        """Whether a call may have to do with a file."""
        if file in self.paths or posixpath.basename(file) in self.words:
            return True
        return any(is_under(file, each) for each in self.given) or any(
            fnmatchcase(file, each) for each in self.patterns
        )

    def may_lead_to(self, folder: str) -> bool:
        """Whether a call may run in a folder, or name something in it."""
        return folder in self.words or any(is_under(each, folder) for each in (*self.paths, *self.inside))


@remembered
def mentions(layer: Layer) -> Mentions:
    """What the calls of a layer name."""
    calls = [each.call for each in layer.readings]
    meant = {path for call in calls for paths in _meant_by_words(call) for path in paths}
    typed = {path for call in calls if "/" in call.typed and (path := call.around.resolve(call.typed))}
    unknown = (call for call in calls if catalog.find(call.program) is None)
    given = {path for call in unknown for paths in _meant_by_words(call) for path in paths}
    return Mentions(
        "\n".join(text for call in calls for text in (call.typed, *(word.text for word in call.words))),
        frozenset(meant | typed),
        tuple(path for path in meant if _PATTERN.search(path)),
        tuple(given),
        frozenset(call.around.folder for call in calls if call.around.folder),
    )


def is_inside(call: Call, folder: str) -> bool:
    """Whether a call runs in a folder."""
    return call.around.folder is not None and is_under(call.around.folder, folder)


def names(call: Call, folder: str) -> bool:
    """Whether a call names a folder, or something in it."""
    if any(folder in word.text for word in call.words):
        return True
    return any(is_under(path, folder) for meant in _meant_by_words(call) for path in meant)


def word_for(call: Call, file: str) -> Word | None:
    """The first word of a call that names a file, perhaps by a pattern."""
    # A pattern is compiled when it is first seen, and what is typed is another one at each keystroke.
    return next(
        (
            word
            for word, meant in zip(call.words, _meant_by_words(call), strict=True)
            if file in meant or any(_PATTERN.search(each) and fnmatchcase(file, each) for each in meant)
        ),
        None,
    )


def names_folder_of(call: Call, file: str) -> bool:
    """Whether a word of a call is a folder of its own that a file lies in: `serve /srv/downloads`."""
    meant = zip(call.words, _meant_by_words(call), strict=True)
    folders = [folder for word, found in meant if word.text.startswith("/") for folder in found]
    return any(folder.count("/") > 1 and folder != file and is_under(file, folder) for folder in folders)


@remembered_of_words
def _meant_by_words(call: Call) -> tuple[tuple[str, ...], ...]:
    """The paths that each word of a call stands for, as far as they are known."""
    return tuple([tuple(_meant_by(call, word)) for word in call.words])


def _meant_by(call: Call, word: Word) -> Iterator[str]:
    """The paths that a word of a call stands for, as far as they are known; an option may hold one: `--file=a.tar`."""
    if word.text.startswith("--") and word.value:
        value = word.value.partition("=")[2]
        path = call.around.resolve(value) if value else None
        yield from (path,) if path else ()
    elif word.text and not word.text.startswith("-"):
        yield from (path for path in call.paths((word,)) if path is not None)


def is_removed(layer: Layer, folder: str) -> bool:
    """Whether a layer removes a folder, or something of which nobody knows what it is."""
    if any(each.kind is Kind.REMOVES and each.path and covers(each.path, folder) for each in layer.undoing):
        return True
    return any(path is None for call in layer.calls if call.program == "rm" for path in call.paths(call.operands()))


def is_pointed_at(call: Call, root: str) -> bool:
    """Whether a call lets the image read a folder, by a link or a text, or installs right there."""
    if call.program in _POINTS:
        return names(call, root)
    places = [match[1] for word in call.words if (match := _PREFIX.fullmatch(word.text))]
    return any("pwd" in each.lower() or is_under(call.around.resolve(each) or "/", root) for each in places)


def layers_behind(snapshot: Snapshot, layer: Layer) -> Iterator[Layer]:
    """The layers of the image on a layer that ships; on any other, those of its stage and of all that stand on that."""
    build, stage = snapshot.build, layer.site.stage
    ledgers = snapshot.shipped_ledgers if stage in build.shipped else snapshot.reached_ledgers
    above = (each.layers for each in ledgers if build.stands_on(each.stage, stage))
    return chain(snapshot.ledgers[stage].layers[layer.site.step + 1 :], *above)


def is_said(snapshot: Snapshot, name: str) -> bool:
    """Whether an instruction says a name that is read when the image runs, or copied out of a stage."""
    if any(name in text for text in _said(snapshot.shipped_ledgers[-1].stacks[-1])):
        return True
    return any(
        name in _read(stage.section) for stage in snapshot.build.stages if stage.index not in snapshot.build.shipped
    )


@remembered_of_each
def runs_with(layer: Layer, folder: str) -> bool:
    """Whether an instruction does something in a folder or with it, other than to remove it."""
    if layer.instruction.keyword == "WORKDIR" and layer.step is not None:
        to = layer.step.state.resolve(layer.instruction.arguments.text)
        return to is None or is_under(to, folder)
    calls: Iterable[Call] = (call for call in layer.calls if call.program != "rm")
    return any(is_inside(call, folder) or names(call, folder) for call in calls)


def _with_said(texts: tuple[str, ...], layer: Layer) -> tuple[str, ...]:
    return (*texts, layer.instruction.text) if _is_read(layer.instruction) else texts


_said = folded(tuple[str, ...](), _with_said)


@remembered
def _read(section: Section) -> str:
    return "".join(each.text for each in section.instructions if _is_read(each))


def _is_read(instruction: Instruction) -> bool:
    return instruction.keyword in _READS_FILES or (instruction.keyword == "COPY" and bool(instruction.flag("from")))
