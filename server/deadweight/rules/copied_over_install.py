r"""Packages of this machine are copied over those that the image has installed.

A `COPY . .` below the install takes the `node_modules` or `.venv` of this machine along, and puts them into the same
folder. They are in the image twice, and what is there in the end is a mixture: programs that are compiled for another
system, and packages that no lock file names.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
COPY . .
CMD ["node", "server.js"]
//- .dockerignore
.git
//- package.json
{"dependencies": {"next": "^16.0.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {}}
//- server.js 4000
//- node_modules/next/dist/server.js 140000000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
COPY . .
CMD ["node", "server.js"]
//- .dockerignore
.git
**/node_modules
```

## Fix safety

Safe where `node_modules` is the only one of the folder, every stage that copies it has it installed in the same place,
and no other Dockerfile lies there. Look before you take it elsewhere, and where the install leaves out devDependencies
and a command below the COPY may need them.

## Not reported

The install is below the COPY, and takes what is there over:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm cache clean --force
//- package.json
{}
//- node_modules/next/dist/server.js 140000000
```

It is installed in another folder:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
WORKDIR /app
COPY . .
//- package.json
{}
//- package-lock.json
{"lockfileVersion": 3, "packages": {}}
//- node_modules/next/dist/server.js 140000000
```

## References

- Node.js: https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.brought import Making, brought, made_in, wide_copies
from deadweight.model.ecosystems import generated
from deadweight.model.effects import Copied
from deadweight.rules.dead_weight import comes_back, listed, of_maker, part_of, patterns_for
from deadweight.rules.edits import ignore, is_literal, name_of_ignore_file
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size.units import at_least
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot


class _Again(NamedTuple):
    """A folder of packages of this machine that a layer copies to where `installs` above it have put some.

    `patterns` leave it out, none where another stage depends on it. It `is_needed`, perhaps, where a command below the
    copy runs on packages that the install has left out.
    """

    folder: str
    effects: list[Effect]
    installs: list[Layer]
    patterns: list[str]
    is_needed: bool


_LEAVE_OUT = ("prod", "--omit", "--only", "--no-dev", "-P")


def _of_command(command: Reading) -> object:
    return of_maker(command), _leaves_out(command.call)


def _words(snapshot: Snapshot) -> Words:
    folders = snapshot.context.asked(generated.folders_of) if snapshot.context else {}
    return Words(_of_command) if any(entry.folder in folders for entry, _ in generated.INSTALLED) else NO_WORDS


@rule("copied-over-install", group="context", words=_words)
def copied_over_install(snapshot: Snapshot) -> Iterator[Finding]:
    """Report a COPY that brings installed packages of this machine to where an instruction above has installed some."""
    context = snapshot.context
    if context is None:
        return
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers_with(Copied):
            for found in _copied_again(snapshot, context, ledger, layer):
                yield _finding(snapshot, context, ledger, layer, found)


def _copied_again(snapshot: Snapshot, context: BuildContext, ledger: Ledger, layer: Layer) -> Iterator[_Again]:
    """What a layer copies over packages that its stage has installed."""
    folders = context.asked(generated.folders_of)
    for entry, programs in generated.INSTALLED:
        for folder in folders.get(entry.folder, ()):
            if not is_literal(folder) or not generated.is_written(context, entry, folder):
                continue
            parent = generated.parent_of(entry, folder)
            places = {each.place_of(parent) for each in brought(layer) if each.holds(folder)}
            making = {Making(program, place) for program in programs for place in places if place}
            installs = [
                each for each in ledger.layers[: layer.site.step] if not making.isdisjoint(made_in(each, entry))
            ]
            parts = [part_of(context, effect, (folder,)) for effect in wide_copies(layer)] if installs else ()
            if effects := [part for part in parts if part]:
                patterns = [each for each in patterns_for(snapshot, context, entry) if each in (entry.pattern, folder)]
                is_needed = any(each.calls for each in ledger.layers[layer.site.step + 1 :])
                yield _Again(folder, effects, installs, patterns, is_needed and any(map(_leaves_out_dev, installs)))


@remembered
def _leaves_out_dev(layer: Layer) -> bool:
    """Whether an install of a layer may leave out packages that only a build needs."""
    return any(map(_leaves_out, layer.calls))


def _leaves_out(call: Call) -> bool:
    is_for_production = call.around.variables.get("NODE_ENV") == "production"
    return is_for_production or any(mark in option for option in call.options for mark in _LEAVE_OUT)


def _finding(snapshot: Snapshot, context: BuildContext, ledger: Ledger, layer: Layer, found: _Again) -> Finding:
    saves = snapshot.sizes.of(found.effects)
    finding = Finding(
        site=layer.site,
        span=found.effects[0].span,
        message=f"{found.folder} of this machine is copied over what {{lines}} installed",
        saves=saves if context.complete or saves is None else at_least(saves),
        basis="context",
        stage=ledger.stage.label,
        frees=frozenset((layer.site, effect) for effect in found.effects),
        lines=tuple(each.site for each in found.installs),
    )
    return replace(finding, fixes=partial(_fixes, context, found)) if found.patterns else finding


def _fixes(context: BuildContext, found: _Again, snapshot: Snapshot) -> Iterator[Fix]:
    adds, name = ignore(context, found.patterns), name_of_ignore_file(context)
    title = f"Create {name}" if adds.is_new else f"Add {listed(found.patterns)} to {name}"
    note = ""
    if found.is_needed:
        note = "Check: no command below needs a package that the install leaves out"
    elif not comes_back(snapshot, context):
        note = f"Check: nothing that is built of this folder needs {listed(found.patterns)} from here"
    yield Fix("create" if adds.is_new else "ignore", title, Safety.ASK if note else Safety.SAFE, adds=adds, note=note)
