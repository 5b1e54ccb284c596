r"""An install brings devDependencies into the image.

Compilers, linters and test runners are often most of node_modules. `npm ci` and `npm install` write them with the rest,
because nobody told them that this is not a developer's machine.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm cache clean --force
COPY . .
CMD ["npm", "start"]
//- package.json
{
  "scripts": {"start": "node server.js", "test": "jest"},
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
//- server.js 4000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY . .
CMD ["npm", "start"]
```

A build needs them, and is done with them when the RUN ends:

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm run build
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
//- server.ts 4000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm run build && npm prune --omit=dev
CMD ["node", "dist/server.js"]
```

Where the build is a RUN of its own, no flag helps: build in a stage of its own. What is copied from there still has to
be without them:

## Example

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
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
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
//- server.ts 4000
```

Use instead:

```
//- Dockerfile
FROM node:22 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev
FROM node:22-slim
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
```

yarn, pnpm and bun have options of their own:

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN corepack enable && pnpm install --frozen-lockfile
COPY server.js docker-entrypoint.sh ./
ENTRYPOINT ["./docker-entrypoint.sh"]
//- package.json
{"dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}}
//- pnpm-lock.yaml
lockfileVersion: '9.0'
//- server.js 4000
//- docker-entrypoint.sh
exec node server.js
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN corepack enable && pnpm install --prod --frozen-lockfile
COPY server.js docker-entrypoint.sh ./
ENTRYPOINT ["./docker-entrypoint.sh"]
```

Python's tools bring what is for development too: poetry and uv the groups that are not optional, pipenv and pip what
they are asked for:

## Example

```
//- Dockerfile
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
WORKDIR /app
COPY pyproject.toml ./
RUN uv sync --no-cache
CMD ["/app/.venv/bin/uvicorn", "app:app"]
//- pyproject.toml
[project]
name = "app"
dependencies = ["uvicorn"]
[dependency-groups]
dev = ["mypy", "pytest"]
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
WORKDIR /app
COPY pyproject.toml ./
RUN uv sync --no-dev --no-cache
CMD ["/app/.venv/bin/uvicorn", "app:app"]
```

## Example

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt requirements-dev.txt ./
RUN pip install --no-cache-dir -r requirements-dev.txt
CMD ["gunicorn", "app"]
//- requirements.txt
gunicorn
//- requirements-dev.txt
-r requirements.txt
mypy
pytest
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt requirements-dev.txt ./
RUN pip install --no-cache-dir -r requirements.txt
CMD ["gunicorn", "app"]
```

## Fix safety

Look before you take it: a source file may import a package that is listed under devDependencies by mistake. Where the
Dockerfile shows that something needs them (a build in a later RUN or another stage, an install script such as
`"prepare": "husky"`), `--omit=dev` is not offered. npm 6, which comes with Node 14 and older, calls it `--production`.

## Not reported

The image is for development, by its start command, its NODE_ENV or the name of the target:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm install
CMD ["npm", "run", "dev"]
//- package.json
{"dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}}
```

npm is told already:

```
//- Dockerfile
FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY . .
RUN npm install
//- package.json
{"dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}}
```

The same of Python, by its start command or what the tool is told:

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements-dev.txt .
RUN pip install --no-cache-dir -r requirements-dev.txt
CMD ["pytest"]
//- requirements-dev.txt
mypy
pytest
```

```
//- Dockerfile
FROM python:3.13-slim
COPY pyproject.toml .
RUN poetry install --without dev
//- pyproject.toml
[tool.poetry.dependencies]
flask = "*"
[tool.poetry.group.dev.dependencies]
mypy = "*"
```

What conda's packages weigh nobody has measured, and its Python packages are not those of PyPI: an environment for
development is not told from another one.

```
//- Dockerfile
FROM condaforge/miniforge3:25.3.1-0
COPY environment.yml environment-dev.yml ./
RUN conda env create -f environment-dev.yml && conda clean -afy
//- environment.yml
dependencies: [flask]
//- environment-dev.yml
dependencies: [flask, jupyter, pytest]
```

The stage does not ship, and what is copied from it is without them:

```
//- Dockerfile
FROM node:22-slim AS build
WORKDIR /app
COPY . .
RUN npm install && npm run build
FROM nginx:1.29-alpine
COPY --from=build /app/dist /usr/share/nginx/html
//- package.json
{"scripts": {"build": "tsc"}, "devDependencies": {"typescript": "^5.9.0"}}
```

```
//- Dockerfile
FROM node:22 AS build
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
RUN npm prune --omit=dev
FROM node:22-slim
COPY --from=build /app /app
CMD ["node", "/app/dist/server.js"]
//- package.json
{"scripts": {"build": "tsc"}, "dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0"}}
```

## References

- npm install, omit: https://docs.npmjs.com/cli/v11/commands/npm-install#omit
- npm prune: https://docs.npmjs.com/cli/v11/commands/npm-prune
- npm 6: https://docs.npmjs.com/cli/v6/commands/npm-install
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.start import is_for_developers
from deadweight.rules import node_development, python_development
from deadweight.rules.rule import NO_WORDS, Finding, Words, bring_packages, of_known, rule
from deadweight.size import python_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.snapshot import Snapshot


def _words(snapshot: Snapshot) -> Words:
    if node_development.are_installed(snapshot):
        return Words(node_development.of_command)
    is_any = bring_packages(snapshot.reached_ledgers, *python_project.MANAGERS)
    return Words(of_known) if is_any else NO_WORDS


@rule("dev-dependencies-shipped", group="packages", gives_way=True, words=_words)
def dev_dependencies_shipped(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs in layers that ship whose packages for development stay there."""
    target = snapshot.build.target
    if target is None or any(map(is_for_developers, (target.name, target.end.variables.get("NODE_ENV")))):
        return
    yield from python_development.findings(snapshot)
    yield from node_development.findings(snapshot)
