r"""A Rust toolchain brings its documentation into the image.

rustup installs the HTML pages of the standard library, the book and the reference with each toolchain, which is half of
it. Nobody opens a browser in a container.

## Example

```
FROM python:3.13-slim
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y
RUN pip install --no-cache-dir tokenizers
```

Use instead:

```
FROM python:3.13-slim
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y && rm -rf /root/.rustup/toolchains/*/share/doc
RUN pip install --no-cache-dir tokenizers
```

`--profile minimal` does without them as well, and without rustfmt and clippy.

## Fix safety

Safe: only `rustup doc` reads them.

## Not reported

The profile is minimal, or the base image has made it so:

```
FROM python:3.13-slim
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
```

```
FROM rust:1-slim
RUN rustup toolchain install nightly
```

The stage does not ship:

```
FROM python:3.13 AS build
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y
FROM python:3.13-slim
COPY --from=build /etc/hostname /
```

## References

- Profiles: https://rust-lang.github.io/rustup/concepts/profiles.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.leftovers import clean_up, finding, leftovers
from deadweight.rules.rule import NO_WORDS, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


@rule("rust-docs-kept", group="cleanup", words=NO_WORDS)
def rust_docs_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report toolchains of Rust whose documentation is still there when the layer ends."""
    for ledger, left in leftovers(snapshot, "rust-docs"):
        yield finding(ledger.stage.label, left, clean_up)
