"""C#, F# and Visual Basic projects from the texts of their files: the packages that they ask NuGet for."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"<PackageReference\s+Include\s*=\s*\"([^\"]+)\"", re.IGNORECASE)


def references(project: str) -> frozenset[str]:
    """The packages that a project file names."""
    return frozenset(name.lower() for name in _REFERENCE.findall(project))
