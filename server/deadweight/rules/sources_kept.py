r"""Sources stay in the image after they were built and installed.

`make install` copies what was built to where programs lie. The folder with the sources, with all that the compiler made
of them beside it, often weighs many times as much, and nothing reads it again. It costs nothing where the same RUN
deletes it.

## Example

```
FROM debian:trixie
RUN curl -fsSL https://nginx.org/download/nginx-1.29.1.tar.gz | tar -xz -C /usr/src \
    && cd /usr/src/nginx-1.29.1 \
    && ./configure \
    && make \
    && make install
```

Use instead:

```
FROM debian:trixie
RUN curl -fsSL https://nginx.org/download/nginx-1.29.1.tar.gz | tar -xz -C /usr/src \
    && cd /usr/src/nginx-1.29.1 \
    && ./configure \
    && make \
    && make install \
    && rm -rf /usr/src/nginx-1.29.1
```

## Example

```
FROM debian:trixie
RUN set -e; \
    git clone --depth 1 https://github.com/jedisct1/libsodium.git /tmp/sodium; \
    cd /tmp/sodium; ./configure; make; make install; \
    ldconfig; cd /
```

Use instead:

```
FROM debian:trixie
RUN set -e; \
    git clone --depth 1 https://github.com/jedisct1/libsodium.git /tmp/sodium; \
    cd /tmp/sodium; ./configure; make; make install; \
    ldconfig; \
    rm -rf /tmp/sodium; cd /
```

## Fix safety

Safe: the folder goes behind the last command that runs in it, and nothing behind that names it, be it a command, a
`WORKDIR`, `ENV` or `CMD`. How much it is nobody knows, so that the finding says no bytes.

## Not reported

It is deleted, in one way or another:

```
FROM debian:trixie
RUN curl -fsSL https://nginx.org/download/nginx-1.29.1.tar.gz | tar -xz -C /usr/src \
    && cd /usr/src/nginx-1.29.1 && make install && cd .. && rm -rf nginx-*
RUN d="$(mktemp -d)" && git clone https://github.com/a/b.git "$d" && cd "$d" && make install && rm -r "$d"
```

A link points into it, or it is installed there:

```
FROM debian:trixie
RUN git clone --depth 1 https://github.com/jedisct1/libsodium.git /opt/sodium && cd /opt/sodium && make install \
    && ln -s /opt/sodium/sodium.conf /etc/sodium.conf
RUN git clone --depth 1 https://github.com/example/server.git /opt/server && cd /opt/server \
    && ./configure --prefix=/opt/server/inst && make install
```

Something uses it later on:

```
FROM debian:trixie
RUN git clone --depth 1 https://github.com/jedisct1/libsodium.git /opt/sodium && cd /opt/sodium && make install
WORKDIR /opt/sodium/test
```

```
FROM debian:trixie
RUN git clone --depth 1 https://github.com/example/server.git /opt/server && cd /opt/server && make install
CMD ["/opt/server/run.sh"]
```

The stage does not ship:

```
FROM debian:trixie AS build
RUN git clone --depth 1 https://github.com/jedisct1/libsodium.git /src && cd /src && make install
FROM debian:trixie-slim
COPY --from=build /usr/local/lib/ /usr/local/lib/
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#run
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Download, Extracted, is_under
from deadweight.model.stack import folded
from deadweight.rules.edits import append_command
from deadweight.rules.folder_uses import (
    INSTALLS_ALL,
    SHARED,
    is_inside,
    is_pointed_at,
    is_removed,
    is_said,
    names,
    runs_with,
)
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, as_written, keep, of_programs, rule
from deadweight.size.estimate import effect_size
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_PLAIN = re.compile(r"/[\w./+@-]+")
_BUILDS = frozenset(("make", "gmake", "ninja", "cmake", "python", "python3", "meson", "b2", "scons"))


class _Built(NamedTuple):
    """A folder of sources of which a RUN installs what it builds: what brought it, and the calls that it is left by."""

    layer: Layer
    effect: Effect
    folder: str
    install: Call
    last: Call


_of_builder = of_programs(*_BUILDS)


def _words(snapshot: Snapshot) -> Words:
    ledgers = snapshot.shipped_ledgers
    if not keep(ledgers, Download, Extracted):
        return NO_WORDS
    return Words(as_written if any(_built(layer) for ledger in ledgers for layer in ledger.layers) else _of_builder)


@rule("sources-kept", group="cleanup", words=_words)
def sources_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report folders in layers that ship from which all has been installed."""
    ledgers = snapshot.shipped_ledgers
    for built in _left(ledgers[-1].stacks[-1]) if keep(ledgers, Download, Extracted) else ():
        if not is_said(snapshot, posixpath.basename(built.folder)):
            yield _finding(built, snapshot.build.stages[built.layer.site.stage].label)


def _with(left: tuple[_Built, ...], layer: Layer) -> tuple[_Built, ...]:
    """What is left of an image's folders behind a layer: those that it leaves alone, and its own."""
    own = _built(layer)
    used = tuple(runs_with(layer, [each.folder for each in left])) if left else ()
    if not own and not any(used):
        return left
    return (*(each for each, is_used in zip(left, used, strict=True) if not is_used), *own)


def _finding(built: _Built, stage: str) -> Finding:
    return Finding(
        site=built.layer.site,
        span=built.install.span,
        message=f"the sources in {built.folder} stay in the image after {built.install.program} has installed them",
        saves=effect_size(built.effect),
        basis="size",
        stage=stage,
        frees=frozenset({(built.layer.site, built.effect)}),
        fixes=partial(_fixes, built),
    )


def _fixes(built: _Built, snapshot: Snapshot) -> Iterator[Fix | None]:
    writer = built.layer.call_of(built.effect)
    edit = append_command(snapshot, built.layer, built.last, f"rm -rf {built.folder}", like=writer)
    yield Fix("remove-sources", "Delete them in the same RUN", Safety.SAFE, (edit,)) if edit else None


_left = folded(tuple[_Built, ...](), _with)


@remembered
def _built(layer: Layer) -> tuple[_Built, ...]:
    """The folders that a layer unpacks or clones, installs from and keeps."""
    found: dict[str, _Built] = {}
    for call in layer.calls:
        folder = _installed_from(call)
        source = folder and _source(layer, folder)
        if not folder or not source or call.placed.conditional:
            continue
        effect, root = source
        behind = layer.calls[layer.calls.index(call) :]
        last = next(each for each in reversed(behind) if each is call or is_inside(each, root) or names(each, root))
        if not is_removed(layer, root) and not any(is_pointed_at(each, root) for each in layer.calls):
            found[root] = _Built(layer, effect, root, call, last)
    return tuple(found.values())


def _installed_from(call: Call) -> str | None:
    """The folder from which a call installs what was built."""
    if call.program not in _BUILDS:
        return None
    texts = [word.text for word in call.words]
    is_install = any(map(INSTALLS_ALL.fullmatch, texts))
    if call.program in ("make", "gmake", "ninja"):
        folder = call.value("-C", "--directory") if is_install else None
    elif call.program == "cmake":
        folder = call.value("--install") or (call.value("--build") if "install" in texts else None)
        is_install = folder is not None
    elif call.program in ("python", "python3"):
        is_install = is_install and "setup.py" in texts
        folder = None
    else:
        folder = call.value("-C")
    return call.around.resolve(folder or ".") if is_install else None


def _source(layer: Layer, folder: str) -> tuple[Effect, str] | None:
    """What brought the sources in a folder, and the uppermost folder of only these."""
    for effect in reversed(layer.kept):
        path = effect.path
        if not isinstance(effect.cause, (Extracted, Download)) or path is None or not is_under(folder, path):
            continue
        below = folder[len(path) :].strip("/").partition("/")[0]
        is_own = isinstance(effect.cause, Download) or not below or not SHARED.fullmatch(path)
        root = path if is_own and not SHARED.fullmatch(path) else f"{path.rstrip('/')}/{below}" if below else None
        workdir = layer.step.state.workdir if layer.step else None
        if (
            root is None
            or not _PLAIN.fullmatch(root)
            or SHARED.fullmatch(root)
            or (workdir and is_under(workdir, root))
        ):
            return None
        return (effect, root) if effect.is_certain else None
    return None
