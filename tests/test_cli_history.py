"""`deadweight size --history`: measured sizes of real builds beside the estimates, one line for a wrong file."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from deadweight.cli.main import main
from histories import recorded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("app", "heredocs", "app-rounded"):
        (tmp_path / f"{name}.json").write_text(recorded(name).printed, "utf-8")
    (tmp_path / "Dockerfile").write_text(recorded("app").dockerfile, "utf-8")
    return tmp_path


def test_the_table_has_the_measured_sizes_beside_the_estimates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ("FROM registry.corp/base:1", "COPY model.bin /srv/", "RUN make", 'CMD ["/srv/app"]', "RUN make install")
    (folder / "Dockerfile").write_text("\n".join(lines), "utf-8")
    (folder / "model.bin").write_bytes(b"x" * 310_000)
    history = [
        {"Size": "75134146", "CreatedBy": "ADD rootfs.tar.xz / # buildkit", "CreatedAt": "2026-09-01T05:03:42Z"},
        {"Size": "310000", "CreatedBy": "COPY model.bin /srv/ # buildkit", "CreatedAt": "2026-11-26T05:03:42Z"},
        {"Size": "42000000", "CreatedBy": "RUN /bin/sh -c make # buildkit", "CreatedAt": "2026-11-26T05:03:42Z"},
        {
            "Size": "0",
            "CreatedBy": 'CMD ["/srv/app"]',
            "CreatedAt": "2026-11-26T05:03:42Z",
            "ID": "sha256:9f76ed23774f",
        },
    ]
    (folder / "history.json").write_text(json.dumps(history[::-1]), "utf-8")
    assert main(["size", "--history", "history.json", "Dockerfile"]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        "Dockerfile\n"
        "  measured: docker history of 9f76ed23774f, 2026-11-26\n"
        "  line                                                estimated   measured   error\n"
        "     1  FROM registry.corp/base:1                       unknown      75 MB          the base image\n"
        "     2  COPY model.bin /srv/                             310 kB     310 kB      0%\n"
        "     3  RUN make                                        unknown      42 MB          ◀ the fat layer\n"
        '     4  CMD ["/srv/app"]\n'
        "     5  RUN make install                                unknown\n"
        "        the image                                      ≥ 310 kB     120 MB\n"
        "  unpacked bytes: the column SIZE of `docker history`\n"
        "  1 line has no row: the Dockerfile has changed since, or another one was built\n"
        "\n"
    )
    page = Path(__file__).parents[1] / "docs/measured-sizes.md"
    assert f"```\n{shown.strip()}\n```\n" in page.read_text("utf-8")


def test_a_real_build_in_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "--history", "app.json"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[1] == "  measured: docker history of 9f76ed23774f, 2026-11-26"
    assert [each.split()[0] for each in rows if "◀ the fat layer" in each] == ["8"]
    assert next(each for each in rows if " FROM " in each).endswith("the base image")
    assert next(each for each in rows if "the image " in each).split()[-2:] == ["330", "MB"]


def test_rounded_sizes_are_taken_and_said_to_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "--history", "app-rounded.json", "Dockerfile"]) == 0
    assert "  its sizes are rounded to three digits: --human=false keeps all\n" in capsys.readouterr().out


def test_json_has_what_was_measured_beside_all_that_it_has_without(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["size", "--format", "json", "Dockerfile"]) == 0
    plain = json.loads(capsys.readouterr().out)
    text = io.BytesIO(recorded("app").printed.encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(text))
    assert main(["size", "--format", "json", "--history", "-", "Dockerfile"]) == 0
    made = json.loads(capsys.readouterr().out)
    (stage,) = made["stages"]
    measured = {each["line"]: each.pop("measured") for each in stage["instructions"]}
    assert measured[8] == {"low": 163576098, "best": 163576098, "high": 163576098}
    assert measured[1]["best"] == 155264881
    assert made.pop("measured_total")["best"] == 325074424
    assert made.pop("measured_elsewhere")["best"] == 0
    assert made.pop("measured_by") == {"source": "docker history of 9f76ed23774f", "date": "2026-11-26"}
    assert made == plain
    assert main(["size", "--format", "jsonl", "--history", "app.json", "Dockerfile"]) == 0
    assert json.loads(capsys.readouterr().out)["measured_total"]["best"] == 325074424


def test_lines_of_stages_that_do_not_ship_are_not_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"FROM golang AS build\nRUN go build\n{recorded('app').dockerfile}"
    (folder / "Dockerfile").write_text(text, "utf-8")
    assert main(["size", "--format", "json", "--history", "app.json", "Dockerfile"]) == 0
    first, second = json.loads(capsys.readouterr().out)["stages"]
    assert [each["measured"] for each in first["instructions"]] == [None, None]
    assert second["instructions"][0]["measured"]["best"] == 155264881


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["missing.json"], "missing.json: no such file or directory"),
        (
            ["Dockerfile"],
            "Dockerfile: no history of an image (it is no JSON): write it with docker history --no-trunc ",
        ),
        (["."], ".: not a file"),
        (["heredocs.json"], "heredocs.json: no row is of a line of Dockerfile: it is another image's history"),
        (
            ["app.json", "other.Dockerfile"],
            "--history is of one image, and there are 2 Dockerfiles: name the one of it",
        ),
    ],
)
def test_a_wrong_file_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], wrong: str
) -> None:
    (folder / "other.Dockerfile").write_text("FROM scratch\n", "utf-8")
    assert main(["size", "Dockerfile", *arguments[1:], "--history", arguments[0]]) == 2
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err.startswith(f"deadweight: {wrong}")
    assert done.err.count("\n") == 1


def test_a_dockerfile_that_is_not_there_is_said_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "missing", "--history", "app.json"]) == 2
    assert capsys.readouterr() == ("", "deadweight: missing: no such file or directory\n")
