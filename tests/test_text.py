"""The text store: lines as LSP counts them, columns in three encodings, edits that cost the edited lines."""

from __future__ import annotations

import pytest

from deadweight.text import Edit, Position, Span, Text, apply_edits, as_one, code_points, split_lines, units


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a\n"]),
        ("a\r\nb\rc\n", ["a\r\n", "b\r", "c\n"]),
        ("\n\r\r\n", ["\n", "\r", "\r\n"]),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g", ["a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g"]),
        ("\ufeffFROM a\x00\n", ["\ufeffFROM a\x00\n"]),
    ],
)
def test_lines_end_at_lf_crlf_and_cr_only(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "count"), [("", 1), ("a", 1), ("a\n", 2), ("a\r", 2), ("a\r\n", 2), ("a\nb", 2), ("\n\n", 3)]
)
def test_a_final_line_end_opens_an_empty_line(text: str, count: int) -> None:
    assert Text(text).line_count == count


def test_columns_count_code_units_of_the_encoding() -> None:
    text = Text("aé😀b\n")
    assert [text.position(4, encoding).column for encoding in ("utf-8", "utf-16", "utf-32")] == [8, 5, 4]
    for encoding in ("utf-8", "utf-16", "utf-32"):
        assert text.offset(text.position(3, encoding), encoding) == 3


def test_a_unit_inside_a_character_counts_it_whole() -> None:
    assert code_points("é😀b", 1, "utf-8") == 1
    assert code_points("é😀b", 2, "utf-16") == 2
    assert code_points("é😀b", 3, "utf-8") == 2
    assert code_points("é", 99, "utf-8") == 1


def test_two_halves_of_a_character_are_two_code_points() -> None:
    assert [code_points("\ud834\udd1eb", count, "utf-16") for count in range(5)] == [0, 1, 2, 3, 3]


def test_half_a_surrogate_pair_is_one_character() -> None:
    assert (units("\ud83da", "utf-8"), units("\ud83da", "utf-16")) == (4, 2)
    assert code_points("\ud83da", 3, "utf-8") == 1


def test_positions_outside_are_moved_inside() -> None:
    text = Text("ab\r\nc")
    assert text.offset((0, 99)) == 2
    assert text.offset((9, 0)) == 5
    assert text.offset((1, -1)) == 4
    assert text.position(99) == Position(1, 1)
    assert text.position(-1) == Position(0, 0)
    assert Text("ab\n").position(3) == Position(1, 0)


def test_typing_lf_behind_a_lone_cr_makes_one_line_end() -> None:
    text = Text("a\rb")
    text.apply(Edit(Span(2, 2), "\n"))
    assert (str(text), text.line_count, text.position(3)) == ("a\r\nb", 2, Position(1, 0))


def test_an_edit_between_cr_and_lf_parts_them() -> None:
    text = Text("a\r\nb")
    text.apply(Edit(Span(2, 2), "x"))
    assert text.lines(0, 9) == ["a\r", "x\n", "b"]


def test_a_line_end_taken_away_joins_lines() -> None:
    text = Text("a\nb\nc")
    text.apply(Edit(Span(1, 2), ""))
    assert (text.line(0), text.line(1), text.line(2)) == ("ab\n", "c", "")


def test_a_slice_may_cross_lines() -> None:
    assert Text("ab\ncd\nef").slice(Span(1, 7)) == "b\ncd\ne"


def test_edits_refer_to_the_text_before_them() -> None:
    edits = [Edit(Span(4, 5), "!"), Edit(Span(0, 1), "A"), Edit(Span(2, 2), "x"), Edit(Span(2, 2), "y")]
    assert apply_edits("abcde", edits) == "Abxycd!"


@pytest.mark.parametrize("spans", [[(0, 2), (1, 3)], [(4, 9)]])
def test_edits_that_overlap_or_leave_the_text_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="overlap or leave"):
        apply_edits("abcde", [Edit(Span(*span), "") for span in spans])
    with pytest.raises(ValueError, match="overlap"):
        as_one("abcde", [Edit(Span(*span), "") for span in spans])


def test_several_edits_are_one_from_the_first_to_the_last() -> None:
    edits = [Edit(Span(4, 5), "!"), Edit(Span(2, 2), "x"), Edit(Span(1, 2), "B"), Edit(Span(2, 2), "y")]
    assert as_one("abcde", edits) == Edit(Span(1, 5), "Bxycd!")
    assert apply_edits("abcde", [as_one("abcde", edits)]) == apply_edits("abcde", edits)


def test_spans() -> None:
    assert Span(1, 3).shifted(2) == Span(3, 5)
    assert [Span(1, 3).contains(offset) for offset in (0, 1, 2, 3)] == [False, True, True, False]
