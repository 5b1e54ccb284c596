"""Sizes of base images: exact rows, neighbours, ratios, mirrors, and whether the stated ranges hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deadweight.facts import base_images
from deadweight.facts.tables import table
from deadweight.model.image import StatedSize, name_of, parse, weighed
from deadweight.size import images
from deadweight.size.images import pulled, unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from deadweight.facts.base_images import BaseImage
    from deadweight.size.units import Size


def size_of(text: str, platform: str = "linux/amd64") -> Size:
    found = unpacked(parse(text), platform)
    assert found is not None
    return found


def width(text: str) -> float:
    """How much of the best guess lies between the ends of the range."""
    found = size_of(text)
    assert found.high is not None
    return (found.high - found.low) / found.best


def test_a_tag_with_a_figure_is_within_one_percent() -> None:
    figure = base_images.find("node", "22")
    assert figure is not None
    assert figure.unpacked is not None
    found = size_of("node:22")
    assert found.best == figure.unpacked.bytes
    assert (found.low, found.high) == (round(found.best * 0.99), round(found.best * 1.01))
    assert found.parts[0].source == figure.unpacked.source
    assert found.parts[0].date == figure.unpacked.date
    assert found.parts[0].what == "node:22 unpacked, exact"


def test_an_old_figure_is_less_sure() -> None:
    assert width("debian:10-slim") == pytest.approx(0.12, abs=0.001)


def test_no_tag_is_latest() -> None:
    assert size_of("node").best == size_of("node:latest").best


@pytest.mark.parametrize(
    ("asked", "origin"),
    [
        ("node:22.11.0-slim", "node:22-slim"),
        ("node:22.1-bookworm-slim", "node:22-bookworm-slim"),
        ("python:3.12.4-slim-bookworm", "python:3.12-slim-bookworm"),
        ("golang:1.26.4-alpine", "golang:1.26-alpine"),
        ("alpine:3.22.1", "alpine:3.22"),
        ("ubuntu:14.04.3", "ubuntu:14.04"),
        ("postgres:18", "postgres:17"),
    ],
)
def test_a_version_without_a_figure_is_estimated_from_its_closest_relative(asked: str, origin: str) -> None:
    assert f"estimated from {origin}" in size_of(asked).parts[0].what
    assert width(asked) > width(origin)


def test_one_figure_gives_the_other_by_a_ratio() -> None:
    image = base_images.find("python", "3.13")
    assert image is not None
    assert image.pulled is not None
    assert image.unpacked is None
    found = size_of("python:3.13")
    assert 2.5 < found.best / image.pulled.bytes < 2.9
    assert "estimated from its pulled size" in found.parts[0].what


def test_a_mirror_is_taken_as_the_official_image_with_a_wider_range() -> None:
    mirror, official = size_of("mirror.corp/library/node:22-slim"), size_of("node:22-slim")
    assert mirror.best == official.best
    assert mirror.low < official.low
    assert "taken as the official node" in mirror.parts[0].what


def test_a_digest_may_be_another_build() -> None:
    digest = "@sha256:" + "0" * 64
    assert size_of(f"node:22{digest}").best == size_of("node:22").best
    assert width("node:22") < width(f"node:22{digest}") < width(f"alpine{digest}")


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("node:22", "exact"),
        ("mcr.microsoft.com/dotnet/aspnet:9.0", "reported"),
        ("gcr.io/distroless/base", "rebuilt"),
        ("oven/bun:1", "modelled"),
        ("jupyter/base-notebook", "rough"),
        ("node:22.11.0", "estimated from node:22"),
        ("python:3.13", "estimated from its pulled size as python:3.12"),
        ("nginxinc/nginx-unprivileged:alpine", "modelled as nginx:alpine"),
        ("tomcat:10-jdk17", "modelled as eclipse-temurin:17-jdk and what it has on top"),
    ],
)
def test_every_size_says_how_it_came_about(text: str, quality: str) -> None:
    part = size_of(text).parts[0]
    assert part.what == f"{text} unpacked, {quality}"
    assert part.source
    assert part.date[:4].isdigit()


def test_the_less_is_known_the_wider_is_the_range() -> None:
    known = ["node:22", "denoland/deno:2.2.8", "oven/bun:1", "registry.access.redhat.com/ubi9:9.4", "pytorch/pytorch"]
    widths = [width(text) for text in known]
    assert widths == sorted(widths)
    assert widths[-1] == pytest.approx(1.0, abs=0.01)


def test_what_stands_on_another_image_is_larger_than_it() -> None:
    assert size_of("tomcat:10-jdk17").best > size_of("eclipse-temurin:17-jdk").best
    for found in (unpacked(parse("ubi9-minimal")), unpacked(parse("tomcat:10-jdk17-no-such-word"))):
        assert found is None


def test_a_windows_image_is_one_whatever_the_platform_of_the_build() -> None:
    found = size_of("mcr.microsoft.com/windows/servercore:ltsc2022")
    assert found == size_of("mcr.microsoft.com/windows/servercore:ltsc2022", "windows/amd64")
    assert 3_000_000_000 < found.best < 7_000_000_000
    assert pulled(parse("mcr.microsoft.com/windows/servercore:ltsc2022")) is not None


def test_scratch_is_empty() -> None:
    assert size_of("scratch").best == 0


@pytest.mark.parametrize(
    "text",
    [
        "team/app:1",
        "nvidia/cuda:12.4.1-base-rockylinux8",
        "node:22-$SUITE",
        "node:no-such-tag",
        "php:8.4-no-such-word",
        "",
    ],
)
def test_unknown_stays_unknown(text: str) -> None:
    assert unpacked(parse(text)) is None
    assert pulled(parse(text)) is None


STATED = {
    name_of(parse(text)): StatedSize(count, "deadweight.toml")
    for text, count in {
        "registry.corp/base:1": 340_000_000,
        "registry.corp/base@sha256:0a": 5,
        "registry.corp/all": 7,
        "registry.corp/all:1": 8,
        "team/app:latest": 9,
        "docker.io/library/node:22": 10,
    }.items()
}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("registry.corp/base:1", 340_000_000),
        ("registry.corp/base:1@sha256:0b", 340_000_000),
        ("registry.corp/base:1@sha256:0a", 5),
        ("registry.corp/base@sha256:0a", 5),
        ("registry.corp/base@sha256:0b", None),
        ("registry.corp/base:2", None),
        ("registry.corp/base", None),
        ("other.corp/base:1", None),
        ("base:1", None),
        ("registry.corp/all:1", 8),
        ("registry.corp/all:2", 7),
        ("registry.corp/all@sha256:0b", 7),
        ("team/app", 9),
        ("docker.io/team/app:latest", 9),
        ("node:22", 10),
        ("mirror.corp/library/node:22", 1_130_000_000),  # about as large as the facts say, and not as the user says
        ("scratch", 0),
    ],
)
def test_what_the_user_says_of_an_image_goes_first(text: str, count: int | None) -> None:
    found = unpacked(weighed(parse(text), STATED))
    assert (found and found.best) == count
    if count is not None and 0 < count < 1_000_000_000:
        assert found is not None
        assert found.low == found.high == count
        assert [part.source for part in found.parts] == ["deadweight.toml"]


def test_what_the_user_says_is_unpacked_and_pulled_is_less() -> None:
    found = pulled(weighed(parse("registry.corp/base:1"), STATED))
    assert found is not None
    assert 0 < found.low < found.best < (found.high or 0) < 340_000_000


def test_every_tag_in_the_facts_has_a_size_with_an_ordered_range() -> None:
    for repository, tag in {row[:2] for row in table("base_images").rows()}:
        if not base_images.find(repository, tag):
            continue
        for found in (unpacked(parse(f"{repository}:{tag}")), pulled(parse(f"{repository}:{tag}"))):
            assert found is not None
            assert found.high is not None
            assert 0 < found.low <= found.best <= found.high, (repository, tag)
            assert found.parts[0].source


def test_other_platforms() -> None:
    arm = size_of("node:22-slim", "linux/arm64")
    assert arm == size_of("node:22-slim", "linux/arm64/v8") == size_of("node:22-slim", "arm64")
    assert "linux/amd64" in arm.parts[0].what
    assert size_of("arm64v8/debian:12").best == size_of("debian:12", "linux/arm64").best
    assert unpacked(parse("node:22"), "windows/amd64") is None


@pytest.mark.parametrize("kind", ["pulled", "unpacked"])
@pytest.mark.parametrize("hides_other_figure", [True, False])
def test_leave_one_out(kind: images.Kind, hides_other_figure: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides an image with all its names and estimates it from the rest: most true sizes lie in the stated range.

    Measured 2026-11-23: 89 % by relatives, 91 to 93 % by the other figure's ratio; the median error is 7 % and 2 %.
    """
    find, tags = base_images.find, base_images.tags
    hidden: set[str] = set()

    def without(image: BaseImage | None) -> BaseImage | None:
        if image is None or f"{image.repository}:{image.tag}" not in hidden:
            return image
        if hides_other_figure:
            return None
        only = replace(image, unpacked=None) if kind == "unpacked" else replace(image, pulled=None)
        return only if only.pulled or only.unpacked else None

    def tags_without(repository: str, platform: str = "linux/amd64") -> tuple[BaseImage, ...]:
        return tuple(image for each in tags(repository, platform) if (image := without(each)))

    monkeypatch.setattr(base_images, "find", lambda *tag: without(find(*tag)))
    monkeypatch.setattr(base_images, "tags", tags_without)
    true_sizes = {
        (row[0], int(row[4])): row[1]
        for row in table("base_images").rows()
        if row[2:4] == ("linux/amd64", kind) and row[10] == "exact"
    }
    errors, held = [], 0
    for (repository, true_size), tag in true_sizes.items():
        image = find(repository, tag)
        assert image is not None
        if not hides_other_figure and not (image.pulled and image.unpacked):
            continue
        hidden.clear()
        hidden.update(f"{repository}:{other.tag}" for other in tags(repository) if _is_same(image, other))
        images._size.cache_clear()
        if found := images._size(parse(f"{repository}:{tag}"), "linux/amd64", kind):
            assert found.high is not None
            errors.append(abs(found.best / true_size - 1))
            held += found.low <= true_size <= found.high
    images._size.cache_clear()
    assert len(errors) > 60
    assert held / len(errors) > 0.85
    assert sorted(errors)[len(errors) // 2] < 0.10


def _is_same(one: BaseImage, other: BaseImage) -> bool:
    """Whether two tags name one image, by its bytes."""
    pairs = ((one.pulled, other.pulled), (one.unpacked, other.unpacked))
    return any(a and b and a.bytes == b.bytes for a, b in pairs)


@pytest.mark.parametrize(("year", "least"), [("docker_hub_2020", 100), ("corpus_2026", 94)])
def test_most_of_the_hundred_most_used_images_have_a_size(shared: Path, year: str, least: int) -> None:
    """Of the corpus only names without a registry's image behind them are left: linuxkit/alpine, BASEIMAGE ..."""
    uses = json.loads((shared / "corpus/top_images.json").read_text("utf-8"))[year]["images"][:100]
    for size in (pulled, unpacked):
        found = [each for text, _ in uses if (each := size(parse(text)))]
        assert len(found) >= least
        assert all(part.source for each in found for part in each.parts)


@pytest.mark.parametrize(("year", "least"), [("docker_hub_2020", 0.98), ("corpus_2026", 0.97)])
def test_most_uses_of_official_images_have_a_size(shared: Path, year: str, least: float) -> None:
    uses = json.loads((shared / "corpus/top_images.json").read_text("utf-8"))[year]["images"]
    official = [(parse(text), count) for text, count in uses if "/" not in parse(text).repository and text.islower()]
    sized = sum(count for ref, count in official if unpacked(ref))
    assert sized / sum(count for _, count in official) >= least
