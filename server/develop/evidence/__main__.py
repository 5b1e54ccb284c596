"""Writes `docs/evidence.md` out of what was measured; with a lab, measures first.

    python -m develop.evidence [--lab PATH/truthlab.py [--only NAME]... [--again]]
    python -m develop.evidence --score BUILDS.jsonl

Without `--lab` nothing is built. A pair of a safe fix is measured once, into `docs/evidence.jsonl`, and the layers of a
build, into `docs/evidence-sizes.jsonl`; an example and its conversion, into
`docs/evidence-conversions.jsonl`; a fix that writes something else or `--again` measures anew. A new build is a
line more there, with `"lines": {}`. `--score` prints how good our estimates are for builds that are recorded elsewhere,
in the same form, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from develop.evidence.building import measure, measure_layers, open_lab
from develop.evidence.conversions import measure_conversions
from develop.evidence.fix_cases import CASES
from develop.evidence.fixes import RESULTS, is_of, pair_of, read_results
from develop.evidence.page import PAGE, page
from develop.evidence.scores import scores_of
from develop.evidence.size_page import scores_in_words
from develop.evidence.sizes import compared, read_builds, write_builds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is wanted and not measured yet, then write the page."""
    parser = argparse.ArgumentParser("develop.evidence", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lab", type=Path, help="the script that builds images; without it only the page is written")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="measure only this case")
    parser.add_argument("--again", action="store_true", help="measure what was measured before")
    parser.add_argument("--score", type=Path, metavar="BUILDS", help="print the scores of these builds, and end")
    given = parser.parse_args(arguments)
    if given.score:
        lines = [line for build in read_builds(given.score) for line in compared(build).lines]
        print(*scores_in_words(scores_of(lines)), sep="\n")
        return
    if given.lab:
        lab = open_lab(given.lab)
        measure_pairs(lab, given.only, again=given.again)
        measure_builds(lab, given.only, again=given.again)
        measure_conversions(lab, given.only, again=given.again)
    PAGE.write_text(page(), encoding="utf-8")


def measure_builds(lab: Any, only: Collection[str], *, again: bool) -> None:
    """Measure the layers of the builds that are wanted, and keep each as soon as it is measured."""
    builds = {build.name: build for build in read_builds()}
    for name, build in builds.items():
        if (build.lines and not again) or (only and name not in only):
            continue
        builds[name] = measure_layers(lab, build)
        print(name, builds[name].lines, flush=True)
        write_builds(builds.values())


def measure_pairs(lab: Any, only: Collection[str], *, again: bool) -> None:
    """Measure the pairs that are wanted, and keep each as soon as it is measured."""
    results = read_results()
    for pair in map(pair_of, CASES):
        name = pair.case.name
        known = name in results and is_of(results[name], pair) and not again
        if known or (only and name not in only):
            continue
        record = results[name] = measure(lab, pair)
        print(name, record["before_bytes"], record["after_bytes"], *record["differences"][:20], sep="\n  ", flush=True)
        kept = [results[case.name] for case in CASES if case.name in results]
        RESULTS.write_text("".join(json.dumps(each) + "\n" for each in kept), encoding="utf-8")


if __name__ == "__main__":
    main()
