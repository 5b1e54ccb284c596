"""What an editor colours: the tokens of Dockerfiles and of shell scripts, and the numbers that a client is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from deadweight.features.kinds import TOKEN_TYPES
from deadweight.features.outline import NOTHING
from deadweight.features.semantic_tokens import Token, piece_tokens, pieces_to_colour
from deadweight.lsp.token_data import DECLARATION, code_for, difference, in_numbers, joined
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.shell_tokens import tokens
from deadweight.text import Encoding, Position, Span, Text, units
from test_corpus import corpus
from test_properties import encodings, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def tokens_of(text: str) -> Iterator[Token]:
    offset = 0
    for piece, reading in pieces_to_colour(parse(text)):
        for token in piece_tokens(piece, reading):
            yield token._replace(span=token.span.shifted(offset))
        offset += len(piece.text)


def coloured(text: str, *only: str) -> list[str]:
    """Each token as its type and its text; a name that gets its meaning there has a `!`."""
    return [
        f"{type_}{'!' * declares} {text[start:end]}"
        for (start, end), type_, declares in tokens_of(text)
        if not only or type_ in only
    ]


def in_shell(text: str, *only: str) -> list[str]:
    found = tokens(shell.parse(text))
    return [f"{kind} {text[start:end]}" for (start, end), kind in found if not only or kind in only]


# --- instructions ---


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# a comment", "comment # a comment"),
        ("# syntax = docker/dockerfile:1", "comment # · keyword syntax · operator = · string docker/dockerfile:1"),
        ("#escape=`", "comment # · keyword escape · operator = · string `"),
        ("FROM a\n# syntax=x", "keyword FROM · type a · comment # syntax=x"),
        ("from node:22 as Build", "keyword from · type node · enumMember 22 · keyword as · namespace! Build"),
        ("FROM a.b:5000/c@sha256:d", "keyword FROM · type a.b:5000/c · enumMember sha256:d"),
        (
            "FROM --platform=$P $R/node:${T:-22}-slim",
            (
                "keyword FROM · parameter --platform · variable $P · variable $R · type /node · variable ${T · "
                "operator :- · string 22 · variable } · enumMember -slim"
            ),
        ),
        ("FROM ${", "keyword FROM"),
        ("ARG A B=$C", "keyword ARG · variable! A · variable! B · operator = · variable $C"),
        (
            "ENV A='b' C=\"d ${E} f\" G=h\\ i",
            (
                "keyword ENV · variable! A · operator = · string 'b' · variable! C · operator = · string \"d  · "
                'variable ${E} · string  f" · variable! G · operator = · string h\\ i'
            ),
        ),
        ("ENV A b $C", "keyword ENV · variable! A · string b  · variable $C"),
        (
            "ENV A=${B:-${C}x}",
            (
                "keyword ENV · variable! A · operator = · variable ${B · operator :- · variable ${C} · string x · "
                "variable }"
            ),
        ),
        ("LABEL a.b=c", "keyword LABEL · property! a.b · operator = · string c"),
        ("WORKDIR /a/$B", "keyword WORKDIR · variable $B"),
        ("USER 'a'", "keyword USER · string 'a'"),
        ("EXPOSE 80/tcp $P 1-2", "keyword EXPOSE · number 80 · variable $P · number 1 · number 2"),
        ("MAINTAINER a b", "keyword MAINTAINER · string a b"),
        ("COPY --chown=$U:g a $B ./", "keyword COPY · parameter --chown · variable $U · string :g · variable $B"),
        ('COPY ["a", "$B"]', 'keyword COPY · string "a" · string " · variable $B · string "'),
        ("COPY --link a b", "keyword COPY · parameter --link"),
        ('CMD ["a", "b"]', 'keyword CMD · string "a" · string "b"'),
        ("ENTRYPOINT a -b", "keyword ENTRYPOINT · function a · parameter -b"),
        (
            "HEALTHCHECK --retries=3 CMD a || exit 1",
            (
                "keyword HEALTHCHECK · parameter --retries · string 3 · keyword CMD · function a · operator || · "
                "function exit · number 1"
            ),
        ),
        ('HEALTHCHECK CMD ["a"]', 'keyword HEALTHCHECK · keyword CMD · string "a"'),
        ("HEALTHCHECK NONE", "keyword HEALTHCHECK · keyword NONE"),
        ("ONBUILD RUN a -b", "keyword ONBUILD · keyword RUN · function a · parameter -b"),
        ("ONBUILD", "keyword ONBUILD"),
        ("RNU a", ""),
    ],
)
def test_what_an_instruction_is_made_of(text: str, found: str) -> None:
    assert " · ".join(coloured(text)) == found


def test_a_mount_is_pairs() -> None:
    assert coloured("FROM a AS b\nFROM c\nRUN --mount=type=bind,from=b,ro,source=$X c")[7:] == [
        *("parameter --mount", "property type", "string bind", "property from", "namespace b", "property ro"),
        *("property source", "variable $X", "function c"),
    ]


def test_a_name_is_a_stage_where_there_is_one_above() -> None:
    text = (
        "FROM b AS b\nFROM B\nCOPY --from=b x y\nCOPY --from=0 x y\nCOPY --from=1 x y\nCOPY --from=b:1 x y\nFROM c AS c"
    )
    assert coloured(text, "namespace", "type", "enumMember") == [
        *("type b", "namespace! b", "namespace B", "namespace b", "namespace 0", "type 1", "type b", "enumMember 1"),
        *("type c", "namespace! c"),
    ]


def test_a_global_argument_may_name_a_stage() -> None:
    assert coloured("ARG B=a\nFROM x AS a\nFROM $B", "variable", "type")[-1] == "variable $B"
    assert coloured("ARG B=a\nFROM x AS a\nFROM ${B}a", "type")[-1] == "type a"


def test_a_continued_word_is_coloured_on_each_of_its_lines() -> None:
    assert coloured('RUN a "b \\\n  # why\n  c" && d') == [
        *("keyword RUN", "function a", 'string "b ', "comment # why", 'string   c"', "operator &&", "function d"),
    ]
    assert coloured("EN\\\nV a=b\\\nc") == [
        *("keyword EN", "keyword V", "variable! a", "operator =", "string b", "string c"),
    ]


def test_with_another_escape_character() -> None:
    assert coloured("# escape=`\nRUN a `\n  # b\n  && c", "function", "comment") == [
        *("comment #", "function a", "comment # b", "function c"),
    ]


# --- heredocs ---


def test_files_in_heredocs_are_text_with_variables() -> None:
    assert coloured("COPY <<A <<'B' /x\n1 $C \\$D\nA\n$E\nB\n") == [
        *("keyword COPY", "operator <<", "macro A", "operator <<", "macro 'B'"),
        *("string 1 ", "variable $C", "string  \\$D\n", "macro A", "string $E\n", "macro B"),
    ]


def test_scripts_in_heredocs_are_shell() -> None:
    script = ["keyword if", "function a", "operator ;", "keyword then", "function b", "comment # c", "keyword fi"]
    text = "RUN <<-E\n\tif a; then\n\t\tb # c\n\tfi\n\tE\n"
    assert coloured(text) == ["keyword RUN", "operator <<-", "macro E", *script, "macro E"]
    assert coloured(text.replace("RUN", "RUN bash")) == [
        *("keyword RUN", "function bash", "operator <<-", "macro E", *script, "macro E"),
    ]


def test_a_script_of_another_language_is_left_alone() -> None:
    assert coloured("RUN <<E\n#!/usr/bin/env python3\nif a: b\nE\n") == [
        *("keyword RUN", "operator <<", "macro E", "macro E"),
    ]


def test_what_windows_shells_read_is_left_alone() -> None:
    for head in (
        'FROM a\nSHELL ["powershell"]',
        "FROM mcr.microsoft.com/windows/servercore:ltsc2022",
        "ARG B=mcr.microsoft.com/windows/nanoserver\nFROM $B",
        'FROM a AS b\nSHELL ["cmd", "/S"]\nFROM B',
    ):
        assert coloured(f"{head}\nRUN dir -x && 'y'\n")[-1] == "keyword RUN"
    assert coloured('FROM a\nSHELL ["cmd"]\nSHELL ["bash", "-c"]\nRUN a')[-1] == "function a"


# --- shell ---


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a --b=c -d - x -y=", "command a · option --b · option -d · option - · option -y"),
        (
            'A=1 B="$C" d',
            (
                'assigned A · operator = · number 1 · assigned B · operator = · string " · variable $C · string " · '
                "command d"
            ),
        ),
        (
            "a 2>&1 >b; c <<< d &",
            (
                "command a · operator 2 · operator >& · number 1 · operator > · operator ; · command c · "
                "operator <<< · operator &"
            ),
        ),
        (
            "a $b${c} $1 $? ${d:-e} ${#f}",
            (
                "command a · variable $b · variable ${c} · variable $1 · variable $? · variable ${d · operator :- · "
                "string e · variable } · variable ${ · operator # · variable f}"
            ),
        ),
        (
            "a \"b $(c 'd') e\" `f`",
            (
                "command a · string \"b  · operator $( · command c · string 'd' · operator ) · string  e\" · "
                "operator ` · command f · operator `"
            ),
        ),
        (
            "for a in b; do c; done",
            "keyword for · assigned a · keyword in · operator ; · keyword do · command c · operator ; · keyword done",
        ),
        (
            "case $a in b*) c;; esac",
            "keyword case · variable $a · keyword in · string b* · operator ) · command c · operator ;; · keyword esac",
        ),
        (
            "f() { local a=b; }",
            (
                "function f · operator ( · operator ) · operator { · keyword local · assigned a · operator = · "
                "operator ; · operator }"
            ),
        ),
        ("[ -f a ] && ! b", "operator [ · operator -f · operator ] · operator && · operator ! · command b"),
        ("a # b", "command a · comment # b"),
        ("/usr/bin/a-b -c", "command /usr/bin/a-b · option -c"),
        ('"$A"/b c', 'string " · variable $A · string " · command /b'),
        ("é '𝄞' \"é$a\"", "command é · string '𝄞' · string \"é · variable $a · string \""),
        (
            "cat <<E > b\nc $d\nE\n",
            "command cat · operator << · delimiter E · operator > · string c  · variable $d · string \n · delimiter E",
        ),
        ("sh -c 'a && b'", "command sh · option -c · string ' · command a · operator && · command b · string '"),
        ('sh -c "a $b"', 'command sh · option -c · string "a  · variable $b · string "'),
        ("a '", "command a"),
        ("", ""),
    ],
)
def test_what_a_script_is_made_of(text: str, found: str) -> None:
    assert " · ".join(in_shell(text)) == found


def test_a_script_that_is_too_long_has_no_tokens() -> None:
    assert in_shell("a;" * shell.MAX_CHARACTERS) == []


def test_scripts_in_scripts_end_somewhere() -> None:
    names = "ABCDEFGHIJKL"
    text = "".join(f"bash <<{name}\n" for name in names) + "a -b\n" + "".join(f"{name}\n" for name in names[::-1])
    assert in_shell(text, "command") == ["command bash"] * (shell.MAX_INNER + 1)


# --- numbers ---


def sent(text: str, encoding: Encoding, **known: list[str]) -> list[tuple[Position, int, str]]:
    """Where the tokens start, how long they are, and of which type, as a client reads its numbers."""
    code = code_for(capabilities(**known), encoding)
    return read(
        joined([in_numbers(piece, reading, code) for piece, reading in pieces_to_colour(parse(text))], Position(0, 0))
    )


def capabilities(types_: list[str] | None = None, modifiers: list[str] | None = None) -> types.ClientCapabilities:
    if types_ is None:
        return types.ClientCapabilities()
    requests = types.ClientSemanticTokensRequestOptions(full=True)
    known = types.SemanticTokensClientCapabilities(requests, types_, modifiers or [], [types.TokenFormat.Relative])
    return types.ClientCapabilities(text_document=types.TextDocumentClientCapabilities(semantic_tokens=known))


def read(data: list[int]) -> list[tuple[Position, int, str]]:
    found = []
    line = column = 0
    for down, right, length, type_, _ in zip(*[iter(data)] * 5, strict=True):
        line, column = line + down, right if down else column + right
        found.append((Position(line, column), length, TOKEN_TYPES[type_]))
    return found


def test_the_legend_is_of_the_standard() -> None:
    assert set(TOKEN_TYPES) <= {each.value for each in types.SemanticTokenTypes}
    assert {DECLARATION} <= {each.value for each in types.SemanticTokenModifiers}


@pytest.mark.parametrize(("encoding", "column", "length"), [("utf-8", 12, 8), ("utf-16", 9, 5), ("utf-32", 8, 4)])
def test_numbers_count_as_the_client_counts(encoding: Encoding, column: int, length: int) -> None:
    assert sent("USER é𝄞 '𝄞é'", encoding)[-1] == (Position(0, column), length, "string")


def test_the_byte_order_mark_moves_the_first_line_only() -> None:
    found = sent("\ufeffFROM a \\\n  AS b\nUSER '1'", "utf-8")
    assert [position for position, _, _ in found] == [(0, 3), (0, 8), (1, 2), (1, 5), (2, 0), (2, 5)]


def test_no_token_goes_over_a_line_end() -> None:
    found = sent("COPY <<A b\r\nc\r\n\r\nd e\rf\nA\r\n", "utf-16")
    assert found[3:] == [
        *((Position(1, 0), 1, "string"), (Position(3, 0), 3, "string"), (Position(4, 0), 1, "string")),
        (Position(5, 0), 1, "macro"),
    ]


def test_a_client_gets_what_it_knows() -> None:
    text = "FROM a AS b\nENV a=$b\n"
    assert [type_ for _, _, type_ in sent(text, "utf-16", types_=["variable", "keyword"])] == [
        *("keyword", "keyword", "keyword", "variable", "variable"),
    ]
    assert sent(text, "utf-16", types_=[]) == []
    piece = parse("ARG a").pieces[0]
    bits = [
        in_numbers(piece, NOTHING, code_for(capabilities(["variable"], modifiers), "utf-16")).data[4]
        for modifiers in (["declaration"], ["static"])
    ]
    assert bits == [1, 0]


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_a_difference_turns_one_list_into_the_other(before: list[int], after: list[int]) -> None:
    changed = list(before)
    for edit in difference(before, after):
        changed[edit.start : edit.start + edit.delete_count] = edit.data or []
    assert changed == after
    assert bool(difference(before, after)) == (before != after)


# --- what holds for any text ---


def assert_sound(text: str, encoding: Encoding) -> None:
    """Tokens are in order and apart, and their numbers are where the text store says they are."""
    store = Text(text)
    expected = []
    done = 0
    for (start, end), type_, _ in tokens_of(text):
        assert done <= start < end <= len(text)
        done = end
        while start < end:
            position = store.position(start, encoding)
            line = store.line(position.line)
            next_line = store.offset((position.line, 0)) + len(line)
            stop = min(end, store.offset((position.line, len(line))))
            if length := units(store.slice(Span(start, stop)), encoding) if start < stop else 0:
                expected.append((position, length, type_))
            start = next_line
    assert sent(text, encoding) == expected


@given(sources, encodings)
def test_any_text_has_tokens(text: str, encoding: Encoding) -> None:
    assert_sound(text, encoding)


SHELL_PIECES = (
    *("a ", "-b ", "'", '"', "$c", "${", "}", "$(", ")", "`", ";", "&&", "|", "\n", "<<E\n", "E\n", "# ", "é", "𝄞"),
    *("if ", "fi", "then ", "case ", "in ", "esac", "[[ ", "{ ", "=", "\\", "\x00", "\ud800", "sh -c ", "((", "2>"),
)


@given(st.lists(st.sampled_from(SHELL_PIECES), max_size=30).map("".join))
def test_any_script_has_tokens(text: str) -> None:
    done = 0
    for (start, end), _ in tokens(shell.parse(text)):
        assert done <= start < end <= len(text)
        done = end


def test_real_files_have_tokens(shared: Path) -> None:
    for text, _ in corpus(shared)[::10]:
        assert_sound(text, "utf-16")
        assert any(True for _ in tokens_of(text)) or not text.strip()
