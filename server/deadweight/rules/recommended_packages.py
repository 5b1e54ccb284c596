r"""An install brings packages along that are only recommended.

apt installs what a package recommends as if it needed it: with `git` come X11 libraries for `ssh -X`, with a compiler
a tool that draws pictures of memory use and every picture format it can read. How much that is depends on the
package: half of a gigabyte with Debian's `npm`, next to nothing with `vim`.

## Example

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y git \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --no-install-recommends -y git ca-certificates netbase openssh-client \
    && rm -rf /var/lib/apt/lists/*
```

What a program may need unseen is kept by name: certificates for HTTPS, ssh for repositories over SSH.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y \
        default-libmysqlclient-dev \
        gcc \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --no-install-recommends -y \
        default-libmysqlclient-dev \
        gcc \
        libfontconfig1 \
    && rm -rf /var/lib/apt/lists/*
```

Of what another archive brings, nobody knows what it recommends, so that it is installed apart, as it was:

## Example

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends extrepo && extrepo enable sury
RUN apt-get update \
    && apt-get install -y git php8.5-cli php8.5-mbstring \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends extrepo && extrepo enable sury
RUN apt-get update \
    && apt-get install --no-install-recommends -y git openssh-client \
    && apt-get install -y php8.5-cli php8.5-mbstring \
    && rm -rf /var/lib/apt/lists/*
```

dnf, yum of Red Hat 8 and later, and microdnf do the same. What their packages recommend is mostly small; reported are
those of which somebody has listed what they bring: databases of addresses with `bind-utils`, every language with
`nodejs`, viewers for `less` with Fedora's `git`. A minimal image is no exception.

## Example

```
FROM rockylinux:8
RUN dnf install -y bind-utils && dnf clean all
```

Use instead:

```
FROM rockylinux:8
RUN dnf install --setopt=install_weak_deps=0 -y bind-utils && dnf clean all
```

## Fix safety

Safe where every package that stays out is known to be one that no program in an image misses: documentation,
translations, parts of a desktop, libraries of other packages that stay out. A few that nobody has looked at are kept by
name, where the tag of the base image names the release that has them; leaving these out as well, where there are more,
or where the release or a package in the list is not known, is yours to look at: the fix names what stays out. So is the
flag alone, without the names: take it where you know that nothing needs them.

With dnf the fix is always yours to look at: it leaves out all that is recommended, also what nobody has listed, and
keeps by name what the Dockerfile seems to need, such as `npm`.

## Not reported

The flag is there, or the option in one of its other ways:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends git
RUN apt-get -o APT::Install-Recommends=0 install -y mercurial
RUN apt-get install -y subversion --no-install-recommends
RUN aptitude install -y --without-recommends cvs
```

Somebody asks for them in so many words:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --install-recommends git
```

It is in apt's configuration:

```
FROM debian:trixie-slim
RUN echo 'APT::Install-Recommends "0";' > /etc/apt/apt.conf.d/99lean
RUN apt-get update && apt-get install -y git
```

```
FROM debian:trixie-slim
RUN printf 'APT {\n  Install-Recommends "false";\n}\n' > /etc/apt/apt.conf
RUN apt-get update && apt-get install -y git
```

```
FROM debian:trixie-slim
COPY <<EOF /lean.conf
APT::Install-Recommends "0";
EOF
ENV APT_CONFIG=/lean.conf
RUN apt-get update && apt-get install -y git
```

Nobody knows which packages these are, and so not what they recommend:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y $(cat packages.txt) && rm -rf /var/lib/apt/lists/*
```

The recommended packages are asked for anyway, or weigh next to nothing:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y wget ca-certificates vim
```

dnf is told so, by the option or in its configuration, has no packages of which it is known what they recommend in this
release, or may take them from elsewhere: NodeSource's recommend nothing. How much `--nodocs` would save nobody can
tell.

```
FROM rockylinux:8
RUN dnf install -y --setopt=install_weak_deps=False bind-utils && dnf clean all
```

```
FROM fedora:44
RUN printf '[main]\ninstall_weak_deps=0\n' > /etc/dnf/dnf.conf
RUN dnf install -y git && dnf clean all
```

```
FROM fedora:44
COPY dnf.conf /etc/dnf/
RUN dnf install -y git && dnf clean all
```

```
FROM rockylinux:9
RUN dnf install -y gcc make tar && dnf clean all
```

```
FROM fedora:42
RUN dnf install -y git && dnf clean all
```

```
FROM rockylinux:9
RUN curl -fsSL https://rpm.nodesource.com/setup_22.x | bash - && dnf install -y nodejs && dnf clean all
```

yum of CentOS 7 and Amazon Linux 2 knows no recommendations, and openSUSE's images tell zypper to leave them out:

```
FROM centos:7
RUN yum install -y bind-utils && yum clean all
```

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive install git && zypper clean --all
```

The stage does not ship:

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y git
FROM debian:trixie-slim
COPY --from=build /etc/hostname /
```

## References

- Debian: https://www.debian.org/doc/debian-policy/ch-relationships.html#binary-dependencies-depends-recommends-suggests-enhances-pre-depends
- Docker: https://docs.docker.com/build/building/best-practices/#apt-get
- dnf: https://dnf.readthedocs.io/en/latest/conf_ref.html (install_weak_deps),
  https://docs.fedoraproject.org/en-US/packaging-guidelines/WeakDependencies/
- What they weigh: https://github.com/ManageIQ/manageiq-pods/pull/846,
  https://github.com/redhat-developer/s2i-dotnetcore/pull/385, https://github.com/openshift/images/pull/42; that a
  whole image may lose next to nothing by it: https://github.com/secureblue/secureblue/issues/712; that a program may
  miss them: https://github.com/RedHatProductSecurity/rapidast/pull/186
- openSUSE: https://github.com/openSUSE/docker-containers/pull/21
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from deadweight.facts import debian
from deadweight.facts.recommends import words_that_tell
from deadweight.rules import recommendations, weak_dependencies, without_recommends
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Words, bring_packages, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.image import Base
    from deadweight.model.layers import Layer
    from deadweight.rules.recommendations import Below, Install
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction


def _of_text(instruction: Instruction) -> object:
    return recommendations.of_text(instruction, words_that_tell()), weak_dependencies.of_text(instruction)


def _of_command(command: Reading) -> object:
    return recommendations.of_command(command), weak_dependencies.of_command(command)


def _words(snapshot: Snapshot) -> Words:
    return Words(_of_command, _of_text) if bring_packages(snapshot.inherited_ledgers, "apt", "rpm") else NO_WORDS


@rule("recommended-packages", group="packages", same_as=("hadolint:DL3015",), words=_words)
def recommended_packages(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs of recommended packages in layers that ship."""
    words: frozenset[str] | None = None
    for ledger, layer, _ in recommendations.asks(snapshot.inherited_ledgers):
        words = recommendations.words_of(snapshot, words_that_tell()) if words is None else words
        below = recommendations.below_of(ledger.stacks[layer.site.step])
        yield from _findings(layer, below, ledger.base, words, ledger.stage.label)
    yield from weak_dependencies.findings(snapshot)


@remembered
def _findings(layer: Layer, below: Below, base: Base, words: frozenset[str], stage: str) -> tuple[Finding, ...]:
    """What the installs of a layer bring without need; a Dockerfile has `words`."""
    found = (_finding(install, stage) for install in recommendations.installs(layer, below, base, words))
    return tuple([finding for finding in found if finding is not None])


def _finding(install: Install, stage: str) -> Finding | None:
    """What of an install nothing needs; None where that is next to nothing."""
    claimed = install.claimed(install.needed)
    saves, spared = install.size(claimed), claimed[install.suite]
    if not spared or saves is None or not saves.best:
        return None
    already = (*install.cause.already, *install.cause.names, *install.needed)
    freed = replace(install.cause, names=tuple(sorted(spared)), options=frozenset(), already=already)
    message = f"{recommendations.are(spared)} only recommended: {recommendations.named(install.by_weight(spared))}"
    if install.cause.suite not in debian.suites():
        message += f", as Debian {install.suite} calls them"
    return Finding(
        site=install.layer.site,
        span=install.effect.span,
        message=message,
        saves=saves,
        basis="size",
        stage=stage,
        frees=frozenset({(install.layer.site, replace(install.effect, cause=freed))}),
        fixes=partial(_fixes, install),
        known_part_decides=True,  # most packages recommend next to nothing
    )


def _fixes(install: Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield from without_recommends.fixes(snapshot, install)
