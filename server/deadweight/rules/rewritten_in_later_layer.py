r"""Files of an earlier layer are written once more.

A layer holds whole files. `chown -R` of what an earlier instruction copied writes all of it again, to change a few
bytes of metadata: the image holds both copies. So do `chmod`, `touch`, `mv`, `sed -i` and `>>`. COPY can set owner and
mode itself.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN chown -R node:node /app
USER node
//- models/base.bin 100000000
//- server.js 4000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY --chown=node:node . .
RUN chown node:node /app
USER node
//- models/base.bin 100000000
//- server.js 4000
```

The account has to be there before it can own something:

## Example

```
//- Dockerfile
FROM debian:bookworm-slim
WORKDIR /app
COPY . .
RUN useradd --system app && chown -R app:app /app
USER app
//- models/base.bin 100000000
```

Use instead:

```
//- Dockerfile
FROM debian:bookworm-slim
WORKDIR /app
RUN useradd --system app && chown app:app /app
COPY --chown=app:app . .
USER app
//- models/base.bin 100000000
```

What a RUN wrote belongs to that RUN:

## Example

```
FROM python:3.13-slim
RUN pip install --no-cache-dir --no-compile --target=/opt/lib pandas
RUN chown -R 1000:1000 /opt/lib
```

Use instead:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir --no-compile --target=/opt/lib pandas \
    && chown -R 1000:1000 /opt/lib
```

What is copied can be copied to its place:

## Example

```
//- Dockerfile
FROM eclipse-temurin:21-jre
COPY build/shop.jar /tmp/shop.jar
RUN mkdir -p /srv/shop && mv /tmp/shop.jar /srv/shop/app.jar
//- build/shop.jar 45000000
```

Use instead:

```
//- Dockerfile
FROM eclipse-temurin:21-jre
COPY build/shop.jar /srv/shop/app.jar
RUN mkdir -p /srv/shop
//- build/shop.jar 45000000
```

## Fix safety

Safe: COPY gives its files the owner or the mode that the later command gave them; the folder itself is still changed by
that command, which then costs nothing. An account that is not there yet owns files by its number, where the file says
which that is. RUNs are merged, and what is copied between them is copied below, where the later ones have nothing to do
with it. Look before you take it where other instructions may have made files in the same folder. A mode such as `+x`
depends on the file that is copied: `--chmod=755` is offered, for you to look at.

## Not reported

The files come from the same RUN, or the link is a symbolic one:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir --no-compile --target=/opt/lib pandas && chown -R 1000:1000 /opt/lib
RUN ln -s /opt/lib /lib/extra
```

The stage does not ship:

```
//- Dockerfile
FROM debian:bookworm-slim AS build
COPY model.bin /srv/
RUN chown -R 1000 /srv
FROM scratch
COPY --from=build /etc/hostname /
//- model.bin 100000000
```

It is a copy that somebody may want, beside the first one:

```
//- Dockerfile
FROM debian:bookworm-slim
COPY model.bin /srv/
RUN cp /srv/model.bin /srv/model.orig.bin
//- model.bin 100000000
```

## References

- COPY --chown and --chmod: https://docs.docker.com/reference/dockerfile/#copy---chown---chmod
- What a layer stores: https://docs.docker.com/engine/storage/drivers/#copying-makes-containers-efficient
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied, Download, Kind, Moved, Rewritten, is_under
from deadweight.rules import copies_between
from deadweight.rules.account_ids import by_number
from deadweight.rules.edits import insert_flag, move_below, remove_command, remove_instruction, replace_word
from deadweight.rules.rule import Finding, Fix, Related, Safety, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.size.estimate import effect_size, size_together
from deadweight.syntax.dockerfile import remembered
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word

# Programs that make a second file on purpose.
_COPIES = frozenset(("cp", "install"))
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


class _Again(NamedTuple):
    """A call that writes again what earlier layers hold."""

    layer: Layer
    call: Call
    effects: tuple[Effect, ...]

    @property
    def sources(self) -> tuple[tuple[Site, Effect], ...]:
        """What it writes again, each with its instruction."""
        causes = (effect.cause for effect in self.effects)
        return tuple(each for cause in causes if isinstance(cause, Rewritten) for each in cause.sources)

    def writers(self, ledger: Ledger) -> list[Layer] | None:
        """The layers of its stage that it comes from, in order; None where one of them lies in a stage below."""
        sites = {site for site, _ in self.sources}
        found = [layer for layer in ledger.layers if layer.site in sites]
        return found if len(found) == len(sites) else None


@rule("rewritten-in-later-layer", group="layers")
def rewritten_in_later_layer(snapshot: Snapshot) -> Iterator[Finding]:
    """Report commands that change metadata or place of what an earlier layer of the image holds."""
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers_with(Rewritten):
            yield from _findings(layer, ledger.stage.label)


@remembered
def _findings(layer: Layer, stage: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            site=again.layer.site,
            span=again.call.span,
            message=f"{again.call.program} writes what {{lines}} wrote once more",
            saves=size_together(again.effects),
            basis="size",
            stage=stage,
            frees=frozenset((again.layer.site, effect) for effect in again.effects),
            fixes=partial(_fixes, again),
            related=tuple(Related(site, each.span, "written here first") for site, each in again.sources),
            lines=tuple(site for site, _ in again.sources),
        )
        for again in _again_in(layer)
    )


def _fixes(again: _Again, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield _in_copy(snapshot, again) or _copied_there(snapshot, again) or _merge(snapshot, again)


def _again_in(layer: Layer) -> Iterator[_Again]:
    """The calls of a layer that write something again without need, and what that is."""
    needless = (effect for effect in layer.kept if _is_needless(effect))
    for span, effects in groupby(needless, lambda effect: effect.span):
        call = next((call for call in layer.calls if call.span == span), None)
        if call is not None:
            yield _Again(layer, call, tuple(effects))


def _is_needless(effect: Effect) -> bool:
    cause = effect.cause
    if not isinstance(cause, Rewritten) or cause.by in _COPIES or not effect.is_certain:
        return False
    # Nobody knows how much of it is the user's where a program of the user's wrote there as well.
    is_known = effect_size(effect) is not None
    return (any if is_known else all)(may_be_heavy(each) for _, each in cause.sources)


def _merge(snapshot: Snapshot, again: _Again) -> Fix | None:
    """Make one RUN of the writer and this one."""
    ledger = snapshot.ledgers.of(again.layer)
    writers, layers = again.writers(ledger), ledger.layers
    if not writers:
        return None
    return copies_between.merged(snapshot, layers[layers.index(writers[0]) : layers.index(again.layer) + 1])


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


def _in_copy(snapshot: Snapshot, again: _Again) -> Fix | None:
    """Have COPY set the owner or the mode."""
    ledger = snapshot.ledgers.of(again.layer)
    change, writers = _change(again.call), again.writers(ledger)
    if change is None or not writers:
        return None
    if not change.is_exact and all(_is_download(layer) for layer in writers) and change.given in _OF_DOWNLOAD:
        change = change._replace(flag=f"--chmod={_OF_DOWNLOAD[change.given]}", is_exact=True)
    also = _also_changed(again, change)
    if not all(_can_set(layer, each) for layer in writers for each in (change, *(each for _, each in also))):
        return None
    rest = _rests(snapshot, again, ((again.call, change), *also))
    layers = ledger.layers
    if rest is None:
        return None
    flag = " ".join((change.flag, *(each.flag for _, each in also)))
    if all(_is_there(ledger, again, writer, name) for writer in writers for name in change.names):
        flags = tuple(insert_flag(snapshot, layer, flag) for layer in writers)
    elif _can_move_below(ledger, again, writers, change):
        flags = move_below(snapshot, writers, again.layer, flag=flag)
    elif numbers := by_number(layers[: layers.index(again.layer) + 1], *change.owner):
        flag = flag.replace(change.flag, f"--chown={numbers}")
        flags = tuple(insert_flag(snapshot, layer, flag) for layer in writers)
    else:
        return None
    title = f"Have {writers[0].instruction.keyword} set it: {flag}"
    if not change.is_exact:
        note = "Check: everybody may read and run it, and nobody but its owner write it"
        return Fix("copy-flag", title, Safety.ASK, (*flags, *rest), note=note)
    before = layers[: layers.index(again.layer) + 1]
    if change.recursive and not all(_leaves_alone(layer, change.path, again.call) for layer in before):
        note = f"Check: what other instructions made below {change.path} may stay as it is"
        return Fix("copy-flag", title, Safety.ASK, (*flags, *rest), note=note)
    return Fix("copy-flag", title, Safety.SAFE, (*flags, *rest))


def _change(call: Call) -> _Change | None:
    """What a chown, chgrp or chmod changes; None where COPY has no flag for it."""
    operands = call.operands()
    options = [word for word in call.words if word.text.startswith("-")]
    recursive = next((word for word in options if _RECURSIVE.fullmatch(word.text)), None)
    path = call.around.resolve(operands[1].pattern) if len(operands) == 2 else None
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


def _also_changed(again: _Again, change: _Change) -> list[tuple[Call, _Change]]:
    """What else the RUN changes of the same folder, all of it: `chown -R app /app && chmod -R 750 /app`."""
    others = [(each, made) for each in again.layer.calls if each is not again.call and (made := _changed_by(each))]
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


def _is_download(layer: Layer) -> bool:
    """Whether an instruction is an ADD of files from the network."""
    return layer.instruction.keyword == "ADD" and all(isinstance(each.cause, Download) for each in layer.kept)


def _rests(snapshot: Snapshot, again: _Again, changes: Iterable[tuple[Call, _Change]]) -> tuple[Edit, ...] | None:
    """What is left of the commands."""
    edits: list[Edit] = []
    for call, change in changes:
        if (rest := _rest(snapshot, again.layer, call, change)) is None:
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
    return _without(snapshot, layer, (call,))


def _without(snapshot: Snapshot, layer: Layer, calls: tuple[Call, ...]) -> tuple[Edit, ...] | None:
    """Edits that take calls out of a RUN; the RUN itself where it does nothing else."""
    if len(calls) == len(layer.calls):
        return (remove_instruction(snapshot, layer),)
    edit = remove_command(snapshot, layer, calls[0]) if len(calls) == 1 else None
    return (edit,) if edit else None


def _is_there(ledger: Ledger, again: _Again, writer: Layer, name: str) -> bool:
    """Whether an account is there when a COPY runs, given that it is when the command runs."""
    base = ledger.base
    if name in _SYSTEM_ACCOUNTS.get(base.os or "", ()) or _IMAGE_ACCOUNTS.get(base.repository) == name:
        return True
    layers = ledger.layers
    at, late = layers.index(writer), layers.index(again.layer)
    if any(_makes(call, name) for layer in layers[:at] for call in layer.calls):
        return True
    runs = [layer for layer in layers[at + 1 : late + 1] if layer.instruction.keyword == "RUN"]
    return runs == [again.layer] and again.layer.calls[0] is again.call


def _makes(call: Call, name: str) -> bool:
    return call.program in _ACCOUNTS and any(word.value == name for word in call.words) and not call.placed.conditional


def _can_move_below(ledger: Ledger, again: _Again, writers: Sequence[Layer], change: _Change) -> bool:
    """Whether each COPY can go below the RUN, which makes the account and needs none of their files."""
    layers, late = ledger.layers, again.layer
    between = layers[layers.index(writers[0]) : layers.index(late)]
    first, own = writers[0].step, late.step
    if first is None or own is None or first.state.workdir != own.state.workdir or not change.recursive:
        return False
    if any(layer not in writers and (layer.effects or layer.instruction.keyword == "RUN") for layer in between):
        return False
    if any("$" in layer.instruction.line.text for layer in writers) and len(between) > len(writers):
        return False
    if not all(call is again.call or call.program in (*_ACCOUNTS, "mkdir", "set") for call in late.calls):
        return False
    made = {path for call in late.calls if call.program == "mkdir" for path in call.paths(call.operands("-m"))}
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


def _copied_there(snapshot: Snapshot, again: _Again) -> Fix | None:
    """Copy a file to where the very next RUN moves it."""
    ledger = snapshot.ledgers.of(again.layer)
    writers, layers, call = again.writers(ledger), ledger.layers, again.call
    if call.program != "mv" or not writers or len(writers) > 1 or len(again.sources) > 1 or call.options:
        return None
    copy, source = writers[0], again.sources[0][1]
    moved = next((each for each in again.layer.effects if each.span == call.span and each.kind is Kind.MOVES), None)
    to = moved.cause.to if moved and isinstance(moved.cause, Moved) else None
    instruction, words = copy.instruction, copy.instruction.words
    if layers.index(copy) + 1 != layers.index(again.layer) or instruction.keyword != "COPY" or to is None:
        return None
    cause = source.cause
    if not isinstance(cause, Copied) or not cause.is_file or len(words) != 2 or instruction.array is not None:
        return None
    if len(call.operands()) != 2 or " " in to or posixpath.basename(to) in ("", ".") or call.placed.conditional:
        return None
    rest = _without(snapshot, again.layer, (call,))
    before = again.layer.calls[: again.layer.calls.index(call)]
    if rest is None or any(_mentions(each, (source.path or "", to)) for each in before):
        return None
    at = words[1].span.shifted(snapshot.offset(copy.site))
    return Fix("copy-there", f"Copy it to {to}", Safety.SAFE, (Edit(at, to), *rest))


def _mentions(call: Call, paths: tuple[str, ...]) -> bool:
    """Whether a call has to do with one of these files."""
    names = tuple(posixpath.basename(path) for path in paths)
    return any(name in text for text in (call.typed, *(word.text for word in call.words)) for name in names)
