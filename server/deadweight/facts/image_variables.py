"""What images set by ENV that tells where the tools of their language keep things."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Mapping[str, str] = {}
_GEMS = {"GEM_HOME": "/usr/local/bundle", "BUNDLE_APP_CONFIG": "/usr/local/bundle"}
_CONDA = {"PATH": "/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_JUPYTER = {
    **_CONDA,
    "CONDA_DIR": "/opt/conda",
    "HOME": "/home/jovyan",
    "NB_USER": "jovyan",
    "NB_UID": "1000",
    "NB_GID": "100",
}
# ENV of their Dockerfiles (docker-library and others, jupyter/docker-stacks, mamba-org/micromamba-docker; by hand,
# 2026-11-26). All images of one publisher stand below "*".
_VARIABLES: Mapping[str, Mapping[str, str]] = {
    "composer": {"COMPOSER_HOME": "/tmp"},  # noqa: S108 (so says its Dockerfile)
    "condaforge/*": {**_CONDA, "CONDA_DIR": "/opt/conda"},
    "continuumio/*": _CONDA,
    "golang": {"GOPATH": "/go"},
    "jruby": _GEMS,
    "jupyter/*": _JUPYTER,
    "mambaorg/micromamba": {"MAMBA_ROOT_PREFIX": "/opt/conda", "MAMBA_USER": "mambauser"},
    "quay.io/jupyter/*": _JUPYTER,
    "ruby": _GEMS,
    "rust": {"CARGO_HOME": "/usr/local/cargo", "RUSTUP_HOME": "/usr/local/rustup"},
}


def of(repository: str) -> Mapping[str, str]:
    """The variables that an image sets, by its name in the facts; none for one that nobody has looked at."""
    return _VARIABLES.get(repository) or _VARIABLES.get(f"{repository.rpartition('/')[0]}/*", _NONE)
