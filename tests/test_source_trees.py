"""A clone that is but a source of what is installed elsewhere loses its history without asking; any other does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.git_history_kept import git_history_kept
from examples import snapshot_of

if TYPE_CHECKING:
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot

CLONE = "git clone https://github.com/example/tool.git /opt/tool"
BUILD = f"{CLONE} && cd /opt/tool && make"
MADE = 'd="$(mktemp -d)" && git clone https://github.com/a/b.git "$d/b" && cd "$d/b" && make'
TAKEN = f"{BUILD} && cp tool /usr/local/bin/"


def _fixed(lines: str) -> tuple[Snapshot, Fix]:
    snapshot = snapshot_of(f"FROM alpine:3.22\n{lines}")
    (reported,) = report(snapshot, rules=[git_history_kept])
    fix = next(each for each in reported.fixes if each.id != "partial")
    assert holds(snapshot, report(snapshot), reported, fix)
    return snapshot, fix


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (f"RUN {TAKEN}\n", f"RUN {BUILD} && rm -rf /opt/tool/.git && cp tool /usr/local/bin/\n"),
        (
            f"RUN {CLONE} && pip install /opt/tool\n",
            f"RUN {CLONE} && pip install /opt/tool \\\n    && rm -rf /opt/tool/.git\n",
        ),
        (
            f"RUN {CLONE} && cd /opt/tool && git checkout v1 && \\\n  mv x /bin\n",
            f"RUN {CLONE} && cd /opt/tool && git checkout v1 && \\\n  rm -rf /opt/tool/.git && \\\n  mv x /bin\n",
        ),
        (
            f"RUN {MADE} && mv x /bin\n",
            f'RUN {MADE} && rm -rf "$d/b/.git" && mv x /bin\n',
        ),
        (
            f"RUN {CLONE}\nRUN cd /opt/tool && make && cp tool /bin\n",
            f"RUN {CLONE} \\\n    && cd /opt/tool && make && rm -rf /opt/tool/.git && cp tool /bin\n",
        ),
        (
            f"RUN {CLONE}\nWORKDIR /opt/tool\nRUN make install\nWORKDIR /\n",
            f"RUN {CLONE} \\\n    && cd /opt/tool && make install && rm -rf /opt/tool\nWORKDIR /\n",
        ),
        # A folder of the system stays.
        (
            "RUN git clone https://github.com/a/b.git /srv\nRUN make -C /srv install\n",
            "RUN git clone https://github.com/a/b.git /srv \\\n    && make -C /srv install && rm -rf /srv/.git\n",
        ),
    ],
)
def test_the_history_of_a_source_goes_behind_what_builds_it(lines: str, after: str) -> None:
    snapshot, fix = _fixed(lines)
    assert (fix.safety.value, fixed(snapshot, [fix]).text) == ("safe", f"FROM alpine:3.22\n{after}")


@pytest.mark.parametrize(
    "lines",
    [
        # Nothing is taken out, or nobody knows what a command does.
        f"RUN {BUILD}\n",
        f"RUN {CLONE} && cd /opt/tool && ./install.sh && cp tool /bin\n",
        f"RUN {CLONE} && cd /opt/tool && npm install -g . && cp tool /bin\n",
        f"RUN {CLONE} && cd /opt/tool && make dev-link && cp tool /bin\n",
        # It is installed where it is, or a link or a text leads back.
        f"RUN {CLONE} && cd /opt/tool && pip install -e .\n",
        f"RUN {CLONE} && cd /opt/tool && python setup.py develop && cp tool /bin\n",
        f"RUN {CLONE} && cd /opt/tool && ./configure --prefix=/opt/tool/out && make && cp tool /bin\n",
        f"RUN {TAKEN} && ln -s /opt/tool/conf /etc/tool\n",
        f"RUN {TAKEN} && cp -s /opt/tool/run /bin/run\n",
        f"RUN {TAKEN} && echo 'PATH=$PATH:/opt/tool/bin' >> /etc/profile\n",
        f'RUN {TAKEN} && echo "cd $PWD" >> /root/.bashrc\n',
        f"RUN {TAKEN} && cp -r . /srv/tool\n",
        # What comes behind it names it, or starts there.
        f"RUN {TAKEN}\nWORKDIR /opt/tool\n",
        f'RUN {TAKEN}\nCMD ["/opt/tool/run"]\n',
        f"RUN {TAKEN}\nENV PATH=/opt/tool/bin:$PATH\n",
        f"RUN {TAKEN}\nENV TOOLS=/opt\n",
        f"RUN {TAKEN}\nCOPY update.sh /opt/tool/\n",
        f"RUN {TAKEN}\nRUN cd /opt/tool && bash update.sh\n",
        f"RUN {TAKEN}\nHEALTHCHECK CMD git -C /opt/tool status\n",
        f'RUN {TAKEN}\nENTRYPOINT ["/entrypoint.sh"]\n',
        f"RUN {TAKEN}\nRUN <<EOF\ncat > /start <<END\ncd /opt/tool\nEND\nEOF\n",
    ],
)
def test_a_clone_that_something_may_go_back_to_is_asked_about(lines: str) -> None:
    assert _fixed(lines)[1].safety.value == "ask"


def test_a_stage_that_stands_on_it_may_read_the_history() -> None:
    lines = f"RUN {TAKEN}\nFROM base AS test\nRUN cd /opt/tool && ./version.sh\nFROM base\n"
    snapshot = snapshot_of(f"FROM alpine:3.22 AS base\n{lines}")
    (reported,) = report(snapshot, rules=[git_history_kept])
    assert [f"{fix.id} {fix.safety.value}" for fix in reported.fixes] == ["partial safe", "shallow ask"]


def test_a_clone_at_the_root_of_an_unknown_base_is_removed_by_its_path() -> None:
    snapshot = snapshot_of("FROM example/base\nRUN git clone https://github.com/a/b.git && rm -rf /b\n")
    assert not report(snapshot, rules=[git_history_kept])
