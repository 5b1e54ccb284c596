"""The part of `docs/evidence.md` about fixes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from develop.evidence.fix_cases import NOT_BUILT
from develop.evidence.fixes import error_of, is_in_range, megabytes, saved_by
from develop.evidence.images import NOISE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from develop.evidence.fixes import Pair

_INTRODUCTION = """## Safe fixes

Each pair is a Dockerfile and what `deadweight fix` makes of it. Both were built, and both images taken apart. *Saved*
is measured: the bytes of all files in the layers above the base image, before less after. *Claimed* is what the finding
says, with its range; it is computed without building anything. The file systems of both images were compared path by
path: type, mode, owner, target, size and content, and the configuration of the image. Not compared are times, what
Docker puts into a container, and what differs between any two builds of one Dockerfile: {noise}, compiled Python.
A clone from github.com is of a small project that the machine itself serves.
"""

_OF_NEXT_BUILD = """### The next build

These fixes change no byte of the image. *Before* and *After* are what the next build finds on the builder and need not
get again: the files in the layers that it takes from the build cache when the argument is another one, or all that lies
in the cache mounts.
"""


def fixes_in_words(pairs: Sequence[Pair], results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The lines of the part."""
    noise = ", ".join(f"`{path}`" for path in NOISE if path.count("/") > 1)
    built = [(pair, results[pair.case.name]) for pair in pairs if pair.case.name in results]
    yield from (
        _INTRODUCTION.format(noise=noise),
        "| Rule | Pair | Before | After | Saved | Claimed | Error | In range | File systems |",
        "|---|---|---:|---:|---:|---:|---:|---|---|",
        *(_row(pair, record) for pair, record in built if not pair.is_of_next_build),
        "",
        _OF_NEXT_BUILD,
        "| Rule | Pair | Before | After | More | Claimed | Error | In range | File systems |",
        "|---|---|---:|---:|---:|---:|---:|---|---|",
        *(_row(pair, record) for pair, record in built if pair.is_of_next_build),
        "",
        "### Fixes not built",
        "",
        *(f"- {rule}: {reason}" for rule, reason in NOT_BUILT.items()),
        *(f"- {pair.case.rule}, {pair.case.name}: not measured yet" for pair in pairs if pair.case.name not in results),
        "",
        "### The pairs",
        *(line for pair, record in built for line in _section(pair, record)),
    )


def _row(pair: Pair, record: Mapping[str, Any]) -> str:
    keys = ("found_before", "found_after") if pair.is_of_next_build else ("before_bytes", "after_bytes")
    before, after = (record[key] for key in keys)
    claim = pair.claim
    claimed, error, in_range = "unknown", "", ""
    if claim is not None:
        high = "" if claim.high is None else f" to {megabytes(claim.high)}"
        claimed = f"{megabytes(claim.best)} ({'at least ' if claim.high is None else ''}{megabytes(claim.low)}{high})"
        error, in_range = f"{error_of(record, claim):+.0%}", "yes" if is_in_range(record, claim) else "no"
    return (
        f"| {pair.case.rule} | [{pair.case.name}](#{pair.case.name}) | {megabytes(before)} | {megabytes(after)} "
        f"| {megabytes(saved_by(record))} | {claimed} | {error} | {in_range} | {_verdict(pair, record)} |"
    )


def _verdict(pair: Pair, record: Mapping[str, Any]) -> str:
    if record["differences"]:
        return f"{len(record['differences'])} unexplained differences"
    gone = [f"`{path}`" for path in (*pair.case.gone, *(f"+ {path}" for path in record["created"]))]
    if record["dropped"]:
        gone.append(f"{len(record['dropped'])} packages")
    return f"equal but for {', '.join(gone)}" if gone else "equal"


def _section(pair: Pair, record: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n#### {pair.case.name}\n"
    yield f"{pair.case.rule}: {', '.join(pair.fixes.values())}. {record['compared']:,} paths compared.\n"
    yield "```diff"
    before, after = record["before"].splitlines(), record["after"].splitlines()
    yield from (
        line for line in difflib.unified_diff(before, after, n=99, lineterm="") if line[:2] not in ("--", "++", "@@")
    )
    for path, text in record["created"].items():
        yield from (f"+ {path}: {line}" for line in text.splitlines())
    yield "```"
    if record["dropped"]:
        yield f"\nPackages gone: {', '.join(record['dropped'])}."
    yield from (f"\n- {difference}" for difference in record["differences"])
