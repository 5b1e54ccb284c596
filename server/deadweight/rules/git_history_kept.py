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

Where one version of many is checked out, or something is built, all commits and tags stay, and the files of older
versions with the server: git gets what it needs of them.

## Example

```
FROM python:3.13
RUN git clone https://github.com/example/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir -r requirements.txt
```

Use instead:

```
FROM python:3.13
RUN git clone --filter=blob:none https://github.com/example/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir -r requirements.txt
```

Where it is not known that server and git can do that, the history is deleted behind the last command that may read it,
which takes off more:

## Example

```
FROM python:3.13
RUN git clone https://git.example.com/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir -r requirements.txt
```

Use instead:

```
FROM python:3.13
RUN git clone https://git.example.com/tool.git /opt/tool \
    && cd /opt/tool \
    && git checkout 4f2c9d1 \
    && pip install --no-cache-dir -r requirements.txt \
    && rm -rf /opt/tool/.git
```

So it is where the image gets the clone by a COPY:

## Example

```
FROM debian:trixie AS sources
RUN git clone https://github.com/zsh-users/zsh-autosuggestions.git /src
FROM debian:trixie-slim
COPY --from=sources /src /usr/share/zsh-autosuggestions
```

Use instead:

```
FROM debian:trixie AS sources
RUN git clone --depth 1 https://github.com/zsh-users/zsh-autosuggestions.git /src
FROM debian:trixie-slim
COPY --from=sources /src /usr/share/zsh-autosuggestions
```

## Fix safety

`--depth 1` is safe where the server is one that is known to give it, nothing in the file runs in the clone but what
copies, moves, deletes or edits files, or reads those that it is given, which are the same. Look before you take it
where something is built there, or in the folder around it, which may read its version from tags, or where the image
starts there.

`--filter=blob:none` is safe there too: commits, tags and folders are the same, so are the files, and `git describe`,
`git status`, `git log` and `git fetch` say what they said, with a network or without; of a large project they may
shorten hashes by a digit more. Another version is checked out as before where the server can be asked, which a build
can. Only a container without a network no longer shows what older versions held (`git log -p`, `git log --stat`,
`git blame`). It is offered where the server is one that is known to leave out files (GitHub, GitLab), over HTTPS and to
anybody; where the release of the base image has a git of 2.22 or later; where no RUN that has to do with the clone does
without the network, takes a key or a secret, changes the remote, makes another clone of this one or prints a shortened
hash; and where nothing is built there that may read the history by a library (JGit, libgit2, go-git), and the image
starts neither that nor git.

Look before you delete the history: nothing may pull or read it when the image runs. That is safe where this RUN or a
later one removes git itself and nothing between may read it, and where the clone is but the source of what is installed
elsewhere: known build tools alone run in it, `make install`, `pip install`, `cp` or `mv` take out what they made, no
later instruction, no variable and no text that the RUN writes names the folder or one that it is in, and the image
starts no script. RUNs up to the last of these become one where they are few steps; where that installs all with `make
install`, the clone goes as a whole.

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

A variable tells what runs in the image of it:

```
FROM debian:trixie-slim
RUN git clone https://github.com/example/tool.git /opt/tool
ENV TOOL_GIT_DIR=/opt/tool
```

People or builds work in the image, as its base, its name or its account says, and so they do in the clone:

```
FROM mcr.microsoft.com/devcontainers/base:bookworm
RUN git clone https://github.com/example/tool.git /opt/tool
WORKDIR /opt/tool
```

The stage does not ship, and no COPY takes the history out of it:

```
FROM debian:trixie-slim AS build
RUN git clone https://github.com/example/tool.git /opt/tool
FROM debian:trixie-slim
COPY --from=build /opt/tool/bin /usr/local/bin
```

## References

- git: https://git-scm.com/docs/git-clone#Documentation/git-clone.txt---depthdepth
- Clones without the files of older versions: https://git-scm.com/docs/partial-clone
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import is_made
from deadweight.model.effects import Download, Kind, PackageSet, is_under
from deadweight.model.image import UNKNOWN_FOLDER
from deadweight.model.playing import removed_names
from deadweight.model.stack import folded
from deadweight.rules import copies_between, work_images
from deadweight.rules.edits import PLAIN_PATH, append_command, insert_word
from deadweight.rules.folder_uses import SHARED, is_inside, is_removed, layers_behind, mentions, names
from deadweight.rules.reaching import left_in_builders, places_of
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, as_written, keep, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_DELETE = "Delete the history in the same RUN"
_CUT = ("--depth", "--shallow-since", "--shallow-exclude", "--filter", "--bare", "--mirror")
_MOST = 100  # clones at once: each layer with git is asked about all of them, and no person makes more
# Servers that give a part of a history to anybody who asks.
_SERVERS = re.compile(
    r"(?:https?://|git@|ssh://git@|git://)(?:[^/@]*@)?"
    r"(?:github\.com|gitlab\.[\w.-]+|salsa\.debian\.org|bitbucket\.org|codeberg\.org"
    r"|[\w-]+\.googlesource\.com)[/:]"
)
# What reads the files that are named to it, and no history (kept by hand, 2026-11-26).
_READ_FILES_ALONE = frozenset(
    (
        *("cd", "pwd", "ls", "cat", "rm", "rmdir", "mkdir", "touch", "chmod", "chown", "chgrp", "sed", "grep"),
        *("echo", "printf", "tee", "export", "set", "true", "test", "[", "mysql", "psql", "service"),
    )
)
_TAKE_FILES = frozenset(("cp", "mv", "install", "ln", "tar"))  # with the history where they take the clone as a whole
_BUILD_FOLDERS = frozenset(("make", "gmake", "cmake", "ninja", "meson", "scons", "cargo", "go"))  # with those in them
_INSTALL_BY_NAME = frozenset(("pip", "pip3", "pipx", "npm", "gem", "apt-get", "apt", "apk", "dnf", "yum"))


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


def _words(snapshot: Snapshot) -> Words:
    downloads = [layer for ledger in snapshot.reached_ledgers for layer in ledger.layers_with(Download)]
    return Words(as_written) if any("git" in layer.programs for layer in downloads) else NO_WORDS


@rule("git-history-kept", group="cleanup", words=_words)
def git_history_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report clones with all of their history in layers that ship, or in folders that these copy."""
    ledgers = snapshot.shipped_ledgers
    left = _left(ledgers[-1].stacks[-1]) if keep(ledgers, Download) else ()
    left += tuple(_copied_out(snapshot))
    for clone in left if left and not work_images.is_for_work(snapshot) else ():
        if not _is_told(snapshot, clone):
            yield _finding(clone, snapshot.build.stages[clone.layer.site.stage].label)


def _is_told(snapshot: Snapshot, clone: _Clone) -> bool:
    """Whether a variable tells what runs in the image of the repository: `GIT_DIR`, `LKP_GIT_WORK_TREE`."""
    variables = snapshot.shipped_ledgers[-1].stage.end.variables
    return any("GIT" in name and is_under(value or "", clone.folder) for name, value in variables.items())


def _copied_out(snapshot: Snapshot) -> Iterator[_Clone]:
    """The clones of stages that do not ship of which the image gets the history, and leaves it alone."""
    for stage, clone in left_in_builders(snapshot, _left, Download):
        places = places_of(snapshot, clone.layer, clone.effect) if clone.layer.site.stage == stage else []
        behind = ((each, place) for layer, place in places for each in layers_behind(snapshot, layer))
        if places and not any(_reads(each, place) for each, place in behind):
            yield clone


def _with(left: tuple[_Clone, ...], layer: Layer) -> tuple[_Clone, ...]:
    """The clones whose history nobody reads or removes up to a layer."""
    own = _clones(layer)
    used = [each for each in left if _reads(layer, each.folder)] if left and layer.calls else []
    if not own and not used:
        return left
    found = (*(each for each in left if each not in used), *own)
    return found if len(found) <= _MOST else ()


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
        from_root = folder.removeprefix(UNKNOWN_FOLDER)  # where the base image works at /: `rm -rf /tool`
        if not PLAIN_PATH.fullmatch(from_root) or is_removed(layer, f"{from_root}/.git"):
            continue
        behind = layer.calls[at + 1 :]
        users = tuple(each for each in behind if _concerns(each, folder))
        found.append(_Clone(layer, effect, call, folder, users))
    return tuple(found)


_left = folded(tuple[_Clone, ...](), _with)


def _concerns(call: Call, folder: str) -> bool:
    """Whether a call runs in a clone, or names it."""
    return is_inside(call, folder) or names(call, folder)


def _reads(layer: Layer, folder: str) -> bool:
    """Whether a later layer may read a history, or removes it with or without the clone."""
    may_read = "git" in layer.programs and mentions(layer).may_lead_to(folder)
    if may_read and any(call.program == "git" and _concerns(call, folder) for call in layer.calls):
        return True
    return layer.removes and is_removed(layer, f"{folder}/.git")


def _may_read(call: Call, folder: str) -> bool:
    """Whether a call may read the history of a clone: by what runs in there, or is told where it is."""
    if call.program in _READ_FILES_ALONE:
        return False
    if call.program in _TAKE_FILES:
        words = [word for word in call.words if not word.text.startswith("-")]
        # Where `cp` and `mv` put them is the last of their words.
        taken = words[:-1] if call.program in ("cp", "mv") and not call.has("-t", "--target-directory") else words
        paths = call.paths(taken)
        return any(path is None or path == folder or path.startswith(f"{folder}/.git") for path in paths)
    if is_inside(call, folder) or call.typed.startswith(f"{folder}/"):
        return True
    around = call.around.folder
    if call.program in _BUILD_FOLDERS and around and around != "/" and is_under(folder, around):
        return True
    # `pip install tool` is about the package, whatever folder is called the same.
    is_by_name = call.program in _INSTALL_BY_NAME and not any("/" in word.text for word in call.words)
    here = replace(call, words=tuple(word for word in call.words if "://" not in word.text))  # an address may end alike
    return names(here, folder) and not is_by_name


def _is_read(snapshot: Snapshot, clone: _Clone) -> bool:
    """Whether something may read the history behind the clone, when the image is built or when it starts there."""
    behind = list(_behind(snapshot, clone))
    if any(_may_read(call, clone.folder) for call in clone.users):
        return True
    if any(_may_read(call, folder) for layer, folder in behind for call in layer.calls):
        return True
    folders = {clone.folder, *(each for _, each in behind)}
    end = snapshot.shipped_ledgers[-1].stage.end
    start = end.workdir
    if start is None or any(is_under(start, folder) for folder in folders):
        return True
    # Where only the base image knows where the clone lies, a folder of its name may be it.
    return clone.name != clone.folder and f"/{clone.name}/" in f"{start}/"


def _behind(snapshot: Snapshot, clone: _Clone) -> Iterator[tuple[Layer, str]]:
    """The layers on a clone, and where each has it: those of the image, or of its own stage and of what copies that."""
    yield from ((layer, clone.folder) for layer in layers_behind(snapshot, clone.layer))
    if clone.layer.site.stage not in snapshot.build.shipped:
        for copying, place in places_of(snapshot, clone.layer, clone.effect):
            yield from ((layer, place) for layer in (copying, *layers_behind(snapshot, copying)))


def _git_goes(snapshot: Snapshot, clone: _Clone) -> Layer | None:
    """The layer that removes git itself behind the clone, where it comes back in none."""
    if clone.layer.site.stage not in snapshot.build.shipped:
        return None  # what is copied out of there meets another git
    layers = (clone.layer, *layers_behind(snapshot, clone.layer))
    for at, layer in enumerate(layers):
        behind = (each for each in layer.undoing if at or each.span > clone.call.span)
        if any(_removes_git(layer, each) for each in behind):
            is_back = any(_installs_git(each) for later in layers[at + 1 :] for each in later.effects)
            return None if is_back else layer
    return None


def _reads_no_more(snapshot: Snapshot, clone: _Clone, gone: Layer) -> bool:
    """Whether nothing may read the history between its own RUN and the layer behind which git is gone."""
    later = (layer for layer in layers_behind(snapshot, clone.layer) if layer.site <= gone.site)
    return not any(_may_read(call, clone.folder) for layer in later for call in layer.calls)


def _removes_git(layer: Layer, effect: Effect) -> bool:
    removed = effect.cause
    if effect.kind is not Kind.REMOVES or not isinstance(removed, PackageSet):
        return False
    return "git" in removed.names or any(
        isinstance(each.cause, PackageSet) and _installs_git(each) and "git" in removed_names(each.cause, removed)
        for each in layer.effects
    )


def _installs_git(effect: Effect) -> bool:
    return effect.kind is Kind.WRITES and isinstance(effect.cause, PackageSet) and "git" in effect.cause.names


def _fixes(clone: _Clone, snapshot: Snapshot) -> Iterator[Fix | None]:
    gone = _git_goes(snapshot, clone)
    goes = gone is not None and _reads_no_more(snapshot, clone, gone)
    asks = _removed(snapshot, clone, goes) if clone.is_read or goes else _cut(snapshot, clone)
    if asks and asks.safety is Safety.SAFE:
        yield asks
    elif behind := _removed_behind(snapshot, clone, gone):
        yield behind
    else:
        yield _partial(snapshot, clone)
        yield asks


def _partial(snapshot: Snapshot, clone: _Clone) -> Fix | None:
    """Clone without the files of older versions."""
    behind = _behind(snapshot, clone)
    users = (
        *((clone.layer, call) for call in clone.users),
        *((layer, call) for layer, folder in behind for call in layer.calls if _concerns(call, folder)),
    )
    from deadweight.rules.partial_clones import fetch_files_later  # a session starts without it

    return fetch_files_later(snapshot, clone.layer, clone.effect, clone.call, users)


def _removed_behind(snapshot: Snapshot, clone: _Clone, gone: Layer | None) -> Fix | None:
    """Delete the history behind the last command that builds in a clone which is but a source, or in the RUN behind
    which git is gone: RUNs up to there become one.
    """
    from deadweight.rules.source_trees import installs_all, is_only_source  # a session starts without it

    if clone.layer.site.stage not in snapshot.build.shipped:
        return None
    own = snapshot.ledgers.of(clone.layer).layers[clone.layer.site.step + 1 :]
    later = [(layer, call) for layer in own for call in layer.calls if _concerns(call, clone.folder)]
    last = later[-1][0] if later else clone.layer
    calls = (*clone.users, *(call for _, call in later))
    if any(call.program in _TAKE_FILES and _may_read(call, clone.folder) for call in calls):
        return None
    is_source = is_only_source(snapshot, clone.folder, clone.layer, last, calls)
    if not is_source and last is not gone:
        return None
    if last is clone.layer:
        edit = _deletes(snapshot, clone, last, clone.users)
        return Fix("remove-history", _DELETE, Safety.SAFE, (edit,)) if edit else None
    there = [call for layer, call in later if layer is last]
    is_shared = is_made(clone.folder) or SHARED.fullmatch(clone.folder)
    is_whole = is_source and any(map(installs_all, calls)) and not is_shared
    edit = (
        append_command(snapshot, last, there[-1], f"rm -rf {clone.folder}", like=clone.call)
        if is_whole
        else _deletes(snapshot, clone, last, there)
    )
    merged = copies_between.merged_from(snapshot, clone.layer, last)
    if edit is None or merged is None or merged.safety is Safety.ASK:
        return None
    title = f"{merged.title} and delete the {'clone' if is_whole else 'history'} there"
    return replace(merged, id="remove-history", title=title, edits=(*merged.edits, edit))


def _cut(snapshot: Snapshot, clone: _Clone) -> Fix | None:
    """Clone the last version alone."""
    verb = next(word for word in clone.call.words if word.text == "clone")
    edit = insert_word(snapshot, clone.layer, verb, "--depth 1")
    if edit is None:
        return None
    cause = clone.effect.cause
    url = cause.url if isinstance(cause, Download) else None
    if url and _SERVERS.match(url) and not _is_read(snapshot, clone):
        return Fix("shallow", "Add --depth 1", Safety.SAFE, (edit,))
    note = "Check: the server gives a part of a history, and nothing that is built there reads older versions or tags"
    return Fix("shallow", "Add --depth 1", Safety.ASK, (edit,), note=note)


def _removed(snapshot: Snapshot, clone: _Clone, goes_with_git: bool) -> Fix | None:
    """Delete the history behind the last command that may read it."""
    edit = _deletes(snapshot, clone, clone.layer, clone.users)
    if edit is None or goes_with_git:
        return Fix("remove-history", _DELETE, Safety.SAFE, (edit,)) if edit else None
    note = "Check: nothing pulls or reads the history when the image runs"
    return Fix("remove-history", _DELETE, Safety.ASK, (edit,), note=note)


def _deletes(snapshot: Snapshot, clone: _Clone, layer: Layer, calls: Sequence[Call]) -> Edit | None:
    """The edit that deletes the history behind the last of some calls of a layer that may read it."""
    readers = [call for call in calls if call.program == "git" or _may_read(call, clone.folder)]
    last = (readers or calls or [clone.call])[-1]
    history = _history(clone, last)
    return append_command(snapshot, layer, last, f"rm -rf {history}", like=clone.call) if history else None


def _history(clone: _Clone, last: Call) -> str | None:
    """Where the history lies, in a word that says so behind a call; None where only the base image knows."""
    if clone.name != clone.folder:
        return None
    if not is_made(clone.folder):
        return f"{clone.folder}/.git"
    # What `mktemp` has made is called as it is typed: "$BUILD/tool".
    word = next((word for word in clone.call.words if next(clone.call.paths((word,)), None) == clone.folder), None)
    if word is None or next(last.paths((word,)), None) != clone.folder:
        return None
    quote = '"' if word.text.endswith('"') else ""
    return f"{word.text.removesuffix(quote).rstrip('/')}/.git{quote}"
