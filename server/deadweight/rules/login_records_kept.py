r"""An account with a huge number fills a layer with empty login records.

Until shadow 4.13, `useradd` wrote a record for the new account into /var/log/lastlog and /var/log/faillog, at the place
that its number gives. On a disk what lies before it is a hole; in a layer it is zeros. An account of a company's
directory, number 1885580785, makes a layer of 600 GB.

## Example

```
FROM ubuntu:22.04
ARG UID=1310720
RUN useradd --uid $UID --create-home app
```

Use instead:

```
FROM ubuntu:22.04
ARG UID=1310720
RUN useradd --no-log-init --uid $UID --create-home app
```

## Fix safety

Safe: without a record nobody has logged in, which is so.

## Not reported

The flag is there, in one of its ways:

```
FROM ubuntu:22.04
RUN useradd -l -u 1310720 app && useradd --no-log-init -u 1310721 bpp
```

The records are removed in the same RUN, or the number is not huge:

```
FROM ubuntu:22.04
RUN useradd -u 1310720 app && rm -f /var/log/lastlog /var/log/faillog
RUN useradd -u 10001 bpp
```

The system has a newer useradd, or one that writes no records:

```
FROM debian:trixie-slim
RUN useradd -u 1310720 app
```

```
FROM alpine:3.22
RUN adduser -D -u 1310720 app
```

The stage does not ship:

```
FROM ubuntu:22.04 AS build
RUN useradd -u 1310720 app
FROM ubuntu:22.04
COPY --from=build /etc/hostname /
```

## References

- moby: https://github.com/moby/moby/issues/5419
- shadow: https://github.com/shadow-maint/shadow/pull/558
- Docker: https://docs.docker.com/build/building/best-practices/#user
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.leftovers import clean_up, finding, leftovers
from deadweight.rules.rule import NO_WORDS, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.layers import Layer
    from deadweight.rules.leftovers import Left
    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


@rule("login-records-kept", group="cleanup", same_as=("hadolint:DL3046",), words=NO_WORDS)
def login_records_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report layers that hold login records of accounts that nobody has."""
    for ledger, left in leftovers(snapshot, "login-records"):
        yield _finding(left.layer, left, ledger.stage.label)


@remembered
def _finding(_: Layer, left: Left, stage: str) -> Finding:
    return finding(stage, left, clean_up)
