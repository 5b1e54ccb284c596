r"""Apt package lists stay in the layer.

`apt-get update` downloads the list of every package there is. Nothing reads it after the install, yet it stays in the
layer for good: a later `RUN rm` only hides it. `apt-get clean` does not remove it either.

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

A RUN that only updates leaves nothing but the lists. It belongs to the RUN that installs:

## Example

```
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y curl
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe: the lists are only read by apt, and every later RUN of the stage that installs gets an `apt-get update` of its
own.

## Not reported

The lists go to a mount, or are removed in the same RUN:

```
FROM debian:bookworm-slim
RUN --mount=type=cache,target=/var/lib/apt --mount=type=cache,target=/var/cache/apt \
    apt-get update && apt-get install -y curl
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

from deadweight.rules.edits import append_command, prepend_command, remove_instruction
from deadweight.rules.leftovers import finding, leftovers
from deadweight.rules.rule import Fix, Safety, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.rules.leftovers import Left
    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

# Programs that read the lists.
_READERS = frozenset(("apt-get", "apt", "aptitude", "apt-cache", "tasksel", "mk-build-deps", "gdebi", "apt-file"))
_NEED_NO_LISTS = frozenset(("clean", "autoclean", "autoremove", "remove", "purge", "update", "--version"))


@rule("apt-lists-kept", group="cleanup", same_as=("hadolint:DL3009",))
def apt_lists_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report layers that end with apt's package lists in them."""
    for left in leftovers(snapshot, "apt-lists"):
        yield finding(snapshot, left, _fix(snapshot, left))


def _fix(snapshot: Snapshot, left: Left) -> Fix | None:
    """Remove the lists where they are downloaded; RUNs further down that read them download them themselves."""
    edits: list[Edit | None] = []
    below = left.ledger.layers[left.ledger.layers.index(left.layer) + 1 :]
    if not _used_elsewhere(snapshot, left):
        edits = [edit for layer in below for edit in _updating(layer, left)]
    else:
        return None
    only_updates = all(_is_update(call) for call in left.layer.calls)
    if only_updates and edits:
        title = "Update the apt lists where packages are installed, and remove them there"
        edits.append(remove_instruction(snapshot.text, left.layer.placed))
    else:
        title = "Remove the apt lists in the same RUN"
        edits.append(append_command(left.layer, _last_reader(left.layer) or left.calls[-1], left.cause.cleanup))
    made = tuple(edit for edit in edits if edit is not None)
    return Fix("clean-up", title, Safety.SAFE, made) if len(made) == len(edits) else None


def _updating(layer: Layer, left: Left) -> Iterator[Edit | None]:
    """What a later RUN needs once the lists of an earlier one are gone: its own update, and its own clean-up."""
    readers = [call for call in layer.calls if _reads_lists(call)]
    if not readers:
        return
    first = layer.calls.index(readers[0])
    if any(_is_update(call) for call in layer.calls[:first]):
        return
    yield prepend_command(layer, readers[0], "apt-get update")
    if not any(_is_update(call) for call in layer.calls):
        yield append_command(layer, readers[-1], left.cause.cleanup)


def _used_elsewhere(snapshot: Snapshot, left: Left) -> bool:
    """Whether a stage that stands on this one installs from the lists: its RUNs are not this fix's to change."""
    for ledger in snapshot.ledgers:
        if isinstance(ledger.stage.base, int) and ledger.stage.base == left.ledger.stage.index:
            for layer in ledger.layers:
                calls = [call for call in layer.calls if call.program in _READERS]
                if any(_reads_lists(call) for call in calls) and not _is_update(calls[0]):
                    return True
    return False


def _last_reader(layer: Layer) -> Call | None:
    return next((call for call in reversed(layer.calls) if _reads_lists(call)), None)


def _is_update(call: Call) -> bool:
    return call.program in _READERS and any(word.text == "update" for word in call.words)


def _reads_lists(call: Call) -> bool:
    if call.program not in _READERS:
        return False
    return not any(word.text in _NEED_NO_LISTS for word in call.words)
