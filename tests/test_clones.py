"""Which clones may lose their history without asking: nothing reads it, or nothing can any more."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.rules.git_history_kept import git_history_kept
from examples import snapshot_of

CLONE = "git clone https://github.com/example/tool.git /opt/tool"


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        (f"RUN {CLONE}\n", "shallow safe"),
        (f"RUN {CLONE} && cd /opt/tool && sed -i s/a/b/ conf && chmod +x run.sh\n", "shallow safe"),
        (f"RUN {CLONE} && mv /opt/tool/bin/* /usr/local/bin/\n", "shallow safe"),
        (f"RUN {CLONE}\nWORKDIR /opt\nRUN cp tool/conf /etc/ && pip install tool\n", "shallow safe"),
        (f"WORKDIR /opt/tool\nRUN {CLONE}\nWORKDIR /srv\n", "shallow safe"),
        ("RUN git clone https://gitlab.example.org/a/b.git /opt/b\n", "shallow safe"),
        ("RUN git clone https://git.example.org/a/b.git /opt/b\n", "shallow ask"),
        # They take the history along, or something may read it.
        (f"RUN {CLONE} && cp -r /opt/tool /srv\n", "shallow ask"),
        (f"RUN {CLONE} && cd /opt/tool && cp -r . /srv\n", "shallow ask"),
        (f"RUN {CLONE} && mv /opt/tool/.git /srv\n", "shallow ask"),
        (f"RUN {CLONE}\nRUN make -C /opt/tool\n", "shallow ask"),
        (f"RUN {CLONE}\nWORKDIR /opt/tool\n", "shallow ask"),
        (f"RUN {CLONE}\nRUN pip install /opt/tool\n", "remove-history safe"),
        # Another version is checked out; git goes, or does not for good.
        (f"RUN {CLONE} && git -C /opt/tool checkout 4f2c9d1\n", "remove-history ask"),
        (f"RUN apk add git && {CLONE} && make -C /opt/tool && apk del git\n", "remove-history safe"),
        (f"RUN apk add git && {CLONE} && git -C /opt/tool checkout 4f2c9d1 && apk del git\n", "remove-history safe"),
        (f"RUN apk add --virtual .b git && {CLONE} && make -C /opt/tool && apk del .b\n", "remove-history safe"),
        (f"RUN apk add git && {CLONE} && make -C /opt/tool && apk del git\nRUN apk add git\n", "shallow ask"),
        (f"RUN apk add git && apk del git && {CLONE} && make -C /opt/tool\n", "shallow ask"),
    ],
)
def test_a_history_goes_without_asking_where_nothing_reads_it(lines: str, fix: str) -> None:
    snapshot = snapshot_of(f"FROM alpine:3.22\n{lines}")
    (reported,) = report(snapshot, rules=[git_history_kept])
    (found,) = reported.fixes
    assert f"{found.id} {found.safety.value}" == fix
    assert holds(snapshot, report(snapshot), reported, found)
