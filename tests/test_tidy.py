"""The house is in order: lint, types, import contracts, pages of rules, tables, and the wheel installs."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from deadweight import rules
from deadweight.rules.catalog import RULES
from deadweight.rules.rule import Rule
from develop.new_rule import MARK

ROOT = Path(__file__).parent.parent
SECTIONS = ("Example", "Fix safety", "Not reported", "References")


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("ruff", "check", "."), id="lint"),
        pytest.param(("ruff", "format", "--check", "."), id="format"),
        pytest.param(("mypy",), id="types"),
    ],
)
def test_checkers_are_content(command: tuple[str, ...]) -> None:
    done = run(sys.executable, "-m", *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_down_only() -> None:
    from importlinter.cli import lint_imports  # its module has no __main__

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("path", sorted((ROOT / "server").rglob("*.py")), ids=lambda path: path.name)
def test_file_says_what_it_is_for(path: Path) -> None:
    first = path.read_text("utf-8").partition("\n")[0]
    assert re.match(r'r?"""\S', first), f"{path.name} starts with {first!r}"


def test_every_rule_is_in_the_catalog() -> None:
    """A module of rules/ is a rule's if it defines one; the others help."""
    names = [found.name for found in pkgutil.iter_modules(rules.__path__, "deadweight.rules.")]
    defined = [
        value.id
        for module in map(importlib.import_module, names)
        for value in vars(module).values()
        if isinstance(value, Rule) and value.check.__module__ == module.__name__
    ]
    assert sorted(defined) == sorted(rule.id for rule in RULES)


@pytest.mark.parametrize("path", sorted((ROOT / "server/deadweight/rules").glob("*.py")), ids=lambda path: path.name)
def test_nothing_is_left_to_write(path: Path) -> None:
    assert MARK not in path.read_text("utf-8"), "new_rule.py marks what its author writes"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_page_is_complete(rule) -> None:  # type: ignore[no-untyped-def]
    headings = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)
    assert tuple(dict.fromkeys(headings)) == SECTIONS
    assert rule.title.endswith(".")
    assert rule.id.replace("-", "_") == rule.check.__name__ == rule.check.__module__.rpartition(".")[2]


def test_wheel_installs_and_weighs(tmp_path: Path) -> None:
    """The wheel holds the packed tables, and what it installs does the main job without the checkout."""
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT))
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "deadweight/facts/data/base_images.tsv.z" in names
    assert not [name for name in names if name.endswith(".tsv")]
    assert {f"deadweight/pages/{rule.id}.md" for rule in RULES} <= set(names)
    venv.create(tmp_path / "env", with_pip=True)
    scripts = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    installed = run(str(scripts / "python"), "-m", "pip", "install", "--quiet", str(wheel))
    assert installed.returncode == 0, installed.stderr
    (tmp_path / "Dockerfile").write_text("FROM node:22\n", "utf-8")
    weighed = run(str(scripts / "deadweight"), "size", "Dockerfile", cwd=tmp_path)
    assert "1.1 GB" in weighed.stdout, weighed.stderr
