r"""The base image is the full one where a smaller one of the same version runs the program.

`node`, `python`, `ruby`, `golang`, `rust` and their like carry compilers, version control and headers, so that
anything builds on them. The `-slim` image of the same version leaves these out and runs the same programs. `-alpine`
is smaller again but has another C library; distroless has no shell at all.

## Example

```
FROM node:22
COPY server.js /
CMD ["node", "/server.js"]
```

Use instead:

```
FROM node:22-slim
COPY server.js /
CMD ["node", "/server.js"]
```

## Fix safety

Look before you take it. A package that compiles native code in `RUN` needs the compilers of the full image: build it
in an earlier stage. Alpine uses musl instead of glibc: binaries built for glibc do not start there, and some Python
wheels do not exist for it. A distroless image cannot run a `RUN` or a shell form of `CMD`.

## Not reported

The stage does not ship:

```
FROM node:22 AS build
RUN npm install -g typescript@7
FROM node:22-slim
COPY --from=build /usr/local /usr/local
```

The base is slim already:

```
FROM python:3.13-slim
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image
- Node.js: https://github.com/nodejs/docker-node#image-variants
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.image import ImageRef, variant, weighed
from deadweight.model.siblings import siblings
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.size import images
from deadweight.size.units import less
from deadweight.syntax.dockerfile import remembered
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deadweight.model.image import ImageName, StatedSize
    from deadweight.model.layers import Layer
    from deadweight.model.siblings import Sibling
    from deadweight.model.stages import Site
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.words import Word

_NAMES = {"slim": "slim", "alpine": "Alpine", "distroless": "distroless", "jre": "runtime-only"}
_APT = frozenset(("apt-get", "apt", "aptitude", "dpkg", "apt-key", "add-apt-repository"))


@rule("full-base-image", group="base")
def full_base_image(snapshot: Snapshot) -> Iterator[Finding]:
    """Report full base images of shipped stages with a smaller sibling, and offer each sibling."""
    for ledger in snapshot.shipped_ledgers:
        stage = ledger.stage
        if isinstance(stage.base, ImageRef) and stage.base_word is not None and _is_full(stage.base):
            needs_shell = any(map(_needs_shell, ledger.layers))
            needs_apt = not _APT.isdisjoint(ledger.programs)
            platform = stage.platform or snapshot.options.platform
            start = _Start(stage.base, stage.base_word, platform, stage.label, needs_shell, needs_apt)
            if found := _finding(ledger.layers[0], start, snapshot.options.bases):
                yield found


class _Start(NamedTuple):
    """What a stage stands on, and what of it its own commands need."""

    ref: ImageRef
    word: Word
    platform: str
    stage: str
    needs_shell: bool
    needs_apt: bool

    def suits(self, sibling: Sibling) -> bool:
        """Whether the stage's own commands can run on the smaller image at all."""
        if sibling.base.shell == "none" and self.needs_shell:
            return False
        return sibling.base.package_manager == "apt" or not self.needs_apt


@remembered
def _finding(layer: Layer, start: _Start, bases: Mapping[ImageName, StatedSize]) -> Finding | None:
    ref, word, platform = start.ref, start.word, start.platform
    smaller = [each for each in siblings(ref) if start.suits(each)]
    before = images.unpacked(ref, platform)
    after = [(each, images.unpacked(weighed(each.ref, bases), platform)) for each in smaller]
    known = [(each, size) for each, size in after if size is not None]
    if before is None or not known:
        return None
    first, best = known[0]
    return Finding(
        site=layer.site,
        span=word.span,
        message=f"{ref.text.partition('@')[0]} is the full image; {first.ref.text} runs the same programs",
        saves=less(before, best),
        basis="size",
        stage=start.stage,
        frees=frozenset((layer.site, effect) for effect in layer.kept),
        fixes=partial(_fixes, ref, before, known, word, layer.site),
    )


def _fixes(
    ref: ImageRef,
    before: Size,
    smaller: Sequence[tuple[Sibling, Size]],
    word: Word,
    site: Site,
    snapshot: Snapshot,
) -> Iterator[Fix | None]:
    for sibling, size in smaller:
        yield _fix(ref, sibling, less(before, size), word, snapshot.offset(site))


def _is_full(ref: ImageRef) -> bool:
    tag = ref.effective_tag
    return tag is not None and variant(ref.repository, tag).flavour == "full"


def _needs_shell(layer: Layer) -> bool:
    instruction = layer.instruction
    is_shell_form = instruction.keyword in ("CMD", "ENTRYPOINT") and instruction.array is None
    return instruction.keyword == "RUN" or is_shell_form


def _fix(ref: ImageRef, sibling: Sibling, saves: Size, word: Word, offset: int) -> Fix | None:
    """The edit of the reference where it is written out, or of its end: `node:$V` becomes `node:$V-slim`."""
    if word.text == ref.text:
        edit = Edit(sibling.edit.span.shifted(offset + word.span.start), sibling.edit.text)
    elif "$" in word.text and sibling.ref.text.startswith(ref.text) and not word.text.endswith(("'", '"')):
        end = offset + word.span.end
        edit = Edit(Span(end, end), sibling.ref.text.removeprefix(ref.text))
    else:
        return None  # what an ARG holds, and the image that a further context is, are the user's to change
    notes = "; ".join(loss.words for loss in sibling.losses)
    title = f"Use the {_NAMES.get(sibling.flavour, 'smaller')} image {sibling.ref.text}"
    return Fix(sibling.flavour, title, Safety.ASK, (edit,), note=f"Check: {notes}" if notes else "", saves=saves)
