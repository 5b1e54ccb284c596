"""Smaller images of the same version, and what one gives up with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import base_images
from deadweight.facts.losses import loss
from deadweight.model.image import base, family, parse, variant
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.facts.losses import Loss, LossName
    from deadweight.model.image import Base, Family, Flavour, ImageRef, Variant


@dataclass(frozen=True, slots=True)
class Sibling:
    """A smaller image of the same version; `edit` turns the reference's text into it."""

    edit: Edit
    ref: ImageRef
    flavour: Flavour
    base: Base
    losses: tuple[Loss, ...]


@lru_cache(maxsize=256)
def siblings(ref: ImageRef) -> tuple[Sibling, ...]:
    """Smaller images of the same version that the facts know, or that exist because their neighbours do."""
    known, tag = family(ref.repository), ref.effective_tag
    if known is None or tag is None or ref.is_scratch:
        return ()
    said = variant(ref.repository, tag)
    tags = _smaller_tags(ref.repository, known, tag, said)
    found = [_sibling(ref, ref.with_tag(smaller)) for smaller in tags if _exists(ref.repository, smaller, known)]
    whole = Span(0, len(ref.text))
    found += [_sibling(ref, Edit(whole, name)) for name in _distroless(ref, said)]
    return tuple(found)


def losses(ref: ImageRef, smaller: ImageRef) -> tuple[Loss, ...]:
    """What one gives up with `smaller` in place of `ref`: the weightiest first, each in words and with a source."""
    return tuple(map(loss, _losses(ref, smaller)))


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
    if repository in ("eclipse-temurin", "openjdk"):
        return _java_tags(head, said)
    if said.flavour == "alpine":
        return [f"{tag}-slim"] if repository == "nginx" and "slim" not in said.words else []
    named = [said.codename] if said.codename else []
    found = [[*head, *said.words, "alpine"]]
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
        found += [[*head, "jre", *named], [*head, "jdk", "alpine"]]
    if not (said.is_jre and said.flavour == "alpine"):
        found.append([*head, "jre", "alpine"])
    return ["-".join(parts) for parts in found]


def _dotnet_tags(head: list[str], said: Variant) -> list[str]:
    """.NET's tags: 9.0-alpine, 9.0-noble-chiseled; for 8.0 chiseled is on jammy and noble."""
    if said.flavour != "full" or said.words:
        return []
    codenames = [said.codename] if said.codename else ["noble", "jammy"]
    return ["-".join((*head, *rest)) for rest in (*((name, "chiseled") for name in codenames), ("alpine",))]


def _exists(repository: str, tag: str, known: Family) -> bool:
    """Whether the facts know a tag, or the same flavour of the versions on both sides of its own."""
    if base_images.find(repository, tag):
        return True
    said = variant(repository, tag)
    if not said.numbers:
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
    now = _said(smaller)
    flavour: Flavour = "jre" if now.is_jre and now.flavour == "full" else now.flavour
    return Sibling(edit, smaller, flavour, base(smaller), losses(ref, smaller))


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
    known = family(ref.repository)
    kind = known.kind if known else ""
    if said.flavour == "full" != now.flavour and kind in ("runtime", "ruby", "golang"):
        yield "no-build-tools"
    # A golang or rust image is its compiler: distroless only takes what another stage has built.
    if now.flavour == "distroless" and ref.repository in ("golang", "rust"):
        yield "no-toolchain"
    if now.is_jre and not said.is_jre:
        yield "no-compiler"
    if _is_invariant(smaller, now) and not _is_invariant(ref, said):
        yield "no-cultures"
    if _has_user(smaller, now) and not _has_user(ref, said):
        yield "not-root"
    if now.flavour == "slim" != said.flavour and after.os == "debian":
        yield "no-docs"
    if ref.digest and not smaller.digest:
        yield "digest-dropped"


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
