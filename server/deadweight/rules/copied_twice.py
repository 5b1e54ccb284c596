r"""Files are copied twice to the same place, and nothing reads the first copy.

Every COPY makes a layer of its own. What a later one writes over stays in the layer below, and is pulled with the
image.

## Example

```
//- Dockerfile
FROM nginx:1.29
COPY site /usr/share/nginx/html
COPY default.conf /etc/nginx/conf.d/
COPY site /usr/share/nginx/html
//- site/index.html 30000000
//- default.conf 400
```

Use instead:

```
//- Dockerfile
FROM nginx:1.29
COPY default.conf /etc/nginx/conf.d/
COPY site /usr/share/nginx/html
//- site/index.html 30000000
//- default.conf 400
```

## Fix safety

Safe: the later COPY brings the files as they would have been. Look before you take it where one of the two has flags
that the other has not.

## Not reported

A RUN in between needs the first copy:

```
//- Dockerfile
FROM node:22
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY . .
//- package.json 3000000
//- package-lock.json 5000000
//- index.js 400
```

The later one does not bring all of it, or puts it elsewhere:

```
//- Dockerfile
FROM nginx:1.29
COPY site /usr/share/nginx/html
COPY site/index.html /usr/share/nginx/html/
COPY site /srv/site
//- site/index.html 3000000
//- site/logo.png 3000000
```

The stage does not ship:

```
//- Dockerfile
FROM node:22 AS build
COPY . /app
COPY . /app
FROM scratch
COPY --from=build /etc/hostname /
//- index.js 30000000
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#add-or-copy
"""

from __future__ import annotations

import posixpath
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied, CopiedFromStage, Download, is_under
from deadweight.model.filesystem import is_file_at
from deadweight.model.stack import folded
from deadweight.rules.edits import remove_instruction
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Related, Safety, Words, rule
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered_of_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_WRITES = (Copied, CopiedFromStage, Download)
_NEAR = 20  # layers further down in which somebody looks for the same files
# What reads no file but those that it names.
_READS_NOTHING = frozenset(
    (
        *(
            "apt-get",
            "apt",
            "apk",
            "dnf",
            "yum",
            "microdnf",
            "rm",
            "mkdir",
            "set",
            "echo",
            "true",
            "ln",
            "curl",
            "wget",
        ),
        *("useradd", "adduser", "usermod", "groupadd", "addgroup", "chown", "chmod", "touch", "export", "ldconfig"),
    )
)


@lru_cache(maxsize=64)
def _reading(copied: frozenset[str]) -> Callable[[Reading], object]:
    """What of these paths a command may read: the same question for the same paths."""
    return lambda command: _read_by(command.call, copied)


def _words(snapshot: Snapshot) -> Words:
    found = [each for ledger in snapshot.shipped_ledgers for each in _copies(ledger.stacks[-1]).found]
    return Words(_reading(frozenset().union(*[_paths(layer) for layer, _ in found]))) if found else NO_WORDS


@rule("copied-twice", group="layers", is_about_unnecessary=True, words=_words)
def copied_twice(snapshot: Snapshot) -> Iterator[Finding]:
    """Report COPYs in layers that ship whose files a later COPY of the stage writes again."""
    for ledger in snapshot.shipped_ledgers:
        for layer, again in _copies(ledger.stacks[-1]).found:
            if layer.site.stage != ledger.stage.index or again.site.stage != layer.site.stage:
                continue
            if not any(_reads(layer, ledger.layers[layer.site.step + 1 : again.site.step])):
                yield _finding(layer, again, ledger.stage.label)


class _Copies(NamedTuple):
    """The last layers that copy, and those of which a later one has brought all again, with that."""

    last: tuple[Layer, ...] = ()
    found: tuple[tuple[Layer, Layer], ...] = ()


def _with(copies: _Copies, layer: Layer) -> _Copies:
    if not layer.kept or not isinstance(layer.kept[0].cause, _WRITES):
        return copies
    first = tuple(each for each in copies.last if isinstance(each.kept[0].cause, Copied))
    again = [one for one, is_again in zip(first, _brings(layer, first), strict=True) if is_again]
    last = (*(each for each in copies.last if each not in again), layer)[-_NEAR:]
    return _Copies(last, (*copies.found, *((one, layer) for one in again)))


def _finding(layer: Layer, again: Layer, stage: str) -> Finding:
    return Finding(
        site=layer.site,
        span=layer.instruction.span,
        message="{lines} brings the same files once more",
        saves=size_together(layer.kept),
        basis="size",
        stage=stage,
        frees=frozenset((layer.site, effect) for effect in layer.kept),
        fixes=partial(_fixes, layer, again),
        related=(Related(again.site, again.instruction.span, "written again here"),),
        lines=(again.site,),
    )


def _fixes(layer: Layer, again: Layer, snapshot: Snapshot) -> Iterator[Fix | None]:
    edits = (remove_instruction(snapshot, layer),)
    flags = [[(flag.name, flag.value) for flag in each.instruction.flags] for each in (layer, again)]
    if flags[0] == flags[1]:
        yield Fix("remove", "Remove the first copy", Safety.SAFE, edits)
    else:
        note = "Check: folders may have the owner and the mode that only one of the two gives them"
        yield Fix("remove", "Remove the first copy", Safety.ASK, edits, note=note)


@remembered_of_each
def _brings(layer: Layer, earlier: Layer) -> bool:
    """Whether a layer writes all again that an earlier COPY has written."""
    return all(any(_is_again(first, second) for second in layer.kept) for first in earlier.kept)


_copies = folded(_Copies(), _with)


def _is_again(first: Effect, second: Effect) -> bool:
    """Whether `second` writes all the files of `first`, a copy of the build context."""
    one, other = first.cause, second.cause
    if not isinstance(one, Copied) or one.root is None or one.selection is None or not one.is_complete:
        return False
    if first.path is None or second.path is None or not one.selection.files:
        return False
    if isinstance(other, Copied) and other.root is not None and other.selection is not None:
        if not is_under(first.path, second.path):
            return False
        root = posixpath.join(other.root, first.path[len(second.path) :].lstrip("/")).rstrip("/")
        if root == one.root:
            return one.selection.files.keys() <= other.selection.files.keys()
    is_file = isinstance(other, (Copied, CopiedFromStage, Download)) and is_file_at(second, first.path)
    return one.is_file and is_file


@remembered_of_each
def _reads(layer: Layer, between: Layer) -> bool:
    """Whether an instruction behind a COPY may read what that brings."""
    if between.instruction.keyword != "RUN":
        return False
    if not between.calls:
        return True
    paths = _paths(layer)
    return any(_read_by(call, paths) for call in between.calls)


def _paths(layer: Layer) -> frozenset[str]:
    """Where a layer writes."""
    return frozenset([effect.path or "/" for effect in layer.kept])


def _read_by(call: Call, paths: frozenset[str]) -> frozenset[str]:
    """Those of these paths that a call may read; there are calls that read nothing but what they name."""
    if call.program not in _READS_NOTHING or call.placed.command.redirects:
        return paths
    named = list(call.paths([word for word in call.words if not word.text.startswith("-")]))
    if None in named:
        return paths
    ends = [f"{each.rstrip('/')}/" for each in named if each]
    both = [(path, f"{path.rstrip('/')}/", end) for path in paths for end in ends]
    return frozenset([path for path, one, other in both if one.startswith(other) or other.startswith(one)])
