"""Problems: what BuildKit would reject, at its place."""

from __future__ import annotations

import pytest

from deadweight.syntax.dockerfile import MAX_LINE, parse
from deadweight.syntax.problems import find_problems


def problems(text: str) -> list[tuple[str, str]]:
    """The text each problem stands on, and its message."""
    return [(text[span.start : span.end], message) for span, message in find_problems(parse(text))]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "", "file with no instructions"),
        ("# a\n", "", "file with no instructions"),
        ("# escape=x \nFROM a", "# escape=x", "invalid escape token 'x': it is \\ or `"),
        ("# syntax=a\n# syntax=b\nFROM a", "# syntax=b", "only one syntax parser directive can be used"),
        ("RUN a\nRUN b", "RUN a", "no build stage yet: FROM comes first"),
        ("ARG a=b\nCOPY a b\nFROM c", "COPY a b", "no build stage yet: FROM comes first"),
        ("FROM a\nRUM b", "RUM", "unknown instruction: RUM"),
        ("FROM a\nx" + "y" * 99, "x" + "y" * 99, "unknown instruction: X" + "Y" * 56 + "..."),
        ("FROM", "FROM", "FROM requires at least one argument"),
        ("FROM a b", "FROM a b", "FROM requires either one or three arguments"),
        ("FROM a by b", "FROM a by b", "FROM requires either one or three arguments"),
        ("FROM a AS 1b", "1b", "invalid name for build stage: '1b'"),
        ("FROM a\nRUN --user=x b", "--user=x", "unknown flag: --user"),
        ("FROM a\nCOPY --from b c", "--from", "missing a value on flag: --from"),
        ("FROM a\nCOPY --link=maybe b c", "--link=maybe", "expecting boolean value for flag --link"),
        ("FROM a\nCOPY --chown=a --chown=b c d", "--chown=b", "duplicate flag specified: --chown"),
        ("FROM a\nCOPY b", "COPY b", "COPY requires at least two arguments"),
        ("FROM a\nCOPY <<A <<B\nA\nB\n", "<<B", "COPY cannot accept a heredoc as a destination"),
        ("FROM a\nRUN <<A\nb\n", "RUN <<A", "unterminated heredoc"),
        ("FROM a\nENV a", "ENV a", "ENV must have two arguments"),
        ("FROM a\nENV a=b \\\n  c", "c", "can't find = in 'c': it must be name=value"),
        ("FROM a\nLABEL =b", "=b", "LABEL names can not be blank"),
        ("FROM a\nARG =b", "=b", "ARG names can not be blank"),
        ("FROM a\nSHELL sh -c", "SHELL sh -c", "SHELL requires the arguments to be in JSON form"),
        ("FROM a\nSHELL []", "SHELL []", "SHELL requires at least one argument"),
        ("FROM a\nCMD [1]", "CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ('FROM a\nVOLUME ["/a", " "]', '" "', "VOLUME specified can not be an empty string"),
        ("FROM a\nHEALTHCHECK a", "a", "unknown type 'a' in HEALTHCHECK: it is CMD or NONE"),
        ("FROM a\nHEALTHCHECK NONE b", "b", "HEALTHCHECK NONE takes no arguments"),
        ("FROM a\nHEALTHCHECK CMD", "HEALTHCHECK CMD", "missing command after HEALTHCHECK CMD"),
        ("FROM a\nONBUILD", "ONBUILD", "ONBUILD requires at least one argument"),
        ("FROM a\nONBUILD from b", "from", "FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nONBUILD COPY b", "COPY b", "COPY requires at least two arguments"),
    ],
)
def test_problems_stand_where_they_are(text: str, place: str, message: str) -> None:
    assert problems(text) == [(place, message)]


@pytest.mark.parametrize(
    "text",
    [
        "ARG a\nFROM a",
        "FROM --platform=b a As c-1.x_y",
        "FROM a\nRUN",
        "FROM a\nRUN --mount=type=cache,target=/a --mount=type=tmpfs,target=/b c",
        "FROM a\nCOPY --link --from=b --exclude=c --exclude=d e f",
        "FROM a\nCOPY --link=FALSE --from= b c",
        "FROM a\nENV a b c\nENV d= e='f g'",
        "FROM a\nARG --x b\nARG c d=e",
        "FROM a\nSTOPSIGNAL a b",
        "FROM a\nCMD\nENTRYPOINT []\nCMD [ -f x ]",
        'FROM a\nSHELL ["sh", "-c"]\nVOLUME ["/a"]',
        'FROM a\nHEALTHCHECK --interval=1s CMD ["a"]\nHEALTHCHECK none',
        "FROM a\nCOPY <<A /b\nA\n",
        "FROM a\nONBUILD RUN b",
        "# check=skip=all\n# x\n# x\nFROM a",
    ],
)
def test_what_buildkit_accepts_has_no_problem(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize("line", ["RUN ", "# ", "", "é"])
def test_any_line_may_be_too_long(line: str) -> None:
    text = "FROM a\n" + line + "é" * (MAX_LINE // 2 + 1) + "\nRUN b\n"
    assert [message for _, message in problems(text)] == [f"a line is longer than {MAX_LINE} bytes"]
