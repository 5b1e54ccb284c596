"""What pip removes in an environment of conda's is not taken for what it installed in another one."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from deadweight.rules.late_delete import late_delete
from examples import snapshot_of

FROM = "FROM continuumio/miniconda3:24.5.0-0\n"


@pytest.mark.parametrize(
    ("before", "late", "is_reported"),
    [
        ("pip install pandas", "pip uninstall -y pandas", True),
        ("source activate a && pip install pandas", "source activate b && pip uninstall -y pandas", False),
        ("conda activate a && pip install pandas", "conda activate b && pip uninstall -y pandas", False),
    ],
)
def test_an_environment_keeps_its_packages(before: str, late: str, is_reported: bool) -> None:
    found = report(snapshot_of(f'{FROM}SHELL ["/bin/bash", "-c"]\nRUN {before}\nRUN {late}\n'), rules=[late_delete])
    assert bool(found) == is_reported
