"""Turns the survey's CSV of base-image figures into `facts/data/base_images.tsv`. Same CSV, same table.

    python server/collect/base_images.py base_images.csv > server/deadweight/facts/data/base_images.tsv

One row a figure: repository, tag, platform, figure (`pulled` or `unpacked`), bytes, layers, suite, age, date, source,
quality. `suite` is the release of the operating system that the tag stands on (bookworm, 3.24), as far as its own name
or the name of a tag with the same image tells; `age` is in whole months before the newest figure.
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

# Not in the CSV: distroless images rebuilt for the survey of sizes from their own package lists with the packages of
# Debian 13 (section 1), those of Debian 12 from the survey of builds (section 3).
_REBUILT_13 = "rebuilt from GoogleContainerTools/distroless config.bzl and the packages of Debian 13"
_REBUILT_12 = "rebuilt from the packages of Debian 12, docker history"
REBUILT = (
    ("gcr.io/distroless/static-debian13", "unpacked", 2_750_000, _REBUILT_13),
    ("gcr.io/distroless/static-debian13", "pulled", 880_000, _REBUILT_13 + ", without its CA bundle"),
    ("gcr.io/distroless/base-debian13", "unpacked", 24_800_000, _REBUILT_13),
    ("gcr.io/distroless/base-debian13", "pulled", 9_700_000, _REBUILT_13),
    ("gcr.io/distroless/cc-debian13", "unpacked", 28_200_000, _REBUILT_13),
    ("gcr.io/distroless/cc-debian13", "pulled", 10_900_000, _REBUILT_13),
    ("gcr.io/distroless/python3-debian13", "unpacked", 60_400_000, _REBUILT_13),
    ("gcr.io/distroless/python3-debian13", "pulled", 22_700_000, _REBUILT_13),
    ("gcr.io/distroless/static-debian12", "unpacked", 2_000_000, _REBUILT_12),
    ("gcr.io/distroless/cc-debian12", "unpacked", 23_000_000, _REBUILT_12),
    ("gcr.io/distroless/nodejs20-debian12", "unpacked", 122_000_000, _REBUILT_12),
)
REBUILT_DATE = "2026-11-23"

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


def table(rows: Iterable[dict[str, str]]) -> str:
    """The whole table as text, from the CSV's rows."""
    survey = list(rows)
    figures = [figure for row in survey for figure in figures_of(row)]
    figures += [
        Figure(repository, "latest", "linux/amd64", figure, count, "", REBUILT_DATE, source, "rebuilt")
        for repository, figure, count, source in REBUILT
    ]
    suites = suites_by_tag(survey)
    newest = max(month(figure.date) for figure in figures if figure.quality != "rebuilt")
    lines = []
    for figure in figures:
        age = max(0, newest - month(figure.date))
        suite = suites.get((figure.repository, figure.tag), "")
        lines.append("\t".join(map(str, (*figure[:6], suite, age, *figure[6:]))))
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
        count, date = int(row["unpacked_bytes"]), row["unpacked_date"] or row["date"]
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
        (row["repository"], row["tag"]): {suite} for row in rows if (suite := suite_in(row["repository"], row["tag"]))
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


def month(date: str) -> int:
    """A date as a count of months; of a range or a bare year the first month, of no date at all the year 2000."""
    match = re.match(r"(\d{4})(?:-(\d\d)(?!\d))?", date)
    return int(match[1]) * 12 + int(match[2] or 1) if match else 2000 * 12


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        sys.stdout.write(table(csv.DictReader(file)))
