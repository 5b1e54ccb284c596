r"""The image starts a server for developers, or builds its app at each start.

A watcher, the server of a bundler and `dotnet run` need the compilers, the packages for development and the sources
that a second stage could leave behind. Where the project says what the app is once it is built, the refactoring has
that built in a stage of its own, and started in place of them. It says nothing unless somebody asks: the image may be
for developers.

## Example

```
//- Dockerfile
FROM node:22
WORKDIR /app
COPY . .
RUN npm install
EXPOSE 3000
CMD ["npm", "run", "start:dev"]
//- package.json
{
  "scripts": {"build": "nest build", "start:dev": "nest start --watch", "start:prod": "node dist/main"},
  "dependencies": {"@nestjs/core": "^11.0.0"},
  "devDependencies": {"@nestjs/cli": "^11.0.0", "typescript": "^5.9.0"}
}
//- src/main.ts 4000
//- deadweight.toml
[rules]
development-start = "information"
```

Use instead:

```
//- Dockerfile
FROM node:22 AS build
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
RUN --mount=type=cache,target=/root/.npm npm install --omit=dev
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
CMD ["npm", "run", "start:prod"]
```

## Fix safety

Look before you take it. What is started is another program than before: a script of package.json that is named for
production, what a watcher watches, what `dotnet publish`, `go build`, `cargo build` or Spring Boot's plugin writes.
What the one for developers did besides, such as to read `launchSettings.json` or to pass requests on, is gone. The note
of the fix says what to check.

## Not reported

The project does not say what comes out of its build:

```
//- Dockerfile
FROM node:22
WORKDIR /app
COPY . .
RUN npm install
CMD ["npm", "run", "dev"]
//- package.json
{"scripts": {"dev": "ts-node src/main.ts"}, "devDependencies": {"ts-node": "^10.9.0"}}
//- src/main.ts 4000
//- deadweight.toml
[rules]
development-start = "information"
```

The settings say that the image is for development:

```
//- Dockerfile
FROM node:22
ENV NODE_ENV=development
WORKDIR /app
COPY . .
RUN npm install
CMD ["npx", "nodemon", "server.js"]
//- package.json
{"dependencies": {"express": "^5.1.0"}, "devDependencies": {"nodemon": "^3.1.0"}}
//- server.js 4000
//- deadweight.toml
[rules]
development-start = "information"
```

## References

- Docker: https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.multi_stage import production
from deadweight.model.multi_stage.conversions import plans_of, recipe_of
from deadweight.model.multi_stage.plan import Refusal
from deadweight.model.stages import Site
from deadweight.rules import mounting, stage_writing
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.size.units import less
from deadweight.syntax.dockerfile import remembered
from deadweight.text import line_edits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.multi_stage.plan import Plan
    from deadweight.model.multi_stage.production import Production
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit


class _Way(NamedTuple):
    """A start for production, the plan of its two stages, their text, and what the image weighs before and after."""

    production: Production
    plan: Plan
    text: str
    weighs: tuple[Size, Size]


@rule("development-start", group="image", is_offered=True)
def development_start(snapshot: Snapshot) -> Iterator[Finding]:
    """Offer two stages, and a start for production, for an image that starts what is for developers."""
    target, way = snapshot.build.target, _way(snapshot)
    if target is None or way is None:
        return
    yield Finding(
        site=Site(target.index, 0),
        span=target.base_word.span if target.base_word else target.start.span,
        message=f"the image starts what is for developers: {way.production.before}",
        saves=less(*way.weighs),
        basis="conversion",
        stage=target.label,
        fixes=_fixes,
    )


@remembered
def _way(snapshot: Snapshot) -> _Way | None:
    recipe = recipe_of(snapshot.build, snapshot.ledgers, snapshot.context)
    found = production.production(recipe) if recipe else None
    if recipe is None or found is None:
        return None
    started = snapshot.after(stage_writing.in_production(snapshot, recipe, found))
    if found.commands:
        started = started.after(_kept_downloads(started, recipe.last_place + 1))
    plans = plans_of(started.build, started.ledgers, started.context)
    if isinstance(plans, Refusal) or not plans:
        return None
    staged = started.after(stage_writing.written(started, plans[0]))
    before, after = (each.sizes.estimates.image() for each in (snapshot, staged))
    if before is None or after is None or before.best <= after.best:
        return None
    return _Way(found, plans[0], staged.text, (before, after))


def _kept_downloads(snapshot: Snapshot, step: int) -> tuple[Edit, ...]:
    """The edits that keep what the RUN of an own downloads in a cache mount, where no other RUN has it already."""
    ledger = snapshot.shipped_ledgers[-1]
    layer = ledger.layers[step]
    known = {found.cache.what for above in ledger.layers[:step] for found in mounting.downloads(above)}
    wanted = {found.cache.what: found.cache for found in mounting.downloads(layer) if found.cache.what not in known}
    fixes = [mounting.keep_downloads(snapshot, ledger, layer, cache) for cache in wanted.values()]
    return fixes[0].edits if len(fixes) == 1 and fixes[0] else ()


def _fixes(snapshot: Snapshot) -> Iterator[Fix | None]:
    way = _way(snapshot)
    if way is None:
        return
    started = "serves the site with nginx" if way.plan.variant else f"starts {' '.join(way.production.start[:4])}"
    yield Fix(
        "for-production",
        f"Convert to a multi-stage build that {started}",
        Safety.ASK,
        tuple(line_edits(snapshot.text, way.text)),
        note=f"Check: {'; '.join((way.production.check, *way.plan.checks))}",
        weighs=way.weighs,
        refactoring="multi-stage",
        starts_otherwise=True,
    )
