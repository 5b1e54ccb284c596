r"""All sources are copied before the dependencies are installed.

A layer is built again when anything before it changes. With `COPY . .` above the install, every change of a source
file downloads and writes all dependencies again, and everybody who pulls the image pulls them again. Copy what the
install reads, install, and then copy the rest.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN npm ci && npm cache clean --force
CMD ["node", "server.js"]
//- package.json
{"dependencies": {"express": "^5.1.0", "typescript": "^5.0.0"}}
//- package-lock.json
{"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.3", "resolved": "x"}}}
//- server.js 4000
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
```

A tool that compiles what it is given downloads first where it can. The RUN itself stays as it is:

## Example

```
//- Dockerfile
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /app ./cmd/app
FROM scratch
COPY --from=build /app /app
//- go.mod
module example.com/app
require github.com/gin-gonic/gin v1.10.0
//- go.sum
github.com/gin-gonic/gin v1.10.0 h1:x
//- cmd/app/main.go 4000
//- cmd/app/serve.go 4000
```

Use instead:

```
//- Dockerfile
FROM golang:1.25 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o /app ./cmd/app
FROM scratch
COPY --from=build /app /app
//- go.mod
module example.com/app
require github.com/gin-gonic/gin v1.10.0
//- go.sum
github.com/gin-gonic/gin v1.10.0 h1:x
//- cmd/app/main.go 4000
//- cmd/app/serve.go 4000
```

This is so in stages that do not ship as well: a rebuild runs them all the same.

## Fix safety

Look before you take it. The install no longer sees the sources: a script of it that needs them has to be copied above
it too. Where the project's files show such a need (`postinstall`, a package of a local path, a workspace of crates, a
gemspec), no fix is offered.

Where an install goes on to build the project itself, the fix adds a RUN above the sources: `go mod download`,
`mvn dependency:go-offline`, `dotnet restore`, `poetry install --no-root`, `uv sync --no-install-project`, `composer
install --no-scripts --no-autoloader`. Of a crate, the dependencies are built with a source that does nothing; what
comes of that is removed again, as cargo would take it for newer than the real sources. Gradle has no task that only
downloads: for it, as for all that download to a place of their own, a cache mount is on offer.

## Not reported

The manifests are copied first:

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
//- requirements.txt
flask
```

They are downloaded first, here or in a stage below:

```
//- Dockerfile
FROM golang:1.25 AS modules
WORKDIR /src
COPY go.* ./
RUN go mod download
FROM modules AS build
COPY . .
RUN go build -o /app .
FROM scratch
COPY --from=build /app /app
//- go.mod
require github.com/gin-gonic/gin v1.10.0
//- a.go 4000
//- b.go 4000
```

The downloads lie in a cache mount, and what is made of them goes where the sources are. (`npm ci` and `pip install`
write packages into the image, so that each change writes them again with a mount too.)

```
//- Dockerfile
FROM rust:1 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release
//- Cargo.toml
[package]
name = "app"
[dependencies]
serde = "1"
//- src/main.rs 4000
//- src/lib.rs 4000
```

Nothing is downloaded:

```
//- Dockerfile
FROM golang:1.25
WORKDIR /src
COPY . .
RUN go build -o /app .
//- go.mod
module example.com/app
//- a.go 4000
//- b.go 4000
```

## References

- Docker: https://docs.docker.com/build/cache/optimize/#order-your-layers
"""

from __future__ import annotations

import posixpath
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from deadweight.model import project_installs
from deadweight.model.ecosystems import manifests
from deadweight.model.effects import Copied, Leftover, PackageSet, is_under
from deadweight.model.of_layers import OfLayers
from deadweight.rules import copying_first, mounting
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Words, keep, rule
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.project_installs import Wanted
    from deadweight.model.stages import Site
    from deadweight.rules.copying_first import Install
    from deadweight.snapshot import Snapshot

_MANY = 2  # a COPY of fewer files than this beyond the manifests is no copy of the sources


def _of_command(command: Reading) -> object:
    return project_installs.wanted(command.call), command.call.placed.conditional


def _words(snapshot: Snapshot) -> Words:
    is_any = snapshot.context is not None and keep(snapshot.reached_ledgers, Copied)
    return Words(_of_command) if is_any else NO_WORDS


@rule("copy-before-install", group="cache", words=_words)
def copy_before_install(snapshot: Snapshot) -> Iterator[Finding]:
    """Report a COPY of all sources above an install that reads only a few of its files."""
    context = snapshot.context
    if context is None:
        return
    for ledger in snapshot.reached_ledgers:
        for install in _installs(ledger, context):
            manager, written = install.what.manager, _written(install)
            says = project_installs.SAYINGS.get(manager, f"installs the {manager} packages again")
            yield Finding(
                site=install.copy.site,
                span=install.copy.instruction.span,
                message=f"a source change {says}",
                saves=snapshot.sizes.of(written) if written else None,
                basis="cache",
                stage=ledger.stage.label,
                fixes=partial(_fixes, ledger, install),
            )


def _fixes(ledger: Ledger, install: Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield copying_first.copy_first(snapshot, ledger, install)
    if install.what.builds:
        own = (each.cache for each in mounting.downloads(install.layer) if each.call is install.call)
        yield from (mounting.keep_downloads(snapshot, ledger, install.layer, cache) for cache in own)


def _written(install: Install) -> list[Effect]:
    """What the RUN writes again of packages."""
    return [effect for effect in install.layer.kept if isinstance(effect.cause, (PackageSet, Leftover))]


@remembered
def _installs(ledger: Ledger, context: BuildContext) -> tuple[Install, ...]:
    return tuple(_first_installs(ledger, context))


def _first_installs(ledger: Ledger, context: BuildContext) -> Iterator[Install]:
    """The first install of each project below a COPY of its sources; of those below one COPY the first."""
    done: set[Wanted] = set()
    seen: set[Site] = set()
    for layer, (call, what) in _wanted_in.in_stage(ledger.alone):
        # Where one build has downloaded, another one of the same tool finds it: `dotnet restore`, `dotnet publish`.
        same = project_installs.Wanted(what.manager, "") if what.manager in project_installs.BUILDERS else what
        if same in done:
            continue
        done.add(same)
        if what.builds and (_is_downloaded(ledger, what) or _keeps_downloads(layer)):
            continue
        found = _source(ledger, layer, call, what, context)
        if found is not None and found.copy.site not in seen:
            seen.add(found.copy.site)
            yield found


def _is_downloaded(ledger: Ledger, what: Wanted) -> bool:
    """Whether a stage that this one stands on or copies from has downloaded such packages."""
    return any(what.manager in _managers(other) for other in ledger.others)


@remembered
def _managers(ledger: Ledger) -> frozenset[str]:
    """The managers that install something in a stage or in those that it takes from."""
    own = [what.manager for _, (_, what) in _wanted_in.in_stage(ledger.alone)]
    return frozenset(own).union(*map(_managers, ledger.others))


def _keeps_downloads(layer: Layer) -> bool:
    """Whether the downloads of a RUN lie in a cache mount, as those do that only go there."""
    return any(flag.name == "mount" and "type=cache" in (flag.value or "") for flag in layer.instruction.flags)


@OfLayers
def _wanted_in(layer: Layer) -> Iterable[tuple[Call, Wanted]]:
    """The calls of a RUN that install what a project asks for."""
    return [(call, what) for call in layer.calls if (what := project_installs.wanted(call)) is not None]


def _source(ledger: Ledger, below: Layer, call: Call, what: Wanted, context: BuildContext) -> Install | None:
    """The install with the first wide COPY above it, if that brings its project."""
    there: set[str] = set()
    for layer in takewhile(lambda each: each.site < below.site, ledger.layers_with(Copied)):
        for copied in layer.kept:
            cause = copied.cause
            if not isinstance(cause, Copied) or cause.selection is None or cause.root is None or copied.path is None:
                continue
            root, target = cause.root, copied.path
            if cause.is_file and posixpath.basename(root) == posixpath.basename(target):
                root, target = posixpath.dirname(root), posixpath.dirname(target)
            if not is_under(what.folder, target):
                continue
            files = cause.selection.files
            named = tuple(_in_context(root, target, path) for path in what.named)
            project = context.asked(manifests.project_in, what.manager, _in_context(root, target, what.folder), named)
            if project is None or (call.placed.conditional and not project.lock):
                continue
            own = {path for path in project.install_files if path in files}
            if len(files) - len(own) >= _MANY and not there.union(own).isdisjoint(project.manifests):
                return copying_first.Install(layer, copied, below, call, what, project, frozenset(there))
            there |= own
    return None


def _in_context(root: str, target: str, path: str) -> str:
    """Where a path of the image lies in the context, of which `root` was copied to `target`."""
    if not is_under(path, target):
        return ""
    return posixpath.join(root, path[len(target) :].lstrip("/")).rstrip("/")
