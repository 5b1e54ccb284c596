"""One stage as planners read it: its steps, the commands of its RUNs, what it starts, where its app lies."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.effects import Copied, is_under
from deadweight.model.image import parse
from deadweight.model.multi_stage.system import OF_PROGRAMS
from deadweight.model.siblings import siblings
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import remembered
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base, ImageRef
    from deadweight.model.layers import Layer, Ledger
    from deadweight.syntax.dockerfile import Instruction

_FEW, _MANY = 50, 1000  # files: that a pattern names, and that somebody compares while another one types
_SEARCHED = ("/usr/local/bin", "/usr/bin", "/bin")  # where a shell looks for a script that is named without a folder
_IN_BUSYBOX = frozenset(("nc", "ps", "wget"))  # programs that every image of Alpine has
WORKS = frozenset(("RUN", "COPY", "ADD"))
STARTS = frozenset(("CMD", "ENTRYPOINT"))
# Programs that look at something and write nothing (their manuals; by hand, 2026-11-26).
_LOOKING_NAMES = """
    ls dir tree pwd cat head tail stat file du df env printenv id whoami uname hostname date which whereis nproc getconf
    arch lscpu free ldd sleep sync sha256sum sha512sum md5sum wc locale
"""
LOOKING = frozenset(_LOOKING_NAMES.split())
BUILTINS = frozenset(("set", "exit", "export", "unset", ":", "true", "test", "["))  # of the shell, which write nothing
_COUNTS_FOR_ALL = frozenset(("cd", "export", "set", ".", "source", "alias", "umask"))  # for the commands behind it too


class Command(NamedTuple):
    """A part of a RUN's chain of `&&`, as it is written, with the programs that it calls."""

    text: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, eq=False)
class Recipe:
    """A stage that stands on an image, with what a planner asks about it."""

    ledger: Ledger
    ref: ImageRef
    context: BuildContext

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers below FROM; the number of a step is that of its layer here, plus one."""
        return self.ledger.layers[1:]

    @cached_property
    def runs(self) -> tuple[Layer, ...]:
        """The RUNs."""
        return tuple(layer for layer in self.layers if layer.instruction.keyword == "RUN")

    @cached_property
    def copies(self) -> tuple[Layer, ...]:
        """The COPYs and ADDs."""
        return tuple(layer for layer in self.layers if layer.instruction.keyword in ("COPY", "ADD"))

    def last(self, keyword: str) -> Instruction | None:
        """The last instruction of a kind: of CMD and their like, the one that counts."""
        found = (layer.instruction for layer in reversed(self.layers) if layer.instruction.keyword == keyword)
        return next(found, None)

    def has(self, *keywords: str) -> bool:
        """Whether the stage has an instruction of one of these kinds."""
        return any(layer.instruction.keyword in keywords for layer in self.layers)

    @cached_property
    def start(self) -> str:
        """What the image starts, as a shell would be told; '' where the file does not say."""
        entry, command = self.last("ENTRYPOINT"), self.last("CMD")
        if entry is not None and entry.array is None:
            return entry.arguments.text  # the shell form takes no notice of CMD
        return " ".join(_as_shell(each) for each in (entry, command) if each is not None)

    @cached_property
    def scripts(self) -> dict[str, str]:
        """The scripts of the build context that the image starts, with their texts; '' for one that nobody has read."""
        named = [word for words in commands_of_start(self.start) for word in words if word.endswith(".sh")]
        folders = (self.folder or "/", *_SEARCHED)
        places = (posixpath.normpath(posixpath.join(each, word)) for word in named for each in folders)
        found = [path for place in places if (path := self.place_of(place)) is not None]
        return {path: self.context.texts.get(path, "") for path in found}

    @property
    def written_base(self) -> str:
        """The base image as FROM names it."""
        word = self.ledger.stage.base_word
        return word.text if word else self.ref.text

    @property
    def release(self) -> str:
        """The release of Debian that the base stands on, where FROM could name it behind the tag and does not; '' else.

        The official images of languages have a tag with the release for each without one.
        """
        base, ref = self.ledger.base, self.ref
        can_be_named = ref.tag and not ref.digest and self.written_base == ref.text and base.os == "debian"
        return base.suite or "" if can_be_named and not base.is_suite_named else ""

    @cached_property
    def folder(self) -> str | None:
        """The working folder of the app."""
        return self.ledger.stage.end.workdir

    @property
    def user(self) -> str | None:
        """The account that the app runs as; '' where the file names none."""
        return self.ledger.stage.end.user

    @cached_property
    def packages_of_programs(self) -> tuple[str, ...]:
        """The packages of programs that the image starts or asks for its health, which a smaller base does not have."""
        health = self.last("HEALTHCHECK")
        texts = (self.start, *self.scripts.values(), health.arguments.text.partition("CMD")[2] if health else "")
        called = {posixpath.basename(words[0]) for text in texts for words in commands_of_start(text)}
        if self.ledger.base.os_family == "alpine":
            called -= _IN_BUSYBOX
        return tuple(dict.fromkeys(OF_PROGRAMS[name] for name in sorted(called) if name in OF_PROGRAMS))

    @property
    def last_work(self) -> int:
        """The number of the last COPY, ADD or RUN."""
        return max((layer.site.step for layer in self.layers if layer.instruction.keyword in WORKS), default=0)

    @property
    def last_place(self) -> int:
        """The number of the last COPY, ADD, RUN or WORKDIR: behind it a RUN finds what the start command does."""
        places = (layer.site.step for layer in self.layers if layer.instruction.keyword in ("WORKDIR", *WORKS))
        return max(places, default=0)

    def target(self, folder: str) -> str:
        """How a COPY of our own where the last work was done names a folder: "./" is the working folder there."""
        last = self.ledger.layers[self.last_work].step
        return "./" if last is not None and last.state.workdir == folder else f"{folder}/"

    def place_of(self, path: str) -> str | None:
        """Where a path of the image lies in the build context, by the COPYs that bring it."""
        for layer in reversed(self.copies):
            for effect in reversed(layer.kept):
                cause = effect.cause
                if not isinstance(cause, Copied) or cause.root is None or effect.path is None:
                    continue
                if is_under(path, effect.path):
                    found = posixpath.join(cause.root, path[len(effect.path) :].lstrip("/")).rstrip("/")
                    if cause.selection is not None and self._holds(cause.selection.files, found):
                        return found
                if (
                    cause.selection is not None
                    and len(cause.selection.files) <= _FEW
                    and posixpath.dirname(path) == effect.path
                ):
                    name = posixpath.basename(path)
                    if match := next(
                        (each for each in cause.selection.files if posixpath.basename(each) == name), None
                    ):
                        return match
        return None

    def _holds(self, files: Collection[str], path: str) -> bool:
        """Whether a file, or something in a folder, is among these: `COPY package*.json ./` brings no other folder."""
        if path in files or self.context.tree.at(path) is None:
            return path in files
        return len(files) > _FEW or any(is_under(each, path) for each in files)


@remembered
def commands(layer: Layer) -> tuple[Command, ...]:
    """The commands of a RUN: the parts of a plain chain of `&&`, or all of it in one."""
    body = run_body(layer.instruction, layer.step.state.shell) if layer.step else None
    text = layer.instruction.text
    whole = (Command(layer.instruction.arguments.text, layer.calls),)
    if body is None or body.form != "shell" or layer.instruction.heredocs or len(body.script.body.statements) != 1:
        return whole
    node = body.script.body.statements[0].node
    if not isinstance(node, shell.Chain) or set(node.operators) != {"&&"}:
        return whole
    # A variable counts for the commands behind it too: `buildDeps=gcc && apt-get install $buildDeps`.
    programs = (next((word.text for word in each.command.words), "set") for each in shell.commands(body.script))
    if not _COUNTS_FOR_ALL.isdisjoint(programs):
        return whole
    spans = [body.span(part.span) for part in node.parts]
    return tuple(
        Command(
            text[span.start : span.end],
            tuple(call for call in layer.calls if span.start <= call.place.start < span.end),
        )
        for span in spans
    )


def commands_of_start(text: str) -> Iterator[tuple[str, ...]]:
    """The words of each command that a text of the shell runs."""
    for placed in shell.commands(shell.parse(text)):
        if words := tuple(word.text if word.value is None else word.value for word in placed.command.words):
            yield words


def first_of_start(text: str) -> tuple[str, ...]:
    """The words of the first command that a text of the shell runs, and not of one in its words: `app -n $(nproc)`."""
    found = (placed.command for placed in shell.commands(shell.parse(text)) if not placed.in_substitution)
    words = next((command.words for command in found if command.words), ())
    return tuple(word.text if word.value is None else word.value for word in words)


def _as_shell(instruction: Instruction) -> str:
    if instruction.array is None:
        return instruction.arguments.text
    return " ".join(shlex.quote(word.value or "") for word in instruction.array)


def plain(program: str) -> str:
    """A program without the version in its name: pip of pip3.12."""
    return program.rstrip("0123456789.") or program


def flags_of(layer: Layer) -> str:
    """The flags of an instruction as they are written, each behind a blank."""
    instruction = layer.instruction
    return "".join(f" {instruction.text[each.span.start : each.span.end]}" for each in instruction.flags)


def is_brought_again(layer: Layer, later: Layer) -> bool:
    """Whether a later COPY brings all that one brings, to the same places."""
    return bool(layer.kept) and all(any(_is_part(each, other) for other in later.kept) for each in layer.kept)


def _is_part(effect: Effect, other: Effect) -> bool:
    first, second = effect.cause, other.cause
    if not isinstance(first, Copied) or not isinstance(second, Copied) or effect.path is None or other.path is None:
        return False
    if first.root is None or second.root is None or not first.selection or not second.selection:
        return False
    if not 0 < len(first.selection.files) <= _MANY:
        return False  # what is not there nobody can compare, and so much nobody waits for
    if first.is_file and not second.is_file:
        return is_under(effect.path, other.path) and (
            posixpath.join(second.root, effect.path[len(other.path) :].lstrip("/")) == first.root
        )
    is_inside = all(path in second.selection.files for path in first.selection.files)
    return is_inside and is_under(effect.path, other.path) and not first.is_file


def goes_into(layer: Layer, folder: str) -> bool:
    """Whether a COPY brings something into a folder, or all of it."""
    return any(
        each.path is not None and (is_under(each.path, folder) or is_under(folder, each.path)) for each in layer.kept
    )


def brings(layer: Layer, path: str) -> bool:
    """Whether a COPY brings a file of the build context."""
    causes = (effect.cause for effect in layer.kept)
    return any(
        isinstance(each, Copied) and each.selection is not None and path in each.selection.files for each in causes
    )


def brings_more_than(layer: Layer, files: Collection[str]) -> bool:
    """Whether a COPY brings other files of the build context than these."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, Copied) or cause.selection is None:
            return True
        if len(cause.selection.files) > len(files) or any(path not in files for path in cause.selection.files):
            return True
    return False


def owner_of(recipe: Recipe, folder: str) -> str | None:
    """Whom the files of a folder belong to, by --chown and `chown -R`: '' for root; None where that differs."""
    found = {layer.instruction.flag("chown") or "" for layer in recipe.copies if goes_into(layer, folder)} - {""}
    for layer in recipe.runs:
        for call in layer.calls:
            operands = call.operands()
            if call.program == "chown" and call.has("-R", "--recursive") and len(operands) > 1:
                paths = [path for path in call.paths(operands[1:]) if path is not None]
                found.update(operands[0].pattern for path in paths if is_under(folder, path))
    return next(iter(found), "") if len(found) <= 1 else None


def held_by_image(recipe: Recipe) -> Base:
    """What the image of `runtime_image` holds."""
    slim = next((each for each in siblings(recipe.ref) if each.name == "slim"), None)
    return slim.base if slim is not None and recipe.ledger.stage.base_word is not None else recipe.ledger.base


def runtime_image(recipe: Recipe, release: str = "") -> str:
    """What FROM names for the image: the slim image of the same version where there is one, else the same again; by the
    name of its `release` where that is given.
    """
    written = recipe.written_base
    if release:
        named = parse(f"{written}-{release}")
        return next((each.ref.text for each in siblings(named) if each.name == "slim"), named.text)
    slim = next((each for each in siblings(recipe.ref) if each.name == "slim"), None)
    if slim is None:
        return written
    if written == recipe.ref.text:
        return slim.ref.text
    is_longer = slim.ref.text.startswith(recipe.ref.text) and not written.endswith(("'", '"'))
    return written + slim.ref.text.removeprefix(recipe.ref.text) if is_longer else written
