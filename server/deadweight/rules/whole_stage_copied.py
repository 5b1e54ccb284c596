r"""A COPY takes everything of another stage, its operating system and its tools with it.

`COPY --from=build / /` puts a second system beside the one that the base image brings, and on top of it the compilers,
sources and caches of the build. What runs is a program or a folder: that alone is to be copied.

## Example

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /usr/local/bin/shop .
FROM debian:bookworm-slim
COPY --from=build / /
CMD ["/usr/local/bin/shop"]
```

Use instead:

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /usr/local/bin/shop .
FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/shop /usr/local/bin/shop
CMD ["/usr/local/bin/shop"]
```

## Fix safety

Look before you take it. What starts the image says what it is that runs, and the fix copies that program, or the folder
that the other stage wrote it in. What else the program reads while it runs, certificates, time zones, templates or
libraries, has to be copied as well, or to come with the base image. Where nothing says what runs there is no fix.

## Not reported

The image is made flat: it has no system but the one that is copied.

```
FROM debian:bookworm AS build
RUN rm -rf /usr/share/doc
FROM scratch
COPY --from=build / /
```

The other stage holds nothing but what is to be copied:

```
FROM scratch AS files
COPY etc /etc
FROM debian:bookworm-slim
COPY --from=files / /
```

An image that nobody knows may be made of nothing but the tools in it:

```
FROM tonistiigi/xx:1.9.0 AS xx
FROM golang:1.25-alpine
COPY --from=xx / /
```

It goes into a folder, as the system of another machine:

```
FROM debian:bookworm AS rootfs
FROM debian:bookworm-slim
COPY --from=rootfs / /rootfs
```

The stage does not ship:

```
FROM golang:1.25 AS tools
FROM debian:bookworm-slim AS build
COPY --from=tools / /
FROM scratch
COPY --from=build /etc/hostname /
```

## References

- Docker: https://docs.docker.com/build/building/multi-stage/
- hadolint: https://github.com/hadolint/hadolint/wiki/DL3067
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.effects import BaseLayers, CopiedFromStage, is_under
from deadweight.model.start import started_path
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, rule
from deadweight.size.estimate import cause_size, size_together
from deadweight.size.units import ZERO, less
from deadweight.syntax.dockerfile import remembered
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot


@rule("whole-stage-copied", group="layers", same_as=("hadolint:DL3067",), words=NO_WORDS)
def whole_stage_copied(snapshot: Snapshot) -> Iterator[Finding]:
    """Report copies of all that another stage holds into an image that has a system of its own."""
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers_with(CopiedFromStage):
            effect = layer.kept[0]
            is_whole = len(layer.kept) == 1 and effect.path == "/" and _system_in(effect)
            if is_whole and ledger.base.os_family != "scratch":
                yield _finding(layer, effect, ledger.stage.label, _program(snapshot))


def _system_in(effect: Effect) -> bool:
    """Whether an effect copies all of a stage that stands on a system, an image that weighs something by the facts."""
    cause = effect.cause
    if not isinstance(cause, CopiedFromStage) or cause.path != "/" or cause.effects is None:
        return False
    found = size_together(each for each in cause.effects if isinstance(each.cause, BaseLayers))
    return found is not None and found.best > 0


def _program(snapshot: Snapshot) -> str | None:
    """The path of what the image starts, where that is known."""
    target = snapshot.build.target
    return started_path(snapshot.shipped_ledgers, target) if target is not None else None


@remembered
def _finding(layer: Layer, effect: Effect, stage: str, program: str | None) -> Finding:
    cause = effect.cause
    assert isinstance(cause, CopiedFromStage)
    written = [each for each in cause.effects or () if not isinstance(each.cause, BaseLayers)]
    # The program itself, where the stage wrote it by its name; else the folder that it lies in.
    paths = [
        each.path for each in written if program and each.path and each.path != "/" and is_under(program, each.path)
    ]
    path = max(paths, key=len, default=None)
    copied = cause_size(cause)
    needed = size_together(each for each in written if path and each.path and is_under(each.path, path))
    system = size_together(each for each in cause.effects or () if isinstance(each.cause, BaseLayers))
    saves = less(copied, needed or ZERO) if copied and path else system
    return Finding(
        site=layer.site,
        span=layer.instruction.words[0].span,
        message=f"everything of stage {cause.stage} is copied, its system and its tools with it",
        saves=saves,
        basis="size",
        stage=stage,
        frees=frozenset(((layer.site, effect),)),
        fixes=partial(_fixes, layer, path),
    )


def _fixes(layer: Layer, path: str | None, snapshot: Snapshot) -> Iterator[Fix | None]:
    if path is None:
        return
    offset = snapshot.offset(layer.site)
    yield Fix(
        "copy-program",
        f"Copy {path} alone",
        Safety.ASK,
        tuple(Edit(word.span.shifted(offset), path) for word in layer.instruction.words),
        note="Check: nothing else of that stage is read while the program runs, such as libraries or certificates",
    )
