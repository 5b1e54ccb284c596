r"""Files are deleted in a later layer than the one that wrote them.

An image is the sum of its layers. A `RUN rm` in a later layer only hides what an earlier one wrote: the bytes stay in
the image and are pulled with it. The same holds for packages that are removed again; what they brought along counts
where apt is told to remove it as well (`--auto-remove`). What is not wanted in the end has to go in the RUN that
brought it.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
RUN echo 'int main() {}' > /tmp/a.c && gcc -o /usr/local/bin/a /tmp/a.c
RUN apt-get purge -y --auto-remove build-essential
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/* \
    && echo 'int main() {}' > /tmp/a.c && gcc -o /usr/local/bin/a /tmp/a.c \
    && apt-get purge -y --auto-remove build-essential
```

What a tool leaves behind needs no other RUN: it is removed where it is written.

## Example

```
FROM node:22-slim
RUN npm install -g typescript@7
COPY server.js /
RUN rm -rf /root/.npm
```

Use instead:

```
FROM node:22-slim
RUN npm install -g typescript@7 && npm cache clean --force
COPY server.js /
```

Packages that one RUN installs, another needs and a third removes can be there for one RUN alone:

## Example

```
FROM ruby:3.4-alpine
RUN apk add --no-cache build-base
COPY . /app
WORKDIR /app
RUN bundle install && rm -rf /usr/local/bundle/cache/*.gem
RUN apk del build-base
```

Use instead:

```
FROM ruby:3.4-alpine
COPY . /app
WORKDIR /app
RUN apk add --no-cache build-base \
    && bundle install && rm -rf /usr/local/bundle/cache/*.gem \
    && apk del build-base
```

A `WORKDIR` between the RUNs is a `cd` in the one that they become:

## Example

```
FROM alpine:3.22
RUN apk add --no-cache build-base
WORKDIR /src
RUN echo 'int main() {}' > a.c && gcc -o /usr/local/bin/a a.c
WORKDIR /
RUN apk del build-base
```

Use instead:

```
FROM alpine:3.22
RUN apk add --no-cache build-base \
    && mkdir -p /src && cd /src && echo 'int main() {}' > a.c && gcc -o /usr/local/bin/a a.c \
    && cd / && apk del build-base
```

An archive that is copied, unpacked and deleted need not be copied:

## Example

```
//- Dockerfile
FROM debian:bookworm-slim
COPY model.tar.gz /tmp/
RUN tar -xzf /tmp/model.tar.gz -C /opt && rm /tmp/model.tar.gz
//- model.tar.gz 59000000
```

Use instead:

```
//- Dockerfile
FROM debian:bookworm-slim
RUN --mount=type=bind,source=model.tar.gz,target=/tmp/model.tar.gz tar -xzf /tmp/model.tar.gz -C /opt
//- model.tar.gz 59000000
```

## Fix safety

Merging is safe: the same commands run in the same order in one RUN, which ends at the first that fails; nothing that a
RUN sets (`cd`, variables) is seen by the next, and each works where it did: a `WORKDIR` between them is a `cd`, and one
below makes the folder again that a RUN below, or a container, would start in. More than three steps are merged only
when asked for: a change of one of them runs all of them again. RUNs that do nothing but manage packages, one below the
other, are one step, so are those that bring and unpack files, and one that only deletes, or installs what the one above
has built, is none. What is copied between them is copied below, where those below have nothing to do with it. A
download that one RUN alone reads is made there, where it is the same there. Only when asked for, too, comes a bind
mount, which needs BuildKit, and shows the file read-only. And so does an install further down: it is done again
whenever what is copied above it changes. Where nothing of that can be done, what tools leave behind is at least removed
where it is written.

## Not reported

It is deleted in the RUN that wrote it:

```
//- Dockerfile
FROM debian:bookworm-slim
RUN --mount=type=bind,source=model.tar.gz,target=/m.tar.gz cp /m.tar.gz /tmp/ && rm /tmp/m.tar.gz
//- model.tar.gz 59000000
```

The stage does not ship:

```
//- Dockerfile
FROM debian:bookworm-slim AS build
COPY model.tar.gz /tmp/
RUN rm /tmp/model.tar.gz
FROM scratch
COPY --from=build /etc/hostname /
//- model.tar.gz 59000000
```

It came with the base image, which no Dockerfile can make lighter:

```
FROM debian:bookworm
RUN rm -rf /usr/share/doc
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#run
- BuildKit's bind mounts: https://docs.docker.com/reference/dockerfile/#run---mounttypebind
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from functools import partial
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied, Download, Leftover, PackageSet
from deadweight.model.image import UNKNOWN_FOLDER, spelled
from deadweight.model.layers import mounts_of
from deadweight.model.undone import late_removals
from deadweight.rules import copies_between, merging, run_steps
from deadweight.rules.apt_lists import remove_lists
from deadweight.rules.edits import append_command, insert_flag, remove_command, remove_instruction
from deadweight.rules.folder_uses import word_for
from deadweight.rules.leftovers import clean_up, left_of
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Safety, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.undone import Removal
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_PLAIN = re.compile(r"/[\w./+@-]+")
# Programs that only read the file they are given, so that a read-only mount will do.
_READERS = frozenset(("tar", "bsdtar", "unzip", "dpkg", "rpm", "gpg", "sha256sum", "sha512sum", "md5sum", "gunzip"))


@rule("late-delete", group="layers", is_about_unnecessary=True, words=NO_WORDS)
def late_delete(snapshot: Snapshot) -> Iterator[Finding]:
    """Report commands that delete what an earlier layer of the image wrote."""
    removals = late_removals(snapshot.shipped_ledgers, snapshot.context)
    for _, group in groupby(removals, lambda removal: removal.layer.site):
        of_layer = tuple(group)
        if found := _finding(of_layer[0].layer, of_layer):
            yield found


@remembered
def _finding(late: Layer, removals: Sequence[Removal]) -> Finding | None:
    """All that one instruction deletes of earlier ones."""
    removals = [each for each in removals if any(may_be_heavy(effect) for _, effect in each.removed)]
    if not removals:
        return None
    removed = list({id(effect): (layer, effect) for each in removals for layer, effect in each.removed}.values())
    return Finding(
        site=late.site,
        span=removals[0].effect.span,
        message=_said(removals),
        saves=size_together(effect for _, effect in removed),
        basis="size",
        stage=removals[0].stage,
        frees=frozenset((layer.site, effect) for layer, effect in removed),
        fixes=partial(_fixes, removals, removed),
        related=tuple(Related(layer.site, effect.span, "written here") for layer, effect in removed),
        lines=tuple(layer.site for layer, _ in removed),
    )


def _fixes(
    removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]], snapshot: Snapshot
) -> Iterator[Fix | None]:
    whole = (
        _clean_up(snapshot, removals, removed)
        or _merged_or_moved(snapshot, removals, removed)
        or _gather(snapshot, removals, removed)
        or _mount(snapshot, removals, removed)
    )
    yield whole
    if whole is None or whole.safety is Safety.ASK:
        yield _clean_up_partly(snapshot, removals, removed)


def _said(removals: Sequence[Removal]) -> str:
    """What is deleted, in the Dockerfile's own words, and that it stays."""
    effects = [removal.effect for removal in removals]
    names = [
        name
        for effect in effects
        for name in (
            effect.cause.names
            if isinstance(effect.cause, PackageSet)
            else (spelled(effect.path or "").removeprefix(f"{UNKNOWN_FOLDER}/"),)
        )
    ]
    what, them = (f"{names[0]} stays", "it") if len(names) == 1 else (f"{names[0]} and more stay", "them")
    return f"{what} in the image: {{lines}} wrote {them}, and this layer only hides {them}"


def _clean_up(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Remove what tools leave behind where they write it; the late command goes, if that is all it removes."""
    if not all(isinstance(effect.cause, Leftover) for _, effect in removed):
        return None
    edits: list[Edit] = []
    notes: list[str] = []
    for (layer, cause), group in groupby(removed, lambda each: (each[0], each[1].cause)):
        if not isinstance(cause, Leftover):
            return None
        left = left_of(layer, cause, (effect for _, effect in group))
        fix = remove_lists(snapshot, left) if cause.topic == "apt-lists" else clean_up(snapshot, left)
        if fix is None:
            return None
        edits += fix.edits
        notes += [fix.note] if fix.note else []
    late = removals[0].layer
    gone = [each for each in late.calls if any(each.span == removal.effect.span for removal in removals)]
    if len(gone) == len(late.calls) and _removes_nothing_else(removals, gone):
        edits.append(remove_instruction(snapshot, late))
    elif len(gone) == 1 and _removes_nothing_else(removals, gone) and (edit := remove_command(snapshot, late, gone[0])):
        edits.append(edit)
    safety = Safety.ASK if notes else Safety.SAFE
    return Fix("clean-up", "Remove it in the RUN that writes it", safety, tuple(edits), note="; ".join(notes))


def _clean_up_partly(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    """The same for what tools leave behind, where other things are deleted as well."""
    left = [each for each in removed if isinstance(each[1].cause, Leftover)]
    own = [each for each in removals if all(isinstance(effect.cause, Leftover) for _, effect in each.removed)]
    if not own or len(left) == len(removed):
        return None
    fix = _clean_up(snapshot, own, left)
    title = "Remove what tools leave behind in the RUN that writes it"
    return fix and replace(fix, title=title, saves=size_together(effect for _, effect in left))


def _removes_nothing_else(removals: Sequence[Removal], calls: Sequence[Call]) -> bool:
    """Whether all that these calls remove was written in an earlier layer."""
    late = {id(removal.effect) for removal in removals}
    spans = {call.span for call in calls}
    return all(id(effect) in late for effect in removals[0].layer.effects if effect.span in spans)


def _merge(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Make one RUN of all from the first that writes to the one that deletes."""
    late = removals[0].layer
    return copies_between.merged_from(snapshot, min((layer for layer, _ in removed), key=lambda each: each.site), late)


def _merged_or_moved(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    merged = _merge(snapshot, removals, removed)
    return merged if merged and merged.safety is Safety.SAFE else _download_later(snapshot, removals, removed) or merged


def _download_later(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    """Download a file in the RUN that alone reads it, and delete it there; what is between manages packages."""
    late, (first, effect) = removals[0].layer, removed[0]
    layers, path = snapshot.ledgers.of(late).layers, effect.path or ""
    if len(removed) > 1 or not isinstance(effect.cause, Download) or first not in layers or not _PLAIN.fullmatch(path):
        return None
    between = layers[first.site.step + 1 : late.site.step]
    uses = [(layer, call) for layer in between for call in layer.calls if word_for(call, path)]
    users = {layer.site: layer for layer, _ in uses}
    if len(users) != 1 or not all(
        layer is uses[0][0] or not layer.calls or run_steps.only_manages(layer) for layer in between
    ):
        return None
    user = uses[0][0]
    if any(word_for(call, path) for call in first.calls if call.span != effect.span):
        return None
    gone = [call for call in late.calls if any(call.span == removal.effect.span for removal in removals)]
    if len(gone) != 1 or not _removes_nothing_else(removals, gone):
        return None
    from deadweight.rules.downloading_later import downloaded_before  # a session starts without it

    moved = downloaded_before(snapshot, first, effect, user, uses[0][1])
    rest = remove_instruction(snapshot, late) if len(late.calls) == 1 else remove_command(snapshot, late, gone[0])
    removal = append_command(snapshot, user, user.calls[-1], f"rm -f {path}", like=gone[0])
    if moved is None or rest is None or removal is None:
        return None
    title = "Download it in the RUN that reads it, and delete it there"
    return Fix("download-later", title, Safety.SAFE, (*moved, removal, rest))


def _gather(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Install packages in the RUN that needs them, and remove them there: what is copied in between comes first."""
    late = removals[0].layer
    layers = snapshot.ledgers.of(late).layers
    writers = {layer.site: layer for layer, _ in removed}
    install = next(iter(writers.values()))
    if len(writers) > 1 or install not in layers or not all(isinstance(each.cause, PackageSet) for _, each in removed):
        return None
    between = layers[layers.index(install) + 1 : layers.index(late) + 1]
    row = tuple(takewhile(lambda layer: layer.instruction.keyword == "RUN", reversed(between)))[::-1]
    if not run_steps.only_manages(install) or any(map(merging.is_in_the_way, between[: len(between) - len(row)])):
        return None
    moved, together = (
        merging.move_into(snapshot, install, row[0]),
        merging.merge_runs(snapshot, row) if len(row) > 1 else (),
    )
    if (
        moved is None
        or together is None
        or {each.span.start for each in moved} & {each.span.start for each in together}
    ):
        return None
    title = "Install it in the RUN that needs it, and remove it there"
    note = "Check: the RUN installs it whenever what is copied above it changes"
    return Fix("gather", title, Safety.ASK, (*moved, *together), note=note)


def _mount(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Show the RUN a file of the build context instead of copying it first."""
    late = removals[0].layer
    layers = snapshot.ledgers.of(late).layers
    copy, effect = removed[0]
    if len(removed) > 1 or copy not in layers or layers.index(copy) + 1 != layers.index(late):
        return None
    cause, instruction = effect.cause, copy.instruction
    if not isinstance(cause, Copied) or not cause.is_file or instruction.keyword != "COPY" or instruction.flags:
        return None
    deletes = [call for call in late.calls if any(call.span == removal.effect.span for removal in removals)]
    others = [call for call in late.calls if call not in deletes]
    if len(instruction.words) != 2 or len(deletes) != 1 or not _removes_nothing_else(removals, deletes):
        return None
    path, source = effect.path or "", cause.root or ""
    users = [call for call in others if any(posixpath.basename(path) in word.text for word in call.words)]
    taken = late.step and any(mount.target == path for mount in mounts_of(late.instruction, late.step.state))
    if taken or " " in path + source or "," in path + source or any(each.program not in _READERS for each in users):
        return None
    edit = remove_command(snapshot, late, deletes[0])
    if edit is None:
        return None
    return Fix(
        "bind-mount",
        "Mount the file for this RUN instead of copying it",
        Safety.ASK,
        (
            remove_instruction(snapshot, copy),
            insert_flag(snapshot, late, f"--mount=type=bind,source={source},target={path}"),
            edit,
        ),
        note="Check: the builder is BuildKit, and nothing writes to the file",
    )
