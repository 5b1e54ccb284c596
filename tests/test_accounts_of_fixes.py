"""As whom a command runs that a fix adds: as the one who may do it, and no account is said twice."""

from __future__ import annotations

import pytest

from deadweight.analysis.fix_all import fix_all
from examples import snapshot_of

NODE = "https://nodejs.org/dist/v22.0.0/node-v22.0.0-linux-x64.tar.gz"
FETCH = f"curl -o /tmp/a.tgz {NODE}"
CLEAN = "rm -rf /var/lib/apt/lists/*"
INSTALL = "apt-get install -y --no-install-recommends git"


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        # The first user of the lists is a script without sudo; the last, which the clean-up comes behind, has it.
        (
            f"RUN apt-get update\nUSER joe\nRUN sudo mkdir /a\nRUN ./setup.sh && sudo {INSTALL}\n",
            f"RUN sudo apt-get update && ./setup.sh && sudo {INSTALL} \\\n    && sudo {CLEAN}\n",
        ),
        (
            "RUN apt-get update\nUSER joe\nRUN sudo mkdir /a\nRUN sudo add-apt-repository -y b && ./setup.sh\n",
            f"RUN sudo apt-get update && sudo add-apt-repository -y b && ./setup.sh \\\n    && sudo {CLEAN}\n",
        ),
        ("RUN nice sudo -E apt-get update && ./b\n", f"RUN nice sudo -E apt-get update && sudo -E {CLEAN} && ./b\n"),
        # xargs would read what a pipe brings.
        ("RUN cat a | sudo xargs apt-get update\n", f"RUN cat a | sudo xargs apt-get update && sudo {CLEAN}\n"),
        # In /tmp nobody but its owner may delete a file, and root has written it.
        (f"RUN {FETCH} && gosu app tar xf /tmp/a.tgz\n", "&& rm /tmp/a.tgz\n"),
        (f"RUN {FETCH} && sudo -u app tar xf /tmp/a.tgz\n", "&& rm /tmp/a.tgz\n"),
        (f"USER app\nRUN {FETCH} && sudo tar xf /tmp/a.tgz -C /opt\n", "&& sudo rm /tmp/a.tgz\n"),
        (f"RUN gosu app {FETCH} && gosu app tar xf /tmp/a.tgz\n", "&& gosu app rm /tmp/a.tgz\n"),
    ],
)
def test_a_command_runs_as_who_may_do_it(lines: str, after: str) -> None:
    made = fix_all(snapshot_of(f"FROM debian:bookworm-slim\n{lines}")).snapshot.text
    assert made.endswith(after)
    assert "sudo sudo" not in made
