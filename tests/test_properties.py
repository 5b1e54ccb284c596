"""What holds for any text whatever: lossless, nothing raises, edits equal a fresh parse, positions come back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildkit import assert_agrees
from deadweight.model.variables import expand
from deadweight.syntax.dockerfile import Dockerfile, edited, parse
from deadweight.syntax.json_form import is_array_of_other_things, read_array
from deadweight.syntax.words import dequoted, heredoc_words, split_plain, split_quoted
from deadweight.text import Edit, Encoding, Span, Text, apply_edits, split_lines
from test_corpus import read_everything

PIECES = (
    *("FROM a", "RUN ", "COPY ", "ENV a=", "ONBUILD ", "ARG x", "CMD ", "run", "# escape=`\n", "# syntax=a\n", "# c\n"),
    *(
        "\\\n",
        "\\",
        "`\n",
        "`",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "\x0b",
        "\x0c",
        "\x00",
        "\xa0",
        "\u2028",
        "\ufeff",
    ),
    *(
        "<<A",
        "RUN <<A\n",
        "<<-'A'",
        "<<A <<B\n",
        "B\n",
        "A\n",
        "\tA\n",
        "<<",
        "-",
        "'",
        '"',
        "$",
        "${",
        "}",
        ":-",
        "%",
        "/",
        "[",
        "]",
        '["a", "b"]',
        ",",
    ),
    *("--mount=type=cache,target=/x ", "--", "&&", "a", "b c", "é", "😀", "#", "="),
)
sources = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=60)
encodings: st.SearchStrategy[Encoding] = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@st.composite
def edit_sequences(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits, each of which fits the text that those before it leave."""
    text = start = draw(sources)
    edits = []
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, len(text)))
        last = min(len(text), first + draw(st.sampled_from((0, 0, 1, 2, 9, 200))))
        edits.append(Edit(Span(first, last), draw(sources | st.just(""))))
        text = apply_edits(text, edits[-1:])
    return start, edits


@given(sources)
def test_a_tree_joins_back_to_its_text(text: str) -> None:
    tree = parse(text)
    assert tree.text == text
    assert tree.offsets[-1] == len(text)
    assert tree.lines[-1] == text.count("\n")
    for placed in tree.instructions:
        assert text.startswith(placed.instruction.text, placed.offset)
        assert text.count("\n", 0, placed.offset) == placed.line


@given(sources)
def test_nothing_raises(text: str) -> None:
    read_everything(parse(text))
    for escape in ("\\", "`"):
        dequoted(text, escape)
        expand(text, {"a": "b", "x": None}, escape=escape)
        for word in (*split_plain(text, escape), *split_quoted(text, escape)):
            assert text[word.span.start : word.span.end] == word.text
    heredoc_words(text)
    read_array(text)
    is_array_of_other_things(text)


@given(sources)
def test_the_logical_line_is_made_of_its_source(text: str) -> None:
    for placed in parse(text).instructions:
        instruction = placed.instruction
        for logical in (instruction.line, instruction.arguments):
            found = "".join(instruction.text[logical.start(at)] for at in range(len(logical.text)))
            assert found == logical.text
            stretches = logical.stretches(Span(0, len(logical.text)))
            assert "".join(instruction.text[start:end] for start, end in stretches) == logical.text
            assert all(logical.offset(logical.start(at)) == at for at in range(len(logical.text)))
            assert [logical.offset(logical.start(at)) for at in range(len(logical.text))] == list(
                range(len(logical.text))
            )
            assert all(0 <= logical.offset(at) <= len(logical.text) for at in range(len(instruction.text)))
        for word in instruction.words:
            # The source of a word is the word, with a continuation in between perhaps.
            source = instruction.text[word.span.start : word.span.end]
            assert source == word.text or "\n" in source


@settings(max_examples=300)
@given(edit_sequences())
def test_edits_equal_a_fresh_parse(start_and_edits: tuple[str, list[Edit]]) -> None:
    text, edits = start_and_edits
    tree = parse(text)
    for edit in edits:
        text = apply_edits(text, [edit])
        tree = edited(tree, edit)
        assert_same(tree, parse(text))


def assert_same(tree: Dockerfile, fresh: Dockerfile) -> None:
    """Both trees are equal, with all that is computed from them."""
    assert tree == fresh
    assert (tree.offsets, tree.lines, tree.directives) == (fresh.offsets, fresh.lines, fresh.directives)
    assert tree._open == fresh._open


@given(edit_sequences(), encodings)
def test_the_store_is_a_string(start_and_edits: tuple[str, list[Edit]], encoding: Encoding) -> None:
    text, edits = start_and_edits
    store = Text(text)
    for edit in edits:
        text = apply_edits(text, [edit])
        store.apply(edit)
        assert (str(store), len(store)) == (text, len(text))
        assert store.lines(0, store.line_count) == split_lines(text)
        middle = len(text) // 2
        assert store.slice(Span(middle // 2, middle)) == text[middle // 2 : middle]
        assert store.position(middle, encoding) == Text(text).position(middle, encoding)


@given(sources, encodings)
def test_positions_come_back(text: str, encoding: Encoding) -> None:
    store = Text(text)
    before = (0, -1)
    for offset in range(len(text) + 1):
        position = store.position(offset, encoding)
        assert before < position
        before = position
        is_between = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        assert store.offset(position, encoding) == offset - is_between


# The judge is older than our rule for text behind an array: `RUN ["a"] <<A`.
@given(sources.filter(lambda text: "\x00" not in text and "]" not in text))
def test_instructions_are_those_of_buildkit(text: str) -> None:
    pytest.importorskip("dockerfile", reason="BuildKit's parser (PyPI dockerfile) is not on this platform")
    assert_agrees("FROM a\n" + text)


@given(st.binary(max_size=80))
def test_bytes_read_as_text_have_a_tree(data: bytes) -> None:
    for errors in ("replace", "surrogateescape", "surrogatepass", "ignore"):
        text: Any = None
        try:
            text = data.decode("utf-8", errors)
        except UnicodeDecodeError:
            continue
        tree = parse(text)
        assert tree.text == text
        read_everything(tree)
