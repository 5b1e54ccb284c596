"""Ignore files: what is a pattern, and which paths the patterns leave out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import json_lines
from deadweight.model.ignore import compile_patterns, read_glob
from deadweight.syntax.dockerignore import Blank, Comment, Pattern, clean, parse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("node_modules", "node_modules"),
        ("  *.log\t", "*.log"),
        ("/dist/", "dist"),
        ("./a//b/../c/", "a/c"),
        ("! /keep.me ", "!keep.me"),
        ("!", "!"),
        ("/", "/"),
        ("../up", "../up"),
        (" # no comment", "# no comment"),
        ("a # b", "a # b"),
        ("a\r", "a"),
        ("\xa0a\u2003", "a"),
        ("\x1ca", "\x1ca"),  # a space for Python, not for Go
    ],
)
def test_a_pattern_as_docker_reads_it(line: str, text: str) -> None:
    (pattern,) = parse(line).patterns
    assert pattern.text == text
    assert pattern.negated == text.startswith("!")
    assert line[slice(*pattern.span)].strip() in (line.strip(), line.strip(" \t\r\xa0\u2003"))


def test_kinds_of_lines_and_their_places() -> None:
    text = "\ufeff# head\r\n\n  a/ \n!b"
    lines = parse(text).lines
    assert [type(line) for line in lines] == [Comment, Blank, Pattern, Pattern]
    assert [line.line for line in lines] == [0, 1, 2, 3]
    assert [text[slice(*line.span)] for line in lines] == ["# head", "", "a/", "!b"]


def test_only_line_feeds_end_lines() -> None:
    assert [pattern.text for pattern in parse("a\rb\u2028c\fd\ne").patterns] == ["a\rb\u2028c\fd", "e"]


@given(st.text(alphabet="#! a/.*\\[]\r\n\t\ufeff\udc80\u2028"))
def test_reading_loses_nothing_and_never_fails(text: str) -> None:
    tree = parse(text)
    assert str(tree) == text
    matcher = compile_patterns(pattern.text for pattern in tree.patterns)
    assert matcher.excludes("a/b") == matcher.excludes("a/b")


# Patterns, paths that they leave out, paths that they do not.
CASES = [
    (["target"], ["target", "target/debug/app"], ["src/target", "targets", "target2/x"]),
    (["**/target"], ["target", "a/b/target", "a/target/x"], ["a/mytarget", "targets"]),
    (["**target"], ["mytarget", "a/mytarget/x"], ["targets"]),
    (["*.pyc"], ["a.pyc", ".pyc", "x.pyc/y"], ["lib/a.pyc", "a.pyco"]),
    (["**/*.pyc"], ["a.pyc", "lib/deep/a.pyc"], ["a.py"]),
    (["*/tmp"], ["a/tmp", "a/tmp/x"], ["tmp", "a/b/tmp"]),
    (["log?"], ["log1", "logé"], ["log", "log12", "a/log1"]),
    (["out/**"], ["out/a", "out/a/b"], ["out", "outer"]),
    (["out**"], ["out", "outer/x"], ["a/out"]),
    (["a/**/z"], ["a/z", "a/b/c/z"], ["a/bz", "a"]),
    (["a**z"], ["az", "ab/z", "a/b/z"], ["abz"]),
    (["**"], ["a", "a/b"], []),
    (["x.y"], ["x.y"], ["xay"]),
    (["a+(b)|{c}$"], ["a+(b)|{c}$"], ["aab"]),
    (["a+b*"], ["a+bc"], ["aab"]),
    (["[ab]x"], ["ax", "bx/y"], ["cx"]),
    (["[^ab]x"], ["cx"], ["ax"]),
    (["[a-c]*[0-9]"], ["b7", "bz7"], ["d7", "b/7"]),
    (["[[:digit:]]x"], ["5x"], ["dx"]),
    (["\\*x"], ["*x"], ["ax"]),
    (["a\\dist"], ["a5ist"], ["a/dist", "adist", "a\\dist"]),  # a digit
    (["a\\bin"], [], ["a/bin", "abin"]),  # a word's edge inside a word
    (["a-\\b*"], ["a-in"], ["a-"]),
    (["*x\\x41"], ["yxA"], ["yx41"]),
    (["a^*"], [], ["a^", "a^b"]),
    (["^*"], ["b"], []),
    (["a\\z*"], ["a"], ["ab"]),
    (["a\\Qb*"], [], ["ab", "abc"]),
    (["[a*]"], ["]", "aa]", "[/]"], ["a", "*"]),  # read as `[a[^/]*]`
    (["\\pLx"], ["éx"], ["1x"]),
    (["."], [], ["a"]),
    (["/"], [], ["a"]),
    (["../a"], [], ["a"]),
    (["docs", "!docs/api"], ["docs", "docs/x"], ["docs/api", "docs/api/y"]),
    (["!docs/api", "docs"], ["docs/api"], []),
    (["*", "!src", "src/gen"], ["a", "src/gen/b"], ["src", "src/main.c"]),
    (["*", "!**/*.go"], ["a", "a/b"], ["x.go", "a/x.go"]),
    (["a", "!a/b", "a/b/c"], ["a/x", "a/b/c"], ["a/b", "a/b/d"]),
]


@pytest.mark.parametrize(("patterns", "excluded", "included"), CASES, ids=lambda value: " ".join(value)[:30])
def test_what_patterns_leave_out(patterns: list[str], excluded: list[str], included: list[str]) -> None:
    matcher = compile_patterns(patterns)
    assert matcher.problems == ()
    for path in (*excluded, *included):
        assert matcher.excludes(path) == (path in excluded), path
        assert matcher.at(path).excluded == (path in excluded), path


@pytest.mark.parametrize(
    "pattern", ["[", "a[", "[]a]", "[a-]", "[-a]", "[a", "a\\", "[z-a]x*", "\\8", "\\pQ", "\\p[x]", "[[:x:]]"]
)
def test_patterns_that_docker_rejects_are_reported_and_match_nothing(pattern: str) -> None:
    matcher = compile_patterns(["ok", pattern])
    assert [(each.index, each.message) for each in matcher.problems] == [(1, "syntax error in pattern")]
    assert matcher.excludes("ok")
    assert not matcher.excludes("a")


def test_a_lone_exclamation_mark_is_rejected() -> None:
    assert [each.message for each in compile_patterns(["!"]).problems] == ['illegal exclusion pattern: "!"']


@pytest.mark.parametrize(
    ("path", "index"), [("a", 0), ("a/b", 0), ("a/keep", 2), ("a/keep/x", 2), ("b", None), ("x.log", 3), ("a/x.log", 3)]
)
def test_the_pattern_that_decides(path: str, index: int | None) -> None:
    matcher = compile_patterns(["a", "", "!a/keep", "**/*.log"])
    assert matcher.decides(path) == index
    assert matcher.at(path).decided_by == index


def test_a_walk_differs_from_single_questions_where_builds_do() -> None:
    # BuildKit does not try `!docs` on the folder, which nothing excludes; for the file it is too late.
    matcher = compile_patterns(["**/*.md", "!docs"])
    assert not matcher.excludes("docs/a.md")
    assert matcher.at("docs/a.md").excluded


@pytest.mark.parametrize(
    ("patterns", "folder", "may_return"),
    [
        (["a"], "a", False),
        (["a", "!b"], "a", False),
        (["a", "!a/b/c"], "a", True),
        (["a", "!a/b/c"], "a/b", True),
        (["a", "!a/b/c"], "a/x", False),
        (["a", "!**/keep"], "a/x", True),
        (["a", "!*/b"], "a", True),
        (["a", "!*/b"], "a/c", False),
        (["*", "!*.txt"], "a", False),
    ],
)
def test_whether_an_excluded_folder_must_be_entered(patterns: list[str], folder: str, may_return: bool) -> None:
    reached = compile_patterns(patterns).at(folder)
    assert reached.excluded
    assert reached.may_return == may_return


def test_hostile_patterns_take_no_exponential_time() -> None:
    matcher = compile_patterns(["**/" * 30 + "a*" * 30 + "b", "*a" * 500 + "*/b", "[a-z]*" * 50 + "!"])
    assert not matcher.excludes("/".join(["a" * 100] * 30))
    assert not read_glob("a*" * 30 + "b").matches("a" * 2000)


def test_a_pattern_longer_than_any_path_matches_nothing_and_costs_little() -> None:
    matcher = compile_patterns(["a" * 100_000, "[" + "a" * 100_000, "b"])
    assert [problem.index for problem in matcher.problems] == [1]
    assert matcher.excludes("b")
    assert not matcher.excludes("a" * 4000)


_AS_EXPRESSION = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]", ".": "\\."}


def _matches_itself(pattern: str, path: str) -> bool:
    """Plain patterns of names, `*`, `?` and `**/`, by Python's own expressions."""
    return re.fullmatch(re.sub(r"\*\*/|[*?.]", lambda word: _AS_EXPRESSION[word[0]], pattern), path) is not None


def _matches(pattern: str, path: str) -> bool:
    names = path.split("/")
    return any(_matches_itself(pattern, "/".join(names[: end + 1])) for end in range(len(names)))


_names = st.text(alphabet="ab.", min_size=1, max_size=3).filter(lambda name: name.strip("."))
_parts = st.one_of(_names, st.sampled_from(["*", "a*", "*.b", "?", "**/a", "**/*"]))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.booleans(), st.lists(_parts, min_size=1, max_size=3).map("/".join)), max_size=4),
    st.lists(_names, min_size=1, max_size=4).map("/".join),
)
def test_the_last_pattern_that_matches_decides(patterns: list[tuple[bool, str]], path: str) -> None:
    matcher = compile_patterns("!" * negated + pattern for negated, pattern in patterns)
    expected = None
    for index, (_, pattern) in enumerate(patterns):
        if _matches(pattern, path):
            expected = index
    assert matcher.decides(path) == expected
    assert matcher.excludes(path) == (expected is not None and not patterns[expected][0])


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.booleans(), st.lists(_parts, min_size=1, max_size=3).map("/".join)), max_size=4),
    st.lists(_names, min_size=1, max_size=4),
)
def test_a_walk_carries_down_what_was_tried(patterns: list[tuple[bool, str]], names: list[str]) -> None:
    matcher = compile_patterns("!" * negated + pattern for negated, pattern in patterns)
    tried = [False] * len(patterns)
    for end in range(len(names)):
        path = "/".join(names[: end + 1])
        excluded = False
        for index, (negated, pattern) in enumerate(patterns):
            if not tried[index] and negated == excluded:
                tried[index] = _matches_itself(pattern, path)
            if tried[index]:
                excluded = not negated
        assert matcher.at(path).excluded == excluded


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [("*.c", "a.c", True), ("*.c", "a.h", False), ("a?[x-z]", "abz", True), ("[^a]", "a", False), ("\\*", "*", True)],
)
def test_gos_match(pattern: str, name: str, matches: bool) -> None:
    assert read_glob(pattern).matches(name) == matches


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [("", "."), ("/", "/"), ("//a/", "/a"), ("a/./b/..", "a"), ("../../a", "../../a"), ("/../a", "/a")],
)
def test_clean_paths(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


def test_upstreams_own_table(shared: Path) -> None:
    table = json.loads((shared / "corpus" / "ignore_upstream_cases.json").read_text())
    for case in table["cases"]:
        matcher = compile_patterns(case["patterns"])
        assert bool(matcher.problems) == bool(case.get("error")), case
        assert matcher.problems or matcher.excludes(case["path"]) == case["match"], case
    for case in table["ignorefile"]:
        assert [pattern.text for pattern in parse(case["content"]).patterns] == case["expected"]


def test_real_contexts(shared: Path) -> None:
    contexts = {each["id"]: each["files"]["files"] for each in json_lines(shared / "corpus" / "contexts.jsonl.xz")}
    for case in json_lines(shared / "corpus" / "ignore_expected.jsonl.xz"):
        matcher = compile_patterns(case["patterns"])
        assert bool(matcher.problems) == bool(case["error"]), case["patterns"]
        if matcher.problems:
            continue
        paths = contexts[case["context"]]
        assert {path for path in paths if matcher.excludes(path)} == set(case["ignored"])
        assert {path for path in paths if matcher.at(path).excluded} == set(case["ignored"])


def test_real_ignore_files_are_read_without_loss(shared: Path) -> None:
    for each in json_lines(shared / "corpus" / "dockerignore.jsonl.xz"):
        assert str(parse(each["text"])) == each["text"]
