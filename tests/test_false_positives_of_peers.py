"""What other linters say wrongly of system packages and pip, and what they overlook: every size counts here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis.report import report
from deadweight.settings import DEFAULTS
from examples import snapshot_of

EVERYTHING = replace(DEFAULTS, min_saving=0)
CLEAN_UP = frozenset(("apt-lists-kept", "install-cache-kept", "recommended-packages", "update-and-install-apart"))
LEAN = "apt-get install -y --no-install-recommends"


def said(dockerfile: str) -> set[str]:
    """The rules about packages that have something to say."""
    return {each.rule.id for each in report(snapshot_of(dockerfile), EVERYTHING)} & CLEAN_UP


@pytest.mark.parametrize(
    "dockerfile",
    [
        # A stage that does not ship: hadolint#929, and as reproduced with hadolint 2.15.1 for all of these.
        *(
            f"FROM {base} AS build\nRUN {run}\nFROM scratch\nCOPY --from=build /bin/sh /\n"
            for base, run in (
                ("debian:12", "apt-get update && apt-get install -y git"),
                ("fedora:44", "dnf install -y git"),
                ("centos:7", "yum install -y git"),
                ("alpine:3.22", "apk add git"),
                ("python:3.13", "pip install flask"),
                ("opensuse/leap:15.6", "zypper install -y git"),
            )
        ),
        # Cache mounts, wherever the tool keeps its cache: hadolint#497, #983, #671, #723.
        "FROM alpine:3.22\nRUN --mount=type=cache,target=/etc/apk/cache apk add git\n",
        "FROM python:3.13\nENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install flask\n",
        f"FROM debian:12\nRUN --mount=type=tmpfs,target=/var/lib/apt apt-get update && {LEAN} git\n",
        # A removal of something else before the install: hadolint#1179, #1250.
        "FROM fedora:44\nRUN rm -rf /foo && dnf install -y gcc && dnf clean all\n",
        "FROM redhat/ubi9-minimal\nRUN microdnf clean all && microdnf install git && microdnf clean all\n",
        # Other ways to clean up: hadolint#796, #948.
        f"FROM debian:12\nRUN apt-get update && {LEAN} git && find /var/lib/apt/lists -type f -delete\n",
        f"FROM debian:12\nRUN apt-get update && {LEAN} git && rm -rf /var/lib/apt\n",
        "FROM alpine:3.22\nRUN apk add --update git && rm -rf /var/cache/apk/*\n",
        "FROM centos:7\nRUN yum install -y git && rm -rf /var/cache/yum\n",
        "FROM fedora:44\nRUN dnf5 install -y gcc && rm -rf /var/cache/libdnf5\n",
        "FROM opensuse/leap:15.6\nRUN zypper in -y git && zypper cc -a\n",
        # The option in one of its other ways, or in another place: hadolint#299, trivy#4107.
        "FROM debian:12\nRUN apt-get update && apt-get install -y git --no-install-recommends && apt-get dist-clean\n",
        "FROM debian:12\nRUN apt-get update && apt -o APT::Install-Recommends=no install git && apt-get dist-clean\n",
        "FROM debian:12\nRUN echo 'APT::Install-Recommends 0;' > /etc/apt/apt.conf && apt-get install -y git\n",
        "FROM debian:12\nRUN apt-get update && aptitude install -y -R git && apt-get dist-clean\n",
        # pip is told otherwise: hadolint#585, #500, #1042.
        "FROM python:3.13\nENV PIP_NO_CACHE_DIR=off\nRUN pip install flask\n",
        "FROM python:3.13\nRUN pip install \\\n    --no-cache-dir \\\n    flask\n",
        "FROM python:3.13\nCOPY <<EOF /etc/pip.conf\n[global]\nno-cache-dir = true\nEOF\nRUN pip install flask\n",
        "FROM python:3.13\nRUN pip install --no-cache flask\n",
        # `apt-get clean` is done by Docker's images themselves.
        f"FROM ubuntu:24.04\nRUN apt-get update && {LEAN} git && rm -rf /var/lib/apt/lists/*\n",
    ],
)
def test_nothing_is_said(dockerfile: str) -> None:
    assert said(dockerfile) == set()


@pytest.mark.parametrize(
    ("run", "rule"),
    [
        (f"apt-get update && {LEAN} git && rm -rf /tmp/foo", "apt-lists-kept"),
        (f"rm -rf /var/lib/apt/lists/* && apt-get update && {LEAN} git", "apt-lists-kept"),
        (f"<<EOF\napt-get update\n{LEAN} git\nEOF", "apt-lists-kept"),
        (f"sh -c 'apt-get update && {LEAN} git'", "apt-lists-kept"),
        ("apt update && apt install -y git && apt dist-clean", "recommended-packages"),
        ("apt-get update && aptitude install -y git && apt-get dist-clean", "recommended-packages"),
    ],
)
def test_what_they_overlook_is_said(run: str, rule: str) -> None:
    assert rule in said(f"FROM debian:12\nRUN {run}\n")
