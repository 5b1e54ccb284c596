r"""All packages of the base image are upgraded in a layer of their own.

An upgrade replaces files that the base image holds. Their old bytes stay in its layers, below the new ones: what is
upgraded is stored and pulled twice. A newer build of the base image has the same packages once; official images are
built anew for security fixes, those of a fixed version until the next one is there. `apt-get upgrade openssl`
upgrades all packages, not openssl alone.

## Example

```
FROM debian:12.4-slim
RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:12.4-slim
```

## Example

```
FROM rockylinux:9
RUN dnf -y update \
    && dnf -y --setopt=install_weak_deps=False install git \
    && dnf clean all
```

Use instead:

```
FROM rockylinux:9
RUN dnf -y --setopt=install_weak_deps=False install git \
    && dnf clean all
```

## Fix safety

Look before you take it, and raise the tag of FROM: the fix leaves the packages as old as the base image. A policy may
ask for all fixes of the day, and a base image that nobody builds anew gets them in no other way. Then keep the upgrade,
with `# deadweight: ignore=packages-upgraded` above it.

## Not reported

The tag goes with the builds of the base image, so that there is little to upgrade:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*
```

```
FROM node:22-alpine
RUN apk upgrade --no-cache
```

Somebody wants them, as a comment says, or has looked at what is upgraded, and holds the rest:

```
FROM rockylinux:9
# security patches of the day
RUN dnf -y update && dnf clean all
```

```
FROM debian:12.4-slim
RUN apt-mark hold libc6 && apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*
```

The base image is not built any more, so that an upgrade is all that brings fixes, and no newer tag has them:

```
FROM centos:7
RUN yum -y update && yum clean all
```

There is nothing newer, as Amazon Linux 2023 asks the repositories of its own release alone:

```
FROM amazonlinux:2023
RUN dnf -y update && dnf clean all
```

Only some packages are asked for:

```
FROM rockylinux:9
RUN dnf -y upgrade openssl && dnf clean all
```

Nobody has measured how much it is:

```
FROM alpine:3.22
RUN apk upgrade --no-cache
```

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive dist-upgrade && zypper clean --all
```

The stage does not ship:

```
FROM rockylinux:9 AS build
RUN dnf -y update && dnf clean all
FROM scratch
COPY --from=build /etc/hostname /
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often
- Official images: https://github.com/docker-library/faq#why-does-my-security-scanner-show-that-an-image-has-cves
- CentOS: https://hub.docker.com/_/centos
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.commands import upgrades
from deadweight.model.effects import Measured
from deadweight.model.of_layers import OfLayers
from deadweight.rules import comments, lone_commands
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, as_typed, rule
from deadweight.size.estimate import effect_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

# Bytes: an image that was built some weeks ago has a megabyte of updates.
_LEAST = 10_000_000
# Images that nobody builds anew: Docker Hub has called that of CentOS deprecated since its last build (2021-09-15).
_ENDED = frozenset(("centos",))
# `# security refresh`, `# Ensure we get the latest updates`
_SAYS_WHY = re.compile(r"#[^\n]*\b(?:security|CVEs?|vulnerabilit|patches|latest [\w ]*updates)", re.IGNORECASE)
_HOLDS = re.compile(r"\bapt-mark +hold\b")
_NOTE = "Check: the base image is built anew for security fixes, or raise its tag; no policy asks for the upgrade"


def _words(snapshot: Snapshot) -> Words:
    return Words(of_text=as_typed) if _upgrades(snapshot.shipped_ledgers) else NO_WORDS


@rule("packages-upgraded", group="packages", is_a_choice=True, words=_words)
def packages_upgraded(snapshot: Snapshot) -> Iterator[Finding]:
    """Report upgrades of all packages of an old base image in layers that ship."""
    for ledger, layer, (effect, call) in _upgrades(snapshot.shipped_ledgers):
        if ledger.base.repository in _ENDED or _is_wanted(snapshot, layer):
            continue
        yield Finding(
            site=layer.site,
            span=effect.span,
            message="all packages are upgraded: what the base image holds of them stays below",
            saves=effect_size(effect),
            basis="size",
            stage=ledger.stage.label,
            frees=frozenset({(layer.site, effect)}),
            fixes=partial(_fixes, layer, call),
        )


def _is_wanted(snapshot: Snapshot, layer: Layer) -> bool:
    """Whether somebody says that fixes are what it is for, or which packages stay as they are."""
    return (
        _HOLDS.search(layer.instruction.text) is not None
        or _SAYS_WHY.search(comments.spoken_of(snapshot, layer)) is not None
    )


@OfLayers
def _upgrades(layer: Layer) -> Iterator[tuple[Effect, Call]]:
    for effect in layer.kept:
        if not isinstance(effect.cause, Measured) or effect.cause.what != upgrades.WHAT or not effect.is_certain:
            continue
        size = effect_size(effect)
        call = next((call for call in layer.calls if call.span == effect.span), None)
        if size and size.best >= _LEAST and call:
            yield effect, call


def _fixes(layer: Layer, call: Call, snapshot: Snapshot) -> Iterator[Fix | None]:
    if edit := lone_commands.without(snapshot, layer, call):
        yield Fix("no-upgrade", "Remove the upgrade", Safety.ASK, (edit,), note=_NOTE)
