"""Stages as two: Dockerfiles with their projects in `conversions/`, each with what it becomes, or why it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import Reported, report, title_of
from deadweight.cli.main import main
from deadweight.features.code_actions import code_actions, not_offered
from deadweight.rules import build_tools_shipped
from deadweight.rules.rule import Fix, Safety
from deadweight.settings import DEFAULTS
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span
from deadweight.workspace.context import context_of
from examples import snapshot_of

if TYPE_CHECKING:
    from deadweight.model.multi_stage.plan import Plan

FOLDER = Path(__file__).with_name("conversions")
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
RULE = "build-tools-shipped"
STARTS = "development-start"
KEPT = ("EXPOSE", "HEALTHCHECK", "LABEL", "VOLUME", "STOPSIGNAL")


class Case(NamedTuple):
    """A block of files, what has to be checked or why nothing is offered, and the Dockerfile that comes out.

    `number` tells which of several ways: of sites the last, which is nginx.
    """

    block: str
    said: str
    after: str
    number: int
    rule: str


def cases() -> list[object]:
    found: list[object] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for section in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            name, _, rest = section.partition("\n")
            block, _, result = rest.partition("=> ")
            said, _, after = result.partition("\n")
            number, rule = -1 if path.stem == "sites" else 0, STARTS if path.stem == "starts" else RULE
            found.append(pytest.param(Case(block, said, after, number, rule), id=f"{path.stem}-{name}"))
    return found


def conversion(
    snapshot: Snapshot, number: int = 0, rule: str = RULE
) -> tuple[tuple[Reported, ...], Reported, Fix] | None:
    found = report(snapshot, DEFAULTS.offering)
    mine = [each for each in found if each.rule.id == rule]
    if not mine:
        return None
    (reported,) = mine
    return found, reported, reported.fixes[number]


def refusal(snapshot: Snapshot) -> str:
    refused = build_tools_shipped.why_not(snapshot)
    return refused.reason if refused else ""


def converted(block: str) -> str:
    snapshot = snapshot_of(block)
    made = conversion(snapshot)
    assert made is not None, refusal(snapshot)
    return fixed(snapshot, [made[2]]).text


@pytest.mark.parametrize("case", cases())
def test_a_stage_becomes_two_or_a_reason_is_given(case: Case) -> None:
    snapshot = snapshot_of(case.block)
    made = conversion(snapshot, case.number, case.rule)
    if not case.after:
        assert made is None
        assert refusal(snapshot) == case.said.removeprefix("refused: ").replace("silent", "")
        return
    assert made is not None, refusal(snapshot)
    found, reported, fix = made
    after = fixed(snapshot, [fix])
    assert (fix.note, after.text) == (case.said, case.after)
    assert fix.safety is Safety.ASK
    assert holds(snapshot, found, reported, fix, DEFAULTS.offering)


@pytest.mark.parametrize("case", [each for each in cases() if each.values[0].after])  # type: ignore[attr-defined]
def test_the_result_is_sound(case: Case) -> None:
    buildkit = pytest.importorskip("dockerfile")
    before, after = (buildkit.parse_string(text) for text in (snapshot_of(case.block).text, case.after))
    for keyword in KEPT:
        said = [[each.value for each in parsed if each.cmd.upper() == keyword] for parsed in (before, after)]
        assert said[0] == said[1]
    comments = [
        sorted(line for line in text.splitlines() if line.lstrip().startswith("#"))
        for text in (snapshot_of(case.block).text, case.after)
    ]
    assert comments[0] == comments[1]
    context = snapshot_of(case.block)
    result = Snapshot(snapshot_of(f"//- Dockerfile\n{case.after}").tree, context.context, context.options)
    assert not {RULE, STARTS} & {each.rule.id for each in report(result, DEFAULTS.offering)}
    stages = len(result.build.stages)
    assert len(result.build.reached) == stages


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in EXAMPLES.glob("*/Dockerfile")), ids=lambda path: path.name
)
def test_an_example_is_not_converted_twice(folder: Path) -> None:
    snapshot = Snapshot(parse((folder / "Dockerfile").read_text("utf-8")), context_of(folder / "Dockerfile", folder))
    made = conversion(snapshot)
    assert made is not None
    result = fixed(snapshot, [made[2]])
    settled = fix_all(result).snapshot
    assert not fix_all(settled).done
    for each in (result, settled):
        assert not {RULE, STARTS} & {found.rule.id for found in report(each, DEFAULTS.offering)}


NODE = """\
//- package.json
{"scripts": {"build": "tsc"}, "dependencies": {"express": "^5"}, "devDependencies": {"typescript": "^5"}}
//- src/server.ts 100
"""


def of_node(dockerfile: str) -> str:
    return f"//- Dockerfile\n{dockerfile}{NODE}"


def test_title_says_before_and_after() -> None:
    made = conversion(
        snapshot_of(
            of_node('FROM node:22\nWORKDIR /a\nCOPY . .\nRUN npm i && npm run build\nCMD ["node", "dist/server.js"]\n')
        )
    )
    assert made is not None
    assert re.fullmatch(r"Convert to a multi-stage build: 1\.\d GB → about \d+ MB", title_of(made[2]))
    assert made[2].refactoring == "multi-stage"


def test_keywords_and_line_ends_are_the_users() -> None:
    text = 'from node:22\r\nworkdir /a\r\ncopy . .\r\nrun npm i\r\nrun npm run build\r\ncmd ["node", "dist/server.js"]'
    after = converted(of_node(text + "\n").replace(text + "\n", text + "\r\n"))
    assert "\r\n\r\nfrom node:22-slim\r\nenv NODE_ENV=production\r\n" in after
    assert not re.search(r"(?<!\r)\n", after)


def test_a_stage_keeps_its_name_and_the_others_stay() -> None:
    after = converted(
        of_node(
            "FROM alpine AS build\nRUN true\n\n"
            "FROM node:22 AS app\nWORKDIR /a\nCOPY . .\nRUN npm i\nRUN npm run build\n"
            'CMD ["node", "dist/server.js"]\n'
        )
    )
    assert after.startswith("FROM alpine AS build\nRUN true\n\nFROM node:22 AS builder\n")
    assert "FROM node:22-slim AS app\n" in after
    assert "COPY --from=builder /a/dist ./dist\n" in after


def test_arguments_go_where_they_are_used() -> None:
    after = converted(
        of_node(
            "ARG V=22\nFROM node:$V\nARG PORT=80\nARG TOKEN\nWORKDIR /a\nCOPY . .\nRUN npm i\nRUN npm run build\n"
            'ENV PORT=$PORT\nCMD ["node", "dist/server.js"]\n'
        )
    )
    image = after.partition("FROM node:$V-slim\n")[2]
    assert "ARG PORT=80\n" in image
    assert "TOKEN" not in image


def test_the_command_says_why_it_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text('FROM golang:1.22\nCOPY . .\nCMD ["go", "run", "."]\n', "utf-8")
    assert main(["fix", "--ask", "--rule", RULE, str(tmp_path / "Dockerfile")]) == 0
    assert capsys.readouterr().err.endswith(f"{RULE}: the start command builds the app: go run .\n")


def test_an_editor_gets_a_refactoring_with_what_to_check() -> None:
    text = 'FROM node:22\nWORKDIR /a\nCOPY . .\nRUN npm i\nRUN npm run build\nCMD ["node", "dist/server.js"]\n'
    snapshot = snapshot_of(of_node(text))
    found = report(snapshot)
    actions = code_actions(
        snapshot,
        found,
        Span(0, 0),
        holds=lambda reported, fix: holds(snapshot, found, reported, fix),
        only=["refactor.rewrite.multi-stage"],
    )
    (action,) = actions
    assert action.kind == "refactor.rewrite.multi-stage"
    assert action.title.startswith("Convert to a multi-stage build: ")
    assert action.note.startswith("Check: the app reads no file beside dist; ")


def test_an_editor_gets_a_start_for_production_and_why_there_is_no_usual_way() -> None:
    project = '{"scripts": {"dev": "nodemon app.js"}, "devDependencies": {"nodemon": "^3"}}'
    text = 'FROM node:22\nWORKDIR /a\nCOPY . .\nRUN npm i\nENTRYPOINT ["npm", "run", "dev"]\n'
    snapshot = snapshot_of(f"//- Dockerfile\n{text}//- package.json\n{project}\n//- app.js 100\n")
    assert STARTS not in {each.rule.id for each in report(snapshot)}
    offered = report(snapshot, DEFAULTS.offering)
    (action,) = code_actions(
        snapshot,
        report(snapshot),
        Span(0, 0),
        offered=[each for each in offered if each.rule.id == STARTS],
        holds=lambda reported, fix: holds(snapshot, offered, reported, fix, DEFAULTS.offering),
        only=["refactor.rewrite.multi-stage"],
    )
    assert action.title.startswith("Convert to a multi-stage build that starts node app.js: ")
    (refused,) = not_offered(snapshot, Span(0, 0), ["refactor"])
    assert refused.disabled == "the start command runs npm run dev, which is for development"


def test_what_is_typed_into_a_comment_or_a_command_is_not_weighed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'FROM node:22\nWORKDIR /a\nCOPY . .\nRUN npm i\nRUN npm run build\nCMD ["node", "dist/server.js"]\n'
    snapshot = snapshot_of(of_node(text))
    weighed: list[str] = []
    weigh = build_tools_shipped._weighed

    def counted(given: Snapshot, plan: Plan) -> object:
        weighed.append(given.text)
        return weigh(given, plan)

    monkeypatch.setattr(build_tools_shipped, "_weighed", counted)
    list(build_tools_shipped.build_tools_shipped.check(snapshot))
    for more in ("# the app\n", ""):
        at = snapshot.text.index("RUN npm run") if more else snapshot.text.index('"]')
        snapshot = snapshot.edited(edited(snapshot.tree, Edit(Span(at, at), more or "x")))
        assert list(build_tools_shipped.build_tools_shipped.check(snapshot))
    assert len(weighed) == 1


def test_an_editor_is_told_why_there_is_no_refactoring_when_it_asks() -> None:
    snapshot = snapshot_of('FROM golang:1.25\nCOPY . .\nCMD ["go", "run", "."]\n')
    assert not_offered(snapshot, Span(0, 0), ["quickfix"]) == ()
    assert not_offered(snapshot, Span(0, 0), []) == ()
    assert not_offered(snapshot, Span(20, 20), ["refactor"]) == ()
    (action,) = not_offered(snapshot, Span(0, 0), ["refactor"])
    assert (action.kind, action.title) == ("refactor.rewrite.multi-stage", "Convert to a multi-stage build")
    assert action.disabled == "the start command builds the app: go run ."
