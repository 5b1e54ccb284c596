"""Records what apt itself answers to requests, for tests/apt_answers.tsv. Run on Debian, with debootstrap at hand.

    PYTHONPATH=server python server/collect/apt_answers.py tests/apt_answers.tsv SUITE REQUESTS

REQUESTS is a file, the names of one `apt-get install` a line. Rows of the suite are replaced. The answers are those of
the machine's apt for the lists of its own archive, so that they fit debian_SUITE.tsv of the same day.
"""

from __future__ import annotations

import datetime
import pathlib
import sys
import tempfile

from collect.private_apt import Apt

COLUMNS = ("suite", "recommends", "request", "packages", "source", "date")


def main(table_path: str, suite: str, requests_path: str) -> None:
    """Asks every request with and without recommendations."""
    table, today = pathlib.Path(table_path), datetime.date.today().isoformat()
    rows = (
        [line for line in table.read_text("utf-8").splitlines()[1:] if not line.startswith(suite)]
        if table.exists()
        else []
    )
    with tempfile.TemporaryDirectory() as temporary:
        apt = Apt(pathlib.Path(temporary), suite)
        apt.install_minbase()
        for request in pathlib.Path(requests_path).read_text("utf-8").splitlines():
            for word, recommends in (("no", False), ("yes", True)):
                answer = apt.answer(*request.split(), recommends=recommends)
                if answer is not None:
                    rows.append(
                        "\t".join((suite, word, request, " ".join(answer), "apt-get --simulate on minbase", today))
                    )
    table.write_text("\n".join(("\t".join(COLUMNS), *sorted(rows))) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
