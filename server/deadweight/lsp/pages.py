"""Where the pages of rules lie on this machine: in the installed package, or beside the sources in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import deadweight

_PACKAGE = Path(deadweight.__file__).parent
_FOLDERS = (_PACKAGE / "pages", _PACKAGE.parents[1] / "docs" / "rules")


@cache
def page_uri(rule: str) -> str | None:
    """The URI of a rule's page, for the editor to open without a network; None where the package has no pages."""
    files = (folder / f"{rule}.md" for folder in _FOLDERS)
    return next((file.as_uri() for file in files if file.is_file()), None)
