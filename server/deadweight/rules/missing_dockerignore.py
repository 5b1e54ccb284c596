r"""There is no .dockerignore, and a COPY takes files into the image that no image needs.

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
```

## Fix safety

Safe: the new file leaves out version control, what a package manager installs, caches, logs and editors' folders, and
of these only what is there. Installed packages are left out only where the image does not depend on the copy.

## Not reported

Nothing in the context is dead weight:

```
//- Dockerfile
FROM node:22-slim
COPY . .
//- server.js 4000
```

The COPY is narrow:

```
//- Dockerfile
FROM node:22-slim
COPY server.js /
//- server.js 4000
//- .git/objects/pack/pack-1.pack 45000000
```

## References

- Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied, PackageSet
from deadweight.rules.rule import Finding, Fix, NewFile, Safety, rule
from deadweight.size.units import at_least, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot
    from deadweight.text import Span


_NAME = ".dockerignore"


class _Entry(NamedTuple):
    """A pattern that no image needs; `unless` names the package manager that has to install it in the image."""

    pattern: str
    installed_by: str | None = None


# What tools write beside the sources and no image needs. A pattern goes in only where it matches something.
_ENTRIES = (
    *(_Entry(pattern) for pattern in (".git", ".hg", ".svn", "**/.DS_Store", "**/Thumbs.db")),
    *(_Entry(pattern) for pattern in (".idea", ".vscode", "**/*.swp")),
    *(_Entry(pattern, "npm") for pattern in ("**/node_modules",)),
    *(
        _Entry(pattern)
        for pattern in ("**/npm-debug.log*", "**/.npm", "**/.eslintcache", "**/coverage", "**/.nyc_output")
    ),
    *(_Entry(pattern) for pattern in ("**/.next/cache", "**/.turbo", "**/.parcel-cache")),
    *(
        _Entry(pattern)
        for pattern in ("**/__pycache__", "**/*.pyc", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache")
    ),
    *(_Entry(pattern) for pattern in ("**/.tox", "**/.nox", "**/.hypothesis", "**/htmlcov", "**/.coverage")),
    *(_Entry(pattern, "pip") for pattern in ("**/.venv", "**/venv")),
    *(_Entry(pattern) for pattern in ("**/.terraform", "**/*.log")),
)


@rule("missing-dockerignore", group="context")
def missing_dockerignore(snapshot: Snapshot) -> Iterator[Finding]:
    """Report the first wide COPY of a shipped stage that takes dead weight, where no ignore file is in use."""
    context = snapshot.context
    if context is None or context.ignore_file is not None:
        return
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers:
            for effect in layer.kept:
                cause = effect.cause
                if not isinstance(cause, Copied) or cause.root != "" or cause.selection is None:
                    continue
                weights = _dead_weight(context, _installed(snapshot))
                if weights:
                    yield _finding(snapshot, context, layer.site, effect.span, weights)
                return


def _finding(snapshot: Snapshot, context: BuildContext, site: Site, span: Span, weights: dict[str, int]) -> Finding:
    """What the image weighs less with the ignore file: an install may have to write again what is no longer copied."""
    heaviest = max(weights, key=lambda pattern: weights[pattern])
    lighter = snapshot.within(context.ignoring(_NAME, _text(list(weights))))
    count = max(0, _copied_and_installed(snapshot) - _copied_and_installed(lighter))
    saves = size(f"{_shown(heaviest)} and the like", count, count, count, "the build context", "")
    return Finding(
        site=site,
        span=span,
        message=f"no .dockerignore: {_shown(heaviest)} goes into the image",
        saves=saves if context.complete else at_least(saves),
        basis="context",
        stage=snapshot.build.stages[site.stage].label,
        frees=_copied_dead_weight(snapshot, context, list(weights)),
        fixes=lambda _: (_fix(list(weights)),),
    )


def _copied_dead_weight(
    snapshot: Snapshot, context: BuildContext, patterns: list[str]
) -> frozenset[tuple[Site, Effect]]:
    """What COPY brings into the image and these patterns match."""
    # An ignore file that leaves out all but them; the context remembers what that comes to.
    dead = context.ignoring(_NAME, "**\n" + "".join(f"!{pattern}\n" for pattern in patterns))
    found: set[tuple[Site, Effect]] = set()
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers:
            for effect in layer.kept:
                if isinstance(effect.cause, Copied) and (part := dead.select(effect.cause.source)).files:
                    copied = replace(effect.cause, selection=part)
                    found.add((layer.site, replace(effect, cause=copied)))
    return frozenset(found)


def _copied_and_installed(snapshot: Snapshot) -> int:
    """The bytes of all that COPY brings into the image and package managers install there."""
    effects = (effect for ledger in snapshot.shipped_ledgers for layer in ledger.layers for effect in layer.kept)
    size = snapshot.sizes.of(effect for effect in effects if isinstance(effect.cause, (Copied, PackageSet)))
    return size.best if size else 0


def _installed(snapshot: Snapshot) -> frozenset[str]:
    """The package managers that install in this file: what they write there need not be copied."""
    causes = (
        effect.cause for ledger in snapshot.reached_ledgers for layer in ledger.layers for effect in layer.effects
    )
    return frozenset(cause.manager for cause in causes if isinstance(cause, PackageSet))


def _dead_weight(context: BuildContext, installed: frozenset[str]) -> dict[str, int]:
    """The patterns that match something, each with the bytes that only it and no pattern behind it matches."""
    patterns = tuple(entry.pattern for entry in _ENTRIES if entry.installed_by in (None, *installed))
    weights = context.weights(patterns)
    return {pattern: weights[pattern] for pattern in patterns if pattern in weights}


def _shown(pattern: str) -> str:
    return pattern.removeprefix("**/")


def _fix(patterns: list[str]) -> Fix:
    return Fix("create", f"Create {_NAME}", Safety.SAFE, creates=NewFile(_NAME, _text(patterns)))


def _text(patterns: list[str]) -> str:
    return "".join(f"{pattern}\n" for pattern in patterns)
