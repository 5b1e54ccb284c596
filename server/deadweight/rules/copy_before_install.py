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

## Fix safety

Look before you take it. The install no longer sees the sources: an install script that needs them (`postinstall`,
`prepare`), a workspace or a local package has to be copied above it too. Where the project's files show such a need,
no fix is offered.

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

## References

- Docker: https://docs.docker.com/build/cache/optimize/#order-your-layers
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems import node, python
from deadweight.model.effects import Copied, Kind, Leftover, PackageSet, is_under
from deadweight.rules.edits import line_end
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.project import Project
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot

_READERS = {"npm": node.recognise, "pip": python.recognise}
# `pip install -r requirements.txt --constraint=constraints.txt`
_REQUIREMENTS = re.compile(r"(?:^|\s)(?:-r|-c|--requirement|--constraint)[\s=]?(\S+)")
_MANY = 2  # a COPY of fewer files than this beyond the manifests is no copy of the sources


class _Install(NamedTuple):
    """An install, the COPY whose files it reads, and the project those files make."""

    copy: Layer
    copied: Effect
    layer: Layer
    effect: Effect
    project: Project


@rule("copy-before-install", group="cache")
def copy_before_install(snapshot: Snapshot) -> Iterator[Finding]:
    """Report a COPY of all sources above an install of npm or pip that reads only a few of its files."""
    context = snapshot.context
    if context is None:
        return
    for ledger in snapshot.reached_ledgers:
        for install in _installs(ledger, context):
            written = [effect for effect in install.layer.kept if isinstance(effect.cause, (PackageSet, Leftover))]
            yield Finding(
                site=install.copy.site,
                span=install.copy.instruction.span,
                message=f"a source change installs the {install.project.manager} packages again",
                saves=snapshot.sizes.of(written),
                basis="cache",
                stage=ledger.stage.label,
                fixes=partial(_fixes, ledger, install),
            )


def _installs(ledger: Ledger, context: BuildContext) -> Iterator[_Install]:
    """The first install below each wide COPY that reads its files."""
    seen: set[Site] = set()
    for layer in ledger.layers_with(PackageSet):
        for effect in layer.kept:
            if not isinstance(effect.cause, PackageSet) or effect.cause.project is None:
                continue
            found = _source(ledger, layer, effect, context)
            if found is not None and found.copy.site not in seen:
                seen.add(found.copy.site)
                yield found


def _source(ledger: Ledger, below: Layer, install: Effect, context: BuildContext) -> _Install | None:
    """The wide COPY above layer `below` that brings the manifests of `install`, unless they were there before it."""
    packages = install.cause
    if not isinstance(packages, PackageSet) or packages.manager not in _READERS:
        return None
    for layer in takewhile(lambda each: each.site < below.site, ledger.layers_with(Copied)):
        for copied in layer.kept:
            cause = copied.cause
            if not isinstance(cause, Copied) or cause.selection is None or cause.root is None or copied.path is None:
                continue
            project = context.asked(_project, packages.manager, _folder(below, copied, cause.root))
            if project is None or not any(path in cause.selection.files for path in project.manifests):
                continue
            others = len(cause.selection.files) - sum(path in cause.selection.files for path in project.install_files)
            return _Install(layer, copied, below, install, project) if others >= _MANY else None
    return None


def _project(context: BuildContext, manager: str, folder: str) -> Project | None:
    return _READERS[manager](context.texts, context.files, folder)


def _folder(layer: Layer, copied: Effect, root: str) -> str:
    """The folder of the context that an install's working folder is a copy of."""
    folder = layer.calls[0].around.folder if layer.calls else None
    if folder is None or copied.path is None or not is_under(folder, copied.path):
        return root
    return posixpath.join(root, folder[len(copied.path) :].lstrip("/")).rstrip("/")


def _fixes(ledger: Ledger, install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield _fix(snapshot, ledger, install)


def _fix(snapshot: Snapshot, ledger: Ledger, install: _Install) -> Fix | None:
    """Copy the manifests where all sources are copied now, and the sources right below the install."""
    layers = ledger.layers
    between = layers[layers.index(install.copy) + 1 : layers.index(install.layer)]
    if install.project.needs_sources or any(layer.kept or layer.effects for layer in between):
        return None
    instruction, offset = install.copy.instruction, snapshot.offset(install.copy.site)
    words = instruction.words
    if instruction.keyword != "COPY" or instruction.heredocs or instruction.array is not None or len(words) != 2:
        return None
    source, target = (word.value or word.text for word in words)
    root = install.copied.cause.root if isinstance(install.copied.cause, Copied) else None
    if root is None or any(mark in source for mark in "*?[ ") or " " in target:
        return None
    files = [path for path in install.project.install_files if is_under(path, root) or not root]
    if any(posixpath.dirname(path) != root for path in files) or any(" " in path for path in files):
        return None
    if not _installs_only(install, files) or not _means_the_same_below(install):
        return None
    newline = line_end(snapshot.text)
    folder = target if target.endswith("/") else "./" if target == "." else target + "/"
    head = instruction.text[instruction.span.start : words[0].span.start]
    first = f"{head}{' '.join(_as_source(path, source, root) for path in files)} {folder}"
    end = snapshot.offset(install.layer.site) + len(install.layer.instruction.text)
    moved = instruction.text[instruction.span.start : instruction.span.end] + newline
    if not install.layer.instruction.text.endswith("\n"):
        moved = newline + moved.removesuffix(newline)
    return Fix(
        "split-copy",
        f"Copy {_listed([posixpath.basename(path) for path in files])} first, the rest after the install",
        Safety.ASK,
        (
            Edit(Span(offset + instruction.span.start, offset + instruction.span.end), first),
            Edit(Span(end, end), moved),
        ),
        note="Check: nothing that the install runs needs the other files",
    )


def _installs_only(install: _Install, files: list[str]) -> bool:
    """Whether the RUN needs no file but `files`, and takes none away that the COPY below it would bring back."""
    for call in install.layer.calls:
        if call.program not in ("npm", "pip", "set", "rm") or {"run", "test", "build"} & {
            word.text for word in call.words
        }:
            return False
        asked = _REQUIREMENTS.findall(" ".join(word.pattern for word in call.words)) if call.program == "pip" else ()
        if any(_in_context(install, call.around.resolve(path)) not in files for path in asked):
            return False
    copied = install.copied.path
    return copied is not None and not any(
        effect.path is None or is_under(effect.path, copied) or is_under(copied, effect.path)
        for effect in install.layer.effects
        if effect.kind is Kind.REMOVES
    )


def _means_the_same_below(install: _Install) -> bool:
    """Whether the COPY does the same below the install: `COPY . $APP` may not, nor one that brings node_modules."""
    above, below = install.copy.step, install.layer.step
    cause = install.copied.cause
    if above is None or below is None or not isinstance(cause, Copied) or cause.selection is None:
        return False
    instruction = above.instruction
    if instruction.flag("exclude") is not None or any(flag.name == "parents" for flag in instruction.flags):
        return False
    if "$" in instruction.line.text and above.state.variables != below.state.variables:
        return False
    target = instruction.words[1].text
    installed = _in_context(install, install.effect.path)
    return above.state.resolve(target) == below.state.resolve(target) and not (
        installed and any(is_under(path, installed) for path in cause.selection.files)
    )


def _in_context(install: _Install, path: str | None) -> str | None:
    """Where a path of the image lies in the context that the COPY brought there."""
    cause, copied = install.copied.cause, install.copied.path
    if path is None or copied is None or not isinstance(cause, Copied) or not is_under(path, copied):
        return None
    return posixpath.join(cause.root or "", path[len(copied) :].lstrip("/"))


def _as_source(path: str, source: str, root: str) -> str:
    """A file of the context as the COPY's own source would name it: `./app/` gives `./app/package.json`."""
    name = path[len(root) :].lstrip("/")
    return name if source in (".", "./", "/") else posixpath.join(source, name)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
