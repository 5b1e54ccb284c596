"""RUNs with an ENV between them become one, in which each command sees the variables that it saw."""

from __future__ import annotations

import pytest

from merged_runs import merged


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("RUN a\nENV A=1\nRUN c\n", "RUN a \\\n    && export A=1 && c\nENV A=1\n"),
        ("RUN a\nENV A=1\nRUN c", "RUN a \\\n    && export A=1 && c\nENV A=1"),
        ("RUN a\nenv A 1.2\nRUN c\n", "RUN a \\\n    && export A=1.2 && c\nenv A 1.2\n"),
        (
            "ENV A=0\nRUN a\nENV A=/x B=$A\nENV B=${A}/y\nRUN c\n",
            "ENV A=0\nRUN a \\\n    && export A=/x B=/x/y && c\nENV A=/x B=$A\nENV B=${A}/y\n",
        ),
        # What is set again needs no line.
        (
            "RUN a\nENV V=1\nRUN b $V\nENV V=2\nRUN c $V\n",
            "RUN a \\\n    && export V=1 && b $V \\\n    && export V=2 && c $V\nENV V=2\n",
        ),
        # With a WORKDIR, and scripts of other kinds.
        (
            "RUN a\nENV A=/b\nWORKDIR $A/c\nRUN c\nWORKDIR /\n",
            "RUN a \\\n    && export A=/b && mkdir -p /b/c && cd /b/c && c\nENV A=/b\nWORKDIR /\n",
        ),
        ("RUN cd /x && a\nENV A=1\nRUN c; d\n", "RUN ( cd /x && a ) \\\n    && export A=1 && { c; d; }\nENV A=1\n"),
        ("RUN set -e; a; b\nENV A=1\nRUN set -e; c\n", "RUN set -e; a; b; \\\n    export A=1; c\nENV A=1\n"),
        ("RUN a\n# why\nENV A=1\n# what\nRUN c\n", "RUN a \\\n# why\n# what\n    && export A=1 && c\nENV A=1\n"),
    ],
)
def test_each_command_sees_the_variables_that_it_saw(lines: str, after: str) -> None:
    assert merged(lines) == after


@pytest.mark.parametrize(
    "lines",
    [
        "RUN a\nENV PATH=/b:$PATH\nRUN c\n",  # only the base image knows the rest
        "RUN a\nENV A='b c'\nRUN c\n",
        "RUN a\nENV A=1 \\\n # why\n B=2\nRUN c\n",
        "RUN --mount=type=cache,target=$A a\nENV A=/b\nRUN --mount=type=cache,target=$A c\n",
        "RUN a\nARG A=1\nRUN c\n",  # --build-arg says another
        "RUN a\nENV A=1\nUSER app\nRUN c\n",
    ],
)
def test_what_cannot_be_promised_is_left_alone(lines: str) -> None:
    assert merged(lines) is None
