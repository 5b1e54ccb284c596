"""What rarely written forms of common commands do: other places of caches, pipes, patterns, addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis.report import report
from deadweight.settings import DEFAULTS
from examples import snapshot_of

EVERYTHING = replace(DEFAULTS, min_saving=0)


def said(block: str) -> set[str]:
    """The rules that have something to say."""
    return {each.rule.id for each in report(snapshot_of(block), EVERYTHING)}


ARCHIVE = "//- app.tar.xz 9000000\n"


@pytest.mark.parametrize(
    "run",
    [
        "cd /tmp && tar --extract --file=app.tar.xz --directory=/srv",
        "set -ex; xz -dc /tmp/app.tar.xz | tar -x -C /srv",
        "cat /tmp/app.tar.xz | tar -xJ -C /srv",
    ],
)
@pytest.mark.parametrize("copy", ["COPY app.tar.xz /tmp/", "COPY *.tar.xz /tmp/"])
def test_a_copied_archive_is_unpacked(copy: str, run: str) -> None:
    block = f"//- Dockerfile\nFROM debian:12-slim\n{copy}\nRUN {run}\n{ARCHIVE}"
    assert "archive-kept" in said(block)


def test_a_download_of_add_is_an_archive_by_its_address() -> None:
    url = "https://dl.google.com/go/go1.25.1.linux-amd64.tar.gz"
    unpacked = "RUN tar -C /usr/local -xzf /tmp/go1.25.1.linux-amd64.tar.gz\n"
    assert "archive-kept" in said(f"FROM debian:12-slim\nADD {url} /tmp/\n{unpacked}")
    assert said(f"FROM debian:12-slim\nADD --unpack=true {url} /usr/local/\n") == set()


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM python:3.13-slim\nENV XDG_CACHE_HOME=/c\nRUN --mount=type=cache,target=/c pip install flask\n",
        "FROM python:3.13-slim\nENV XDG_CACHE_HOME=/c\nRUN pipx install flask && rm -rf /c\n",
        "FROM python:3.13-slim\nCOPY wheels /wheels\nRUN pip install --no-index --find-links=/wheels flask\n",
        "FROM alpine:3.22\nRUN apk add curl && rm -f /var/cache/apk/*.tar.gz\n",
        "FROM alpine:3.22\nRUN apk add curl && rm -rf /var/cache/apk/APKINDEX*\n",
        "FROM node:6-alpine\nRUN npm install -g serve && npm cache clean\n",
        "FROM python:3.13-slim\nRUN pip install --cache-dir /dev/null flask\n",
        "FROM node:22-slim\nRUN YARN_CACHE_FOLDER=/dev/shm/yarn yarn install\n",
        "FROM centos:7\nRUN `# Tools` \\\n yum install -y git `# for npm` wget && \\\n `# Tidy` \\\n yum clean all\n",
        "FROM php:8.4-cli\nENV COMPOSER_CACHE_DIR=/dev/null\nRUN composer require monolog/monolog\n",
        "FROM python:3.13-slim\nRUN HOME=/tmp pip install flask && rm -rf /tmp/.cache\n",
        "FROM python:3.13-slim\nRUN python3 -u -m pip install --no-cache-dir flask\n",
        "FROM python:3.13-slim\nRUN pip install flask && python -Im pip cache remove '*'\n",
        "FROM php:8.4-cli\nRUN php composer.phar require a/b && php -d memory_limit=-1 composer.phar clear-cache\n",
        "FROM gradle:8-jdk21\nRUN --mount=type=cache,target=/home/gradle/.gradle gradle build --no-daemon\n",
        "FROM mcr.microsoft.com/dotnet/sdk:9.0\nRUN dotnet publish -o /out && dotnet nuget locals all --clear\n",
    ],
)
def test_no_cache_stays(dockerfile: str) -> None:
    assert "install-cache-kept" not in said(dockerfile)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM python:3.13-slim\nRUN python3 -u -m pip install flask\n",
        "FROM python:3.13-slim\nRUN python -mpip install flask\n",
        "FROM php:8.4-cli\nRUN php -d memory_limit=-1 /usr/bin/composer require monolog/monolog\n",
        "FROM node:22-slim\nRUN corepack yarn add express lodash\n",
        "FROM python:3.13-slim\nRUN poetry init -n && poetry add pandas\n",
        # Which packages these are, and of how many bytes, nobody knows; none is no answer.
        "FROM python:3.13-slim\nRUN cat requirements.txt | xargs pip install\n",
        "FROM python:3.13-slim\nARG PACKAGES\nRUN pip install $PACKAGES\n",
        # `poetry cache clear` leaves the wheels that it has downloaded where they are (Poetry 2.2.1, its source).
        "FROM python:3.13-slim\nRUN poetry install && poetry cache clear pypi --all --no-interaction\n",
        # Nor does `--no-cache` hold for them (its source, 2.5.1: RepositoryPool makes the cache of artifacts anyway).
        "FROM python:3.13-slim\nRUN poetry install --no-cache\n",
        # dnf of Fedora 41 and later is dnf5, whose cache lies elsewhere.
        "FROM fedora:42\nRUN dnf install -y git && rm -rf /var/cache/dnf\n",
        "FROM centos:7\nRUN `# Tools` \\\n yum install -y git\n",
        # `zypper clean` without an option leaves the metadata where they are.
        "FROM opensuse/leap:15.6\nRUN zypper -n install git && zypper -n clean\n",
    ],
)
def test_a_cache_stays(dockerfile: str) -> None:
    assert "install-cache-kept" in said(dockerfile)


@pytest.mark.parametrize(
    "run",
    ["setfacl -R -m u:1000:rwX /app", "dos2unix /app/a.txt", "upx --best /app/a.txt", "perl -pi -e s/a/b/ /app/a.txt"],
)
def test_files_of_an_earlier_layer_are_written_again(run: str) -> None:
    block = f"//- Dockerfile\nFROM debian:12-slim\nCOPY a.txt /app/\nRUN {run}\n//- a.txt 9000000\n"
    assert "rewritten-in-later-layer" in said(block)


@pytest.mark.parametrize(
    "script",
    [
        'p="jq less"; p="$p vim"; apt-get install -y $p',
        "p=jq; p+=' less vim'; apt-get install -y $p",
        "p=''; for each in jq less vim; do p=\"$p $each\"; done; apt-get install -y $p",
        "base='jq less' && all=\"${base} vim\" && apt-get install -y ${all}",
    ],
)
def test_a_list_of_packages_is_put_together(script: str) -> None:
    layer = snapshot_of(f"FROM debian:12-slim\nRUN {script}\n").ledgers[0].layers[1]
    assert layer.packages == {("apt", name) for name in ("jq", "less", "vim")}


@pytest.mark.parametrize("switch", ["sudo -E -u app", "sudo --user=app", "sudo -Hu app", "gosu app"])
def test_the_home_of_another_account_is_not_known(switch: str) -> None:
    found = report(snapshot_of(f"FROM node:22\nRUN {switch} pnpm add express lodash typescript\n"))
    assert not [each for each in found if "/root" in str(each.fixes)]


def test_npm_refuses_to_clean_without_force() -> None:
    assert "install-cache-kept" in said("FROM node:22-alpine\nRUN npm install -g serve && npm cache clean\n")


def test_folders_alone_have_no_bytes() -> None:
    copied = "//- Dockerfile\nFROM debian:12-slim\nCOPY data /data\nRUN find /data -type {} | xargs chmod 640\n"
    data = "//- data/a.bin 9000000\n"
    assert "rewritten-in-later-layer" not in said(copied.format("d") + data)
    assert "rewritten-in-later-layer" in said(copied.format("f") + data)


def test_a_clone_whose_place_only_the_base_image_knows() -> None:
    found = report(snapshot_of("FROM gitea/runner\nRUN git clone --recursive https://github.com/a/b.git; ls b\n"))
    assert [each.finding.message for each in found] == ["the history of b is cloned and stays in the image"]


def test_requirements_are_named_by_their_whole_path() -> None:
    block = (
        "//- Dockerfile\nFROM python:3.13-slim\nCOPY . /app\nRUN pip install --no-cache-dir -r /app/requirements.txt\n"
        "//- requirements.txt\nflask\n//- app.py 400\n//- views/a.py 400\n"
    )
    assert "copy-before-install" in said(block)
