r"""An archive stays in the image after it was unpacked or installed.

What was unpacked is all that the image needs: the archive beside it, or the installer, only takes room, mostly a third
of what came out of it or more. It costs nothing where the RUN that downloads it also deletes it.

## Example

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && rm -rf /var/lib/apt/lists/*
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && rm -rf /var/lib/apt/lists/*
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz \
    && rm go1.25.1.linux-amd64.tar.gz
```

Where another RUN unpacks it, that is the one to download it:

## Example

```
FROM buildpack-deps:trixie-curl
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz
ENV GOPATH=/go
RUN tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz
```

Use instead:

```
FROM buildpack-deps:trixie-curl
ENV GOPATH=/go
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz && rm go1.25.1.linux-amd64.tar.gz
```

An archive of the build context need not be copied to be unpacked:

## Example

```
//- Dockerfile
FROM debian:trixie-slim
COPY site.tar.gz /tmp/
RUN tar -xzf /tmp/site.tar.gz -C /srv
//- site.tar.gz 59000000
```

Use instead:

```
//- Dockerfile
FROM debian:trixie-slim
ADD site.tar.gz /srv/
//- site.tar.gz 59000000
```

## Example

```
//- Dockerfile
FROM debian:trixie-slim
COPY app.deb /tmp/
RUN dpkg -i /tmp/app.deb && ldconfig
//- app.deb 20000000
```

Use instead:

```
//- Dockerfile
FROM debian:trixie-slim
RUN --mount=type=bind,source=app.deb,target=/tmp/app.deb dpkg -i /tmp/app.deb && ldconfig
//- app.deb 20000000
```

What a folder brings along that is copied out of a stage is deleted there:

## Example

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl
RUN curl -fsSLo /opt/go.tgz https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz && tar -C /opt -xzf /opt/go.tgz
FROM debian:trixie-slim
COPY --from=build /opt /opt
```

Use instead:

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl
RUN curl -fsSLo /opt/go.tgz https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz && tar -C /opt -xzf /opt/go.tgz \
    && rm /opt/go.tgz
FROM debian:trixie-slim
COPY --from=build /opt /opt
```

## Fix safety

Deleting a download is safe: it goes right behind the last command that reads it, and nothing else in the file does.
RUNs of which one downloads and the next unpacks become one, with a `cd` for each `WORKDIR` between them, more than
three only when asked for; or else the download goes to the RUN that alone reads the file, where it is the same there:
it names no variable, the account, the folder and the way to the server are the same, and nothing between them is copied
or takes packages away. `ADD` unpacks a local
archive by itself, with its owners by number; a bind mount needs BuildKit and shows the file read-only. Both are yours
to look at. One that comes with a whole folder (`COPY . .`) has no fix: it is for you to keep it in a folder of its own.

## Not reported

It is deleted in the RUN that brings it, or never lies on the disk:

```
FROM debian:trixie-slim
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz && rm -f go*.tar.gz
RUN curl -fsSL https://nodejs.org/dist/v22.1.0/node-v22.1.0-linux-x64.tar.xz | tar -xJ -C /usr/local
RUN d="$(mktemp -d)" && curl -fsSLo "$d/go.tgz" https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /opt -xzf "$d/go.tgz" && rm -r "$d"
ADD --unpack=true https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz /srv/
```

It is copied to be there, and nothing unpacks it:

```
//- Dockerfile
FROM debian:trixie-slim
COPY site.tar.gz /srv/
RUN tar -tzf /srv/site.tar.gz > /srv/contents
CMD ["serve", "/srv"]
//- site.tar.gz 59000000
```

Something else reads it, or may:

```
FROM debian:trixie-slim
RUN curl -fsSL -o /srv/app.zip https://example.org/app.zip && unzip -q /srv/app.zip index.html -d /srv
CMD ["java", "-cp", "/srv/app.zip", "Main"]
```

It is a few kilobytes that tell a package manager where packages are:

```
FROM debian:trixie-slim
RUN curl -fsSLO https://packages.microsoft.com/config/debian/13/packages-microsoft-prod.deb \
    && dpkg -i packages-microsoft-prod.deb
```

Somebody puts it where it is to be kept, or it is what `tee` keeps of a download on its way, which is not followed:

```
FROM debian:trixie-slim
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz \
    && tar -C /usr/local -xzf go1.25.1.linux-amd64.tar.gz && mv go1.25.1.linux-amd64.tar.gz /srv/mirror/
```

```
FROM debian:trixie-slim
RUN curl -fsSL https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz | tee /srv/go.tgz | tar -xz -C /usr/local
```

The stage does not ship:

```
FROM debian:trixie-slim AS build
RUN curl -fsSLO https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz && tar -xzf go1.25.1.linux-amd64.tar.gz
FROM debian:trixie-slim
COPY --from=build /go/bin/gofmt /usr/local/bin/
```

It is copied out of a stage by its name, or something reads it there:

```
FROM debian:trixie-slim AS build
RUN curl -fsSLo /opt/go.tgz https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz && tar -C /opt -xzf /opt/go.tgz
FROM debian:trixie-slim
COPY --from=build /opt/go.tgz /srv/
```

```
FROM debian:trixie-slim AS build
RUN curl -fsSLo /opt/go.tgz https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz && tar -C /opt -xzf /opt/go.tgz
FROM debian:trixie-slim
COPY --from=build /opt /opt
RUN sha256sum /opt/go.tgz > /opt/sum
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#add-or-copy
- ADD unpacks: https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import catalog
from deadweight.model.effects import Copied, Download, Extracted, Kind
from deadweight.model.of_layers import OfLayers
from deadweight.model.stack import folded
from deadweight.rules import copied_archives, copies_between, variables_between
from deadweight.rules.edits import PLAIN_PATH, append_command, insert_flag, remove_instruction
from deadweight.rules.folder_uses import is_said, layers_behind, mentions, names_folder_of, word_for
from deadweight.rules.reaching import left_in_builders, places_of
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Safety, Words, as_written, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.size.estimate import effect_size
from deadweight.syntax.dockerfile import remembered, remembered_of_each
from deadweight.syntax.shell import Block
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.model.playing import Rest
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word

_INSTALLER = re.compile(r".*\.(?:sh|run|bin)|.*(?:install|setup).*", re.IGNORECASE)
# Packages that say where other packages are: a key and an address.
_OF_REPOSITORIES = re.compile(
    r".*(?:keyring|release|repo|apt-config|apt-source|packages-microsoft|epel).*\.(?:deb|rpm)"
)
_PACKAGE_MANAGERS = frozenset(("apt-get", "apt", "apk", "dnf", "yum", "microdnf", "zypper", "pip"))
# What looks at a file, or makes it what it has to be before it is unpacked.
_LOOKS = frozenset(
    (
        *("sha256sum", "sha512sum", "sha1sum", "md5sum", "b2sum", "shasum", "gpg", "gpgv", "cosign", "minisign"),
        *("echo", "printf", "ls", "file", "test", "[", "stat", "du", "chmod", "chown", "cat", "grep", "openssl"),
        *("curl", "wget", "aria2c", "mkdir", "cd", "export", "true", "touch"),
    )
)
_SIGNATURES = (".asc", ".sig", ".sha256", ".sha512", ".sha1", ".md5", ".sha256sum", ".minisig")
_ADDED = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")  # what ADD unpacks
_MOST = 100  # of such files at once: each layer is asked about all of them, and who brings more unpacks none
_PATTERN = re.compile(r"[*?\[<;]")


class _Archive(NamedTuple):
    """A file that somebody may unpack: the layer that brings it, and how."""

    layer: Layer
    effect: Effect

    @property
    def path(self) -> str:
        return self.effect.path or ""

    @property
    def call(self) -> Call | None:
        return self.layer.call_of(self.effect)


class _Use(NamedTuple):
    """A call that has to do with a file: the word that names it, where one does. `unpacks` is None for any other."""

    call: Call
    word: Word | None
    unpacks: bool | None


class _Kept(NamedTuple):
    """A file that may be an archive, and the calls that have to do with it, each with its layer."""

    archive: _Archive
    uses: tuple[tuple[Layer, _Use], ...]

    @property
    def layer(self) -> Layer:
        """The layer with the last use."""
        return self.uses[-1][0]

    @property
    def last(self) -> _Use:
        """The last use."""
        return self.uses[-1][1]

    def used(self, layer: Layer, uses: tuple[_Use, ...]) -> _Kept:
        """The same with the uses in one more layer, where that is not before the file is there."""
        own = self.archive.effect.span if layer is self.archive.layer else None
        behind = tuple((layer, use) for use in uses if own is None or use.call.span > own)
        return self._replace(uses=(*self.uses, *behind)) if behind else self


_IS_MORE = re.compile(r"[*?\[{$`~\\'\"]")  # words with one of these may name a file without its name


@lru_cache(maxsize=64)
def _concerning(paths: tuple[str, ...]) -> Callable[[Reading], object]:
    """The words of commands that have to do with one of these files: the same question for the same files."""
    return lambda command: as_written(command) if any(_concerns(command.call, path) for path in paths) else None


def _words(snapshot: Snapshot) -> Words:
    brought = _brought(snapshot.reached_ledgers)
    copied = (place for _, layer, effect in brought for _, place in places_of(snapshot, layer, effect))
    paths = dict.fromkeys([*(effect.path or "" for _, _, effect in brought), *copied])
    return Words(_concerning(tuple(paths))) if paths else NO_WORDS


@rule("archive-kept", group="cleanup", words=_words)
def archive_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report archives of which all that is needed has been taken, in layers that ship or in folders that these copy."""
    ledgers = snapshot.shipped_ledgers
    left = _left(ledgers[-1].stacks[-1]) if _brought(ledgers) else ()
    for used in (*left, *_copied_out(snapshot)):
        if any(use.unpacks for _, use in used.uses) and not is_said(snapshot, posixpath.basename(used.archive.path)):
            yield _finding(snapshot.build.stages[used.archive.layer.site.stage].label, used)


def _copied_out(snapshot: Snapshot) -> Iterator[_Kept]:
    """The files of stages that do not ship which come into the image with the folder around them, and that nothing
    there has to do with.
    """
    for stage, kept in left_in_builders(snapshot, _left, Download, Copied):
        archive = kept.archive
        is_own = archive.layer.site.stage == stage and kept.uses
        places = places_of(snapshot, archive.layer, archive.effect) if is_own else []
        behind = ((each, place) for layer, place in places for each in layers_behind(snapshot, layer))
        if places and not any(any(_used(each, (place,))) for each, place in behind):
            yield kept


def _with(left: tuple[_Kept, ...], layer: Layer) -> tuple[_Kept, ...]:
    """The files that may be archives up to a layer, with what reads them, but for those that something needs."""
    own = tuple(_Kept(archive, ()) for archive in _archives(layer))
    if layer.instruction.keyword != "RUN" or not (left or own):
        return (*left, *own) if own else left
    everything = (*left, *own)
    paths = tuple(dict.fromkeys(each.archive.path for each in everything))
    uses = dict(zip(paths, _uses(layer, paths), strict=True))
    if not own and not any(uses.values()):
        return left
    found = [each.used(layer, uses[each.archive.path]) for each in everything]
    needless = tuple(each for each in found if all(use.unpacks is not None for _, use in each.uses))
    return needless if len(needless) <= _MOST else ()


def _finding(stage: str, kept: _Kept) -> Finding:
    archive = kept.archive
    name = posixpath.basename(archive.path)
    return Finding(
        site=archive.layer.site,
        span=archive.effect.span,
        message=f"{name} stays in the image after its last use",
        saves=effect_size(archive.effect),
        basis="size",
        stage=stage,
        frees=frozenset({(archive.layer.site, archive.effect)}),
        fixes=partial(_fixes, kept),
        related=(Related(kept.layer.site, kept.last.call.span, "the last that reads it"),),
    )


@OfLayers
def _brought(layer: Layer) -> tuple[Effect, ...]:
    """What a layer keeps that may be an archive."""
    return _downloaded(layer.rest)


@remembered
def _archives(layer: Layer) -> tuple[_Archive, ...]:
    """The files of a layer that may be archives."""
    archives = _downloaded(layer.rest)
    clones = {call.span for call in layer.calls if call.program == "git"} if archives else ()
    return tuple([_Archive(layer, each) for each in archives if each.span not in clones])


@remembered
def _downloaded(rest: Rest) -> tuple[Effect, ...]:
    return (
        *filter(_is_archive, rest.effects),
        *(found for effect in rest.effects for found in copied_archives.in_folder(effect)),
    )


def _is_archive(effect: Effect) -> bool:
    cause, name = effect.cause, posixpath.basename(effect.path or "")
    if not name or not effect.is_certain or _OF_REPOSITORIES.fullmatch(name) or not may_be_heavy(effect):
        return False
    return isinstance(cause, Download) or (
        isinstance(cause, Copied) and cause.is_file and copied_archives.NAME.fullmatch(name) is not None
    )


# --- who reads it -----------------------------------------------------------------------------------------------------


@remembered_of_each
def _uses(layer: Layer, path: str) -> tuple[_Use, ...]:
    """What the commands of a layer do with a file."""
    if layer.instruction.keyword != "RUN" or not mentions(layer).may_be_about(path):
        return ()
    return tuple(use for reading in layer.readings if (use := _use(layer, reading.call, path)))


@remembered_of_each
def _used(layer: Layer, path: str) -> bool:
    """Whether a command of a layer has to do with a file."""
    return mentions(layer).may_be_about(path) and any(_concerns(call, path) for call in layer.calls)


def _concerns(call: Call, path: str) -> bool:
    """Whether a call has to do with a file: it names the file, runs it, or is given the folder that holds it."""
    said = " ".join([call.typed, *[each.text for each in call.words]])
    if path.rpartition("/")[2] in said or (_IS_MORE.search(said) and word_for(call, path) is not None):
        return True
    return _runs(call, path) or (catalog.find(call.program) is None and names_folder_of(call, path))


def _runs(call: Call, path: str) -> bool:
    return "/" in call.typed and call.around.resolve(call.typed) == path


def _use(layer: Layer, call: Call, path: str) -> _Use | None:
    if not _concerns(call, path):
        return None
    name, word, is_run = posixpath.basename(path), word_for(call, path), _runs(call, path)
    if word is None and not is_run:
        return _Use(call, None, None) if call.program not in _LOOKS else None
    if call.program in _LOOKS and not _unpacks(layer, call, path):
        return _Use(call, word, False)
    is_installed = call.program in _PACKAGE_MANAGERS and any(each.text in ("install", "add") for each in call.words)
    is_installer = _INSTALLER.fullmatch(name) is not None and "/bin/" not in path
    is_script = is_installer and (is_run or (call.program in ("sh", "bash", "dash", "ash") and word is call.words[0]))
    is_copied = call.program == "install" and word is not None and word is not call.words[-1]
    if is_installed or is_script or is_copied or _unpacks(layer, call, path):
        return _Use(call, word, True)
    return _Use(call, word, None)


def _unpacks(layer: Layer, call: Call, path: str) -> bool:
    # `xz -dc a.tar.xz | tar -x` is two calls.
    fed = [each.span for each in layer.calls if (by := each.fed_by) and by.command is call.own.command]
    spans = (call.span, *fed)
    own = (effect for effect in layer.effects if effect.span in spans and effect.kind is Kind.WRITES)
    archives = [effect.cause.archive for effect in own if isinstance(effect.cause, Extracted)]
    return any(each is not None and call.around.resolve(each) == path for each in archives) or (
        bool(archives) and call.program in ("unzip", "tar")
    )


_left = folded(tuple[_Kept, ...](), _with)


# --- the ways out -----------------------------------------------------------------------------------------------------


def _fixes(kept: _Kept, snapshot: Snapshot) -> Iterator[Fix | None]:
    if isinstance(kept.archive.effect.cause, Copied) and kept.archive.layer.site.stage in snapshot.build.shipped:
        yield _added(snapshot, kept) or _mounted(snapshot, kept)
    else:
        yield _removed(snapshot, kept)


def _removed(snapshot: Snapshot, kept: _Kept) -> Fix | None:
    """Delete it right behind its last use; RUNs in between become one, where their layers ship."""
    layers = snapshot.ledgers.of(kept.archive.layer).layers
    first, last = kept.archive.layer, kept.layer
    if first.site.stage not in snapshot.build.shipped:
        text = _as_typed(kept)
        edit = append_command(snapshot, last, kept.last.call, f"rm {text}", like=kept.archive.call) if text else None
        return Fix("remove", "Delete it behind its last use", Safety.SAFE, (edit,)) if edit else None
    if first.instruction.keyword != "RUN" or last not in layers:
        return None
    text = _as_typed(kept)
    above = None if first is last else first
    by, use = kept.archive.call, kept.last.call
    edit = append_command(snapshot, last, use, f"rm {text}", like=by, above=above) if text else None
    if edit is None:
        return None
    if first is last:
        return Fix("remove", "Delete it in the same RUN", Safety.SAFE, (edit,))
    fix = copies_between.merged_from(snapshot, first, last)
    is_plain = not variables_between.change(layers[first.site.step : last.site.step])
    if fix and fix.safety is Safety.SAFE and (is_plain or _later(snapshot, kept) is None):
        return replace(fix, id="remove", title=f"{fix.title} and delete it there", edits=(*fix.edits, edit))
    return _later(snapshot, kept) or (
        fix and replace(fix, id="remove", title=f"{fix.title} and delete it there", edits=(*fix.edits, edit))
    )


def _later(snapshot: Snapshot, kept: _Kept) -> Fix | None:
    """Download it in the RUN that alone reads it, and delete it there."""
    first, last, text = kept.archive.layer, kept.layer, _as_typed(kept)
    if text is None or any(layer is not last for layer, _ in kept.uses):
        return None
    from deadweight.rules.downloading_later import downloaded_before  # a session starts without it

    moved = downloaded_before(snapshot, first, kept.archive.effect, last, kept.uses[0][1].call)
    removed = append_command(snapshot, last, kept.last.call, f"rm {text}", like=kept.archive.call)
    if moved is None or removed is None:
        return None
    return Fix("remove", "Download it in the RUN that reads it, and delete it there", Safety.SAFE, (*moved, removed))


def _as_typed(kept: _Kept) -> str | None:
    """The words that delete the file where its last use is; what proves it goes as well."""
    use = kept.last
    blocks = [node.kind for node in use.call.placed.ancestors if isinstance(node, Block)]
    is_simple = all(kind in ("braces", "subshell") for kind in blocks)
    word = use.word if use.word is None or _PATTERN.search(use.word.text) is None else None
    if is_simple and word is not None and len(use.call.alternatives(word)) == 1:
        typed = word.text
    elif PLAIN_PATH.fullmatch(kept.archive.path):
        typed = kept.archive.path if is_simple else f"-f {kept.archive.path}"
    else:
        return None
    signs = {effect.path for effect in kept.archive.layer.kept if isinstance(effect.cause, Download)}
    beside = [suffix for suffix in _SIGNATURES if f"{kept.archive.path}{suffix}" in signs]
    return " ".join((typed, *(f"{typed.removeprefix('-f ')}{suffix}" for suffix in beside)))


def _only_user(snapshot: Snapshot, kept: _Kept) -> Layer | None:
    """The RUN that alone uses a copied file, right below the COPY of nothing else."""
    copy, late = kept.archive.layer, kept.layer
    layers = snapshot.ledgers.of(copy).layers
    instruction = copy.instruction
    if late not in layers or layers.index(copy) + 1 != layers.index(late):
        return None
    is_plain = instruction.keyword == "COPY" and not instruction.flags and instruction.array is None
    is_plain = is_plain and kept.archive.effect in copy.kept  # else it is one of a folder
    return late if is_plain and len(instruction.words) == 2 else None


def _added(snapshot: Snapshot, kept: _Kept) -> Fix | None:
    """Have ADD unpack it."""
    late, effect = _only_user(snapshot, kept), kept.archive.effect
    cause = effect.cause
    if late is None or len(late.calls) != 1 or not isinstance(cause, Copied) or late.instruction.flags:
        return None
    call = late.calls[0]
    written = [each for each in late.effects if isinstance(each.cause, Extracted)]
    own = (word.text for word in call.words if word.text.startswith("-"))
    is_plain = call.program == "tar" and all(_PLAIN_TAR.fullmatch(text) for text in own) and not call.placed.conditional
    target = written[0].path if len(written) == 1 else None
    if not is_plain or not (cause.root or "").endswith(_ADDED) or target is None or not PLAIN_PATH.fullmatch(target):
        return None
    extracted = written[0].cause
    if isinstance(extracted, Extracted) and extracted.is_part:
        return None
    copy = kept.archive.layer
    start, words = snapshot.offset(copy.site), copy.instruction.words
    keyword = copy.instruction.span
    edits = (
        Edit(keyword._replace(end=keyword.start + len("COPY")).shifted(start), "ADD"),
        Edit(words[1].span.shifted(start), f"{target}/"),
        remove_instruction(snapshot, late),
    )
    return Fix("add", "Have ADD unpack it", Safety.ASK, edits, note="Check: owners in the archive are right by number")


_PLAIN_TAR = re.compile(r"-[xzjJvfC]+|--extract|--gzip|--directory(?:=.*)?|--file(?:=.*)?")


def _mounted(snapshot: Snapshot, kept: _Kept) -> Fix | None:
    """Show the RUN the file of the build context instead of copying it."""
    late, cause = _only_user(snapshot, kept), kept.archive.effect.cause
    source = cause.root if isinstance(cause, Copied) else None
    path = kept.archive.path
    if late is None or not source or not PLAIN_PATH.fullmatch(path) or not PLAIN_PATH.fullmatch(f"/{source}"):
        return None
    if any(use.call.program in ("chmod", "chown", "touch") for _, use in kept.uses) or late.instruction.flag("mount"):
        return None
    edits = (
        remove_instruction(snapshot, kept.archive.layer),
        insert_flag(snapshot, late, f"--mount=type=bind,source={source},target={path}"),
    )
    note = "Check: the builder is BuildKit, and nothing writes to the file"
    return Fix("bind-mount", "Mount the file for this RUN instead of copying it", Safety.ASK, edits, note=note)
