"""The habits of the house: a new rule starts by a command, generated pages are fresh, what documents name is there."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from deadweight.features.topics import TOPICS
from deadweight.model import effects
from deadweight.model.commands import catalog
from deadweight.rules.catalog import BY_ID, RULES
from deadweight.workspace.discover import _OTHER_ENDINGS, kind_of
from develop import new_rule, rule_pages

if TYPE_CHECKING:
    from deadweight.model.commands.call import Tool

ROOT = Path(__file__).parent.parent
ID, SENTENCE = "some-problem-kept", "Some problem stays in the image."


# A new rule


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what new_rule.py writes into, and of the tests that judge it, with a rule that was just started."""
    root = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__", "*.tsv", "*.xz")
    for folder in ("server", "docs/rules", "docs/contributing"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    (root / "tests").mkdir()
    for name in ("CHANGELOG.md", "pyproject.toml", *(f"tests/{each}.py" for each in JUDGES)):
        shutil.copy(ROOT / name, root / name)
    started = start(root, ID, SENTENCE)
    assert started.returncode == 0, started.stderr
    return root


JUDGES = ("examples", "test_tidy", "test_rules_by_example")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a copy, so that it imports the copy's modules."""
    environment = {**os.environ, "PYTHONPATH": str(root / "server"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, *arguments)
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def start(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(root, "server/develop/new_rule.py", *arguments)


def test_a_new_rule_is_everywhere(tree: Path) -> None:
    catalog = (tree / "server/deadweight/rules/catalog.py").read_text("utf-8")
    assert "    some_problem_kept.some_problem_kept,\n)\nBY_ID" in catalog
    assert f"- `{ID}`: {SENTENCE}\n" in (tree / "CHANGELOG.md").read_text("utf-8")
    assert f"# {ID}\n\n{SENTENCE}\n" in (tree / f"docs/rules/{ID}.md").read_text("utf-8")
    assert f"[{ID}]({ID}.md): {SENTENCE}" in (tree / "docs/rules/README.md").read_text("utf-8")
    assert run(tree, "server/develop/rule_pages.py", "--check").returncode == 0


def test_a_new_rule_passes_the_checkers(tree: Path) -> None:
    files = [f"server/deadweight/rules/{name}.py" for name in ("some_problem_kept", "catalog")]
    for command in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        done = run(tree, "-m", *command, *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_rule_fails_until_it_is_written(tree: Path) -> None:
    tests = run(tree, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-k", f"{ID} or some_problem_kept", "tests")
    failed = set(re.findall(r"^FAILED \S+::(\S+)", tests.stdout, re.MULTILINE))
    assert failed == {
        "test_nothing_is_left_to_write[some_problem_kept.py]",
        f"test_fix_gives_what_the_page_says[{ID}-1]",
        f"test_image_loses_what_the_finding_says[{ID}-1]",
    }, tests.stdout + tests.stderr


@pytest.mark.parametrize(
    ("id_", "sentence", "said"),
    [
        ("Some_Problem", SENTENCE, "kebab-case"),
        ("problem", SENTENCE, "kebab-case"),
        ("some--problem", SENTENCE, "kebab-case"),
        (ID, SENTENCE, f"{ID} exists"),
        ("other-problem", "No full stop", "full stop"),
        ("other-problem", "Two\nlines.", "one line"),
        ("other-problem", 'Ends """ the page.', "sentence"),
        ("other-problem", "x" * 116 + ".", "116"),
    ],
)
def test_what_is_no_rule_is_refused_in_one_line(tree: Path, id_: str, sentence: str, said: str) -> None:
    before = sorted(tree.rglob("*"))
    refused = start(tree, id_, sentence)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert sorted(tree.rglob("*")) == before


def test_a_line_ends_the_unreleased_version() -> None:
    changelog = "# Changelog\n\n## 0.2.0 (unreleased)\n\n- One.\n\n## 0.1.0\n\n- Zero.\n"
    assert new_rule.with_line(changelog, "- Two.") == changelog.replace("One.\n", "One.\n- Two.\n")
    with pytest.raises(new_rule.RefusedError):
        new_rule.with_line("## 0.1.0\n", "- Two.")


# The pages of rules


def test_pages_of_rules_are_fresh() -> None:
    assert rule_pages.stale() == [], "run python server/develop/rule_pages.py"


def test_stale_pages_are_found_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_pages, "FOLDER", tmp_path)
    assert rule_pages.main() == 0
    (tmp_path / "apt-lists-kept.md").write_text("changed", "utf-8")
    (tmp_path / "gone-rule.md").write_text("of a rule that is gone", "utf-8")
    (tmp_path / "README.md").unlink()
    assert rule_pages.stale() == ["README.md", "apt-lists-kept.md", "gone-rule.md"]
    assert rule_pages.main("--check") == 1
    assert (tmp_path / "gone-rule.md").exists()
    assert rule_pages.main() == 0
    assert rule_pages.main("--check") == 0
    assert not (tmp_path / "gone-rule.md").exists()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_everywhere(rule) -> None:  # type: ignore[no-untyped-def]
    assert (ROOT / f"server/deadweight/rules/{rule.id.replace('-', '_')}.py").is_file()
    assert rule.group in rule_pages.HEADINGS
    assert f"({rule.id}.md)" in (ROOT / "docs/rules/README.md").read_text("utf-8")
    assert f"`{rule.id}`" in (ROOT / "CHANGELOG.md").read_text("utf-8"), "the changelog does not mention it"


# What documents name


DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(
    r"# deadweight: ignore=([a-z0-9-]+(?:,[a-z0-9-]+)*)"
    r"|--rule ([a-z0-9-]+)|deadweight explain ([a-z0-9-]+)|rules/([a-z0-9-]+)\.md|^- `([a-z0-9]+-[a-z0-9-]+)`:",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rules_that_a_document_names_exist(path: Path) -> None:
    lists = ("".join(groups) for groups in NAMED.findall(path.read_text("utf-8")))
    assert {id_ for each in lists for id_ in each.split(",")} <= BY_ID.keys() | {topic.id for topic in TOPICS}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_in_a_document_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", path.read_text("utf-8")):
        assert (path.parent / link).exists(), link


def test_the_tool_that_new_tool_shows_is_one() -> None:
    text = (ROOT / "docs/contributing/new-tool.md").read_text("utf-8")
    module: dict[str, object] = {}
    exec(text.split("```python\n")[1].split("```")[0], module)
    (tool,) = cast("tuple[Tool, ...]", module["TOOLS"])
    assert tool.names == ("shrink", "unshrink")
    for name in re.findall(r"`(\w+)\((?=\w)", text.partition("## What an effect says")[2]):
        assert hasattr(effects, name), f"model/effects.py has no {name}"


@pytest.mark.parametrize("module", catalog.LATER)
def test_a_tool_that_is_imported_later_is_found_by_its_names(module: str) -> None:
    names = catalog.LATER[module].split()
    assert sorted(names) == sorted(catalog.tools_of(module)), f"{module}.py and LATER in catalog.py name other tools"
    assert all(catalog.find(name) is catalog.tools_of(module)[name] for name in names)


def drawn(text: str) -> tuple[dict[str, str], list[str]]:
    """The tree that architecture.md draws: each folder with its line, and the files that are named, perhaps as globs.

    A line that starts with `name/` opens a folder below the nearest line above that is indented less.
    """
    folders: dict[str, str] = {}
    files: list[str] = []
    above: list[tuple[int, str]] = [(-1, "")]
    for line in text.split("```\n")[1].splitlines():
        indent, first = len(line) - len(line.lstrip()), line.split()[0]
        if first.endswith(("/", ".py")):
            above = [each for each in above if each[0] < indent]
        if first.endswith("/"):
            above.append((indent, above[-1][1] + first))
            folders[above[-1][1]] = line
        files += [above[-1][1] + name for name in re.findall(r"(?<![\w/.*])[\w/*]+\.py\b", line)]
    return folders, files


def test_the_tree_in_architecture_is_the_tree() -> None:
    folders, files = drawn((ROOT / "docs/contributing/architecture.md").read_text("utf-8"))
    for pattern in (*folders, *files):
        assert list(ROOT.glob(pattern)), f"{pattern} is drawn, but is not there"
    there = [path.relative_to(ROOT) for path in (ROOT / "server").rglob("*.py") if not path.name.startswith("__")]
    for path in there:
        is_named = any(fnmatchcase(path.as_posix(), pattern) for pattern in files)
        assert is_named or "one file a" in folders.get(f"{path.parent.as_posix()}/", ""), f"{path} is not drawn"


def test_a_tree_is_read_as_it_is_drawn() -> None:
    rows = (
        "x/",
        "  a.py    one   b_*.py   two",
        "  c/      of tools;",
        "           see d.py",
        "    e.py  three",
        "  f.py",
    )
    folders, files = drawn("\n".join(("```", *rows, "y/g.py    four", "```", "")))
    assert list(folders) == ["x/", "x/c/"]
    assert files == ["x/a.py", "x/b_*.py", "x/c/d.py", "x/c/e.py", "x/f.py", "y/g.py"]


# pre-commit


def test_hooks_take_the_files_that_deadweight_takes() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    files, exclude = (re.search(rf"{key}: &{key} '(.+)'$", hooks, re.MULTILINE) for key in ("files", "exclude"))
    assert files
    assert exclude
    stems = ("Dockerfile", "dockerfile", "Containerfile", "containerfile", "MyDockerfile", "api", "", "#a", ".#a", ".a")
    kinds = ("", ".dev", ".a.b", "s", ".Dockerfile", ".dockerfile", ".Containerfile", ".containerfile", ".dockerignore")
    endings = ("", *_OTHER_ENDINGS, *map(str.upper, _OTHER_ENDINGS), ".py", ".jinja3")
    for name in map("".join, itertools.product(stems, kinds, endings)):
        for path in (name, f"api/Dockerfile/{name}"):
            taken = bool(re.search(files[1], path)) and not re.search(exclude[1], path)
            assert taken == (kind_of(name) == "dockerfile"), path


def test_hooks_are_commands() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert re.findall(r"^- id: (.+)$", hooks, re.MULTILINE) == ["deadweight-check", "deadweight-fix"]
    assert re.findall(r"^  entry: (.+)$", hooks, re.MULTILINE) == ["deadweight check", "deadweight fix --write"]
    assert re.findall(r"^  files: \W(\w+)", hooks, re.MULTILINE) == ["files", "files"]
    assert re.findall(r"^  exclude: \W(\w+)", hooks, re.MULTILINE) == ["exclude", "exclude"]
