"""What a RUN does with apt, in the words of apk: only where every word of it is known there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts.apk_names import in_alpine
from deadweight.model.effects import Leftover, PackageSet
from deadweight.rules.edits import remove_command, remove_instruction, replace_word
from deadweight.size.estimate import cause_size, size_together
from deadweight.size.units import ZERO, Size, total
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit

_APT = ("apt-get", "apt")
# Options that say no more than that nobody is there to ask, or what apk does anyway.
_OPTIONS = frozenset(
    (
        *(
            "-y",
            "--yes",
            "--assume-yes",
            "-q",
            "-qq",
            "-qy",
            "-yq",
            "-qqy",
            "-yqq",
            "--quiet",
            "--no-install-recommends",
        ),
        *("--fix-missing", "--no-install-suggests", "--force-yes", "-f"),
    )
)
_CLEANS = frozenset(("clean", "autoclean", "dist-clean", "distclean"))
_APT_FOLDERS = ("/var/lib/apt/", "/var/cache/apt/")


class Said(NamedTuple):
    """A RUN in apk's words: what each word becomes ('' where it goes), and the commands that go."""

    words: tuple[tuple[Word, str], ...]
    gone: tuple[Call, ...]
    packages: tuple[str, ...]


@remembered
def said(layer: Layer) -> Said | None:
    """A RUN that calls apt in the words of apk; None where some of it is not known there."""
    words: list[tuple[Word, str]] = []
    gone: list[Call] = []
    packages: list[str] = []
    for call in layer.calls:
        if call.program in _APT:
            verb = next((word.text for word in call.words if not word.text.startswith("-")), "")
            if not _is_plain(call):
                return None
            if verb == "update" or verb in _CLEANS:
                gone.append(call)
                continue
            named = _install(call) if verb == "install" else None
            if named is None:
                return None
            words += named
            packages += [name for _, text in named[2:] for name in text.split()]
        elif call.program == "rm" and _removes_lists_alone(call):
            if not _is_plain(call):
                return None
            gone.append(call)
    return Said(tuple(words), tuple(gone), tuple(dict.fromkeys(packages)))


def _is_plain(call: Call) -> bool:
    """Whether a call is no more than a link of a chain: no part of a branch, with nothing set or redirected for it."""
    command, placed = call.placed.command, call.placed
    is_link = all(isinstance(each, shell.Chain) for each in placed.ancestors) and not placed.conditional
    is_whole = len(command.words) == len(call.words) + 1
    return is_link and is_whole and not (command.assignments or command.redirects or placed.background)


def _install(call: Call) -> list[tuple[Word, str]] | None:
    """The words of an install: program and verb first, then options and names."""
    found = [(call.placed.command.words[0], "apk")]
    verb, *others = sorted(call.words, key=lambda word: word.text != "install")
    found.append((verb, "add --no-cache"))
    for word in others:
        if word.text in _OPTIONS:
            found.append((word, ""))
        elif (names := in_alpine(word.text)) is None:
            return None
        else:
            found.append((word, " ".join(names)))
    return found


def _removes_lists_alone(call: Call) -> bool:
    paths = call.operands()
    return bool(paths) and all(word.text.startswith(_APT_FOLDERS) for word in paths)


def edits(snapshot: Snapshot, layers: Iterable[Layer]) -> tuple[Edit, ...] | None:
    """The edits that put apk in place of apt; None where one of them cannot be written."""
    found: list[Edit | None] = []
    for layer in layers:
        change = said(layer)
        if change is None:
            return None
        if change.gone and len(change.gone) == len(layer.calls):
            found.append(remove_instruction(snapshot, layer))
            continue
        found += [replace_word(snapshot, layer, word, text) for word, text in change.words]
        found += [remove_command(snapshot, layer, call) for call in change.gone]
    known = tuple(each for each in found if each is not None)
    return known if len(known) == len(found) else None


def users(ledgers: Iterable[Ledger]) -> Iterator[Layer]:
    """The RUNs of stages that call apt."""
    for ledger in ledgers:
        if not ledger.programs.isdisjoint(_APT):
            yield from (layer for layer in ledger.layers if not layer.programs.isdisjoint(_APT))


def weight(layers: Iterable[Layer], there: Base) -> tuple[Size, Size]:
    """What RUNs write with apt, and what they would write with apk on another image."""
    before, after = [], []
    for layer in layers:
        change = said(layer)
        before.append(size_together(filter(_is_of_apt, layer.kept)))
        names = change.packages if change else ()
        after.append(cause_size(PackageSet("apk", names, suite=there.suite, libc="musl", already=there.packages)))
    return total(before) or ZERO, total(after) or ZERO


def _is_of_apt(effect: Effect) -> bool:
    cause = effect.cause
    if isinstance(cause, PackageSet):
        return cause.manager == "apt"
    return isinstance(cause, Leftover) and cause.topic == "apt-lists"
