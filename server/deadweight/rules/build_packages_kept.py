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
    && pip install --no-cache-dir -r requirements.txt \
    && apt-get purge -y --auto-remove gcc
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
    && make -C /src/server install \
    && apt-get purge -y --auto-remove gcc make
CMD ["server"]
```

Headers alone, which PHP's extensions were built with:

## Example

```
FROM php:8.4-apache-trixie
RUN apt-get update \
    && apt-get install -y --no-install-recommends libicu-dev libzip-dev \
    && docker-php-ext-install intl zip \
    && rm -rf /var/lib/apt/lists/*
COPY . /var/www/html
```

Use instead:

```
FROM php:8.4-apache-trixie
RUN apt-get update \
    && apt-get install -y --no-install-recommends libicu-dev libzip-dev libicu76 libzip5 \
    && docker-php-ext-install intl zip \
    && apt-get purge -y --auto-remove libicu-dev libzip-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /var/www/html
```

## Fix safety

Safe where they are headers alone, no others stay, and the image is one of PHP that starts its server, on a release of
Debian whose lists are known: PHP opens a library by the name that its extension was built with, which stays, and no
other without FFI. Anywhere else it is to be looked at: only the app knows whether it calls a compiler when it runs, or
opens a library by the name that the headers bring.

The libraries that the headers belong to are asked for by name, so that they stay; they have other names in other
releases of the system, and no fix is offered where the release is not sure. Nor is one where RUNs in several places
build something: there, a stage that builds is the way, from which the image copies what it needs; what only such a
stage could leave behind is said from 50 MB on. A RUN that also installs does so whenever what it copies changes. A
stage has one finding, however many installs it has.

## Not reported

They are removed again, the base image has a compiler anyway, or a later RUN removes them, which is the finding of
`late-delete`:

```
FROM alpine:3.22
RUN apk add --no-cache --virtual .build-deps gcc musl-dev && gcc --version && apk del .build-deps
CMD ["app"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
RUN apt-get purge -y gcc make
CMD ["app"]
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

The app compiles when it runs, by what it is made of or by what a comment says:

```
FROM python:3.13-slim-trixie
RUN apt-get update && apt-get install -y --no-install-recommends gcc && pip install --no-cache-dir vllm
CMD ["vllm", "serve"]
```

```
FROM python:3.13-slim-trixie
RUN apt-get update && apt-get install -y --no-install-recommends \
        # torch.compile calls it at runtime
        gcc \
    && pip install --no-cache-dir torch
CMD ["python", "-m", "app"]
```

```
FROM debian:trixie-slim
# Runtime JIT compilation tools
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && pip install --no-cache-dir app
CMD ["app", "serve"]
```

The image is built on a compiler: who ships that ships more than what is installed beside it.

```
FROM rust:1.93
RUN apt-get update && apt-get install -y cmake
COPY . .
RUN cargo build --release
CMD ["./target/release/app"]
```

People work in it: it lets them in by ssh, or has PHP's debugger and no app, which is mounted.

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends openssh-server
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
CMD ["/start.sh"]
```

```
FROM php:8.4-apache
RUN apt-get update && apt-get install -y --no-install-recommends libxml2-dev && docker-php-ext-install soap \
    && pecl install xdebug && docker-php-ext-enable xdebug
```

Others are built on it, by what it has them do:

```
FROM ruby:3.4-slim-trixie
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && gem install bundler
ONBUILD COPY . /app
ONBUILD RUN bundle install
CMD ["rackup"]
```

Nothing says that they only build: the image is one to work in, starts with a build or a watcher for developers, or
builds nothing itself:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
CMD ["bash"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc make tini && make -C /src
ENTRYPOINT ["tini", "--", "/docker-entrypoint.sh"]
CMD ["bash"]
```

```
FROM node:22-alpine
COPY package.json .
RUN apk add --no-cache make g++ && npm install
CMD ["npm", "run", "dev"]
```

```
FROM nvidia/cuda:12.9.1-base-ubuntu24.04
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && make -C /src
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

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model import building
from deadweight.rules import build_packages, comments, removing_build_packages, work_images, xdebug
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Words, rule
from deadweight.size.estimate import effect_size
from deadweight.size.units import total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Nth
    from deadweight.model.layers import Layer
    from deadweight.model.stages import Site
    from deadweight.rules.build_packages import Kept
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span

_WORTH_A_STAGE = 50_000_000  # bytes: for less nobody builds in a stage of its own, which is all that is left to do


def _words(snapshot: Snapshot) -> Words:
    is_any = build_packages.brought(snapshot.shipped_ledgers)
    return Words(build_packages.of_command, build_packages.of_text) if is_any else NO_WORDS


@rule("build-packages-kept", group="packages", gives_way=True, words=_words)
def build_packages_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report packages that only build, in layers that ship, where the build is over."""
    ledgers = snapshot.shipped_ledgers
    left = build_packages.left_of_installs(ledgers[-1].stacks[-1]) if ledgers else ()
    over = [
        (install, last) for install, last in left if last is not None and not _is_explained(snapshot, install.layer)
    ]
    if not over or not work_images.runs_an_app(snapshot) or build_packages.callers(ledgers):
        return
    if work_images.has_a_compiler_as_base(snapshot) or xdebug.is_to_develop_in(snapshot):
        return
    for stage, group in groupby(over, lambda each: each[0].layer.site.stage):
        parts = [(kept, last) for install, last in group for kept in install.parts]
        weighed = [_Weighed(kept, last, saves) for kept, last in parts if (saves := effect_size(kept.freed))]
        weighed.sort(key=lambda each: -each.saves.best)
        can_go = any(removing_build_packages.is_possible(snapshot, each.kept) for each in _worth_it(weighed))
        if weighed and (can_go or weighed[0].saves.best >= _WORTH_A_STAGE):
            yield _finding(weighed, snapshot.build.stages[stage].label)


def _worth_it(weighed: Sequence[_Weighed]) -> list[_Weighed]:
    """Those that make a tenth of it: for less nobody has RUNs become one."""
    least = sum(each.saves.best for each in weighed) / 10
    return [each for each in weighed if each.saves.best >= least]


def _is_explained(snapshot: Snapshot, layer: Layer) -> bool:
    """Whether a comment says that something is compiled when the image runs."""
    return building.is_said_to_compile(comments.spoken_of(snapshot, layer))


class _Weighed(NamedTuple):
    """Packages of an install for a build that is over, and their bytes."""

    kept: Kept
    last: tuple[Layer, Call]
    saves: Size


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


def _ways_out(weighed: Sequence[_Weighed], snapshot: Snapshot) -> Iterator[Fix | None]:
    """What can be done about each install; one of several says what it saves."""
    for each in _worth_it(weighed):
        for fix in removing_build_packages.removals(snapshot, each.kept):
            yield replace(fix, saves=each.saves) if fix and len(weighed) > 1 else fix
