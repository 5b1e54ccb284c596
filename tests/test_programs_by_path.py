"""What is called by its path may not be on PATH: a fix that has it clean up calls it by its path, too."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from examples import snapshot_of


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("/opt/conda/bin/conda install -y numpy", "&& /opt/conda/bin/conda clean -afy"),
        ("$CONDA/bin/conda install -y numpy", "&& $CONDA/bin/conda clean -afy"),
        ("cd /a && ./bin/micromamba install -y -n base numpy", "&& ./bin/micromamba clean -afy"),
        ("/usr/local/node/bin/npm ci", "&& /usr/local/node/bin/npm cache clean --force"),
        ("sudo -u app ~/conda/bin/conda install -y numpy", "&& sudo -u app ~/conda/bin/conda clean -afy"),
        ("bash -c '/opt/conda/bin/conda install -y numpy'", "&& /opt/conda/bin/conda clean -afy"),
        # Nobody outside of that shell knows C, nor which folder `.` is.
        ("bash -c 'C=/opt/conda; $C/bin/conda install -y numpy'", ""),
        ("bash -c 'cd /a; ./bin/micromamba install -y -n base numpy'", ""),
        ("conda install -y numpy", "&& conda clean -afy"),
    ],
)
def test_the_program_that_was_called_cleans_up(run: str, after: str) -> None:
    head = f"FROM debian:12-slim\nENV CONDA=/opt/conda\nRUN {run}"
    assert fix_all(snapshot_of(f"{head}\n")).snapshot.text == f"{head} {after}".rstrip() + "\n"
