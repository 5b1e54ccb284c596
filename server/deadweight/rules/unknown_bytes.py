"""Whether something whose bytes nobody knows is worth a word: a script, a key or a copied file is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.effects import BaseLayers, Built, Copied, CopiedFromStage, Download, Leftover, Measured, Rewritten
from deadweight.size.downloads import is_text

if TYPE_CHECKING:
    from deadweight.model.effects import Effect


def may_be_heavy(effect: Effect) -> bool:
    """Whether what an effect writes may be megabytes, as far as its cause tells."""
    match effect.cause:
        case Copied(selection=None) | BaseLayers() | Built() | Measured() | Leftover(figure=None, of=None):
            return False
        case Download(url=url):
            return not is_text(f"{effect.path or ''} {url or ''}")
        case CopiedFromStage(path=path):
            return not is_text(path)
        case Rewritten(sources=sources):
            return any(may_be_heavy(each) for _, each in sources)
    return True
