"""What the page of evidence says of conversions to multi-stage builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from develop.evidence.conversions import EXAMPLES, JUDGED, NOT_BUILT, conversion_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = """## Multi-stage builds

The examples of `docs/examples` before and after the conversion that `build-tools-shipped` offers: whole images, bases
included, built, started and sent the same request. *Said* is our estimate of the image after it.

| example | before | after | of it | said | error | answers the same |
|---|---:|---:|---:|---:|---:|---|"""


_JUDGED = """
Read by hand, and not built, on 2026-11-26: Dockerfiles of one stage from public repositories, found by search and taken
as they came, with as much of their projects as a conversion reads; where a repository was not to be had, with a usual
one. *Right* is a refusal whose reason is what stands in the way: nothing to gain, a file that does not build or start
as it is, a library that nobody can tell. The conversions were improved by these files. Of 53 more, drawn and read
afterwards in two rounds, 36 were converted with no need for a hand edit and 3 wrongly (a package that
`npm install NAME` adds, a lockfile that an install writes, a list of processes for pm2: all three are mended since),
9 were refused for the right reason, 5 for one that need not be.

| language | drawn | converted, no hand edit | of these by `development-start` | refused, right | other |
|---|---:|---:|---:|---:|---:|"""


def conversions_in_words(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The table of what was measured, and what is not built."""
    yield _HEAD
    for example in EXAMPLES:
        record = results.get(example.name)
        conversion = conversion_of(example)
        said = conversion.after.sizes.estimates.image()
        if record is None or said is None or (record["before"], record["after"]) != conversion.is_measured_by:
            yield f"| {example.name} | not measured | | | | | |"
            continue
        before, after = record["before_bytes"], record["after_bytes"]
        error = f"{100 * (said.best - after) / after:+.0f}%"
        answers = f"yes: `{record['answer']}`" if record["answers_the_same"] else "no"
        yield (
            f"| [{example.name}](examples/{example.name}/Dockerfile) | {before / 1e6:.0f} | {after / 1e6:.1f} | "
            f"{100 * after / before:.0f}% | {said.best / 1e6:.1f} | {error} | {answers} |"
        )
    yield ""
    yield f"By golden files and BuildKit's parser, and not built: {NOT_BUILT}."
    yield _JUDGED
    for language, drawn, converted, started, refused in JUDGED:
        yield f"| {language} | {drawn} | {converted} | {started} | {refused} | {drawn - converted - refused} |"
