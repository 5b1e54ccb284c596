"""Where names are declared and used, renaming them, and links.

In these Dockerfiles `«x»` is where a name is read, `«=x»` where it is declared or set, and `<|>` the cursor.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import json_lines
from deadweight.features.links import file_at, links
from deadweight.features.names import read_names
from deadweight.features.rename import Refusal, Renamable, Renaming, prepare, rename
from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.shell_variables import variables
from deadweight.text import Span, apply_edits
from examples import snapshot_of
from test_properties import sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deadweight.features.names import Names, Symbol
    from deadweight.model.stages import Build

CURSOR = "<|>"
MARK = re.compile("«(=?)([^»]*)»")


def unmarked(text: str) -> tuple[str, list[tuple[Span, bool]]]:
    """The text without marks, and the marked places with whether the name is declared or set there."""
    places: list[tuple[Span, bool]] = []
    plain, done = "", 0
    for match in MARK.finditer(text):
        plain += text[done : match.start()]
        places.append((Span(len(plain), len(plain) + len(match[2])), bool(match[1])))
        plain += match[2]
        done = match.end()
    return plain + text[done:], places


def assert_places(text: str) -> None:
    """From each marked place all of them are found, and no other."""
    plain, places = unmarked(text)
    names = read_names(Snapshot(parse(plain)))
    for place, _ in places:
        found = names.at(place.start)
        assert found, place
        assert [(each.span, each.use != "read") for each in found[0].occurrences] == places


def at_cursor(text: str) -> tuple[Snapshot, Names, int]:
    snapshot = Snapshot(parse(text.replace(CURSOR, "")))
    return snapshot, read_names(snapshot), text.index(CURSOR)


def definition(text: str) -> str:
    """The line that the definition of what is at the cursor stands on, from the defined name on."""
    snapshot, names, offset = at_cursor(text)
    found = names.at(offset)
    assert found
    span = found[1].definition
    return snapshot.text[span.start :].partition("\n")[0] if span else ""


def renamed(text: str, new: str) -> str:
    """The text after renaming what is at the cursor, or why it cannot be."""
    snapshot, names, offset = at_cursor(text)
    done = rename(snapshot, names, offset, new)
    return done.reason if isinstance(done, Refusal) else apply_edits(snapshot.text, done.edits)


# --- stages ---


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM a AS «=build»\nFROM «build»\nCOPY --from=«build» /x /y\n", id="FROM and COPY"),
        pytest.param("FROM a AS «=b»\nFROM c\nADD --chown=1 --from=«b» /x /y\n", id="ADD"),
        pytest.param("FROM a AS «=b»\nFROM c\nRUN --mount=type=bind,from=«b»,target=/x ls\n", id="a mount"),
        pytest.param('FROM a AS «=b»\nFROM c\nRUN --mount=from="«b»" --mount=type=cache,target=/x ls\n', id="quotes"),
        pytest.param("FROM a AS «=Build»\nFROM «BUILD»\nCOPY --from=«build» /x /y\n", id="in any case"),
        pytest.param("FROM a AS «=b»\nFROM c\nCOPY --from=«0» /x /y\nCOPY --from=«b» /x /y\n", id="by number"),
        pytest.param("«=FROM» a\nFROM c\nCOPY --from=«0» /x /y\n", id="a stage without a name"),
        pytest.param("FROM a AS «=b»\nFROM c\nONBUILD COPY --from=«b» /x /y\n", id="ONBUILD"),
        pytest.param("FROM a AS «=b»\r\nFROM \\\r\n  «b» \\\r\n  AS c\r\n", id="continued lines"),
        pytest.param("# escape=`\nFROM a AS «=b»\nFROM c\nCOPY `\n --from=«b» /x /y\n", id="another escape"),
        pytest.param("FROM a AS b\nFROM c AS «=b»\nFROM «b»\nCOPY --from=«b» /x /y\n", id="a later one of the name"),
        pytest.param("FROM a AS «=b»\nFROM «b» AS x\nFROM c AS b\nFROM b\n", id="FROM sees the stages above it"),
        pytest.param("FROM c\nCOPY --from=«b» /x /y\nFROM a AS «=b»\n", id="BuildKit finds a later one for COPY"),
        pytest.param("ARG V=x\nFROM a AS «=base-x»\nFROM «base-$V»\n", id="a name with variables"),
    ],
)
def test_places_of_a_stage(text: str) -> None:
    assert_places(text)


def test_a_name_that_is_no_stage_is_an_image() -> None:
    assert_places("FROM «node»\nFROM a AS b\nCOPY --from=«node» /x /y\n")
    assert_places("FROM «node» AS node\nFROM b\n")


# --- variables ---


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "ARG «=V»=1\nFROM a:$«V»\nFROM --platform=${«V»} b:${«V»:-x}\nRUN echo $V\n", id="FROM sees globals"
        ),
        pytest.param(
            "ARG «=V»=1\nFROM a:$«V»\nARG «=V»\nRUN echo $«V»\nFROM b\nRUN echo $V\n", id="a stage asks for it"
        ),
        pytest.param("ARG V=1\nFROM a:$V\nARG «=V»=2\nRUN echo $«V»\n", id="one of the stage's own"),
        pytest.param("FROM a\nARG «=V»=1\nENV «=V»=$«V»\nRUN echo $«V»\nENV «=V»=2\n", id="ARG and ENV"),
        pytest.param(
            "FROM a AS b\nENV «=V»=1\nFROM b\nRUN echo $«V»\nFROM c\nRUN echo $V\n", id="from the stage below"
        ),
        pytest.param("FROM a AS b\nARG «=V»\nFROM b\nRUN echo $«V»\n", id="an ARG from the stage below"),
        pytest.param("FROM a\nARG «=V»\nFROM b\nARG «=V»\nRUN echo $«V»\n", id="one build argument for two stages"),
        pytest.param("FROM a\nARG V=1\nFROM b\nARG «=V»=2\nRUN echo $«V»\n", id="two defaults are two variables"),
        pytest.param("FROM a\nENV «=V» 1 $W\nRUN echo $«V»\n", id="the old form of ENV"),
        pytest.param("FROM a\nENV A=1 «=V»=2 B=$«V»\nRUN echo $«V»\n", id="beside others in one ENV"),
        pytest.param("ARG «=V»=${«V»:-1}\nFROM a:$«V»\n", id="a default of itself"),
        pytest.param("FROM a\nENV «=V»=1\nRUN echo ${A:-${«V»:+x$«V»}}\n", id="nested"),
        pytest.param("FROM a\nENV «=V»=1\nENV B=${A:-${«V»#x$«V»}} C='$V' D=\"$«V»\" E=\\$V\n", id="quotes in ENV"),
        pytest.param("FROM a\nENV «=V»=1\nRUN echo '$V' \"$«V»\" \\$V $VV $«V»-$«V».tgz\n", id="quotes in RUN"),
        pytest.param("FROM a\nENV «=V»=1\nRUN V=2; echo $V\nRUN echo $«V»; V=2; echo $V\n", id="the script's own"),
        pytest.param("FROM a\nENV «=V»=1\nRUN for V in a b; do echo $V; done\nRUN (V=1); echo $«V»\n", id="loops"),
        pytest.param('FROM a\nENV «=V»=1\nRUN [ -n "$«V»" ] || «=V»=2; echo $«V»\n', id="a default in the script"),
        pytest.param("FROM a\nENV «=V»=1\nRUN V=2 make $«V»; export «V»; unset «V»\n", id="for one command"),
        pytest.param("FROM a\nENV «=V»=1\nRUN sh -c 'echo $«V»' && bash -c \"echo $«V»\"\n", id="a script in a script"),
        pytest.param(
            'FROM a\nENV «=V»=1\nRUN ["echo", "$V"]\nRUN ["sh", "-c", "echo \\"$«V»\\"\\n$«V»"]\n', id="exec form"
        ),
        pytest.param("FROM a\nENV «=V»=1\nRUN <<EOF\necho $«V»\nEOF\nRUN <<'EOF'\necho $«V»\nEOF\n", id="scripts"),
        pytest.param("FROM a\nENV «=V»=1\nRUN cat <<A\n$«V»\nA\nRUN cat <<'B'\n$V\nB\n", id="heredocs of a shell"),
        pytest.param("FROM a\nENV «=V»=1\nCOPY <<A <<\"B\" /x/\n'$«V»' \\$V\nA\n$V\nB\n", id="heredocs of COPY"),
        pytest.param("FROM a\nENV «=V»=1\nCOPY --chown=$«V»:${«V»} $«V» [$«V»] ./\n", id="COPY"),
        pytest.param('FROM a\nENV «=V»=1\nCOPY ["$«V»", "/${«V»}"]\nVOLUME ["/$«V»"]\n', id="arrays"),
        pytest.param("FROM a\nENV «=V»=1\nRUN --mount=type=cache,id=$«V»,target=/$«V» ls\n", id="mounts"),
        pytest.param(
            "FROM a\nENV «=V»=1\nRUN --mount=type=secret,id=x,env=V echo $V\nRUN echo $«V»\n", id="a secret's variable"
        ),
        pytest.param("FROM a\nENV «=V»=1\nADD --from=$«V» /a /b\n", id="where BuildKit wants none"),
        pytest.param("FROM a\nENV «=V»=1\nEXPOSE $«V» 1\nUSER $«V»\nWORKDIR /$«V»\nSTOPSIGNAL $«V»\n", id="others"),
        pytest.param('FROM a\nENV «=V»=1\nLABEL $«V»=$«V» b="x $«V»"\nMAINTAINER $V\n', id="LABEL"),
        pytest.param("FROM a\nENV «=V»=1\nONBUILD RUN echo $«V»\nONBUILD COPY $«V» .\n", id="ONBUILD"),
        pytest.param("FROM a\nENV «=V»=1\nCMD echo $«V»\nHEALTHCHECK --retries=1 CMD curl $«V»\n", id="when it runs"),
        pytest.param('FROM a\nENV «=V»=1\nENTRYPOINT ["tini", "--", "bash", "-ec", "x $«V»"]\n', id="ENTRYPOINT"),
        pytest.param("FROM a\nCMD echo $«V»\nENV «=V»=1\n", id="what runs later sees all of the stage"),
        pytest.param('FROM a\nSHELL ["pwsh", "-c"]\nENV «=V»=1\nRUN echo $env:«V» $V\n', id="PowerShell"),
        pytest.param('FROM a\nSHELL ["cmd", "/S", "/C"]\nENV «=V»=1\nRUN echo %«V»% $V\n', id="cmd"),
        pytest.param("FROM a\nENV «=V»=1\nRUN echo \\\n  # a comment\n  $«V» \\\n\n  ${«V»}\n", id="continued lines"),
        pytest.param("\ufeff# escape=`\r\nFROM a\r\nENV «=V»=1\r\nRUN echo `\r\n  $«V»\r\n", id="CRLF, another escape"),
        pytest.param(
            "FROM a\nARG «=TARGETARCH»\nRUN echo $«TARGETARCH»\nFROM b:$«TARGETARCH»\n", id="a platform argument"
        ),
        pytest.param("FROM a\nRUN echo $«V»\nRUN echo ${«V»}\n", id="one that nobody sets"),
    ],
)
def test_places_of_a_variable(text: str) -> None:
    assert_places(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nARG V=1\nENV V=2\nARG V=3\nRUN echo $<|>V\n", "V=2"),  # ENV wins
        ("FROM a\nENV V=1\nENV V=$<|>V\n", "V=1"),
        ("FROM a\nENV V=1\nRUN x\nENV V=2\nRUN echo $<|>V\nENV V=3\n", "V=2"),
        ("ARG V=1\nFROM a\nARG <|>V\n", "V=1"),
        ("ARG V=1\nFROM a\nARG V\nRUN echo $<|>V\n", "V"),
        ("FROM a\nRUN echo $V<|>\nENV V=1\n", ""),
        ("FROM a\nARG V=1\nCMD echo $<|>V\n", ""),  # an ARG is gone when the container runs
        ("FROM a\nCMD echo $<|>V\nENV V=1\n", "V=1"),
        ("FROM a AS b\nENV V=1\nFROM b\nENV W=1\nRUN echo $<|>V\n", "V=1"),
        ("ARG V=1\nFROM a:$<|>V\nARG V=2\n", "V=1"),
        ("FROM --platform=$<|>BUILDPLATFORM a\n", ""),
        ("FROM a AS b\nFROM <|>b\n", "b"),
        ("FROM a AS b\nFROM c\nCOPY --from=<|>0 x y\n", "b"),
        ("FROM a:1\nFROM c\nCOPY --from=<|>0 x y\n", "FROM a:1"),
        ("FROM a\nCOPY <<E /x\nE<|>\n", "E /x"),
        ("FROM <|>a\n", ""),
    ],
)
def test_a_definition_is_the_declaration_in_force(text: str, expected: str) -> None:
    assert definition(text) == expected


def test_what_begins_at_the_cursor_goes_before_what_ends_there() -> None:
    def name(text: str) -> str | None:
        _, names, offset = at_cursor(text)
        found = names.at(offset)
        return found and found[0].name

    assert name("FROM a\nRUN <|>$A$B\n") is None
    assert name("FROM a\nRUN $A<|>$B\n") == "A"
    assert name("FROM a AS b-1\nFROM <|>b-$V\n") is None
    assert name("ARG V=1\nFROM a AS b-1\nFROM <|>b-$V\n") == "b-1"
    assert name("ARG V=1\nFROM a AS b-1\nFROM b-$<|>V\n") == "V"
    assert name("ARG V=1\nFROM a AS b-1\nFROM b-$V<|>\n") == "V"


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nCOPY <<«=EOF» /x\nEOFX\n«EOF»\n",
        "FROM a\nRUN cat <<-\"«=A»\" 3<<'B' > /x\n\tA B\n\t«A»\nB\n",
        "FROM a\r\nRUN <<«=A» cat \\\r\n  x\r\nb\r\n«A»\r\n",
        "FROM a\nONBUILD RUN <<«=A»\nb\n«A»\n",
    ],
)
def test_places_of_a_heredoc(text: str) -> None:
    assert_places(text)


def test_another_frontends_language_has_no_names() -> None:
    assert read_names(Snapshot(parse("# syntax=other/language\nFROM a AS b\nFROM b\n"))).symbols == ()


# --- what a script takes from outside ---


@pytest.mark.parametrize(
    ("script", "outer", "own"),
    [
        ("A=1 && echo $A", [], {"A"}),
        ("if x; then A=1; fi; echo $A", ["A", "A"], set()),
        ("if x; then A=1; echo $A; fi", [], {"A"}),
        ("while read A; do echo $A; done", [], {"A"}),
        ("for i in 1; do echo $A; A=1; done", ["A", "A"], {"i"}),
        ("f() { echo $A; }; A=1; f", ["A", "A"], set()),
        ("f() { local A; echo $A; }; f", [], {"A"}),
        ("A=1 | echo $A; (A=2); A=3 & echo $A", ["A", "A"], {"A"}),
        ("A=$(A=1; echo $A)$A", ["A"], {"A"}),
        ("A+=x; echo $A", ["A", "A"], set()),
        ("export A=$A B; readonly C=$B", ["A", "B", "B"], {"A", "C"}),
        ("echo $((A + $B)) ${#C} ${D/$E/$F} $1 $$ $@", list("ABCDEF"), set()),
        ("((A++)); for ((i = 0; i < N; i++)); do :; done", ["A", "i", "i", "N", "i"], set()),
        ("case $A in $B) C=1;; esac; read -p D -r E F", ["A", "B"], {"C", "E", "F"}),
        ("getopts ab A; echo $A", [], {"A"}),
        ("echo $A-$B.tgz x-$C", ["A", "B", "C"], set()),
        ("echo '$A' \"$B", ["B"], set()),  # half-typed: what looks like a use is one
        ("[ " * 60 + "$A", ["A"], set()),
        ("sh <<'E'\necho $A\nE\n", ["A"], set()),
    ],
)
def test_what_a_script_takes_from_outside(script: str, outer: list[str], own: set[str]) -> None:
    found = variables(shell.parse(script))
    assert [use.name for use in found.outer] == outer
    assert set(found.own) == own
    assert all(script[slice(*use.span)] == use.name for use in found.outer)


def test_a_script_that_is_too_long_to_read_still_has_its_uses() -> None:
    script = f"echo $A {'x' * shell.MAX_CHARACTERS} \\$B"
    assert [use.name for use in variables(shell.parse(script)).outer] == ["A"]


# --- renaming ---


@pytest.mark.parametrize(
    ("text", "new", "expected"),
    [
        ("FROM a AS <|>b\nFROM c\nCOPY --from=b /b /b\n", "x", "FROM a AS x\nFROM c\nCOPY --from=x /b /b\n"),
        ("FROM a AS b\nFROM c\nADD --from=B<|> . .\n", "B2", "FROM a AS B2\nFROM c\nADD --from=B2 . .\n"),
        ("FROM a AS <|>b\nFROM c\nCOPY --from=0 . .\n", "d", "FROM a AS d\nFROM c\nCOPY --from=0 . .\n"),
        ("FROM a AS b\nFROM <|>b\n", "B", "FROM a AS B\nFROM B\n"),
        ("ARG V=1\nFROM a:$V\nARG V\nRUN echo ${<|>V}x\n", "W", "ARG W=1\nFROM a:$W\nARG W\nRUN echo ${W}x\n"),
        ("FROM a\nENV <|>V=/x:$V\nUSER $V\n", "W", "FROM a\nENV W=/x:$V\nUSER $W\n"),
        ("FROM a\nENV <|>V=1\nRUN echo $V; V=2; echo $V\n", "W", "FROM a\nENV W=1\nRUN echo $W; V=2; echo $V\n"),
        ("FROM a\nARG <|>V=1\nCMD echo $V\n", "W", "FROM a\nARG W=1\nCMD echo $V\n"),
        ("FROM a\nRUN cat <<-'<|>A'\n\tb\n\tA\n", "END.1", "FROM a\nRUN cat <<-'END.1'\n\tb\n\tEND.1\n"),
        ("FROM a\nENV A\\\nB=1\nRUN echo $A<|>\\\nB\n", "C", "FROM a\nENV C=1\nRUN echo $C\n"),
        ("FROM a\nENV <|>V=1\n", "V", "FROM a\nENV V=1\n"),
        ("FROM a\nENV <|>V=1\nFROM b\nENV W=1\n", "W", "FROM a\nENV W=1\nFROM b\nENV W=1\n"),
    ],
)  # fmt: skip
def test_what_is_renamed_and_what_is_not(text: str, new: str, expected: str) -> None:
    assert renamed(text, new) == expected


@pytest.mark.parametrize(
    ("text", "new", "reason"),
    [
        ("FROM a AS <|>b\n", "9x", "'9x' is no name of a stage: write a letter, then letters, digits, '-', '_' and "),
        ("FROM a AS <|>b\n", "x y", "'x y' is no name of a stage"),
        ("FROM a AS <|>b\n", "é", "'é' is no name of a stage"),
        ("FROM a AS <|>b\n", "Scratch", "'Scratch' is reserved"),
        ("FROM a AS <|>b\nFROM a AS c\n", "C", "'C' is the stage of line 2: write another name"),
        ("FROM a AS <|>b\nFROM node\n", "node", "'node' is an image of line 2"),
        ("FROM a AS <|>b\nCOPY --from=node x y\n", "node", "'node' is an image of line 2"),
        ("ARG V=x\nFROM a AS <|>b\nFROM base-$V\n", "base-2", "a FROM with variables may name 'base-2'"),
        ("ARG V=x\nFROM a AS <|>base-x\nFROM base-$V\n", "y", "a FROM with variables names base-x, or may"),
        ("ARG V=b\nFROM a AS <|>b\nFROM $V\n", "y", "a FROM with variables names b, or may"),
        ("FROM a AS b\nFROM c\nCOPY --from=<|>0 x y\n", "y", "this is the number of a stage: rename the stage"),
        ("FROM a\nFROM c\nCOPY --from=<|>0 x y\n", "y", "the stage has no name: give it one with AS"),
        ("FROM <|>node:22\n", "y", "node:22 is an image: it has its name from its registry"),
        ("FROM a\nENV <|>V=1\n", "9V", "'9V' is no name of a variable: write letters, digits and '_', no digit first"),
        ("FROM a\nENV <|>V=1\n", "V-W", "'V-W' is no name of a variable"),
        ("FROM a\nENV <|>V=1\n", "PATH", "'PATH' has a meaning of its own"),
        ("FROM a\nENV <|>V=1\n", "IFS", "'IFS' has a meaning of its own"),
        ("FROM a\nENV <|>V=1\nENV W=2\n", "W", "'W' is the variable of line 3: write another name"),
        ("FROM a\nENV <|>V=1\nRUN echo $W\n", "W", "'W' is a variable that these stages read or set"),
        ("FROM a\nENV <|>V=1\nRUN W=1; echo $W $V\n", "W", "'W' is a variable that these stages read or set"),
        ("FROM a AS b\nENV <|>V=1\nFROM b\nRUN echo $W\n", "W", "'W' is a variable that these stages read or set"),
        ("FROM a AS b\nENV W=1\nFROM b\nENV <|>V=1\n", "W", "'W' is the variable of line 2"),
        ("ARG <|>V=1\nFROM a\nARG W\n", "W", "'W' is the variable of line 3"),
        ("ARG W=1\nFROM a\nARG <|>V\n", "W", "'W' is the variable of line 1"),
        ("FROM a\nARG <|>TARGETARCH\n", "V", "TARGETARCH is a name that Docker sets"),
        ("FROM a\nENV <|>PATH=/x\n", "V", "PATH is a name that Docker sets"),
        ("FROM a\nRUN echo $<|>V\n", "W", "nothing in this file sets V for this place"),
        ("FROM a\nRUN <<<|>A\nB\nA\n", "B", "the heredoc has a line 'B': write another name"),
        ("FROM a\nRUN <<<|>A\nb\nA\n", "$B", "'$B' is no delimiter"),
        ("FROM a\nRUN <<'A'<|>B\nb\nAB\n", "C", "AB is quoted in parts: write it in one piece first"),
        ("FROM a\nCOPY <<<|>a.txt /etc/\nb\na.txt\n", "c", "a.txt is the name of the file that COPY writes"),
        ("FROM a\nRUN <|>ls\n", "x", "there is no name here"),
    ],
)  # fmt: skip
def test_a_renaming_that_would_change_the_meaning_is_refused(text: str, new: str, reason: str) -> None:
    said = renamed(text, new)
    assert said.startswith(reason)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a AS Buil<|>d\n", Renamable(Span(10, 15), "Build")),
        ("FROM a\nRUN <|>ls\n", None),
        ("FROM a<|>\n", Refusal("a is an image: it has its name from its registry")),
    ],
)
def test_what_can_be_renamed(text: str, expected: object) -> None:
    _, names, offset = at_cursor(text)
    assert prepare(names, offset) == expected


def test_a_note_says_whom_a_renaming_does_not_reach() -> None:
    def note(text: str) -> str:
        done = rename(*at_cursor(text), "NEW")
        assert isinstance(done, Renaming)
        return done.note

    assert note("ARG <|>V\nFROM a\n") == "Check: builds that pass --build-arg V"
    assert note("FROM a\nENV <|>V=1\n") == "Check: programs that read V"
    assert note("FROM a\nARG <|>V\nENV V=$V\n") == "Check: builds that pass --build-arg V and programs that read V"
    assert note("FROM a AS <|>b\n") == ""


def meaning(build: Build) -> list[object]:
    """The build graph and what each stage comes to, without the names of stages and variables."""
    found: list[object] = []
    for stage in build.stages:
        sources = [named.index if (named := build.find(name)) else name for name in stage.sources]
        # What the base image sets stays, whatever the file calls its own.
        own = stage.end.environment.union(stage.end.variables.keys() - stage.first.variables.keys())
        values = sorted(str(stage.end.variables[name]) for name in own)
        base = stage.base if isinstance(stage.base, int) else stage.base_text
        found.append((base, stage.platform, sources, values, stage.end.workdir, stage.end.user, bool(stage.name)))
    return found


def sureties(symbol: Symbol) -> Iterator[int]:
    """Where a symbol stands by name."""
    return (each.span.start for each in symbol.occurrences if each.manner == "name")


def test_renaming_every_name_of_real_files_keeps_the_build(shared: Path) -> None:
    texts = [file["text"] for file in json_lines(shared / "corpus" / "dockerfiles.jsonl.xz")]
    done = 0
    for text in texts[::20]:
        snapshot = Snapshot(parse(text))
        names = read_names(snapshot)
        for symbol in names.symbols:
            place = next(sureties(symbol), None)
            renaming = None if place is None else rename(snapshot, names, place, "zz_fresh")
            if not isinstance(renaming, Renaming):
                continue
            after = Snapshot(parse(apply_edits(text, renaming.edits)))
            assert meaning(after.build) == meaning(snapshot.build), (text, symbol)
            assert [type(piece) for piece in after.tree.pieces] == [type(piece) for piece in snapshot.tree.pieces]
            back = rename(after, read_names(after), min(edit.span.start for edit in renaming.edits), symbol.name)
            if isinstance(back, Renaming):  # not where the name is still read as one from outside
                again = apply_edits(after.text, back.edits)
                assert again == text or (symbol.kind == "stage" and again.lower() == text.lower())
                done += 1
    assert done > 200


# --- links ---


def linked(block: str, **options: Any) -> list[tuple[str, str]]:
    """The linked stretches of a Dockerfile, and where each leads."""
    snapshot = snapshot_of(block)
    if options:
        snapshot = Snapshot(snapshot.tree, snapshot.context, Options(**options))
    return [(snapshot.text[slice(*link.span)], link.url or link.path) for link in links(snapshot)]


@pytest.mark.parametrize(
    ("image", "page"),
    [
        ("node:22-slim", "https://hub.docker.com/_/node"),
        ("node@sha256:ab12", "https://hub.docker.com/_/node"),
        ("docker.io/library/node", "https://hub.docker.com/_/node"),
        ("mirror.gcr.io/library/node", "https://hub.docker.com/_/node"),
        ("bitnami/node:22", "https://hub.docker.com/r/bitnami/node"),
        ("ghcr.io/astral-sh/uv:latest", "https://ghcr.io/astral-sh/uv"),
        ("quay.io/minio/mc", "https://quay.io/repository/minio/mc"),
        ("mcr.microsoft.com/dotnet/sdk:9.0", "https://mcr.microsoft.com/artifact/mar/dotnet/sdk"),
        ("gcr.io/distroless/static", "https://gcr.io/distroless/static"),
        ("us-west1-docker.pkg.dev/a/b/c", "https://us-west1-docker.pkg.dev/a/b/c"),
        ("public.ecr.aws/lambda/python:3.13", "https://gallery.ecr.aws/lambda/python"),
        ("localhost:5000/a", None),
        ("registry.example.org/a", None),
        ("scratch", None),
        ("Not:a:reference", None),
    ],
)
def test_an_image_leads_to_its_page(image: str, page: str | None) -> None:
    expected = [(image, page)] if page else []
    assert linked(f"FROM {image}\n") == expected
    assert linked(f"FROM scratch\nCOPY --from={image} /a /b\n") == expected
    assert linked(f"FROM scratch\nRUN --mount=from={image},target=/x ls\n") == expected


def test_an_image_that_an_argument_names_is_known_by_its_default() -> None:
    assert linked("ARG V=22\nFROM node:$V\n") == [("node:$V", "https://hub.docker.com/_/node")]
    assert linked("FROM $IMAGE\nFROM node:$V\n") == []
    assert linked("ARG I\nFROM $I\n", build_args={"I": "node"}) == [("$I", "https://hub.docker.com/_/node")]


def test_a_further_context_is_no_image() -> None:
    how = HowBuilt(
        "/p", build=DeclaredBuild("/p", ".", "compose.yaml", contexts={"a": "../a", "b": "docker-image://c"})
    )
    text = "FROM node\nCOPY --from=a / /\nCOPY --from=x / /\nRUN --mount=from=a true\nFROM b\nFROM a\n"
    found = [(name, url) for name, url in linked(text, how=how) if url.startswith("https://hub")]
    assert found == [
        ("node", "https://hub.docker.com/_/node"),
        ("x", "https://hub.docker.com/_/x"),
        ("b", "https://hub.docker.com/_/c"),
    ]


def test_a_stage_is_no_image() -> None:
    text = "FROM scratch AS node\nFROM node\nCOPY --from=node /a /b\nCOPY --from=0 /a /b\n"
    assert linked(text) == []


FILES = "//- Dockerfile\n{}//- package.json\n{{}}\n//- src/app.js\n1\n//- .dockerignore\nsecret\n//- secret\nx\n"


def test_local_sources_lead_to_the_files_that_are_there() -> None:
    block = FILES.format(
        "FROM scratch\nENV F=package\n"
        'COPY package.json ./src/app.js src *.json nothing secret /x/\nCOPY ["$F.json", "/x/"]\nADD /package.json /x\n'
        "COPY --from=a package.json /x\nRUN --mount=type=bind,source=package.json,target=/x ls\n"
        "RUN --mount=source=src,target=/x --mount=type=cache,source=package.json,target=/y ls\n"
        "ONBUILD COPY package.json /x\n"
    )
    assert [pair for pair in linked(block) if not pair[1].startswith("https")] == [
        ("package.json", "package.json"),
        ("./src/app.js", "src/app.js"),
        ("$F.json", "package.json"),
        ("/package.json", "package.json"),
        ("package.json", "package.json"),
    ]


def test_the_file_at_the_cursor() -> None:
    block = FILES.format("FROM scratch\nCOPY package.json src/app.js /x/\n# package.json\n")
    snapshot = snapshot_of(block)
    for word, path in (("package.json", "package.json"), ("src/app.js", "src/app.js"), ("/x/", None), ("# p", None)):
        assert file_at(snapshot, snapshot.text.index(word) + 1) == path


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("ADD https://example.org/a.tgz /x", ["https://example.org/a.tgz"]),
        ("RUN curl -L 'https://example.org/a?b=1&c=2' -o x", ["https://example.org/a?b=1&c=2"]),
        ("RUN wget https://example.org/a&& ls; curl http://b/c;", ["https://example.org/a", "http://b/c"]),
        ('LABEL a.url="https://example.org/x" b=https://example.org/y', ["https://example.org/x", "https://example.org/y"]),
        ("# see https://example.org/a, (http://b.example/).", ["https://example.org/a", "http://b.example/"]),
        ("RUN curl https://example.org/$V.tgz https://example.org/{a,b} git+https://example.org/c ftp://d", []),
        ("RUN curl https:// http://$HOST/", []),
    ],
)  # fmt: skip
def test_urls_that_are_words_of_their_own(text: str, urls: list[str]) -> None:
    assert [url for _, url in linked(f"FROM scratch\n{text}\n")] == urls


def test_a_url_of_add_with_variables() -> None:
    found = linked("FROM scratch\nARG V=1\nADD https://example.org/$V.tgz /x\nADD https://example.org/$W /x\n")
    assert found == [("https://example.org/$V.tgz", "https://example.org/1.tgz")]


def test_the_frontend_is_an_image_too() -> None:
    page = "https://hub.docker.com/r/docker/dockerfile"
    assert linked("\ufeff# syntax=docker/dockerfile:1\nFROM scratch\n") == [("docker/dockerfile:1", page)]
    other = linked("# syntax = other/language\nFROM node\n")
    assert other == [("other/language", "https://hub.docker.com/r/other/language")]


def test_tooltips_say_what_is_there() -> None:
    block = FILES.format("ARG V=22\nFROM node:$V\nCOPY package.json /x/\n")
    assert [link.tooltip for link in links(snapshot_of(block))] == [
        "node:22 on Docker Hub",
        "package.json in the build context",
    ]


# --- any text ---


PIECES = (
    *("FROM a AS b\n", "FROM b", "ARG V", "ENV V=", "$V", "${V:-$W}", "RUN V=1; ", " --from=b ", "'", '"', "CMD "),
    *("<<E\n", "E\n", "COPY ", "\\\n", "\n", "\r\n", "[", '["sh", "-c", "', '"]', "ONBUILD ", 'SHELL ["cmd"]\n'),
    *("for V in $V; do ", "done", "--mount=from=b,source=$V ", "%V%", "# syntax=a/b\n", "=", " ", "0", "é"),
    "https://a/b",
)
texts = sources | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@settings(max_examples=300)
@given(texts)
def test_nothing_raises_and_spans_lie_inside(text: str) -> None:
    snapshot = Snapshot(parse(text))
    names = read_names(snapshot)
    for symbol in names.symbols:
        for each in symbol.occurrences:
            assert 0 <= each.span.start < each.span.end <= len(text)
            assert names.at(each.span.start)
            prepare(names, each.span.start)
            renaming = rename(snapshot, names, each.span.start, "fresh")
            if isinstance(renaming, Renaming):
                apply_edits(text, renaming.edits)
    for link in links(snapshot):
        assert 0 <= link.span.start < link.span.end <= len(text)
        assert bool(link.url) != bool(link.path)
