r"""The ignore file leaves in what no image needs, and a COPY takes it.

A .dockerignore is there, and does not name all that tools write beside the sources: the history in `.git`, packages
that the image installs itself, caches, what a build has written. It is sent to the builder at each build and stays in
the image.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm cache clean --force
//- .dockerignore
# documentation
docs
//- package.json
{"dependencies": {"next": "^16.0.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {}}
//- .git/objects/pack/pack-1.pack 45000000
//- .next/cache/webpack/1.pack 38000000
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm cache clean --force
//- .dockerignore
# documentation
docs
.git
**/.next/cache
```

## Fix safety

The lines stand at the end of the file, and none takes out what a line with `!` brings back.

Safe where they leave out no more than caches and what editors and tests leave; the history in `.git`, where no
RUN calls anything but programs that look into none; and `node_modules`, where it is the only one, every stage that
copies it installs it again in the same place, and no other Dockerfile lies in the folder.

Look before you take it where more is left out, such as what a build has written, logs, or virtual environments: another
Dockerfile, a script or the app may be there to read it. What the Dockerfile copies by its name always stays.

## Not reported

The file leaves it out:

```
//- Dockerfile
FROM debian:bookworm-slim
COPY . /srv
//- .dockerignore
*
!site
//- site/index.html 4000
//- .git/objects/pack/pack-1.pack 45000000
```

The COPY takes it by its name:

```
//- Dockerfile
FROM eclipse-temurin:21-jre
COPY . /srv
COPY target/app.jar /srv/app.jar
//- .dockerignore
docs
//- pom.xml
<project/>
//- target/app.jar 52000000
```

The stage does not ship:

```
//- Dockerfile
FROM golang:1.25 AS build
COPY . /src
RUN cd /src && go build -o /app
FROM scratch
COPY --from=build /app /app
//- .dockerignore
docs
//- .git/objects/pack/pack-1.pack 45000000
```

## References

- Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import dead_weight
from deadweight.rules.edits import name_of_ignore_file
from deadweight.rules.rule import NO_WORDS, Words, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


def _words(snapshot: Snapshot) -> Words:
    context = snapshot.context
    return Words(dead_weight.of_maker) if context is not None and bool(context.patterns) else NO_WORDS


@rule("heavy-folder-copied", group="context", words=_words)
def heavy_folder_copied(snapshot: Snapshot) -> Iterator[Finding]:
    """Report the first wide COPY of a shipped stage that takes dead weight past the ignore file in use."""
    context = snapshot.context
    if context is None or not context.patterns:
        return
    if found := dead_weight.taken(snapshot, context):
        message = f"{found.statement}: {name_of_ignore_file(context)} does not leave that out"
        yield dead_weight.finding(snapshot, context, found, message)
