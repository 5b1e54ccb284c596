"""Sources and histories that stay after they were built: who has to do with them, and where they are deleted."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.git_history_kept import git_history_kept
from deadweight.rules.rule import Rule, Safety
from deadweight.rules.sources_kept import sources_kept
from examples import snapshot_of

CLONE = "git clone --depth 1 https://github.com/a/b.git /src/b"
FULL = "git clone https://github.com/a/b.git /src/b"
PARTIAL = "git clone --filter=blob:none https://github.com/a/b.git /src/b"
ELSEWHERE, CLONED_ELSEWHERE = "git clone https://e.org/b /b", "git clone --depth 1 https://e.org/b /b"


def fix_of(rule: Rule, text: str) -> tuple[str, Safety] | None:
    """The file after the fix, in one line a RUN, and how safe it is; None where nothing is reported."""
    snapshot = snapshot_of(f"FROM debian:trixie\n{text}\n")
    found = report(snapshot, rules=[rule])
    if not found:
        return None
    fix = next(fix for fix in found[0].fixes if holds(snapshot, report(snapshot), found[0], fix))
    return fixed(snapshot, [fix]).text.partition("\n")[2].replace(" \\\n    ", " ").rstrip(), fix.safety


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"RUN {CLONE} && make -C /src/b install", f"RUN {CLONE} && make -C /src/b install && rm -rf /src/b"),
        (f"RUN {CLONE} && (cd /src/b && make install)", f"RUN {CLONE} && (cd /src/b && make install && rm -rf /src/b)"),
        (
            f"RUN {CLONE} && cmake -S /src/b -B /out && cmake --install /src/b/build",
            f"RUN {CLONE} && cmake -S /src/b -B /out && cmake --install /src/b/build && rm -rf /src/b",
        ),
        (
            "RUN wget -qO- https://e.org/a.tgz | tar xz && cd a-1/x && make install && cd / && b",
            "RUN wget -qO- https://e.org/a.tgz | tar xz && cd a-1/x && make install && rm -rf /a-1 && cd / && b",
        ),
    ],
)
def test_sources_go_behind_the_last_command_in_them(before: str, after: str) -> None:
    assert fix_of(sources_kept, before) == (after, Safety.SAFE)


@pytest.mark.parametrize(
    "text",
    [
        f"RUN {CLONE} && make -C /src/b",
        f"RUN {CLONE} && make -C /src/b install-docs",
        f"RUN {CLONE} && cd /src && make -C b install && ln -sf b/run.sh /usr/bin/run",
        f"RUN {CLONE} && cd /src/b && make install PREFIX=$PWD/out",
        f"RUN {CLONE} && make -C /src/b install && rm -rf /src",
        f'RUN {CLONE} && make -C /src/b install && rm -rf "$SOURCES"',
        f"RUN {CLONE} && make -C /src/b install\nRUN make -C /src/b check",
        f"RUN {CLONE} && make -C /src/b install\nENV PATH=/src/b/bin:$PATH",
        f"RUN {CLONE} && if a; then make -C /src/b install; fi",
        "WORKDIR /app\nRUN git clone https://e.org/app . && make install",
        "RUN wget -qO- https://e.org/a.tgz | tar xz -C /usr/local && cd /usr/local && make install",
    ],
)
def test_sources_that_are_used_or_shared_are_no_news(text: str) -> None:
    assert fix_of(sources_kept, text) is None


@pytest.mark.parametrize(
    ("before", "after", "safety"),
    [
        (f"RUN {FULL}", "RUN git clone --depth 1 https://github.com/a/b.git /src/b", Safety.SAFE),
        ("RUN git clone https://e.org/b /b", "RUN git clone --depth 1 https://e.org/b /b", Safety.ASK),
        (f"RUN {FULL} && make -C /src/b", f"RUN {PARTIAL} && make -C /src/b", Safety.SAFE),
        (f"RUN {FULL}\nRUN make -C /src/b", f"RUN {PARTIAL}\nRUN make -C /src/b", Safety.SAFE),
        (f"RUN {ELSEWHERE} && make -C /b", f"RUN {CLONED_ELSEWHERE} && make -C /b", Safety.ASK),
        (f"RUN {ELSEWHERE}\nRUN make -C /b", f"RUN {CLONED_ELSEWHERE}\nRUN make -C /b", Safety.ASK),
        (
            f"RUN {ELSEWHERE} && cd /b && git checkout v1 && make && cd / && a",
            f"RUN {ELSEWHERE} && cd /b && git checkout v1 && make && rm -rf /b/.git && cd / && a",
            Safety.ASK,
        ),
    ],
)
def test_a_history_is_cut_off_or_deleted(before: str, after: str, safety: Safety) -> None:
    assert fix_of(git_history_kept, before) == (after, safety)


@pytest.mark.parametrize(
    "text",
    [
        f"RUN {CLONE}",
        "RUN git clone --filter=blob:none https://github.com/a/b.git",
        f"RUN {FULL} && rm -rf /src/b/.git*",
        f"RUN {FULL} && mv /src/b/bin /opt && rm -r /src",
        f"RUN {FULL}\nRUN git -C /src/b checkout v1",
        f"RUN {FULL}\nRUN rm -rf /src/b/.git",
        "RUN git clone https://github.com/a/$NAME.git",
    ],
)
def test_a_history_that_is_short_read_or_gone_is_no_news(text: str) -> None:
    assert fix_of(git_history_kept, text) is None
