"""`docs/evidence.md`: what was measured, what we say, and how far they are apart."""

from __future__ import annotations

from develop.evidence.contexts import DOCS
from develop.evidence.conversion_page import conversions_in_words
from develop.evidence.conversions import read_conversions
from develop.evidence.fix_cases import CASES
from develop.evidence.fix_page import fixes_in_words
from develop.evidence.fixes import pair_of, read_results
from develop.evidence.size_page import sizes_in_words
from develop.evidence.sizes import compared, read_builds

PAGE = DOCS / "evidence.md"

_INTRODUCTION = """# Evidence

What we say, held against real builds by a real BuildKit. Bytes are those of all files in a layer, as `docker history`
counts them, in MB = 10^6 bytes. [Sizes](#sizes): our estimate beside each measured layer.
[Safe fixes](#safe-fixes): both images built and compared.
[Multi-stage builds](#multi-stage-builds): apps before and after, built and started.

Built on {dates} by {engines}, overlay2. The base images are made from Debian's packages by the
recipes of the public ones, python and node with the interpreter of the machine. Written by

```sh
python -m develop.evidence
```
"""


def page() -> str:
    """The text of the page."""
    results, builds = read_results(), read_builds()
    engines = sorted({record["engine"] for record in results.values()})
    dates = sorted({*(record["date"] for record in results.values()), *(build.date for build in builds)})
    lines = [
        _INTRODUCTION.format(engines="; ".join(engines), dates=", ".join(dates)),
        *sizes_in_words([compared(build) for build in builds]),
        "",
        *fixes_in_words([pair_of(case) for case in CASES], results),
        "",
        *conversions_in_words(read_conversions()),
    ]
    return "\n".join(lines) + "\n"
