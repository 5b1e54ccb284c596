"""What a RUN does with apt and useradd, in the words of Alpine: only where every word of it is known there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts.alpine import in_alpine
from deadweight.model.effects import Leftover, PackageSet
from deadweight.rules.edits import remove_command, remove_instruction, replace_word
from deadweight.size.estimate import cause_size, size_together
from deadweight.size.units import ZERO, Size, total
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base
    from deadweight.model.layers import Alone, Layer
    from deadweight.model.playing import Rest
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


_ACCOUNTS = {"useradd": "adduser -D", "groupadd": "addgroup"}
_LONG = {
    "--system": "-r",
    "--uid": "-u",
    "--gid": "-g",
    "--create-home": "-m",
    "--no-create-home": "-M",
    "--shell": "-s",
    "--home-dir": "-d",
    "--home": "-d",
    "--comment": "-c",
    "--no-log-init": "-l",
}
# Options of useradd and groupadd as BusyBox has them (busybox 1.37, loginutils/adduser.c and addgroup.c).
_FLAGS = {"useradd": {"r": "-S", "m": "", "M": "-H", "l": ""}, "groupadd": {"r": "-S"}}
_VALUES = {"useradd": {"u": "-u", "g": "-G", "s": "-s", "d": "-h", "c": "-g"}, "groupadd": {"g": "-g"}}
PROGRAMS = frozenset((*_APT, *_ACCOUNTS))
_HIGHEST_ID = 60_000


class Said(NamedTuple):
    """A RUN in the words of Alpine: what each word becomes ('' where it goes), and the commands that go."""

    words: tuple[tuple[Word, str], ...]
    gone: tuple[Call, ...]
    packages: tuple[str, ...]


_NOTHING = Said((), (), ())


@remembered
def said(layer: Layer) -> Said | None:
    """A RUN in the words of Alpine; None where some of it is not known there."""
    parts = [said_by(call) for call in layer.calls]
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    words = tuple([word for each in known for word in each.words])
    packages = dict.fromkeys([name for each in known for name in each.packages])
    return Said(words, tuple([call for each in known for call in each.gone]), tuple(packages))


def said_by(call: Call) -> Said | None:
    """A command in the words of Alpine, nothing where it stays; None where it is not known there."""
    is_clean_up = call.program == "rm" and _removes_lists_alone(call)
    if call.program not in PROGRAMS and not is_clean_up:
        return _NOTHING
    if not _is_plain(call):
        return None
    if call.program in _ACCOUNTS:
        account = _account(call)
        return None if account is None else Said(tuple(account), (), ())
    verbs = [word.text for word in call.words if not word.text.startswith("-")]
    verb = verbs[0] if verbs else ""
    if is_clean_up or verb == "update" or verb in _CLEANS:
        return Said((), (call,), ())
    named = _install(call) if verb == "install" else None
    if named is None:
        return None
    return Said(tuple(named), (), tuple(name for _, text in named[2:] for name in text.split()))


def _is_plain(call: Call) -> bool:
    """Whether a call is no more than a link of a chain: no part of a branch, with nothing set or redirected for it."""
    command, placed = call.placed.command, call.placed
    is_link = {type(each) for each in placed.ancestors} <= {shell.Chain} and not placed.conditional
    is_whole = len(command.words) == len(call.words) + 1
    return is_link and is_whole and not (command.assignments or command.redirects or placed.background)


def _install(call: Call) -> list[tuple[Word, str]] | None:
    """The words of an install: program and verb first, then options and names."""
    found = [(call.placed.command.words[0], "apk")]
    verb = [word.text for word in call.words].index("install")
    found.append((call.words[verb], "add --no-cache"))
    for word in (*call.words[:verb], *call.words[verb + 1 :]):
        if word.text in _OPTIONS:
            found.append((word, ""))
        elif (names := in_alpine(word.text)) is None:
            return None
        else:
            found.append((word, " ".join(names)))
    return found


def _account(call: Call) -> list[tuple[Word, str]] | None:
    """The words of useradd or groupadd: the program first, then options and the name."""
    flags, values = _FLAGS[call.program], _VALUES[call.program]
    found: list[tuple[Word, str]] = []
    seen = ""
    names = 0
    words = iter(call.words)
    for word in words:
        long, equals, value = word.text.partition("=")
        option = _LONG.get(long, word.text)
        if not option.startswith("-"):
            found.append((word, word.text))
            names += 1
            continue
        before, last = option[1:-1], option[-1]
        seen += option[1:]
        if any(each not in flags for each in before) or (last not in flags and last not in values):
            return None
        texts = [flags[each] for each in before]
        if last in flags:
            found.append((word, " ".join(filter(None, (*texts, flags[last])))))
            continue
        taken = None if equals else next(words, None)
        value = value if taken is None else taken.text
        if not _is_taken_alike(call.program, last, value):
            return None
        shell = value.replace("/bin/bash", "/bin/sh") if last == "s" else value
        text = " ".join(filter(None, (*texts, values[last])))
        found += [(word, f"{text} {shell}")] if taken is None else [(word, text), (taken, shell)]
    # The group of an account of the system is not made on Alpine; a home is, where nobody says otherwise.
    if names != 1 or (call.program == "useradd" and "r" in seen and "g" not in seen):
        return None
    program = _ACCOUNTS[call.program] + (" -H" if call.program == "useradd" and not set("mM") & set(seen) else "")
    return [(call.placed.command.words[0], program), *found]


def _is_taken_alike(program: str, option: str, value: str) -> bool:
    """Whether the value of an option means the same to both programs."""
    if not value or "$" in value:
        return False
    if option == "u" or program == "groupadd":
        return value.isdecimal() and len(value) < 6 and int(value) <= _HIGHEST_ID
    return option != "g" or not value.isdecimal()


def _removes_lists_alone(call: Call) -> bool:
    paths = call.operands()
    return bool(paths) and all(word.text.startswith(_APT_FOLDERS) for word in paths)


def edits(snapshot: Snapshot, layers: Iterable[Layer]) -> tuple[Edit, ...] | None:
    """The edits that say RUNs in the words of Alpine; None where one of them cannot be written."""
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


@remembered
def users(stage: Alone) -> tuple[Layer, ...]:
    """The RUNs of a stage that Alpine has other words for."""
    if stage.programs.isdisjoint(PROGRAMS):
        return ()
    return tuple([layer for layer in stage.layers if not layer.programs.isdisjoint(PROGRAMS)])


class Written(NamedTuple):
    """What a RUN writes with apt, and the packages that it would write with apk."""

    size: Size | None
    packages: tuple[str, ...]


@remembered
def written(stage: Alone) -> tuple[Written, ...]:
    """What the RUNs of a stage write with apt."""
    return tuple([_written(layer) for layer in users(stage)])


@remembered
def _written(layer: Layer) -> Written:
    change = said(layer)
    return Written(_with_apt(layer.rest), change.packages if change else ())


@remembered
def _with_apt(rest: Rest) -> Size | None:
    return size_together(filter(_is_of_apt, rest.effects))


def weight(runs: Iterable[Written], there: Base) -> tuple[Size, Size]:
    """What RUNs write with apt, and what they would write with apk on another image."""
    given = list(runs)
    after = [_with_apk(each.packages, there.suite, there.packages) for each in given]
    return total([each.size for each in given]) or ZERO, total(after) or ZERO


@lru_cache(maxsize=256)
def _with_apk(names: tuple[str, ...], suite: str | None, already: tuple[str, ...]) -> Size | None:
    return cause_size(PackageSet("apk", names, suite=suite, libc="musl", already=already))


def _is_of_apt(effect: Effect) -> bool:
    cause = effect.cause
    if isinstance(cause, PackageSet):
        return cause.manager == "apt"
    return isinstance(cause, Leftover) and cause.topic == "apt-lists"
