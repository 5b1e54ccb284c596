"""What patterns leave of a folder: the same as asked path by path, and what each of them takes away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadweight.model.folder import Files, Folder, folder_of
from deadweight.model.ignore import compile_patterns
from deadweight.model.sifting import Sifted, sifted

TREE = folder_of(
    {
        "package.json": 10,
        "node_modules/a/index.js": 1000,
        "node_modules/a/README.md": 50,
        "src/app.js": 300,
        "src/docs/a.md": 40,
        "docs/b.md": 30,
        "README.md": 20,
        "debug.log": 5,
    }
)


def sift(*patterns: str, tree: Folder = TREE) -> Sifted:
    return sifted(tree, compile_patterns(patterns))


def test_what_no_pattern_reaches_stays_the_same_object() -> None:
    found = sift("node_modules", "docs/b.md")
    assert set(Files(found.kept)) == {"package.json", "src/app.js", "src/docs/a.md", "README.md", "debug.log"}
    assert found.kept.folders["src"] is TREE.folders["src"]
    assert found.kept.folders["docs"].count == 0  # the builder makes it, though it is empty
    assert sift("nothing").kept is TREE


def test_what_each_pattern_takes_away() -> None:
    found = sift("node_modules", "**/*.md", "*.log")
    assert [(found.share(at).files, found.share(at).bytes) for at in range(3)] == [(2, 1050), (3, 90), (1, 5)]
    assert found.share(0).largest == (("node_modules/", 1050),)
    assert found.share(1).largest == (("src/docs/a.md", 40), ("docs/b.md", 30), ("README.md", 20))


def test_what_an_exception_brings_back_or_does_not() -> None:
    found = sift("**/*.md", "!README.md", "!docs/b.md", "docs")
    assert found.share(1).bytes == 20
    assert found.share(2).files == 0
    assert found.overruled[2] == 3


@pytest.mark.parametrize(("pattern", "is_met"), [("*.md", True), ("*.txt", False), ("node_modules/a", True)])
def test_whether_a_pattern_matches_anything(pattern: str, is_met: bool) -> None:
    assert bool(sift(pattern).met) == is_met


_names = st.sampled_from(["a", "b", "ab", "a.b"])
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)
_parts = st.sampled_from(["a", "b", "*", "**", "a*", "?", "*.b"])
_patterns = st.lists(
    st.tuples(st.sampled_from(["", "", "!"]), st.lists(_parts, min_size=1, max_size=3).map("/".join)).map("".join),
    max_size=5,
)


@given(st.dictionaries(_paths, st.integers(0, 9), max_size=12), _patterns)
def test_it_is_as_each_path_is(files: dict[str, int], patterns: list[str]) -> None:
    files = {path: count for path, count in files.items() if not any(each.startswith(f"{path}/") for each in files)}
    matcher = compile_patterns(patterns)
    found = sift(*patterns, tree=folder_of(files))
    assert dict(Files(found.kept)) == {path: count for path, count in files.items() if not matcher.at(path).excluded}
    assert found.kept.bytes == sum(Files(found.kept).values())
    # A folder that is left out whole is its pattern's, whatever else matches in it.
    left_out = sum(count for path, count in files.items() if matcher.at(path).excluded)
    assert sum(found.share(at).bytes for at, each in enumerate(patterns) if each[0] != "!") == left_out
    back = [path for path in files if not matcher.at(path).excluded and matcher.at(path).decided_by is not None]
    assert sum(found.share(at).files for at, each in enumerate(patterns) if each[0] == "!") == len(back)


@given(st.dictionaries(_paths, st.integers(0, 9), max_size=12))
def test_a_folder_holds_its_files(files: dict[str, int]) -> None:
    files = {path: count for path, count in files.items() if not any(each.startswith(f"{path}/") for each in files)}
    made = Files(folder_of(files))
    assert made == files
    assert {path: made[path] for path in files} == files
    assert len(made) == len(files)


def test_a_folder_may_be_deep() -> None:
    path = "a/" * 3000 + "b"
    assert sift("**/c", tree=folder_of({path: 7})).kept.bytes == 7
    assert sift("**/b", tree=folder_of({path: 7})).kept.bytes == 0
