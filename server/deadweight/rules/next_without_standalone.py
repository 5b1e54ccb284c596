r"""All of node_modules ships with a Next.js app, which needs a tenth of it.

`next start` reads Next.js from `node_modules`, and with it come the compiler, the bundler and all that a build needs,
300 MB of them. With `output: 'standalone'` in `next.config.js` the build traces what the server uses and puts it beside
a `server.js` into `.next/standalone`: about 36 MB for an app of one page. The last stage copies that, the static files
and `public`, and starts `node server.js`; it installs nothing.

## Example

```
//- Dockerfile
FROM node:22-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm run build
FROM node:22-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/.next ./.next
COPY --from=build /app/public ./public
CMD ["npm", "start"]
//- next.config.js
module.exports = { poweredByHeader: false };
//- package.json
{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "^16.0.0", "react": "^19.0.0"}}
//- public/logo.svg 4000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm run build
FROM node:22-slim
WORKDIR /app
COPY --from=build /app/.next/standalone ./
COPY --from=build /app/.next/static ./.next/static
COPY --from=build /app/public ./public
CMD ["node", "server.js"]
//- next.config.js
module.exports = { poweredByHeader: false, output: 'standalone' };
//- package.json
{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "^16.0.0", "react": "^19.0.0"}}
//- public/logo.svg 4000
```

## Fix safety

There is no fix of its own: it changes `next.config.js` as well, which is yours. The server listens where `PORT` and
`HOSTNAME` say. A file that the app reads by a path made while it runs is not traced: name it in
`outputFileTracingIncludes`.

## Not reported

The stage does not ship:

```
//- Dockerfile
FROM node:22-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm run build
FROM nginx:alpine
COPY --from=build /app/out /usr/share/nginx/html
//- package.json
{"scripts": {"build": "next build"}, "dependencies": {"next": "^16.0.0"}}
```

A server of its own starts Next.js, which standalone output does not know:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm run build
CMD ["node", "server.js"]
//- package.json
{"scripts": {"build": "next build"}, "dependencies": {"next": "^16.0.0", "express": "^5.1.0"}}
```

The image is for development:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci
CMD ["npm", "run", "dev"]
//- package.json
{"scripts": {"dev": "next dev"}, "dependencies": {"next": "^16.0.0"}}
```

## References

- Next.js: https://nextjs.org/docs/app/api-reference/config/next-config-js/output
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.ecosystems import node
from deadweight.model.effects import CopiedFromStage, PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import start_command
from deadweight.rules.rule import NO_WORDS, Finding, rule
from deadweight.size.estimate import cause_size
from deadweight.size.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_OUTPUT = re.compile(r"\boutput\b")


@rule("next-without-standalone", group="packages", words=NO_WORDS)
def next_without_standalone(snapshot: Snapshot) -> Iterator[Finding]:
    """Report the node_modules of Next.js apps in shipped layers where no configuration asks for standalone output."""
    context = snapshot.context
    if context is None or context.asked(_says_output):
        return
    for ledger, layer, (effect, packages) in _node_modules(snapshot.shipped_ledgers):
        if _runs_next(snapshot, packages):
            yield Finding(
                site=layer.site,
                span=effect.span,
                message="all of node_modules ships with a Next.js app, which sets no output: 'standalone'",
                saves=_saves(packages),
                basis="size",
                stage=ledger.stage.label,
            )
            return


def _says_output(context: BuildContext) -> bool:
    """Whether a next.config of the project says what the build puts out."""
    texts = (text for path, text in context.texts.items() if path.rpartition("/")[2].startswith("next.config."))
    return any(map(_OUTPUT.search, texts))


@OfLayers
def _node_modules(layer: Layer) -> Iterator[tuple[Effect, PackageSet]]:
    """What a layer installs, or copies of what a stage installed, for a project that asks for Next.js."""
    for effect in layer.kept:
        cause = effect.cause
        brought = cause.effects or () if isinstance(cause, CopiedFromStage) else (effect,)
        for each in brought:
            if isinstance(each.cause, PackageSet) and _manifest(each.cause):
                yield effect, each.cause


def _manifest(packages: PackageSet) -> node.Manifest | None:
    """The manifest of an install, where it asks for Next.js."""
    text = packages.project.manifest if packages.project else None
    if packages.names or text is None or '"next"' not in text:
        return None
    manifest = node.read_manifest(text)
    return manifest if manifest and any(each.name == "next" for each in manifest.dependencies) else None


def _runs_next(snapshot: Snapshot, packages: PackageSet) -> bool:
    """Whether the image starts with `next start`, by its own command or by a script."""
    manifest = _manifest(packages)
    start = start_command(snapshot.shipped_ledgers)
    return manifest is not None and any(
        words[at : at + 2] == ("next", "start")
        for words in node.commands(manifest, start)
        for at in range(min(2, len(words)))
    )


def _saves(packages: PackageSet) -> Size | None:
    """What Next.js brings less what of it a server uses; the app's other packages may all be in use."""
    whole = cause_size(packages)
    own = cause_size(PackageSet(packages.manager, ("next",), libc=packages.libc))
    if whole is None or own is None:
        return None
    used = constant("next.standalone")
    low, best = max(0, round(own.low - used.high)), max(0, round(own.best - used.best))
    high = None if whole.high is None else max(best, round(whole.high - used.low))
    return Size(min(low, best), best, high, own.parts)
