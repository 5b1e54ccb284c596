r"""A cache mount stays empty: the same RUN empties it, or goes round it.

What a tool downloads into a cache mount is on the builder, not in the layer, and the next build finds it there. A
clean-up in the same RUN (`rm -rf /var/lib/apt/lists/*`, `npm cache clean`) takes it away again and frees nothing of the
image; an option such as `--no-cache-dir`, or `ENV PIP_NO_CACHE_DIR=1`, has the tool write nothing there at all. In
Docker's images of Debian and Ubuntu, the file `/etc/apt/apt.conf.d/docker-clean` has apt delete each archive when it is
installed.

## Example

```
FROM debian:13-slim
RUN --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:13-slim
RUN --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update \
    && apt-get install -y --no-install-recommends curl
```

## Example

```
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir pandas
```

Use instead:

```
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install pandas
```

## Example

```
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=1
RUN --mount=type=cache,target=/root/.cache/pip pip install pandas
```

Use instead:

```
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=1
RUN --mount=type=cache,target=/root/.cache/pip PIP_NO_CACHE_DIR= pip install pandas
```

## Example

```
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt \
    apt-get update \
    && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt \
    mv /etc/apt/apt.conf.d/docker-clean /tmp/ && apt-get update \
    && apt-get install -y ffmpeg \
    && mv /tmp/docker-clean /etc/apt/apt.conf.d/ && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe for a clean-up and an option: what they are about never comes into the layer. `docker-clean` is set aside while apt
runs, and is there again in the image, where that is one of Docker's official images and the RUN fails with apt. The
other way is to remove it: then apt keeps the archives of every later install, in images that build on this one too;
where a RUN of the stage installs without such a mount, that is not offered, and else look before you take it. In a
stage that does not ship it is safe: no image has it.

## Not reported

The clean-up is about another folder than the mount:

```
FROM debian:13-slim
RUN --mount=type=cache,target=/root/.cache/pip \
    apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
```

`docker-clean` is gone:

```
FROM debian:13-slim
RUN rm -f /etc/apt/apt.conf.d/docker-clean
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && apt-get install -y --no-install-recommends ffmpeg
```

Only a part of what a mount keeps goes:

```
FROM debian:13-slim
RUN --mount=type=cache,target=/root/.cache apt-get update && rm -rf /root/.cache/broken /var/lib/apt/lists/*
```

## References

- Cache mounts: https://docs.docker.com/reference/dockerfile/#run---mounttypecache
- apt in them: https://docs.docker.com/reference/dockerfile/#example-cache-apt-packages
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.commands import apt
from deadweight.model.effects import CopiedFromStage, Leftover, is_under
from deadweight.rules.cache_mounts import (
    ARCHIVES,
    VARIABLES,
    Lost,
    apt_archives,
    apt_installs,
    caches,
    has_docker_clean,
    is_in,
    passed,
    removed,
    switched_off,
    without_clean_up,
)
from deadweight.rules.edits import append_command, complete, insert_word_before, prepend_command, replace_word
from deadweight.rules.rule import Finding, Fix, Safety, Words, rule
from deadweight.rules.script_places import body_of, place_of
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

_KEEP_ARCHIVES = f"rm -f {apt.DOCKER_CLEAN}"
_SET_ASIDE = f"mv {apt.DOCKER_CLEAN} /tmp/"
_BRING_BACK = f"mv /tmp/docker-clean {posixpath.dirname(apt.DOCKER_CLEAN)}/"


def _if_mounted(instruction: Instruction) -> str:
    """The text of a RUN that may have a mount."""
    return instruction.text if instruction.flags else ""


@rule("cache-mount-defeated", group="cache", words=Words(of_text=_if_mounted))
def cache_mount_defeated(snapshot: Snapshot) -> Iterator[Finding]:
    """Report RUNs that mount a cache and do not let anything stay in it."""
    for ledger in snapshot.reached_ledgers:
        for layer in ledger.layers:
            if not layer.calls or not layer.instruction.flags or not caches(layer):
                continue
            emptied, bypassed, archives = _lost(layer)
            for lost in emptied:
                message = f"{_what(lost)} in a cache mount, and removed again"
                yield _finding(snapshot, ledger, layer, lost, message, partial(_without_clean_up, layer, lost))
            for lost in bypassed:
                told = lost.word.text if lost.word else lost.variable
                message = f"{told} has {lost.call.program} leave the cache mount empty"
                fixes = partial(_without_option if lost.word else _without_variable, layer, lost)
                yield _finding(snapshot, ledger, layer, lost, message, fixes)
            for lost in archives if has_docker_clean(snapshot, ledger, layer) else ():
                message = "apt deletes what it downloads to the cache mount, as docker-clean tells it"
                fixes = partial(_without_docker_clean, ledger, layer, lost)
                yield _finding(snapshot, ledger, layer, lost, message, fixes)


@remembered
def _lost(layer: Layer) -> tuple[tuple[Lost, ...], tuple[Lost, ...], tuple[Lost, ...]]:
    """What a RUN removes from its cache mounts, what goes round them, and what apt would keep in one."""
    targets = caches(layer)
    calls = [call for call in layer.calls if call.program in apt.PROGRAMS]
    archives = apt_archives(layer) if is_in(targets, ARCHIVES) else ()
    is_told = any(call.has("-o", "--option") for call in calls)
    kept = (Lost(calls[0], archives),) if calls and archives and not is_told else ()
    return removed(layer, targets), passed(layer, targets) + switched_off(layer, targets), kept


def _finding(
    snapshot: Snapshot,
    ledger: Ledger,
    layer: Layer,
    lost: Lost,
    message: str,
    fixes: Callable[[Snapshot], Iterator[Fix | None]],
) -> Finding:
    return Finding(
        site=layer.site,
        span=lost.call.span,
        message=message,
        saves=snapshot.sizes.of(lost.effects),
        basis="cache",
        stage=ledger.stage.label,
        fixes=fixes,
    )


def _what(lost: Lost) -> str:
    """What is lost, as the subject of a sentence: "apt package lists are"."""
    cause = lost.effects[0].cause
    if not isinstance(cause, Leftover):
        return "its cache is"
    return f"{cause.what} {'are' if cause.are_many else 'is'}"


def _without_clean_up(layer: Layer, lost: Lost, snapshot: Snapshot) -> Iterator[Fix | None]:
    if edits := without_clean_up(snapshot, layer, lost.call, caches(layer)):
        yield Fix("keep-cache", "Leave out the clean-up: the layer does not hold it", Safety.SAFE, edits)


def _without_option(layer: Layer, lost: Lost, snapshot: Snapshot) -> Iterator[Fix | None]:
    if lost.word and (edit := replace_word(snapshot, layer, lost.word, "")):
        yield Fix("keep-cache", f"Remove {lost.word.text}: the cache goes to the mount", Safety.SAFE, (edit,))


def _without_variable(layer: Layer, lost: Lost, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Tell the one command otherwise: a later RUN without such a mount would keep its downloads in the layer."""
    command, name, told = lost.call.placed.command, lost.variable, VARIABLES[lost.variable]
    is_of_stage = layer.step is not None and layer.step.state.variables.get(name) == lost.call.around.variables[name]
    if not is_of_stage or name in [each.name for each in command.assignments] or command.words[0].text == "sudo":
        return
    if edit := insert_word_before(snapshot, layer, command.words[0], told):
        yield Fix("keep-cache", f"Write {told} in front: the cache goes to the mount", Safety.SAFE, (edit,))


def _without_docker_clean(ledger: Ledger, layer: Layer, lost: Lost, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Let apt keep them; not where a later RUN of the stage would have them in its layer then."""
    stays_behind = _stays_behind(snapshot, ledger)
    if not stays_behind:
        yield _with_docker_clean_aside(snapshot, ledger, layer, lost)
    later = [each for each in ledger.layers[layer.site.step + 1 :] if apt_installs(each)]
    if not all(is_in(caches(each), ARCHIVES) for each in later):
        return
    if edit := prepend_command(snapshot, layer, lost.call, _KEEP_ARCHIVES):
        title = "Remove docker-clean, so that apt keeps the archives"
        if stays_behind:
            yield Fix("keep-archives", title, Safety.SAFE, (edit,))
            return
        note = "Check: images that build on this one keep what apt downloads, unless they mount a cache as well"
        yield Fix("keep-archives", title, Safety.ASK, (edit,), note=note)


def _with_docker_clean_aside(snapshot: Snapshot, ledger: Ledger, layer: Layer, lost: Lost) -> Fix | None:
    """Take it away while apt runs, and bring it back: of official images it is known that it is there."""
    last = [call for call in layer.calls if call.program in apt.PROGRAMS][-1]
    if "/" in ledger.base.repository or not _fails_with(layer, last):
        return None
    edits = complete(
        (prepend_command(snapshot, layer, lost.call, _SET_ASIDE), append_command(snapshot, layer, last, _BRING_BACK))
    )
    title = "Set docker-clean aside while apt runs, so that the mount keeps the archives"
    return Fix("set-aside", title, Safety.SAFE, edits) if edits else None


def _fails_with(layer: Layer, call: Call) -> bool:
    """Whether a RUN fails where a command of it does, so that what comes behind that has run in any image."""
    body = body_of(layer)
    place = body and place_of(body, call)
    if not body or not place or (place.chain is not None and set(place.chain.operators) != {"&&"}):
        return False
    return place.errexit is True or (place.is_last and place.list is body.script.body)


def _stays_behind(snapshot: Snapshot, ledger: Ledger) -> bool:
    """Whether no image holds a stage, nor what a file tells apt in it or in those that stand on it."""
    build, first = snapshot.build, ledger.stage.index
    if first in build.shipped:
        return False
    standing = {first}
    for stage in build.stages[first + 1 :]:
        standing |= {stage.index} if stage.base in standing else set()
    copied = (effect.cause for each in snapshot.ledgers[first + 1 :] for layer in each.layers for effect in layer.kept)
    return not any(
        isinstance(cause, CopiedFromStage)
        and is_under(apt.DOCKER_CLEAN, cause.path)
        and ("$" in cause.stage or ((source := build.find(cause.stage)) is not None and source.index in standing))
        for cause in copied
    )
