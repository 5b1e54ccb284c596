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

So is an `ENV` an `export`:

## Example

```
FROM alpine:3.22
RUN apk add --no-cache build-base
ENV CFLAGS=-O2
RUN echo 'int main() {}' > /tmp/a.c && gcc $CFLAGS -o /usr/local/bin/a /tmp/a.c
RUN apk del build-base
```

Use instead:

```
FROM alpine:3.22
RUN apk add --no-cache build-base \
    && export CFLAGS=-O2 && echo 'int main() {}' > /tmp/a.c && gcc $CFLAGS -o /usr/local/bin/a /tmp/a.c \
    && apk del build-base
ENV CFLAGS=-O2
```

A download that only its own RUN reads is deleted there:

## Example

```
FROM buildpack-deps:bookworm-curl
RUN curl -fsSL -o /tmp/go.tar.gz https://dl.google.com/go/go1.25.0.linux-amd64.tar.gz \
    && tar -xzf /tmp/go.tar.gz -C /usr/local
COPY motd /etc/
RUN rm -rf /tmp/*
```

Use instead:

```
FROM buildpack-deps:bookworm-curl
RUN curl -fsSL -o /tmp/go.tar.gz https://dl.google.com/go/go1.25.0.linux-amd64.tar.gz \
    && tar -xzf /tmp/go.tar.gz -C /usr/local \
    && rm -f /tmp/go.tar.gz
COPY motd /etc/
RUN rm -rf /tmp/*
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

Where the file says that BuildKit builds it, such a mount needs no look:

## Example

```
//- Dockerfile
FROM scratch AS packages
COPY tool.deb /out/
FROM debian:bookworm-slim
COPY --from=packages /out/tool.deb /tmp/tool.deb
RUN --mount=type=tmpfs,target=/var/log \
    dpkg -i /tmp/tool.deb && rm /tmp/tool.deb
//- tool.deb 20000000
```

Use instead:

```
//- Dockerfile
FROM scratch AS packages
COPY tool.deb /out/
FROM debian:bookworm-slim
RUN --mount=type=bind,from=packages,source=/out/tool.deb,target=/tmp/tool.deb --mount=type=tmpfs,target=/var/log \
    dpkg -i /tmp/tool.deb
//- tool.deb 20000000
```

## Fix safety

Merging is safe: the same commands run in the same order in one RUN, which ends at the first that fails; nothing that a
RUN sets (`cd`, variables) is seen by the next, and each works where it did: a `WORKDIR` between them is a `cd`, an
`ENV` with a plain value an `export`, and a `WORKDIR` below makes the folder again that a RUN below, or a container,
would start in. More than three steps are merged only when asked for: a change of one of them runs all of them again.
RUNs that do nothing but manage packages, one below the other, are one step, so are those that bring and unpack files,
and one that only deletes, or installs what the one above has built, is none. What is copied between them is copied
below, where those below have nothing to do with it. A download that one RUN alone reads is made there, where it is the
same there. What its own RUN alone reads of a download is deleted there; the command below stays where it may delete
other files too. A bind mount shows files read-only to commands that but read them; only when asked for where nothing in
the file says that BuildKit builds it (a mount, a heredoc, `COPY --link`, `# syntax=`). And so does an install further
down: it is done again whenever what is copied above it changes. Where nothing of that can be done, what tools leave
behind is at least removed where it is written.

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

from functools import partial
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from deadweight.model.effects import Download, PackageSet
from deadweight.model.image import UNKNOWN_FOLDER, spelled
from deadweight.model.undone import late_removals
from deadweight.rules import copies_between, merging, removing_there, run_steps, variables_between
from deadweight.rules.edits import PLAIN_PATH, append_command, remove_command, remove_instruction
from deadweight.rules.folder_uses import word_for
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Safety, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.undone import Removal
    from deadweight.snapshot import Snapshot


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
    from deadweight.rules.mounted_files import mounted  # a session starts without it

    there = removing_there.clean_up(snapshot, removals, removed)
    is_best = removing_there.names_downloads(removals) or not _are_in_a_row(snapshot, removals, removed)
    merged = None if there and is_best else _merged_or_moved(snapshot, removals, removed)
    whole = (
        (merged if merged and merged.safety is Safety.SAFE else None)
        or there
        or merged
        or _gather(snapshot, removals, removed)
        or mounted(snapshot, removals, removed)
    )
    yield whole
    if whole is None or whole.safety is Safety.ASK:
        yield removing_there.clean_up_partly(snapshot, removals, removed)


def _are_in_a_row(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> bool:
    """Whether nothing but RUNs lies between what writes and what deletes, and where these work."""
    first, late = min(layer.site for layer, _ in removed), removals[0].layer
    between = snapshot.ledgers.of(late).layers[first.step : late.site.step]
    return first.stage == late.site.stage and all(each.instruction.keyword in ("RUN", "WORKDIR") for each in between)


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


def _merge(snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]) -> Fix | None:
    """Make one RUN of all from the first that writes to the one that deletes."""
    late = removals[0].layer
    return copies_between.merged_from(snapshot, min((layer for layer, _ in removed), key=lambda each: each.site), late)


def _merged_or_moved(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    merged = _merge(snapshot, removals, removed)
    first, late = min(layer.site.step for layer, _ in removed), removals[0].layer
    is_plain = not variables_between.change(snapshot.ledgers.of(late).layers[first : late.site.step])
    if merged and merged.safety is Safety.SAFE and is_plain:
        return merged
    return _download_later(snapshot, removals, removed) or merged


def _download_later(
    snapshot: Snapshot, removals: Sequence[Removal], removed: Sequence[tuple[Layer, Effect]]
) -> Fix | None:
    """Download a file in the RUN that alone reads it, and delete it there; what is between manages packages."""
    late, (first, effect) = removals[0].layer, removed[0]
    layers, path = snapshot.ledgers.of(late).layers, effect.path or ""
    is_download = len(removed) == 1 and isinstance(effect.cause, Download) and first in layers
    if not is_download or not PLAIN_PATH.fullmatch(path):
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
    if len(gone) != 1 or not removing_there.removes_nothing_else(removals, gone):
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
