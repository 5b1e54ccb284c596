"""Base layers that stages and files share are pulled once: found by their digests, never by names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deadweight.cli.main import main
from deadweight.facts import base_images
from deadweight.facts.image_layers import layers_of
from deadweight.facts.tables import table
from deadweight.features.hover import hover
from deadweight.model.image import parse
from deadweight.size.shared import base_layers, shared, together
from deadweight.snapshot import Snapshot
from deadweight.syntax import dockerfile

if TYPE_CHECKING:
    from pathlib import Path

AMD64 = "linux/amd64"


def test_the_layers_of_an_image_come_to_its_bytes() -> None:
    for repository, platform, pulled, *_ in table("image_layers").rows():
        layers = layers_of(repository, platform, int(pulled))
        assert layers
        assert sum(each.bytes for each in layers) == int(pulled)
        assert all(len(each.digest) == 12 for each in layers)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("ruby:3.3", "rust:1-trixie", 49_337_828 + 25_639_590 + 67_800_074 + 236_338_551),
        ("tomcat:10.1-jdk21-temurin-noble", "eclipse-temurin:21-jdk-noble", 210_820_267),
        ("python:3.12-slim-trixie", "python:3.14-slim-trixie", 29_780_765),
        ("python:3.12-slim-bookworm", "python:3.14-slim-trixie", 0),
        ("python:3.12-slim-trixie", "php:8.4-fpm-trixie", 0),  # both stand on trixie-slim, of other days
        ("node:22", "team/app:1", 0),
        ("ruby:3.3", "ruby:3.3@sha256:0a", 0),
    ],
)
def test_what_two_images_share(one: str, other: str, count: int) -> None:
    assert shared(parse(one), parse(other), AMD64) == shared(parse(other), parse(one), AMD64) == count


def test_an_alias_has_the_layers_of_its_image() -> None:
    aliases = [each.tag for each in base_images.tags("ruby") if each.pulled and each.pulled.bytes == 417_582_782]
    assert base_layers(parse("ruby:3.3"), AMD64)
    for tag in aliases:
        assert base_layers(parse(f"ruby:{tag}"), AMD64) == base_layers(parse("ruby:3.3"), AMD64)


def test_the_hover_of_from_says_what_other_stages_and_files_stand_on_too() -> None:
    snapshot = Snapshot(dockerfile.parse("FROM rust:1-trixie AS build\nFROM ruby:3.3\nFROM node:22-alpine\n"))
    others = {"../web/Dockerfile": Snapshot(dockerfile.parse("FROM golang:1.27-trixie\n"))}
    first, last = (hover(snapshot, (), at, others) for at in (2, len(snapshot.text) - 3))
    assert first is not None
    assert (
        "- 380 MB of it with `ruby:3.3` of stage `1`\n- 140 MB of it with `golang:1.27-trixie` of `../web" in first.text
    )
    assert last is not None
    assert "Shared" not in last.text


def pulled_together(*texts: str) -> tuple[int, int]:
    found = together(Snapshot(dockerfile.parse(text)).sizes for text in texts)
    assert found is not None
    return found.pulled.best, found.shared


def test_images_of_several_files_count_what_they_share_once() -> None:
    ruby, rust = "FROM ruby:3.3\n", "FROM rust:1-trixie\n"
    alone, _ = pulled_together(ruby)
    both, once = pulled_together(ruby, rust)
    assert once == 379_116_043
    assert both == alone + pulled_together(rust)[0] - once
    assert pulled_together(ruby, ruby) == (alone, alone)
    assert pulled_together("FROM python:3.9\n", "FROM python:3.9\n")[1] > 0  # of one base nobody knows the layers
    assert pulled_together("FROM scratch\n", "FROM scratch\n") == (0, 0)
    assert together([Snapshot(dockerfile.parse("FROM team/app\n")).sizes]) is None


def test_the_total_of_several_files_in_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.Dockerfile").write_text("FROM ruby:3.3\n")
    (tmp_path / "b.Dockerfile").write_text("FROM rust:1-trixie\n")
    assert main(["size", str(tmp_path)]) == 0
    assert (
        "all 2 images about 630 MB pulled, 380 MB of base layers that they share counted once"
        in capsys.readouterr().out
    )
    assert main(["size", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["together"]["shared"] == 379_116_043
    assert main(["size", str(tmp_path / "a.Dockerfile")]) == 0
    assert "that they share" not in capsys.readouterr().out
