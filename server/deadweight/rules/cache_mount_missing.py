r"""What an install downloads is downloaded again whenever its RUN is built again.

A layer of the cache is all or nothing: one package more in a list, and all of them come from the network again. In a
cache mount, what was downloaded stays on the builder from one build to the next, and comes into no layer.

This rule makes offers and no findings: most RUNs could have such a mount, and the image is the same without it. An
editor shows it among the refactorings of the line, the terminal with `deadweight fix --ask --rule cache-mount-missing`.
With a severity in the settings it reports them.

## Example

```
//- Dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir pandas scikit-learn
RUN pip install --no-cache-dir streamlit
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install pandas scikit-learn
RUN --mount=type=cache,target=/root/.cache/pip pip install streamlit
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

apt locks its cache, and Docker's images of Debian and Ubuntu tell it to keep nothing there:

## Example

```
//- Dockerfile
FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

Use instead:

```
//- Dockerfile
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

## Fix safety

Look before you take it: the builder has to be BuildKit, as elsewhere the flag is an error. All RUNs of the stage that
call the tool get the mount, and what would empty it or go round it is left out. A user other than root gets the number
that Docker's images give it; of others no fix is offered. The folder `target` of cargo is never a mount: the program
that was built would not be in the layer.

## Not reported

Nobody has asked for it:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir pandas scikit-learn
```

There is a mount, or nothing is downloaded:

```
//- Dockerfile
FROM golang:1.25
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build go build -o /app .
RUN npm run build
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

## References

- Cache mounts: https://docs.docker.com/build/cache/optimize/#use-cache-mounts
- Their options: https://docs.docker.com/reference/dockerfile/#run---mounttypecache
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import apk, apt
from deadweight.model.download_caches import LOCKED, DownloadCache, download_cache
from deadweight.model.effects import Leftover
from deadweight.rules.cache_mounts import (
    OPTIONS,
    apt_archives,
    caches,
    has_docker_clean,
    is_in,
    left_by,
    passed,
    removed,
    without_clean_up,
)
from deadweight.rules.edits import insert_flag, line_end, prepend_command, replace_word
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_PLAIN = re.compile(r"/[\w./-]+")  # a path that needs no quotes in a flag
# Apk keeps packages beside its index where this folder is there (Alpine's wiki, Local APK cache, read 2026-11-26).
_OF_APK = "/etc/apk/cache"
# The users of Docker's own images (docker-library/node, read 2026-11-26).
_NUMBERS = {"node": "1000"}


class _Downloads(NamedTuple):
    """What a call downloads, and where it keeps that."""

    call: Call
    cache: DownloadCache
    effects: tuple[Effect, ...]


@rule("cache-mount-missing", group="cache", is_offered=True)
def cache_mount_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Offer cache mounts for what tools download, a stage and a tool at a time."""
    for ledger in snapshot.reached_ledgers:
        seen: set[str] = set()
        for layer in ledger.layers if not ledger.base.is_windows else ():
            for found in _downloads(layer) if layer.calls else ():
                if found.cache.what in seen or all(is_in(caches(layer), each) for each in found.cache.folders):
                    continue
                seen.add(found.cache.what)
                yield Finding(
                    site=layer.site,
                    span=found.call.span,
                    message=f"{found.cache.what} are not kept for the next build",
                    saves=snapshot.sizes.of(found.effects) if found.effects else None,
                    basis="cache",
                    stage=ledger.stage.label,
                    fixes=partial(_fixes, ledger, layer, found.cache),
                )


@remembered
def _downloads(layer: Layer) -> tuple[_Downloads, ...]:
    """What the calls of a RUN download to a folder that we know."""
    found: list[_Downloads] = []
    for call in layer.calls:
        if (known := download_cache(call)) is not None:
            archives = apt_archives(layer) if call.program in apt.PROGRAMS else ()
            found.append(_Downloads(call, known, archives))
            continue
        word = next((each for each in call.words if each.text in OPTIONS), None)
        left = [
            each
            for each in left_by(call, word)
            if isinstance(each.cause, Leftover) and each.cause.topic == "install-cache"
        ]
        folders = (
            (_OF_APK,)
            if call.program == "apk" and left
            else tuple(dict.fromkeys(each.path for each in left if each.path))
        )
        if folders:
            what = f"{call.program.rstrip('0123456789.')}'s downloads"
            found.append(_Downloads(call, DownloadCache(what, folders, call.program in LOCKED), tuple(left)))
    return tuple(found)


def _fixes(ledger: Ledger, first: Layer, cache: DownloadCache, snapshot: Snapshot) -> Iterator[Fix | None]:
    edits: list[Edit] = []
    for layer in ledger.layers[first.site.step :]:
        calls = [each.call for each in _downloads(layer) if each.cache.what == cache.what] if layer.calls else []
        if not calls:
            continue
        made = _mounted(snapshot, layer, cache)
        if made is None:
            return
        edits += made
    if cache.folders[0] == apt.CACHE and has_docker_clean(snapshot, ledger, first):
        call = next(each.call for each in _downloads(first) if each.cache.what == cache.what)
        edit = prepend_command(snapshot, first, call, f"rm -f {apt.DOCKER_CLEAN}")
        if edit is None:
            return
        edits.append(edit)
    note = "Check: the builder is BuildKit; elsewhere the flag is an error"
    yield Fix("cache-mount", f"Keep {cache.what} in a cache mount", Safety.ASK, tuple(edits), note=note)


def _mounted(snapshot: Snapshot, layer: Layer, cache: DownloadCache) -> list[Edit] | None:
    """The edits that give a RUN the mounts that it lacks, and let something stay in them; None where they cannot."""
    owner = _owner(layer)
    folders = [each for each in cache.folders if not is_in(caches(layer), each)]
    if owner is None or not all(map(_PLAIN.fullmatch, folders)):
        return None
    options = f"{',sharing=locked' if cache.is_locked else ''}{owner}"
    flags = [f"--mount=type=cache,target={folder}{options}" for folder in folders]
    edits = [insert_flag(snapshot, layer, _on_lines(layer, flags))] if flags else []
    # Without the mount, apk keeps its index elsewhere.
    places = (*cache.folders, apk.INDEX) if _OF_APK in cache.folders else cache.folders
    for lost in passed(layer, places):
        edit = replace_word(snapshot, layer, lost.word, "") if lost.word else None
        if edit is None:
            return None
        edits.append(edit)
    for lost in removed(layer, places):
        clean_up = without_clean_up(snapshot, layer, lost.call, places)
        if clean_up is None:
            return None
        edits += clean_up
    return edits


def _on_lines(layer: Layer, flags: list[str]) -> str:
    """Flags as the user would write them: each on a line of its own, where there are several."""
    instruction = layer.instruction
    if len(flags) == 1 or instruction.heredocs:
        return " ".join(flags)
    gap = f" {instruction.escape}{line_end(instruction.text)}    "
    behind = instruction.text[instruction.keyword_span.end :].lstrip(" \t")
    return gap.join(flags) + ("" if behind.startswith(instruction.escape) else gap[:-1])


def _owner(layer: Layer) -> str | None:
    """What a mount needs so that the user of a RUN may write there: nothing for root; None where nobody knows."""
    state = layer.step.state if layer.step else None
    if state is None or state.user is None:
        return None
    if state.is_root:
        return ""
    user, _, group = state.user.partition(":")
    number, of_group = _NUMBERS.get(user, user), _NUMBERS.get(group, group) or _NUMBERS.get(user, user)
    return f",uid={number},gid={of_group}" if number.isdecimal() and of_group.isdecimal() else None
