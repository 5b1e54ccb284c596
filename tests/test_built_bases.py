"""Base images that the project builds itself: a FROM of one has the total of its Dockerfile."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deadweight.cli.main import main
from deadweight.settings import DEFAULTS, read_settings
from deadweight.snapshot import Snapshot
from deadweight.steps import finished
from deadweight.syntax.dockerfile import parse
from deadweight.workspace.built_bases import weigh_bases
from deadweight.workspace.declared_builds import DeclaredBuilds
from examples import read_example

if TYPE_CHECKING:
    from pathlib import Path

    from deadweight.size.units import Size

COMPOSE = """//- compose.yaml
services:
  base: {image: myorg/base:dev, build: ./base}
  app: {build: ./app}
"""
BASE = """//- base/Dockerfile
FROM scratch
COPY data /
//- base/data 3000000
"""
APP = """//- app/Dockerfile
FROM myorg/base:dev
COPY more /
//- app/more 1000000
"""


def write_files(folder: Path, block: str) -> None:
    """The files of a block on disk."""
    example = read_example(block)
    for path, text in example.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x" * example.weights[path] if path in example.weights else text.encode())


def sizes(project: Path, name: str = "app/Dockerfile", **settings: object) -> tuple[Size | None, Size | None]:
    """What the image of a Dockerfile weighs, unpacked and pulled."""
    snapshot = snapshot_of(project, name, **settings)
    return snapshot.sizes.image(), snapshot.sizes.pulled()


def snapshot_of(project: Path, name: str = "app/Dockerfile", **settings: object) -> Snapshot:
    chosen, wrong = read_settings(settings) if settings else (DEFAULTS, ())
    assert not wrong
    tree = parse((project / name).read_text("utf-8"))
    how = DeclaredBuilds().how(project / name)
    built = finished(weigh_bases(project / name, tree, how, chosen))
    return Snapshot(tree, None, chosen.build_options(how, built.sizes))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_a_from_of_an_image_that_compose_builds_has_its_total(project: Path) -> None:
    write_files(project, COMPOSE + BASE + APP)
    unpacked, pulled = sizes(project)
    assert unpacked is not None
    assert (unpacked.low, unpacked.best) == (3_000_000, 3_000_000)
    part = unpacked.parts[0]
    assert part.what == "myorg/base:dev unpacked"
    assert part.source == "built by ../base/Dockerfile (../compose.yaml, service base)"
    assert pulled is not None
    assert 0 < pulled.low < 3_000_000


BAKE = """//- docker-bake.hcl
target "b" {
  context = "base"
  tags = ["myorg/base:dev"]
}
target "app" {
  context = "app"
  contexts = { other = "target:b" }
}
"""
PLAIN = """//- compose.yaml
services:
  b: {image: myorg/base, build: base}
  app: {build: {context: app, additional_contexts: {other: "service:b"}}}
"""


@pytest.mark.parametrize(
    ("declared", "base"),
    [
        (BAKE, "myorg/base:dev"),
        (BAKE, "other"),
        (PLAIN, "myorg/base"),
        (PLAIN, "docker.io/myorg/base:latest"),
        (PLAIN, "other"),
        (PLAIN.replace("myorg/base", "'myorg/base:${T:-dev}'"), "myorg/base:dev"),
    ],
)
def test_the_ways_to_name_what_is_built(project: Path, declared: str, base: str) -> None:
    write_files(project, declared + BASE + APP.replace("myorg/base:dev", base))
    unpacked, _ = sizes(project)
    assert unpacked is not None
    assert unpacked.best == 3_000_000


@pytest.mark.parametrize("base", ["myorg/base:other", "base", "other.corp/myorg/base:dev"])
def test_another_image_stays_unknown(project: Path, base: str) -> None:
    write_files(project, COMPOSE + BASE + APP.replace("myorg/base:dev", base))
    assert sizes(project)[0] is None


def test_an_image_of_the_project_may_stand_on_another_one(project: Path) -> None:
    declared = COMPOSE.replace("  app:", "  middle: {image: myorg/middle, build: middle}\n  app:")
    middle = "//- middle/Dockerfile\nFROM myorg/base:dev\nCOPY own /\n//- middle/own 500000\n"
    write_files(project, declared + BASE + middle + APP.replace("myorg/base:dev", "myorg/middle"))
    unpacked, _ = sizes(project)
    assert unpacked is not None
    assert unpacked.best == 3_500_000


def test_the_target_and_the_arguments_of_the_build_hold(project: Path) -> None:
    declared = "//- compose.yaml\nservices: {b: {image: myorg/base:dev, build: {context: base, target: small}}}\n"
    base = "//- base/Dockerfile\nFROM scratch AS small\nCOPY data /\nFROM small\nCOPY data /other\n//- base/data 7000\n"
    write_files(project, declared + base + APP)
    unpacked, _ = sizes(project)
    assert unpacked is not None
    assert unpacked.best == 7000


@pytest.mark.parametrize("of_base", ["myorg/base:dev", "myorg/app"])
def test_an_image_that_stands_on_itself_has_an_unknown_base(project: Path, of_base: str) -> None:
    declared = COMPOSE.replace("{build: ./app}", "{image: myorg/app, build: ./app}")
    write_files(project, declared + BASE.replace("scratch", of_base) + APP)
    unpacked, _ = sizes(project)
    assert unpacked is not None
    assert unpacked.is_at_least


def test_a_name_that_the_build_gives_its_own_image_is_not_its_base(project: Path) -> None:
    declared = COMPOSE.replace("myorg/base:dev", "alpine:3.22")
    write_files(
        project, declared + BASE.replace("scratch", "alpine:3.22") + APP.replace("myorg/base:dev", "alpine:3.22")
    )
    own, app = sizes(project, "base/Dockerfile")[0], sizes(project)[0]
    assert own is not None
    assert app is not None
    assert own.parts[0].what == "alpine:3.22 unpacked, exact"
    assert app.best == own.parts[0].best + 3_000_000


def test_a_target_may_stand_on_another_one_of_the_same_file(project: Path) -> None:
    declared = """//- docker-bake.hcl
target "low" {
  target = "low"
}
target "top" {
  target = "top"
  contexts = { below = "target:low" }
}
"""
    files = "//- Dockerfile\nFROM scratch AS low\nCOPY data /\nFROM below AS top\nCOPY data /more\n//- data 7000\n"
    write_files(project, declared + files)
    tree = parse((project / "Dockerfile").read_text("utf-8"))
    how = DeclaredBuilds().how(project / "Dockerfile")
    assert how.build is not None
    top = replace(how, build=next((each for each in (how.build, *how.others) if each.target == "top"), None))
    built = finished(weigh_bases(project / "Dockerfile", tree, top, DEFAULTS))
    assert [size.bytes for size in built.sizes.values()] == [7000]


def test_what_cannot_be_read_or_lies_elsewhere_stays_unknown(project: Path) -> None:
    (project / "inside/.git").mkdir(parents=True)
    write_files(project / "inside", COMPOSE.replace("./base", "../base") + APP)
    write_files(project, BASE)
    assert sizes(project / "inside")[0] is None
    write_files(project / "inside", COMPOSE)
    (project / "inside/base").mkdir()
    (project / "inside/base/Dockerfile").write_bytes(b"\x00\xff")
    assert sizes(project / "inside")[0] is None


def test_what_the_user_says_goes_first(project: Path) -> None:
    write_files(project, COMPOSE + BASE + APP)
    unpacked, _ = sizes(project, bases={"myorg/base:dev": "5 MB"})
    assert unpacked is not None
    assert unpacked.best == 5_000_000


def test_in_a_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(project, COMPOSE + BASE + APP)
    assert main(["size", str(project / "app/Dockerfile"), "--format", "json"]) == 0
    image = json.loads(capsys.readouterr().out)["image"]
    assert image["best"] == 4_000_000
