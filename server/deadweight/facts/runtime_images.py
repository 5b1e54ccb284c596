"""Images that run what another one builds: a JRE for a JDK, ASP.NET for the .NET SDK, CUDA without its compiler."""

from __future__ import annotations

import re
from functools import lru_cache

from deadweight.facts.tables import table


@lru_cache(maxsize=1024)
def runtimes_of(repository: str, tag: str) -> tuple[str, ...]:
    """The images that run what `repository:tag` builds, in the order of the table."""
    found = [
        match.expand(image)
        for _, pattern, image, *_ in table("runtime_images").rows(repository)
        if (match := re.fullmatch(pattern, tag))
    ]
    return tuple(found)
