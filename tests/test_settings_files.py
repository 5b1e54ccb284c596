"""The settings files of projects: which one holds, what is said about one that nobody can read, what it leaves out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from deadweight.model.image import StatedSize
from deadweight.settings import DEFAULTS, RuleSettings, Settings, read_settings
from deadweight.workspace.discover import find
from deadweight.workspace.settings_files import SettingsFiles

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def settings_of(path: Path, base: Settings = DEFAULTS) -> tuple[Settings, tuple[str, ...]]:
    file = SettingsFiles(lambda path: path.name).of(path)
    return file.over(base) if file else (base, ())


def min_saving(path: Path) -> int:
    settings, wrong = settings_of(path)
    assert wrong == ()
    return settings.min_saving


# --- which one holds ---


def test_the_nearest_file_holds_alone(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "min-saving = 1\nplatform = 'linux/arm64'")
    write(tmp_path / "api/deadweight.toml", "min-saving = 2")
    assert min_saving(tmp_path / "web/docker/Dockerfile") == 1
    assert min_saving(tmp_path / "api/docker/Dockerfile") == 2
    assert settings_of(tmp_path / "api/Dockerfile")[0].platform == DEFAULTS.platform


def test_in_one_folder_our_own_file_goes_first(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.deadweight]\nmin-saving = 2")
    assert min_saving(tmp_path / "Dockerfile") == 2
    write(tmp_path / "deadweight.toml")
    assert min_saving(tmp_path / "Dockerfile") == DEFAULTS.min_saving


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool.black]",
        "[project]\nname = 'deadweight'",
        "[tool]\nblack = 'deadweight'",
        "tool = 'deadweight'",
        "dependencies = [deadweight",  # being typed, and not about us
    ],
)
def test_a_pyproject_without_our_table_is_passed_by(tmp_path: Path, text: str) -> None:
    write(tmp_path / "deadweight.toml", "min-saving = 1")
    write(tmp_path / "api/pyproject.toml", text)
    assert min_saving(tmp_path / "api/Dockerfile") == 1


def test_the_search_ends_at_the_root_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "min-saving = 1")
    (tmp_path / "repository/.git").mkdir(parents=True)
    write(tmp_path / "worktree/.git", "gitdir: elsewhere")
    assert min_saving(tmp_path / "repository/api/Dockerfile") == DEFAULTS.min_saving
    assert min_saving(tmp_path / "worktree/Dockerfile") == DEFAULTS.min_saving
    write(tmp_path / "repository/deadweight.toml", "min-saving = 2")
    assert min_saving(tmp_path / "repository/api/Dockerfile") == 2


def test_a_path_of_many_folders(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "min-saving = 1")
    assert min_saving(tmp_path.joinpath(*["a"] * 50, "Dockerfile")) == 1
    assert min_saving(tmp_path.joinpath(*["a"] * 2000, "Dockerfile")) == DEFAULTS.min_saving


def test_folders_and_pipes_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "deadweight.toml").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pyproject.toml")
    assert min_saving(tmp_path / "Dockerfile") == DEFAULTS.min_saving


def test_each_folder_is_looked_at_once(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "min-saving = 1")
    files = SettingsFiles()
    one = files.of(tmp_path / "a/b/Dockerfile")
    write(tmp_path / "a/deadweight.toml", "min-saving = 2")
    assert files.of(tmp_path / "a/c/Dockerfile") is one
    assert SettingsFiles().of(tmp_path / "a/c/Dockerfile") is not one


# --- what it says ---


def test_a_file_goes_over_the_settings_of_an_editor_for_what_it_names(tmp_path: Path) -> None:
    editor = {
        "minSaving": "5MB",
        "platform": "linux/arm64",
        "buildArgs": {"A": "1", "B": "1"},
        "rules": {"late-delete": {"severity": "hint", "minSaving": 7}, "apt-lists-kept": "off"},
    }
    base, _ = read_settings(editor)
    text = "min-saving = 0\nbuild-args = { B = '2' }\nrules.late-delete = 'error'\n"
    write(tmp_path / "deadweight.toml", text)
    settings, wrong = settings_of(tmp_path / "Dockerfile", base)
    rules = {"late-delete": RuleSettings("error", 7), "apt-lists-kept": RuleSettings("off")}
    assert settings == Settings(0, platform="linux/arm64", build_args={"A": "1", "B": "2"}, rules=rules)
    assert wrong == ()


def test_the_file_is_named_for_the_sizes_of_images(tmp_path: Path) -> None:
    for name, table in (("pyproject.toml", "tool.deadweight.bases"), ("deadweight.toml", "bases")):
        write(tmp_path / name, f'[{table}]\n"base:1" = "340MB"')
        assert settings_of(tmp_path / "Dockerfile")[0].bases == {"base:1": StatedSize(340_000_000, name)}


def test_a_context_is_a_folder_seen_from_the_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "docker/deadweight.toml", "context = '../app'")
    place = "deadweight.toml: context: '../app' is no folder of the project, seen from this file"
    assert settings_of(tmp_path / "docker/Dockerfile") == (DEFAULTS, (place,))
    (tmp_path / "app").mkdir()
    settings, wrong = settings_of(tmp_path / "docker/api/Dockerfile")
    assert (settings.context, wrong) == (str(tmp_path / "app"), ())


@pytest.mark.parametrize("context", ["..", "../..", "/", "a\\u0000b", "Dockerfile", "nowhere"])
def test_a_context_elsewhere_is_refused(tmp_path: Path, context: str) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "Dockerfile")
    write(tmp_path / "deadweight.toml", f'context = "{context}"\nmin-saving = 1')
    settings, wrong = settings_of(tmp_path / "Dockerfile")
    assert (settings.context, settings.min_saving, len(wrong)) == (None, 1, 1)


# --- what is wrong ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min-saving = 'much'", "deadweight.toml: min-saving: 'much' is no size: "),
        ("minSaving = 1", "deadweight.toml: there is no minSaving: did you mean min-saving?"),
        (
            "rules.late-delet = 'off'",
            "deadweight.toml: rules: there is no rule 'late-delet': did you mean late-delete?",
        ),
        ("bases.'x:1' = 'much'", "deadweight.toml: bases: x:1: 'much' is no size: "),
        ("[bases]\nx = 1\n[bases]", "deadweight.toml:3: cannot declare ('bases',) twice"),
        ("a = 1\n\nb", "deadweight.toml:3: expected '=' after a key in a key/value pair"),
        ("a = [1,\n", "deadweight.toml:2: "),
        ("\x7fELF\x02\x01\x00\x00", "deadweight.toml:1: "),
        ("\udcff\udcfem\x00i\x00", "deadweight.toml:1: "),
        ("a = " + "[" * 100_000, "deadweight.toml:1: nested too deeply"),
        ("a = 1\n" + "b." * 100_000 + "c = 1", "deadweight.toml:2: keys of too many parts"),
        ("a = 1" + "0" * 10_000, "deadweight.toml:1: "),
        ("#" * 1_000_001, "deadweight.toml: larger than 1 MB"),
        ("a = 1979-05-27T07:32:00Z", "deadweight.toml: there is no a"),
        ("platform = 1979-05-27", "deadweight.toml: platform: datetime.date(1979, 5, 27) is no text"),
    ],
)
def test_what_is_wrong_is_one_line_and_the_defaults_hold(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path / "deadweight.toml", text)
    settings, (line,) = settings_of(tmp_path / "Dockerfile")
    assert settings.min_saving == DEFAULTS.min_saving
    assert line.startswith(said)
    assert line.isprintable()
    assert len(line) <= 1000


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "\ufeffmin-saving = 1\r\nplatform = 'linux/arm64'\r\n")
    assert min_saving(tmp_path / "Dockerfile") == 1


def test_a_pyproject_names_the_table(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.deadweight]\ncolour = 1")
    assert settings_of(tmp_path / "Dockerfile")[1] == ("pyproject.toml: tool.deadweight: there is no colour",)
    write(tmp_path / "pyproject.toml", "[tool]\ndeadweight = 3")
    assert settings_of(tmp_path / "Dockerfile")[1] == ("pyproject.toml: tool.deadweight: 3 is no object",)
    write(tmp_path / "pyproject.toml", "[tool.deadweight]\ncolour = ")
    assert settings_of(tmp_path / "Dockerfile")[1] == ("pyproject.toml:2: invalid value",)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml").chmod(0)
    assert settings_of(tmp_path / "Dockerfile") == (DEFAULTS, ("deadweight.toml: permission denied",))


def test_names_that_would_write_on_a_terminal(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", '"\\u001b[31m\\nred" = 1')
    assert settings_of(tmp_path / "Dockerfile")[1] == ("deadweight.toml: there is no  [31m red",)


def test_of_thousands_of_wrong_entries_some_are_named(tmp_path: Path) -> None:
    write(tmp_path / "deadweight.toml", "".join(f"wrong{number} = 1\n" for number in range(50_000)))
    _, wrong = settings_of(tmp_path / "Dockerfile")
    assert (len(wrong), wrong[-1]) == (21, "deadweight.toml: and more")


# --- what it leaves out ---


def found(top: Path) -> list[str]:
    paths = find([top], is_left_out=SettingsFiles().left_out_of(top))
    return [path.relative_to(top).as_posix() for path in paths]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "a.test.Dockerfile", "api/Dockerfile", "vendor/x/Dockerfile", "vendor/y/Dockerfile"):
        write(tmp_path / name, "FROM scratch\n")
    return tmp_path


def test_what_is_excluded_is_not_found(tree: Path) -> None:
    assert len(found(tree)) == 5
    write(tree / "deadweight.toml", 'exclude = ["vendor/*", "!vendor/y", "*.test.Dockerfile"]')
    assert found(tree) == ["Dockerfile", "api/Dockerfile", "vendor/y/Dockerfile"]
    write(tree / "deadweight.toml", 'exclude = ["/Dockerfile"]')
    assert "Dockerfile" not in found(tree)
    assert "api/Dockerfile" in found(tree)


def test_a_file_below_brings_nothing_back_from_an_excluded_folder(tree: Path) -> None:
    write(tree / "deadweight.toml", 'exclude = ["vendor/"]')
    write(tree / "vendor/x/deadweight.toml")
    write(tree / "api/deadweight.toml", 'exclude = ["Dockerfile"]')
    assert found(tree) == ["Dockerfile", "a.test.Dockerfile"]


def test_a_folder_that_was_asked_for_is_searched(tree: Path) -> None:
    write(tree / "deadweight.toml", 'exclude = ["vendor/"]')
    assert found(tree / "vendor") == ["x/Dockerfile", "y/Dockerfile"]
    assert found(tree / "vendor/x") == ["Dockerfile"]
    write(tree / "vendor/x/deadweight.toml", 'exclude = ["*"]')
    assert found(tree / "vendor") == ["y/Dockerfile"]


def test_a_line_that_is_no_pattern_leaves_nothing_out(tree: Path) -> None:
    write(tree / "deadweight.toml", 'exclude = ["!", "", "#", "///", "vendor"]')
    assert found(tree) == ["Dockerfile", "a.test.Dockerfile", "api/Dockerfile"]
