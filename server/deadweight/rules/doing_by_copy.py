"""The fixes that have COPY do at once what a later command does: set an owner or a mode, or another place."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied, CopiedFromStage, Download, Kind, Measured, Moved, is_under
from deadweight.model.filesystem import is_file_at
from deadweight.rules import account_ids
from deadweight.rules.edits import insert_flag, move_below, remove_command, remove_instruction, replace_word
from deadweight.rules.rule import Fix, Safety
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word

_ONE_PATH = 2  # operands: the owner or the mode, and the path
_OWNER = re.compile(r"(?P<user>[\w-]+)?(?:[:.](?P<group>[\w-]+))?")
_MODE = re.compile(r"[0-7]{3,4}")
_EXECUTABLE = re.compile(r"[uga]*\+r?x")
# What `chmod` makes of 600, the mode of a file that ADD downloads.
_OF_DOWNLOAD = {"+x": "711", "a+x": "711", "ugo+x": "711", "u+x": "700", "+rx": "755", "a+rx": "755"}
_PLAIN = re.compile(r"--recursive|--verbose|-[Rvcf]+")
_RECURSIVE = re.compile(r"--recursive|-[A-Za-z]*R[A-Za-z]*")
_ACCOUNTS = frozenset(("useradd", "adduser", "usermod", "groupadd", "addgroup", "groupmod"))
# Accounts of the systems that images stand on: base-passwd of Debian, alpine-baselayout (read 2026-11-23).
_SYSTEM_ACCOUNTS = {
    "debian": frozenset(("root", "daemon", "bin", "sys", "games", "man", "mail", "www-data", "nogroup", "nobody")),
    "alpine": frozenset(("root", "bin", "daemon", "adm", "mail", "games", "nobody", "www-data", "nogroup")),
}
_SYSTEM_ACCOUNTS["ubuntu"] = _SYSTEM_ACCOUNTS["debian"]
# Accounts that official images bring along, by repository (their Dockerfiles, read 2026-11-23).
_IMAGE_ACCOUNTS = {"node": "node", "nginx": "nginx", "postgres": "postgres", "redis": "redis", "tomcat": "root"}
# Folders that every system with a shell has, so that a COPY into one makes only what is below it.
_THERE = re.compile(
    r"/|/(?:bin|etc|home|lib|opt|root|sbin|srv|tmp|usr|var)|/usr/(?:local/)?(?:bin|lib|sbin|share|src)|/var/lib"
)


class Late(NamedTuple):
    """A call that does to what earlier layers of its stage have written what they could have done themselves."""

    layer: Layer
    call: Call
    writers: Sequence[Layer]
    written: Sequence[Effect]


def done_by_copy(snapshot: Snapshot, late: Late) -> Fix | None:
    """Have COPY do it; None where that is not the same."""
    return _set_there(snapshot, late) or _copied_there(snapshot, late)


# --- owner and mode ---------------------------------------------------------------------------------------------------


class _Change(NamedTuple):
    """What a chown or chmod of one path does, as a flag of COPY. `recursive` is the word that says so."""

    given: str
    flag: str
    is_exact: bool
    path: str
    recursive: Word | None
    names: tuple[str, ...] = ()  # accounts that have to be there
    needs_group_of_root: bool = False

    @property
    def owner(self) -> tuple[str, str]:
        """The user and the group."""
        user, _, group = self.flag.removeprefix("--chown=").partition(":")
        return user, group


class _Set(NamedTuple):
    """A change that COPY makes: the edits that have it do so, and what to check, where anything is."""

    change: _Change
    edits: tuple[Edit, ...]
    flag: str
    note: str = ""


def _set_there(snapshot: Snapshot, late: Late) -> Fix | None:
    """Have COPY set the owner or the mode."""
    changes = _changes(late.call)
    if len(changes) == 1 and not changes[0].is_exact and _is_needless(late):
        rest = _without(snapshot, late.layer, late.call)
        return Fix("needless", "Remove chmod: a compiler makes what can be run", Safety.SAFE, rest) if rest else None
    parts = [(_at(late, each.path) if len(changes) > 1 else late, each) for each in changes]
    if any(writer not in [each for part, _ in parts for each in part.writers] for writer in late.writers):
        return None
    also = _also_changed(late, changes[0]) if len(changes) == 1 else []
    made = [_set_at(snapshot, part, each, also) for part, each in parts if part.writers]
    found = [each for each in made if each]
    if not found or len(found) < len(changes) or len({bool(each.change.recursive) for each in found}) > 1:
        return None
    rest = _rests(snapshot, late.layer, ((late.call, found[0].change), *also))
    if rest is None:
        return None
    flags = dict.fromkeys(each.flag for each in found)
    title = f"Have {late.writers[0].instruction.keyword} set it: {' '.join(flags)}"
    notes = [each.note for each in found if each.note]
    edits = (*(edit for each in found for edit in each.edits), *rest)
    return Fix("copy-flag", title, Safety.ASK if notes else Safety.SAFE, edits, note="; ".join(dict.fromkeys(notes)))


def _at(late: Late, path: str) -> Late:
    """What is done to one of several paths."""
    writers = [each for each in late.writers if any(is_under(effect.path or "/", path) for effect in each.kept)]
    return late._replace(writers=writers, written=[each for each in late.written if is_under(each.path or "/", path)])


def _is_needless(late: Late) -> bool:
    return all(map(_is_program, late.written)) and not any(map(_sets_mode, late.writers))


def _set_at(snapshot: Snapshot, late: Late, change: _Change, also: Sequence[tuple[Call, _Change]]) -> _Set | None:
    """Have the COPYs that write to a path set its owner or its mode, and what `also` is changed of it."""
    writers = late.writers
    if not change.is_exact and all(_is_download(layer) for layer in writers) and change.given in _OF_DOWNLOAD:
        change = change._replace(flag=f"--chmod={_OF_DOWNLOAD[change.given]}", is_exact=True)
    if all(effect.path == change.path and is_file_at(effect, change.path) for each in writers for effect in each.kept):
        change = change._replace(recursive=None)  # `chown -R` of a file is a chown
    if not all(_can_set(layer, each) for layer in writers for each in (change, *(each for _, each in also))):
        return None
    ledger = snapshot.ledgers.of(late.layer)
    before = ledger.layers[: ledger.layers.index(late.layer) + 1]
    flag = " ".join((change.flag, *(each.flag for _, each in also)))
    if all(_is_there(ledger, late, writer, name) for writer in writers for name in change.names):
        flags = tuple(insert_flag(snapshot, layer, flag) for layer in writers)
    elif len(late.call.operands()) == _ONE_PATH and _can_move_below(ledger, late, change):
        flags = move_below(snapshot, writers, late.layer, flag=flag)
    elif numbers := account_ids.by_number(before, *change.owner):
        flag = flag.replace(change.flag, f"--chown={numbers}")
        flags = tuple(insert_flag(snapshot, layer, flag) for layer in writers)
    else:
        return None
    if not change.is_exact:
        return _Set(change, flags, flag, "Check: everybody may read and run it, and nobody but its owner write it")
    if change.recursive and not all(_leaves_alone(layer, change.path, late.call) for layer in before):
        return _Set(change, flags, flag, f"Check: what other instructions made below {change.path} may stay as it is")
    return _Set(change, flags, flag)


def _changes(call: Call) -> list[_Change]:
    """What a command changes, a path at a time; nothing where COPY has no flag for one of them."""
    spec, *paths = call.operands() or (None,)
    if spec is None:
        return []
    options = [word for word in call.words if word.text.startswith("-")]
    found = [_change(replace(call, words=(*options, spec, path))) for path in paths]
    return [each for each in found if each] if None not in found else []


def _change(call: Call) -> _Change | None:
    """What a chown, chgrp or chmod changes; None where COPY has no flag for it."""
    operands = call.operands()
    options = [word for word in call.words if word.text.startswith("-")]
    recursive = next((word for word in options if _RECURSIVE.fullmatch(word.text)), None)
    path = call.around.resolve(operands[1].pattern) if len(operands) == _ONE_PATH else None
    spec = operands[0].value if operands else None
    if path is None or spec is None or "*" in path or call.placed.conditional:
        return None
    if not all(_PLAIN.fullmatch(word.text) for word in options):
        return None
    if call.program == "chmod":
        if _MODE.fullmatch(spec):
            return _Change(spec, f"--chmod={spec}", True, path, recursive)
        return (
            _Change(spec, "--chmod=755", False, path, recursive)
            if _EXECUTABLE.fullmatch(spec) and not recursive
            else None
        )
    match = _OWNER.fullmatch(spec if call.program == "chown" else f":{spec}")
    if not match or spec.endswith((":", ".")):
        return None
    user, group = match["user"], match["group"]
    names = tuple(name for name in (user, group) if name and not name.isdigit())
    flag = f"--chown={user or 'root'}:{group or 'root'}"
    return _Change(spec, flag, True, path, recursive, names, needs_group_of_root=not (user and group))


def _also_changed(late: Late, change: _Change) -> list[tuple[Call, _Change]]:
    """What else the RUN changes of the same folder, all of it: `chown -R app /app && chmod -R 750 /app`."""
    others = [(each, made) for each in late.layer.calls if each is not late.call and (made := _changed_by(each))]
    same = [(call, each) for call, each in others if each.path == change.path and each.recursive]
    kinds = {each.flag.partition("=")[0] for each in (change, *(each for _, each in same))}
    return same if change.recursive and len(kinds) == len(same) + 1 else []


def _changed_by(call: Call) -> _Change | None:
    found = _change(call) if call.program in ("chown", "chmod") else None
    return found if found and found.is_exact else None


def _can_set(layer: Layer, change: _Change) -> bool:
    """Whether a flag at this COPY does to its files, and to the folders that it makes, what the command does."""
    instruction, step = layer.instruction, layer.step
    if step is None or not (instruction.keyword == "COPY" or _is_download(layer)):
        return False
    if instruction.flag("chown") or instruction.flag("chmod"):
        return False
    if change.needs_group_of_root and instruction.flag("from"):
        return False  # what comes from a stage keeps its group
    parent = posixpath.dirname(change.path)
    if not _THERE.fullmatch(parent) and not (step.state.workdir and is_under(step.state.workdir, parent)):
        return False
    if not all(effect.path is not None and is_under(effect.path, change.path) for effect in layer.kept):
        return False
    # The folders that COPY makes on the way get the owner, and not the mode.
    return "chown" in change.flag or all(_is_right_at(effect, change.path) for effect in layer.kept)


def _is_right_at(effect: Effect, path: str) -> bool:
    return effect.path == path or (
        isinstance(effect.cause, Copied) and effect.cause.is_file and posixpath.dirname(effect.path or "") == path
    )


def _sets_mode(layer: Layer) -> bool:
    return bool(layer.instruction.flag("chmod"))


def _is_program(effect: Effect) -> bool:
    """Whether it is a program that `go build` has written in another stage: everybody may read and run it, and COPY
    keeps that.
    """
    cause = effect.cause
    return isinstance(cause, CopiedFromStage) and any(
        isinstance(each.cause, Measured) and each.cause.constant == "go.program" and each.path == cause.path
        for each in cause.effects or ()
    )


def _is_download(layer: Layer) -> bool:
    """Whether an instruction is an ADD of files from the network."""
    return layer.instruction.keyword == "ADD" and all(isinstance(each.cause, Download) for each in layer.kept)


def _rests(snapshot: Snapshot, layer: Layer, changes: Iterable[tuple[Call, _Change]]) -> tuple[Edit, ...] | None:
    """What is left of the commands."""
    edits: list[Edit] = []
    for call, change in changes:
        if (rest := _rest(snapshot, layer, call, change)) is None:
            return None
        edits += rest
    return tuple(edits)


def _rest(snapshot: Snapshot, layer: Layer, call: Call, change: _Change) -> tuple[Edit, ...] | None:
    """What is left of a command: it changes the folder, and nothing in it; nothing for a single file."""
    if change.recursive:
        short = change.recursive.text.replace("R", "", 1)
        edit = replace_word(
            snapshot, layer, change.recursive, "" if short in ("-", "--ecursive", "--recursive") else short
        )
        return (edit,) if edit else None
    return _without(snapshot, layer, call)


def _without(snapshot: Snapshot, layer: Layer, call: Call) -> tuple[Edit, ...] | None:
    """Edits that take the command out of its RUN; the RUN itself where it does nothing else."""
    if len(layer.calls) == 1:
        return (remove_instruction(snapshot, layer),)
    edit = remove_command(snapshot, layer, call)
    return (edit,) if edit else None


def _is_there(ledger: Ledger, late: Late, writer: Layer, name: str) -> bool:
    """Whether an account is there when a COPY runs, given that it is when the command runs."""
    base = ledger.base
    if name in _SYSTEM_ACCOUNTS.get(base.os or "", ()) or _IMAGE_ACCOUNTS.get(base.repository) == name:
        return True
    layers = ledger.layers
    at = layers.index(writer)
    if any(_makes(call, name) for layer in layers[:at] for call in layer.calls):
        return True
    runs = [layer for layer in layers[at + 1 : layers.index(late.layer) + 1] if layer.instruction.keyword == "RUN"]
    return runs == [late.layer] and late.layer.calls[0] is late.call


def _makes(call: Call, name: str) -> bool:
    return call.program in _ACCOUNTS and any(word.value == name for word in call.words) and not call.placed.conditional


def _can_move_below(ledger: Ledger, late: Late, change: _Change) -> bool:
    """Whether each COPY can go below the RUN, which makes the account and needs none of their files."""
    layers, writers = ledger.layers, late.writers
    between = layers[layers.index(writers[0]) : layers.index(late.layer)]
    first, own = writers[0].step, late.layer.step
    if first is None or own is None or first.state.workdir != own.state.workdir or not change.recursive:
        return False
    if any(layer not in writers and (layer.effects or layer.instruction.keyword == "RUN") for layer in between):
        return False
    if any("$" in layer.instruction.line.text for layer in writers) and len(between) > len(writers):
        return False
    if not all(call is late.call or call.program in (*_ACCOUNTS, "mkdir", "set") for call in late.layer.calls):
        return False
    made = {path for call in late.layer.calls if call.program == "mkdir" for path in call.paths(call.operands("-m"))}
    return change.path in made or bool(own.state.workdir and is_under(own.state.workdir, change.path))


def _leaves_alone(layer: Layer, path: str, change: Call) -> bool:
    """Whether an instruction makes nothing below `path` but what effects tell: no `mkdir /app/logs`, no `> /app/a`."""
    instruction, step = layer.instruction, layer.step
    if step is None or instruction.keyword in ("COPY", "ADD"):
        return True
    if instruction.keyword == "WORKDIR":
        folder = step.state.resolve(instruction.arguments.text)
        return folder is not None and not (is_under(folder, path) and folder != path)
    if instruction.keyword == "VOLUME":
        return path not in instruction.line.text
    if instruction.keyword != "RUN":
        return True
    for call in layer.calls:
        places = [call.around.resolve(word.pattern) for word in call.words]
        places += [call.around.resolve(each.target.pattern) for each in call.placed.command.redirects if each.target]
        is_inside = call.around.folder is None or is_under(call.around.folder, path)
        if call is change or call.program in _ACCOUNTS or (call.program == "mkdir" and set(places) <= {path, None}):
            continue
        if is_inside or any(place is None or (is_under(place, path) and place != path) for place in places):
            return False
    return True


# --- place ------------------------------------------------------------------------------------------------------------


def _copied_there(snapshot: Snapshot, late: Late) -> Fix | None:
    """Copy a file to where the very next RUN moves it."""
    layers, call = snapshot.ledgers.of(late.layer).layers, late.call
    if call.program != "mv" or len(late.writers) > 1 or len(late.written) > 1 or call.options:
        return None
    copy, source = late.writers[0], late.written[0]
    moved = next((each for each in late.layer.effects if each.span == call.span and each.kind is Kind.MOVES), None)
    to = moved.cause.to if moved and isinstance(moved.cause, Moved) else None
    instruction, words = copy.instruction, copy.instruction.words
    if layers.index(copy) + 1 != layers.index(late.layer) or instruction.keyword != "COPY" or to is None:
        return None
    cause = source.cause
    if not isinstance(cause, Copied) or not cause.is_file or len(words) != 2 or instruction.array is not None:
        return None
    if len(call.operands()) != 2 or " " in to or posixpath.basename(to) in ("", ".") or call.placed.conditional:
        return None
    rest = _without(snapshot, late.layer, late.call)
    before = late.layer.calls[: late.layer.calls.index(call)]
    if rest is None or any(_mentions(each, (source.path or "", to)) for each in before):
        return None
    at = words[1].span.shifted(snapshot.offset(copy.site))
    return Fix("copy-there", f"Copy it to {to}", Safety.SAFE, (Edit(at, to), *rest))


def _mentions(call: Call, paths: tuple[str, ...]) -> bool:
    """Whether a call has to do with one of these files."""
    names = tuple(posixpath.basename(path) for path in paths)
    return any(name in text for text in (call.typed, *(word.text for word in call.words)) for name in names)
