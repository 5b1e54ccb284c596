"""Build contexts: what a source of COPY selects, and what a walk of a real folder finds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from deadweight.model.context import BuildContext
from deadweight.workspace.context import context_of, walk_context
from deadweight.workspace.files import UnreadableError, read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CONTEXT = BuildContext(
    "app",
    {"package.json": 10, "src/a.js": 20, "src/lib/b.js": 30, "src-old/c.js": 40, "docs/x.md": 5, "z[1].txt": 1},
    empty_folders=frozenset(("logs", "src/tmp")),
)


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("package.json", {"package.json"}),
        ("./package.json", {"package.json"}),
        ("/package.json", {"package.json"}),
        ("../../package.json", {"package.json"}),
        ("src", {"src/a.js", "src/lib/b.js"}),
        ("/src/", {"src/a.js", "src/lib/b.js"}),
        ("src/../docs", {"docs/x.md"}),
        ("src/*.js", {"src/a.js"}),
        ("src/*", {"src/a.js", "src/lib/b.js"}),
        ("*/*.js", {"src/a.js", "src-old/c.js"}),
        ("s*", {"src/a.js", "src/lib/b.js", "src-old/c.js"}),
        ("**/b.js", set()),
        ("src/**", {"src/a.js", "src/lib/b.js"}),
        ("src/*/b.js", {"src/lib/b.js"}),
        ("package*.json", {"package.json"}),
        ("[a-p]*.json", {"package.json"}),
        ("z[[]1].txt", {"z[1].txt"}),
        ("z[1].txt", set()),
        ("z[", set()),
        ("sr", set()),
        ("package.json/x", set()),
    ],
)
def test_what_a_source_selects(source: str, files: set[str]) -> None:
    selection = CONTEXT.select(source)
    assert set(selection.files) == files
    assert selection.bytes == sum(CONTEXT.files[path] for path in files)
    assert selection.exists == bool(files)


@pytest.mark.parametrize("source", [".", "/", "./", "", "src/.."])
def test_the_whole_context(source: str) -> None:
    assert CONTEXT.select(source).files == CONTEXT.files
    assert CONTEXT.select(source).bytes == CONTEXT.total == 106


@pytest.mark.parametrize("source", ["logs", "logs/", "l*", "src/tmp"])
def test_an_empty_folder_exists(source: str) -> None:
    assert CONTEXT.select(source).exists
    assert not CONTEXT.select(source).files


def test_the_heaviest_entries_come_first() -> None:
    assert CONTEXT.folders()[:3] == [("src", 50), ("src-old", 40), ("package.json", 10)]


def test_entries_of_a_folder_with_all_they_hold() -> None:
    top = dict(CONTEXT.entries(""))
    assert (top["src/"], top["src-old/"], top["package.json"], top["logs/"]) == (50, 40, 10, 0)
    assert sum(top.values()) == CONTEXT.total
    assert dict(CONTEXT.entries("src/")) == dict(CONTEXT.entries("src"))
    assert "tmp/" in dict(CONTEXT.entries("src"))
    assert CONTEXT.entries("nowhere") == CONTEXT.entries("package.json") == []


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def test_a_walk_leaves_out_what_the_ignore_file_says(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".dockerignore": "node_modules\n!node_modules/keep/*\n*.log\ndist\n",
            "package.json": "{}",
            "node_modules/x/package.json": "12345",
            "node_modules/keep/a.js": "a",
            "debug.log": "123",
            "dist/deep/app.js": "1234567",
        },
    )
    context = context_of(tmp_path / "Dockerfile")
    assert set(context.files) == {".dockerignore", "package.json", "node_modules/keep/a.js"}
    assert (context.ignored_files, context.ignored_bytes) == (1, 3)
    assert context.ignore_file == ".dockerignore"
    assert context.patterns == ("node_modules", "!node_modules/keep/*", "*.log", "dist")
    assert context.texts == {"package.json": "{}"}
    assert context.complete
    whole = context_of(tmp_path / "Dockerfile", without_ignore_file=True)
    assert (len(whole.files), whole.ignore_file) == (6, None)
    assert whole.texts == {"package.json": "{}"}


def test_a_folder_left_out_is_read_again_where_an_entry_came(tmp_path: Path) -> None:
    write(tmp_path, {".dockerignore": "node_modules", "node_modules/a/x.js": "12", "node_modules/b/y.js": "123"})
    for folder in ("node_modules", "node_modules/a", "node_modules/b"):
        os.utime(tmp_path / folder, (1_000_000_000, 1_000_000_000))
    first = context_of(tmp_path / "Dockerfile", without_ignore_file=True)
    write(tmp_path, {"node_modules/a/z.js": "1234"})
    os.utime(tmp_path / "node_modules/a", (1_000_000_100, 1_000_000_100))
    (tmp_path / "node_modules/b/y.js").write_text("12345")  # the same entries: nobody looks
    walk = walk_context(tmp_path / "Dockerfile", without_ignore_file=True, before=first.tree)
    again = stopped_at_the_end(walk)
    assert [again.files[f"node_modules/{path}"] for path in ("a/x.js", "a/z.js", "b/y.js")] == [2, 4, 3]


def stopped_at_the_end(walk: Generator[None, None, BuildContext]) -> BuildContext:
    while True:
        try:
            next(walk)
        except StopIteration as done:
            found: BuildContext = done.value
            return found


def test_the_ignore_file_beside_the_dockerfile_goes_first(tmp_path: Path) -> None:
    write(tmp_path, {".dockerignore": "a", "docker/Dockerfile.dockerignore": "b", "app/a": "", "app/b": ""})
    context = context_of(tmp_path / "docker" / "Dockerfile", tmp_path / "app")
    assert set(context.files) == {"a"}
    assert context.ignore_file == str(tmp_path / "docker" / "Dockerfile.dockerignore")


@pytest.mark.parametrize(
    ("there", "docker", "podman"),
    [
        ((".containerignore",), None, ".containerignore"),
        ((".containerignore", ".dockerignore"), ".dockerignore", ".containerignore"),
        ((".containerignore", "Dockerfile.containerignore"), None, "Dockerfile.containerignore"),
        (("Dockerfile.dockerignore", "Dockerfile.containerignore"), *["Dockerfile.dockerignore"] * 2),
    ],
)
def test_podman_reads_files_for_containers(
    there: tuple[str, ...], docker: str | None, podman: str | None, tmp_path: Path
) -> None:
    write(tmp_path, {"a": "1", **dict.fromkeys(there, "a")})
    assert context_of(tmp_path / "Dockerfile").ignore_file == docker
    context = context_of(tmp_path / "Dockerfile", builder="podman")
    assert context.ignore_file == podman
    assert "a" not in context.files


def test_manifests_are_read_by_name_and_depth(tmp_path: Path) -> None:
    read = [
        "go.mod",
        "requirements-dev.txt",
        "requirements/base.txt",
        "a/b/c/Cargo.toml",
        "src/Api.csproj",
        ".cargo/config.toml",
    ]
    write(tmp_path, dict.fromkeys([*read, "a/b/c/d/Cargo.toml", "notes.txt", "src/base.txt"], "x"))
    assert sorted(context_of(tmp_path / "Dockerfile").texts) == sorted(read)


def test_links_pipes_and_empty_folders(tmp_path: Path) -> None:
    write(tmp_path, {"big.bin": "12345"})
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to("big.bin")
    os.link(tmp_path / "big.bin", tmp_path / "hard")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    context = context_of(tmp_path / "Dockerfile")
    assert sorted(context.files) == ["big.bin", "hard", "link", "loop"]
    assert {context.files["big.bin"], context.files["hard"]} == {5, 0}  # one file of two names
    assert context.files["link"] == context.files["loop"] == 0
    assert context.entries("empty") == [("inner/", 0)]
    assert context.select("empty").exists


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read every folder")
def test_a_folder_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir(mode=0)
    context = context_of(tmp_path / "Dockerfile")
    assert not context.complete
    assert context.notes == ("secret/: permission denied",)


def test_a_walk_stops_at_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {f"f{number}": "x" for number in range(300)})
    late = context_of(tmp_path / "Dockerfile", deadline=0)
    assert not late.complete
    assert 0 < len(late.files) < 300
    monkeypatch.setattr("deadweight.workspace.context.MOST_ENTRIES", 10)
    short = context_of(tmp_path / "Dockerfile")
    assert len(short.files) == 10
    assert short.notes == ("the folder holds more than 10 entries",)


def test_a_missing_context_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such file or directory"):
        context_of(tmp_path / "Dockerfile", tmp_path / "nowhere")


def test_text_survives_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    content = b"\xef\xbb\xbfFROM a\r\nRUN \xff\xfe\rx\n\n"
    path.write_bytes(content)
    write_text(path, read_text(path))
    assert path.read_bytes() == content


def test_writing_keeps_mode_and_link(tmp_path: Path) -> None:
    target = tmp_path / "real"
    target.write_text("old")
    target.chmod(0o640)
    link = tmp_path / "Dockerfile"
    link.symlink_to("real")
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "real"]


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("12345")
    for path, largest, message in (
        (tmp_path, 9, "not a file"),
        (tmp_path / "pipe", 9, "not a file"),
        (tmp_path / "large", 4, "larger than"),
        (tmp_path / "gone", 9, "no such file"),
    ):
        with pytest.raises(UnreadableError, match=message):
            read_text(path, largest)
    with pytest.raises(UnreadableError, match="no such file"):
        write_text(tmp_path / "gone" / "x", "")


def test_ignore_files_that_were_typed_are_forgotten_but_for_the_last() -> None:
    first = CONTEXT.ignoring(".dockerignore", "docs\n")
    assert CONTEXT.ignoring(".dockerignore", "# why\ndocs\n") is first
    for number in range(20):
        CONTEXT.ignoring(".dockerignore", "x" * number)
        assert CONTEXT.ignoring(".dockerignore", "x" * number) is CONTEXT.ignoring(".dockerignore", "x" * number)
    assert CONTEXT.ignoring(".dockerignore", "docs\n") is not first
    assert CONTEXT.ignoring(".dockerignore", "docs\n").files == first.files
