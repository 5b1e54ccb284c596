"""The script of a RUN, and the way from its offsets back to the Dockerfile."""

from __future__ import annotations

import pytest

from deadweight.syntax.dockerfile import Instruction, parse
from deadweight.syntax.run import RunBody, is_posix, program_name, run_body
from deadweight.text import Span


def body(text: str, shell: tuple[str, ...] = ()) -> tuple[Instruction, RunBody | None]:
    """The one instruction of `text` and its script."""
    (placed,) = parse(text).instructions
    return placed.instruction, run_body(placed.instruction, shell)


def script(text: str, shell: tuple[str, ...] = ()) -> str | None:
    """The text that the shell reads."""
    found = body(text, shell)[1]
    return found.source.text if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a && b\n", "a && b"),
        ("RUN --mount=type=cache,target=/x a \\\n# c\n  && b\n", "a   && b"),
        ('RUN ["a"]\n', None),
        ("RUN\n", None),
        ("RUN <<A\nx\ny\nA\n", "x\ny\n"),
        ("RUN <<-A\n\tx\x0c\ty\n\t\tz\nA\n", "x\x0c\ty\nz\n"),
        ("RUN 3<<A\nx\nA\n", "x\n"),
        ("RUN <<'A B'\nx\nA B\n", "x\n"),
        ("RUN <<A\nA\n", ""),
        ("RUN cat <<A >b && c\nx\nA\n", "cat <<A >b && c\nx\nA\n"),
        ("RUN cat <<A <<-B\r\nx\r\nA\r\n\ty\r\n\tB\r\n", "cat <<A <<-B\nx\r\nA\n\ty\r\nB\n"),
    ],
)
def test_what_the_shell_reads(text: str, expected: str | None) -> None:
    assert script(text) == expected


@pytest.mark.parametrize(
    ("text", "form", "options"),
    [
        ("RUN a\n", "shell", ("-ec",)),
        ("RUN cat <<A\nx\nA\n", "shell", ("-ec",)),
        ("RUN <<A\nx\nA\n", "script", ("-ec",)),
        ("RUN <<A\n#!/bin/sh -e\nx\nA\n", "script", ("-e",)),
        ("RUN <<A\n#!/usr/bin/env -S bash -eu -o pipefail\nx\nA\n", "script", ("-eu", "-o", "pipefail")),
        ("RUN <<A\n#!/usr/bin/env bash\nx\nA\n", "script", ()),
    ],
)
def test_how_the_shell_is_started(text: str, form: str, options: tuple[str, ...]) -> None:
    found = body(text, ("/bin/bash", "-ec"))[1]
    assert found is not None
    assert (found.form, found.options) == (form, options)


def test_another_language_is_no_shell_script() -> None:
    assert script("RUN <<A\n#!/usr/bin/env python3\nx\nA\n") is None
    assert script("RUN a\n", ("powershell", "-Command")) is None
    assert script("RUN <<A\na\nA\n", ("cmd", "/S", "/C")) is None
    assert script("RUN <<A\n#!/bin/sh\na\nA\n", ("powershell",)) == "#!/bin/sh\na\n"


@pytest.mark.parametrize(
    ("text", "word", "source"),
    [
        ("RUN a && inst\\\n# c\n\n all x\n", "install", "inst\\\n# c\n\n all"),
        ("RUN a \\\n  && curl x\n", "curl", "curl"),
        ("RUN <<-A\n\ta\n\t\tcurl\n\tA\n", "curl", "curl"),
        ("RUN cat <<A && b\nx\ncurl\nA\n", "curl", "curl"),
        ("RUN cat <<-A <<B && b\n\tx\n\tA\ncurl\nB\n", "curl", "curl"),
        ("RUN cat <<-A && b\n\tx\n\tA\n", "\nA\n", None),
    ],
)
def test_spans_lead_back(text: str, word: str, source: str | None) -> None:
    instruction, found = body(text)
    assert found is not None
    # ` all` starts with the blank that the next line starts with.
    target = word if word in found.source.text else word.replace("all", " all")
    start = found.source.text.index(target)
    span = found.span(Span(start, start + len(target)))
    assert 0 <= span.start <= span.end <= len(instruction.text)
    if source is not None:
        assert instruction.text[span.start : span.end] == source


@pytest.mark.parametrize(
    ("shell", "expected"),
    [((), True), (("/bin/sh",), True), (("bash", "-c"), True), (("powershell",), False), (("cmd",), False)],
)
def test_posix_shells(shell: tuple[str, ...], expected: bool) -> None:
    assert is_posix(shell) is expected
    assert program_name("/usr/bin/apt-get") == "apt-get"
