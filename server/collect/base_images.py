r"""Turns CSVs of base-image figures into `facts/data/base_images.tsv`. Same CSVs, same table.

    python server/collect/base_images.py base_images.csv server/collect/more_base_images.csv \
        > server/deadweight/facts/data/base_images.tsv

The first is the survey's; the second has what was looked up for the project since: further documents, what
`docker images` printed, images rebuilt from their packages, and sums of known parts.

One row a figure: repository, tag, platform, figure (`pulled` or `unpacked`), bytes, layers, suite, age, date, source,
quality. `suite` is the release of the operating system that the tag stands on (bookworm, 3.24), as far as a CSV says
it, or its own name or the name of a tag with the same image tells; `age` is in whole months before the newest figure
that is exact.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = ("repository", "tag", "platform", "figure", "bytes", "layers", "suite", "age", "date", "source", "quality")

# The release in a tag: `22-bookworm-slim`, `3.12-alpine3.24`, `21-jre-alpine-3.24`, `8.4-oraclelinux9`, `17-al2023`.
SUITE = re.compile(
    r"(?:^|-)(?:(?P<name>wheezy|jessie|stretch|buster|bullseye|bookworm|trixie"
    r"|trusty|xenial|bionic|cosmic|artful|focal|jammy|kinetic|noble|resolute)"
    r"|(?:alpine-?|al|amazonlinux|azurelinux|oraclelinux|ubi|ubuntu)(?P<number>\d[\d.]*))(?=-|$)"
)
NO_TAG = re.compile(r"\(.*\)")  # rows that describe more than a tag: `10.0 (+AOT app)`, `(none)`


class Figure(NamedTuple):
    """One number of one image."""

    repository: str
    tag: str
    platform: str
    figure: str
    bytes: int
    layers: str
    date: str
    source: str
    quality: str


def read(*paths: str) -> Iterator[dict[str, str]]:
    """The rows of all CSVs."""
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def table(rows: Iterable[dict[str, str]]) -> str:
    """The whole table as text, from the CSV's rows."""
    survey = list(rows)
    figures = [figure for row in survey for figure in figures_of(row)]
    suites = suites_by_tag(survey)
    newest = max(month(figure.date) for figure in figures if figure.quality == "exact")
    lines = []
    for figure in figures:
        age = max(0, newest - month(figure.date))
        suite = suites.get((figure.repository, figure.tag), "")
        lines.append("\t".join(map(str, (*figure[:6], suite, age, since(figure.date), *figure[7:]))))
    return "\n".join(("\t".join(COLUMNS), *sorted(lines), ""))


def figures_of(row: dict[str, str]) -> Iterator[Figure]:
    """The one or two figures of a CSV row."""
    tag = row["tag"].removesuffix(" (edge)")
    if NO_TAG.search(tag) or '("around' in row["source_document"]:
        return  # a README's "around 2 MiB" does not say of what
    pulled_source, _, unpacked_source = row["source_document"].partition(" || unpacked ")
    unpacked_source = unpacked_source.partition(": ")[2] or pulled_source
    quality, _, unpacked_quality = row["quality"].removesuffix(")").partition(" (unpacked: ")
    if "upper bound" in pulled_source:
        quality = "upper bound"
    image = (row["repository"], tag, row["platform"])
    if row["compressed_bytes"]:
        count = int(row["compressed_bytes"])
        yield Figure(*image, "pulled", count, row["layers"], row["date"], cleaned(pulled_source), quality)
    if row["unpacked_bytes"]:
        count, date = int(row["unpacked_bytes"]), row.get("unpacked_date") or row["date"]
        yield Figure(*image, "unpacked", count, "", date, cleaned(unpacked_source), unpacked_quality or quality)


def cleaned(source: str) -> str:
    """The document that a figure was read in, without the surveyor's search notes."""
    source = re.sub(r"(?<![/(])\brepo-info ([\w-]+),? .*", r"a copy of docker-library/repo-info, \1, excerpt", source)
    source = re.sub(r",? ?[\w-]+ id:? ?\d{6,}.*", "", source)
    source = source.replace(" (docker-library/official-images 2026-08-22)", "")
    return re.sub(r" \(size baseline of .*", "", source)


def suites_by_tag(rows: list[dict[str, str]]) -> dict[tuple[str, str], str]:
    """(repository, tag) to the release that the tag, or another tag of the very same image, names."""
    same: dict[tuple[str, str], set[str]] = defaultdict(set)  # one image, by a document or its bytes, to its tags
    for row in rows:
        repository, tag = row["repository"], row["tag"]
        if row["platform"] != "linux/amd64":
            continue
        if row["compressed_bytes"]:
            same[repository, row["compressed_bytes"]].add(tag)
        for document in re.split(r" \|\| unpacked [^:]*: ", row["source_document"]):
            document = re.sub(r"^(?:alias of|modelled as) \S+:\S+( \([^)]*\))?:? |; the same image.*", "", document)
            if "repos/" in document:
                same[repository, document].add(tag)
        if alias := re.match(r"alias of ([\w.-]+): dotnet/", row["source_document"]):
            same[repository, alias[1]] |= {tag, alias[1]}
    named = {
        (row["repository"], row["tag"]): {suite}
        for row in rows
        if (suite := row.get("suite") or suite_in(row["repository"], row["tag"]))
    }
    found = dict(named)
    for _ in range(3):  # a tag may be tied to another by its pulled bytes, and that one to a third by its unpacked ones
        for (repository, _), tags in same.items():
            suites = set().union(*(found.get((repository, tag), set()) for tag in tags))
            for tag in tags:
                if (repository, tag) not in named:
                    found[repository, tag] = found.get((repository, tag), set()) | suites
    return {key: next(iter(suites)) for key, suites in found.items() if len(suites) == 1}


def suite_in(repository: str, tag: str) -> str:
    """The release that a tag names, or ''."""
    if repository in ("alpine", "amazonlinux", "fedora") and re.fullmatch(r"\d{2,}|\d+\.\d+|2", tag):
        return tag
    match = SUITE.search(tag)
    return (match["name"] or match["number"]) if match else ""


def since(date: str) -> str:
    """A date as an ISO date, month or year: of a range its first year, 2024 of "2024-2026 (excerpt shows no date)"."""
    match = re.match(r"\d{4}(?:-\d\d(?!\d)(?:-\d\d)?)?", date)
    return match[0] if match else date


def month(date: str) -> int:
    """A date as a count of months; of a range or a bare year the first month, of no date at all the year 2000."""
    match = re.match(r"(\d{4})(?:-(\d\d)(?!\d))?", date)
    return int(match[1]) * 12 + int(match[2] or 1) if match else 2000 * 12


if __name__ == "__main__":
    sys.stdout.write(table(read(*sys.argv[1:])))
