r"""An editor, a debugger or manuals are installed in an image that runs an app.

They are for somebody who looks into the container, and are pulled with every deployment: vim is 42 MB, gdb more. Where
one is needed, `docker debug` or a second container in the same namespaces (`docker run --pid container:NAME`,
`kubectl debug`) brings it along.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates vim && rm -rf /var/lib/apt/lists/*
COPY shop /usr/local/bin/
CMD ["shop"]
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY shop /usr/local/bin/
CMD ["shop"]
```

PHP's debugger slows every request down besides. It is small for a debugger, and stays in an app's image only where it
was forgotten there:

## Example

```
FROM php:8.4-fpm
RUN pecl install redis xdebug && docker-php-ext-enable redis xdebug && rm -rf /tmp/pear
COPY . /var/www/html
```

Use instead:

```
FROM php:8.4-fpm
RUN pecl install redis && docker-php-ext-enable redis && rm -rf /tmp/pear
COPY . /var/www/html
```

## Fix safety

Look before you take it: the app, or a script of yours, may call the program. What the Dockerfile calls, or names in
another place, is not reported.

## Not reported

Somebody works in the container:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
CMD ["bash"]
```

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends openssh-server
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
CMD ["/start.sh"]
```

Nothing says that the image runs an app:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
```

A comment says that it is there for developers, or the app is mounted into the image:

```
FROM debian:bookworm-slim
# for debugging
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
CMD ["shop"]
```

```
FROM ubuntu:24.04
RUN apt-get update && apt-get install -y nano php8.3-cli php8.3-xdebug && rm -rf /var/lib/apt/lists/*
COPY php.ini /etc/php/8.3/cli/conf.d/99-own.ini
CMD ["php", "artisan", "serve"]
```

The Dockerfile names it elsewhere:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends vim && rm -rf /var/lib/apt/lists/*
ENV EDITOR=vim
CMD ["crontab", "-e"]
```

The stage does not ship:

```
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gdb && rm -rf /var/lib/apt/lists/*
FROM debian:bookworm-slim
COPY --from=build /etc/hostname /
CMD ["shop"]
```

The app is mounted into the image, which is one to develop in:

```
FROM php:8.4-fpm
RUN pecl install xdebug && docker-php-ext-enable xdebug && rm -rf /tmp/pear
```

The stage with the debugger is for developers:

```
FROM php:8.4-fpm AS app
COPY . /var/www/html
FROM app AS development
RUN pecl install xdebug && docker-php-ext-enable xdebug && rm -rf /tmp/pear
FROM app AS production
```

It is small, as less is.

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*
CMD ["shop"]
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages
- Xdebug: https://xdebug.org/docs/install
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import start_words
from deadweight.rules import comments, lone_commands, work_images, xdebug
from deadweight.rules.edits import complete, swap_words
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size import apt
from deadweight.size.estimate import effect_size
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

# Packages of Debian and Alpine for people alone, with the programs that they bring (kept by hand, 2026-11-26).
_TOOLS = {
    **dict.fromkeys(("vim", "vim-tiny", "vim-nox", "neovim"), ("vim", "vi", "nvim", "neovim")),
    **dict.fromkeys(("emacs", "emacs-nox"), ("emacs",)),
    **{name: (name,) for name in ("nano", "gdb", "strace", "ltrace", "valgrind", "htop", "mc", "man-db", "manpages")},
    "mandoc": ("man", "mandoc"),
}
_WORKED_IN = frozenset(("bash", "sh", "zsh", "ash", "sleep", "tail", "sshd", "code-server"))
_TO_WORK_IN = frozenset(("openssh", "sudo"))  # besides what says so in any layer
# `# for debugging`, `# tools of the developers`
_SAYS_WHY = re.compile(r"#[^\n]*\b(?:debug|develop|conven)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_PROGRAMS = frozenset(program for programs in _TOOLS.values() for program in programs)


@remembered
def _named(instruction: Instruction) -> list[str]:
    """The programs that an instruction names, as often as it does."""
    return [word for word in _WORD.findall(instruction.text) if word in _PROGRAMS]


@remembered
def _told(instruction: Instruction) -> object:
    """All that the rule takes from the text of an instruction."""
    return _named(instruction), _SAYS_WHY.search(instruction.text) is not None


def _words(snapshot: Snapshot) -> Words:
    return Words(of_text=_told) if _tools(snapshot.shipped_ledgers) or xdebug.matter(snapshot) else NO_WORDS


@rule("debugging-tools-kept", group="packages", words=_words)
def debugging_tools_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """Report editors, debuggers and manuals that are installed in layers which ship, where the image runs an app."""
    yield from xdebug.findings(snapshot)
    begins: frozenset[str] | None = None
    for ledger, layer, freed in _tools(snapshot.shipped_ledgers):
        begins = start_words(snapshot.shipped_ledgers) if begins is None else begins
        if not begins or begins & _WORKED_IN or _is_named_again(snapshot, freed):
            return
        if not work_images.runs_an_app(snapshot) or xdebug.is_to_develop_in(snapshot):
            return
        if _SAYS_WHY.search(comments.spoken_of(snapshot, layer)):
            continue
        cause = freed.cause
        assert isinstance(cause, PackageSet)
        names = " and ".join(cause.names) if len(cause.names) < 3 else ", ".join(cause.names)
        are = "is" if len(cause.names) == 1 else "are"
        yield Finding(
            site=layer.site,
            span=freed.span,
            message=f"{names} {are} for people, and this image runs an app",
            saves=effect_size(freed),
            basis="size",
            stage=ledger.stage.label,
            frees=frozenset(((layer.site, freed),)),
            fixes=partial(_fixes, layer, freed),
        )


@OfLayers
def _tools(layer: Layer) -> Iterator[Effect]:
    """What a layer installs for people alone, as effects of their own."""
    for effect in layer.kept:
        cause = effect.cause
        if isinstance(cause, PackageSet) and cause.manager in ("apt", "apk") and effect.is_certain:
            names = tuple(name for name in cause.names if name in _TOOLS)
            rest = tuple(name for name in cause.names if name not in _TOOLS)
            if names and not _TO_WORK_IN.intersection(rest):
                yield replace(effect, cause=apt.alone(cause, names))


def _is_named_again(snapshot: Snapshot, freed: Effect) -> bool:
    """Whether an instruction names the tools in another place than where it installs them."""
    cause = freed.cause
    assert isinstance(cause, PackageSet)
    sections = [ledger.stage.section for ledger in snapshot.shipped_ledgers]
    named = [word for section in sections for each in section.instructions for word in _named(each)]
    programs = {program for name in cause.names for program in _TOOLS[name]}
    return sum(word in programs for word in named) > len(cause.names)


def _fixes(layer: Layer, freed: Effect, snapshot: Snapshot) -> Iterator[Fix | None]:
    cause = freed.cause
    assert isinstance(cause, PackageSet)
    calls = [call for call in layer.calls if call.span == freed.span]
    words = [word for call in calls for word in call.words if word.text in cause.names]
    if len(calls) != 1 or len(words) != len(cause.names):
        return
    if len(calls[0].operands()) == len(words) + 1:  # the verb, and nothing else
        made = complete((lone_commands.without(snapshot, layer, calls[0]),))
    else:
        made = swap_words(snapshot, layer, [(word, "") for word in words])
    if made:
        note = "Check: neither the app nor a script of yours calls it"
        yield Fix("remove", f"Do not install {', '.join(cause.names)}", Safety.ASK, made, note=note)
