"""Where apt's package lists are downloaded and read, and how a fix removes them where they are downloaded."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import catalog
from deadweight.model.commands.apt import LISTS, updates_besides
from deadweight.model.commands.call import remembered_of_words
from deadweight.model.effects import CopiedFromStage, Kind, covers, is_under
from deadweight.model.layers import mounts_of
from deadweight.model.of_layers import OfLayers
from deadweight.rules.edits import append_command, complete, prepend_command, remove_command, remove_instruction
from deadweight.rules.leftovers import left_again
from deadweight.rules.rule import Fix, Safety, as_written
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import remembered
from deadweight.syntax.run import run_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Nth
    from deadweight.model.layers import Layer, Ledger
    from deadweight.rules.leftovers import Left
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_APT = frozenset(("apt-get", "apt", "aptitude"))
# Programs that read the lists.
_READERS = _APT | {
    *("apt-cache", "tasksel", "mk-build-deps", "gdebi", "apt-file", "rosdep", "opam", "shutit"),
    *("ansible-playbook", "ansible-pull", "chef-client", "chef-solo", "puppet", "salt-call", "apt-fast"),
}
# Programs of a base image that install: `install-packages` of Gitpod, `install_packages` of minideb, `clean-install`
_INSTALLS = re.compile(r"install[-_](?:packages?|pkgs|clean)|(?:clean|apt|pkg|package)[-_]install")
_TIDY = frozenset(("clean", "autoclean", "autoremove", "remove", "purge"))
_NEED_NO_LISTS = _TIDY | {"update", "--version"}
_SHELLS = frozenset(("sh", "bash", "dash"))
_FEW = 2  # RUNs with scripts that get an update of their own: where there are more, somebody should look at them
_READS_NO_FILE = re.compile(r"(?<![\w-])-[a-z]*[cs]")  # `bash -xc "..."`, `curl ... | bash -s stable`
# Scripts that build, and those of Jenkins's image that download plugins (jenkinsci/docker; kept by hand, 2026-11-26).
_CALLS_NO_APT = re.compile(r"(?i)conda|autogen|configure|/(?:install-)?plugins\.sh")
# `./bootstrap.sh --prefix=/usr`, which makes ready for make
_CONFIGURES = re.compile(r"--(?:prefix|with-\S+|enable-\S+|disable-\S+)\b")
_NO_TOOLS = frozenset(("cd", "echo", "printf", "export", "set", "true", ":", "test", "[", "ls", "cat", "grep", "sed"))
# What a script right before them makes: `./bootstrap.sh && ./configure`
_READY_BY = frozenset(("configure", "b2", "bjam"))
# `/etc/apt/sources.list.d/nodesource.list`, `apt-key add -`, `add-apt-repository ppa:git-core/ppa`
_SOURCES = re.compile(r"/etc/apt\b|\bapt-key\b|\badd-apt-repository\b|\bdpkg --add-architecture\b")
_INNER_VERB = re.compile(r"\b(?:apt-get|apt|aptitude)\s[^;&|]*?\b(update|install|upgrade|dist-upgrade|build-dep)\b")
_LATER = frozenset(("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD"))
_MENTIONS_APT = re.compile(r"\b(?:apt-get|aptitude)\b|(?<![\w.-])apt\s")


def of_command(command: Reading) -> object:
    """All that these answers take from the words of a command."""
    call = command.call
    if call.placed.in_function or call.placed.calls_function:
        return as_written(command)
    return _reads_lists(call), _is_script(call), _is_certain_update(call)


def readers_of(ledger: Ledger, left: Left) -> list[Layer]:
    """The later RUNs of the stage that read these lists."""
    found: list[Layer] = []
    for layer, (needs, ends) in _about_lists.in_stage(ledger.alone):
        if layer.site > left.layer.site:
            found += [layer] if needs else []
            if ends:
                break
    return found


def is_read_here(left: Left) -> bool:
    """Whether the RUN that downloads the lists reads them too."""
    return bool(_uses(left.layer))


def first_use(layer: Layer) -> Nth:
    """The first call of a reader that reads them."""
    return _first_use(layer).span


def remove_lists(snapshot: Snapshot, left: Left) -> Fix | None:
    """Remove the lists where they are downloaded, and where they would be once more; RUNs further down that read them
    download them themselves, and so do those that start a script of the user's.
    """
    again = left_again(snapshot, left)
    fixes = [_remove(snapshot, left), *(_remove(snapshot, each, is_again=True) for each in again)]
    made = [fix for fix in fixes if fix is not None]
    if len(made) < len(fixes):
        return None
    asked = [fix for fix in made if fix.safety is Safety.ASK]
    return replace((asked or made)[0], title=made[0].title, edits=tuple(edit for fix in made for edit in fix.edits))


def _remove(snapshot: Snapshot, left: Left, *, is_again: bool = False) -> Fix | None:
    """The same of one layer, which another of the same stage may do once more."""
    ledger = snapshot.ledgers.of(left.layer)
    below = _until_next_update(ledger, left)
    elsewhere = _used_elsewhere(snapshot, ledger, left, below)
    if elsewhere is None:
        return None
    own = _Reading(below, tuple(readers_of(ledger, left)))
    if not (scripts := [layer for layer in below if _may_need_lists(snapshot, ledger, layer)]):
        return _removal(snapshot, left, (own, *elsewhere), is_again=is_again)
    everybody = own._replace(readers=tuple(sorted({*own.readers, *scripts}, key=below.index)))
    if len(scripts) <= _FEW and (safe := _removal(snapshot, left, (everybody, *elsewhere), is_again=is_again)):
        return safe
    fix = _removal(snapshot, left, (own, *elsewhere), is_again=is_again)
    script = next(call for call in scripts[0].calls if _is_script(call))
    name = " ".join(word.text for word in script.placed.command.words[:2])
    return fix and replace(fix, safety=Safety.ASK, note=f"Check: `{name}` installs nothing without an update")


class _Reading(NamedTuple):
    """Who reads lists in a stage: of the layers that see them, those that install."""

    below: tuple[Layer, ...]
    readers: tuple[Layer, ...]


def _removal(snapshot: Snapshot, left: Left, readings: Sequence[_Reading], *, is_again: bool) -> Fix | None:
    """The removal, where these alone read the lists."""
    edits: list[Edit | None] = []
    if not is_again and not any(readers for _, readers in readings) and (needless := _needless(left.layer)):
        whole = [remove_instruction(snapshot, left.layer)] if _only_updates(left.layer) else None
        if made := complete(whole or [remove_command(snapshot, left.layer, call) for call in needless]):
            return Fix("clean-up", "Remove apt-get update, which nothing reads", Safety.SAFE, made)
    for below, readers in readings:
        if readers and not _can_move(left, below[: below.index(readers[-1]) + 1], readers):
            return None
        edits += [edit for layer in readers for edit in _updating(snapshot, layer, left, below)]
    if (edits or is_again) and _only_updates(left.layer):
        title = "Update the apt lists where packages are installed, and remove them there"
        edits.append(remove_instruction(snapshot, left.layer))
    else:
        title = "Remove the apt lists in the same RUN"
        edits.append(append_command(snapshot, left.layer, _last_use(left), left.cause.cleanup))
    made = complete(edits)
    return Fix("clean-up", title, Safety.SAFE, made) if made else None


@OfLayers
def _about_lists(layer: Layer) -> Iterator[tuple[bool, bool]]:
    """Whether a RUN reads the lists of an earlier one, and whether these are gone behind it, or others there."""
    found = (_needs_lists(layer), _ends(layer)) if layer.calls else (False, False)
    if True in found:
        yield found


def _ends(layer: Layer) -> bool:
    """Whether the lists of an earlier layer are gone behind a RUN, or others are there."""
    return _downloads(layer) or _removes(layer)


def _until_next_update(ledger: Ledger, left: Left) -> tuple[Layer, ...]:
    """The layers that see the lists of this one: those below it, up to the next that downloads them anew, or that takes
    them away.
    """
    below = ledger.layers[left.layer.site.step + 1 :]
    for at, layer in enumerate(below):
        if layer.calls and _ends(layer):
            return below[: at + 1]
    return below


@remembered
def _needs_lists(layer: Layer) -> bool:
    """Whether a RUN reads the lists of an earlier one: before an update of its own, and not from a mount."""
    return _comes_before_update(layer, next((call for call in _uses(layer) if not _is_script(call)), None))


def _may_need_lists(snapshot: Snapshot, ledger: Ledger, layer: Layer) -> bool:
    """Whether a RUN starts a script that may read the lists of an earlier one; it may not as an account that is not
    root and has no way to be.
    """
    if not layer.calls or not _comes_before_update(layer, next(filter(_is_script, _uses(layer)), None)):
        return False
    is_plain = layer.step is not None and bool(layer.step.state.user) and not layer.step.state.is_root
    return not is_plain or "/" in ledger.base.repository or "sudo" in snapshot.text  # no official image has sudo


def _comes_before_update(layer: Layer, call: Call | None) -> bool:
    """Whether a call finds the lists as the layers below left them."""
    if call is None or _mounts_lists(layer):
        return False
    return not any(_is_certain_update(each) for each in layer.calls[: layer.calls.index(call)])


@remembered
def _downloads(layer: Layer) -> bool:
    """Whether a RUN puts new lists in place of those of an earlier one."""
    return not _mounts_lists(layer) and any(_is_certain_update(call) for call in layer.calls)


@remembered
def _removes(layer: Layer) -> bool:
    """Whether a RUN surely takes the lists away: `rm -rf /var/lib/apt/lists/*`."""
    gone = (each for each in layer.undoing if each.kind is Kind.REMOVES and each.is_certain)
    return any(each.path is not None and covers(each.path, LISTS) for each in gone)


@remembered
def _mounts_lists(layer: Layer) -> bool:
    if layer.step is None:
        return False
    mounts = mounts_of(layer.step.instruction, layer.step.state)
    return any(mount.target and is_under(LISTS, mount.target) for mount in mounts)


def _updating(snapshot: Snapshot, layer: Layer, left: Left, below: tuple[Layer, ...]) -> Iterator[Edit | None]:
    """What a later RUN needs once the lists of an earlier one are gone: its own update, and its own clean-up."""
    uses, prefix = _uses(layer), _as_root(left, below, layer)
    # Where the RUN itself adds sources, the lists that it finds are those without them.
    first = layer.calls[0] if _changes_sources(layer, uses[0]) else uses[0]
    update = f"{prefix}{_update_command(left)}"
    yield prepend_command(snapshot, layer, first, update)
    if not any(map(_downloads_lists, layer.calls)):
        yield append_command(snapshot, layer, uses[-1], f"{prefix}{left.cause.cleanup}", wider=len(update))


def _update_command(left: Left) -> str:
    """The update, as it is written where it is one: `DEBIAN_FRONTEND=noninteractive apt-get update -qq`."""
    call = left.calls[-1]
    if not _is_update(call):
        return "apt-get update"
    assigned = (f"{each.name}={each.value.text if each.value else ''}" for each in call.placed.command.assignments)
    return " ".join((*assigned, call.program, *(word.text for word in call.words)))


def _can_move(left: Left, below: tuple[Layer, ...], readers: Sequence[Layer]) -> bool:
    """Whether an update does the same in each of these layers, up to the last of the readers: the sources, the account
    and the flags are the same.
    """
    step, update = left.layer.step, left.calls[-1]
    if step is None or "$" in _update_command(left):
        return False
    if any(isinstance(node, shell.Chain) and "||" in node.operators for node in update.placed.ancestors):
        return False  # an update that may fail: `apt-get update || true`
    for layer in below:
        first = _uses(layer)[0] if layer in readers else None
        if layer.step is None or _changes_sources(layer, layer.calls[0] if first and layer is below[-1] else None):
            return False
        if first is None:
            continue
        if not _has_flags_of(left.layer, layer) or _as_root(left, below, layer) is None:
            return False
    return True


def _as_root(left: Left, below: tuple[Layer, ...], layer: Layer) -> str | None:
    """What a command in a later RUN needs in front to run as the update did: "sudo " where the account has called it
    before without a word; None where it may not.
    """
    step, update = layer.step, left.layer.step
    if step is None or update is None:
        return None
    if step.state.is_root or step.state.user == update.state.user or _has_sudo(_uses(layer)[0]):
        return ""
    before = below[: below.index(layer)]
    same = (each for each in before if each.step is not None and each.step.state.user == step.state.user)
    return "sudo " if any(_is_plain_sudo(call) for each in same for call in each.calls) else None


def _is_plain_sudo(call: Call) -> bool:
    """Whether a call surely runs as root by sudo."""
    words = [word.text for word in call.placed.command.words[:2]]
    return words[:1] == ["sudo"] and not words[-1].startswith("-") and not call.placed.conditional


def _has_flags_of(update: Layer, layer: Layer) -> bool:
    """Whether a RUN has the mounts of another, and the same network."""
    theirs, own = update.instruction, layer.instruction
    pairs = {(flag.name, flag.value) for flag in own.flags}
    return own.flag("network") == theirs.flag("network") and all(
        (each.name, each.value) in pairs for each in theirs.flags
    )


def _changes_sources(layer: Layer, until: Call | None) -> bool:
    """Whether an update below this instruction, or `until` one of its calls, may see other sources than one above."""
    text = layer.instruction.text[: until.place.start] if until else layer.instruction.text
    return layer.instruction.keyword in ("RUN", "COPY", "ADD") and bool(_SOURCES.search(text))


def _only_updates(layer: Layer) -> bool:
    """Whether a RUN does nothing but update, and says nothing in between: it can go."""
    body = run_body(layer.instruction, layer.step.state.shell) if layer.step else None
    if body is None or "#" in layer.instruction.text:
        return False
    commands = [placed.command for placed in shell.commands(body.script)]
    return len(commands) == len(layer.calls) == 1 and _is_update(layer.calls[0]) and not commands[0].redirects


def _needless(layer: Layer) -> list[Call]:
    """The updates of a RUN beside which nothing reads the lists, nor may."""
    updates = [call for call in layer.calls if _is_update(call)]
    others = [call for call in layer.calls if not _is_update(call)]
    is_plain = not any(
        call.placed.conditional or call.placed.in_function or call.placed.command.words[0].text == "exec"
        for call in updates
    )
    return updates if is_plain and not _uses(layer) and all(map(_is_known, others)) else []


def _is_known(call: Call) -> bool:
    """Whether a call surely installs nothing by apt."""
    return call.program in _NO_TOOLS or catalog.find(call.program) is not None


def _last_use(left: Left) -> Call:
    """The last call of the layer that reads or writes the lists, with what apt tidies up right behind it."""
    calls = left.layer.calls
    uses = [*_uses(left.layer), *(call for call in calls if _downloads_lists(call) and not call.placed.in_function)]
    last = max(uses or left.calls, key=calls.index)
    behind = takewhile(
        lambda call: _tidies(call) and call.placed.ancestors == last.placed.ancestors, calls[calls.index(last) + 1 :]
    )
    return next(reversed([last, *behind]))


def _tidies(call: Call) -> bool:
    """Whether apt takes something away: `apt-get -y autoremove`, `apt-get clean`."""
    return call.program in _APT and any(word.text in _TIDY for word in call.words)


@remembered
def _uses(layer: Layer) -> list[Call]:
    """The calls that read the lists, those that may do so among them: of functions that do, and of scripts."""
    calls = [(call, _reads_lists(call)) for call in layer.calls]
    functions = {
        node.name
        for call, reads in calls
        if reads and call.placed.in_function
        for node in call.placed.ancestors
        if isinstance(node, shell.Block) and node.kind == "function"
    }
    ready = {id(each) for each, then in pairwise(layer.calls) if then.program in _READY_BY}
    return [
        call
        for call, reads in calls
        if not call.placed.in_function
        and (reads or call.program in functions or (_is_script(call) and id(call) not in ready))
    ]


def _first_use(layer: Layer) -> Call:
    return next(call for call in _uses(layer) if not _is_script(call))


def _used_elsewhere(
    snapshot: Snapshot, ledger: Ledger, left: Left, below: tuple[Layer, ...]
) -> tuple[_Reading, ...] | None:
    """Who reads the lists in stages that stand on this one; None where something reads them that is not this fix's to
    change: a script there, a copy, an ONBUILD, a CMD.
    """
    stage = ledger.stage
    if any(_runs_apt_later(layer) for layer in below):
        return None
    if ledger.layers[-1] is not (below[-1] if below else left.layer):
        return ()
    found = [_reading(snapshot, each, stage.index, below) for each in snapshot.ledgers[stage.index + 1 :]]
    return None if None in found else tuple(each for each in found if each and each.readers)


def _reading(snapshot: Snapshot, ledger: Ledger, index: int, below: tuple[Layer, ...]) -> _Reading | None:
    """Who reads in a stage the lists that the stage `index` ends with; None where nobody can tell."""
    copies = (
        effect.cause.path
        for layer in ledger.layers
        for effect in layer.kept
        if isinstance(effect.cause, CopiedFromStage)
        and snapshot.build.find(effect.cause.stage) is snapshot.build.stages[index]
    )
    base, seen = ledger.stage.base, below
    while isinstance(base, int) and base != index:
        seen = (*below, *snapshot.ledgers[base].layers[1:], *seen[len(below) :])
        base = snapshot.build.stages[base].base
    if base != index:
        return None if any(is_under(LISTS, path) for path in copies) else _Reading((), ())
    if any(map(_downloads, seen[len(below) :])):
        return _Reading((), ())
    readers: list[Layer] = []
    for layer in ledger.layers:
        if _runs_apt_later(layer) or any(_is_script(call) for call in layer.calls):
            return None
        readers += [layer] if _needs_lists(layer) else []
        if _downloads(layer):
            break
    return _Reading((*seen, *ledger.layers[1:]), tuple(readers))


@remembered
def _runs_apt_later(layer: Layer) -> bool:
    """Whether an instruction calls apt when the image is used."""
    instruction = layer.instruction
    return instruction.keyword in _LATER and bool(_MENTIONS_APT.search(instruction.line.text))


def _is_update(call: Call) -> bool:
    return call.program in _APT and "update" in [word.text for word in call.words]


def _has_sudo(call: Call) -> bool:
    return call.placed.command.words[0].text == "sudo"


def _is_certain_update(call: Call) -> bool:
    return _downloads_lists(call) and not call.placed.conditional


def _downloads_lists(call: Call) -> bool:
    return _is_update(call) or updates_besides(call)


@remembered_of_words
def _reads_lists(call: Call) -> bool:
    if call.program in _READERS or _INSTALLS.fullmatch(call.program):
        return _NEED_NO_LISTS.isdisjoint([word.text for word in call.words])
    return call.program not in ("echo", "printf") and _hands_on_an_install(call)


def _hands_on_an_install(call: Call) -> bool:
    """Whether a call has another program install: `bash -c 'apt-get install -y curl'`, `xargs apt-get install`."""
    if not (call.placed.command.redirects or any("apt" in word.text for word in call.words)):
        return False
    inner = shell.nested(call.placed.command)
    text = " ".join(word.text for word in call.words) + (f" {inner.text}" if inner else "")
    verb = _INNER_VERB.search(text)
    return verb is not None and verb[1] != "update"


def _is_script(call: Call) -> bool:
    """Whether a call starts a script of the user's, which may call apt: `./setup.sh`, `bash -x /tmp/install.sh`."""
    if call.program in _SHELLS:
        file = next((word.text for word in call.words if not word.text.startswith(("-", "+"))), "")
        return bool(file) and not _READS_NO_FILE.search(" ".join(call.options)) and not _CALLS_NO_APT.search(file)
    if any(map(_CONFIGURES.match, call.options)):
        return False
    return call.typed.endswith(".sh") and "/" in call.typed and not _CALLS_NO_APT.search(call.typed)
