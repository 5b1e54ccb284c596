"""A pip that may be older than `--no-cache-dir`, and would end at it: what it leaves is deleted instead."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from examples import snapshot_of

PIP = "apt-get update && apt-get install -y --no-install-recommends python-pip && rm -rf /var/lib/apt/lists/*"


@pytest.mark.parametrize(
    ("base", "before", "run", "after"),
    [
        # That of the release keeps no cache.
        ("ubuntu:14.04", f"RUN {PIP}\n", "pip install pandas", "pip install pandas"),
        ("debian:jessie", f"RUN {PIP}\n", "pip install pandas", "pip install pandas"),
        # From get-pip.py, or a script of the user's: nobody knows.
        ("ubuntu:14.04", "", "pip install pandas", "pip install pandas && rm -rf /root/.cache/pip"),
        ("ubuntu:15.04", "USER app\n", "pip install pandas", "pip install pandas && rm -rf /home/app/.cache/pip"),
        # No release of today has Python 2: the image may be that of an old one.
        ("company/base", f"RUN {PIP}\n", "pip install pandas", "pip install pandas && rm -rf /root/.cache/pip"),
        ("node:6.11.1", f"RUN {PIP}\n", "pip install pandas", "pip install pandas && rm -rf /root/.cache/pip"),
        (
            "company/base",
            f"ENV XDG_CACHE_HOME=/c\nRUN {PIP}\n",
            "sudo pip install pandas",
            "sudo pip install pandas && sudo rm -rf /c/pip",
        ),
        # It was brought up to date, or is known to be young.
        (
            "ubuntu:14.04",
            f"RUN {PIP} && pip install --upgrade pip\n",
            "pip install pandas",
            "pip install --no-cache-dir pandas",
        ),
        ("python:2.7-wheezy", f"RUN {PIP}\n", "pip install pandas", "pip install --no-cache-dir pandas"),
        ("ubuntu:16.04", f"RUN {PIP}\n", "pip install pandas", "pip install --no-cache-dir pandas"),
        ("company/base", "", "pip install pandas", "pip install --no-cache-dir pandas"),
        (
            "company/base",
            f"RUN {PIP.replace('python-pip', 'python3-pip')}\n",
            "pip3 install pandas",
            "pip3 install --no-cache-dir pandas",
        ),
    ],
)
def test_an_option_is_added_where_pip_knows_it(base: str, before: str, run: str, after: str) -> None:
    file = f"FROM {base}\n{before}RUN {run}\n"
    assert fix_all(snapshot_of(file)).snapshot.text == f"FROM {base}\n{before}RUN {after}\n"
