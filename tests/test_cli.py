"""The commands as scripts see them: formats, exit codes, one clear line for what is wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.report import Reported
from deadweight.cli.main import main
from deadweight.size.estimate import Sizes

if TYPE_CHECKING:
    from pathlib import Path

    from deadweight.rules.rule import Fix

LISTS = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl\n"
CLEAN = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def test_check_shows_the_line_a_caret_and_the_saving(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    assert main(["check", "--fail-on", "information", "Dockerfile"]) == 1
    assert capsys.readouterr().out == (
        "Dockerfile:2:5: information: apt package lists stay in this layer [apt-lists-kept]\n"
        "  2 | RUN apt-get update && apt-get install -y curl\n"
        "    |     ^^^^^^^^^^^^^^ saves about 20 MB\n"
        "    = fix: Remove the apt lists in the same RUN\n"
        "\n"
        "1 finding in 1 file: about 20 MB can go\n"
    )


def test_check_gives_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    assert main(["check", "--format", "json", "Dockerfile"]) == 0  # information is below --fail-on
    (file,) = json.loads(capsys.readouterr().out)["files"]
    (finding,) = file["findings"]
    assert file["path"] == "Dockerfile"
    assert finding["start"] == {"line": 2, "column": 5}
    assert finding["end"] == {"line": 2, "column": 19}
    assert finding["saves"]["low"] <= 19_856_468 <= finding["saves"]["high"]
    assert finding["fixes"] == [{"id": "clean-up", "title": "Remove the apt lists in the same RUN", "safety": "safe"}]


def test_jsonl_is_a_line_a_file_errors_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.Dockerfile", LISTS)
    write(folder / "c.Dockerfile", CLEAN)
    assert main(["check", "--format", "jsonl", "a.Dockerfile", "missing", "c.Dockerfile"]) == 2
    done = capsys.readouterr()
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["path"] for row in rows] == ["a.Dockerfile", "missing", "c.Dockerfile"]
    assert [len(row.get("findings", "error")) for row in rows] == [1, 5, 0]
    assert len(done.err.splitlines()) == 1


def test_folders_are_searched_and_git_decides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / ".gitignore", "old/\n")
    write(folder / "old/Dockerfile", LISTS)
    write(folder / "api/Dockerfile", LISTS)
    main(["check", "--format", "jsonl", "."])
    assert [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()] == ["api/Dockerfile"]


def test_min_saving(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    main(["check", "--min-saving", "30MB", "Dockerfile"])
    assert "nothing to take off" in capsys.readouterr().out
    assert main(["check", "--min-saving", "much", "Dockerfile"]) == 2
    assert "much" in capsys.readouterr().err


def test_a_rule_is_ignored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "Dockerfile", LISTS + "RUN pip install pandas\n")
    main(["check", "--format", "json", "--ignore", "apt-lists-kept", "Dockerfile"])
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert [each["rule"] for each in file["findings"]] == ["install-cache-kept"]
    ignored = [word for rule in ("apt-lists-kept", "install-cache-kept") for word in ("--ignore", rule)]
    assert main(["fix", "--write", *ignored, "Dockerfile"]) == 0
    assert path.read_text("utf-8") == LISTS + "RUN pip install pandas\n"


@pytest.mark.parametrize("arguments", [["check", "--ignore"], ["fix", "--ignore"], ["fix", "--rule"], ["explain"]])
def test_a_rule_that_is_not_there_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    write(folder / "Dockerfile", LISTS)
    assert main([*arguments, "apt-list-kept"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("there is no rule 'apt-list-kept': did you mean apt-lists-kept?\n")
    assert said.err.count("\n") == 1


def test_check_names_the_other_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM debian:bookworm-slim\nCOPY model.bin /srv/\nRUN rm /srv/model.bin\n")
    write(folder / "model.bin", "x" * 2_000_000)
    main(["check", "--format", "json", "Dockerfile"])
    (finding,) = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    (place,) = finding["related"]
    assert place["start"] == {"line": 2, "column": 6}
    assert place["end"] == {"line": 2, "column": 15}
    main(["check", "Dockerfile"])
    assert f"\n  line 2: {place['message']}\n" in capsys.readouterr().out


def test_target_decides_what_ships(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS.replace("slim\n", "slim AS build\n") + "FROM scratch\nCOPY --from=build /a /a\n")
    main(["check", "Dockerfile"])
    assert "nothing" in capsys.readouterr().out
    main(["check", "--target", "build", "Dockerfile"])
    assert "apt-lists-kept" in capsys.readouterr().out


def test_fix_shows_a_diff_and_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "Dockerfile", LISTS)
    assert main(["fix", "Dockerfile"]) == 1
    assert "+RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n" in capsys.readouterr().out
    assert path.read_text("utf-8") == LISTS


def test_fix_writes_once_and_then_has_nothing_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "Dockerfile", LISTS)
    assert main(["fix", "--write", "Dockerfile"]) == 0
    assert capsys.readouterr().out == "Dockerfile: 1 fix, saves about 20 MB\n"
    assert path.read_text("utf-8") == CLEAN
    assert main(["fix", "Dockerfile"]) == 0
    assert capsys.readouterr().out == ""


def test_fix_adds_up_what_it_saves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.Dockerfile", LISTS)
    write(folder / "b.Dockerfile", LISTS + "COPY . /\n")
    write(folder / "c.Dockerfile", CLEAN)
    write(folder / ".turbo/x", "x" * 2_000_000)
    assert main(["fix", "--write", "a.Dockerfile", "b.Dockerfile", "c.Dockerfile"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.Dockerfile: 1 fix, saves about 20 MB",
        "b.Dockerfile: 2 fixes, saves about 22 MB",
        ".dockerignore: created",
        "2 Dockerfiles: 3 fixes, saves about 42 MB",
    ]


def test_a_file_that_is_named_twice_is_one_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    main(["check", ".", "./Dockerfile", "-f", "Dockerfile"])
    assert "in 1 file" in capsys.readouterr().out


def test_fix_keeps_bytes_that_are_no_utf8_and_line_ends(folder: Path) -> None:
    text = "# caf\udce9\r\n" + LISTS.replace("\n", "\r\n")
    path = write(folder / "Dockerfile", text)
    main(["fix", "--write", "Dockerfile"])
    assert path.read_bytes() == ("# caf\udce9\r\n" + CLEAN.replace("\n", "\r\n")).encode("utf-8", "surrogateescape")


def test_fix_takes_a_refactoring_only_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder / "Dockerfile", "FROM node:22\n")
    assert main(["fix", "--write", "Dockerfile"]) == 0
    assert path.read_text("utf-8") == "FROM node:22\n"
    assert main(["fix", "--ask", "Dockerfile"]) == 2
    assert "--rule" in capsys.readouterr().err
    assert main(["fix", "--write", "--ask", "--rule", "full-base-image", "--choose", "alpine", "Dockerfile"]) == 0
    assert path.read_text("utf-8") == "FROM node:22-alpine\n"


def test_size_says_unknown_and_at_least(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM debian:bookworm-slim\nRUN make install\n")
    main(["size", "--format", "json", "Dockerfile"])
    sizes = json.loads(capsys.readouterr().out)
    assert sizes["stages"][0]["instructions"][1]["adds"] is None
    assert sizes["image"]["high"] is None
    main(["size", "Dockerfile"])
    assert "at least 75 MB" in capsys.readouterr().out


def test_size_is_a_table_with_a_footer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM debian:bookworm-slim AS build\nFROM debian:bookworm-slim\nCOPY a /\nENV A=1\n")
    write(folder / "a", "x" * 40_000_000)
    assert main(["size", "Dockerfile"]) == 0
    said = capsys.readouterr().out
    name, heading, first, base, second, _, copy, env, image, *footer = said.splitlines()
    assert (name, first, second, env) == (
        "Dockerfile",
        "stage build (does not ship)",
        "stage 1",
        "     4  ENV A=1",
    )
    assert heading.split() == ["line", "instruction", "unpacked", "pulled"]
    assert re.fullmatch(r" +1  FROM debian:bookworm-slim AS build +75 MB +2\d MB  █{16}", base)
    assert re.fullmatch(r" +3  COPY a / +\+40 MB +\+[\d–]+ MB  █{9}", copy)
    assert re.fullmatch(r"image about 110 MB unpacked, [\d–]+ MB pulled, about \d s at 50 Mbit/s", image)
    assert "`docker history`" in footer[-2]
    assert "CONTENT SIZE" in footer[-1]


def test_size_says_how_the_image_stands_beside_its_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM node:22\nCOPY . .\n")
    write(folder / "package.json", '{"dependencies": {"express": "^5.1.0"}}')
    main(["size", "Dockerfile"])
    assert "\n  4.1 × the target of an Express app, 60–100 MB pulled\n" in capsys.readouterr().out
    main(["size", "--format", "json", "Dockerfile"])
    target = json.loads(capsys.readouterr().out)["target"]
    assert (target["app"], target["low"], target["high"]) == ("express", 60_000_000, 100_000_000)
    assert 4 < target["times"] < 4.2


def test_a_budget_is_a_finding_and_an_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM debian:bookworm-slim\nCOPY a /\n")
    write(folder / "a", "x" * 40_000_000)
    for command in ("check", "size"):
        assert main([command, "--budget", "120MB", "Dockerfile"]) == 0
        assert "budget" not in capsys.readouterr().out
        assert main([command, "--budget", "100MB", "Dockerfile"]) == 1
        assert re.search(r"budget.+about 1\d MB too much", capsys.readouterr().out, re.DOTALL)
    write(folder / "deadweight.toml", 'budget = "100MB"\n')
    assert main(["check", "--format", "json", "Dockerfile"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    assert (finding["rule"], finding["severity"], finding["basis"]) == ("over-budget", "warning", "budget")
    assert finding["start"] == {"line": 1, "column": 6}
    assert [(each["start"]["line"], each["message"]) for each in finding["related"]] == [(2, "this adds about 40 MB")]
    assert main(["size", "--format", "json", "Dockerfile"]) == 1
    sizes = json.loads(capsys.readouterr().out)
    assert (sizes["budget"], sizes["over_budget"]) == (100_000_000, True)
    assert main(["check", "--budget", "120MB", "Dockerfile"]) == 0  # the command line goes before the file
    write(folder / "deadweight.toml", 'budget = "100MB"\nrules.over-budget = "off"\n')
    assert main(["check", "Dockerfile"]) == main(["size", "Dockerfile"]) == 0
    capsys.readouterr()
    assert main(["check", "--budget", "much", "Dockerfile"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_unknown_is_within_any_budget(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM registry.corp/nobody:1\nRUN make\n")
    assert main(["check", "--budget", "1MB", "Dockerfile"]) == 0
    assert main(["size", "--budget", "1MB", "Dockerfile"]) == 0
    assert "image size unknown\n" in capsys.readouterr().out


def test_syntax_counts_lines_as_buildkit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "from a\nRUN --mount=type=cache,target=/x <<EOF\necho \x0c hi\nEOF\nCOPPY a b\n")
    assert main(["syntax", "--format", "json", "Dockerfile"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert [(each["keyword"], each["start_line"], each["end_line"]) for each in read["instructions"]] == [
        ("FROM", 1, 1),
        ("RUN", 2, 4),
        ("COPPY", 5, 5),
    ]
    assert read["instructions"][1]["flags"] == ["--mount=type=cache,target=/x"]
    assert read["instructions"][1]["heredocs"] == [
        {"name": "EOF", "content": "echo \x0c hi\n", "expand": True, "chomp": False}
    ]
    assert read["problems"] == [
        {
            "start": {"line": 5, "column": 1},
            "end": {"line": 5, "column": 6},
            "message": "unknown instruction: COPPY",
        }
    ]


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "apt-lists-kept"]) == 0
    assert "Use instead" in capsys.readouterr().out
    assert main(["explain", "--format", "json"]) == 0
    pages = json.loads(capsys.readouterr().out)
    assert {each["rule"] for each in pages["rules"]} >= {"apt-lists-kept"}
    assert [each["topic"] for each in pages["topics"]] == ["what-not-to-optimise"]
    assert main(["explain", "what-not-to-optimise"]) == 0
    assert "## Squashing" in capsys.readouterr().out
    assert main(["explain"]) == 0
    assert "\nwhat-not-to-optimise  " in capsys.readouterr().out
    assert main(["explain", "no-such-rule"]) == 2


def test_a_foreign_frontend_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "# syntax=example.com/other:1\nMAKE me\n")
    assert main(["check", "Dockerfile"]) == 0
    assert "nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\x00\x01\udcff", id="binary"),
        pytest.param("RUN", id="keyword"),
        pytest.param("FROM", id="no base"),
        pytest.param("FROM a\nRUN \\", id="continued"),
        pytest.param("\ufeff", id="byte order mark"),
        pytest.param("FROM a\nRUN <<EOF\n", id="open heredoc"),
    ],
)
@pytest.mark.parametrize("command", ["check", "fix", "size", "syntax"])
def test_no_text_makes_a_traceback(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes], command: str, text: str
) -> None:
    write(folder / "Dockerfile", text)
    assert main([command, "Dockerfile"]) in (0, 1)
    assert b"Traceback" not in capsysbinary.readouterr().err


def test_a_target_that_is_not_there_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", CLEAN)
    assert main(["check", "--target", "nope", "Dockerfile"]) == 0
    assert "nope" in capsys.readouterr().err
    assert main(["check", "--platform", "nope", "Dockerfile"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_new_file_is_never_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "a.Dockerfile", "FROM debian:bookworm-slim\nCOPY . .\n")
    write(folder / "b.Dockerfile", "FROM debian:bookworm-slim\nCOPY . .\n")
    write(folder / ".turbo/x", "x" * 2_000_000)
    assert main(["fix", "--write", "a.Dockerfile", "b.Dockerfile"]) == 0
    assert capsys.readouterr().out.count(".dockerignore") == 1
    assert (folder / ".dockerignore").read_text("utf-8") == "**/.turbo\n"


@pytest.mark.parametrize("command", ["check", "fix", "size"])
def test_a_file_on_which_we_fail_takes_nothing_from_others(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM debian:12-slim\nRUN apt-get update && echo {name}\n")

    def fixes(self: Reported) -> tuple[Fix, ...]:
        if "echo a" in self.snapshot.text:
            raise ValueError("no\nway")
        return tuple(each for each in self.finding.fixes(self.snapshot) if each)

    def image(self: Sizes) -> None:
        if "echo a" in self.build.stages[0].steps[0].instruction.text:
            raise ValueError("no\nway")

    monkeypatch.setattr(*((Sizes, "image", image) if command == "size" else (Reported, "fixes", property(fixes))))
    assert main([command, str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    raised = "image" if command == "size" else "fixes"
    assert f"a/Dockerfile: a bug of deadweight's own, please report it: ValueError at {raised}, line " in err
    assert "echo b" in out
