"""Image references, what their tags say, what the images hold, and their smaller siblings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadweight.model.image import base, parse, variant
from deadweight.model.siblings import losses, siblings
from deadweight.text import apply_edits

DIGEST = "sha256:" + "4b" * 32


@pytest.mark.parametrize(
    ("text", "repository", "tag"),
    [
        ("node", "node", None),
        ("node:22", "node", "22"),
        ("library/node:22", "node", "22"),
        ("docker.io/library/node:22", "node", "22"),
        ("docker.io/node:22", "node", "22"),
        ("index.docker.io/library/node", "node", None),
        ("bitnami/node:22", "bitnami/node", "22"),
        ("docker.io/bitnami/node:22", "bitnami/node", "22"),
        ("mcr.microsoft.com/dotnet/sdk:9.0", "mcr.microsoft.com/dotnet/sdk", "9.0"),
        ("localhost:5000/team/app", "localhost:5000/team/app", None),
        ("localhost:5000/team/app:1.2", "localhost:5000/team/app", "1.2"),
        ("gcr.io/distroless/static:nonroot", "gcr.io/distroless/static-debian13", "nonroot"),
        ("arm64v8/debian:12", "debian", "12"),
        ("java:8", "openjdk", "8"),
        ("node:", "node:", None),
        ("node:22-$SUITE", "node:22-$SUITE", None),
        ("", "", None),
    ],
)
def test_parse(text: str, repository: str, tag: str | None) -> None:
    ref = parse(text)
    assert (ref.repository, ref.tag) == (repository, tag)


def test_spans_of_tag_and_digest() -> None:
    text = f"localhost:5000/node:22-slim@{DIGEST}"
    ref = parse(text)
    assert ref.tag_span is not None
    assert ref.digest_span is not None
    assert text[slice(*ref.tag_span)] == "22-slim"
    assert text[slice(*ref.digest_span)] == DIGEST == ref.digest


@pytest.mark.parametrize(
    ("text", "mirrored"),
    [
        ("node:22", False),
        ("docker.io/library/node:22", False),
        ("localhost/node:22", True),
        ("localhost:5000/node:22", True),
        ("mirror.corp/library/node:22", True),
        ("public.ecr.aws/docker/library/node:22", True),
        ("gitlab.corp/group/dependency_proxy/containers/node:22", True),
        ("ghcr.io/oracle/oraclelinux:9", True),
        ("ghcr.io/team/node:22", False),
        ("mcr.microsoft.com/dotnet/sdk:9.0", False),
    ],
)
def test_an_official_name_under_another_registry_is_that_image(text: str, mirrored: bool) -> None:
    assert parse(text).mirrored is mirrored


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("node", "node:slim"),
        ("node:22", "node:slim"),
        (f"node:22@{DIGEST}", "node:slim"),
        (f"localhost:5000/node@{DIGEST}", "localhost:5000/node:slim"),
    ],
)
def test_another_tag_replaces_tag_and_digest_only(text: str, changed: str) -> None:
    assert apply_edits(text, [parse(text).with_tag("slim")]) == changed


@settings(max_examples=200)
@given(st.text() | st.from_regex(r"[a-z0-9.:/@_-]{0,30}", fullmatch=True))
def test_any_text_has_a_reference_and_answers(text: str) -> None:
    ref = parse(text)
    assert ref.text == text
    base(ref)
    for sibling in siblings(ref):
        assert sibling.ref.text == apply_edits(text, [sibling.edit])


@pytest.mark.parametrize(
    ("image", "version", "codename", "flavour", "words"),
    [
        ("node:22", "22", None, "full", ()),
        ("node:22-bookworm-slim", "22", "bookworm", "slim", ()),
        ("node:lts-alpine", "lts", None, "alpine", ()),
        ("node:jod", "jod", None, "full", ()),
        ("node:22-alpine3.20", "22", "alpine3.20", "alpine", ()),
        ("python:3.12.4-slim-bookworm", "3.12.4", "bookworm", "slim", ()),
        ("php:8.3-fpm-alpine", "8.3", None, "alpine", ("fpm",)),
        ("php:8.3-cli", "8.3", None, "full", ()),
        ("eclipse-temurin:21-jre-alpine-3.24", "21", "alpine3.24", "alpine", ("jre",)),
        ("amazoncorretto:17-al2023-jdk", "17", "al2023", "full", ()),
        ("nginx:alpine-slim", None, None, "alpine", ("slim",)),
        ("debian:trixie-20260811-slim", "trixie", "trixie", "slim", ()),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "8.0", "jammy", "distroless", ()),
        ("golang:1.26-nanoserver-ltsc2022", "1.26", "nanoserver", "windows", ("ltsc2022",)),
        ("node:latest", None, None, "full", ()),
    ],
)
def test_variant(image: str, version: str | None, codename: str | None, flavour: str, words: tuple[str, ...]) -> None:
    ref = parse(image)
    said = variant(ref.repository, ref.tag or "latest")
    assert (said.version, said.codename, said.flavour, said.words) == (version, codename, flavour, words)


def test_a_release_s_name_is_its_version() -> None:
    assert variant("node", "jod-slim").numbers == (22,)
    assert variant("debian", "bookworm-slim").numbers == (12,)


@pytest.mark.parametrize(
    ("image", "os", "suite", "libc", "shell", "package_manager"),
    [
        ("node:22", "debian", "bookworm", "glibc", "bash", "apt"),
        ("node:22-alpine", "alpine", "3.24", "musl", "ash", "apk"),
        ("python:3.12-slim", "debian", "trixie", "glibc", "bash", "apt"),
        ("python:3.12.4-slim", "debian", None, "glibc", "bash", "apt"),
        ("debian:12.5-slim", "debian", "bookworm", "glibc", "bash", "apt"),
        ("ubuntu:22.04", "ubuntu", "jammy", "glibc", "bash", "apt"),
        ("eclipse-temurin:21-jdk-jammy", "ubuntu", "jammy", "glibc", "bash", "apt"),
        ("alpine:3.20.1", "alpine", "3.20", "musl", "ash", "apk"),
        ("alpine", "alpine", "3.24", "musl", "ash", "apk"),
        ("centos:7", "centos", "7", "glibc", "bash", "yum"),
        ("amazonlinux:2", "amazonlinux", "2", "glibc", "bash", "yum"),
        ("amazonlinux:2023", "amazonlinux", "2023", "glibc", "bash", "dnf"),
        ("oraclelinux:9-slim", "oraclelinux", "9", "glibc", "bash", "microdnf"),
        ("redhat/ubi9-minimal", "ubi-minimal", None, "glibc", "bash", "microdnf"),
        ("gcr.io/distroless/nodejs22-debian12", "distroless", None, "glibc", "none", "none"),
        ("nvidia/cuda:12.4.1-base-ubuntu22.04", "ubuntu", "jammy", "glibc", "bash", "apt"),
        ("busybox", "busybox", None, None, "ash", "none"),
        ("scratch", "scratch", None, "none", "none", "none"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "debian", "bookworm", "glibc", "bash", "apt"),
        ("team/app:1", None, None, None, None, None),
    ],
)
def test_base(
    image: str, os: str | None, suite: str | None, libc: str | None, shell: str | None, package_manager: str | None
) -> None:
    found = base(parse(image))
    assert (found.os, found.suite, found.libc, found.shell, found.package_manager) == (
        os,
        suite,
        libc,
        shell,
        package_manager,
    )


def test_windows_is_said() -> None:
    assert base(parse("mcr.microsoft.com/windows/servercore:ltsc2022")).is_windows
    assert base(parse("golang:1.26-nanoserver")).is_windows
    assert not base(parse("node:22")).is_windows


@pytest.mark.parametrize(
    ("image", "smaller"),
    [
        ("node:22", ["node:22-slim", "node:22-alpine", "gcr.io/distroless/nodejs22-debian12"]),
        ("node:20.11.1", ["node:20.11.1-slim", "node:20.11.1-alpine", "gcr.io/distroless/nodejs20-debian12"]),
        ("node", ["node:slim", "node:alpine"]),
        ("node:22-slim", ["node:22-alpine", "gcr.io/distroless/nodejs22-debian12"]),
        ("node:22-alpine", ["gcr.io/distroless/nodejs22-debian12"]),
        ("python:3.12-bookworm", ["python:3.12-slim-bookworm", "python:3.12-alpine"]),
        ("localhost:5000/python:3.12", ["localhost:5000/python:3.12-slim", "localhost:5000/python:3.12-alpine"]),
        (f"python:3.12@{DIGEST}", ["python:3.12-slim", "python:3.12-alpine"]),
        ("debian:12", ["debian:12-slim"]),
        ("debian:12-slim", []),
        ("ubuntu:24.04", []),
        ("alpine", []),
        ("scratch", []),
        (
            "eclipse-temurin:21-jdk-noble",
            [f"eclipse-temurin:21-{x}" for x in ("jre-noble", "jre-alpine", "jdk-alpine")],
        ),
        ("eclipse-temurin:21-alpine", ["eclipse-temurin:21-jre-alpine"]),
        ("eclipse-temurin:21-windowsservercore", []),
        ("amazoncorretto:17", ["amazoncorretto:17-alpine"]),
        (
            "mcr.microsoft.com/dotnet/sdk:9.0.101",
            [
                f"mcr.microsoft.com/dotnet/{x}"
                for x in (
                    "aspnet:9.0",
                    "runtime:9.0",
                    "aspnet:9.0-noble-chiseled",
                    "aspnet:9.0-alpine",
                    "sdk:9.0.101-alpine",
                )
            ],
        ),
        (
            "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
            [f"nvidia/cuda:12.4.1-{x}-ubuntu22.04" for x in ("cudnn-runtime", "base")],
        ),
        ("docker.io/nvidia/cuda:12.4.1-runtime-ubuntu22.04", ["docker.io/nvidia/cuda:12.4.1-base-ubuntu22.04"]),
        ("openjdk:17.0.2-jdk-slim", ["eclipse-temurin:17-jre", "eclipse-temurin:17-jre-alpine"]),
        ("openjdk:8u212-jdk-alpine", ["eclipse-temurin:8-jre-alpine"]),
        ("openjdk:13-jdk", []),
        ("mirror.corp/library/openjdk:11", []),
        ("java:8", ["eclipse-temurin:8-jre", "eclipse-temurin:8-jre-alpine", "java:8-alpine"]),
        ("node:buster", []),
        ("tomcat:10.1-jdk17-temurin-noble", ["tomcat:10.1-jre17-temurin-noble"]),
        ("maven:3.9-eclipse-temurin-21", ["eclipse-temurin:21-jre", "eclipse-temurin:21-jre-alpine"]),
        ("php:8.3-fpm", ["php:8.3-fpm-alpine"]),
        ("php:8.3-apache", []),
        ("nginx", ["nginx:alpine", "nginx:alpine-slim"]),
        ("golang:1.99", ["gcr.io/distroless/static-debian13"]),
        ("team/app:1", []),
    ],
)
def test_siblings(image: str, smaller: list[str]) -> None:
    assert [sibling.ref.text for sibling in siblings(parse(image))] == smaller


@pytest.mark.parametrize(
    ("image", "smaller", "names"),
    [
        ("node:22", "node:22-slim", "no-build-tools no-docs"),
        ("node:22", "node:22-alpine", "musl no-bash apk no-useradd no-build-tools"),
        ("oven/bun:1", "oven/bun:1-slim", "no-docs"),  # bun's image stands on debian, which has no compiler
        ("node:22", "gcr.io/distroless/nodejs22-debian12", "no-shell no-package-manager no-build-tools few-accounts"),
        ("node:22-slim", "node:22-alpine", "musl no-bash apk no-useradd"),
        ("postgres:17", "postgres:17-alpine", "musl no-bash apk no-useradd"),
        ("debian:12", "debian:12-slim", "no-docs"),
        ("golang:1.26", "gcr.io/distroless/static-debian13:nonroot",
         "no-shell no-package-manager no-build-tools no-toolchain not-root few-accounts"),
        ("eclipse-temurin:21", "eclipse-temurin:21-jre", "no-compiler"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "mcr.microsoft.com/dotnet/aspnet:8.0-alpine",
         "musl no-bash apk no-useradd no-cultures"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled",
         "no-shell no-package-manager no-cultures not-root few-accounts"),
        ("mcr.microsoft.com/dotnet/sdk:9.0", "mcr.microsoft.com/dotnet/sdk:9.0-alpine", "musl no-bash apk no-useradd"),
        (f"node:22@{DIGEST}", "node:22-slim", "no-build-tools no-docs digest-dropped"),
        ("alpine:3.24", "alpine:3.24", ""),
        ("team/app:1", "team/app:1-slim", ""),
    ],
)  # fmt: skip
def test_what_one_gives_up_with_a_smaller_image(image: str, smaller: str, names: str) -> None:
    found = losses(parse(image), parse(smaller))
    assert " ".join(each.name for each in found) == names
    assert all(each.short and each.words and each.source for each in found)


def test_a_sibling_says_what_one_gives_up() -> None:
    ref = parse("node:22")
    for sibling in siblings(ref):
        assert sibling.losses == losses(ref, sibling.ref)
