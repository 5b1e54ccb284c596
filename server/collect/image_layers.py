r"""Turns CSVs of image layers into `facts/data/image_layers.tsv`. Same CSVs, same table.

    python server/collect/image_layers.py base_images.csv server/collect/more_base_images.csv \
        -- layers.csv server/collect/more_layers.csv > server/deadweight/facts/data/image_layers.tsv

One row an image: repository, platform, the bytes of all layers, and the layers from the first on, each as the first 12
digits of its digest and its bytes. An image has many tags, and a tag has many images over time: what names the layers
is the repository and their sum, which is what a pull transfers.
"""

from __future__ import annotations

import csv
import sys
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = ("repository", "platform", "pulled", "layers", "source", "date")


def read(*paths: str) -> Iterator[dict[str, str]]:
    """The rows of all CSVs."""
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


LEAST = 1_000_000  # bytes: of so many, two images with equal sums are one


def table(bases: Iterable[dict[str, str]], rows: Iterable[dict[str, str]]) -> str:
    """The whole table as text, from the rows of images and of layers."""
    images: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in rows:
        images.setdefault((row["repository"], row["platform"], row["source_document"]), []).append(row)
    found: dict[tuple[str, str, int], str] = {}
    first: dict[tuple[str, int], tuple[str, str, str]] = {}  # (platform, bytes) of the first layers of an image
    for (repository, platform, source), layers in sorted(images.items()):
        layers.sort(key=lambda row: int(row["layer_index"]))
        if [int(row["layer_index"]) for row in layers] != list(range(len(layers))):
            continue  # some are missing
        names = [f"{row['digest'].removeprefix('sha256:')}:{row['compressed_bytes']}" for row in layers]
        sums = list(accumulate(int(row["compressed_bytes"]) for row in layers))
        date = layers[0]["date"]
        found.setdefault((repository, platform, sums[-1]), "\t".join((" ".join(names), source, date)))
        for count, total in enumerate(sums, 1):
            if total >= LEAST:
                below = f"the first {count} layer(s) of {source}"
                first.setdefault((platform, total), (" ".join(names[:count]), below, date))
    for base in bases:  # debian:trixie is the first layer of gcc:15-trixie
        platform, count = base["platform"], int(base["compressed_bytes"] or 0)
        if part := first.get((platform, count)):
            found.setdefault((base["repository"], platform, count), "\t".join(part))
    written = ["\t".join((*map(str, key), rest)) for key, rest in found.items()]
    return "\n".join(("\t".join(COLUMNS), *sorted(written), ""))


if __name__ == "__main__":
    at = sys.argv.index("--")
    sys.stdout.write(table(read(*sys.argv[1:at]), read(*sys.argv[at + 1 :])))
