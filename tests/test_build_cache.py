"""The rules about the build cache beyond their pages: what changes with each build, and mounts that stay empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.cli.main import main
from deadweight.features.code_actions import code_actions
from deadweight.lsp.documents import Analysis
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS, RuleSettings, Settings
from deadweight.text import Span, apply_edits
from examples import snapshot_of

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = "RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*\n"


def fixes_of(block: str, rule: str) -> list[tuple[str, Safety]]:
    """What the first fix of each finding of a rule makes of the Dockerfile, and how safe it is."""
    snapshot = snapshot_of(block)
    found = report(snapshot)
    mine = [each for each in found if each.rule.id == rule]
    return [
        (fixed(snapshot, [fix]).text, fix.safety)
        for each in mine
        for fix in each.fixes[:1]
        if holds(snapshot, found, each, fix)
    ]


def is_reported(block: str, rule: str) -> bool:
    return any(each.rule.id == rule for each in report(snapshot_of(block)))


# --- volatile-line-early ----------------------------------------------------------------------------------------------

MOVED = r"""
=== lines of one label go together
ARG VCS_REF
ARG BUILD_DATE
LABEL ref=$VCS_REF date=$BUILD_DATE
HEAVY
CMD app
---
HEAVY
ARG VCS_REF
ARG BUILD_DATE
LABEL ref=$VCS_REF date=$BUILD_DATE
CMD app
=== an ENV that holds it goes along, and what is not needed stays
ARG NAME=app
ARG GIT_COMMIT=unknown
ENV REVISION=${GIT_COMMIT}
HEAVY
COPY app /app
RUN /app --revision $REVISION
---
ARG NAME=app
HEAVY
COPY app /app
ARG GIT_COMMIT=unknown
ENV REVISION=${GIT_COMMIT}
RUN /app --revision $REVISION
=== a label below the RUNs keeps its place
ARG GIT_SHA
HEAVY
LABEL revision=$GIT_SHA
---
HEAVY
ARG GIT_SHA
LABEL revision=$GIT_SHA
=== users, folders and shells in between do not matter
ARG GIT_SHA
WORKDIR /srv
SHELL ["/bin/bash", "-c"]
HEAVY
USER joe
CMD echo $GIT_SHA
---
WORKDIR /srv
SHELL ["/bin/bash", "-c"]
HEAVY
USER joe
ARG GIT_SHA
CMD echo $GIT_SHA
"""


def cases(table: str) -> list[object]:
    titled = (case.partition("\n") for case in re.split(r"^=== ", table, flags=re.MULTILINE)[1:])
    return [pytest.param(text.replace("HEAVY\n", HEAVY), id=title) for title, _, text in titled]


@pytest.mark.parametrize("case", cases(MOVED))
def test_what_changes_goes_below_what_takes_long(case: str) -> None:
    before, _, after = case.partition("---\n")
    fixes = fixes_of(f"FROM debian:13-slim\n{before}", "volatile-line-early")
    assert fixes == [(f"FROM debian:13-slim\n{after}", Safety.SAFE)]


@pytest.mark.parametrize(
    "lines",
    [
        f"ARG GIT_SHA\nRUN ./configure\n{HEAVY}",
        f"ARG BUILD_DATE\nRUN curl -fsSL https://example.com/install.sh | sh\n{HEAVY}",
        f"ADD https://example.com/data/latest/list.csv /data/\n{HEAVY}",
    ],
)
def test_what_an_unknown_program_may_read_is_asked_about(lines: str) -> None:
    ((_, safety),) = fixes_of(f"FROM debian:13-slim\n{lines}", "volatile-line-early")
    assert safety is Safety.ASK


@pytest.mark.parametrize(
    "lines",
    [
        f"ARG GIT_SHA\nRUN echo $GIT_SHA > /revision\n{HEAVY}",
        f"ARG COMMIT=4f2c1d7\n{HEAVY}RUN git checkout $COMMIT\n",
        f"ARG GIT_SHA\nONBUILD RUN echo $GIT_SHA\n{HEAVY}",
        f"ADD --checksum=sha256:{'0' * 64} https://example.com/latest/a.tar /a\n{HEAVY}",
        f"ADD https://example.com/v1.2.3/a.tar /a\n{HEAVY}",
        f"ARG TARGETARCH\n{HEAVY}",
        f"ARG GIT_SHA\nRUN true\nFROM debian:13-slim\n{HEAVY}",
    ],
)
def test_what_stays_the_same_or_is_needed_may_stand_where_it_is(lines: str) -> None:
    assert not is_reported(f"FROM debian:13-slim\n{lines}", "volatile-line-early")


def test_a_default_above_the_first_stage_is_no_news() -> None:
    lines = f"FROM debian:13-slim\nARG VERSION\n{HEAVY}"
    assert not is_reported(f"ARG VERSION=1.4.2\n{lines}", "volatile-line-early")
    assert is_reported(f"ARG VERSION\n{lines}", "volatile-line-early")


def test_a_variable_that_something_in_between_sets_is_not_carried_past_it() -> None:
    lines = f"FROM debian:13-slim\nARG GIT_SHA\nLABEL revision=$GIT_SHA-$TIER\nENV TIER=one\n{HEAVY}"
    assert is_reported(lines, "volatile-line-early")
    assert fixes_of(lines, "volatile-line-early") == []


# --- cache-mount-defeated ---------------------------------------------------------------------------------------------

KEPT = [
    (
        (
            "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl"
            " && rm -rf /var/lib/apt/lists/* /tmp/*\n"
        ),
        "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl && rm -rf /tmp/*\n",
    ),
    (
        "RUN --mount=type=cache,target=/root/.npm npm install -g typescript@7 && npm cache clean --force\n",
        "RUN --mount=type=cache,target=/root/.npm npm install -g typescript@7\n",
    ),
    (
        "RUN --mount=type=cache,target=/root/.cache uv pip install --no-cache --system pandas scikit-learn streamlit\n",
        "RUN --mount=type=cache,target=/root/.cache uv pip install --system pandas scikit-learn streamlit\n",
    ),
    (
        "ENV PIP_CACHE_DIR=/pip\nRUN --mount=type=cache,target=/pip pip install --no-cache-dir pandas\n",
        "ENV PIP_CACHE_DIR=/pip\nRUN --mount=type=cache,target=/pip pip install pandas\n",
    ),
    (
        "RUN --mount=type=cache,target=/var/lib/apt <<EOF\napt-get update\nrm -rf /var/lib/apt/lists/* /tmp/*\nEOF\n",
        "RUN --mount=type=cache,target=/var/lib/apt <<EOF\napt-get update\nrm -rf /tmp/*\nEOF\n",
    ),
    (
        "ENV UV_NO_CACHE=1\nRUN --mount=type=cache,target=/c uv --cache-dir /c pip install --system pandas streamlit\n",
        (
            "ENV UV_NO_CACHE=1\nRUN --mount=type=cache,target=/c"
            " UV_NO_CACHE=0 uv --cache-dir /c pip install --system pandas streamlit\n"
        ),
    ),
]


@pytest.mark.parametrize(("before", "after"), KEPT)
def test_what_a_mount_holds_may_stay(before: str, after: str) -> None:
    head = "FROM python:3.13-slim\n"
    assert fixes_of(head + before, "cache-mount-defeated") == [(head + after, Safety.SAFE)]


@pytest.mark.parametrize(
    "lines",
    [
        "RUN --mount=type=tmpfs,target=/root/.cache pip install --no-cache-dir pandas\n",
        "RUN --mount=type=cache,target=/root/.npm pip install --no-cache-dir pandas\n",
        "RUN pip install --no-cache-dir pandas\n",
        "ENV PIP_NO_CACHE_DIR=1\nRUN --mount=type=cache,target=/root/.npm pip install pandas\n",
        "ENV PIP_NO_CACHE_DIR=1\nRUN --mount=type=cache,target=/root/.cache PIP_NO_CACHE_DIR= pip install pandas\n",
        "ENV UV_NO_CACHE=0\nRUN --mount=type=cache,target=/root/.cache uv pip install --system pandas\n",
        (
            "RUN : > /etc/apt/apt.conf.d/docker-clean\n"
            "RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y curl\n"
        ),
    ],
)
def test_no_mount_is_no_conflict(lines: str) -> None:
    assert not is_reported(f"FROM python:3.13-slim\n{lines}", "cache-mount-defeated")


def test_docker_clean_stays_where_a_later_install_would_keep_its_archives() -> None:
    mounted = "RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y ffmpeg\n"
    lines = f"FROM debian:13-slim\n{mounted}RUN apt-get install -y curl\n"
    assert is_reported(lines, "cache-mount-defeated")
    aside = mounted.replace("apt-get update", "mv /etc/apt/apt.conf.d/docker-clean /tmp/ && apt-get update").replace(
        "ffmpeg", "ffmpeg \\\n    && mv /tmp/docker-clean /etc/apt/apt.conf.d/"
    )
    assert fixes_of(lines, "cache-mount-defeated") == [(lines.replace(mounted, aside), Safety.SAFE)]


@pytest.mark.parametrize(
    ("base", "script"),
    [
        ("example/python", "apt-get update && apt-get install -y ffmpeg"),
        ("debian:13-slim", "apt-get update && apt-get install -y ffmpeg; echo"),
        ("debian:13-slim", "apt-get update && apt-get install -y ffmpeg || true"),
    ],
)
def test_docker_clean_is_set_aside_only_where_it_is_there_and_comes_back(base: str, script: str) -> None:
    lines = f"FROM {base}\nRUN --mount=type=cache,target=/var/cache/apt {script}\n"
    assert all(safety is Safety.ASK for _, safety in fixes_of(lines, "cache-mount-defeated"))


@pytest.mark.parametrize(
    ("below", "safety"),
    [
        ("FROM scratch\nCOPY --from=build /out /\n", "safe"),
        ("FROM build AS more\nRUN make\nFROM scratch\nCOPY --from=more /out /\nCOPY --from=debian:13 / /\n", "safe"),
        ("FROM scratch\nCOPY --from=build /etc /etc\n", "ask"),
        ("FROM build AS more\nRUN make\nFROM scratch\nCOPY --from=more / /\n", "ask"),
        ("FROM build\nRUN make\n", "ask"),
        ("RUN make\n", "ask"),
    ],
)
def test_docker_clean_goes_without_asking_where_no_image_has_it(below: str, safety: str) -> None:
    mounted = "RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y ffmpeg\n"
    snapshot = snapshot_of(f"FROM debian:13-slim AS build\n{mounted}{below}")
    found = next(each for each in report(snapshot) if each.rule.id == "cache-mount-defeated")
    assert [fix.safety.value for fix in found.fixes if fix.id == "keep-archives"] == [safety]
    assert [fix.id for fix in found.fixes if fix.safety is Safety.SAFE] == [
        "keep-archives" if safety == "safe" else "set-aside"
    ]


# --- cache-mount-missing ----------------------------------------------------------------------------------------------

OFFERED = r"""
=== every RUN of the stage that calls the tool, and no other
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir pandas
RUN python -c 1
RUN pip install streamlit && pip cache purge
FROM build
RUN pip install --no-cache-dir uvicorn
---
FROM python:3.13-slim AS build
RUN --mount=type=cache,target=/root/.cache/pip pip install pandas
RUN python -c 1
RUN --mount=type=cache,target=/root/.cache/pip pip install streamlit
FROM build
RUN pip install --no-cache-dir uvicorn
=== a user of Docker's images
FROM node:22-slim
USER node
RUN npm install typescript@7 && npm cache clean --force
---
FROM node:22-slim
USER node
RUN --mount=type=cache,target=/home/node/.npm,uid=1000,gid=1000 npm install typescript@7
=== a user by numbers
FROM node:22-slim
ENV HOME=/srv
USER 1001:0
RUN npm install typescript@7
---
FROM node:22-slim
ENV HOME=/srv
USER 1001:0
RUN --mount=type=cache,target=/srv/.npm,uid=1001,gid=0 npm install typescript@7
=== apk, without the option that keeps it from it
FROM alpine:3.22
RUN apk add --no-cache curl
---
FROM alpine:3.22
RUN --mount=type=cache,target=/etc/apk/cache,sharing=locked apk add curl
=== tools that build
FROM golang:1.25
RUN CGO_ENABLED=0 go build -o /app .
---
FROM golang:1.25
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -o /app .
=== the program that cargo builds stays in the layer
FROM rust:1
RUN cargo build --release
---
FROM rust:1
RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release
=== a heredoc
FROM python:3.13-slim
RUN <<EOF
pip install --no-cache-dir pandas
EOF
---
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip <<EOF
pip install pandas
EOF
"""


def offers_of(block: str, settings: Settings = DEFAULTS) -> list[str]:
    """What the refactorings of cache-mount-missing make of a Dockerfile, as an editor lists them."""
    snapshot = snapshot_of(block)
    analysis = Analysis(snapshot, settings, None)
    everywhere = Span(0, len(snapshot.text))
    actions = code_actions(snapshot, analysis.reported, everywhere, holds=analysis.holds, offered=analysis.offered)
    mine = [each for each in actions if each.reported and each.reported.rule.id == "cache-mount-missing"]
    return [apply_edits(snapshot.text, each.edits) for each in mine if "cache mount" in each.title]


@pytest.mark.parametrize("case", cases(OFFERED))
def test_a_cache_mount_is_on_offer(case: str) -> None:
    before, _, after = case.partition("---\n")
    assert after in offers_of(before)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM node:22-slim\nUSER app\nRUN npm install typescript@7\n",
        "FROM node:22-slim\nARG WHO\nUSER $WHO\nRUN npm install typescript@7\n",
        "FROM node:22-slim\nRUN --mount=type=cache,target=/root/.npm npm install typescript@7\n",
        "FROM node:22-slim\nRUN node -e 1\n",
        "FROM node:22-slim\nRUN npm --version\n",
        "FROM mcr.microsoft.com/windows/servercore:ltsc2025\nRUN npm install typescript@7\n",
    ],
)
def test_no_cache_mount_is_on_offer_where_none_would_work(dockerfile: str) -> None:
    assert offers_of(dockerfile) == []


def test_what_is_on_offer_is_no_finding_unless_somebody_says_so() -> None:
    block = "FROM python:3.13-slim\nRUN pip install --no-cache-dir pandas\n"
    assert not is_reported(block, "cache-mount-missing")
    loud = Settings(rules={"cache-mount-missing": RuleSettings("warning")})
    assert [each.severity for each in report(snapshot_of(block), loud) if each.rule.is_offered] == ["warning"]
    assert Analysis(snapshot_of(block), loud, None).offered == ()
    assert offers_of(block, loud) == offers_of(block)
    off = Settings(rules={"cache-mount-missing": RuleSettings("off")})
    assert not Analysis(snapshot_of(block), off, None).offered


def test_the_terminal_takes_an_offer_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM python:3.13-slim\nRUN pip install --no-cache-dir pandas\n", "utf-8")
    assert main(["fix", "--write", "--ask", "--rule", "cache-mount-missing", str(path)]) == 0
    assert path.read_text("utf-8").splitlines()[1:] == [
        "RUN --mount=type=cache,target=/root/.cache/pip pip install pandas"
    ]
