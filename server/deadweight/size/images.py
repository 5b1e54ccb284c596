"""How large a base image is: from a figure for its tag, else from its closest relative in the facts, else unknown."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadweight.facts import base_images, image_kin
from deadweight.facts.constants import constant
from deadweight.model.image import base, family, system_of_release, variant
from deadweight.size.units import ZERO, Size, around, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.facts.base_images import BaseImage, Figure
    from deadweight.model.image import Family, ImageRef, StatedSize, Variant

Kind = Literal["pulled", "unpacked"]


def unpacked(ref: ImageRef, platform: str = "linux/amd64") -> Size | None:
    """Bytes of all files in the image, as `docker images` prints; None where no figure says anything about it."""
    return _size(ref, platform, "unpacked")


def pulled(ref: ImageRef, platform: str = "linux/amd64") -> Size | None:
    """Bytes that a pull of the image transfers; None where no figure says anything about it."""
    return _size(ref, platform, "pulled")


def normal(platform: str) -> str:
    """The platform by its name in the facts: `arm64` and `linux/arm64/v8` are linux/arm64, as BuildKit reads them."""
    name = platform if "/" in platform else f"linux/{platform}"
    return {"linux/arm64/v8": "linux/arm64", "linux/x86_64": "linux/amd64", "linux/arm": "linux/arm/v7"}.get(name, name)


class _Estimate(NamedTuple):
    """Bytes, how far off they may be as shares of them, the figure behind them, and the tag that they stand for."""

    bytes: float
    below: float
    above: float
    figure: Figure
    origin: str  # how it came about, in words: the quality of the tag's own figure, or what it is estimated from

    def wider(self, share: float, origin: str) -> _Estimate:
        return self._replace(below=self.below + share, above=self.above + share, origin=origin)


class _Relative(NamedTuple):
    """Another tag of a repository, and how far off its size may be, as a share."""

    image: BaseImage
    share: float


@lru_cache(maxsize=1024)
def _size(ref: ImageRef, platform: str, kind: Kind) -> Size | None:
    if ref.is_scratch:
        return ZERO
    if ref.stated is not None:
        return _stated(ref, ref.stated, kind)
    if base(ref).is_windows:
        platform = "windows/amd64"
    estimate = _estimate(ref, normal(ref.platform or platform), kind)
    if estimate is None:
        return None
    notes = [estimate.origin]
    if ref.mirrored:
        estimate = estimate.wider(_share("image.mirrored"), estimate.origin)
        notes.append(f"taken as the official {ref.repository}")
    what = ", ".join((f"{ref.text} {kind}", *notes))
    below, above = min(estimate.below, 0.95), estimate.above
    return around(what, round(estimate.bytes), below, above, estimate.figure.source, estimate.figure.date)


def _stated(ref: ImageRef, stated: StatedSize, kind: Kind) -> Size:
    """What is said of the image, as it is; pulled by how all images pack where nothing is said of that."""
    if kind == "unpacked":
        least, most = stated.within or (stated.bytes, stated.bytes)
        return size(f"{ref.text} unpacked", least, stated.bytes, most, stated.source, "")
    if stated.pulled:
        return size(f"{ref.text} pulled", *stated.pulled, stated.source, "")
    ratio = constant("image.ratio.any")
    low, best, high = (round(stated.bytes / each) for each in (ratio.high, ratio.best, ratio.low))
    what = f"{ref.text} pulled, estimated from its unpacked size by a ratio"
    return size(what, low, best, high, stated.source, "")


def _estimate(ref: ImageRef, platform: str, kind: Kind) -> _Estimate | None:
    """The best estimate for a reference on its platform, else from the same image for amd64."""
    tag = ref.effective_tag
    if tag is None:
        return _any_version(ref.repository, platform, kind)
    found = _on_platform(ref.repository, tag, platform, kind) or _of_kin(ref.repository, tag, platform, kind)
    if found and ref.digest:
        return found.wider(_share("image.old"), f"{found.origin}; the digest may be another build of the tag")
    return found


def _on_platform(repository: str, tag: str, platform: str, kind: Kind) -> _Estimate | None:
    """From what is known of the tag on its platform, else on amd64."""
    found = _of_tag(repository, tag, platform, kind)
    if found or not platform.startswith("linux/") or platform == "linux/amd64":
        return found
    found = _of_tag(repository, tag, "linux/amd64", kind)
    return found and found.wider(_share("image.other_platform"), _from("linux/amd64", found.origin))


def _of_kin(repository: str, tag: str, platform: str, kind: Kind) -> _Estimate | None:
    """From an image of another repository that stands for this one, with what comes on top."""
    kin = image_kin.kin_of(repository, tag)
    found = kin and _on_platform(kin.repository, kin.tag, platform, kind)
    if kin is None or not found:
        return None
    more = kin.more_pulled if kind == "pulled" else kin.more_unpacked
    name = f"{kin.repository}:{kin.tag}"
    origin = f"modelled as {name}" if not more else f"modelled as {name} and what it has on top"
    figure = found.figure._replace(source=f"{found.figure.source}; {kin.source}")
    return found._replace(bytes=found.bytes + more, figure=figure).wider(_share("image.modelled"), origin)


def _from(what: str, origin: str) -> str:
    """Words for an estimate that is made of another one, which may be an estimate itself."""
    return f"estimated from {what}, {origin}"


def _of_tag(repository: str, tag: str, platform: str, kind: Kind) -> _Estimate | None:
    """From the tag's own figures, else from its closest relative."""
    image = base_images.find(repository, tag, platform)
    if image and (own := _known(image, kind)):
        return own
    for relative, share in sorted(_relatives(repository, tag, platform), key=_closeness):
        if estimate := _known(relative, kind):
            return estimate.wider(share, f"estimated from {repository}:{relative.tag}")
    return None


def _known(image: BaseImage, kind: Kind) -> _Estimate | None:
    """From the figures of exactly this tag: its own of that kind, or the other one by a ratio."""
    figure, other = (image.pulled, image.unpacked) if kind == "pulled" else (image.unpacked, image.pulled)
    if figure:
        return _Estimate(figure.bytes, *_trust(figure), figure, figure.quality)
    if not other:
        return None
    low, best, high, how = _ratio(image)  # unpacked to pulled
    if kind == "pulled":
        low, best, high = 1 / high, 1 / best, 1 / low
    below, above = _trust(other)
    origin = f"estimated from its {'unpacked' if kind == 'pulled' else 'pulled'} size {how}"
    return _Estimate(other.bytes * best, below + 1 - low / best, above + high / best - 1, other, origin)


def _trust(figure: Figure) -> tuple[float, float]:
    """How far below and above a figure the image of today may be, by the figure's quality and age."""
    if figure.quality == "upper bound":
        return _share("image.by_ratio"), _share("image.exact")
    if figure.quality in ("rebuilt", "modelled"):
        return _share("image.by_ratio"), _share("image.by_ratio")
    if figure.quality == "rough":
        return _share("image.far"), _share("image.far")
    is_fresh = figure.quality == "exact" and figure.age <= 6
    share = _share("image.exact" if is_fresh else "image.old")
    return share, share


def _ratio(image: BaseImage) -> tuple[float, float, float, str]:
    """Unpacked to pulled bytes of an image that lacks one of them: (low, best, high, whose ratio it is).

    The ratio of the closest relative of the same flavour and time with both, else what is usual for its kind.
    """
    own = image.pulled or image.unpacked
    assert own is not None
    on_amd64 = image.platform != "linux/amd64" and base_images.find(image.repository, image.tag)
    if on_amd64 and on_amd64.pulled and on_amd64.unpacked:
        return _around(on_amd64.unpacked.bytes / on_amd64.pulled.bytes, "image.same_line", "on linux/amd64")
    said = variant(image.repository, image.tag)
    for relative, _ in sorted(_relatives(image.repository, image.tag, "linux/amd64"), key=_closeness):
        if not relative.pulled or not relative.unpacked or abs(relative.pulled.age - relative.unpacked.age) > 12:
            continue
        is_near = abs(relative.pulled.age - own.age) <= 24
        ratio = relative.unpacked.bytes / relative.pulled.bytes
        band = "image.same_line" if is_near else "image.by_ratio"
        return _around(ratio, band, f"as {image.repository}:{relative.tag}")
    usual = constant(_ratio_name(family(image.repository), said))
    share = _share("image.by_ratio")
    return min(usual.low, usual.best * (1 - share)), usual.best, max(usual.high, usual.best * (1 + share)), "by a ratio"


def _around(ratio: float, band: str, how: str) -> tuple[float, float, float, str]:
    share = _share(band)
    return ratio * (1 - share), ratio, ratio * (1 + share), how


def _ratio_name(known: Family | None, said: Variant) -> str:
    """The constant for images of this kind and flavour."""
    flavour = said.flavour if said.flavour in ("full", "slim", "alpine") else "full"
    if known is None or said.flavour in ("windows", "distroless"):
        return "image.ratio.any"
    if known.kind == "java":
        return "image.ratio.java.jre" if said.is_jre else "image.ratio.java.jdk"
    if known.kind == "base":
        if known.os in ("alpine", "busybox", "ubuntu", "amazonlinux", "fedora"):
            return f"image.ratio.base.{known.os}"
        if known.os == "debian":
            return "image.ratio.base.debian.slim" if flavour == "slim" else "image.ratio.base.debian"
        return "image.ratio.base.fedora"
    if flavour == "slim" and known.kind in ("golang", "server"):
        return "image.ratio.runtime.slim"
    if known.os == "alpine":
        flavour = "alpine"
    return f"image.ratio.{known.kind}.{flavour}"


def _relatives(repository: str, tag: str, platform: str) -> Iterator[_Relative]:
    """Tags of the same repository and flavour, each with a share for how different it may be."""
    known, said = family(repository), variant(repository, tag)
    line = known.line if known else 1
    own = base_images.find(repository, tag, platform)
    suite = said.codename or (own.suite if own else None)
    for image in base_images.tags(repository, platform):
        other = variant(repository, image.tag)
        if image.tag == tag or (other.flavour, other.words) != (said.flavour, said.words):
            continue  # php:8.4-zts says nothing of php:8.4-fpm
        share = _version_share(said.numbers, other.numbers, line)
        if said.flavour == "alpine" or (known and known.kind == "base"):
            share += _share("image.small")
        elif suite or other.codename:  # two bare tags of a line are likely to stand on the same release
            share += _suite_share(suite, other.codename or image.suite)
        if "/" in repository and share >= _share("image.modelled"):
            continue  # other publishers' versions have little in common: nvidia/cuda:12.4-base and 10.0-base
        yield _Relative(image, share)


def _suite_share(wanted: str | None, given: str | None) -> float:
    """How different the sizes on two releases of the operating system may be; one that is not known may be any."""
    if wanted and wanted == given:
        return 0.0
    systems = {system_of_release(release) for release in (wanted, given) if release}
    return _share("image.far" if len(systems) == 2 else "image.other_suite")


def _version_share(wanted: tuple[int, ...], given: tuple[int, ...], line: int) -> float:
    """How different the sizes of two versions may be: the same release line, the next one, further ones.

    A tag that floats over lines (`python:3`, `node:latest`) tells as little of an older version as a distant one.
    """
    if not wanted:
        return _share("image.next_line")
    if len(given) < line:
        return _share("image.modelled") if given[:1] == wanted[:1] and len(wanted) >= line else _share("image.far")
    if wanted[:line] == given[: min(line, len(wanted))]:
        return _share("image.same_line" if len(wanted) >= line else "image.next_line")
    steps = abs(wanted[0] - given[0]) * (1 if line == 1 else 5)
    if not steps and len(wanted) > 1:
        steps = abs(wanted[1] - given[1])
    return min(_share("image.next_line") * math.pow(steps, 0.75), _share("image.far"))


def _closeness(relative: _Relative) -> tuple[float, int, str]:
    """Sorts relatives: the closest first, of equally close ones the newest figure."""
    image = relative.image
    return relative.share, min(figure.age for figure in (image.pulled, image.unpacked) if figure), image.tag


def _any_version(repository: str, platform: str, kind: Kind) -> _Estimate | None:
    """A digest without a tag may be any plain version: today's `latest`, with the range of all of them."""
    latest = _of_tag(repository, "latest", platform, kind)
    if latest is None:
        return None
    said = variant(repository, "latest")
    alike = [image for image in base_images.tags(repository, platform) if _is_plain(repository, image, said)]
    known = [estimate.bytes for image in alike if (estimate := _known(image, kind))]
    low, high = min((*known, latest.bytes)), max((*known, latest.bytes))
    share = _share("image.old")
    below, above = 1 - low / latest.bytes + share, high / latest.bytes - 1 + share
    return latest._replace(below=below, above=above, origin="the digest may be any version")


def _is_plain(repository: str, image: BaseImage, said: Variant) -> bool:
    other = variant(repository, image.tag)
    return (other.flavour, other.words) == (said.flavour, said.words)


def _share(name: str) -> float:
    """A band of the constants as a share: 1.06 at most is 0.06."""
    return constant(name).high - 1
