"""What a Dockerfile leads to: the pages of its images, the files of its build context, and the URLs in it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.mentions import flag_value, mount_options
from deadweight.model import image
from deadweight.model.filesystem import inside_context
from deadweight.model.stages import Site
from deadweight.model.variables import expand
from deadweight.syntax.dockerfile import Comment
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.image import ImageRef
    from deadweight.model.stages import Stage, Step
    from deadweight.snapshot import Snapshot


class Link(NamedTuple):
    """A stretch of the file that leads to `url`, or to the file `path` of the build context."""

    span: Span
    url: str = ""
    path: str = ""
    tooltip: str = ""


def links(snapshot: Snapshot) -> tuple[Link, ...]:
    """All links of a file, in source order. Of a file in another frontend's language, that of the frontend."""
    found = _frontend(snapshot)
    if not snapshot.is_foreign:
        bases = (_base(snapshot, stage) for stage in snapshot.build.stages)
        found = chain(found, *bases, _in_steps(snapshot), _urls(snapshot))
    return tuple(sorted(found))


def file_at(snapshot: Snapshot, offset: int) -> str | None:
    """The file of the build context that COPY, ADD or a mount names at an offset."""
    if snapshot.is_foreign:
        return None
    above = [(step, start) for step, start in _steps(snapshot) if start <= offset]
    found = _in_step(snapshot, *above[-1]) if above else ()
    return next((link.path for link in found if link.path and link.span.start <= offset <= link.span.end), None)


# Docker Hub, and Google's mirror of it, which has no pages.
_HUB = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "mirror.gcr.io"))
# These lead a browser from the name of an image to its page.
_OWN_PAGES = frozenset(("ghcr.io", "gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"))
# A URL that is a word of its own; an apostrophe or a bracket ends it though a URL may hold one.
_URL = re.compile(r"(?<![^\s\"'=(\[<,])https?://[A-Za-z0-9\[][^\s\"'`<>\\^{|}$*;]*")
_GOES_ON = re.compile(r"[\\^{$*]")  # `https://example.org/$VERSION` is no address
_PUNCTUATION = ".,:!?)]"


def _frontend(snapshot: Snapshot) -> Iterator[Link]:
    """The image in `# syntax=docker/dockerfile:1`."""
    for piece, offset in zip(snapshot.tree.pieces, snapshot.tree.offsets, strict=False):
        if not isinstance(piece, Comment):
            if piece.text.strip("\ufeff"):
                return
        elif piece.directive and piece.directive[0] == "syntax":
            name = piece.directive[1]
            start = piece.text.index(name, piece.text.index("=")) + offset
            yield from _image(image.parse(name), Span(start, start + len(name)))


def _base(snapshot: Snapshot, stage: Stage) -> Iterator[Link]:
    if stage.base_word and stage.base is not None and not isinstance(stage.base, int):
        yield from _image(stage.base, stage.base_word.span.shifted(snapshot.offset(Site(stage.index, 0))))


def _image(ref: ImageRef, span: Span) -> Iterator[Link]:
    if page := _page(ref):
        url, place = page
        yield Link(span, url=url, tooltip=f"{ref.text} on {place}")


def _page(ref: ImageRef) -> tuple[str, str] | None:
    """Where an image is described, and what that place is called; None for scratch and registries without pages."""
    if not ref.registry or ref.is_scratch:
        return None
    marks = [span.start - 1 for span in (ref.tag_span, ref.digest_span) if span]
    name = ref.text[: min(marks, default=len(ref.text))].removeprefix(f"{ref.registry}/")
    host = ref.registry
    if host in _HUB:
        name = name.removeprefix("library/")
        return f"https://hub.docker.com/{'r' if '/' in name else '_'}/{name}", "Docker Hub"
    if host == "quay.io":
        return f"https://quay.io/repository/{name}", "Quay"
    if host == "mcr.microsoft.com":
        return f"https://mcr.microsoft.com/artifact/mar/{name}", "Microsoft Artifact Registry"
    if host == "public.ecr.aws":
        return f"https://gallery.ecr.aws/{name}", "Amazon ECR Public Gallery"
    if host in _OWN_PAGES or host.endswith("-docker.pkg.dev"):
        return f"https://{host}/{name}", host
    return None


def _steps(snapshot: Snapshot) -> Iterator[tuple[Step, int]]:
    """All steps in order, each with the offset of its instruction."""
    for stage in snapshot.build.stages:
        for number, step in enumerate(stage.steps, 1):
            yield step, snapshot.offset(Site(stage.index, number))


def _in_steps(snapshot: Snapshot) -> Iterator[Link]:
    for step, offset in _steps(snapshot):
        yield from _in_step(snapshot, step, offset)


def _in_step(snapshot: Snapshot, step: Step, offset: int) -> Iterator[Link]:
    """The images, files and computed URLs that COPY, ADD and the mounts of a RUN name."""
    instruction = step.instruction
    if instruction.keyword not in ("COPY", "ADD", "RUN"):
        return
    for flag in instruction.flags:
        if flag.name == "from" and flag.value:
            value = flag_value(instruction, flag)
            yield from _source(snapshot, value.text, value.span(Span(0, len(value.text))).shifted(offset))
        elif flag.name == "mount" and flag.value:
            options = dict(mount_options(flag_value(instruction, flag)))
            if named := options.get("from"):
                yield from _source(snapshot, named.text, named.span(Span(0, len(named.text))).shifted(offset))
            elif (source := options.get("source") or options.get("src")) and (
                "type" not in options or options["type"].text == "bind"
            ):
                span = source.span(Span(0, len(source.text))).shifted(offset)
                yield from _file(snapshot, step, source.text, span)
    if instruction.keyword == "RUN" or instruction.flag("from") is not None:
        return
    for word in instruction.words[:-1]:
        span = word.span.shifted(offset)
        if instruction.array is not None:
            span = Span(span.start + 1, span.end - 1)  # without the quotes
        yield from _file(snapshot, step, word.text, span)
        if instruction.keyword == "ADD" and "$" in word.text:
            url = expand(word.text, step.state.variables, unset=None, escape=instruction.escape)
            if url and url.startswith(("http://", "https://")):
                yield Link(span, url=url, tooltip=url)


def _source(snapshot: Snapshot, name: str, span: Span) -> Iterator[Link]:
    if snapshot.build.find(name) is None and name not in snapshot.options.how.contexts:
        yield from _image(image.parse(name), span)


def _file(snapshot: Snapshot, step: Step, written: str, span: Span) -> Iterator[Link]:
    if snapshot.context is None:
        return
    source = expand(written, step.state.variables, unset=None, escape=step.instruction.escape)
    path = inside_context(source) if source else ""
    if path in snapshot.context.files:
        yield Link(span, path=path, tooltip=f"{path} in the build context")


def _urls(snapshot: Snapshot) -> Iterator[Link]:
    for piece, offset in zip(snapshot.tree.pieces, snapshot.tree.offsets, strict=False):
        if "://" not in piece.text:
            continue
        for match in _URL.finditer(piece.text):
            url = match[0].partition("&&")[0]
            if not _GOES_ON.match(piece.text, match.start() + len(url)):
                url = url.rstrip(_PUNCTUATION)
                yield Link(Span(match.start(), match.start() + len(url)).shifted(offset), url=url)
