"""Programs in an environment of conda: where they install, what stays of it, and how it is cleaned up."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.model.effects import Leftover, PackageSet
from examples import snapshot_of


def packages(file: str) -> list[str]:
    """Where a file's last RUN has pip install, and what."""
    kept = snapshot_of(file).ledgers[-1].layers[-1].kept
    causes = [(each.path, each.cause) for each in kept if isinstance(each.cause, PackageSet)]
    return [f"{path}: {' '.join(cause.names)}" for path, cause in causes if cause.manager == "pip"]


def caches(file: str) -> list[str | None]:
    """Where the download caches of a file's last RUN lie."""
    kept = snapshot_of(file).ledgers[-1].layers[-1].kept
    return [each.path for each in kept if isinstance(each.cause, Leftover)]


@pytest.mark.parametrize(
    ("run", "place"),
    [
        ("RUN pip install flask", "/opt/conda"),
        ("RUN conda run -n web pip install flask", "/opt/conda/envs/web"),
        ("RUN conda run --no-capture-output --name=web python -m pip install flask", "/opt/conda/envs/web"),
        ("RUN conda run -n web -- pip install flask", "/opt/conda/envs/web"),
        ("RUN conda run -p /env pip install flask", "/env"),
        ("RUN conda run -n web bash -c 'pip install flask'", "/opt/conda/envs/web"),
        ("RUN sudo mamba run -n base pip install flask", "/opt/conda"),
        ("RUN /root/miniconda3/bin/conda run -n web pip install flask", "/root/miniconda3/envs/web"),
        ("RUN source activate web && pip install flask", "/opt/conda/envs/web"),
        ("RUN . /root/c/bin/activate web && pip install flask", "/root/c/envs/web"),
        ("RUN . /opt/conda/etc/profile.d/conda.sh && conda activate web && pip install flask", "/opt/conda/envs/web"),
        ("RUN conda activate web && conda deactivate && pip install flask", "/opt/conda"),
        ("RUN /opt/conda/envs/web/bin/pip install flask", "/opt/conda/envs/web"),
        ("ENV PATH=/opt/conda/envs/web/bin:$PATH\nRUN pip install flask", "/opt/conda/envs/web"),
        ("ENV CONDA_PREFIX=/opt/conda/envs/web\nRUN pip install flask", "/opt/conda/envs/web"),
        ("RUN python -m venv /venv && . /venv/bin/activate && pip install flask", "/venv"),
    ],
)
def test_pip_installs_into_the_environment_that_it_runs_in(run: str, place: str) -> None:
    assert packages(f"FROM continuumio/miniconda3\n{run}\n") == [f"{place}: flask"]


@pytest.mark.parametrize(
    ("arg", "place"), [("", "None"), ("ARG MAMBA_DOCKERFILE_ACTIVATE=1\n", "/opt/conda")], ids=["as it is", "activated"]
)
def test_the_image_of_micromamba_activates_an_environment_where_it_is_told_to(arg: str, place: str) -> None:
    assert packages(f"FROM mambaorg/micromamba\n{arg}RUN pip install flask\n") == [f"{place}: flask"]


def test_conda_installs_into_the_environment_that_is_activated() -> None:
    kept = snapshot_of("FROM continuumio/miniconda3\nRUN conda activate web && conda install -y numpy\n")
    assert kept.ledgers[-1].layers[-1].kept[0].path == "/opt/conda/envs/web"


@pytest.mark.parametrize(
    ("base", "run", "cache"),
    [
        ("continuumio/miniconda3", "RUN conda run -n web pip install flask", "/root/.cache/pip"),
        ("quay.io/jupyter/scipy-notebook", "RUN pip install flask", "/home/jovyan/.cache/pip"),
        # HOME is said by the image, whoever runs a command.
        ("jupyter/base-notebook:latest", "USER root\nRUN pip install flask", "/home/jovyan/.cache/pip"),
        ("jupyter/base-notebook:latest", "USER $NB_UID\nRUN pip install flask", "/home/jovyan/.cache/pip"),
        ("mambaorg/micromamba", "RUN micromamba run -n base pip install flask", "/home/mambauser/.cache/pip"),
        ("mambaorg/micromamba", "USER root\nRUN micromamba install -y numpy", "/opt/conda/pkgs"),
    ],
)
def test_a_cache_lies_in_the_home_of_the_account_that_the_image_has(base: str, run: str, cache: str) -> None:
    assert caches(f"FROM {base}\n{run}\n") == [cache]


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("conda run -n web pip install pandas", "conda run -n web pip install --no-cache-dir pandas"),
        ("conda run -n web npm ci", "conda run -n web npm ci && conda run -n web npm cache clean --force"),
        (
            "sudo /c/bin/conda run -n web npm ci",
            "sudo /c/bin/conda run -n web npm ci && sudo /c/bin/conda run -n web npm cache clean --force",
        ),
        ("sudo conda install -y numpy", "sudo conda install -y numpy && sudo conda clean -afy"),
        # conda finds what mamba has left, and cleans up by itself.
        (
            "mamba install -y numpy\nRUN conda install -y scipy",
            "mamba install -y numpy && mamba clean -afy\nRUN conda install -y scipy && conda clean -afy",
        ),
        # --override-channels has no value.
        (
            "conda install -y --override-channels -c conda-forge numpy",
            "conda install -y --override-channels -c conda-forge numpy && conda clean -afy",
        ),
    ],
)
def test_what_is_left_is_cleaned_up_where_it_was_run(run: str, after: str) -> None:
    file = f"FROM continuumio/miniconda3\nRUN {run}\n"
    assert fix_all(snapshot_of(file)).snapshot.text == f"FROM continuumio/miniconda3\nRUN {after}\n"


def test_a_channel_is_no_package() -> None:
    kept = snapshot_of("FROM debian\nRUN conda install --override-channels -c a b\n").ledgers[-1].layers[-1].kept
    assert [each.cause.names for each in kept if isinstance(each.cause, PackageSet)] == [("b",)]
