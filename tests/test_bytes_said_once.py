"""Of each byte, one finding speaks; where a second stage leaves bytes behind, one finding speaks of the stage."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from conftest import json_lines
from deadweight.analysis.report import report, total_saving
from deadweight.rules.catalog import RULES
from deadweight.settings import DEFAULTS, Settings
from deadweight.size.estimate import size_together
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from examples import pairs, settings_of, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deadweight.analysis.report import Reported
    from deadweight.model.stages import Site

EXAMPLES = [
    pytest.param(before, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, (before, _) in enumerate(pairs(rule.page), 1)
]


def assert_said_once(snapshot: Snapshot, found: Iterable[Reported]) -> None:
    """No more goes of a layer than it holds, nor of the image; and no effect goes twice."""
    of_image = [each for each in found if each.finding.basis in ("size", "context", "conversion") and each.is_of_image]
    image, can_go = snapshot.sizes.estimates.image(), total_saving(of_image)
    if image is not None and image.high is not None and can_go is not None:
        assert can_go.best <= image.best
    freed = [pair for each in of_image for pair in each.finding.frees]
    assert len(freed) == len(set(freed))
    by_site: defaultdict[Site, list[int]] = defaultdict(list)
    for each in of_image:
        sites = {site for site, _ in each.finding.frees}
        if len(sites) == 1 and each.finding.saves and each.rule.id not in REPLACES:
            by_site[sites.pop()].append(each.finding.saves.best)
    for layer in (layer for ledger in snapshot.reached_ledgers for layer in ledger.layers):
        holds = size_together(layer.kept)
        if holds is not None and holds.high is not None:
            assert sum(by_site[layer.site]) <= holds.best * 1.001, layer.instruction.text


# Its smaller image needs no more of what the lines below install.
REPLACES = ("full-base-image",)


@pytest.mark.parametrize("before", EXAMPLES)
def test_of_the_pages(before: str) -> None:
    snapshot = snapshot_of(before)
    assert_said_once(snapshot, report(snapshot, settings_of(before)))


def test_of_real_files(shared: Path) -> None:
    files = list(json_lines(shared / "corpus" / "dockerfiles.jsonl.xz"))
    for file in random.Random(4).sample(files, 150):
        snapshot = Snapshot(parse(file["text"]))
        assert_said_once(snapshot, report(snapshot))


NODE = """\
//- Dockerfile
FROM node:22
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
CMD ["node", "dist/server.js"]
//- package.json
{"scripts": {"build": "tsc"}, "dependencies": {"express": "^5"}, "devDependencies": {"typescript": "^5"}}
//- src/server.ts 4000
"""
SAYS_ALL = "build-tools-shipped"


def saves(found: Iterable[Reported]) -> dict[str, int]:
    return {each.rule.id: each.finding.saves.best for each in found if each.finding.saves}


def test_where_a_second_stage_is_offered_what_it_leaves_behind_is_said_of_the_stage() -> None:
    snapshot = snapshot_of(NODE)
    said, offered = saves(report(snapshot)), saves(report(snapshot, DEFAULTS.offering))
    assert said.keys() == {SAYS_ALL, "install-cache-kept", "copy-before-install"}
    assert offered.keys() >= {SAYS_ALL, "full-base-image", "dev-dependencies-shipped"}
    alone = saves(report(snapshot, rules=[rule for rule in RULES if rule.id == SAYS_ALL]))
    assert said[SAYS_ALL] + said["install-cache-kept"] == alone[SAYS_ALL]


def test_a_silenced_conversion_leaves_the_word_to_the_others() -> None:
    text = NODE.replace("FROM node:22", f"# deadweight: ignore={SAYS_ALL}\nFROM node:22")
    said = saves(report(snapshot_of(text)))
    assert SAYS_ALL not in said
    assert said.keys() >= {"full-base-image", "dev-dependencies-shipped"}


def test_a_second_stage_that_leaves_little_is_only_offered() -> None:
    text = NODE.replace("FROM node:22", "FROM node:22-alpine")
    assert SAYS_ALL in saves(report(snapshot_of(text)))
    light = text.replace('"devDependencies": {"typescript": "^5"}', '"devDependencies": {}')
    assert SAYS_ALL not in saves(report(snapshot_of(light)))


def test_nothing_is_said_of_no_bytes() -> None:
    # The second install downloads what the first one left.
    everything = Settings(min_saving=0)
    found = report(snapshot_of("FROM debian:12-slim\nRUN pip install checkov\nRUN pip install checkov\n"), everything)
    assert [(each.rule.id, each.finding.site.step) for each in found] == [("install-cache-kept", 1)]


def test_a_stage_that_no_build_runs_has_no_number_of_bytes() -> None:
    found = report(snapshot_of("FROM alpine AS a\nFROM alpine\n"), Settings(min_saving=0))
    assert [each.message for each in found] == ["no build runs this stage"]
