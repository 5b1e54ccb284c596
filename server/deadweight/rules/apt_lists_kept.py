r"""Apt package lists stay in the layer.

`apt-get update` downloads the list of every package there is. Nothing reads it after the install, yet it stays in the
layer for good: a later `RUN rm` only hides it. `apt-get clean` does not remove it either. A second update in a later
layer finds the lists there and adds next to nothing, so that they are reported once; the fix removes them in both.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
```

Where no command reads them, it is the update that goes. `add-apt-repository` of Ubuntu downloads them as well, and so
do scripts that add a source: `curl https://deb.nodesource.com/setup_22.x | bash -`.

`/bin/sh` of Debian and Ubuntu is dash, to which `{apt,dpkg}` is the name of one folder, which is not there:

## Example

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/{apt,dpkg}/lists/*
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && rm -rf /var/lib/{apt,dpkg}/lists/*
```

## Fix safety

Safe: the lists are only read by apt, and every later RUN of the stage that installs, or starts a script of yours that
may, gets an `apt-get update` of its own, and so does one that installs in a stage that stands on it. Where more than
two start scripts, or one of them can do no update, look before you take it: they may install without one.

## Not reported

The lists go to a mount, or are removed in the same RUN:

```
FROM debian:bookworm-slim
RUN --mount=type=cache,target=/var/lib/apt --mount=type=cache,target=/var/cache/apt \
    apt-get update && apt-get install -y curl
RUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get update && apt-get install -y --no-install-recommends less
```

They are removed in one of its other ways, which other linters do not know:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && find /var/lib/apt/lists -type f -delete
RUN apt-get update && apt-get install -y --no-install-recommends less && cd /var/lib/apt && rm -r lists
RUN lists=/var/lib/apt/lists; apt-get update && apt-get install -y --no-install-recommends vim && rm -rf $lists/*
RUN apt-get update && apt-get install -y --no-install-recommends jq && rm -rf /var/lib/apt
RUN apt-get update && apt-get install -y --no-install-recommends tree && apt-get distclean
```

```
FROM debian:bookworm-slim
SHELL ["/bin/bash", "-c"]
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/{lib/apt/lists,cache/apt}/*
```

It is done where a condition holds, so that nobody knows whether it is done at all:

```
FROM debian:bookworm-slim
RUN if ! command -v curl; then apt-get update && apt-get install -y --no-install-recommends curl; fi
```

What runs is in a variable or in the words of `eval`, which are not followed:

```
FROM debian:bookworm-slim
ARG APT="apt-get -y --no-install-recommends"
RUN $APT update && $APT install curl
RUN eval "apt-get update && apt-get install -y --no-install-recommends less"
```

The stage does not ship:

```
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y build-essential
FROM scratch
COPY --from=build /etc/hostname /
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.apt_lists import is_read_here, of_command, readers_of, remove_lists
from deadweight.rules.leftovers import finding, leftovers
from deadweight.rules.rule import NO_WORDS, Words, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.layers import Layer
    from deadweight.rules.leftovers import Left
    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


def _words(snapshot: Snapshot) -> Words:
    return Words(of_command) if any(True for _ in leftovers(snapshot, "apt-lists")) else NO_WORDS


@rule("apt-lists-kept", group="cleanup", same_as=("hadolint:DL3009",), words=_words)
def apt_lists_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report layers that end with apt's package lists in them."""
    for ledger, left in leftovers(snapshot, "apt-lists"):
        if is_read_here(left) or not readers_of(ledger, left):
            yield _finding(left.layer, left, ledger.stage.label)


@remembered
def _finding(_: Layer, left: Left, stage: str) -> Finding:
    return finding(stage, left, remove_lists)
