"""Smaller images of the same version, and what one gives up with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import base_images
from deadweight.facts.losses import loss
from deadweight.facts.runtime_images import runtimes_of
from deadweight.model.image import base, family, parse, variant
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.facts.losses import Loss, LossName
    from deadweight.model.image import Base, Family, ImageRef, Variant


_DOTNET_SDK = "mcr.microsoft.com/dotnet/sdk"
# Its full image stands on debian, not on buildpack-deps (oven-sh/bun, dockerhub/debian/Dockerfile, read 2026-11-26).
_ON_DEBIAN = "oven/bun"


@dataclass(frozen=True, slots=True)
class Sibling:
    """A smaller image of the same version; `edit` turns the reference's text into it. `name` says in a word or two what
    kind of image it is: slim, jre-alpine, aspnet.
    """

    edit: Edit
    ref: ImageRef
    name: str
    base: Base
    losses: tuple[Loss, ...]


@lru_cache(maxsize=256)
def siblings(ref: ImageRef) -> tuple[Sibling, ...]:
    """Smaller images of the same version that the facts know, or that exist because their neighbours do."""
    known, tag = family(ref.repository), ref.effective_tag
    if known is None or tag is None or ref.is_scratch:
        return ()
    said = variant(ref.repository, tag)
    found = [*_runtimes(ref, tag)]
    tags = _smaller_tags(ref.repository, known, tag, said)
    found += [_sibling(ref, ref.with_tag(smaller)) for smaller in tags if _exists(ref.repository, smaller, known)]
    found += [_sibling(ref, _whole(ref, name)) for name in _distroless(ref, said)]
    return tuple({each.ref.text: each for each in found}.values())


def in_place_of(ref: ImageRef, name: str) -> Sibling:
    """Another image in place of one."""
    return _sibling(ref, _whole(ref, name))


def losses(ref: ImageRef, smaller: ImageRef) -> tuple[Loss, ...]:
    """What one gives up with `smaller` in place of `ref`: the weightiest first, each in words and with a source."""
    return tuple(map(loss, _losses(ref, smaller)))


def _runtimes(ref: ImageRef, tag: str) -> Iterator[Sibling]:
    """Images that run what this one builds, then the smaller ones of the first of them; none to leave a mirror for."""
    names = runtimes_of(ref.repository, tag) if ref.registry == "docker.io" or not ref.mirrored else ()
    for name in names:
        yield _sibling(ref, _whole(ref, name))
    for each in siblings(parse(names[0])) if names else ():
        yield _sibling(ref, _whole(ref, each.ref.text))


def _whole(ref: ImageRef, name: str) -> Edit:
    """The edit that puts another image in place of a reference; its registry stays where the image is the same."""
    there = parse(name)
    if there.repository == ref.repository and there.tag:
        return ref.with_tag(there.tag)
    return Edit(Span(0, len(ref.text)), name)


def _smaller_tags(repository: str, known: Family, tag: str, said: Variant) -> list[str]:
    """Tags that would be smaller flavours of the same version, by how the repository writes its tags."""
    if said.flavour in ("windows", "distroless"):
        return []
    if known.kind == "base":
        has_slim = known.slim_order and said.flavour == "full" and not said.words and tag != "latest"
        return [f"{tag}-slim"] if has_slim else []
    head = [said.version] if said.version else []
    if repository.startswith("mcr.microsoft.com/"):
        return _dotnet_tags(head, said)
    if repository == "eclipse-temurin":
        return _java_tags(head, said)
    if said.flavour == "alpine":
        return [f"{tag}-slim"] if repository == "nginx" and "slim" not in said.words else []
    named = [said.codename] if said.codename else []
    # A tag that names a system alone stands for the version of its time: `node:buster` is older than `node:alpine`.
    found = [[*head, *said.words, "alpine"]] if said.version or tag == "latest" else []
    if repository == "nginx":
        found.append([*head, *said.words, "alpine", "slim"])
    if known.slim_order and said.flavour == "full":
        slim = ["slim", *named] if known.slim_order == "slim-codename" else [*named, "slim"]
        found.insert(0, [*head, *said.words, *slim])
    return ["-".join(parts) for parts in found]


def _java_tags(head: list[str], said: Variant) -> list[str]:
    """Java's tags: 21-jre-noble, 21-jdk-alpine, 21-jre-alpine."""
    named = [said.codename] if said.codename and said.flavour != "alpine" else []
    found = []
    if not said.is_jre and said.flavour != "alpine":
        found.append([*head, "jre", *named])
    if not (said.is_jre and said.flavour == "alpine"):
        found.append([*head, "jre", "alpine"])
    if not said.is_jre and said.flavour != "alpine":
        found.append([*head, "jdk", "alpine"])
    return ["-".join(parts) for parts in found]


def _dotnet_tags(head: list[str], said: Variant) -> list[str]:
    """.NET's tags: 9.0-alpine, 9.0-noble-chiseled; for 8.0 chiseled is on jammy and noble."""
    if said.flavour != "full" or said.words:
        return []
    codenames = [said.codename] if said.codename else ["noble", "jammy"][: 2 if said.numbers < (9,) else 1]
    return ["-".join((*head, *rest)) for rest in (*((name, "chiseled") for name in codenames), ("alpine",))]


def _exists(repository: str, tag: str, known: Family) -> bool:
    """Whether the facts know a tag, or the same flavour of the versions on both sides of its own."""
    if base_images.find(repository, tag):
        return True
    said = variant(repository, tag)
    if not said.numbers or repository == "openjdk":  # which had some flavours for some years
        return False
    line = said.numbers[: known.line]
    lines = [
        other.numbers[: known.line]
        for image in base_images.tags(repository)
        if (other := variant(repository, image.tag)).flavour == said.flavour
        and other.words == said.words
        and other.numbers
    ]
    return bool(lines) and min(lines) <= line <= max(lines)


def _distroless(ref: ImageRef, said: Variant) -> list[str]:
    """Distroless images that run what this one runs, where the facts have a figure; none to leave a mirror for."""
    if ref.mirrored:
        return []
    names = {
        "node": [f"gcr.io/distroless/nodejs{said.numbers[0]}-debian12"] if said.numbers else [],
        "golang": ["gcr.io/distroless/static-debian13"],
        "rust": ["gcr.io/distroless/cc-debian13"],
    }.get(ref.repository, [])
    return [name for name in names if base_images.find(name, "latest")]


def _sibling(ref: ImageRef, edit: Edit) -> Sibling:
    """The image that `edit` leads to, with what one gives up on the way."""
    smaller = parse(ref.text[: edit.span.start] + edit.text + ref.text[edit.span.end :])
    return Sibling(edit, smaller, _name(ref, smaller), base(smaller), losses(ref, smaller))


def _name(ref: ImageRef, smaller: ImageRef) -> str:
    said, now = _said(ref), _said(smaller)
    kinds = ["jre"] if now.is_jre and not said.is_jre else []
    kinds += [word for word in ("runtime", "base") if word in now.words]
    if ref.repository == _DOTNET_SDK != smaller.repository:
        kinds.append(smaller.repository.rpartition("/")[2])
    if now.flavour != said.flavour and now.flavour != "full":
        kinds.append(now.flavour)
    return "-".join(kinds)


def _said(ref: ImageRef) -> Variant:
    return variant(ref.repository, ref.effective_tag or "latest")


def _losses(ref: ImageRef, smaller: ImageRef) -> Iterator[LossName]:
    """The names of what one gives up: first what breaks programs, then what a build misses, then the rest."""
    before, after, said, now = base(ref), base(smaller), _said(ref), _said(smaller)
    if after.libc == "musl" != before.libc:
        yield "musl"
    if after.shell == "none" != before.shell:
        yield "no-shell"
    elif after.shell == "ash" and before.shell == "bash":
        yield "no-bash"
    if after.package_manager == "none" != before.package_manager:
        yield "no-package-manager"
    elif after.package_manager == "apk" and before.package_manager == "apt":
        yield "apk"
        yield "no-useradd"
    elif after.package_manager == "microdnf" != before.package_manager:
        yield "microdnf"
    if now.flavour == "slim" != said.flavour and after.os_family == "rpm":
        yield "fewer-packages"
    yield from _tools_lost(ref, smaller)
    if _is_invariant(smaller, now) and not _is_invariant(ref, said):
        yield "no-cultures"
    if _has_user(smaller, now) and not _has_user(ref, said):
        yield "not-root"
    if after.shell == "none" != before.shell:
        yield "few-accounts"
    if now.flavour == "slim" != said.flavour and after.os == "debian":
        yield "no-docs"
    if ref.digest and not smaller.digest:
        yield "digest-dropped"


def _tools_lost(ref: ImageRef, smaller: ImageRef) -> Iterator[LossName]:
    """The names of what a build misses: compilers, headers and what comes with them."""
    said, now = _said(ref), _said(smaller)
    known = family(ref.repository)
    kind = known.kind if known else ""
    has_tools = (kind in ("runtime", "ruby", "golang") or ref.repository == "php") and ref.repository != _ON_DEBIAN
    if said.flavour == "full" != now.flavour and has_tools:
        yield "no-build-tools"
    # A golang or rust image is its compiler: distroless only takes what another stage has built.
    if now.flavour == "distroless" and ref.repository in ("golang", "rust"):
        yield "no-toolchain"
    if now.is_jre and not said.is_jre:
        yield "no-compiler"
    if kind == "java" and smaller.repository != ref.repository:
        yield "other-build"
    if ref.repository == _DOTNET_SDK != smaller.repository:
        yield "no-sdk"
        if not smaller.repository.endswith("/aspnet"):
            yield "no-aspnet"
    if "devel" in said.words and "devel" not in now.words:
        yield "no-nvcc"
    if ref.repository == "nvidia/cuda" and "base" in now.words:
        yield "no-cuda-libraries"


def _is_invariant(ref: ImageRef, said: Variant) -> bool:
    """Whether .NET runs without cultures and time zones: on Alpine and chiseled, unless the tag says `extra`."""
    is_small = said.flavour in ("alpine", "distroless") and "extra" not in said.words
    return is_small and ref.repository.startswith("mcr.microsoft.com/dotnet/") and not ref.repository.endswith("/sdk")


def _has_user(ref: ImageRef, said: Variant) -> bool:
    """Whether the image runs as a user of its own where nothing else is said."""
    if ref.repository.startswith("mcr.microsoft.com/dotnet/"):
        return said.flavour == "distroless"
    if ref.repository.startswith("gcr.io/distroless/"):
        return "nonroot" in (ref.tag or "")
    return ref.repository.startswith(("cgr.dev/chainguard/", "nginxinc/nginx-unprivileged"))
