"""What comes from the network, in bytes: well-known addresses, texts by their names, and what archives hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.facts import downloads as facts
from deadweight.facts.constants import constant
from deadweight.model.effects import Download, Extracted, Installer
from deadweight.size.units import Size, size

if TYPE_CHECKING:
    from deadweight.facts.downloads import Kind

# What such names stand for has a few kilobytes: scripts, keys, checksums, lists of packages.
_TEXT = re.compile(
    r"\.(?:asc|cfg|conf|gpg|ini|json|key|list|md|md5|patch|pem|pub|py|repo|sh|sha\d+|sig|sql|txt|ya?ml)\b|setup_[\w.]+|"
    r"get-?pip|install(?:er)?\b|\bkeys?\b"
)
# Installers that carry what they install behind their script: Miniconda3-latest-Linux-x86_64.sh.
_CARRIES_MORE = re.compile(r"conda|forge|mamba|\.run\b")


def is_text(name: str) -> bool:
    """Whether an address or a path is that of a script, a key or a list, by its name."""
    name = name.lower()
    return _TEXT.search(name) is not None and _CARRIES_MORE.search(name) is None


def fetched(cause: Download | Extracted | Installer) -> Size | None:
    """Bytes of what is downloaded, unpacked, or installed by a script from the network."""
    match cause:
        case Download():
            return _file(cause.url)
        case Extracted():
            return _unpacked(cause)
        case Installer():
            return _known(cause.url, "installed", f"what {cause.url} installs")


def of_image(image: str, path: str) -> Size | None:
    """Bytes of what lies at a path of an image that is no stage: `COPY --from=ghcr.io/astral-sh/uv /uv /bin/`."""
    return _known(f"image://{image}{path}", "file", f"{path} of {image}")


def _file(url: str | None) -> Size | None:
    """Bytes of a download."""
    if url is None:
        return None
    if known := _known(url, "file", url):
        return known
    if not is_text(url):
        return None
    usual = constant("download.text")
    low, best, high = round(usual.low), round(usual.best), round(usual.high)
    return size(url, low, best, high, "a text, by its name; " + usual.source, usual.date)


def _unpacked(cause: Extracted) -> Size | None:
    """Bytes of what an archive holds: as it says, as its address tells, or at least its own."""
    what = f"{cause.archive or 'the archive'}, unpacked"
    found = _content(cause, what)
    if found is None or not cause.is_part:
        return found
    return Size(0, found.best, found.high, found.parts)


def _content(cause: Extracted, what: str) -> Size | None:
    if cause.content is not None:
        return size(what, *cause.content, "the archive in the build context", "")
    if cause.url is not None:
        return _known(cause.url, "content", what)
    if cause.bytes is None:
        return None
    ratio = constant("image.ratio.any")
    best = cause.bytes if (cause.archive or "").endswith(".tar") else round(cause.bytes * ratio.best)
    return size(what, cause.bytes, best, None, ratio.source, ratio.date)


def _known(url: str, kind: Kind, what: str) -> Size | None:
    found = facts.known(url, kind)
    return found and size(what, found.low, found.best, found.high, found.source, found.date)
