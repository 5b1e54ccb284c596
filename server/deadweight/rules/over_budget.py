r"""The image weighs more than its budget.

A project may set what an image is allowed to weigh unpacked, which is what `docker history` adds up to and `docker
images` prints in the classic image store: `budget = "250MB"` in `deadweight.toml`, the setting `budget` of an editor,
or `--budget 250MB` of `check` and `size`. There is no budget by default.

The finding stands on the FROM of the image and names the heaviest lines; what of them can go, the other rules say. As a
warning it makes `deadweight check` exit with 1, and so does `deadweight size`. What is unknown counts nothing.

## Example

```
//- Dockerfile
FROM node:22
COPY server.js /
CMD ["node", "/server.js"]
//- server.js 4000
//- deadweight.toml
budget = "250MB"
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
COPY server.js /
CMD ["node", "/server.js"]
//- server.js 4000
//- deadweight.toml
budget = "250MB"
```

## Fix safety

There is no fix of its own: the fixes of the other rules take off what they say.

## Not reported

Nobody has set a budget:

```
FROM node:22
```

The stage that is too heavy does not ship:

```
//- Dockerfile
FROM node:22 AS build
FROM scratch
COPY --from=build /etc/hostname /
//- deadweight.toml
budget = "250MB"
```

## References

- Docker: https://docs.docker.com/reference/cli/docker/image/history/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.rule import NO_WORDS, Finding, Related, rule
from deadweight.size.units import Size, less

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.snapshot import Snapshot

_MOST = 3  # lines that are named


@rule("over-budget", group="image", words=NO_WORDS)
def over_budget(snapshot: Snapshot) -> Iterator[Finding]:
    """Report an image whose best figure is above the budget, where there is one."""
    budget, target = snapshot.options.budget, snapshot.build.target
    image = snapshot.sizes.image() if budget is not None else None
    if budget is None or target is None or image is None or image.best <= budget:
        return
    start = snapshot.ledgers[target.index].layers[0]
    yield Finding(
        site=start.site,
        span=target.base_word.span if target.base_word else start.instruction.span,
        message="the image weighs more than its budget",
        saves=less(image, Size(budget, budget, budget)),
        basis="budget",
        stage=target.label,
        related=tuple(
            Related(layer.site, layer.instruction.keyword_span, "this adds", size)
            for layer, size in snapshot.sizes.heaviest(snapshot.shipped_ledgers, _MOST)
            if layer is not start
        ),
    )
