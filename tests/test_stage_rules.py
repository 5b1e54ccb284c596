"""Rules about stages as a whole: copied whole, run by nobody, of too many layers; a Next.js app in the last of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import check, report
from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
from deadweight.rules.catalog import BY_ID
from deadweight.settings import Settings
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse
from examples import snapshot_of

ALL = Settings(min_saving=0)
BUILD = "FROM golang:1.25 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /bin/shop .\nFROM debian:bookworm-slim\n"
TESTED = "FROM node:22-slim AS base\nFROM base AS test\nRUN npm test\nFROM test AS report\nFROM base\n"


def found(rule: str, block: str) -> list[str]:
    return [each.statement for each in report(snapshot_of(block), ALL, rules=[BY_ID[rule]])]


@pytest.mark.parametrize(
    ("start", "copied"),
    [
        ('CMD ["/bin/shop"]', "/bin/shop"),
        ('ENTRYPOINT ["/bin/shop"]\nCMD ["--port", "80"]', "/bin/shop"),
        ("WORKDIR /src\nCMD ./run.sh", "/src"),
        ('CMD ["shop"]', None),
        ("", None),
    ],
)
def test_what_starts_the_image_says_what_is_to_be_copied(start: str, copied: str | None) -> None:
    snapshot = snapshot_of(f"{BUILD}COPY --from=build --chown=1:1 / /\n{start}\n")
    everything = report(snapshot)
    (reported,) = [each for each in everything if each.rule.id == "whole-stage-copied"]
    made = [fixed(snapshot, [fix]).text for fix in reported.fixes if holds(snapshot, everything, reported, fix)]
    assert made == ([f"{BUILD}COPY --from=build --chown=1:1 {copied} {copied}\n{start}\n"] if copied else [])


@pytest.mark.parametrize(
    "lines",
    ["COPY --from=build /src /src", "COPY --from=build / /build", "COPY . /"],
)
def test_part_of_a_stage_is_no_whole_stage(lines: str) -> None:
    assert not found("whole-stage-copied", f"{BUILD}{lines}\n")


def unreached(snapshot: Snapshot) -> list[str]:
    reported = report(snapshot, ALL, rules=[BY_ID["unreachable-stage"]])
    return [snapshot.build.stages[each.finding.site.stage].label for each in reported]


def test_stages_that_no_build_runs_are_known() -> None:
    assert unreached(snapshot_of(TESTED)) == ["test", "report"]
    assert unreached(snapshot_of("FROM node:22\nFROM alpine\n")) == ["0"]
    assert unreached(snapshot_of("FROM node:22\n" * 50)) == [str(number) for number in range(10)]
    assert not report(snapshot_of(TESTED), rules=[BY_ID["unreachable-stage"]])


@pytest.mark.parametrize(
    ("target", "others", "left"),
    [
        (None, ("test",), ["report"]),
        (None, ("report",), []),
        ("test", (None,), ["report"]),
        ("test", (), ["report"]),
        ("nobody", (), []),
    ],
)
def test_a_declared_target_is_built(target: str | None, others: tuple[str | None, ...], left: list[str]) -> None:
    first, *rest = (DeclaredBuild("compose.yaml", "", "", target=each) for each in (target, *others))
    options = Options(target=target, how=HowBuilt(build=first, others=tuple(rest)))
    assert unreached(replace(snapshot_of(TESTED), options=options)) == left


def test_a_stage_that_nobody_runs_comes_and_goes_with_an_edit() -> None:
    rules = [BY_ID["unreachable-stage"]]
    before = Snapshot(parse(TESTED), options=Options(target="base"))
    checked = check(before, ALL, rules)
    for text in (TESTED.replace("AS report", "AS summary"), TESTED.replace("FROM test AS report\n", "")):
        after, afresh = before.edited(parse(text)), replace(before, tree=parse(text))
        assert report(after, ALL, rules, check(after, ALL, rules, checked)) == report(afresh, ALL, rules)


def test_more_layers_than_an_engine_takes_are_an_error() -> None:
    head, runs = "FROM debian:bookworm-slim\nENV A=1\n", "".join(f"RUN touch /{n}\n" for n in range(126))
    assert not found("consecutive-runs", head + runs)
    snapshot = snapshot_of(f"{head}{runs}COPY a /\nWORKDIR /b\n")
    (reported,) = report(snapshot, rules=[BY_ID["consecutive-runs"]])
    assert reported.message == "the image has 129 layers, and engines take 127 at most"
    assert reported.severity == "error"
    assert snapshot.text[reported.span.start :].startswith("COPY a /")
    (fix,) = reported.fixes
    assert not report(fixed(snapshot, [fix]), rules=[BY_ID["consecutive-runs"]])


NEXT = """//- Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
RUN {install} && npm run build
{start}
//- package.json
{{"scripts": {{"start": "{script}", "dev": "next dev"}}, "dependencies": {{"next": "^16.0.0", "react": "^19.0.0"}}}}
//- {config}
"""


@pytest.mark.parametrize(
    ("install", "start", "script", "config", "is_found"),
    [
        ("npm ci", "CMD npm start", "next start", "next.config.js\n{}", True),
        ("npm ci", 'ENTRYPOINT ["npm"]\nCMD ["run", "start"]', "next start -p 80", "a", True),
        ("yarn install", 'CMD ["yarn", "start"]', "next start", "a", True),
        ("npm ci", "CMD npx next start", "", "a", True),
        ("npm ci", "CMD npm start", "next start", "next.config.mjs\nexport default { output: 'standalone' }", False),
        ("npm ci", "CMD npm start", "next start", "next.config.ts\nconst output = process.env.OUTPUT", False),
        ("npm ci", "CMD npm start", "node server.js", "a", False),
        ("npm ci", "CMD npm run dev", "next start", "a", False),
        ("npm ci", "", "next start", "a", False),
    ],
)
def test_node_modules_of_a_next_app_without_standalone_output(
    install: str, start: str, script: str, config: str, is_found: bool
) -> None:
    block = NEXT.format(install=install, start=start, script=script, config=config)
    assert bool(found("next-without-standalone", block)) is is_found


def test_what_next_brings_and_does_not_use_is_what_goes() -> None:
    block = NEXT.format(install="npm ci", start="CMD npm start", script="next start", config="a")
    (reported,) = report(snapshot_of(block), rules=[BY_ID["next-without-standalone"]])
    saves = reported.finding.saves
    assert saves
    assert 250_000_000 < saves.best < 320_000_000  # 324 MB of next and react, of which 36 MB are in use


def test_thousands_of_runs_are_not_made_one() -> None:
    snapshot = snapshot_of("FROM debian:trixie\n" + "RUN true\n" * 3000)
    (reported,) = report(snapshot, rules=[BY_ID["consecutive-runs"]])
    assert not reported.fixes
