"""Whether something whose bytes nobody knows is worth a word: a script, a key or a copied file is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.effects import BaseLayers, Built, Copied, CopiedFromStage, Download, Leftover, Measured, Rewritten

if TYPE_CHECKING:
    from deadweight.model.effects import Effect

# What such names stand for has a few kilobytes: scripts, keys, checksums, lists of packages.
_SMALL = re.compile(
    r"\.(?:asc|cfg|conf|gpg|ini|json|key|list|md|md5|patch|pem|pub|py|repo|sh|sha\d+|sig|sql|txt|ya?ml)\b|setup_[\w.]+|"
    r"get-?pip|install(?:er)?\b|\bkeys?\b"
)


def may_be_heavy(effect: Effect) -> bool:
    """Whether what an effect writes may be megabytes, as far as its cause tells."""
    match effect.cause:
        case Copied(selection=None) | BaseLayers() | Built() | Measured() | Leftover(figure=None, of=None):
            return False
        case Download(url=url):
            return not _SMALL.search(f"{effect.path or ''} {url or ''}".lower())
        case CopiedFromStage(path=path):
            return not _SMALL.search(path.lower())
        case Rewritten(sources=sources):
            return any(may_be_heavy(each) for _, each in sources)
    return True
