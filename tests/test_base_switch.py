"""Smaller base images: which are offered where, what is added for them, and what keeps one from being offered."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report, title_of
from deadweight.rules.catalog import BY_ID
from examples import snapshot_of

RULE = BY_ID["full-base-image"]


def offered(block: str) -> dict[str, str]:
    """The proven fixes by id, each with the Dockerfile that it makes."""
    snapshot = snapshot_of(block)
    found = report(snapshot)
    reported = [each for each in found if each.rule is RULE]
    return {
        fix.id: fixed(snapshot, [fix]).text
        for each in reported
        for fix in each.fixes
        if holds(snapshot, found, each, fix)
    }


def notes(block: str) -> str:
    return " ".join(fix.note for each in report(snapshot_of(block), rules=[RULE]) for fix in each.fixes)


@pytest.mark.parametrize(
    ("block", "ids"),
    [
        ('FROM node:22\nCMD ["node", "a.js"]\n', ["slim", "alpine", "distroless"]),
        ("FROM node:22\nRUN npm ci\nCMD npm start\n", ["slim", "alpine"]),
        ("FROM node:22\nRUN make\n", []),
        ("FROM node:22\nRUN apt-get install -y --no-install-recommends make && make\n", ["slim", "alpine"]),
        ('FROM node:22\nSHELL ["/bin/bash", "-c"]\nRUN echo a\n', ["slim"]),
        ("FROM node:22\nRUN useradd app\n", ["slim", "alpine"]),
        ("FROM node:22\nRUN usermod -aG root node\n", ["slim"]),
        ("FROM node:22\nRUN apt-get install -y --no-install-recommends cmake\n", []),
        ("FROM python:3.12\nRUN apt-get install -y --no-install-recommends libpq-dev\n", []),
        ("FROM python:3.12\nRUN apt-get install -y --no-install-recommends gcc libpq-dev\n", ["slim", "alpine"]),
        ('FROM node:22\nUSER node\nCMD ["node", "a.js"]\n', ["slim", "alpine"]),
        ("FROM node:22 AS a\nRUN make\nFROM node:22\nCOPY --from=a /srv/dist /srv/dist\n", ["slim", "alpine"]),
        ("FROM node:22 AS a\nRUN npm ci\nFROM node:22\nCOPY --from=a /srv/node_modules /srv/\n", ["slim"]),
        ("FROM rust:1.93 AS a\nRUN cargo build\nFROM node:22\nCOPY --from=a /tool /tool\n", ["slim"]),
        ("FROM golang:1.25 AS a\nRUN CGO_ENABLED=0 go build\nFROM node:22\nCOPY --from=a /t /t\n", ["slim", "alpine"]),
        ("FROM python:2.7\nRUN pip install flask\n", []),
        ("FROM openjdk:17\nCOPY a.jar /\nCMD java -jar /a.jar\n", ["jre", "jre-alpine"]),
        ("FROM openjdk:17\nRUN microdnf install git\nCMD java -jar /a.jar\n", []),
        ("FROM tomcat:9.0-jdk17-temurin\nCOPY a.war /usr/local/tomcat/webapps/\n", ["jre"]),
        ("FROM php:8.3-fpm\nRUN pecl install redis\n", []),
        ("FROM php:8.3-fpm\nCOPY . .\n", ["alpine"]),
        ("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN ./install.sh\n", []),
        ("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN nvcc a.cu\n", []),
        ("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install torch\n", ["base"]),
        ("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install flask\n", []),
        ("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install torch\n", ["base"]),
    ],
)  # fmt: skip
def test_what_the_commands_need_decides_what_is_offered(block: str, ids: list[str]) -> None:
    assert list(offered(block)) == ids


@pytest.mark.parametrize(
    ("name", "project", "is_named"),
    [
        ("torch", "RUN pip install torch", True),
        ("scikit-learn", "RUN pip install -r requirements.txt\n//- requirements.txt\nflask\nscikit-learn==1.4.2", True),
        ("numpy", "RUN pip install numpy", False),
        ("playwright", 'RUN npm ci\n//- package.json\n{"dependencies": {"playwright": "1"}}', True),
        ("playwright", 'RUN npm ci\n//- package.json\n{"devDependencies": {"playwright": "1"}}', False),
    ],
)
def test_alpine_is_left_out_with_the_package_that_has_nothing_for_musl(name: str, project: str, is_named: bool) -> None:
    base = "node:22" if "npm" in project else "python:3.12"
    block = f"//- Dockerfile\nFROM {base}\nCOPY . .\n{project}\n"
    said = notes(block)
    assert (f"left out: {name} " in said) is is_named
    assert ("alpine" in offered(block)) is not is_named


def test_a_lockfile_says_which_wheels_there_are() -> None:
    wheel = '{ url = "https://pypi.org/a-1-cp312-cp312-manylinux_2_17_x86_64.whl", size = 9 },'
    lock = f'version = 1\n[[package]]\nname = "a"\nversion = "1"\nwheels = [\n{wheel}\n]\n'
    block = f"""//- Dockerfile
FROM python:3.12
COPY . .
RUN uv sync --frozen
//- pyproject.toml
[project]
name = "b"
dependencies = ["a"]
//- uv.lock
{lock}"""
    assert "left out: a has no wheel for musl" in notes(block)


def test_packages_that_are_compiled_need_the_full_image() -> None:
    assert not offered("FROM python:3.12\nRUN pip install mysqlclient\n")
    assert not offered(
        '//- Dockerfile\nFROM node:22\nCOPY . .\nRUN npm ci\n//- package.json\n{"dependencies": {"libpq": "1"}}\n'
    )


def test_programs_that_the_smaller_image_lacks_are_installed() -> None:
    made = offered("FROM node:22\nRUN git clone https://example.com/a /a && xz -d /a/b.xz\n")
    assert "install -y --no-install-recommends ca-certificates git xz-utils && rm" in made["slim"]
    assert made["alpine"].startswith("FROM node:22-alpine\nRUN apk add --no-cache git xz\nRUN git")
    assert "ca-certificates" not in offered("FROM python:3.12\nRUN curl https://example.com\n")["slim"]
    installs = "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
    assert offered(f"FROM node:22\n{installs}\nRUN git clone https://a/b\n")["slim"].startswith(
        f"FROM node:22-slim\n{installs}"
    )


def test_crates_that_link_to_a_library_keep_the_image_that_has_its_headers() -> None:
    build = "//- Dockerfile\nFROM rust:1.85\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n"
    project = '//- Cargo.toml\n[package]\nname = "app"\n//- src/main.rs 100\n'
    lock = '//- Cargo.lock\n[[package]]\nname = "{}"\nversion = "0.6.0"\nsource = "registry"\n'
    assert offered(build + project + lock.format("serde"))
    assert not offered(build + project + lock.format("pq-sys"))


def test_what_fetches_modules_of_go_calls_git() -> None:
    made = offered("FROM golang:1.13\nRUN dep ensure\n")
    assert made
    assert all(" git" in text for text in made.values())


def test_what_an_install_writes_anew_is_no_saving() -> None:
    plain, git = (
        report(snapshot_of(f"FROM node:22\n{lines}"), rules=[RULE])[0].finding.saves
        for lines in ("", "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n")
    )
    assert plain
    assert git
    assert 100_000_000 < plain.best - git.best < 200_000_000  # git with perl, which node:22 holds


@pytest.mark.parametrize(
    ("lines", "then"),
    [
        (
            "RUN apt-get update && apt-get install -yq --no-install-recommends curl xz-utils && apt-get clean",
            "RUN apk add --no-cache curl xz",
        ),
        (
            "RUN apt-get update \\\n    && apt-get install -y \\\n        --no-install-recommends \\\n        gcc git",
            "RUN apk add --no-cache \\\n        gcc musl-dev git",
        ),
        (
            "RUN set -ex; apt-get update; apt-get install -y --no-install-recommends git; rm -rf /var/lib/apt/lists/*",
            "RUN set -ex; apk add --no-cache git",
        ),
        ("RUN apt-get update && apt-get install -y --no-install-recommends libfoo", None),
        ("RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10", None),
        ("RUN apt-get update && apt-get install -y --no-install-recommends $TOOLS", None),
        ("RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends curl", None),
        ("RUN if true; then apt-get update && apt-get install -y --no-install-recommends curl; fi", None),
        ("RUN apt-get update && apt-get install -y --no-install-recommends curl && apt-get purge -y curl", None),
        ("RUN apt-get install -y --no-install-recommends locales && locale-gen en_US.UTF-8", None),
        ("RUN echo a > /etc/apt/sources.list && apt-get install -y --no-install-recommends curl", None),
        ("RUN apt-get install -y --no-install-recommends curl && dpkg -i a.deb", None),
    ],
)
def test_apt_is_said_in_the_words_of_apk_where_all_of_them_are_known(lines: str, then: str | None) -> None:
    assert offered(f"FROM python:3.12\n{lines}\n").get("alpine") == (then and f"FROM python:3.12-alpine\n{then}\n")


@pytest.mark.parametrize(
    ("command", "then"),
    [
        ("useradd app", "adduser -D -H app"),
        ("useradd -ms /bin/bash app", "adduser -D -s /bin/sh app"),
        ("useradd --create-home --uid=1001 app", "adduser -D -u 1001 app"),
        (
            "useradd -r -g app -d /srv -s /usr/sbin/nologin app",
            "adduser -D -H -S -G app -h /srv -s /usr/sbin/nologin app",
        ),
        ("groupadd -r -g 999 app", "addgroup -S -g 999 app"),
        ("groupadd app && useradd -m -g app app", "addgroup app && adduser -D -G app app"),
        ("useradd -r app", None),
        ("useradd -u 1885580785 app", None),
        ("useradd -u $ID app", None),
        ("useradd -g 1000 app", None),
        ("useradd -m -G sudo app", None),
        ("useradd app || true", "adduser -D -H app || true"),
    ],
)
def test_accounts_are_made_in_the_words_of_busybox(command: str, then: str | None) -> None:
    made = offered(f"FROM python:3.12\nRUN {command}\n").get("alpine")
    assert made == (then and f"FROM python:3.12-alpine\nRUN {then}\n")


def test_other_package_managers_write_other_bytes() -> None:
    lines = "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
    (reported,) = report(snapshot_of(f"FROM nginx\n{lines}\n"), rules=[RULE])
    (plain,) = report(snapshot_of("FROM nginx\n"), rules=[RULE])
    assert reported.finding.saves
    assert plain.finding.saves
    assert 30_000_000 < reported.finding.saves.best - plain.finding.saves.best < 150_000_000  # 115 MB become 9 MB
    before, after = reported.fixes[0].weighs or (None, None)
    assert before
    assert after
    assert before.best - after.best == pytest.approx(reported.finding.saves.best)


@pytest.mark.parametrize(
    ("start", "then"),
    [
        ('CMD ["node", "a.js"]', 'CMD ["a.js"]'),
        ("CMD node a.js", 'CMD ["a.js"]'),
        ('ENTRYPOINT ["node", "a.js"]', 'ENTRYPOINT ["/nodejs/bin/node", "a.js"]'),
        ('ENTRYPOINT ["node"]\nCMD ["a.js"]', None),
        ("CMD npm start", None),
        ("CMD node a.js > log", None),
        ("HEALTHCHECK CMD curl localhost\nCMD node a.js", None),
        ("EXPOSE 80", None),
    ],
)
def test_distroless_starts_the_program_by_itself(start: str, then: str | None) -> None:
    made = offered(f"FROM node:22\nCOPY a.js .\n{start}\n")
    assert made.get("distroless") == (then and f"FROM gcr.io/distroless/nodejs22-debian12\nCOPY a.js .\n{then}\n")


GO = "FROM golang:1.25 AS build\nRUN CGO_ENABLED=0 go build -o /out/shop .\nFROM {}\n{}"


@pytest.mark.parametrize(
    ("base", "lines", "is_offered"),
    [
        ("debian:bookworm-slim", "COPY --from=build /out/shop /shop\nCMD /shop\n", True),
        ("ubuntu:24.04", "WORKDIR /app\nCOPY --from=build /out .\nUSER 1000\nENTRYPOINT ['./shop']\n", True),
        ("debian:12", "COPY --from=build /out/shop /shop\nCOPY conf.yaml /etc/\nCMD [\"/shop\"]\n", True),
        ("alpine:3.22", "COPY --from=build /out/shop /shop\nCMD [\"/shop\"]\n", False),
        ("debian:12", "COPY --from=build /out/shop /shop\nCMD [\"shop\"]\n", False),
        ("debian:12", "COPY --from=build /out/shop /shop\nCMD /shop && echo\n", False),
        ("debian:12", "RUN apt-get install -y curl\nCOPY --from=build /out/shop /shop\nCMD [\"/shop\"]\n", False),
        ("debian:12", "USER shop\nCOPY --from=build /out/shop /shop\nCMD [\"/shop\"]\n", False),
        ("debian:12", "COPY --from=build --chown=a /out/shop /shop\nCMD [\"/shop\"]\n", False),
        ("debian:12", "COPY --from=build /out/shop /shop\nCOPY --from=nginx /bin/ls /\nCMD [\"/shop\"]\n", False),
        ("debian:12", "COPY --from=build /out/shop /shop\nCOPY run.sh /\nCMD [\"/run.sh\"]\n", False),
    ],
)  # fmt: skip
def test_a_static_program_needs_no_system(base: str, lines: str, is_offered: bool) -> None:
    made = offered(GO.format(base, lines.replace("'", '"')))
    assert ("distroless" in made) is is_offered


@pytest.mark.parametrize(
    ("lines", "then"),
    [
        ("ARG V=22\nFROM node:$V\n", "ARG V=22\nFROM node:$V-slim\n"),
        ("ARG V=3.12\nFROM python:${V}-bookworm\n", "ARG V=3.12\nFROM python:${V}-slim-bookworm\n"),
        ("ARG I=node:22\nFROM $I\n", "ARG I=node:22\nFROM $I-slim\n"),
        ("ARG I=node:22-bookworm\nFROM $I\nUSER node\n", "ARG I=node:22-bookworm\nFROM $I-slim\nUSER node\n"),
        ("FROM --platform=linux/arm64 node:22 AS a\n", "FROM --platform=linux/arm64 node:22-slim AS a\n"),
        (f"FROM node:22@sha256:{'a' * 64}\n", "FROM node:22-slim\n"),
        ("FROM node:22 AS a\nFROM node:22\n", "FROM node:22 AS a\nFROM node:22-slim\n"),
        ("from node:22", "from node:22-slim"),
    ],
)
def test_the_name_is_changed_where_it_is_written(lines: str, then: str) -> None:
    assert offered(lines)["slim"] == then


def test_a_title_says_what_the_image_weighs_before_and_after() -> None:
    (reported,) = report(snapshot_of("//- Dockerfile\nFROM node:22\nCOPY a /\n//- a 400000000\n"), rules=[RULE])
    assert title_of(reported.fixes[0]) == "Use the slim image node:22-slim: 1.5 GB → about 630 MB"
    assert "the pinned digest goes" in notes(f"FROM node:22@sha256:{'a' * 64}\n")


@pytest.mark.parametrize(
    ("suite", "run", "is_offered"),
    [
        ("bullseye", "apt-get install -y openjdk-11-jre-headless", False),
        ("buster", "apt-get install -y wget default-jdk", False),
        ("bullseye", "mkdir -p /usr/share/man/man1 && apt-get install -y openjdk-11-jre-headless", True),
        ("bullseye", "apt-get install -y wget", True),
        ("bookworm", "apt-get install -y openjdk-17-jre-headless", True),
    ],
)
def test_java_links_its_manuals_into_a_folder_that_slim_images_lack(suite: str, run: str, *, is_offered: bool) -> None:
    found = report(snapshot_of(f"FROM debian:{suite}\nRUN apt-get update && {run}\n"))
    assert any(each.rule.id == "full-base-image" for each in found) == is_offered
