"""The tree of a Dockerfile: what is one instruction, what stands in it and where."""

from __future__ import annotations

import pytest

from buildkit import assert_agrees, judge, outline
from deadweight.syntax.dockerfile import MAX_LINE, Comment, Dockerfile, Instruction, Placed, edited, parse
from deadweight.text import Edit, Span, apply_edits


def only(text: str) -> Instruction:
    """The one instruction of `text`."""
    (placed,) = parse(text).instructions
    return placed.instruction


def at(instruction: Instruction, span: Span) -> str:
    """The source in a span of an instruction."""
    return instruction.text[span.start : span.end]


def keywords(text: str) -> list[str]:
    """The keywords in `text`."""
    return [placed.instruction.keyword for placed in parse(text).instructions]


# Directives


@pytest.mark.parametrize("text", ["FROM", "FROM a\nFROM", "FROM a\nFROM b\n", "# x\nFROM a", "FROM a\n\n"])
def test_a_from_comes_and_goes_at_any_place(text: str) -> None:
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            for new in ("", "x", "\n", "\nFROM x", "FROM x\n"):
                edit = Edit(Span(start, end), new)
                assert edited(parse(text), edit) == parse(apply_edits(text, [edit])), edit


def test_directives_stand_above_everything_else() -> None:
    tree = parse("# syntax=docker/dockerfile:1\n#ESCAPE = `\n# check=skip=all;error=true \nFROM a\n# syntax=b\n")
    assert tree.directives == {"syntax": "docker/dockerfile:1", "escape": "`", "check": "skip=all;error=true"}
    assert tree.escape == "`"


@pytest.mark.parametrize(
    "head",
    ["# hello\n", "\n", "ARG a\n", "# other=x\n", "# syntax=\n", "#\n", "FROM a\n"],
)
def test_the_first_other_line_ends_the_directives(head: str) -> None:
    assert parse(head + "# escape=`\nRUN a `\n b\n").escape == "\\"
    assert_agrees(head + "# escape=`\nFROM a\nRUN a `\n b\n")


@pytest.mark.parametrize("head", ["\ufeff", " ", "\t", "\xa0", "# syntax=a\r\n", "# syntax=\x0b\n", "#\xa0syntax=a\n"])
def test_what_may_stand_before_a_directive(head: str) -> None:
    text = head + "# escape=`\nFROM a\nRUN a `\n b\n"
    if head != "#\xa0syntax=a\n":  # newer than the judge
        assert_agrees(text)
    assert parse(text).escape == "`"


def test_a_wrong_escape_changes_nothing() -> None:
    assert parse("# escape=x\nFROM a\n").escape == "\\"


# Lines


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "FROM a",
        "FROM a\n\n  \n# c\nRUN b",
        "from a\nRun b\ncOpY c d",
        "FROM a\r\nRUN b \\\r\n  c\r\nCMD d\r\n",
        "FROM a\nRUN b\rRUN c\n",
        "\ufeffFROM a\nRUN b\n",
        "FROM a\n\x0cRUN b\x0cc\nRUN d\x0be\n",
        "FROM a\nRUN b\u2028RUN c\x85d\n",
        "FROM a\nRUN b\x00c\n",
        "FROM a\nRUN b \\\n# comment\n\n   \n  # another\n c\nRUN d\n",
        "FROM a\nRUN b \\  \t\n c\n",
        "FROM a\nRUN b \\\\\n c\n",
        "FROM a\nRUN b \\\n",
        "FROM a\nRUN b \\",
        "FROM a\nRUN \\\n\\\n b\n",
        "FROM a\nRUN\n",
        "FROM a\n  RUN b\n\tCMD c\n",
        "FROM a\nRUN b `\n c\n",
        "# escape=`\nFROM a\nRUN b `\n c\nRUN d \\\nRUN e\n",
        "FROM a\nENV x=\\\n\nRUN b\n",
        "FROM a\n\xa0RUN b\n",
        "FROM a\nONBUILD RUN b \\\n c\n",
    ],
)
def test_instructions_are_those_of_buildkit(text: str) -> None:
    assert parse(text).text == text
    assert_agrees(text)


def test_continuations_are_taken_out() -> None:
    run = only("RUN a \\\n# comment\n\n  b\\\nc  \n")
    assert run.line.text == "RUN a   bc"
    assert at(run, run.span) == "RUN a \\\n# comment\n\n  b\\\nc"


def test_spans_lead_back_through_continuations() -> None:
    copy = only("COPY --chown=me \\\n  # why\n  one two\\\nthree\\\n four\n")
    assert copy.line.text == "COPY --chown=me   one twothree four"
    assert [at(copy, word.span) for word in copy.words] == ["one", "two\\\nthree", "four"]
    assert [at(copy, flag.span) for flag in copy.flags] == ["--chown=me"]


def test_a_keyword_may_be_cut_in_two() -> None:
    assert keywords("FR\\\nOM a\nRU\\\n\nN b\n") == ["FROM", "RUN"]


def test_places_count_lf_only() -> None:
    tree = parse("FROM a\r# x\rb\n\nRUN c\\\r\n d\r\nCMD e")
    assert [(placed.offset, placed.line) for placed in tree.instructions] == [(0, 0), (14, 2), (26, 4)]
    assert [tree.text[placed.offset :][:3] for placed in tree.instructions] == ["FRO", "RUN", "CMD"]


# Flags and words


def test_flags() -> None:
    run = only("RUN --mount=type=cache,target=/x --network=\"no ne\" --a\\ b --link='' -- --c")
    assert [(flag.name, flag.value) for flag in run.flags] == [
        ("mount", "type=cache,target=/x"),
        ("network", "no ne"),
        ("a\\ b", None),
        ("link", ""),
    ]
    assert run.arguments.text == "--c"
    assert (run.flag("network"), run.flag("link"), run.flag("c")) == ("no ne", "", None)


def test_the_last_of_equal_flags_counts() -> None:
    assert only("COPY --from=a --from=b c d").flag("from") == "b"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM a AS b", ["a", "AS", "b"]),
        ("ENV a='b c' d=e", ["a='b c'", "d=e"]),
        ('LABEL "a b"=c', ['"a b"=c']),
        ("COPY 'a b' c", ["'a", "b'", "c"]),
        ("EXPOSE 80 443", ["80", "443"]),
        ("FROM", []),
        ('COPY ["a b", "c"]', ['"a b"', '"c"']),
    ],
)
def test_words_are_split_as_the_instruction_splits_them(text: str, words: list[str]) -> None:
    assert [word.text for word in only(text).words] == words


def test_exec_form() -> None:
    cmd = only('CMD [ "node", \\\n  "a\\"b" ]\n')
    assert cmd.array is not None
    assert [(word.value, at(cmd, word.span)) for word in cmd.array] == [("node", '"node"'), ('a"b', '"a\\"b"')]
    assert only("RUN []").array == ()


@pytest.mark.parametrize("text", ["RUN [ -f x ]", "CMD ['a']", 'ENV ["a"]', 'CMD ["a"', "RUN a"])
def test_what_looks_like_an_exec_form(text: str) -> None:
    assert only(text).array is None


# ONBUILD


def test_onbuild_holds_an_instruction() -> None:
    onbuild = only("ONBUILD  copy --chown=x \\\n a b\n")
    trigger = onbuild.trigger
    assert trigger is not None
    assert (trigger.keyword, [word.text for word in trigger.words]) == ("COPY", ["a", "b"])
    assert [at(trigger, word.span) for word in trigger.words] == ["a", "b"]
    assert at(trigger, trigger.span) == "copy --chown=x \\\n a b"
    assert at(trigger, trigger.flags[0].span) == "--chown=x"


def test_the_trigger_is_found_behind_equal_text() -> None:
    trigger = only("ONBUILD ONBUILD").trigger
    assert trigger is not None
    assert (trigger.keyword_span, trigger.keyword) == (Span(8, 15), "ONBUILD")
    assert only("ONBUILD").trigger is None


# Heredocs


HEREDOCS = [
    "RUN <<A\nx\nA\n",
    "RUN <<-A\n\tx\n\t\tA\n",
    "RUN <<'A'\n$x\nA\n",
    'RUN <<"A B"\nx\nA B\n',
    'RUN <<"$A"\nx\n$A\n',
    "RUN <<\\A\nx\nA\n",
    "RUN cat <<A <<-B && c\n1\nA\n2\n\tB\n",
    "RUN <<A <<A\n1\nA\n2\nA\n",
    "RUN 5<<A\nx\nA\n",
    "COPY <<A <<B /x/\n1\nA\n2\nB\n",
    "COPY --chown=a <<A b /x/\n1\nA\n",
    "ADD <<A /x\n1\nA\n",
    "ONBUILD RUN <<A\nx\nA\n",
    "RUN \\\n # c\n <<A \\\n  b\nx\nA\n",
    "RUN <<A\r\nx\r\nA\r\n",
    "RUN <<A\n A\nA \nAA\nA\n",
    "RUN <<A\n\n# c\nFROM x\n\\\nA\n",
    "RUN <<A;b\nx\nA;b\n",
    "# escape=`\nRUN <<A `\n b\nx `\nA\n",
    "RUN <<A\nA",
]
NO_HEREDOCS = [
    "RUN a<<A\nx\nA\n",
    "RUN <<<A\nx\nA\n",
    'RUN "<<A"\nx\nA\n',
    "RUN echo '<<A'\nx\nA\n",
    "RUN << A\nx\nA\n",
    "RUN <<''\nx\n\n",
    "RUN <<\nx\n",
    "CMD <<A\nx\nA\n",
    'RUN ["a", "<<A"]\nx\nA\n',
    'ONBUILD RUN ["a", "<<A"]\nx\n',
    "ONBUILD ONBUILD RUN <<A\nx\nA\n",
    "RUN cat <<A 'open\nx\nA\n",
    "RUN \u0661<<A\nx\nA\n",
    "ENV a=<<A\nx\nA\n",
]


@pytest.mark.parametrize("text", HEREDOCS)
def test_heredocs_belong_to_their_instruction(text: str) -> None:
    assert_agrees(text + "FROM y\n")
    (placed,) = parse(text).instructions
    heredocs = placed.instruction.heredocs
    assert heredocs
    for heredoc in heredocs:
        assert at(placed.instruction, heredoc.terminator).strip("\t\r\n") == heredoc.name
        assert heredoc.content.end == heredoc.terminator.start
    assert heredocs[-1].terminator.end == len(text) - placed.offset


@pytest.mark.parametrize("text", NO_HEREDOCS)
def test_what_looks_like_a_heredoc(text: str) -> None:
    assert_agrees(text)
    assert not parse(text).instructions[0].instruction.heredocs


def test_what_a_heredoc_is() -> None:
    copy = only("COPY <<A <<-'B' /x\n$y\nA\n\tz\n\tB\n")
    assert [(h.name, h.strips_tabs, h.expands, at(copy, h.content)) for h in copy.heredocs] == [
        ("A", False, True, "$y\n"),
        ("B", True, False, "\tz\n"),
    ]
    assert copy.line.text == "COPY <<A <<-'B' /x"


def test_an_open_heredoc_swallows_nothing() -> None:
    text = "FROM a\nRUN <<A\necho\nRUN b <<C\nx\nC\n"
    tree = parse(text)
    assert judge(text) is None
    assert [placed.instruction.has_open_heredoc for placed in tree.instructions] == [False, True, False, False]
    assert len(tree.instructions[3].instruction.heredocs) == 1


def test_many_open_heredocs_take_no_walk_each() -> None:
    text = "".join(f"RUN cat <<X{number}\n" for number in range(20_000))
    assert len(parse(text).instructions) == 20_000


# Half-typed and hostile


@pytest.mark.parametrize(
    "text", ["F", "RUN", "RUN ", "RUN \\", "COPY --", "COPY --from=", "ENV a='", "RUN [", "# ", "<<A"]
)
def test_half_typed_lines_have_a_tree(text: str) -> None:
    tree = parse(text)
    assert tree.text == text
    for instruction, _, _ in tree.instructions:
        assert at(instruction, instruction.keyword_span).upper() == instruction.keyword
        assert instruction.trigger is None
        assert [at(instruction, word.span) for word in instruction.words] == [word.text for word in instruction.words]


@pytest.mark.parametrize(("length", "is_long"), [(MAX_LINE, False), (MAX_LINE + 1, True)])
@pytest.mark.parametrize("ch", ["a", "é"])
def test_of_a_line_too_long_for_buildkit_only_the_keyword_is_read(length: int, is_long: bool, ch: str) -> None:
    text = "RUN " + "b" * ((length - 4) % len(ch.encode())) + ch * ((length - 4) // len(ch.encode()))
    run = only(text)
    assert (run.has_long_line, run.keyword, run.arguments.text == "") == (is_long, "RUN", is_long)
    assert (judge(text) is None) is is_long


@pytest.mark.parametrize("unit", ["[", "${", "<<A ", "\\\n", "'", "--a ", "ONBUILD ", "\r", "\x00", "# a=b\n", "${a:-"])
@pytest.mark.parametrize("head", ["RUN ", "ENV a=", ""])
def test_repeated_pieces_do_no_harm(head: str, unit: str) -> None:
    text = head + unit * 20_000
    tree = parse(text)
    assert tree.text == text
    for instruction, _, _ in tree.instructions:
        assert instruction.span.end <= len(instruction.text)
        assert len(instruction.words) + len(instruction.flags) <= 40_000


# Edits


def changed(text: str, old: str, new: str) -> tuple[Dockerfile, Dockerfile]:
    """The tree before and after `old` becomes `new`, which equals a fresh parse."""
    before = parse(text)
    edit = Edit(Span(text.index(old), text.index(old) + len(old)), new)
    after = edited(before, edit)
    fresh = parse(apply_edits(text, [edit]))
    assert after == fresh
    assert (after.text, after.offsets, after.lines) == (fresh.text, fresh.offsets, fresh.lines)
    return before, after


def test_an_edit_keeps_the_other_instructions() -> None:
    before, after = changed("FROM a\nRUN b\n# c\nRUN d\n", "b", "bb\nRUN x")
    assert [placed.instruction.keyword for placed in after.instructions] == ["FROM", "RUN", "RUN", "RUN"]
    assert after.instructions[-1].instruction is before.instructions[-1].instruction
    assert after.instructions[-1] == Placed(before.instructions[-1].instruction, 24, 4)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("FROM a\nRUN b\nRUN c\n", "b", "b \\"),
        ("FROM a\nRUN b \\\nRUN c\n", " \\", ""),
        ("FROM a\nRUN b\nx\nA\nRUN c\n", "b", "b <<A"),
        ("FROM a\nRUN b <<A\nx\nB\nRUN c\n", "B", "A"),
        ("FROM a\nRUN b <<A\nx\nA\nRUN c\n", "A\nRUN", "RUN"),
        ("FROM a\nRUN b\nRUN c <<A\nx\nB\n", "b", "bb"),
        ("# escape=`\nFROM a\nRUN b `\n c\nRUN d \\\n e\n", "`", "\\"),
        ("# syntax=a\n# escape=`\nRUN b `\n c\n", "# syntax=a", "x"),
        ("FROM a\nRUN b", "RUN b", ""),
        ("FROM a\nRUN b\n", "FROM a\nRUN b\n", ""),
        ("FROM a", "FROM a", "\ufeffFROM a"),
        ("x\n# escape=`\nRUN b `\n c\n", "x\n", ""),
    ],
)
def test_an_edit_that_moves_borders_equals_a_fresh_parse(text: str, old: str, new: str) -> None:
    changed(text, old, new)


def test_equal_instructions_are_one_object() -> None:
    first, second = parse("RUN a\nRUN a\n").instructions
    assert first.instruction is second.instruction


def test_comments_keep_their_directive() -> None:
    assert parse("# syntax=a\n# b\n").pieces == (Comment("# syntax=a\n", ("syntax", "a")), Comment("# b\n"))
    assert outline(parse("# a\n")) == []
