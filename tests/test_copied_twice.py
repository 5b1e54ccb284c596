"""Files that are copied twice: what is written again, and what may read the first copy."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from deadweight.rules.copied_twice import copied_twice
from deadweight.rules.rule import Safety
from examples import snapshot_of

FILES = "//- a/one.bin 3000000\n//- a/two.bin 2000000\n//- b.bin 4000000\n"


def found(*lines: str) -> list[tuple[int, list[Safety]]]:
    """The lines that bring something for nothing, with the safety of their fixes."""
    snapshot = snapshot_of("//- Dockerfile\nFROM debian:trixie\n" + "\n".join(lines) + "\n" + FILES)
    reported = report(snapshot, rules=[copied_twice])
    return [(snapshot.line(each.finding.site), [fix.safety for fix in each.fixes]) for each in reported]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["COPY a /srv", "COPY a /srv"], [(2, [Safety.SAFE])]),
        (["COPY a/one.bin /srv/a/", "COPY . /srv"], [(2, [Safety.SAFE])]),
        (["COPY a /srv", "RUN useradd app", "COPY --chown=app a /srv"], [(2, [Safety.ASK])]),
        (["COPY a/one.bin /srv/x", "COPY b.bin /srv/x"], [(2, [Safety.SAFE])]),
        (["COPY a/one.bin /srv/x", "ADD https://e.org/x /srv/x"], [(2, [Safety.SAFE])]),
        (["COPY a /srv", "RUN make -C /srv", "COPY a /srv"], []),
        (["COPY a /srv", "RUN curl -T /srv/one.bin https://e.org", "COPY a /srv"], []),
        (["COPY a /srv", "RUN wc -c < /srv/one.bin", "COPY a /srv"], []),
        (["COPY a /srv", "RUN rm /srv/one.bin", "COPY a /srv"], []),
        (["COPY a /srv", "COPY a/one.bin /srv/"], []),
        (["COPY a /srv", "COPY a /opt"], []),
        (["COPY . /srv", "RUN make", "COPY . /srv"], []),
    ],
)
def test_a_first_copy_that_nobody_reads(lines: list[str], expected: list[tuple[int, list[Safety]]]) -> None:
    assert found(*lines) == expected
