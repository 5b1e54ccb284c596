r"""No .dockerignore leaves anything out, and a COPY takes files into the image that no image needs.

`COPY . .` takes everything in the build context: the history in `.git`, the `node_modules` of this machine, virtual
environments, caches, logs. All of it is sent to the builder at each build and stays in the image.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm install && npm cache clean --force
//- package.json
{"dependencies": {"next": "^16.0.0"}}
//- .git/objects/pack/pack-1.pack 45000000
//- node_modules/next/dist/server.js 140000000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm install && npm cache clean --force
//- .dockerignore
.git
**/node_modules
**/npm-debug.log*
```

## Example

```
//- Dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
//- .dockerignore
# what the builder does not need
//- requirements.txt
flask
//- app.py 4000
//- .git/objects/pack/pack-1.pack 45000000
//- .pytest_cache/v/cache/nodeids 1200000
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
//- .dockerignore
# what the builder does not need
.git
**/__pycache__
**/.pytest_cache
```

## Fix safety

Safe where the file leaves out no more than caches and what editors and tests leave; the history in `.git`, where no
RUN calls anything but programs that look into none; and `node_modules`, where it is the only one, every stage that
copies it installs it again in the same place, and no other Dockerfile lies in the folder. What is sure to come
in a project of this kind is left out along with it.

Look before you take it where more is left out, such as what a build has written, logs, or virtual environments: another
Dockerfile, a script or the app may be there to read it. What the Dockerfile copies by its name always stays.

## Not reported

Nothing in the context is dead weight:

```
//- Dockerfile
FROM node:22-slim
COPY . .
//- server.js 4000
```

There is one that leaves it out:

```
//- Dockerfile
FROM node:22-slim
COPY . .
//- .dockerignore
.git
//- server.js 4000
//- .git/objects/pack/pack-1.pack 45000000
```

The COPY is narrow:

```
//- Dockerfile
FROM node:22-slim
COPY server.js /
//- server.js 4000
//- .git/objects/pack/pack-1.pack 45000000
```

The image has nothing else to run but what is copied:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
CMD ["node", "server.js"]
//- package.json
{"dependencies": {"next": "^16.0.0"}}
//- node_modules/next/dist/server.js 140000000
```

## References

- Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import dead_weight
from deadweight.rules.edits import IGNORE_FILE, name_of_ignore_file
from deadweight.rules.rule import NO_WORDS, Words, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


def _words(snapshot: Snapshot) -> Words:
    context = snapshot.context
    return Words(dead_weight.of_maker) if context is not None and not context.patterns else NO_WORDS


@rule("missing-dockerignore", group="context", words=_words)
def missing_dockerignore(snapshot: Snapshot) -> Iterator[Finding]:
    """Report the first wide COPY of a shipped stage that takes dead weight where no ignore file leaves anything out."""
    context = snapshot.context
    if context is None or context.patterns or context.tree.at(IGNORE_FILE) is not None:
        return  # a folder of that name is no ignore file, and leaves no room for one
    if found := dead_weight.taken(snapshot, context):
        name = name_of_ignore_file(context)
        say = f"{name} has no pattern" if context.ignore_file else f"no {name}"
        yield dead_weight.finding(snapshot, context, found, f"{say}: {found.statement}")
