r"""The image holds what only its build needs.

Compilers, packages for development and sources have done their work when the build is over. A build of two stages
leaves them behind: the first one builds, on the full image; the second stands on a small one and takes over what the
first has written. The finding says what they save beyond all that other findings say. What a smaller base, fewer
packages for building or for development would save alone is not said beside it, but offered.

## Example

```
//- Dockerfile
FROM node:22
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
EXPOSE 3000
CMD ["node", "dist/server.js"]
//- package.json
{
  "scripts": {"build": "tsc"},
  "dependencies": {"express": "^5.1.0"},
  "devDependencies": {"typescript": "^5.9.0"}
}
//- package-lock.json
{
  "lockfileVersion": 3,
  "packages": {
    "": {"dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}},
    "node_modules/express": {"version": "5.1.0", "resolved": "x"},
    "node_modules/typescript": {"version": "5.9.3", "resolved": "x", "dev": true}
  }
}
//- tsconfig.json
{"compilerOptions": {"outDir": "dist"}}
//- src/server.ts 4000
```

Use instead:

```
//- Dockerfile
FROM node:22 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
```

Packages of Python go over in a virtual environment, and what they were compiled with stays behind; the library that
they load comes along:

## Example

```
//- Dockerfile
FROM python:3.13-bookworm
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["gunicorn", "app:app"]
//- requirements.txt
flask
gunicorn
psycopg2
//- app.py 4000
```

Use instead:

```
//- Dockerfile
FROM python:3.13-bookworm AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN python -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
COPY . .
CMD ["gunicorn", "app:app"]
```

What a compiler writes needs no compiler, and a program of Go not even a system; the files that it reads go with it:

## Example

```
//- Dockerfile
FROM golang:1.25
WORKDIR /src
COPY . .
RUN go build -o /server .
CMD ["/server"]
//- go.mod
module example.com/server
require github.com/gin-gonic/gin v1.11.0
//- go.sum 4000
//- main.go 4000
//- templates/index.html 2000
```

Use instead:

```
//- Dockerfile
FROM golang:1.25 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o /server .

FROM gcr.io/distroless/static-debian13
WORKDIR /src
COPY --from=build /server /server
COPY --from=build /src/templates ./templates
CMD ["/server"]
```

Rust, C and C++, Java, .NET, PHP and Ruby are known in the same way, and sites of files alone, which nginx can serve.

## Fix safety

Look before you take it. What the build writes and what the app reads is told by the start command, the manifests and
the names of the project's files; an app may read more, and then does not find it. The note of the fix says what to
check. Where the files do not tell enough, nothing is offered, and `deadweight fix --ask --rule build-tools-shipped`
says why.

## Not reported

Two stages already:

```
//- Dockerfile
FROM node:22 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
//- package.json
{"dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"": {}}}
//- src/server.ts 4000
```

The image is for development:

```
//- Dockerfile
FROM node:22
WORKDIR /app
COPY . .
RUN npm install
CMD ["npm", "run", "dev"]
//- package.json
{"scripts": {"dev": "vite"}, "devDependencies": {"vite": "^7.0.0"}}
//- src/main.ts 4000
```

## References

- Docker: https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.model.effects import Built
from deadweight.model.multi_stage import recipe
from deadweight.model.multi_stage.conversions import plans_of, recipe_of
from deadweight.model.multi_stage.plan import Plan, Refusal, Written
from deadweight.model.stages import Site
from deadweight.rules import stage_writing
from deadweight.rules.rule import NO_WORDS, Finding, Fix, NotOffered, Safety, Words, as_typed, as_written, rule
from deadweight.size.units import less

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.size.units import Size
    from deadweight.snapshot import Options, Snapshot
    from deadweight.syntax.dockerfile import Instruction


_REFACTORING = "multi-stage"
_WORTH, _SHARE = 10_000_000, 0.05  # bytes, and of the image: for less nobody keeps a second stage
_TITLES = {
    "": "Convert to a multi-stage build",
    "nginx": "Convert to a multi-stage build that serves the site with nginx",
}


def why_not(snapshot: Snapshot) -> NotOffered | None:
    """Why the image cannot be built in two stages; None where it can, or where that is no question."""
    plans = plans_of(snapshot.build, snapshot.ledgers, snapshot.context)
    target = snapshot.build.target
    if target is None or not plans or (not isinstance(plans, Refusal) and _ways(snapshot)):
        return None
    reason = plans.reason if isinstance(plans, Refusal) else _why_not_worth_it(snapshot, plans[0])
    return NotOffered(Site(target.index, 0), _TITLES[""], _REFACTORING, reason)


def _words(snapshot: Snapshot) -> Words:
    recipe = recipe_of(snapshot.build, snapshot.ledgers, snapshot.context)
    return Words(as_written, as_typed) if recipe else NO_WORDS


@rule("build-tools-shipped", group="image", gives_way=True, why_not=why_not, words=_words)
def build_tools_shipped(snapshot: Snapshot) -> Iterator[Finding]:
    """Report a shipped stage that builds an app which a second stage could take over."""
    target = snapshot.build.target
    ways = _ways(snapshot)
    if target is None or not ways:
        return
    start = target.start
    yield Finding(
        site=Site(target.index, 0),
        span=target.base_word.span if target.base_word else start.span,
        message="the image holds what only its build needs",
        saves=less(*ways[0][1]),
        basis="conversion",
        stage=target.label,
        fixes=_fixes,
    )


def _ways(snapshot: Snapshot) -> list[tuple[Plan, tuple[Size, Size]]]:
    """The plans that are worth it, each with the bytes of the image before and after it."""
    plans = plans_of(snapshot.build, snapshot.ledgers, snapshot.context)
    weighed = [] if isinstance(plans, Refusal) else [(plan, _weighs(snapshot, plan)) for plan in plans]
    return [(plan, weighs) for plan, weighs in weighed if weighs is not None and _is_worth_it(*weighs)]


def _why_not_worth_it(snapshot: Snapshot, plan: Plan) -> str:
    if _weighs(snapshot, plan) is None:
        return "nobody knows what the image weighs, or would weigh"
    return f"a second stage on {plan.image.base} would take less than {_WORTH // 1_000_000} MB or {_SHARE:.0%} off"


def _is_worth_it(before: Size, after: Size) -> bool:
    return before.best - after.best >= max(_WORTH, _SHARE * before.best)


def _fixes(snapshot: Snapshot) -> Iterator[Fix | None]:
    for plan, weighs in _ways(snapshot):
        yield Fix(
            plan.variant or _REFACTORING,
            _TITLES[plan.variant],
            Safety.ASK,
            stage_writing.written(snapshot, plan),
            note=f"Check: {'; '.join(plan.checks)}" if plan.checks else "",
            weighs=weighs,
            refactoring=_REFACTORING,
            starts_otherwise=bool(plan.variant),
        )


@dataclass(frozen=True, slots=True)
class _Content:
    """All that the bytes of both images depend on. What has no hash is only compared."""

    written: tuple[object, ...]  # what the layers keep
    image: tuple[str, ...]  # what the second stage is made of, and what is new in the first
    options: Options = field(hash=False)


def _weighs(snapshot: Snapshot, plan: Plan) -> tuple[Size, Size] | None:
    """What the image weighs now, and in two stages; None where that is unknown.

    It is remembered by content: what is typed changes the bytes seldom, and asked again costs next to nothing.
    """
    known = _known(_content(snapshot, plan))
    if not known:
        known.append(_weighed(snapshot, plan))
    return known[0]


@lru_cache(maxsize=16)
def _known(_: _Content) -> list[tuple[Size, Size] | None]:
    """What a content came to, when that was asked before."""
    return []


def _content(snapshot: Snapshot, plan: Plan) -> _Content:
    kept = (effect for ledger in snapshot.reached_ledgers for layer in ledger.layers for effect in layer.kept)
    written = tuple([(each.path, None if isinstance(each.cause, Built) else each.cause) for each in kept])
    instructions = snapshot.tree.sections[plan.stage + 1].instructions
    lines = (line.text if isinstance(line, Written) else instructions[line.step] for line in plan.image.lines)
    image = [each if isinstance(each, str) else each.text for each in lines if _does_work(each)]
    # What the first stage does in place of the user's lines: what of packages it hands on hangs on that.
    build = [line.text for line in plan.build.lines if isinstance(line, Written)]
    return _Content(written, (plan.image.base, *image, *build), snapshot.options)


def _does_work(line: str | Instruction) -> bool:
    return isinstance(line, str) or line.keyword in recipe.WORKS


def _weighed(snapshot: Snapshot, plan: Plan) -> tuple[Size, Size] | None:
    staged = snapshot.after(stage_writing.written(snapshot, plan))
    before, after = (each.sizes.estimates.image() for each in (snapshot, staged))
    return (before, after) if before is not None and after is not None else None
