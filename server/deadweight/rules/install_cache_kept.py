r"""An install leaves its download cache in the image.

pip, pipx, pipenv and poetry keep every wheel they download, npm every tarball, pacman every archive, yarn all packages
once more, so that a second install is faster; apk, dnf, yum and zypper keep what the repositories say of all their
packages, conda both. uv, pnpm and bun link what they install with their cache and leave only what the index said, pnpm
and bun nothing at all where a lockfile says it. gem, bundler and composer keep the archives of what they unpack; Go,
cargo, Maven, Gradle, sbt and NuGet a store that every build reads. In an image there is no second install: the layer is
finished, and the cache stays in it for good. A later `RUN rm` only hides it, and a `COPY --from` of the folder around
it takes it along.

## Example

```
FROM node:22-slim
WORKDIR /app
RUN npm install express@5 typescript@7
```

Use instead:

```
FROM node:22-slim
WORKDIR /app
RUN npm install express@5 typescript@7 && npm cache clean --force
```

pip has a flag for it:

## Example

```
FROM python:3.13-slim
RUN pip install pandas scikit-learn
```

Use instead:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir pandas scikit-learn
```

uv has one too; for others the command that removes the cache is added:

## Example

```
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
RUN uv pip install --system pandas scikit-learn streamlit
```

Use instead:

```
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
RUN uv pip install --no-cache --system pandas scikit-learn streamlit
```

## Example

```
FROM node:22-slim
RUN yarn global add typescript@7
```

Use instead:

```
FROM node:22-slim
RUN yarn global add typescript@7 && yarn cache clean
```

apk has an option as well, with which it needs no `apk update`:

## Example

```
FROM alpine:3.22
RUN apk update
RUN apk add curl git
```

Use instead:

```
FROM alpine:3.22
RUN apk add --no-cache curl git
```

dnf, yum and zypper clean up after themselves where they are told to:

## Example

```
FROM fedora:44
RUN dnf install -y gcc make
```

Use instead:

```
FROM fedora:44
RUN dnf install -y gcc make && dnf clean all
```

conda links what it installs with what it unpacked, which weighs nothing more; the archives and the index do:

## Example

```
FROM continuumio/miniconda3
RUN conda install -y numpy
```

Use instead:

```
FROM continuumio/miniconda3
RUN conda install -y numpy && conda clean -afy
```

`zypper clean` without an option leaves the metadata where they are. What Fedora calls dnf is dnf5 from Fedora 41 on,
and its metadata lie elsewhere:

## Example

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive install git && zypper clean
```

Use instead:

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive install git && zypper clean --all && zypper clean
```

## Example

```
FROM fedora:44
RUN dnf install -y gcc && rm -rf /var/cache/dnf
```

Use instead:

```
FROM fedora:44
RUN dnf install -y gcc && dnf clean all && rm -rf /var/cache/dnf
```

`pacman -Scc --noconfirm` empties nothing: it takes the answer that its question has by default, and that is no:

## Example

```
FROM archlinux:base
RUN pacman -Sy --noconfirm git && pacman -Scc --noconfirm
```

Use instead:

```
FROM archlinux:base
RUN pacman -Sy --noconfirm git && rm -rf /var/cache/pacman/pkg/* && pacman -Scc --noconfirm
```

Images of Debian and Ubuntu tell apt to keep no archives. Where that is taken away, without a cache mount for them, each
install leaves them, and an index beside:

## Example

```
FROM debian:trixie-slim
RUN rm -f /etc/apt/apt.conf.d/docker-clean
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:trixie-slim
RUN rm -f /etc/apt/apt.conf.d/docker-clean
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
```

A build tool reads its store whenever it runs. Behind the last build it is as dead as any other cache:

## Example

```
FROM maven:3-eclipse-temurin-21
WORKDIR /app
COPY . .
RUN mvn --batch-mode package
CMD ["java", "-jar", "target/app.jar"]
```

Use instead:

```
FROM maven:3-eclipse-temurin-21
WORKDIR /app
COPY . .
RUN mvn --batch-mode package && rm -rf /root/.m2/repository
CMD ["java", "-jar", "target/app.jar"]
```

## Fix safety

Safe: nothing reads the cache when the image runs. Later RUNs of the stage that would find it get the same flag or
command, so that none of them keeps it. A build on the same machine downloads again when this RUN changes; a cache mount
(`RUN --mount=type=cache,target=/root/.npm`), the second way on offer, avoids that as well and leaves nothing in the
layer. It needs BuildKit, and is yours to choose.

A pip older than 6.0 (2014) keeps no cache and ends at `--no-cache-dir`. Where the base is as old, or brings the pip of
Python 2 and nobody knows of which release, the folder of the cache is removed instead.

The store of a build tool is removed only where no later instruction may read it: no command of the tool, no `make`,
no script. Where one does (`RUN go mod download`, and `RUN go build` further below), the cache mount is the way out,
in all of them, unless one works offline. Where the container starts a script, look whether that runs the tool. Of
Bundler's cache only the archives go; what it has cloned of git stays.

## Not reported

The folder that has all of it is removed by hand:

```
FROM node:22-slim
RUN npm install -g typescript@7 && rm -rf ~/.npm/_cacache
```

The cache goes to a mount:

```
FROM node:22-slim
RUN --mount=type=cache,target=/root/.npm npm install -g typescript@7
```

The stage does not ship:

```
FROM python:3.13-slim AS build
RUN pip install pandas
FROM scratch
COPY --from=build /etc/hostname /
```

Nobody knows how much it is:

```
FROM photon:5.0
RUN tdnf install -y jq
```

It is switched off, or removed in the same RUN:

```
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=1
RUN pip install pandas
```

```
FROM python:3.13-slim
RUN PIP_NO_CACHE_DIR=1 pip install pandas
RUN pip install \
        --no-cache-dir \
        scikit-learn
RUN pip install streamlit && rm -rf /root/.cache
```

```
FROM python:3.13-slim
RUN pip config set global.no-cache-dir true
RUN pip install pandas
```

Other linters take `0`, `off` and `false` for a cache that is kept. pip takes any of them for "no cache":

```
FROM python:3.13-slim
ENV PIP_NO_CACHE_DIR=off
RUN pip install pandas
```

pip takes the start of an option for it, where only one starts so:

```
FROM python:3.13-slim
RUN pip install --no-cache pandas
```

The mount is where the tool was told to keep its cache:

```
FROM python:3.13-slim
ENV PIP_CACHE_DIR=/var/cache/pip
RUN --mount=type=cache,target=/var/cache/pip pip install pandas
```

```
FROM alpine:3.22
RUN --mount=type=cache,target=/etc/apk/cache apk add curl
RUN --mount=type=cache,target=/var/cache/apk apk add git
```

Something else is removed before, the metadata after:

```
FROM fedora:44
RUN rm -rf /etc/old && dnf install -y gcc && dnf clean all
```

```
FROM registry.access.redhat.com/ubi9/ubi-minimal
RUN microdnf clean all && microdnf install -y gcc && microdnf clean all
```

Its folder is removed instead:

```
FROM centos:7
RUN yum install -y gcc && rm -rf /var/cache/yum
```

```
FROM fedora:44
RUN dnf install -y gcc && rm -rf /var/cache/libdnf5
```

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive install gcc && rm -rf /var/cache/zypp
RUN zypper --non-interactive install make && zypper cc -a
```

Images of Debian and Ubuntu have apt keep no archives, so that nobody has to call `apt-get clean`:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*
```

It is done where a condition holds, so that nobody knows whether it is done at all:

```
FROM alpine:3.22
ARG WITH_GIT
RUN if [ -n "$WITH_GIT" ]; then apk add git; fi
```

Node reads the archives that newer versions of yarn download, where it is not told to make `node_modules`:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN yarn install --immutable
//- .yarnrc.yml
enableTelemetry: false
//- package.json
{"dependencies": {"express": "^5.1.0"}}
//- yarn.lock
__metadata:
  version: 8
```

What is installed lies in the build context already:

```
FROM python:3.13-slim
COPY wheels /wheels
RUN pip install --no-index --find-links=/wheels pandas
```

A lockfile says what pnpm and bun would ask the registry, and they keep nothing of it:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN pnpm install --frozen-lockfile
//- package.json
{"dependencies": {"express": "^5.1.0"}}
//- pnpm-lock.yaml
lockfileVersion: '9.0'
```

conda is told to clean up in full:

```
FROM continuumio/miniconda3
RUN mamba install -y numpy && mamba clean --all --yes
```

```
FROM alpine:3.22
RUN apk add --update curl && rm -rf /var/cache/apk/*
```

The container, or a person in it, runs the build tool again:

```
FROM golang:1.25
WORKDIR /app
COPY . .
RUN go build -o /usr/local/bin/app .
CMD ["go", "run", "."]
```

```
FROM maven:3-eclipse-temurin-21
COPY pom.xml .
RUN mvn dependency:go-offline
```

## References

- Go: https://pkg.go.dev/cmd/go#hdr-Remove_object_files_and_cached_files
- Maven: https://maven.apache.org/guides/mini/guide-configuring-maven.html
- Bundler: https://bundler.io/man/bundle-install.1.html
- Composer: https://getcomposer.org/doc/03-cli.md#clear-cache-clearcache-cc
- pip: https://pip.pypa.io/en/stable/topics/caching/
- uv: https://docs.astral.sh/uv/concepts/cache/
- yarn: https://classic.yarnpkg.com/lang/en/docs/cli/cache/
- pnpm: https://pnpm.io/cli/store
- npm: https://docs.npmjs.com/cli/v11/commands/npm-cache
- apk: https://wiki.alpinelinux.org/wiki/Local_APK_cache
- dnf: https://dnf.readthedocs.io/en/latest/command_ref.html#clean-command
- conda: https://docs.conda.io/projects/conda/en/stable/commands/clean.html
- pacman: https://wiki.archlinux.org/title/Pacman#Cleaning_the_package_cache
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.leftovers import cache_mount, clean_up, finding, leftovers
from deadweight.rules.rule import NO_WORDS, Words, of_known, rule
from deadweight.rules.unknown_bytes import may_be_heavy
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.layers import Layer
    from deadweight.rules.leftovers import Left
    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


# apk, pip, yum, dnf, zypper
_SAME_AS = ("hadolint:DL3019", "hadolint:DL3032", "hadolint:DL3036", "hadolint:DL3040", "hadolint:DL3042")


def _words(snapshot: Snapshot) -> Words:
    is_any = any(left.is_read_again for _, left in leftovers(snapshot, "install-cache"))
    return Words(of_known) if is_any else NO_WORDS


@rule("install-cache-kept", group="cleanup", same_as=_SAME_AS, words=_words)
def install_cache_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs whose download cache is still there when the layer ends."""
    for ledger, left in leftovers(snapshot, "install-cache"):
        if any(map(may_be_heavy, left.effects)):
            yield _finding(left.layer, left, ledger.stage.label)


@remembered
def _finding(_: Layer, left: Left, stage: str) -> Finding:
    return finding(stage, left, clean_up, cache_mount)
