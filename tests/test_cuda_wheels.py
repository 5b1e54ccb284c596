"""Wheels with CUDA where nothing has a GPU: when they are reported, and what the fixes write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis.report import report
from deadweight.model.builds.compose import read_compose
from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
from deadweight.rules.cuda_wheels_installed import cuda_wheels_installed
from examples import snapshot_of


def fix(block: str) -> str | None:
    """The title of the fix of the one finding, "" where it has none; None for no finding."""
    found = report(snapshot_of(block), rules=[cuda_wheels_installed])
    titles = [each.title for reported in found for each in reported.fixes]
    return (titles[0] if titles else "") if found else None


CPU = "https://download.pytorch.org/whl/cpu"


@pytest.mark.parametrize(
    ("run", "title"),
    [
        ("pip install 'torch>=2' torchvision", f"Add --index-url {CPU}"),
        ("python3 -m pip install torch==2.9.0 numpy", f"Add --extra-index-url {CPU}"),
        ("pip3 install accelerate", f"Add --extra-index-url {CPU}"),
        ("pip install torch tensorflow", f"Install tensorflow-cpu, Add --extra-index-url {CPU}"),
        ("uv pip install --system timm", "Add --torch-backend=cpu"),
        ("pip install --require-hashes torch==2.9.0", ""),
        ("uv tool install accelerate", ""),
        ("pipx install accelerate", ""),
        ("pip install torch==1.13.1", None),
        ("pip install torch==2.9.0+cu126", None),
        ("pip install --no-deps torch", None),
        ("pip install tensorflow[and-cuda]", None),
        ("pip install tensorflow-cpu flask", None),
        ("UV_TORCH_BACKEND=cpu uv pip install torch", None),
        ("pip install torch -f https://example.org/wheels", None),
        ("pip config set global.extra-index-url https://example.org/simple && pip install torch", None),
    ],
)
def test_what_an_install_gets(run: str, title: str | None) -> None:
    assert fix(f"FROM python:3.12-slim\nRUN {run}\n") == title


@pytest.mark.parametrize(
    "block",
    [
        "FROM --platform=linux/arm64 python:3.12-slim\nRUN pip install torch\n",
        "FROM python:3.12-alpine\nRUN pip install torch\n",
        "FROM pytorch/pytorch:2.9.0-cuda12.6-cudnn9-runtime\nRUN pip install accelerate\n",
        "FROM registry.example.org/ml/base\nRUN pip install torch\n",
        "FROM python:3.12\nLABEL needs=gpu\nRUN pip install torch\n",
    ],
)
def test_is_silent_elsewhere(block: str) -> None:
    assert fix(block) is None


@pytest.mark.parametrize(
    ("service", "has_gpus"),
    [
        ("gpus: all", True),
        ("runtime: nvidia", True),
        ("environment: [NVIDIA_VISIBLE_DEVICES=all]", True),
        ("deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}", True),
        ("deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}", True),
        ("deploy: {resources: {limits: {cpus: '1'}}}", False),
    ],
)
def test_a_compose_file_says_that_there_are_gpus(service: str, has_gpus: bool) -> None:
    said = read_compose(f"services:\n  web:\n    build: .\n    {service}\n", {}).builds["web"]
    assert said.get("has_gpus", False) == has_gpus
    snapshot = snapshot_of("FROM python:3.12\nRUN pip install torch\n")
    build = DeclaredBuild(".", ".", "compose.yaml", "service web", has_gpus=said.get("has_gpus", False))
    snapshot = replace(snapshot, options=replace(snapshot.options, how=HowBuilt(build=build)))
    assert bool(report(snapshot, rules=[cuda_wheels_installed])) != has_gpus
