"""The command line: choosing commands, exit codes, and `context` and `check-ignore`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deadweight import __version__
from deadweight.cli.main import COMMANDS, main

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, cwd: Path, given: bytes = b"", **environment: str) -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-m", "deadweight", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, cwd=cwd, env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dockerignore").write_text("# heavy\nnode_modules/\n*.log\n!keep.log\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.js").write_text("x" * 5000)
    (tmp_path / "app.js").write_text("x" * 300)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"deadweight {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["context", "--nonsense"], ["context", "nowhere"], ["check-ignore"], ["context", "a\nb"]],
)
def test_wrong_usage_is_one_line(arguments: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("deadweight")
    assert err.count("\n") == 1


def test_context_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", ".", "--list", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["included"] == {"files": 2, "bytes": 338}
    assert said["ignored"] == {"files": 1, "bytes": 5000}
    assert said["largest"] == [{"path": "app.js", "bytes": 300}, {"path": ".dockerignore", "bytes": 38}]
    assert said["patterns"] == [{"line": 2, "pattern": "node_modules", "files": 1, "bytes": 5000}]
    assert said["files"] == [{"path": ".dockerignore", "bytes": 38}, {"path": "app.js", "bytes": 300}]


def test_context_for_a_person(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "."]) == 0
    assert capsys.readouterr().out == (
        "included 338 B in 2 files\nignored  5.0 kB in 1 file  by .dockerignore\n"
        "   -5.0 kB  line 2: node_modules\nlargest\n    300 B  app.js\n     38 B  .dockerignore\n"
    )
    assert main(["context", "--list"]) == 0
    assert capsys.readouterr().out == "38\t.dockerignore\n300\tapp.js\n"


def test_context_as_a_tree(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "src" / "inner" / "deep").mkdir(parents=True)
    (project / "src" / "inner" / "deep" / "b.js").write_text("x" * 7000)
    for number in range(12):
        (project / "src" / f"{number:02}.js").write_text("x" * 20)
    assert main(["context", "--tree"]) == 0
    assert capsys.readouterr().out.partition("largest\n")[2].splitlines()[:4] == [
        "   7.2 kB  src/",
        "       7.0 kB  inner/",
        "           7.0 kB  deep/",
        "         20 B  00.js",
    ]


def test_context_with_another_dockerfile(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "api.Dockerfile.dockerignore").write_text("*\n!app.js")
    assert main(["context", ".", "-f", "api.Dockerfile", "--list"]) == 0
    assert capsys.readouterr().out == "300\tapp.js\n"


def test_check_ignore_says_which_line_decides(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-ignore", "node_modules/x", "/a.log", "keep.log", "src/a.log", "./node_modules/"]) == 0
    assert capsys.readouterr().out == (
        ".dockerignore:2:node_modules/\tnode_modules/x\n"
        ".dockerignore:3:*.log\t/a.log\n"
        ".dockerignore:2:node_modules/\t./node_modules/\n"
    )
    assert main(["check-ignore", "-n", "a.log", "keep.log"]) == 0
    assert capsys.readouterr().out == ".dockerignore:3:*.log\ta.log\n::\tkeep.log\n"
    assert main(["check-ignore", "keep.log"]) == 1
    assert capsys.readouterr().out == ""


def test_check_ignore_goes_on_after_what_is_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "my.dockerignore").write_text("a\n[\n")
    assert main(["check-ignore", "--ignore-file", "my.dockerignore", "../up", "a"]) == 2
    out, err = capsys.readouterr()
    assert out == "my.dockerignore:1:a\ta\n"
    assert "my.dockerignore:2: Docker rejects this pattern" in err
    assert "../up: outside the context" in err
    assert main(["check-ignore", "--ignore-file", "gone", "a"]) == 2


def test_paths_of_any_bytes_come_out_as_they_went_in(project: Path) -> None:
    paths = b"\xff.log\n\xc3\xa9.log\nkeep.log\n"
    code, out, err = run("check-ignore", "--stdin", cwd=project, given=paths)
    assert (code, err) == (0, b"")
    assert out == b".dockerignore:3:*.log\t\xff.log\n.dockerignore:3:*.log\t\xc3\xa9.log\n"
    code, out, _ = run("check-ignore", "--stdin", "-z", cwd=project, given=b"a\nb.log\0keep.log\0")
    assert out == b".dockerignore\x003\x00*.log\0a\nb.log\0"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16", "cp1252"])
def test_no_stdout_encoding_makes_it_fail(project: Path, encoding: str) -> None:
    arrow = b"\xe2\x86\x92\xff.log"
    code, _, err = run("check-ignore", "--stdin", cwd=project, given=arrow, PYTHONIOENCODING=encoding)
    assert (code, err) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with pipes")
def test_a_reader_that_leaves_and_closed_streams_are_quiet(project: Path) -> None:
    many = b"a.log\n" * 50_000
    for shell in ("{} check-ignore --stdin | head -1", "{} context . >&-", "{} context nowhere 2>&-"):
        command = shell.format(f"{sys.executable} -m deadweight")
        done = subprocess.run(command, shell=True, input=many, capture_output=True, cwd=project)
        assert done.stderr == b""


def test_importing_the_command_line_is_cheap() -> None:
    source = "import sys, deadweight.cli.main; print({'argparse', 'json', 'pathspec', 'pygls'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", source], capture_output=True).stdout == b"set()\n"


# --- what files of the project declare ---


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose Dockerfile is built from another folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/Dockerfile").write_text("FROM scratch AS one\nCOPY big /\nFROM scratch\nCOPY big /b/\n")
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    build = "{context: ., dockerfile: docker/Dockerfile, target: %s}"
    services = f"{{web: {{build: {build % 'one'}}}, dev: {{build: {build % 'two'}}}, 'a\\e[31m': {{build: ./docker}}}}"
    (tmp_path / "compose.yaml").write_text(f"services: {services}".replace("'", '"'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


DECLARED = """\
context .., target one, by ../compose.yaml (service web)
also built with target two, by ../compose.yaml (service dev)
also built with context ., target the last stage, by ../compose.yaml (service a [31m)
"""


def test_size_says_which_context_it_took(declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "docker/Dockerfile", "--no-findings"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:4] == [f"  {line}" for line in DECLARED.splitlines()]
    assert any(line.startswith("image about 3.0 MB unpacked, ") for line in out)
    assert main(["size", "docker/Dockerfile", "--format", "json"]) == 0
    context = json.loads(capsys.readouterr().out)["context"]
    assert (context["folder"], context["by"]) == ("..", "../compose.yaml (service web)")
    assert [each["folder"] for each in context["also"]] == ["..", "."]


def test_options_go_before_what_is_declared(declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "docker/Dockerfile", "--context", "docker", "--no-findings", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["context"]["folder"], made["context"]["by"]) == (".", "--context")
    assert made["image"]["best"] == 0
    assert main(["size", "docker/Dockerfile", "--target", "0", "--no-findings"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "  context .., by ../compose.yaml (service web)"


def test_context_takes_the_declared_one_unless_told(declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "-f", "docker/Dockerfile"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(DECLARED.replace(", target one, by", ", by", 1))
    assert "included 3.0 MB" in out
    assert main(["context", "docker", "-f", "docker/Dockerfile"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("also built with context .., target one, by ../compose.yaml (service web)\n")
    assert "3.0 MB" not in out
    assert main(["context", "docker", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["context"]["by"] == "--context"


def test_what_is_plain_is_not_said(declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (declared / "compose.yaml").write_text("services: {web: {build: docker}}")
    assert main(["size", "docker/Dockerfile", "--no-findings"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == "stage one (does not ship)"


def test_a_file_that_cannot_be_read_is_one_line_for_many_dockerfiles(
    declared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (declared / "compose.yaml").write_text("services: {")
    (declared / "Dockerfile").write_text("FROM scratch\n")
    assert main(["check", "."]) == 0
    assert capsys.readouterr().err == "deadweight: compose.yaml: line 2: did not find expected node content\n"
    assert main(["context"]) == 0
    assert capsys.readouterr().err.count("\n") == 1
