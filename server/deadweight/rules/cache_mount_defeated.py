r"""A cache mount stays empty: the same RUN empties it, or goes round it.

What a tool downloads into a cache mount is on the builder, not in the layer, and the next build finds it there. A
clean-up in the same RUN (`rm -rf /var/lib/apt/lists/*`, `npm cache clean`) takes it away again and frees nothing of the
image; an option such as `--no-cache-dir` has the tool write nothing there at all. In Docker's images of Debian and
Ubuntu, the file `/etc/apt/apt.conf.d/docker-clean` has apt delete each archive when it is installed.

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
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt \
    apt-get update \
    && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update \
    && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe for a clean-up and an option: what they are about never comes into the layer. Without `docker-clean`, apt keeps the
archives of every later install, in images that build on this one too; where a RUN of the file installs without such a
mount, no fix is offered, and else look before you take it.

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

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import effects_of
from deadweight.model.commands import apt
from deadweight.model.effects import Kind, Leftover, PackageSet, covers, is_under
from deadweight.model.layers import mounts_of
from deadweight.rules.edits import prepend_command, remove_command, replace_word
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word

_OPTIONS = frozenset(("--no-cache-dir", "--no-cache"))
_ARCHIVES = f"{apt.CACHE}/archives"
_KEEP_ARCHIVES = f"rm -f {apt.DOCKER_CLEAN}"


class _Lost(NamedTuple):
    """What would be in a cache mount, and the call that sees to it that it is not, perhaps with a word of it."""

    call: Call
    effects: tuple[Effect, ...]
    word: Word | None = None


@rule("cache-mount-defeated", group="cache")
def cache_mount_defeated(snapshot: Snapshot) -> Iterator[Finding]:
    """Report RUNs that mount a cache and do not let anything stay in it."""
    for ledger in snapshot.reached_ledgers:
        for layer in ledger.layers:
            if not layer.calls or not layer.instruction.flags or not _caches(layer):
                continue
            for lost in _removed(layer):
                message = f"{_what(lost)} in a cache mount, and removed again"
                yield _finding(snapshot, ledger, layer, lost, message, partial(_without_clean_up, layer, lost.call))
            for lost in _passed(layer):
                word = lost.word.text if lost.word else ""
                message = f"{word} has {lost.call.program} leave the cache mount empty"
                yield _finding(snapshot, ledger, layer, lost, message, partial(_without_option, layer, lost))
            for lost in _archives_in(layer):
                if _has_docker_clean(snapshot, ledger, layer):
                    message = "apt deletes what it downloads to the cache mount, as docker-clean tells it"
                    fixes = partial(_without_docker_clean, ledger, layer, lost.call)
                    yield _finding(snapshot, ledger, layer, lost, message, fixes)


@remembered
def _caches(layer: Layer) -> tuple[str, ...]:
    """Where a RUN has cache mounts."""
    mounts = mounts_of(layer.instruction, layer.step.state) if layer.step else ()
    return tuple(mount.target for mount in mounts if mount.type == "cache" and mount.target)


def _is_cached(layer: Layer, path: str | None) -> bool:
    return path is not None and any(is_under(path, target) for target in _caches(layer))


def _finding(
    snapshot: Snapshot,
    ledger: Ledger,
    layer: Layer,
    lost: _Lost,
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


# --- a clean-up -------------------------------------------------------------------------------------------------------


@remembered
def _removed(layer: Layer) -> tuple[_Lost, ...]:
    """What a RUN puts into a cache mount and removes again."""
    kept = [each for each in layer.effects if isinstance(each.cause, Leftover) and _is_cached(layer, each.path)]
    found: list[_Lost] = []
    for call in layer.calls if kept else ():
        own = (each for each in layer.effects if each.kind is Kind.REMOVES and each.span == call.span)
        paths = [each.path for each in own if each.path]
        lost = tuple(each for each in kept if any(covers(path, each.path or "") for path in paths))
        if lost:
            found.append(_Lost(call, lost))
    return tuple(found)


def _what(lost: _Lost) -> str:
    """What is lost, as the subject of a sentence: "apt package lists are"."""
    cause = lost.effects[0].cause
    what = cause.what if isinstance(cause, Leftover) else "its cache"
    return f"{what} {'are' if what.endswith('s') else 'is'}"


def _without_clean_up(layer: Layer, call: Call, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Leave the clean-up out, or of its paths those that lie in a mount."""
    operands = call.operands() if call.program == "rm" else ()
    inside = [word for word in operands if _is_cached(layer, call.around.resolve(word.pattern))]
    if operands and not inside:
        return
    edits = (
        [remove_command(snapshot, layer, call)]
        if len(inside) == len(operands)
        else [replace_word(snapshot, layer, word, "") for word in inside]
    )
    made = tuple(edit for edit in edits if edit is not None)
    if len(made) == len(edits):
        yield Fix("keep-cache", "Leave out the clean-up: the layer does not hold it", Safety.SAFE, made)


# --- an option --------------------------------------------------------------------------------------------------------


@remembered
def _passed(layer: Layer) -> tuple[_Lost, ...]:
    """What tools would put into a cache mount, were they not told to keep nothing."""
    found: list[_Lost] = []
    for call in layer.calls:
        word = next((each for each in call.words if each.text in _OPTIONS), None)
        if word is None:
            continue
        # The layers below it are not asked.
        others = tuple(each for each in call.words if each is not word)
        effects = effects_of(replace(call, words=others))
        kept = tuple(each for each in effects if isinstance(each.cause, Leftover) and _is_cached(layer, each.path))
        if kept:
            found.append(_Lost(call, kept, word))
    return tuple(found)


def _without_option(layer: Layer, lost: _Lost, snapshot: Snapshot) -> Iterator[Fix | None]:
    edit = replace_word(snapshot, layer, lost.word, "") if lost.word else None
    if edit is not None and lost.word is not None:
        yield Fix("keep-cache", f"Remove {lost.word.text}: the cache goes to the mount", Safety.SAFE, (edit,))


# --- docker-clean -----------------------------------------------------------------------------------------------------


@remembered
def _archives_in(layer: Layer) -> tuple[_Lost, ...]:
    """The archives of what apt installs, in a RUN that mounts their folder."""
    installs = _apt_installs(layer)
    if not installs or not _is_cached(layer, _ARCHIVES):
        return ()
    calls = [call for call in layer.calls if call.program in apt.PROGRAMS]
    if any(call.has("-o", "--option") for call in calls):
        return ()
    packages = [(each, each.cause) for each in installs if isinstance(each.cause, PackageSet)]
    archives = [replace(each, cause=Leftover("install-cache", "apt's cache", "", of=of)) for each, of in packages]
    return (_Lost(calls[0], tuple(archives)),) if calls else ()


def _apt_installs(layer: Layer) -> tuple[Effect, ...]:
    found = (each for each in layer.effects if isinstance(each.cause, PackageSet) and each.cause.manager == "apt")
    return tuple(each for each in found if each.kind is Kind.WRITES)


def _has_docker_clean(snapshot: Snapshot, ledger: Ledger, layer: Layer) -> bool:
    """Whether the base is one of Docker's images of Debian or Ubuntu, and nobody has done anything about that file."""
    if ledger.base.suite is None or snapshot.ledgers.files(layer).is_removed(apt.DOCKER_CLEAN):
        return False
    return not _names_docker_clean(ledger)


@remembered
def _names_docker_clean(ledger: Ledger) -> bool:
    """Whether a stage, or one that it takes from, says anything about docker-clean: empties it, or moves it away."""
    own = (layer.instruction.text for layer in ledger.layers if layer.calls)
    return any("docker-clean" in text for text in own) or any(map(_names_docker_clean, ledger.others))


def _without_docker_clean(ledger: Ledger, layer: Layer, call: Call, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Let apt keep them; not where a later RUN of the stage would have them in its layer then."""
    later = [each for each in ledger.layers[layer.site.step + 1 :] if _apt_installs(each)]
    if not all(_is_cached(each, _ARCHIVES) for each in later):
        return
    edit = prepend_command(snapshot, layer, call, _KEEP_ARCHIVES)
    if edit is not None:
        note = "Check: images that build on this one keep what apt downloads, unless they mount a cache as well"
        yield Fix(
            "keep-archives", "Remove docker-clean, so that apt keeps the archives", Safety.ASK, (edit,), note=note
        )
