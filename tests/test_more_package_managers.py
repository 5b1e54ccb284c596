"""pacman, conda, pipx, corepack and dpkg: what their calls leave in a layer."""

from __future__ import annotations

import pytest

from deadweight.model.effects import Built, Extracted, Leftover, Measured, PackageSet
from examples import snapshot_of


def left(base: str, run: str, files: str = "") -> list[str]:
    """What a RUN leaves, the records of dpkg and pip's byte code not told."""
    found = []
    for effect in snapshot_of(f"//- Dockerfile\nFROM {base}\n{run}\n{files}").ledgers[-1].layers[-1].kept:
        match effect.cause:
            case PackageSet():
                found.append(f"{effect.path or '*'}: {effect.cause.manager}({' '.join(effect.cause.names)})")
            case Leftover():
                found.append(f"{effect.path}: {effect.cause.what}")
            case Built():
                found.append(f"{effect.path or '*'}: {effect.cause.program}")
            case Extracted():
                found.append(f"{effect.path or '*'}: of {effect.cause.archive}")
            case Measured():
                pass
    return found


ARCHIVES = "/var/cache/pacman/pkg: pacman's package archives"


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        ("pacman -Sy --noconfirm git gcc", ["*: pacman(git gcc)", ARCHIVES]),
        ("pacman -Syu --noconfirm", ["*: pacman -Syu", ARCHIVES]),
        ("pacman --sync --refresh git && rm -rf /var/cache/pacman/pkg/*", ["*: pacman(git)"]),
        ("pacman -S --noconfirm git && yes | pacman -Scc", ["*: pacman(git)"]),
        # The answer that the question of -Scc has by default is no.
        ("pacman -S --noconfirm git && pacman -Scc --noconfirm", ["*: pacman(git)", ARCHIVES]),
        ("pacman -S --noconfirm git && yes | pacman -Sc", ["*: pacman(git)", ARCHIVES]),
        ("pacman -S git && pacman -Rns --noconfirm git && rm -rf /var/cache/pacman", []),
        ("pacman -Ss git; pacman -Qi git; pacman -Sy", []),
    ],
)
def test_pacman(run: str, kept: list[str]) -> None:
    assert left("archlinux:latest", f"RUN {run}") == kept


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (
            "RUN conda install -y -c conda-forge numpy scipy",
            ["/opt/conda: conda(numpy scipy)", "/opt/conda/pkgs: conda's package cache"],
        ),
        ("RUN conda env create -n app -f environment.yml && conda clean -afy", ["/opt/conda/envs/app: conda()"]),
        ("RUN mamba create -y -p /env python=3.12 && mamba clean --all --yes", ["/env: conda(python=3.12)"]),
        ("RUN conda update -y conda && rm -rf /opt/conda/pkgs/*", ["/opt/conda: conda(conda)"]),
        (
            "RUN conda install -y a && conda clean --index-cache -y",
            ["/opt/conda: conda(a)", "/opt/conda/pkgs: conda's package cache"],
        ),
        ("RUN /root/miniconda3/bin/conda install a && rm -r /root/miniconda3/pkgs", ["/root/miniconda3: conda(a)"]),
        ("ENV CONDA_PKGS_DIRS=/c\nRUN --mount=type=cache,target=/c conda install -y a", ["/opt/conda: conda(a)"]),
        (
            "ENV MAMBA_ROOT_PREFIX=/m\nRUN micromamba install -y a",
            ["/m: conda(a)", "/m/pkgs: micromamba's package cache"],
        ),
        ("RUN conda info && conda list && conda init bash", []),
    ],
)
def test_conda(run: str, kept: list[str]) -> None:
    assert left("continuumio/miniconda3", run) == kept


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (
            "RUN pipx install poetry",
            ["/root/.local/share/pipx: pip(poetry)", "/root/.cache/pip: pip's download cache"],
        ),
        ("RUN pipx install --pip-args=--no-cache-dir poetry", ["/root/.local/share/pipx: pip(poetry)"]),
        ("ENV PIPX_HOME=/p PIP_NO_CACHE_DIR=1\nRUN pipx inject poetry plugin", ["/p: pip(plugin)"]),
        ("RUN pipx list && pipx ensurepath", []),
    ],
)
def test_pipx(run: str, kept: list[str]) -> None:
    assert left("python:3.13-slim", run) == kept


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        ("RUN corepack enable", []),
        ("RUN corepack prepare pnpm@9.1.0 --activate", ["/root/.cache/node/corepack: npm(pnpm@9.1.0)"]),
        ("ENV COREPACK_HOME=/c\nRUN corepack prepare yarn@4.5.0", ["/c: npm(@yarnpkg/cli-dist@4.5.0)"]),
        ("COPY package.json .\nRUN corepack install", ["/root/.cache/node/corepack: npm(pnpm@10.4.1)"]),
        ("RUN corepack install -g pnpm@9 && corepack cache clean", []),
    ],
)
def test_corepack(run: str, kept: list[str]) -> None:
    manifest = '//- package.json\n{"packageManager": "pnpm@10.4.1+sha512.ab"}\n'
    assert left("node:22-slim", run, manifest) == kept


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        ("RUN dpkg -i /tmp/a.deb", ["*: of /tmp/a.deb"]),
        ("RUN dpkg -x a.deb /opt/a", ["/opt/a: of a.deb"]),
        ("RUN apt-get install -y --no-install-recommends gcc && dpkg --purge gcc", []),
        ("RUN dpkg --print-architecture && dpkg -l && dpkg -s libc6", []),
    ],
)
def test_dpkg(run: str, kept: list[str]) -> None:
    assert left("debian:12", run) == kept


@pytest.mark.parametrize(
    ("base", "run", "constant"),
    [
        ("debian:bookworm-slim", "apt-get upgrade -y", "apt.upgrade"),
        ("debian:12.4", "apt-get dist-upgrade -y", "apt.upgrade.old"),
        ("python:3.11.2-slim", "apt full-upgrade -y", "apt.upgrade.old"),
        ("ubuntu:22.04", "apt-get -y upgrade", "apt.upgrade"),
        ("node:22.11.0-alpine3.20", "apk upgrade --no-cache", "apk.upgrade"),
        ("node:22-alpine", "apk upgrade --no-cache", None),
        ("alpine:3.22", "apk -U upgrade", None),
        ("rockylinux:9", "dnf upgrade -y", "rpm.upgrade"),
        ("rockylinux:9", "dnf upgrade -y --security", None),
        ("rockylinux:9", "dnf upgrade -y openssl", None),
        ("opensuse/leap:15", "zypper --non-interactive up", None),
    ],
)
def test_an_upgrade_of_all_packages(base: str, run: str, constant: str | None) -> None:
    kept = snapshot_of(f"FROM {base}\nRUN {run}\n").ledgers[-1].layers[-1].kept
    found = [
        each.cause.constant for each in kept if isinstance(each.cause, Measured) and "upgrade" in each.cause.constant
    ]
    assert found == ([constant] if constant else [])


def test_a_second_upgrade_brings_nothing() -> None:
    layers = snapshot_of("FROM rockylinux:9\nRUN dnf -y update\nRUN dnf -y upgrade\n").ledgers[-1].layers
    assert [any(isinstance(each.cause, Measured) for each in layer.kept) for layer in layers[1:]] == [True, False]
