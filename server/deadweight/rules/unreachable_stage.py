r"""No build runs a stage: the image does not stand on it, and no other stage copies from it or mounts it.

It costs no byte: BuildKit leaves such a stage out, and only the classic builder runs it. So nothing is said of it
unless findings of any size are asked for (`--min-saving 0`); it is there for those who look for lines to delete.

## Example

```
//- Dockerfile
FROM node:22-slim AS assets
RUN npm install -g sass@1 && npm cache clean --force
FROM nginx:alpine
COPY site /usr/share/nginx/html
//- deadweight.toml
min-saving = "0 B"
```

Use instead:

```
FROM nginx:alpine
COPY site /usr/share/nginx/html
```

## Fix safety

There is no fix: whether somebody builds the stage with `--target`, the Dockerfile does not say.

## Not reported

Another stage copies from it:

```
FROM node:22-slim AS assets
RUN npm install -g sass@1 && npm cache clean --force
FROM nginx:alpine
COPY --from=assets /srv /usr/share/nginx/html
```

A compose file, docker-bake or devcontainer.json of the project builds it as its target, or `--target` names it. It
counts no bytes:

```
FROM node:22-slim AS test
RUN npm install -g jest@30 && npm cache clean --force
FROM node:22-slim
```

## References

- Docker: https://docs.docker.com/build/building/multi-stage/#differences-between-legacy-builder-and-buildkit
"""

from __future__ import annotations

from dataclasses import replace
from heapq import nsmallest
from typing import TYPE_CHECKING

from deadweight.model.stages import Site
from deadweight.rules.rule import NO_WORDS, Finding, rule
from deadweight.size.units import ZERO
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.snapshot import Snapshot


_MOST = 10  # as many as one reads


@rule("unreachable-stage", group="layers", is_about_unnecessary=True, words=NO_WORDS)
def unreachable_stage(snapshot: Snapshot) -> Iterator[Finding]:
    """Report the first stages that no build runs which anybody declares."""
    build = snapshot.build
    if build.target is None or build.unknown_target or len(build.reached) == len(build.stages):
        return
    unreached = set(range(len(build.stages))) - _reached(snapshot)
    for index in nsmallest(_MOST, unreached):
        # Nobody looks again when such a stage changes: all that is said of it is its number.
        yield Finding(
            site=Site(index, 0),
            span=Span(0, len("FROM")),
            message="no build runs this stage",
            saves=ZERO,
            basis="size",
            stage=None,
        )


def _reached(snapshot: Snapshot) -> frozenset[int]:
    """The stages that the build at hand runs, that of the last stage, and those that files of the project declare."""
    build, how = snapshot.build, snapshot.options.how
    declared = [each.target for each in (how.build, *how.others) if each is not None]
    targets = (build.stages[-1], *(build.find(name) for name in declared if name))
    found = [replace(build, target=each).reached for each in targets if each is not None and each != build.target]
    return build.reached.union(*found)
