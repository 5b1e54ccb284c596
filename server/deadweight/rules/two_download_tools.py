r"""Both curl and wget are installed, and only one of them is called.

They do the same. One of the two is there for nothing, with the libraries that it brings along.

## Example

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        curl \
        wget \
    && rm -rf /var/lib/apt/lists/*
RUN wget -q https://example.org/settings.json
CMD ["app"]
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        wget \
    && rm -rf /var/lib/apt/lists/*
RUN wget -q https://example.org/settings.json
CMD ["app"]
```

## Fix safety

To be looked at: a script of the app, or a person who looks into a container, may call what the Dockerfile does not.

## Not reported

Both are called, be it by a health check; or neither, so that the app may need them. hadolint reports commands that call
both, installed or not: that costs no bytes.

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl wget && rm -rf /var/lib/apt/lists/*
RUN wget -q https://example.org/settings.json
HEALTHCHECK CMD curl -f http://localhost/
CMD ["app"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl wget && rm -rf /var/lib/apt/lists/*
CMD ["app"]
```

The image starts a script that nobody can read here, or what a file for supervisord names. It is likely what the other
one is for:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl wget && rm -rf /var/lib/apt/lists/*
RUN wget -q https://example.org/settings.json
COPY docker-entrypoint.sh /
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["app"]
```

The base image has one of them anyway:

```
FROM buildpack-deps:trixie-curl
RUN wget -q https://example.org/settings.json && curl -O https://example.org/more.json
CMD ["app"]
```

The image is one to work in, or a comment says what the other one is for:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl wget && wget -q https://example.org/.bashrc
CMD ["bash"]
```

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        # curl is for the scripts of the app
        curl \
        wget \
    && wget -q https://example.org/settings.json
CMD ["app"]
```

They are in different stages:

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends wget && wget -q https://example.org/settings.json
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY --from=build /settings.json /
CMD ["app"]
```

## References

- hadolint: https://github.com/hadolint/hadolint/wiki/DL4001
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.stack import folded
from deadweight.model.start import start_command
from deadweight.rules import work_images
from deadweight.rules.edits import remove_word
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size import apt
from deadweight.size.estimate import effect_size
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

_TOOLS = ("curl", "wget")
_STARTS_SCRIPT = re.compile(r"\.sh\b|entry[_-]?point|supervisord")
_MENTIONS = re.compile(r"(?<![\w./-])(?:/usr/bin/)?(curl|wget)(?![\w.-])")


class _Install(NamedTuple):
    """An install of one of the two by name."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    name: str

    @property
    def freed(self) -> Effect:
        """What it brings."""
        return replace(self.effect, cause=apt.alone(self.cause, (self.name,)))


def _words(snapshot: Snapshot) -> Words:
    packages = [layer.packages for ledger in snapshot.shipped_ledgers for layer in ledger.layers_with(PackageSet)]
    return Words(of_text=_of_text) if {name for each in packages for _, name in each}.issuperset(_TOOLS) else NO_WORDS


def _of_text(instruction: Instruction) -> object:
    return _mentioned(instruction), [_is_explained(instruction, name) for name in _TOOLS]


@rule("two-download-tools", group="packages", same_as=("hadolint:DL4001",), words=_words)
def two_download_tools(snapshot: Snapshot) -> Iterator[Finding]:
    """Report curl or wget, installed in a layer that ships beside the other one, which alone is called."""
    ledgers = snapshot.shipped_ledgers
    installs = [install for _, _, install in _installs(ledgers)]
    if len({install.name for install in installs}) < len(_TOOLS):
        return
    called = _all_called(ledgers[-1].stacks[-1])
    if len(called) != 1 or not work_images.runs_an_app(snapshot) or _STARTS_SCRIPT.search(start_command(ledgers)):
        return
    for install in installs:
        if install.name in called:
            continue
        freed = install.freed
        saves = _bytes(install)
        if saves is None:
            continue
        yield Finding(
            site=install.layer.site,
            span=install.effect.span,
            message=f"{install.name} is installed and not called: {next(iter(called))} does the same",
            saves=saves,
            basis="size",
            stage=snapshot.build.stages[install.layer.site.stage].label,
            frees=frozenset({(install.layer.site, freed)}),
            fixes=partial(_fixes, install),
        )


def _bytes(install: _Install) -> Size | None:
    """The bytes of what the tool brings: where nobody knows the packages of the release, others may bring all but the
    tool by itself, as `apt-transport-https` and git do of curl's library on older ones.
    """
    whole = effect_size(install.freed)
    cause, own = install.cause, apt.alone(install.cause, (install.name,))
    if whole is None or cause.manager != "apt" or debian.release(cause.suite).suite == cause.suite:
        return whole
    itself = effect_size(replace(install.effect, cause=replace(own, options=own.options | {"no-dependencies"})))
    return replace(whole, low=min(whole.low, itself.low)) if itself else whole


def _fixes(install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    call = next((call for call in install.layer.calls if call.span == install.effect.span), None)
    words = [word for word in call.words if word.text == install.name] if call else []
    others = isinstance(install.effect.cause, PackageSet) and len(install.effect.cause.names) > 1
    edit = remove_word(snapshot, install.layer, words[0]) if others and len(words) == 1 else None
    note = f"Check: nothing that runs in the image calls {install.name}"
    yield Fix("remove-tool", f"Do not install {install.name}", Safety.ASK, (edit,), note=note) if edit else None


@OfLayers
def _installs(layer: Layer) -> Iterator[_Install]:
    """The installs of one of the two in a layer, where the base image has it not."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or cause.manager not in ("apt", "apk", "rpm"):
            continue
        for name in _TOOLS:
            if name in cause.names and name not in cause.already and not _is_explained(layer.instruction, name):
                yield _Install(layer, effect, cause, name)


def _is_explained(instruction: Instruction, name: str) -> bool:
    """Whether a comment in the instruction speaks of it."""
    return re.search(rf"#[^\n]*\b{name}\b", instruction.text) is not None


@remembered
def _called(layer: Layer) -> frozenset[str]:
    """Which of the two an instruction mentions other than to install it."""
    asked = [name for reading in layer.readings for effect in reading.effects for name in _asked(effect)]
    mentions = _mentioned(layer.instruction)
    return frozenset(name for name in _TOOLS if mentions.count(name) > asked.count(name))


def _asked(effect: Effect) -> tuple[str, ...]:
    return effect.cause.names if isinstance(effect.cause, PackageSet) else ()


def _with_called(names: frozenset[str], layer: Layer) -> frozenset[str]:
    own = _called(layer)
    return names if own <= names else names | own


_all_called = folded(frozenset[str](), _with_called)


@remembered
def _mentioned(instruction: Instruction) -> tuple[str, ...]:
    if instruction.keyword in ("LABEL", "ARG"):
        return ()
    bodies = (instruction.text[each.content.start : each.content.end] for each in instruction.heredocs)
    return tuple(match[1] for text in (instruction.line.text, *bodies) for match in _MENTIONS.finditer(text))
