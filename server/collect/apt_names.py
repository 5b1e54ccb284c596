"""Counts which packages Dockerfiles ask apt for, for facts/data/apt_names.tsv.

    PYTHONPATH=server python server/collect/apt_names.py DATA_FOLDER DOCKERFILES.jsonl.xz

DOCKERFILES holds a JSON object a line, the Dockerfile in its `text`. A name counts once a file.
"""

from __future__ import annotations

import datetime
import json
import lzma
import pathlib
import re
import sys
from collections import Counter

from deadweight.model.effects import PackageSet
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse

COLUMNS = ("package", "files", "source", "date")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def main(folder: str, dockerfiles: str) -> None:
    """Writes the table."""
    files, counts = 0, Counter[str]()
    with lzma.open(dockerfiles, "rt", encoding="utf-8") as lines:
        for line in lines:
            files += 1
            counts.update(_asked_for(json.loads(line)["text"]))
    source, today = f"apt lines of {files:,} public Dockerfiles", datetime.date.today().isoformat()
    rows = sorted((name, str(count), source, today) for name, count in counts.items())
    text = "\n".join("\t".join(row) for row in (COLUMNS, *rows))
    pathlib.Path(folder, "apt_names.tsv").write_text(text + "\n", "utf-8")


def _asked_for(text: str) -> set[str]:
    causes = (
        effect.cause for ledger in Snapshot(parse(text)).ledgers for layer in ledger.layers for effect in layer.effects
    )
    sets = (cause for cause in causes if isinstance(cause, PackageSet) and cause.manager == "apt")
    return {name for each in sets for name in each.names if _NAME.fullmatch(name)}


if __name__ == "__main__":
    main(*sys.argv[1:])
