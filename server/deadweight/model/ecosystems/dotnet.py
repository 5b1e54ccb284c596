"""C#, F# and Visual Basic projects from the texts of their files: the packages that they ask NuGet for."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"<PackageReference\s+Include\s*=\s*\"([^\"]+)\"", re.IGNORECASE)
_OLD = re.compile(r"<TargetFrameworks?>[^<]*netcoreapp[12]")


def references(project: str) -> frozenset[str]:
    """The packages that a project file names, and that the app does without once it is built: up to .NET Core 2 what
    `dotnet build` wrote looked for them where NuGet keeps them.
    """
    if _OLD.search(project):
        return frozenset()
    return frozenset(name.lower() for name in _REFERENCE.findall(project))
