r"""RUNs, one below the other, each write the same records again.

A layer holds whole files. Whatever a package manager keeps a list in (apt: the status of dpkg, its logs, the caches of
debconf and ldconfig, about 1 MB together) is in every layer that installs. RUNs that follow each other can be one.

An image of more than 127 layers, those of its base counted, is an error: no engine runs it. Each RUN, COPY, ADD and
WORKDIR makes one.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/* \
    && apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe: the same commands run in the same order in one RUN, which ends at the first that fails; nothing that one sets
(`cd`, variables) is seen by the next. A change of one of them runs all of them again. That is worth it for two or three
steps; more are merged only when asked for. RUNs that do nothing but manage packages, one below the other, are one step,
and one that only deletes, or installs what the one above has built, is none. Nothing is merged with a RUN that puts
another shell in place of `/bin/sh`.

## Not reported

RUNs that write nothing twice: as many as you like cost no byte and keep the build cache fine-grained.

```
FROM node:22-slim
RUN mkdir -p /srv/app
RUN npm install -g typescript@7 && npm cache clean --force
RUN pip install --no-cache-dir flask
```

Something stands between them that decides when each is run again:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY plugins.txt /
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
```

Each of them is in a stage of its own:

```
FROM debian:bookworm-slim AS tools
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
COPY --from=tools /usr/bin/git /usr/bin/
```

A comment says that they are apart on purpose:

```
FROM debian:bookworm-slim
# Installed in sections, so that no layer is too large to pull
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
```

The stage does not ship:

```
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y git
RUN apt-get install -y less
FROM scratch
COPY --from=build /etc/hostname /
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#run
"""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from deadweight.facts import base_images
from deadweight.model.effects import Measured
from deadweight.model.image import ImageRef
from deadweight.rules import comments, merging
from deadweight.rules.rule import Finding, Related, Words, rule
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Alone, Layer, Ledger
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

# What overlayfs stacks at most, and so what engines run (moby: "max depth exceeded"; kept by hand, 2026-11-26).
_MOST_LAYERS = 127
_MOST_OF_BASES = 27  # no base image of the facts has as many
_MAKE_LAYERS = frozenset(("RUN", "COPY", "ADD", "WORKDIR"))
# `# installed in sections so that the layers are not massive`, `# a separate RUN for your own dependencies`
_ON_PURPOSE = re.compile(
    r"(?im)^\s*#.*\b(?:in sections|split (?:up|into|over|across)|invalidat\w+|so (?:that )?the layers?|"
    r"(?:separate|own|new|several|multiple|distinct|smaller) (?:layer|step|run)s?)\b"
)


def _told(instruction: Instruction) -> object:
    """All that the rule takes from the text of an instruction."""
    return _ON_PURPOSE.search(instruction.text) is not None


@rule("consecutive-runs", group="layers", same_as=("hadolint:DL3059",), words=Words(of_text=_told))
def consecutive_runs(snapshot: Snapshot) -> Iterator[Finding]:
    """Report RUNs, each right below the other, that write the same records."""
    for ledger in snapshot.shipped_ledgers:
        for layers, found in _findings(ledger.alone, ledger.stage.label):
            if not any(_ON_PURPOSE.search(comments.spoken_of(snapshot, layer)) for layer in layers):
                yield found
    if too_many := _too_many(snapshot.shipped_ledgers):
        yield too_many


@remembered
def _findings(stage: Alone, name: str) -> list[tuple[tuple[Layer, ...], Finding]]:
    return [(layers, _finding(layers, name)) for layers in _rows(stage.by_cause.get(Measured, ()))]


def _finding(layers: tuple[Layer, ...], stage: str) -> Finding:
    again = [(layer, effect) for above, layer in pairwise(layers) for effect in _again(above, layer)]
    first, *others = layers
    what = dict.fromkeys(effect.cause.what for _, effect in again if isinstance(effect.cause, Measured))
    return Finding(
        site=first.site,
        span=first.instruction.keyword_span,
        message=f"{len(layers)} RUNs one below the other each write the {', '.join(what)}",
        saves=size_together(effect for _, effect in again),
        basis="size",
        stage=stage,
        frees=frozenset((layer.site, effect) for layer, effect in again),
        fixes=partial(_fixes, layers),
        related=tuple(Related(layer.site, layer.instruction.keyword_span, "written here again") for layer in others),
    )


def _too_many(ledgers: Sequence[Ledger]) -> Finding | None:
    """That the image has more layers than an engine takes, those of its base among them; at the first beyond."""
    if sum(len(ledger.layers) for ledger in ledgers) + _MOST_OF_BASES <= _MOST_LAYERS:
        return None
    base = ledgers[0].stage.base
    known = base_images.find(base.repository, base.effective_tag or "") if isinstance(base, ImageRef) else None
    below = (known.layers if known else None) or 0
    layers = [
        (ledger, layer) for ledger in ledgers for layer in ledger.layers if layer.instruction.keyword in _MAKE_LAYERS
    ]
    if below + len(layers) <= _MOST_LAYERS:
        return None
    ledger, first = layers[_MOST_LAYERS - below]
    return Finding(
        site=first.site,
        span=first.instruction.keyword_span,
        message=f"the image has {below + len(layers)} layers, and engines take {_MOST_LAYERS} at most",
        saves=None,
        basis="correctness",
        stage=ledger.stage.label,
        fixes=partial(_fixes, max(_runs(ledger.layers), key=len, default=())),
    )


def _runs(layers: Iterable[Layer]) -> Iterator[tuple[Layer, ...]]:
    """The rows of RUNs, each right below the other."""
    for is_run, row in groupby(layers, key=lambda layer: layer.instruction.keyword == "RUN"):
        if is_run:
            yield tuple(row)


def _fixes(layers: tuple[Layer, ...], snapshot: Snapshot) -> Iterator[Fix | None]:
    if len(layers) > 1:
        yield merging.merged(snapshot, layers)


def _rows(layers: Iterable[Layer]) -> Iterator[tuple[Layer, ...]]:
    """The longest rows of layers of which each writes again what the one above it wrote."""
    row: list[Layer] = []
    for layer in layers:
        if row and not _again(row[-1], layer):
            if len(row) > 1:
                yield tuple(row)
            row = []
        row.append(layer)
    if len(row) > 1:
        yield tuple(row)


def _again(above: Layer, layer: Layer) -> list[Effect]:
    """What a layer writes as the one above it did, whatever its commands are."""
    if above.site.step + 1 != layer.site.step:
        return []
    before = {effect.cause for effect in _records(above)}
    return [effect for effect in _records(layer) if effect.cause in before]


@remembered
def _records(layer: Layer) -> tuple[Effect, ...]:
    """What a layer surely writes of files that a tool writes whenever it runs; a single one is a program of its own."""
    records = (each for each in layer.kept if isinstance(each.cause, Measured) and not each.cause.is_file)
    return tuple(effect for effect in records if effect.is_certain)
