r"""A COPY takes what is not in the build context: the build fails.

Either nothing of that name is in the folder, or the ignore file leaves it out. Patterns with `!`, wildcards and folders
above are read exactly as the builder reads them: what an exception brings back is there.

## Example

```
//- Dockerfile
FROM nginx:alpine
COPY nginx.conf /etc/nginx/nginx.conf
COPY site /usr/share/nginx/html
//- .dockerignore
*
!site
//- nginx.conf 700
//- site/index.html 4000
```

Use instead:

```
//- Dockerfile
FROM nginx:alpine
COPY nginx.conf /etc/nginx/nginx.conf
COPY site /usr/share/nginx/html
//- .dockerignore
*
!site
!nginx.conf
```

## Example

```
//- Dockerfile
FROM python:3.13-slim
COPY requirement.txt .
COPY app.py .
//- requirements.txt
flask
//- app.py 4000
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt .
COPY app.py .
```

## Fix safety

Look before you take it: a pattern may be there so that nobody copies the file, and `!folder` may bring back more of the
folder than is meant. Of similar names, only you know which one it is.

## Not reported

An exception brings it back:

```
//- Dockerfile
FROM nginx:alpine
COPY conf/nginx.conf /etc/nginx/nginx.conf
COPY site /usr/share/nginx/html
//- .dockerignore
**
!conf/*.conf
!site/**
//- conf/nginx.conf 700
//- site/index.html 4000
```

Something else than the builder writes it before the build, as its name or .gitignore says:

```
//- Dockerfile
FROM eclipse-temurin:21-jre
COPY build/libs/app.jar /app.jar
COPY generated /generated
COPY entrypoint.sh /
//- entrypoint.sh 300
//- .gitignore
/generated/
```

Most of what the file copies is not there, and nobody says what the build context is: it is surely another folder than
the one that the file lies in:

```
//- Dockerfile
FROM python:3.13-slim
COPY services/api/requirements.txt .
COPY services/api/app.py .
//- app.py 4000
```

A wildcard at the top that matches nothing copies nothing, and the build goes on (in a folder, it fails where nothing
else takes that folder to the builder); what a variable holds may be set for the build:

```
//- Dockerfile
FROM node:22-slim
ARG CONFIG=settings.json
COPY package.json yarn.lock* ./
COPY $CONFIG ./
//- package.json
{}
```

## References

- Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files
- BuildKit's check, which is silent where any pattern has a `!`: https://docs.docker.com/reference/build-checks/copy-ignored-file/
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.context import BuildContext
from deadweight.model.ecosystems.generated import is_made_elsewhere
from deadweight.model.effects import Copied, Extracted, is_under
from deadweight.model.folder import Files
from deadweight.model.of_layers import OfLayers
from deadweight.rules.edits import ignore, name_of_ignore_file
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, rule
from deadweight.syntax.dockerignore import clean
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot

_LIKE = 0.9  # how much two names have in common that may be meant to be the same
_MARKS = frozenset("\\$")
_WILDCARDS = frozenset("*?[")


class _Missing(NamedTuple):
    """A source that is not there: `path` is that in the context, `shown` what a wildcard is written with."""

    ledger: Ledger
    layer: Layer
    effect: Effect
    path: str
    shown: str

    @property
    def is_wildcard(self) -> bool:
        """Whether `path` is not what is copied, but a folder above it or something that would match."""
        return self.shown != self.path


@rule("copy-source-missing", group="context", same_as=("buildkit:CopyIgnoredFile",), words=NO_WORDS)
def copy_source_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Report sources of COPY and ADD that the ignore file leaves out or that are not there."""
    context = snapshot.context
    if context is None or not context.complete:
        return
    missing = list(_missing(snapshot, context))
    if not missing:
        return
    is_said = bool(snapshot.options.how.by)  # which folder is the build context
    if not is_said and _is_elsewhere(context, missing):
        missing = [each for each in missing if context.leaves_out(each.path)]
    there = _named(snapshot)
    fits = is_said or len(there) >= len({each.path for each in missing})
    for each in missing:
        if said := _said_of(context, each, there, fits=fits):
            yield Finding(
                site=each.layer.site,
                span=each.effect.span,
                message=said.message,
                saves=None,
                basis="correctness",
                stage=each.ledger.stage.label,
                fixes=said.fixes,
            )


class _Said(NamedTuple):
    message: str
    fixes: Callable[[Snapshot], Iterator[Fix]]


def _said_of(context: BuildContext, missing: _Missing, there: frozenset[str], *, fits: bool) -> _Said | None:
    """Why a source is missing, and the way out; None where something may still write it, or the folder is not
    surely the context: where the file's other sources are `there`, it `fits`.
    """
    path, shown = missing.path, missing.shown
    if context.leaves_out(path):
        name = name_of_ignore_file(context)
        message = f"{name} leaves {shown} out of the build context: {context.pattern_of(path)}"
        return _Said(message, partial(_bring_back, context, missing))
    if is_made_elsewhere(context, path):
        return None
    if missing.is_wildcard:
        return _Said(f"no {shown} is in the build context", lambda _: iter(())) if fits else None
    near = context.asked(_nearest, path)
    if near and near not in there:
        return _Said(f"{path} is not in the build context: there is {near}", partial(_rename, missing, near))
    return _Said(f"{path} is not in the build context", lambda _: iter(())) if fits else None


def _missing(snapshot: Snapshot, context: BuildContext) -> Iterator[_Missing]:
    for ledger, layer, (effect, source) in _missing_in(snapshot.reached_ledgers):
        if ledger.base.is_windows:
            continue
        if _WILDCARDS.isdisjoint(source):
            if not context.asked(_is_behind_link, source):
                yield _Missing(ledger, layer, effect, source, source)
        elif (folder := _literal(source)) and not _is_sent(snapshot, context, effect, folder):
            yield _Missing(ledger, layer, effect, context.asked(_match_left_out, source) or folder, source)


def _literal(source: str) -> str:
    """The folder in which a wildcard matches: "src" of `src/*.txt`."""
    names = source.split("/")
    return "/".join(names[: next(at for at, name in enumerate(names) if not _WILDCARDS.isdisjoint(name))])


def _is_sent(snapshot: Snapshot, context: BuildContext, wildcard: Effect, folder: str) -> bool:
    """Whether the builder has a folder because of another source: it gets no more of the context than is copied."""
    return context.tree.at(folder) is not None and any(
        effect is not wildcard
        and isinstance(cause := effect.cause, Copied)
        and cause.root is not None
        and (not cause.root or is_under(folder, cause.root) or is_under(cause.root, folder))
        and (cause.selection is None or cause.selection.exists)
        for ledger in snapshot.reached_ledgers
        for layer in ledger.layers_with(Copied)
        for effect in layer.effects
    )


def _is_behind_link(context: BuildContext, path: str) -> bool:
    """Whether a folder above a path is a file here: a symlink, which the builder follows."""
    whole = context.whole or context.tree
    above = accumulate(path.split("/")[:-1], "{}/{}".format)
    return any(whole.size_of(folder) is not None for folder in above)


def _match_left_out(context: BuildContext, source: str) -> str | None:
    """A file that matches a wildcard, and that the ignore file leaves out."""
    if context.whole is None:
        return None
    return next(iter(BuildContext(context.root, Files(context.whole)).select(source).files), None)


@OfLayers
def _missing_in(layer: Layer) -> Iterable[tuple[Effect, str]]:
    """The sources of a layer that are written out and not there, each as a path of the context."""
    instruction = layer.instruction
    if any(flag.name in ("parents", "exclude") for flag in instruction.flags):
        return ()
    return tuple(
        (effect, clean("/" + cause.source)[1:])
        for effect in layer.effects
        if isinstance(cause := effect.cause, Copied)
        and cause.selection is not None
        and not cause.selection.exists
        and cause.source
        and _MARKS.isdisjoint(instruction.text[slice(*layer.span(effect.span))])
        and not (instruction.keyword == "ADD" and cause.source.startswith("github.com/"))
    )


def _is_elsewhere(context: BuildContext, missing: list[_Missing]) -> bool:
    """Whether the build context is a folder above this one, which nobody has named: `COPY services/api/app.py .` in
    services/api.
    """
    folders = set(context.root.split("/"))
    return any(each.path.partition("/")[0] in folders for each in missing)


def _named(snapshot: Snapshot) -> frozenset[str]:
    """What the file copies of the context by name, and is there: the more of that, the surer is the context the right
    one.
    """
    return frozenset([name for _, _, name in _names_in(snapshot.reached_ledgers)])


@OfLayers
def _names_in(layer: Layer) -> Iterable[str]:
    return [name for effect in layer.effects if (name := _name_of(effect))]


def _name_of(effect: Effect) -> str | None:
    """The path of the context that an effect takes, by its name, and that is there."""
    cause = effect.cause
    if isinstance(cause, Extracted):
        return cause.archive if cause.bytes is not None else None
    return cause.root if isinstance(cause, Copied) and cause.selection is not None and cause.selection.exists else None


def _nearest(context: BuildContext, path: str) -> str | None:
    """The path in the context that differs from `path` in one name, and not much in that."""
    folder, rest = "", path
    while True:
        name, _, rest = rest.partition("/")
        here = context.tree.at(folder)
        names = [*here.files, *here.folders] if here else []
        if name not in names:
            break
        folder = f"{folder}/{name}".lstrip("/")
    by_case = sorted([each for each in names if each.lower() == name.lower()])
    for like in by_case or _alike(name, names):
        near = "/".join(part for part in (folder, like, rest) if part)
        if context.select(near).exists:
            return near
    return None


def _alike(name: str, names: list[str]) -> list[str]:
    """The names that have as much in common with `name`, the likest first.

    A folder may have thousands that have not: of these most are too long or too short, or lack its letters.
    """
    length, letters = len(name), set(name)
    may_be = [
        each
        for each in names
        if 2 * len(each) >= (least := _LIKE * (length + len(each)))
        and 2 * length >= least
        and 2 * (length - len(letters.difference(each))) >= least
    ]
    if not may_be:
        return []
    from difflib import get_close_matches

    return get_close_matches(name, may_be, cutoff=_LIKE)


def _bring_back(context: BuildContext, missing: _Missing, _: Snapshot) -> Iterator[Fix]:
    adds = ignore(context, (f"!{missing.shown}",))
    if context.ignoring_also(adds.path, adds.lines).select(missing.shown).exists:
        yield Fix(
            "bring-back",
            f"Add !{missing.shown} to {name_of_ignore_file(context)}",
            Safety.ASK,
            adds=adds,
            note=f"Check: all of {missing.shown} may go to the builder",
        )


def _rename(missing: _Missing, near: str, snapshot: Snapshot) -> Iterator[Fix]:
    span, instruction = missing.layer.span(missing.effect.span), missing.layer.instruction
    written = instruction.text[span.start : span.end]
    if written.count(missing.path) == 1:
        edit = Edit(span.shifted(snapshot.offset(missing.layer.site)), written.replace(missing.path, near))
        yield Fix("rename", f"Copy {near}", Safety.ASK, (edit,), note="Check: it is the one that is meant")
