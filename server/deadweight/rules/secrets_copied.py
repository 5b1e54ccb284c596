r"""A COPY takes secrets into the image, where anybody who has it can read them.

`COPY . .` takes along what lies in the folder: a `.env` with passwords, private keys, credentials of a cloud or a
registry, the state of Terraform. Every layer of an image can be unpacked by whoever may pull it, also one whose files a
later layer deletes.

Reported are `.env` and `.env.local`, keys of ssh (`id_rsa` and others), `*.pem` and `*.key` that hold a private key,
`.aws/credentials`, `.docker/config.json`, `.kube/config`, credentials of gcloud and Azure, `.netrc`, `.pgpass`,
`.git-credentials`, `*.tfstate`, and `.npmrc`, `.yarnrc.yml` and `.pypirc` with a token in them. Their bytes do not
count: it is a warning, however few they are.

## Example

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
CMD ["node", "server.js"]
//- .dockerignore
.git
//- server.js 4000
//- .env
STRIPE_SECRET=sk_live_4eC39HqLyjWDarjtT1
//- deploy/id_ed25519 411
```

Use instead:

```
//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
CMD ["node", "server.js"]
//- .dockerignore
.git
.env
deploy/id_ed25519
```

## Fix safety

Look before you take it: an app may read its `.env`, and an install its `.npmrc`. What the app needs is given to the
container when it starts (`docker run --env-file`), what a RUN needs is mounted (`RUN --mount=type=secret`): neither
stays in the image.

## Not reported

The COPY names the file itself, or a folder that is there for such files: that is on purpose, and stands in the
Dockerfile for everybody to see:

```
//- Dockerfile
FROM node:22-slim
COPY .env server.js /app/
COPY certs /etc/app/certs
//- server.js 4000
//- .env
STRIPE_SECRET=sk_live_4eC39HqLyjWDarjtT1
//- certs/server.key
-----BEGIN PRIVATE KEY-----
```

There is no secret in it:

```
//- Dockerfile
FROM node:22-slim
COPY . /app
//- .env
PORT=3000
DB_PASSWORD=
API_TOKEN=<your token>
//- .env.example
STRIPE_SECRET=sk_test_
//- .npmrc
//registry.npmjs.org/:_authToken=${NPM_TOKEN}
//- certs/ca.pem
-----BEGIN CERTIFICATE-----
```

The stage does not ship, and none of it is copied from there:

```
//- Dockerfile
FROM node:22 AS build
COPY . /app
RUN cd /app && npm run build
FROM nginx:alpine
COPY --from=build /app/dist /usr/share/nginx/html
//- .env
STRIPE_SECRET=sk_live_4eC39HqLyjWDarjtT1
```

## References

- Docker: https://docs.docker.com/build/building/secrets/
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.brought import wide_copies
from deadweight.model.effects import Copied, CopiedFromStage, Kind, covers
from deadweight.model.secrets import secrets_of
from deadweight.rules.dead_weight import leaving_out, listed
from deadweight.rules.rule import NO_WORDS, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot

_MOST_NAMES = 3  # in a message
# Folders whose names say what they hold: who copies one by its name means to.
_KEPT_IN = frozenset(("certs", "cert", "certificates", "ssl", "tls", "pki", "keys", "secrets", ".ssh", "jwt"))


@rule("secrets-copied", group="context", words=NO_WORDS)
def secrets_copied(snapshot: Snapshot) -> Iterator[Finding]:
    """Report what brings secrets of the context into a layer of the image, each of them once."""
    context = snapshot.context
    secrets = context.asked(secrets_of) if context else {}
    if context is None or not secrets:
        return
    said: set[str] = set()
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers:
            for effect in _copies(layer):
                paths = [each for each in _taken(ledger, effect, secrets) if each not in said]
                if paths:
                    said.update(paths)
                    names = listed(paths) if len(paths) <= _MOST_NAMES else f"{paths[0]} and {len(paths) - 1} more"
                    verb = "goes" if len(paths) == 1 else "go"
                    yield Finding(
                        site=layer.site,
                        span=effect.span,
                        message=f"{names} {verb} into the image: {_said_of(paths, secrets)}",
                        saves=None,
                        basis="secret",
                        stage=ledger.stage.label,
                        fixes=partial(_fixes, context, paths),
                    )


def _said_of(paths: Iterable[str], secrets: Mapping[str, str]) -> str:
    return listed(list(dict.fromkeys(secrets[path] for path in paths)))


def _copies(layer: Layer) -> Iterator[Effect]:
    """What a layer copies of the context or of another stage, but for what it names itself."""
    yield from (effect for effect in wide_copies(layer) if not _is_meant(effect))
    yield from (effect for effect in layer.kept if isinstance(effect.cause, CopiedFromStage))


def _is_meant(effect: Effect) -> bool:
    cause = effect.cause
    return isinstance(cause, Copied) and posixpath.basename(cause.root or "") in _KEPT_IN


def _taken(ledger: Ledger, effect: Effect, secrets: Iterable[str]) -> Iterator[str]:
    """The secrets that an effect brings into its layer."""
    cause = effect.cause
    if isinstance(cause, Copied) and cause.selection is not None:
        yield from (path for path in secrets if path in cause.selection.files)
    elif isinstance(cause, CopiedFromStage):
        for each in cause.effects or ():
            held = each.cause
            if isinstance(held, Copied) and not held.is_file and held.root is not None and each.path is not None:
                for path in _taken(ledger, each, secrets):
                    place = posixpath.join(each.path, path[len(held.root) :].lstrip("/"))
                    if not any(_removes(other, place) for other in ledger.others if other.stage.label == cause.stage):
                        yield path


def _removes(ledger: Ledger, place: str) -> bool:
    """Whether a stage deletes a file; what is copied from it after that does not have it."""
    effects = (effect for layer in ledger.layers if layer.removes for effect in layer.effects)
    return any(each.kind is Kind.REMOVES and each.path is not None and covers(each.path, place) for each in effects)


def _fixes(context: BuildContext, paths: list[str], _: Snapshot) -> Iterator[Fix]:
    note = "Check: a RUN that needs it mounts it (--mount=type=secret), an app gets it when the container starts"
    return leaving_out(context, paths, note)
