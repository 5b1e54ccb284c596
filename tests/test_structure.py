"""Outline, folding and growing selections as plain data. `<|>` marks the cursor."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadweight.features.folding import Fold, folds
from deadweight.features.ignoring.outline import ignore_folds, ignore_symbols
from deadweight.features.selection_ranges import selection_ranges
from deadweight.features.symbols import Symbol, symbols, symbols_called
from deadweight.syntax import dockerignore
from deadweight.syntax.dockerfile import parse
from deadweight.text import Span
from test_corpus import corpus
from test_properties import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

CURSOR = "<|>"
TWO_STAGES = """\
ARG NODE=22

FROM node:${NODE} AS build
RUN npm ci

# what ships
FROM scratch
COPY --from=build /app/dist /app/package.json /
# the end
"""


def outlined(found: Iterable[Symbol], indent: str = "") -> list[str]:
    """Each symbol on a line, `name: detail`, those inside indented."""
    lines = []
    for symbol in found:
        lines.append(f"{indent}{symbol.name}{': ' * bool(symbol.detail)}{symbol.detail}")
        lines += outlined(symbol.children, indent + "  ")
    return lines


def outline(text: str) -> list[str]:
    return outlined(symbols(parse(text)))


def title(instruction: str) -> str:
    """The line of one instruction."""
    return outline(instruction)[0]


def lines_of(text: str, found: Iterable[Fold]) -> list[tuple[int, int, str]]:
    """First and last line, from 1, and the kind, of what is more than one line."""
    placed = [(text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1, kind) for (start, end), kind in found]
    return [fold for fold in placed if fold[0] < fold[1]]


def folded(text: str) -> list[tuple[int, int, str]]:
    return lines_of(text, folds(parse(text)))


def selected(marked: str) -> list[str]:
    """What a selection at the cursor grows to; the file itself is left out."""
    text, offset = marked.replace(CURSOR, "") + "\n", marked.index(CURSOR)
    (spans,) = selection_ranges(parse(text), [offset])
    *inside, whole = [text[start:end] for start, end in spans]
    assert whole == text
    return inside


# --- outline ---


def test_stages_hold_their_instructions_and_global_arguments_stand_beside_them() -> None:
    assert outline(TWO_STAGES) == [
        "ARG NODE",
        "  NODE: 22",
        "build: node:${NODE}",
        "  RUN npm ci",
        "scratch",
        "  COPY /app/dist /app/package.json → /: from build",
    ]


def test_a_stage_ends_with_its_last_instruction() -> None:
    stages = [symbol for symbol in symbols(parse(TWO_STAGES)) if symbol.kind == "stage"]
    assert [TWO_STAGES[slice(*stage.span)].splitlines()[-1] for stage in stages] == [
        "RUN npm ci",
        "COPY --from=build /app/dist /app/package.json /",
    ]
    assert [TWO_STAGES[slice(*stage.selection)] for stage in stages] == ["build", "scratch"]


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        ("RUN set -eux; apt-get update && apt-get install -y curl", "RUN apt-get update"),
        ("RUN if [ -f a ]; then npm ci; fi", "RUN npm ci"),
        ("RUN --mount=type=cache,target=/x \\\n  npm ci \\\n  --omit=dev && b", "RUN npm ci --omit=dev"),
        ("RUN <<EOF\n#!/bin/sh\nset -e\nnpm ci\nEOF\n", "RUN npm ci"),
        ("RUN cd /app", "RUN cd /app"),
        ('RUN ["npm", "ci"]', "RUN npm ci"),
        ("RUN", "RUN"),
        ('CMD ["node", "a b.js"]', "CMD node a b.js"),
        ("CMD node app.js && true", "CMD node app.js && true"),
        ("ENTRYPOINT []", "ENTRYPOINT []"),
        ("HEALTHCHECK --interval=5s CMD curl -f localhost", "HEALTHCHECK CMD curl -f localhost"),
        ("COPY a b c/", "COPY a b → c/"),
        ('COPY ["a b", "c/"]', "COPY a b → c/"),
        ("COPY a", "COPY a"),
        ("copy --from=0 a b", "COPY a → b: from 0"),
        ("ENV A=1 B=2", "ENV A, B"),
        ("LABEL org.a=1 b=2", "LABEL org.a, b"),
        ("ONBUILD RUN npm ci", "ONBUILD RUN npm ci"),
        ("ONBUILD ONBUILD RUN a", "ONBUILD ONBUILD RUN a"),
        ("EXPOSE 80/tcp  443", "EXPOSE 80/tcp 443"),
        ("USER node", "USER node"),
        ("WORKDIR /a\x00\ud800b", "WORKDIR /a??b"),
        ("RNU x", "RNU x"),
        ("WORKDIR /" + "a" * 100, "WORKDIR /" + "a" * 50 + "…"),
    ],
)
def test_a_line_tells_an_instruction_from_its_neighbours(instruction: str, line: str) -> None:
    assert title(instruction) == line


def test_names_that_are_declared_have_their_values() -> None:
    assert outline("ENV A='b c' C=$D E=\nENV OLD some text\nARG X\nLABEL k=\"v\"") == [
        *("ENV A, C, E", "  A: b c", "  C: $D", "  E"),
        *("ENV OLD", "  OLD: some text"),
        *("ARG X", "  X"),
        *("LABEL k", "  k: v"),
    ]


def test_a_name_that_is_continued_has_its_place() -> None:
    text = "ENV A=1 \\\n  # why\n  B='2 \\\n 3'\n"
    (env,) = symbols(parse(text))
    assert [text[slice(*each.selection)] for each in env.children] == ["A", "B"]
    assert text[slice(*env.children[1].span)] == "B='2 \\\n 3'"


def test_the_bodies_of_heredocs_belong_to_their_instruction() -> None:
    text = "FROM a\nCOPY <<A <<B /x/\na\nA\nb\nB\n\n"
    (stage,) = symbols(parse(text))
    assert text[slice(*stage.children[0].span)] == "COPY <<A <<B /x/\na\nA\nb\nB"


def test_a_half_typed_stage_has_a_line() -> None:
    assert outline("FROM") == ["FROM"]
    assert outline("FROM a AS") == ["a"]
    assert outline("FROM a\n\\") == ["a"]


def test_stages_and_variables_are_found_by_their_letters() -> None:
    def called(query: str) -> list[tuple[str, str]]:
        text = "ARG NODE_VERSION=1\nFROM node AS Builder\nENV NODE_ENV=x\nLABEL node=1\nFROM node\nONBUILD ARG NODE"
        return [(symbol.name, stage) for symbol, stage in symbols_called(parse(text), query)]

    assert called("nev") == [("NODE_VERSION", ""), ("NODE_ENV", "Builder")]
    assert called("BLD") == [("Builder", "")]
    assert called("node") == [("NODE_VERSION", ""), ("NODE_ENV", "Builder"), ("node", "")]
    assert called("edon") == []
    assert len(called("")) == 4


# --- folding ---


def test_stages_instructions_and_comments_fold() -> None:
    text = "# syntax=a\n# one\n# two\n\nFROM a\nRUN a \\\n  # b\n  # c\n  && d\n# e\nFROM b\n# f\n"
    assert folded(text) == [(5, 9, ""), (6, 9, ""), (2, 3, "comment"), (7, 8, "comment")]


def test_a_stage_of_one_line_does_not_fold() -> None:
    assert folded("FROM a\n\n# b\nFROM c\n") == []


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("RUN <<EOF\na\nb\nEOF\n", [(2, 3)]),
        ("RUN a && \\\n  cat <<EOF > b\nc\nEOF\n", [(2, 3)]),
        ("COPY <<A <<B /c/\na\na\nA\nb\nb\nB\n", [(2, 3), (5, 6)]),
        ("RUN <<EOF\nEOF\n", []),
        ("RUN <<EOF\na\nb\n", []),  # half-typed: it has no body yet
    ],
)
def test_the_body_of_a_heredoc_is_a_region(text: str, bodies: list[tuple[int, int]]) -> None:
    assert [(first, last) for first, last, kind in folded(text) if kind == "region"] == bodies


# --- growing selections ---


def test_a_selection_in_a_run_grows_from_a_word_to_the_stage() -> None:
    assert selected('FROM a\nRUN set -e; npm ci && echo "say hel<|>lo" | tee a; b\n') == [
        "hello",
        "say hello",
        '"say hello"',
        'echo "say hello"',
        'echo "say hello" | tee a',
        'npm ci && echo "say hello" | tee a',
        'set -e; npm ci && echo "say hello" | tee a; b',
        'RUN set -e; npm ci && echo "say hello" | tee a; b',
        'FROM a\nRUN set -e; npm ci && echo "say hello" | tee a; b',
    ]


def test_a_selection_grows_over_blocks_and_substitutions() -> None:
    assert selected("RUN for x in a; do b $(cat y<|>y); done") == [
        *("yy", "cat yy", "$(cat yy)", "b $(cat yy)"),
        *("for x in a; do b $(cat yy); done", "RUN for x in a; do b $(cat yy); done"),
    ]


def test_a_selection_grows_out_of_a_script_in_a_script() -> None:
    assert selected("RUN bash -c 'a && b c<|>c'") == [
        *("cc", "b cc", "a && b cc", "'a && b cc'", "bash -c 'a && b cc'", "RUN bash -c 'a && b cc'"),
    ]
    assert selected("RUN bash <<EOF\na && b c<|>c\nd\nEOF\n") == [
        *("cc", "b cc", "a && b cc", "a && b cc\nd", "a && b cc\nd\n", "bash <<EOF\na && b cc\nd\nEOF"),
        "RUN bash <<EOF\na && b cc\nd\nEOF",
    ]


def test_a_selection_stays_together_over_a_continuation() -> None:
    assert selected("RUN a b \\\n  # why\n  c<|>c && d")[:3] == [
        "cc",
        "a b \\\n  # why\n  cc",
        "a b \\\n  # why\n  cc && d",
    ]
    assert selected("RUN a b \\\n  # w<|>hy\n  cc && d")[:3] == ["why", "# why", "a b \\\n  # why\n  cc"]


@pytest.mark.parametrize(
    ("marked", "grown"),
    [
        ("FROM nod<|>e:22 AS a", ["node", "node:22", "node:22 AS a", "FROM node:22 AS a"]),
        ("FR<|>OM a", ["FROM", "FROM a"]),
        (
            'ENV A="b ${C:-<|>d}" E=f',
            ["d", "${C:-d}", "b ${C:-d}", '"b ${C:-d}"', 'A="b ${C:-d}"', 'A="b ${C:-d}" E=f', 'ENV A="b ${C:-d}" E=f'],
        ),
        ("ENV A b<|>b c", ["bb", "bb c", "A bb c", "ENV A bb c"]),
        ('CMD ["a", "b<|> c"]', ["b", "b c", '"b c"', '["a", "b c"]', 'CMD ["a", "b c"]']),
        ("CMD a b<|>", ["b", "a b", "CMD a b"]),
        ("HEALTHCHECK CMD a <|>b || c", ["b", "a b", "a b || c", "CMD a b || c", "HEALTHCHECK CMD a b || c"]),
        (
            "RUN --mount=type=cache,target=/a/b<|> c",
            ["b", "/a/b", "target=/a/b", "type=cache,target=/a/b", "--mount=type=cache,target=/a/b"],
        ),
        ("COPY <<A /b\nsay <|>it\nand\nA\n", ["it", "say it", "say it\nand\n", "COPY <<A /b\nsay it\nand\nA"]),
        ("ONBUILD ENV a=b<|>", ["b", "a=b", "ENV a=b", "ONBUILD ENV a=b"]),
        ("# one\n# tw<|>o\nARG a", ["two", "# two", "# one\n# two"]),
        ("ARG a\n<|>\nARG b", []),
        ("<|>", []),
    ],
)
def test_a_selection_grows_by_what_an_instruction_is_made_of(marked: str, grown: list[str]) -> None:
    assert selected(marked)[: len(grown) or None] == grown


def test_comments_between_instructions_are_in_the_stage_those_above_the_next_are_not() -> None:
    assert selected("FROM a\n# i<|>n\nRUN b\n# out\nFROM c")[-1] == "FROM a\n# in\nRUN b"
    assert selected("FROM a\n# in\nRUN b\n# o<|>ut\nFROM c")[-1] == "# out"


def test_the_shell_of_powershell_is_not_read() -> None:
    assert selected('FROM a\nSHELL ["powershell"]\nRUN Get-Foo <|>bar; baz')[:3] == [
        *("bar", "bar;", "Get-Foo bar; baz"),
    ]


# --- .dockerignore ---


IGNORE = """\
*.md

# --- Version control ---
.git
!.gitignore

# one
# two
node_modules

# nothing below

#
*.log
"""


def test_patterns_stand_in_the_section_of_the_comment_above_them() -> None:
    assert outlined(ignore_symbols(dockerignore.parse(IGNORE))) == [
        "*.md",
        *("Version control", "  .git", "  !.gitignore"),
        *("one", "  node_modules"),
        "*.log",
    ]


def test_sections_of_an_ignore_file_fold() -> None:
    assert lines_of(IGNORE, ignore_folds(dockerignore.parse(IGNORE))) == [(3, 5, ""), (7, 9, ""), (13, 14, "")]
    assert lines_of("# a\n# b\n\n", ignore_folds(dockerignore.parse("# a\n# b\n\n"))) == [(1, 2, "comment")]


# --- what holds for any text ---


def assert_nested(found: Sequence[Symbol], around: Span) -> None:
    """Symbols stand in order inside of what they are in, and each selection inside its symbol, as LSP has it."""
    done = around.start
    for symbol in found:
        (start, end), (first, last) = symbol.span, symbol.selection
        assert done <= start <= first <= last <= end <= around.end, symbol
        assert symbol.name.strip()
        assert symbol.name.isprintable()
        assert_nested(symbol.children, symbol.span)
        done = end


def assert_sound(text: str, offsets: Sequence[int]) -> None:
    tree = parse(text)
    whole = Span(0, len(text))
    assert_nested(symbols(tree), whole)
    list(symbols_called(tree, "a"))
    for fold in folds(tree):
        assert 0 <= fold.span.start <= fold.span.end <= len(text)
    for offset, spans in zip(offsets, selection_ranges(tree, offsets), strict=True):
        assert spans[-1] == whole
        assert spans[0].start <= offset <= spans[0].end
        for (start, end), (outer_start, outer_end) in pairwise(spans):
            assert outer_start <= start <= end <= outer_end
            assert (start, end) != (outer_start, outer_end)


@given(sources)
def test_any_text_has_an_outline_and_folds_and_selections(text: str) -> None:
    assert_sound(text, range(len(text) + 1))


@given(st.text("#ab!/ \t\r\n\ufeff", max_size=40))
def test_any_ignore_file_has_an_outline_and_folds(text: str) -> None:
    file = dockerignore.parse(text)
    assert_nested(ignore_symbols(file), Span(0, len(text)))
    for fold in ignore_folds(file):
        assert 0 <= fold.span.start <= fold.span.end <= len(text)


def test_real_files_have_an_outline_and_folds_and_selections(shared: Path) -> None:
    for text, _ in corpus(shared)[::10]:
        assert_sound(text, range(0, len(text), max(len(text) // 9, 1)))
