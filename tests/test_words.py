"""Words: quotes, escapes, variables and exec-form arrays as BuildKit reads them."""

from __future__ import annotations

import pytest

from deadweight.syntax.json_form import is_array_of_other_things, read_array
from deadweight.syntax.words import (
    Literal,
    Variable,
    WordError,
    dequoted,
    heredoc_name,
    heredoc_words,
    parts,
    split_plain,
    split_quoted,
)


def outline(text: str, escape: str = "\\") -> list[object]:
    """Parts as plain data: a string, or a tuple of name, operator and operands."""

    def plain(part: Literal | Variable) -> object:
        if isinstance(part, Literal):
            return part.value
        return (part.name, part.operator, *([plain(each) for each in operand] for operand in part.operands))

    return [plain(part) for part in parts(text, escape)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("abc", ["abc"]),
        ("$a-$b", [("a", ""), "-", ("b", "")]),
        ("${a}b", [("a", ""), "b"]),
        ("${a:-b$c}", [("a", ":-", ["b", ("c", "")])]),
        ("${a+}", [("a", "+", [])]),
        ("${a%%.*}", [("a", "%%", [".*"])]),
        ("${a:#x}", [("a", "#", ["x"])]),
        (r"${a#\*}", [("a", "#", [r"\*"])]),
        ("${a//b/c}", [("a", "//", ["b"], ["c"])]),
        ("'$a'", ["$a"]),
        ('"x$a"', ["x", ("a", ""), ""]),
        (r'"\$a\n\""', [r'$a\n"']),
        (r"\$a\'", ["$", "a", "'"]),
        ("a$", ["a", "$"]),
        ("$12a", [("12", ""), "a"]),
        ("$@x", [("@", ""), "x"]),
    ],
)
def test_parts(text: str, expected: list[object]) -> None:
    assert outline(text) == expected


def test_the_escape_may_be_a_backtick() -> None:
    assert outline("`$a\\b", "`") == ["$", "a\\b"]


@pytest.mark.parametrize("text", ["'a", '"a', "${", "${}", "${a", "${:a}", "${a^}", "${a/b}", '"${a"', "${a:-" * 50])
def test_incomplete_words_are_told_with_a_place(text: str) -> None:
    with pytest.raises(WordError) as caught:
        parts(text)
    assert 0 <= caught.value.offset <= len(text)


def test_spans_of_parts_cover_the_text() -> None:
    text = """a"b$c 'd'"'e'\\f${g:-h}"""
    assert "".join(text[part.span.start : part.span.end] for part in parts(text)) == text


@pytest.mark.parametrize(
    ("text", "value"), [("a", "a"), ("'a b'\\ c", "a b c"), ("$a", None), ("'a", None), ("", ""), ("a`b", "a`b")]
)
def test_dequoted(text: str, value: str | None) -> None:
    assert dequoted(text) == value


def test_plain_words_are_apart_at_white_space_only() -> None:
    text = "  'a b'\tc\x0bd\xa0e"
    words = list(split_plain(text))
    assert [word.text for word in words] == ["'a", "b'", "c", "d\xa0e"]
    assert all(text[word.span.start : word.span.end] == word.text for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a=b c=d", ["a=b", "c=d"]),
        ("""a="b c" d='e f'""", ['a="b c"', "d='e f'"]),
        ("a=b\\ c d", ["a=b\\ c", "d"]),
        ('a="b c', ['a="b c']),
        ("a\\", ["a\\"]),
        ('a="\\" b" c', ['a="\\" b"', "c"]),
    ],
)
def test_quoted_words_hold_together(text: str, words: list[str]) -> None:
    assert [word.text for word in split_quoted(text)] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat <<A <<'B C' \"<<D\"", ["cat", "<<A", "<<'B C'", '"<<D"']),
        ("a\\ b", ["a\\ b"]),
        ("${a:-b c} d", ["${a:-b", "c}", "d"]),
        ("cat <<A 'open", []),
    ],
)
def test_heredoc_words_keep_their_quotes(text: str, words: list[str]) -> None:
    assert heredoc_words(text) == words


@pytest.mark.parametrize(
    ("text", "name"),
    [("A", "A"), ("'A B'", "A B"), ('"$A"', "$A"), ("\\A", "A"), ("", None), ("''", ""), ("A B", None)],
)
def test_heredoc_names(text: str, name: str | None) -> None:
    assert heredoc_name(text) == name


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["a", "b c"]', ["a", "b c"]),
        ("[]", []),
        ("[ ]", []),
        ('[\t"a" , "b"\n]', ["a", "b"]),
        ('["a"] && b', None),
        ('[] "a"', None),
        (r'["\"\\\/\b\f\n\r\t\u0041"]', ['"\\/\b\f\n\r\tA']),
        (r'["\ud83d\ude00 \ud83d"]', ["😀 \ufffd"]),
        ("['a']", None),
        ('["a",]', None),
        ('["a"', None),
        ("[a]", None),
        ('["a" "b"]', None),
        (r'["\x"]', None),
        ('["a\tb"]', None),
        ("a", None),
    ],
)
def test_arrays(text: str, values: list[str] | None) -> None:
    words = read_array(text)
    assert (None if words is None else [word.value for word in words]) == values
    assert all(text[word.span.start : word.span.end] == word.text for word in words or ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", True),
        ("[1] a", False),
        ('["a", null]', True),
        ('["a"]', False),
        ("[a]", False),
        ("{}", False),
        ("[" * 10**5, False),
    ],
)
def test_arrays_of_other_things(text: str, expected: bool) -> None:
    assert is_array_of_other_things(text) is expected
