r"""A clone brings the whole history of a project, and it stays in the image.

`git clone` downloads every version of every file that a project ever had: often many times what its files weigh.
A build needs one version, and what runs needs none. How much it is only the repository knows, so that the finding says
no bytes.

## Example

```
FROM debian:trixie-slim
RUN git clone https://github.com/zsh-users/zsh-autosuggestions.git /opt/zsh-autosuggestions
```

Use instead:

```
FROM debian:trixie-slim
RUN git clone --depth 1 https://github.com/zsh-users/zsh-autosuggestions.git /opt/zsh-autosuggestions
```

Where one version of many is checked out, the history goes behind the last command that may read it:

## Example

```
FROM python:3.13
RUN git clone https://github.com/example/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir .
```

Use instead:

```
FROM python:3.13
RUN git clone https://github.com/example/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir . \
    && rm -rf /opt/tool/.git
```

## Fix safety

`--depth 1` is safe where nothing else in the file runs in the clone and the server is one that is known to give it: the
files are the same. Look before you take it where something is built there, which may read its version from tags, and
before you delete the history: nothing may pull or read it when the image runs.

## Not reported

The history is cut off, removed, or goes with the clone:

```
FROM debian:trixie-slim
RUN git clone --depth=1 https://github.com/zsh-users/zsh-autosuggestions.git /opt/zsh
RUN git clone https://github.com/example/tool.git /opt/tool && rm -rf /opt/tool/.git
RUN git clone https://github.com/example/tool.git /tmp/tool && make -C /tmp/tool && rm -rf /tmp/tool
```

A later RUN reads it:

```
FROM debian:trixie-slim
RUN git clone https://github.com/example/tool.git /opt/tool
RUN cd /opt/tool && git describe > VERSION
```

The stage does not ship:

```
FROM debian:trixie-slim AS build
RUN git clone https://github.com/example/tool.git /opt/tool
FROM debian:trixie-slim
COPY --from=build /opt/tool/bin /usr/local/bin
```

## References

- git: https://git-scm.com/docs/git-clone#Documentation/git-clone.txt---depthdepth
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Download
from deadweight.model.image import UNKNOWN_FOLDER
from deadweight.model.stack import folded
from deadweight.rules.edits import append_command, insert_word
from deadweight.rules.folder_uses import is_inside, is_removed, is_run_behind, names
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_CUT = ("--depth", "--shallow-since", "--shallow-exclude", "--filter", "--bare", "--mirror")
_PLAIN = re.compile(r"/[\w./+@-]+")
# Servers that give a part of a history to anybody who asks.
_SERVERS = re.compile(
    r"(?:https?://|git@|ssh://git@|git://)(?:[^/@]*@)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)[/:]"
)


class _Clone(NamedTuple):
    """A clone with all its history: the call, where it lies, and what of the same RUN comes behind it."""

    layer: Layer
    effect: Effect
    call: Call
    folder: str
    users: tuple[Call, ...]

    @property
    def name(self) -> str:
        """The folder; as it is typed where only the base image knows what it is in."""
        return self.folder.removeprefix(f"{UNKNOWN_FOLDER}/")

    @property
    def is_read(self) -> bool:
        """Whether git is called behind it: another version is checked out, or a version is asked for."""
        return any(call.program == "git" for call in self.users)


@rule("git-history-kept", group="cleanup")
def git_history_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report clones in layers that ship with all of their history."""
    for clone in _left(snapshot.shipped_ledgers[-1].stacks[-1]) if snapshot.shipped_ledgers else ():
        yield _finding(clone, snapshot.build.stages[clone.layer.site.stage].label)


def _with(left: tuple[_Clone, ...], layer: Layer) -> tuple[_Clone, ...]:
    """The clones whose history nobody reads or removes up to a layer."""
    own = _clones(layer)
    used = [each for each in left if _reads(layer, each.folder)] if left and layer.calls else []
    return (*(each for each in left if each not in used), *own) if own or used else left


def _finding(clone: _Clone, stage: str) -> Finding:
    return Finding(
        site=clone.layer.site,
        span=clone.call.span,
        message=f"the history of {clone.name} is cloned and stays in the image",
        saves=None,
        basis="size",
        stage=stage,
        frees=frozenset({(clone.layer.site, clone.effect)}),
        fixes=partial(_fixes, clone),
    )


@remembered
def _clones(layer: Layer) -> tuple[_Clone, ...]:
    """The clones of a layer that keep their history."""
    if "git" not in layer.programs:
        return ()
    found: list[_Clone] = []
    for at, call in enumerate(layer.calls):
        if call.program != "git" or not any(word.text == "clone" for word in call.words) or call.has(*_CUT):
            continue
        effect = next((each for each in layer.kept if each.span == call.span and each.is_certain), None)
        folder = effect.path if effect and isinstance(effect.cause, Download) else None
        if effect is None or folder is None or is_removed(layer, f"{folder}/.git"):
            continue
        if not _PLAIN.fullmatch(folder.removeprefix(UNKNOWN_FOLDER)):
            continue
        behind = layer.calls[at + 1 :]
        users = tuple(each for each in behind if is_inside(each, folder) or names(each, folder))
        found.append(_Clone(layer, effect, call, folder, users))
    return tuple(found)


_left = folded(tuple[_Clone, ...](), _with)


def _reads(layer: Layer, folder: str) -> bool:
    """Whether a later layer may read a history, or removes it with or without the clone."""
    if "git" in layer.programs and any(
        call.program == "git" and (is_inside(call, folder) or names(call, folder)) for call in layer.calls
    ):
        return True
    return layer.removes and is_removed(layer, f"{folder}/.git")


def _fixes(clone: _Clone, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield _cut(snapshot, clone) if not clone.is_read else _removed(snapshot, clone)


def _cut(snapshot: Snapshot, clone: _Clone) -> Fix | None:
    """Clone the last version alone."""
    verb = next(word for word in clone.call.words if word.text == "clone")
    edit = insert_word(snapshot, clone.layer, verb, "--depth 1")
    if edit is None:
        return None
    cause = clone.effect.cause
    url = cause.url if isinstance(cause, Download) else None
    is_only_read = not clone.users and not is_run_behind(snapshot, clone.layer, clone.folder)
    if is_only_read and url and _SERVERS.match(url):
        return Fix("shallow", "Add --depth 1", Safety.SAFE, (edit,))
    note = "Check: the server gives a part of a history, and nothing that is built there reads older versions or tags"
    return Fix("shallow", "Add --depth 1", Safety.ASK, (edit,), note=note)


def _removed(snapshot: Snapshot, clone: _Clone) -> Fix | None:
    """Delete the history behind the last command that runs in the clone."""
    if clone.name != clone.folder:
        return None
    edit = append_command(snapshot, clone.layer, clone.users[-1], f"rm -rf {clone.folder}/.git")
    note = "Check: nothing pulls or reads the history when the image runs"
    return Fix("remove-history", "Delete the history in the same RUN", Safety.ASK, (edit,), note=note) if edit else None
