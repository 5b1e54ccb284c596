"""The commands and the settings of a project: the command line goes first, what is wrong is said once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deadweight.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

LISTS = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n"
PIP = "RUN pip install pandas\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[str]]:
    """The rules that `check` reports, by file; nothing may be on stderr."""
    main(["check", "--format", "json", *arguments])
    said = capsys.readouterr()
    assert said.err == ""
    files = json.loads(said.out)["files"]
    return {file["path"]: [each["rule"] for each in file["findings"]] for file in files}


def size_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["size", "--format", "json", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


def test_a_file_is_for_the_dockerfiles_below_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Dockerfile", "api/Dockerfile", "web/Dockerfile"):
        write(folder / name, LISTS)
    write(folder / "api/deadweight.toml", 'rules.apt-lists-kept = "off"\n')
    write(folder / "web/pyproject.toml", '[tool.deadweight]\nmin-saving = "1GB"\n')
    lists = ["apt-lists-kept"]
    assert found(capsys) == {"Dockerfile": lists, "api/Dockerfile": [], "web/Dockerfile": []}


def test_severity_decides_the_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    assert main(["check"]) == 0
    write(folder / "deadweight.toml", 'rules.apt-lists-kept = "error"\n')
    assert main(["check", "--fail-on", "error"]) == 1
    assert "Dockerfile:2:5: error: " in capsys.readouterr().out


def test_the_command_line_goes_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS + PIP)
    both = ["apt-lists-kept", "install-cache-kept"]
    write(folder / "deadweight.toml", 'min-saving = "1GB"\n[rules.apt-lists-kept]\nmin-saving = "2GB"\n')
    assert found(capsys) == {"Dockerfile": []}
    assert found(capsys, "--min-saving", "1MB") == {"Dockerfile": both}
    write(folder / "deadweight.toml", 'rules.apt-lists-kept = "error"\n')
    assert found(capsys, "--ignore", "apt-lists-kept") == {"Dockerfile": both[1:]}
    assert found(capsys, "--ignore", "install-cache-kept") == {"Dockerfile": both[:1]}


def test_the_options_of_a_build(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "ARG A\nARG B\nFROM $A AS one\nFROM $B AS two\nFROM scratch\n")
    write(folder / "deadweight.toml", 'target = "one"\nbuild-args = { A = "node:22", B = "node:22-slim" }\n')
    one = size_of(capsys, "Dockerfile")["image"]["best"]
    two = size_of(capsys, "--target", "two", "Dockerfile")["image"]["best"]
    assert one > 2 * two > 0
    assert size_of(capsys, "--build-arg", "A=node:22-slim", "Dockerfile")["image"]["best"] == two
    # A stage that some Dockerfiles of a project have is no mistake of the others.
    write(folder / "other/Dockerfile", "FROM scratch\n")
    assert size_of(capsys, "other/Dockerfile")["image"]["best"] == 0
    assert main(["check", "--target", "one", "other/Dockerfile"]) == 0
    assert "there is no stage 'one'" in capsys.readouterr().err


def test_a_platform(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM --platform=$TARGETPLATFORM alpine:3.20\n")

    def source(*arguments: str) -> int:
        return int(size_of(capsys, *arguments, "Dockerfile")["image"]["best"])

    amd64 = source()
    write(folder / "deadweight.toml", 'platform = "linux/arm64"\n')
    assert source() != amd64
    assert source("--platform", "linux/amd64") == amd64


def test_a_private_base_is_priced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM registry.corp/base:1\nCOPY app /\n")
    write(folder / "app", "x" * 1000)
    assert size_of(capsys, "Dockerfile")["image"]["high"] is None
    write(folder / "deadweight.toml", '[bases]\n"registry.corp/base:1" = "340MB"\n')
    made = size_of(capsys, "Dockerfile")
    assert made["image"] == {"low": 340_001_000, "best": 340_001_000, "high": 340_001_000}
    (part,) = made["stages"][0]["instructions"][0]["parts"]
    assert (part["best"], part["source"]) == (340_000_000, "deadweight.toml")


def test_a_smaller_image_is_as_large_as_the_user_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM node:22\n")
    assert found(capsys) == {"Dockerfile": ["full-base-image"]}
    write(folder / "deadweight.toml", '[bases]\n"node" = "410MB"\n')  # all tags
    assert found(capsys) == {"Dockerfile": []}
    write(folder / "deadweight.toml", '[bases]\n"node" = "410MB"\n"node:22-slim" = "150MB"\n')
    main(["check", "--format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    assert finding["saves"] == {"low": 260_000_000, "best": 260_000_000, "high": 260_000_000}


def test_a_context_elsewhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "docker/Dockerfile", "FROM scratch\nCOPY . /app/\n")
    write(folder / "deadweight.toml", 'context = "."\n')
    (folder / ".git/pack").write_bytes(b"x" * 2_000_000)
    assert found(capsys) == {"docker/Dockerfile": ["missing-dockerignore"]}
    assert found(capsys, "--context", "docker") == {"docker/Dockerfile": []}
    main(["fix"])
    assert "+++ b/.dockerignore\n" in capsys.readouterr().out
    assert main(["fix", "--write"]) == 0
    assert (folder / ".dockerignore").is_file()
    assert not (folder / "docker/.dockerignore").exists()


def test_what_is_excluded_is_not_looked_at_in_folders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    path = write(folder / "vendor/Dockerfile", LISTS)
    write(folder / "deadweight.toml", 'exclude = ["vendor/"]\n')
    assert list(found(capsys)) == ["Dockerfile"]
    assert list(found(capsys, ".", "vendor/Dockerfile")) == ["Dockerfile", "vendor/Dockerfile"]
    assert main(["fix", "--write"]) == 0
    assert path.read_text("utf-8") == LISTS


def test_size_lists_what_the_project_wants_to_be_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", LISTS)
    main(["size"])
    assert "what can go" in capsys.readouterr().out
    write(folder / "deadweight.toml", 'rules.apt-lists-kept = "off"\n')
    main(["size"])
    assert "what can go" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["fix"], ["size"]])
def test_what_is_wrong_is_said_once_and_the_rest_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    for name in ("a/Dockerfile", "b/Dockerfile"):
        write(folder / name, "FROM scratch\n")
    write(folder / "deadweight.toml", 'min-saving = "much"\n')
    assert main(command) == 0
    assert capsys.readouterr().err == (
        "deadweight: deadweight.toml: min-saving: 'much' is no size: write 500kB, 1.5MB or a number of bytes\n"
    )
    write(folder / "deadweight.toml", "min-saving = 1\nmin-saving = 2\n")
    assert main([*command, "a"]) == 0
    assert capsys.readouterr().err == "deadweight: deadweight.toml:2: cannot overwrite a value\n"


def test_a_file_above_the_current_folder_is_named_by_its_path(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(folder / "deadweight.toml", "colour = 1\n")
    monkeypatch.chdir(write(folder / "api/Dockerfile", "FROM scratch\n").parent)
    main(["check"])
    assert capsys.readouterr().err == f"deadweight: {file}: there is no colour\n"


def test_a_base_is_priced_for_one_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM registry.corp/base:1 AS one\nFROM registry.corp/more\nCOPY --from=one /x /\n")
    write(folder / "deadweight.toml", '[bases]\n"registry.corp/base:1" = "340MB"\n')
    said = ("--base-size", "registry.corp/base:1=20000", "--base-size", "registry.corp/more=1.5MB")
    one, more = size_of(capsys, *said, "Dockerfile")["stages"]
    (part,) = one["instructions"][0]["parts"]
    assert (part["best"], part["high"], part["source"]) == (20_000, 20_000, "--base-size")
    assert more["instructions"][0]["adds"]["best"] == 1_500_000


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ("debian", "'debian' names no image and size: write debian:12=117MB"),
        ("=5MB", "'=5MB' names no image and size: write debian:12=117MB"),
        ("not an image=5MB", "'not an image=5MB' names no image and size: write debian:12=117MB"),
        ("debian:12=big", "debian:12: 'big' is no size: write 500kB, 1.5MB or a number of bytes"),
        ("debian:12=", "debian:12: '' is no size: write 500kB, 1.5MB or a number of bytes"),
    ],
)
def test_a_wrong_base_size_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str, error: str
) -> None:
    write(folder / "Dockerfile", "FROM debian:12\n")
    assert main(["size", "--base-size", option]) == 2
    assert capsys.readouterr().err == f"deadweight: --base-size: {error}\n"


def test_a_wrong_option_is_an_error_all_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "Dockerfile", "FROM scratch\n")
    write(folder / "deadweight.toml", 'platform = "linux/arm64"\n')
    assert main(["check", "--platform", "arm"]) == 2
    assert capsys.readouterr().err == (
        "deadweight: --platform: 'arm' is no platform: write linux/amd64 or linux/arm/v7\n"
    )
