r"""Packages that were only there to build something stay in the image.

A compiler and the headers of libraries are needed while something is built, and by nothing that runs: with the packages
that they bring along they weigh hundreds of megabytes. They cost nothing where the RUN that installs them removes them
again, or where another stage builds, from which the image copies the result.

## Example

```
FROM python:3.13-slim-trixie
COPY requirements.txt .
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libpq-dev \
    && pip install --no-cache-dir -r requirements.txt \
    && rm -rf /var/lib/apt/lists/*
CMD ["python", "-m", "app"]
```

Use instead:

```
FROM python:3.13-slim-trixie
COPY requirements.txt .
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libpq-dev libpq5 \
    && pip install --no-cache-dir -r requirements.txt \
    && apt-get purge -y --auto-remove gcc libpq-dev \
    && rm -rf /var/lib/apt/lists/*
CMD ["python", "-m", "app"]
```

apk removes what a name stands for that the install gives it:

## Example

```
FROM node:22-alpine
COPY package.json .
RUN apk add --no-cache make cmake && npm install --omit=dev && npm cache clean --force
CMD ["node", "server.js"]
```

Use instead:

```
FROM node:22-alpine
COPY package.json .
RUN apk add --virtual .build-deps --no-cache make cmake && npm install --omit=dev && npm cache clean --force \
    && apk del .build-deps
CMD ["node", "server.js"]
```

Where the next RUN builds, it also installs:

## Example

```
FROM python:3.13-slim-trixie
WORKDIR /app
# for uwsgi
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["uwsgi", "app.ini"]
```

Use instead:

```
FROM python:3.13-slim-trixie
WORKDIR /app
COPY requirements.txt .
# for uwsgi
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir -r requirements.txt && apt-get purge -y --auto-remove gcc
CMD ["uwsgi", "app.ini"]
```

Where several RUNs build, one below the other, they become one:

## Example

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && rm -rf /var/lib/apt/lists/*
COPY src /src
RUN make -C /src/library install
RUN make -C /src/server install
CMD ["server"]
```

Use instead:

```
FROM debian:trixie-slim
COPY src /src
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && rm -rf /var/lib/apt/lists/* \
    && make -C /src/library install \
    && make -C /src/server install && apt-get purge -y --auto-remove gcc make
CMD ["server"]
```

## Fix safety

To be looked at: only the app knows whether it calls a compiler when it runs. The libraries that the headers belong to
are asked for by name, so that they stay; they have other names in other releases of the system, and no fix is offered
where the release is not sure. Nor is one where RUNs in several places build something: there, a stage that builds is
the way, from which the image copies what it needs; headers that only such a stage could leave behind are said from 50
MB on. A RUN that also installs does so whenever what it copies changes. A stage has one finding, however many installs
it has.

## Not reported

They are removed again, or the base image has a compiler anyway:

```
FROM alpine:3.22
RUN apk add --no-cache --virtual .build-deps gcc musl-dev && gcc --version && apk del .build-deps
CMD ["sleep", "1"]
```

```
FROM python:3.13
RUN apt-get update && apt-get install -y --no-install-recommends gcc && pip install --no-cache-dir uwsgi \
    && rm -rf /var/lib/apt/lists/*
CMD ["uwsgi"]
```

The stage only builds:

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
RUN gcc -o /app app.c
FROM debian:trixie-slim
COPY --from=build /app /app
CMD ["/app"]
```

All that is not marked as wanted is removed, as official images do it:

```
FROM debian:trixie-slim
RUN savedAptMark="$(apt-mark showmanual)" && apt-get update && apt-get install -y gcc libc6-dev && make -C /src \
    && apt-mark auto '.*' > /dev/null && apt-mark manual $savedAptMark && apt-get purge -y --auto-remove
CMD ["/usr/bin/app"]
```

What they are called is in a variable of the image, as in that of PHP: who builds on the image uses them.

```
FROM debian:trixie-slim
ENV PHPIZE_DEPS="autoconf gcc libc-dev make"
RUN apt-get update && apt-get install -y --no-install-recommends $PHPIZE_DEPS && rm -rf /var/lib/apt/lists/*
COPY docker-php-source /usr/local/bin/
RUN docker-php-source extract && cd /usr/src/php && ./configure && make && make install
CMD ["php-fpm"]
```

What is removed again, the RUN finds out by itself:

```
FROM debian:trixie-slim
RUN dpkg -l > /tmp/before && apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src \
    && dpkg -l > /tmp/after && apt-get purge -y $(diff /tmp/before /tmp/after | awk '/^> ii/ {print $3}')
CMD ["/usr/bin/app"]
```

Nothing says that they only build: the image is one to work in, starts with a build, or builds nothing itself:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
CMD ["bash"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
CMD make -C /src run
```

```
FROM debian:trixie-slim
COPY build.sh /
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
CMD ["/build.sh"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc
CMD ["/usr/bin/app"]
```

## References

- Docker: https://docs.docker.com/build/building/multi-stage/
- apk: https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper#Add_a_Package
- apt: https://manpages.debian.org/trixie/apt/apt-get.8.en.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.building import compiles, is_for_building, may_compile
from deadweight.model.effects import PackageSet
from deadweight.model.stack import folded
from deadweight.rules import merging, work_images
from deadweight.rules.edits import append_command, complete, insert_word
from deadweight.rules.folder_uses import layers_behind
from deadweight.rules.rule import Finding, Fix, Related, Safety, rule
from deadweight.size.estimate import effect_size
from deadweight.size.runtime import libraries
from deadweight.size.units import total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect, Nth
    from deadweight.model.layers import Layer
    from deadweight.model.stages import Site
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit, Span

_LABEL = ".build-deps"
_WORTH_A_STAGE = 50_000_000  # bytes: for less nobody builds in a stage of its own, which is all that is left to do
_MOST_LIBRARIES = 12  # that a fix asks for by name: more of them are an app with a desktop


@dataclass(frozen=True, eq=False)
class _Install:
    """An install that brings packages for building, and which."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    names: tuple[str, ...]

    @cached_property
    def parts(self) -> tuple[_Kept, ...]:
        """Those that can go as far as is known, and those of which nobody knows what has to stay without them."""
        stay = libraries(self.names, self.cause)
        if stay is not None:
            return (_Kept(self.layer, self.effect, self.cause, self.names, stay),)
        # Where nobody knows what libraries are called, what has none can go all the same.
        tools = tuple(name for name in self.names if libraries((name,), self.cause) == ())
        headers = tuple(name for name in self.names if name not in tools)
        parts = ((tools, ()), (headers, None))
        return tuple(_Kept(self.layer, self.effect, self.cause, names, stay) for names, stay in parts if names)


class _Kept(NamedTuple):
    """Packages for building of an install: which, and what stays needed without them, None where unknown."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    names: tuple[str, ...]
    libraries: tuple[str, ...] | None

    @property
    def has_label(self) -> bool:
        """Whether one name can stand for the whole install: nothing else is in it, and nothing stays."""
        is_whole = not self.libraries and not self.cause.label and set(self.names) == set(self.cause.names)
        return self.cause.manager == "apk" and is_whole

    @property
    def may_go(self) -> bool:
        """Whether a RUN can remove them, as it is known what has to stay."""
        return self.libraries is not None and len(self.libraries) <= _MOST_LIBRARIES

    @property
    def freed(self) -> Effect:
        """What goes away with them; of what they only recommend, another finding speaks."""
        rest = (name for name in self.cause.names if name not in self.names)
        already, options = (*self.cause.already, *rest, *(self.libraries or ())), self.cause.options - {"recommends"}
        return replace(self.effect, cause=replace(self.cause, names=self.names, already=already, options=options))


@rule("build-packages-kept", group="packages", gives_way=True)
def build_packages_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report packages that only build, in layers that ship, where the build is over."""
    left = _left(snapshot.shipped_ledgers[-1].stacks[-1]) if snapshot.shipped_ledgers else ()
    over = [(install, last) for install, last in left if last is not None]
    if not over or not work_images.runs_an_app(snapshot):
        return
    for stage, group in groupby(over, lambda each: each[0].layer.site.stage):
        parts = [(kept, last) for install, last in group for kept in install.parts]
        weighed = [_Weighed(kept, last, saves) for kept, last in parts if (saves := effect_size(kept.freed))]
        weighed.sort(key=lambda each: -each.saves.best)
        if weighed and (any(each.kept.may_go for each in weighed) or weighed[0].saves.best >= _WORTH_A_STAGE):
            yield _finding(weighed, snapshot.build.stages[stage].label)


class _Left(NamedTuple):
    """An install, and the last call up to some layer that may need what it brings."""

    install: _Install
    last: tuple[Layer, Call] | None


class _Weighed(NamedTuple):
    """Packages of an install for a build that is over, and their bytes."""

    kept: _Kept
    last: tuple[Layer, Call]
    saves: Size


def _with(left: tuple[_Left, ...], layer: Layer) -> tuple[_Left, ...]:
    """The installs of an image up to a layer."""
    own, users = _installs(layer), _compilers(layer)
    if not own and not (left and users):
        return left
    found = [each._replace(last=(layer, users[-1])) if users else each for each in left]
    for install in own:
        behind = [call for call in users if call.span > install.effect.span]
        found.append(_Left(install, (layer, behind[-1]) if behind else None))
    return tuple(found)


def _finding(weighed: Sequence[_Weighed], stage: str) -> Finding:
    """What the installs of a stage bring for its build, the heaviest first: it stands where most is brought."""
    first, *others = dict.fromkeys(name for each in weighed for name in each.kept.names)
    them = first if not others else f"{first} and {others[0] if len(others) == 1 else f'{len(others)} more'}"
    kept, (layer, call) = weighed[0].kept, max((each.last for each in weighed), key=_place)
    elsewhere = dict.fromkeys((each.kept.layer.site, each.kept.effect.span) for each in weighed)
    installs = [Related(site, span, "installs some of it") for site, span in list(elsewhere)[1:]]
    return Finding(
        site=kept.layer.site,
        span=kept.effect.span,
        message=f"{them} {'stay' if others else 'stays'} in the image after the build",
        saves=total(each.saves for each in weighed),
        basis="size",
        stage=stage,
        frees=frozenset((each.kept.layer.site, each.kept.freed) for each in weighed),
        fixes=partial(_ways_out, weighed),
        related=(*installs, Related(layer.site, call.span, "the last that may need it")),
    )


def _place(last: tuple[Layer, Call]) -> tuple[Site, Span | Nth]:
    return last[0].site, last[1].span


@remembered
def _installs(layer: Layer) -> tuple[_Install, ...]:
    """The installs of a layer that bring packages for building."""
    found: list[_Install] = []
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or cause.manager not in ("apt", "apk", "rpm") or not effect.is_certain:
            continue
        building = [name for name in cause.names if is_for_building(name) and name not in cause.already]
        if names := tuple(name for name in building if name not in _handed_on(layer)):
            found.append(_Install(layer, effect, cause, names))
    return () if found and any(map(_removes_unsaid, layer.calls)) else tuple(found)


def _removes_unsaid(call: Call) -> bool:
    """Whether a call may remove what nobody can name: what is not marked again goes with `apt-get purge --auto-remove`,
    as official images do it; others compare lists (`apt-get purge $(diff before after)`).
    """
    verbs = [word.text for word in call.operands()]
    if call.program == "apt-mark":
        return "auto" in verbs
    is_removal = call.program in _MANAGERS and not _REMOVE.isdisjoint(verbs)
    return is_removal and any("$(" in word.text or "`" in word.text for word in call.words)


@remembered
def _handed_on(layer: Layer) -> frozenset[str]:
    """What variables of the image list for those who build on it: they may be packages."""
    state = layer.step.state if layer.step else None
    values = (state.variables.get(name) for name in state.environment) if state else ()
    return frozenset(word for value in values if value for word in value.split())


@remembered
def _compilers(layer: Layer) -> tuple[Call, ...]:
    """The calls of a layer that compile, or may."""
    return tuple(filter(compiles, layer.calls))


_left = folded(tuple[_Left, ...](), _with)


# --- the fix ----------------------------------------------------------------------------------------------------------


def _ways_out(weighed: Sequence[_Weighed], snapshot: Snapshot) -> Iterator[Fix | None]:
    """What can be done about each install; one of several says what it saves."""
    for each in weighed:
        for fix in _fixes(each.kept, snapshot):
            yield replace(fix, saves=each.saves) if fix and len(weighed) > 1 else fix


def _fixes(kept: _Kept, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Remove them behind the last command that may need them, in the RUN that installs them or in those that build."""
    layer = kept.layer
    install = next((call for call in layer.calls if call.span == kept.effect.span), None)
    if install is None or not kept.may_go or install.placed.conditional:
        return
    behind = list(layers_behind(snapshot, layer))
    users = [call for call in layer.calls[layer.calls.index(install) + 1 :] if may_compile(call)]
    later = [each for each in behind if _may_use(each)]
    changes = _renamed(snapshot, kept, install)
    if changes is None or not (users or later):
        return
    if not later:
        yield _fix(kept, "Remove them in the same RUN", (*changes, _removal(snapshot, kept, layer, users[-1], install)))
        return
    if found := _gathered(snapshot, layer, behind[: behind.index(later[-1]) + 1], later[0], changes):
        title, edits = found
        last = [call for call in later[-1].calls if may_compile(call)][-1]
        yield _fix(kept, title, (_removal(snapshot, kept, later[-1], last, install), *edits))


def _gathered(
    snapshot: Snapshot, layer: Layer, behind: Sequence[Layer], first: Layer, changes: tuple[Edit, ...]
) -> tuple[str, tuple[Edit, ...]] | None:
    """A title, and edits that have one RUN install and build, from the first to the last of what is behind: RUNs right
    below each other become one, and an install further up goes down to them.
    """
    row = tuple(takewhile(lambda each: each.instruction.keyword == "RUN", reversed(behind)))[::-1]
    between = behind[: len(behind) - len(row)]
    if not row or row[-1].site.stage != layer.site.stage:
        return None
    if not between:
        edits = merging.merge_runs(snapshot, (layer, *row))
        return (f"Merge {len(row) + 1} RUNs and remove them there", (*changes, *edits)) if edits else None
    is_plain = merging.only_manages(layer) and "sudo" not in layer.instruction.text
    if not is_plain or first not in row or any(map(merging.is_in_the_way, between)):
        return None
    moved, together = (
        merging.move_into(snapshot, layer, row[0], changes),
        merging.merge_runs(snapshot, row) if len(row) > 1 else (),
    )
    title = "Install them in the RUN that builds, and remove them there"
    return None if moved is None or together is None else (title, (*moved, *together))


def _fix(kept: _Kept, title: str, edits: Sequence[Edit | None]) -> Fix | None:
    made = complete(edits)
    if made is None:
        return None
    title = f"{title}, keep {' '.join(kept.libraries)}" if kept.libraries else title
    note = f"Check: nothing that runs in the image needs {_listed(kept.names)}"
    return Fix("remove-build-packages", title, Safety.ASK, made, note=note)


def _renamed(snapshot: Snapshot, kept: _Kept, install: Call) -> tuple[Edit, ...] | None:
    """What an install says besides: the name of them all, or the libraries that stay; None where it cannot."""
    verb = next((word for word in install.words if word.text in ("install", "add", "in")), None)
    last = next((word for word in reversed(install.words) if not word.text.startswith("-")), None)
    if verb is None or last is None or last is verb or not last.text.startswith(kept.cause.names[-1]):
        return None
    if kept.has_label:
        edit = insert_word(snapshot, kept.layer, verb, f"--virtual {_LABEL}")
    elif kept.libraries:
        edit = insert_word(snapshot, kept.layer, last, " ".join(kept.libraries))
    else:
        return ()
    return (edit,) if edit else None


def _removal(snapshot: Snapshot, kept: _Kept, layer: Layer, last: Call, install: Call) -> Edit | None:
    """The edit that removes them behind a call."""
    command = (
        f"{_VERBS[kept.cause.manager].format(install.program)} {_LABEL if kept.has_label else ' '.join(kept.names)}"
    )
    if install.placed.command.words[0].text == "sudo" and last.placed.command.words[0].text != "sudo":
        command = f"sudo {command}"
    return append_command(snapshot, layer, last, command)


_MANAGERS = frozenset(("apt-get", "apt", "aptitude", "apk", "dnf", "yum", "microdnf", "tdnf", "dpkg"))
_REMOVE = frozenset(("remove", "purge", "autoremove", "del", "erase"))
_VERBS = {"apt": "apt-get purge -y --auto-remove", "apk": "apk del", "rpm": "{} remove -y"}


@remembered
def _may_use(layer: Layer) -> bool:
    """Whether a layer runs something that may need a compiler."""
    is_unread = layer.instruction.keyword == "RUN" and not layer.calls
    return is_unread or layer.instruction.keyword == "ONBUILD" or any(map(may_compile, layer.calls))


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
