"""What an editor shows in a .dockerignore, as plain data. `<|>` marks the cursor."""

from __future__ import annotations

import pytest

from deadweight.features.ignoring.completion import ignore_completions
from deadweight.features.ignoring.findings import IgnoreFinding, ignore_findings
from deadweight.features.ignoring.hints import context_in_words, ignore_hints
from deadweight.features.ignoring.hover import ignore_hover
from deadweight.features.ignoring.links import ignore_links
from deadweight.features.ignoring.reading import IgnoreReading, Measured, Taken, measure, taken_by
from deadweight.model.context import BuildContext
from deadweight.snapshot import Snapshot
from deadweight.syntax import dockerfile, dockerignore
from deadweight.text import Span, apply_edits

CURSOR = "<|>"
FILES = {
    "node_modules/a/index.js": 80_000_000,
    "node_modules/b.js": 9_000_000,
    "app/node_modules/c.js": 30_000_000,
    "src/app.js": 300,
    "README.md": 20,
    "docs/guide.md": 2_000_000,
    "data.csv": 5_000_000,
    "debug.log": 200_000,
}


def reading_of(text: str, *taken: Taken, files: dict[str, int] | None = None, complete: bool = True) -> IgnoreReading:
    file = dockerignore.parse(text)
    work = measure(BuildContext("here", FILES if files is None else files, complete=complete), file)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Measured = done.value
            return IgnoreReading(file, found, taken)


def found_in(text: str, *taken: Taken, files: dict[str, int] | None = None) -> dict[str, IgnoreFinding]:
    return {each.code: each for each in ignore_findings(reading_of(text, *taken, files=files))}


def fixed(text: str, *taken: Taken) -> str:
    (found,) = found_in(text, *taken).values()
    return apply_edits(text, found.edits)


# --- hover, hints, lens ---


def hovered(text: str, files: dict[str, int] | None = None) -> str:
    shown = ignore_hover(reading_of(text.replace(CURSOR, ""), files=files), text.index(CURSOR))
    return shown.text if shown else ""


def test_a_pattern_says_what_it_leaves_out_the_largest_first() -> None:
    assert hovered(f"*.md\nnode_mo{CURSOR}dules\n").splitlines() == [
        "Leaves out **89 MB** in 2 files of the build context",
        "",
        "- `node_modules/` 89 MB",
    ]
    assert hovered(f"{CURSOR}*.md\n") == "Leaves out **20 B** in 1 file of the build context"


def test_an_exception_says_what_it_brings_back() -> None:
    assert hovered(f"*\n!READ{CURSOR}ME.md\n").startswith("Brings back **20 B** in 1 file")


def test_a_pattern_without_effect() -> None:
    assert hovered(f"# note\nnone{CURSOR}\n") == "Leaves out nothing that no other pattern does"
    assert hovered(f"# no{CURSOR}te\nnone\n") == ""


def test_the_hints_of_patterns() -> None:
    text = "node_modules\n*.csv\n*.log\n*.md\n!debug.log\n"
    hints = ignore_hints(reading_of(text), Span(0, len(text)))
    # What nobody would notice has no hint: debug.log comes back, README.md is 20 bytes.
    assert [(text[: hint.offset].rpartition("\n")[2], hint.label) for hint in hints] == [
        ("node_modules", "\N{MINUS SIGN}89 MB"),
        ("*.csv", "\N{MINUS SIGN}5.0 MB"),
        ("!debug.log", "+200 kB"),
    ]


def test_what_is_left_of_the_context() -> None:
    assert context_in_words(reading_of("**/node_modules\n")) == "Build context: 7.2 MB of 130 MB, 5 of 8 files"
    assert "of at least 130 MB" in context_in_words(reading_of("", complete=False))


def test_while_nobody_knows() -> None:
    reading = IgnoreReading(dockerignore.parse("a\n[\n"), is_measuring=True)
    assert [hint.label for hint in ignore_hints(reading, Span(0, 2))] == ["measuring ..."]
    assert context_in_words(reading) == "Build context: measuring ..."
    assert [each.code for each in ignore_findings(reading)] == ["syntax"]


# --- findings ---


def test_a_pattern_that_docker_rejects() -> None:
    text = "ok\n  [a\n"
    found = found_in(text)["syntax"]
    assert text[slice(*found.pattern.span)] == "[a"
    assert (found.severity, found.message) == ("error", "syntax error in pattern")
    assert apply_edits(text, found.edits) == "ok\n  \\[a\n"
    assert "Docker rejects this pattern" in hovered(f"[a{CURSOR}\n")
    assert fixed("*.csv\n!\n") == "*.csv\n"


def test_a_pattern_that_holds_only_at_the_top() -> None:
    found = found_in("node_modules\n")["pattern-only-at-top"]
    assert "**/node_modules leaves out 1 file more, 30 MB" in found.message
    assert found.severity == "information"
    assert fixed("node_modules\n") == "**/node_modules\n"
    # Whoever writes a slash knows; a few bytes are no matter; what holds everywhere has nothing to gain.
    assert not found_in("/node_modules\n")
    assert not found_in("*.js\nREADME.md\n", files={"a.js": 10, "b/c.js": 999, "README.md": 1})
    assert not found_in("**/node_modules\n")
    # A folder of this name may be something else below another one.
    assert not found_in("data\n", files={"data/a": 1, "src/data/model.py": 9_000_000})


def test_an_exception_that_comes_too_early() -> None:
    text = "**/*.md\n!README.md\n*.md\n"
    found = found_in(text)["exception-too-early"]
    assert "line 3 leaves the same out again" in found.message
    assert apply_edits(text, found.edits) == "**/*.md\n*.md\n!README.md\n"


@pytest.mark.parametrize(
    ("text", "code", "after"),
    [
        ("!src\n", "exception-without-effect", ""),
        ("**/*.csv\ndata.csv\n*.csv\n", "pattern-without-effect", None),
        ("SRC\n", "name-in-other-case", "src\n"),
        ("!docs/Guide.md\n", "name-in-other-case", "!docs/guide.md\n"),
        ("nothing # yet\n", "comment-in-pattern", "# yet\nnothing\n"),
        ("  # note\n", "comment-in-pattern", "# note\n"),
        ("src docs src\n", "several-patterns-in-one", "src\ndocs\n"),
        ("  nothing # yet\n", "comment-in-pattern", "# yet\nnothing\n"),
        ("data.csv  debug.log\r\n", "several-patterns-in-one", "data.csv\r\ndebug.log\r\n"),
    ],
)
def test_patterns_that_do_nothing(text: str, code: str, after: str | None) -> None:
    found = found_in(text)[code]
    if after is not None:
        assert apply_edits(text, found.edits) == after
        assert code not in found_in(after)


def test_a_line_goes_only_where_all_else_stays() -> None:
    files = {"x.log/my": 2_000_000, "a": 1}
    assert not found_in("x.log\n!x.log/my\n*.log\n", files=files)
    # What lies in a folder that is left out whole has its right name all the same.
    assert "name-in-other-case" not in found_in("docs\ndocs/guide.md\n")


def test_what_an_exception_keeps_is_not_promised() -> None:
    files = {"sub/keep.log": 30_000_000, "sub/b.log": 3_000_000, "a": 1}
    assert "pattern-only-at-top" not in found_in("!sub/keep.log\n*.log\n", files=files)


def test_patterns_that_wait_for_what_a_build_makes() -> None:
    assert not found_in("dist\n.venv\n*.tmp\n!gone\n**/target\n")


def test_an_exception_that_only_opens_a_folder() -> None:
    assert not found_in("docs\n!docs\ndocs/*\n!docs/guide.md\n")


def test_a_file_that_a_dockerfile_copies() -> None:
    taken = Taken("Dockerfile", 4, "docs/guide.md")
    found = found_in("docs\n", taken)["copied-file-ignored"]
    assert (found.severity, "line 4 of Dockerfile" in found.message) == ("error", True)
    assert fixed("docs", taken) == "docs\n!docs/guide.md\n"
    assert "copied-file-ignored" not in found_in("docs\n!docs/guide.md\n", taken)
    assert not found_in("*.csv\n", taken)
    assert "copied-file-ignored" not in found_in("docs\n", Taken("Dockerfile", 4, "docs/gone.md"))


def test_what_was_not_looked_at_is_not_judged() -> None:
    assert not ignore_findings(reading_of("SRC\n", complete=False))
    older = reading_of("a\n").measured
    assert not ignore_findings(IgnoreReading(dockerignore.parse("SRC\n"), older))


def test_what_dockerfiles_take() -> None:
    text = (
        "FROM a AS b\nARG DIR=src\nCOPY --from=x no /\nCOPY ${DIR}/app.js ./docs/ /x/\n"
        "ADD https://example.org/a /\nCOPY *.md <<EOF /y/\nEOF\nCOPY . /z\nCOPY $UNKNOWN /\n"
    )
    found = list(taken_by(Snapshot(dockerfile.parse(text)), "Dockerfile"))
    assert [(each.line, each.path) for each in found] == [(4, "src/app.js"), (4, "docs")]


# --- completion, links ---


def completed(text: str) -> list[tuple[str, str]]:
    found = ignore_completions(reading_of(text.replace(CURSOR, "")), text.index(CURSOR))
    return [(item.label, item.detail) for item in found.items] if found else []


def test_the_heaviest_that_is_still_sent_comes_first() -> None:
    assert completed(f"node_modules\n{CURSOR}\n")[:3] == [("app", "30 MB"), ("data.csv", "5.0 MB"), ("docs", "2.0 MB")]
    assert completed(f"app/{CURSOR}")[0] == ("app/node_modules", "30 MB")
    assert ("**/*.log", "usual") in completed(CURSOR)
    assert not completed(f"# {CURSOR}")


def test_behind_an_exclamation_mark_comes_what_is_left_out() -> None:
    assert completed(f"*.csv\n**/node_modules\n!{CURSOR}") == [
        ("node_modules", "89 MB"),
        ("app", "30 MB"),
        ("data.csv", "5.0 MB"),
    ]


def test_names_are_written_as_patterns_that_match_them() -> None:
    files = {"#big": 5_000_000, "!imp": 4_000_000, " blank": 3_000_000, "a\nb": 2_000_000, "c[d": 1_000_000}
    reading = reading_of("", files=files)
    found = ignore_completions(reading, 0)
    assert found is not None
    assert [item.text for item in found.items][:3] == ["\\#big", "\\!imp", "c\\[d"]
    for item in found.items[:3]:
        left = reading_of(item.text + "\n", files=files).measured
        assert left is not None
        assert left.sifted.kept.count == 4


def test_a_pattern_that_is_a_file_leads_to_it() -> None:
    assert [link.path for link in ignore_links(reading_of("data.csv\n!README.md\ndocs\n*.log\n"))] == [
        "data.csv",
        "README.md",
    ]
