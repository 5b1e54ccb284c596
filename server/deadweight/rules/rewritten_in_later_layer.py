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

A command for several folders is one for each:

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY models models
COPY data /srv/data
RUN chown -R node:node /app /srv/data
USER node
//- models/base.bin 100000000
//- data/words.bin 40000000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY --chown=node:node models models
COPY --chown=node:node data /srv/data
RUN chown node:node /app /srv/data
USER node
//- models/base.bin 100000000
//- data/words.bin 40000000
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
depends on the file that is copied: `--chmod=755` is offered, for you to look at. What `go build` wrote has it already,
and the command goes.

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

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Rewritten
from deadweight.rules import copies_between, doing_by_copy
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Words, keep, of_known, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.size.estimate import effect_size, size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot

# Programs that make a second file on purpose.
_COPIES = frozenset(("cp", "install"))


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


def _words(snapshot: Snapshot) -> Words:
    return Words(of_known) if keep(snapshot.reached_ledgers, Rewritten) else NO_WORDS


@rule("rewritten-in-later-layer", group="layers", words=_words)
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
    """Have the COPY do it that brings the files, or make one RUN of the one that does and this one."""
    ledger = snapshot.ledgers.of(again.layer)
    writers, layers = again.writers(ledger), ledger.layers
    if not writers:
        return
    late = doing_by_copy.Late(again.layer, again.call, writers, [effect for _, effect in again.sources])
    between = layers[layers.index(writers[0]) : layers.index(again.layer) + 1]
    yield doing_by_copy.done_by_copy(snapshot, late) or copies_between.merged(snapshot, between)


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
