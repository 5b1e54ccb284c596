"""RUNs with a WORKDIR between them become one, in which each command runs where it did."""

from __future__ import annotations

import pytest

from merged_runs import merged


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        # The folder may be there or not; WORKDIR makes it.
        ("RUN a\nWORKDIR /b\nRUN c\n", "RUN a \\\n    && mkdir -p /b && cd /b && c\nWORKDIR /b\n"),
        ("WORKDIR /b\nRUN a\nWORKDIR /\nRUN c\n", "WORKDIR /b\nRUN a \\\n    && cd / && c\nWORKDIR /\n"),
        (
            "WORKDIR /a/b\nRUN a\nWORKDIR ..\nRUN c\nWORKDIR /\n",
            "WORKDIR /a/b\nRUN a \\\n    && cd /a && c\nWORKDIR /\n",
        ),
        (
            "RUN git clone https://x/y.git /y\nworkdir /y\nRUN c\n",
            "RUN git clone https://x/y.git /y \\\n    && cd /y && c\nworkdir /y\n",
        ),
        (
            "WORKDIR /b\nRUN rm -rf /b\nWORKDIR /b/c\nRUN d\nWORKDIR /\n",
            "WORKDIR /b\nRUN rm -rf /b \\\n    && mkdir -p /b/c && cd /b/c && d\nWORKDIR /\n",
        ),
        (
            "WORKDIR /b\nRUN rm -rf /b\nWORKDIR /\nRUN a\nWORKDIR /b\nRUN d\nWORKDIR /\n",
            "WORKDIR /b\nRUN rm -rf /b \\\n    && cd / && a \\\n    && mkdir -p /b && cd /b && d\nWORKDIR /\n",
        ),
        # Below works what worked there, and a folder that is gone does not come back.
        ("WORKDIR /a\nRUN a\nWORKDIR /a\nRUN c\n", "WORKDIR /a\nRUN a \\\n    && c\n"),
        (
            "WORKDIR /a\nRUN a\nWORKDIR /b\nRUN b\nWORKDIR /a\nRUN rm -rf /b\n",
            "WORKDIR /a\nRUN a \\\n    && mkdir -p /b && cd /b && b \\\n    && cd /a && rm -rf /b\n",
        ),
        ("RUN a\nWORKDIR /b\nRUN c\nWORKDIR /\n", "RUN a \\\n    && mkdir -p /b && cd /b && c\nWORKDIR /\n"),
        # A folder that goes is there again for whoever works in it: a RUN below, or a container.
        (
            "RUN a\nWORKDIR /b\nRUN rm -rf /b\nRUN c\n",
            "RUN a \\\n    && mkdir -p /b && cd /b && rm -rf /b \\\n    && mkdir -p /b && cd /b && c\nWORKDIR /b\n",
        ),
        ("WORKDIR /b\nRUN rm -rf /b\nRUN c\n", "WORKDIR /b\nRUN rm -rf /b \\\n    && mkdir -p /b && cd /b && c\n"),
        ("RUN a\nWORKDIR /b\nRUN rm -rf /b", "RUN a \\\n    && mkdir -p /b && cd /b && rm -rf /b\nWORKDIR /b"),
        # Scripts of other kinds.
        (
            "WORKDIR /b\nRUN set -e; a; b\nWORKDIR /\nRUN set -e; c; d\nWORKDIR /b\n",
            "WORKDIR /b\nRUN set -e; a; b; \\\n    cd /; c; d\nWORKDIR /b\n",
        ),
        (
            "WORKDIR /b\nRUN cd /x && a\nWORKDIR /\nRUN c; d\n",
            "WORKDIR /b\nRUN ( cd /x && a ) \\\n    && cd / && { c; d; }\nWORKDIR /\n",
        ),
        ("RUN a\n# why\nWORKDIR /\n# what\nRUN c\n", "RUN a \\\n# why\n# what\n    && c\n"),
    ],
)
def test_each_command_runs_where_it_did(lines: str, after: str) -> None:
    assert merged(lines) == after


@pytest.mark.parametrize(
    "lines",
    [
        "RUN a\nWORKDIR $UNKNOWN\nRUN c\n",
        'RUN a\nWORKDIR "/a b"\nRUN c\n',
        "USER app\nRUN a\nWORKDIR /b\nRUN c\n",  # WORKDIR makes it as root
        "WORKDIR /a/b\nRUN a\nWORKDIR ..\nRUN c\nRUN d\n",  # nobody wrote WORKDIR /a
        "RUN a\nWORKDIR /b\nUSER app\nRUN c\n",
        "RUN a\nWORKDIR \\\n  /b\nRUN c\n",
        "USER app\nWORKDIR /b\nRUN rm -rf /b\nRUN c\n",
    ],
)
def test_what_cannot_be_promised_is_left_alone(lines: str) -> None:
    assert merged(lines) is None
