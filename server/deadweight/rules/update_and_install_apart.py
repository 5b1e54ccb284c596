r"""apt-get update runs apart from the install that needs it.

The build cache keeps each RUN as it was. When the package list of the second RUN changes, the first one is not run
again: apt works with lists that are days or months old, and fails with *404 Not Found* or installs outdated packages.
And the lists stay in the layer that downloaded them: whatever a later RUN removes is only hidden.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y --no-install-recommends curl
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
```

Every RUN that installs gets an update of its own, and lists never lie in a layer:

## Example

```
FROM debian:bookworm-slim
RUN dpkg --add-architecture i386 && apt-get update
RUN apt-get install -y --no-install-recommends curl
COPY motd /etc/
RUN apt-get install -y --no-install-recommends less
```

Use instead:

```
FROM debian:bookworm-slim
RUN dpkg --add-architecture i386 && apt-get update && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY motd /etc/
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
```

A script may install, too:

## Example

```
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y --no-install-recommends curl
COPY setup.sh /
RUN sh /setup.sh
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY setup.sh /
RUN apt-get update && sh /setup.sh && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe: the lists are only read by apt, and every later RUN of the stage that installs, or starts a script of yours that
may, gets the update as it is written, and so does one that installs in a stage that stands on it. A further RUN that
does nothing but update goes where nothing reads what it brings. Where more than two start scripts, or one of them can
do no update, look before you take it: they may install without one.

## Not reported

The lists go to a mount that the installs share:

```
FROM debian:bookworm-slim
RUN --mount=type=cache,target=/var/lib/apt apt-get update
RUN --mount=type=cache,target=/var/lib/apt apt-get install -y --no-install-recommends curl
```

The stage does not ship:

```
FROM debian:bookworm AS build
RUN apt-get update
RUN apt-get install -y build-essential
FROM scratch
COPY --from=build /etc/hostname /
```

It is one RUN, as a script or as a function:

```
FROM debian:bookworm-slim
RUN <<EOF
apt-get update
apt-get install -y --no-install-recommends curl
rm -rf /var/lib/apt/lists/*
EOF
RUN fresh() { apt-get update; }; fresh && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
```

The lists are deleted further down: that they are in the image all the same is `late-delete`, whose fix is the same.

The RUN that updates installs as well; that its lists stay is `apt-lists-kept`:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl
RUN apt-get install -y --no-install-recommends less
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands.apt import ADDS, updates_besides
from deadweight.rules.apt_lists import first_use, is_read_here, of_command, readers_of, remove_lists
from deadweight.rules.leftovers import finding, leftovers
from deadweight.rules.rule import NO_WORDS, Related, Words, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.layers import Layer
    from deadweight.rules.leftovers import Left
    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


def _words(snapshot: Snapshot) -> Words:
    return Words(of_command) if any(True for _ in leftovers(snapshot, "apt-lists")) else NO_WORDS


@rule("update-and-install-apart", group="cleanup", same_as=("hadolint:DL3009",), words=_words)
def update_and_install_apart(snapshot: Snapshot) -> Iterator[Finding]:
    """Report updates of apt's lists that only later RUNs read."""
    for ledger, left in leftovers(snapshot, "apt-lists"):
        readers = [] if is_read_here(left) else readers_of(ledger, left)
        if readers:
            yield _finding(left.layer, left, ledger.stage.label, readers)


@remembered
def _finding(_: Layer, left: Left, stage: str, readers: Sequence[Layer]) -> Finding:
    besides = next(filter(updates_besides, left.calls), None)
    update = (
        f"the update of {besides.program if besides.program in ADDS else 'a script'}" if besides else "apt-get update"
    )
    return replace(
        finding(stage, left, remove_lists),
        message=f"{update} runs apart from the install that needs it: its lists stay and age",
        related=tuple(Related(layer.site, first_use(layer), "installs with these lists") for layer in readers),
    )
