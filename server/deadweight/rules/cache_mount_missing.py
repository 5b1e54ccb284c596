r"""What an install downloads is downloaded again whenever its RUN is built again.

A layer of the cache is all or nothing: one package more in a list, and all of them come from the network again. In a
cache mount, what was downloaded stays on the builder from one build to the next, and comes into no layer.

This rule makes offers and no findings: most RUNs could have such a mount, and the image is the same without it. An
editor shows it among the refactorings of the line, the terminal with `deadweight fix --ask --rule cache-mount-missing`.
With a severity in the settings it reports them.

## Example

```
//- Dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir pandas scikit-learn
RUN pip install --no-cache-dir streamlit
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install pandas scikit-learn
RUN --mount=type=cache,target=/root/.cache/pip pip install streamlit
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

apt locks its cache, and Docker's images of Debian and Ubuntu tell it to keep nothing there:

## Example

```
//- Dockerfile
FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

Use instead:

```
//- Dockerfile
FROM debian:13-slim
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

## Fix safety

Look before you take it: the builder has to be BuildKit, as elsewhere the flag is an error. All RUNs of the stage that
call the tool get the mount, and what would empty it or go round it is left out. A user other than root gets the number
that Docker's images give it; of others no fix is offered. The folder `target` of cargo is never a mount: the program
that was built would not be in the layer.

## Not reported

Nobody has asked for it:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir pandas scikit-learn
```

There is a mount, or nothing is downloaded:

```
//- Dockerfile
FROM golang:1.25
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build go build -o /app .
RUN npm run build
//- deadweight.toml
[rules]
cache-mount-missing = "information"
```

## References

- Cache mounts: https://docs.docker.com/build/cache/optimize/#use-cache-mounts
- Their options: https://docs.docker.com/reference/dockerfile/#run---mounttypecache
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deadweight.rules import mounting
from deadweight.rules.cache_mounts import caches, is_in
from deadweight.rules.rule import Finding, Fix, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.download_caches import DownloadCache
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot


@rule("cache-mount-missing", group="cache", is_offered=True)
def cache_mount_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Offer cache mounts for what tools download, a stage and a tool at a time."""
    for ledger in snapshot.reached_ledgers:
        seen: set[str] = set()
        for layer in ledger.layers if not ledger.base.is_windows else ():
            for found in mounting.downloads(layer) if layer.calls else ():
                if found.cache.what in seen or all(is_in(caches(layer), each) for each in found.cache.folders):
                    continue
                seen.add(found.cache.what)
                yield Finding(
                    site=layer.site,
                    span=found.call.span,
                    message=f"{found.cache.what} are not kept for the next build",
                    saves=snapshot.sizes.of(found.effects) if found.effects else None,
                    basis="cache",
                    stage=ledger.stage.label,
                    fixes=partial(_fixes, ledger, layer, found.cache),
                )


def _fixes(ledger: Ledger, layer: Layer, cache: DownloadCache, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield mounting.keep_downloads(snapshot, ledger, layer, cache)
