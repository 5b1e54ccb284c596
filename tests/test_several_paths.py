"""One chown or chmod of several paths: each COPY does it to what it brings."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.rewritten_in_later_layer import rewritten_in_later_layer
from deadweight.rules.rule import Safety
from examples import snapshot_of

FILES = "//- models/a.bin 100000000\n//- big.bin 50000000\n"
ADDS = "ADD{0} https://x.org/a /usr/local/bin/\nADD{0} https://x.org/c /usr/local/bin/c\n"
COPIES = "COPY{0} models /srv/models\nCOPY{0} big.bin /opt/big.bin\n"
TWO = "COPY{0} models /srv/models\nCOPY{0} models /opt/models\n"


def _fixed(lines: str) -> str | None:
    """The lines after the first safe fix that holds."""
    snapshot = snapshot_of(f"//- Dockerfile\nFROM node:22-slim\n{lines}{FILES}")
    (found,) = report(snapshot, rules=[rewritten_in_later_layer])
    everything = report(snapshot)
    safe = [fix for fix in found.fixes if fix.safety is Safety.SAFE and holds(snapshot, everything, found, fix)]
    return fixed(snapshot, safe[:1]).text.partition("\n")[2] if safe else None


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (
            f"{ADDS.format('')}RUN chmod +x /usr/local/bin/a /usr/local/bin/c && ls\n",
            f"{ADDS.format(' --chmod=711')}RUN ls\n",
        ),
        (
            f"{COPIES.format('')}RUN chown node:node /srv/models/a.bin /opt/big.bin\n",
            None,  # the COPY of the folder brings the folder as well
        ),
        (
            f"{TWO.format('')}RUN chown -R node:node /srv/models /opt/models && ls\n",
            f"{TWO.format(' --chown=node:node')}RUN chown node:node /srv/models /opt/models && ls\n",
        ),
        # A path that no COPY brings, a file beside a folder, two COPYs of which one cannot.
        ("COPY models /srv/models\nRUN mkdir /srv/b && chown -R node:node /srv/models /srv/b\n", None),
        (f"{COPIES.format('')}RUN chown -R node:node /srv/models /opt/big.bin\n", None),
        (
            f"{TWO.format('').replace('COPY', 'COPY --chown=7', 1)}RUN chown -R node:node /srv/models /opt/models\n",
            None,
        ),
        ("COPY models /srv/models\nRUN chown -R node:node /srv/models $MORE\n", None),
    ],
)
def test_each_copy_does_it_to_what_it_brings(lines: str, after: str | None) -> None:
    assert _fixed(lines) == after
