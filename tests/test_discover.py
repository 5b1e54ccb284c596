"""Finding Dockerfiles: by name, without what git ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deadweight.workspace.discover import find, kind_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dockerfile", "dockerfile"),
        ("dockerfile", "dockerfile"),
        ("Dockerfile.dev", "dockerfile"),
        ("api.Dockerfile", "dockerfile"),
        ("api.dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"),
        ("Containerfile.build", "dockerfile"),
        ("api.containerfile", "dockerfile"),
        (".dockerignore", "dockerignore"),
        ("Dockerfile.dockerignore", "dockerignore"),
        (".gitignore", None),
        ("Dockerfile.j2", None),
        ("Dockerfile.tmpl", None),
        ("Dockerfile.erb", None),
        ("Dockerfile.mustache", None),
        ("Dockerfile~", None),
        ("Dockerfile.bak", None),
        (".Dockerfile.swp", None),
        (".#Dockerfile", None),
        ("Dockerfiles", None),
        ("MyDockerfile", None),
        ("dockerfile.py", None),
    ],
)
def test_a_name_says_what_a_file_is(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def tree(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def found(root: Path, *below: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find([root / each for each in below or ("",)])]


def test_folders_are_searched_in_a_fixed_order(tmp_path: Path) -> None:
    dockerfiles = ["Dockerfile", "Dockerfile.dev", "a/x.dockerfile", "a/b/Dockerfile", "b/Dockerfile"]
    tree(tmp_path, dict.fromkeys(reversed(dockerfiles), ""))
    tree(tmp_path, dict.fromkeys(["node_modules/x/Dockerfile", ".git/Dockerfile", "a/Dockerfile.dockerignore"], ""))
    assert found(tmp_path) == dockerfiles
    assert list(find([tmp_path], "dockerignore")) == [tmp_path / "a/Dockerfile.dockerignore"]


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, {".git/info/exclude": "local\n", ".gitignore": "build/\n*.dev\n"})
    tree(tmp_path, {"a/.gitignore": "!Dockerfile.dev\n/x\n"})
    tree(tmp_path, dict.fromkeys(["build/Dockerfile", "local/Dockerfile", "Dockerfile.dev", "a/Dockerfile.dev"], ""))
    tree(tmp_path, dict.fromkeys(["a/x/Dockerfile", "a/b/x/Dockerfile"], ""))
    assert found(tmp_path) == ["a/Dockerfile.dev", "a/b/x/Dockerfile"]
    assert found(tmp_path, "a") == ["a/Dockerfile.dev", "a/b/x/Dockerfile"]


def test_an_ignored_folder_asked_for_by_name_is_searched(tmp_path: Path) -> None:
    tree(tmp_path, {".git/HEAD": "", ".gitignore": "build\n", "build/deep/Dockerfile": ""})
    assert found(tmp_path, "build") == ["build/deep/Dockerfile"]
    assert found(tmp_path, "build/deep") == ["build/deep/Dockerfile"]


def test_a_file_is_taken_as_given_and_nothing_comes_twice(tmp_path: Path) -> None:
    tree(tmp_path, {"Dockerfile": "", "Dockerfile.j2": ""})
    (tmp_path / "loop").symlink_to(tmp_path)
    given = [tmp_path / "Dockerfile.j2", tmp_path / "missing", tmp_path, tmp_path / "Dockerfile"]
    assert [path.name for path in find(given)] == ["Dockerfile.j2", "missing", "Dockerfile"]


def test_a_broken_line_in_gitignore_loses_only_itself(tmp_path: Path) -> None:
    tree(tmp_path, {".git/HEAD": "", ".gitignore": "!\n\\\nout\n", "out/Dockerfile": "", "Dockerfile": ""})
    assert found(tmp_path) == ["Dockerfile"]
