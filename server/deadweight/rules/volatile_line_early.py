r"""What changes with each build stands above lines that take long.

A value that is new in each build, such as a commit or a date, is part of the environment of every RUN below its ARG,
whether the RUN uses it or not: with the value, the RUN is another one, and nothing of it comes from the cache. So is
one below an ENV that holds such a value, and whatever stands below an ADD of an address whose content moves on. Below
the last RUN, or right before they are used, they cost nothing.

## Example

```
FROM debian:13-slim
ARG GIT_SHA
LABEL org.opencontainers.image.revision=$GIT_SHA
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
COPY app /usr/local/bin/
```

Use instead:

```
FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
ARG GIT_SHA
LABEL org.opencontainers.image.revision=$GIT_SHA
COPY app /usr/local/bin/
```

A line goes right above the one that needs it:

## Example

```
FROM debian:13-slim
# the day of the build
ARG BUILD_DATE=unknown
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY main.c /src/
RUN gcc -DDATE="\"$BUILD_DATE\"" -o /usr/local/bin/app /src/main.c
```

Use instead:

```
FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY main.c /src/
# the day of the build
ARG BUILD_DATE=unknown
RUN gcc -DDATE="\"$BUILD_DATE\"" -o /usr/local/bin/app /src/main.c
```

Files that an install reads are no sources: they change when the packages do.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
ARG COMMIT_SHA
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
COPY . .
//- package.json
{"dependencies": {"typescript": "^5.9.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.3", "resolved": "x"}}}
//- server.js 4000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
ARG COMMIT_SHA
COPY . .
//- package.json
{"dependencies": {"typescript": "^5.9.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.3", "resolved": "x"}}}
//- server.js 4000
```

## Fix safety

Safe where no line that it passes names the variable, and all of them call programs that we know. A script may read the
variable from its environment without a word of it here: then look before you take it, and so for an ADD.

## Not reported

The value is used there, or stands below:

```
FROM debian:13-slim
ARG VERSION
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg=$VERSION && rm -rf /var/lib/apt/lists/*
ARG GIT_SHA
LABEL revision=$GIT_SHA
```

The version of something else, which is fixed here, moves only when somebody writes another one:

```
FROM debian:13-slim
ARG APP_VERSION=1.4.2
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
```

It is there to have all that stands below done anew:

```
FROM debian:13-slim
ARG CACHEBUST=1
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
```

What stands below is done only where a condition holds:

```
FROM debian:13-slim
ARG GIT_SHA
ARG DEBUG=false
RUN if [ "$DEBUG" = true ]; then apt-get update && apt-get install -y --no-install-recommends gdb; fi
```

All sources are copied above, so that a change builds everything below again anyway:

```
//- Dockerfile
FROM debian:13-slim
ARG GIT_SHA
COPY . /src
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
//- a.c 400
//- b.c 400
```

A label alone is no part of what a RUN sees:

```
FROM debian:13-slim
LABEL org.opencontainers.image.created=2026-11-26
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
```

## References

- ARG and the cache: https://docs.docker.com/reference/dockerfile/#impact-on-build-caching
- What invalidates it: https://docs.docker.com/build/cache/invalidation/
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from functools import cache, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.project import MANIFESTS
from deadweight.model.effects import Built, Compiled, Copied, Download, Installer, Output
from deadweight.rules.edits import listed, move_below
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size.estimate import estimated_size
from deadweight.size.units import total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deadweight.model.layers import Alone, Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

# Names of what is new in each build or commit, whatever stands before them: GIT_SHA, CI_COMMIT_SHA, BUILD_DATE.
_OF_BUILD = re.compile(
    r"(?:.*_)?(?:COMMIT(?:_(?:SHA|HASH|ID|REF|TAG|DATE))?|SHA|GIT_(?:SHA|HASH|REF|REV|REVISION|TAG|BRANCH|DESCRIBE)"
    r"|VCS_(?:REF|REVISION|DATE)|REVISION|BUILD_?(?:DATE|TIME|TIMESTAMP|NUMBER|NUM|ID|NO|REF|SHA|TAG|VERSION|REVISION)"
    r"|TIMESTAMP|(?:APP|RELEASE|IMAGE|PACKAGE|PROJECT)_VERSION|IMAGE_(?:TAG|CREATED))"
    r"|VERSION|RELEASE"
)
# What an ARG has by default where the true value comes with each build.
_STAND_INS = re.compile(
    r"[\"']?(?:|unknown|none|null|dev|devel|development|local|latest|main|master|head|undefined|unset|n/a|snapshot|test"
    r"|[0.]+(?:-\w+)?|1|not[-_ ]?set|now|today)[\"']?",
    re.IGNORECASE,
)
_NAMES = re.compile(r"[A-Za-z_]\w*")
# Of an address: what lies there is another one in time.
_MOVES_ON = re.compile(
    r"(?:^|[/._@#:-])(?:latest|main|master|head|heads|nightly|stable|edge|trunk)(?:$|[/._?#-])", re.IGNORECASE
)
_UNKNOWN_PROGRAMS = (Built, Output, Compiled, Installer)
_WIDEST = 60  # characters of an address
_FEW_BYTES = 10_000
_MANY = 2  # a COPY of fewer files is none of the sources
# What an install reads beside manifests: locks, and settings of package managers.
_BESIDE_MANIFESTS = (
    *("*[.-]lock", "*[.-]lock.json", "*[.-]lock.yaml", "*.lockb", "npm-shrinkwrap.json", "go.sum", "go.work"),
    *(".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "constraints*.txt", "setup.cfg"),
    *("settings.gradle", "settings.gradle.kts", "gradle.properties"),
)


class _Volatile(NamedTuple):
    """Lines that change with each build and go together, the RUNs below that are built again, and where they could go.

    `place` is the number of the instruction that they would stand above.
    """

    names: tuple[str, ...]
    lines: tuple[Layer, ...]
    runs: tuple[Layer, ...]
    place: int


@remembered
def _mentions(instruction: Instruction) -> frozenset[str]:
    """Every word of an instruction that may be the name of a variable."""
    return frozenset(_NAMES.findall(instruction.text))


def _words(snapshot: Snapshot) -> Words:
    lines = [layer for ledger in snapshot.reached_ledgers for layer in _may_change(ledger.alone)]
    return Words(of_text=_mentions) if any(map(_what_changes, lines)) else NO_WORDS


@rule("volatile-line-early", group="cache", words=_words)
def volatile_line_early(snapshot: Snapshot) -> Iterator[Finding]:
    """Report an ARG, or an ADD from the network, that is new in each build and stands above heavy RUNs."""
    for ledger in snapshot.reached_ledgers:
        for found in _volatile_lines(ledger, snapshot.build.scope):
            saves = total(map(estimated_size, found.runs))
            first = found.lines[0]
            if saves is None:
                continue
            yield Finding(
                site=first.site,
                span=first.instruction.span,
                message=f"{listed(found.names)} may be new in each build, and {{lines}} with it",
                saves=saves,
                basis="cache",
                stage=ledger.stage.label,
                fixes=partial(_fixes, ledger, found),
                lines=tuple(run.site for run in found.runs),
                known_part_decides=True,  # any RUN of a script may write something
            )


@remembered
def _volatile_lines(ledger: Ledger, outer: Mapping[str, str | None]) -> list[_Volatile]:
    """The lines of a stage that change with each build; those that go with one another are one."""
    found: list[_Volatile] = []
    taken: set[Site] = set()
    for layer in _may_change(ledger.alone):
        if layer.site in taken:
            continue
        names = _what_changes(layer)
        # What a default above the first FROM fixes is no news.
        names = tuple(name for name in names if not outer.get(name) or _STAND_INS.fullmatch(outer[name] or ""))
        if not names:
            continue
        own = _below(ledger, layer, names)
        taken.update(line.site for line in own.lines)
        same = next((each for each in found if _go_together(each, own)), None)
        if same is not None:
            found.remove(same)
            lines = sorted({*same.lines, *own.lines}, key=lambda line: line.site)
            own = _Volatile((*same.names, *own.names), tuple(lines), own.runs, min(same.place, own.place))
        if own.runs:
            found.append(own)
    return found


@remembered
def _may_change(stage: Alone) -> tuple[Layer, ...]:
    """The lines that may change with each build: below the sources, a change builds everything again anyway."""
    found = [layer for layer in stage.layers if layer.instruction.keyword in ("ARG", "ADD")]
    end = next(filter(_brings_sources, stage.layers), None) if found else None
    return tuple([layer for layer in found if end is None or layer.site < end.site])


def _go_together(one: _Volatile, other: _Volatile) -> bool:
    """Whether two groups of lines share one, or would go to the same place."""
    return one.place == other.place or not {*one.lines}.isdisjoint(other.lines)


@remembered
def _what_changes(layer: Layer) -> tuple[str, ...]:
    """What of a line is new in each build, in words; () where nothing is."""
    instruction = layer.instruction
    if instruction.keyword == "ADD":
        urls = [effect.cause.url or "" for effect in layer.kept if isinstance(effect.cause, Download)]
        is_checked = instruction.flag("checksum") is not None
        moving = [url for url in urls if _MOVES_ON.search(url.partition("://")[2])]
        return () if is_checked or not moving else (f"what lies at {_shortened(moving[0])}",)
    pairs = (word.text.partition("=") for word in instruction.words)
    return tuple(name for name, _, value in pairs if _OF_BUILD.fullmatch(name) and _STAND_INS.fullmatch(value))


def _shortened(url: str) -> str:
    return url if len(url) <= _WIDEST else f"{url[: _WIDEST - 3]}..."


def _below(ledger: Ledger, first: Layer, what: tuple[str, ...]) -> _Volatile:
    """The lines that go with one, and the RUNs below it, down to where it is needed or the sources come."""
    layers = ledger.layers
    number = first.site.step
    names = set(_sets(first.instruction)) or set(_targets(first))
    together = [first]
    runs: list[Layer] = []
    end = len(layers)
    are_sources_there = False
    for layer in layers[number + 1 :]:
        keyword = layer.instruction.keyword
        is_used = not names.isdisjoint(_mentions(layer.instruction))
        if is_used and keyword in ("ENV", "LABEL", "ARG") and first.instruction.keyword == "ARG":
            together.append(layer)
            names.update(_sets(layer.instruction))
        elif is_used or keyword == "ONBUILD":
            end = layer.site.step
            break
        elif _brings_sources(layer):
            are_sources_there = True
            if not runs:
                break
        elif keyword == "RUN" and not are_sources_there and _is_heavy(layer):
            runs.append(layer)
    last = runs[-1].site.step if runs else number
    moving = tuple(each for each in together if each.site.step < last)
    # They go right above the first line below the RUNs that needs them; where none does, as far down as is known.
    needed = next((each.site.step for each in together if each.site.step > last), end)
    return _Volatile(what, moving, tuple(runs), _far_below(layers, last) if needed == len(layers) else needed)


def _far_below(layers: Sequence[Layer], last: int) -> int:
    """The place below a RUN, and below all further ones of which it is known that they do not read such a line."""
    place = last + 1
    for layer in layers[place:]:
        if _brings_sources(layer) or not _is_known(layer):
            break
        if layer.instruction.keyword == "RUN":
            place = layer.site.step + 1
    return place


def _is_heavy(layer: Layer) -> bool:
    """Whether a RUN writes more than a few lines again, and not only where a condition holds."""
    size = estimated_size(layer)
    is_more = size is not None and (size.high is None or size.high >= _FEW_BYTES)
    return is_more and any(effect.is_certain for effect in layer.kept)


@remembered
def _sets(instruction: Instruction) -> frozenset[str]:
    """The variables that an ARG or ENV sets."""
    if instruction.keyword not in ("ARG", "ENV"):
        return frozenset()
    words = [word.text for word in instruction.words]
    is_old_form = instruction.keyword == "ENV" and words and "=" not in words[0]
    return frozenset(text.partition("=")[0] for text in (words[:1] if is_old_form else words))


def _targets(layer: Layer) -> Iterator[str]:
    """The words by which a line below may name what an ADD brings: those of its path."""
    for effect in layer.effects:
        yield from _NAMES.findall((effect.path or "").rpartition("/")[2])
    for word in layer.instruction.words[-1:]:
        yield from _NAMES.findall(word.text)


def _brings_sources(layer: Layer) -> bool:
    """Whether a COPY brings the project: then all below is built again whenever that changes."""
    return layer.instruction.keyword in ("COPY", "ADD") and any(
        isinstance(cause := effect.cause, Copied)
        and (cause.source in (".", "./", "/") or (cause.selection and _are_sources(cause.selection.files)))
        for effect in layer.kept
    )


def _are_sources(files: Iterable[str]) -> bool:
    """Whether there are more files than those that an install reads, which change with the packages alone."""
    sources = (path for path in files if not _of_installs().match(posixpath.basename(path)))
    return len([*islice(sources, _MANY)]) == _MANY


@cache
def _of_installs() -> re.Pattern[str]:
    names = (*chain.from_iterable(MANIFESTS.values()), *_BESIDE_MANIFESTS)
    return re.compile("|".join(map(fnmatch.translate, names)))


def _fixes(ledger: Ledger, found: _Volatile, snapshot: Snapshot) -> Iterator[Fix | None]:
    lines = found.lines
    passed = [each for each in ledger.layers[lines[0].site.step : found.place] if each not in lines]
    if not _mean_the_same(lines, passed):
        return
    is_plain = all(line.instruction.keyword != "ADD" for line in lines) and all(map(_is_known, passed))
    what = "the ADD" if lines[0].instruction.keyword == "ADD" else f"ARG {listed(found.names)}"
    yield Fix(
        "move-below",
        f"Move {what} below the RUNs that do not need it",
        Safety.SAFE if is_plain else Safety.ASK,
        move_below(snapshot, lines, passed[-1]),
        note="" if is_plain else "Check: nothing that those RUNs call reads it",
    )


def _is_known(layer: Layer) -> bool:
    """Whether all that an instruction runs are programs whose work does not hang on such a variable."""
    if layer.instruction.keyword != "RUN":
        return True
    return bool(layer.calls) and not any(isinstance(effect.cause, _UNKNOWN_PROGRAMS) for effect in layer.effects)


def _mean_the_same(lines: Sequence[Layer], passed: Sequence[Layer]) -> bool:
    """Whether lines say the same below others: none of those sets a variable that they name."""
    own = frozenset[str]().union(*(_mentions(line.instruction) for line in lines))
    return all(own.isdisjoint(_sets(layer.instruction)) for layer in passed)
