"""A file that is edited comes to what it would come to if it were read afresh, and costs what the edit touches."""

from __future__ import annotations

import gc
import json
import random
import sys
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import json_lines
from deadweight.analysis.report import Checked, check, report
from deadweight.features.code_actions import Action
from deadweight.features.kinds import QUICK_FIX
from deadweight.lsp.documents import Documents, OpenDockerfile
from deadweight.model import filesystem, playing, undone
from deadweight.model.commands import catalog
from deadweight.model.context import BuildContext
from deadweight.model.effects import CopiedFromStage, Rewritten
from deadweight.model.filesystem import Filesystem
from deadweight.model.history import read_history
from deadweight.model.measured import measure
from deadweight.rules.catalog import RULES
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span, apply_edits
from examples import blocks, read_example

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType, ModuleType
    from typing import Any

    from deadweight.model.commands.call import Tool
    from deadweight.model.effects import Effect

EXAMPLES = [read_example(block) for rule in RULES for block in blocks(rule.page, "Example")]
STAGES = sorted({example.dockerfile for example in EXAMPLES})
FILES = {path: text for example in EXAMPLES for path, text in example.files.items() if path != ".dockerignore"}
CONTEXT = BuildContext("the examples", {path: len(text) for path, text in FILES.items()}, texts=FILES)
LINES = (
    *("RUN <<EOF\n", "EOF\n"),
    *("FROM node:22 AS build\n", "FROM build\n", "FROM 0\n", "FROM debian:bookworm-slim\n", "ARG V=12\n", "ENV A=1\n"),
    *("COPY --from=build /app /srv\n", "COPY --from=0 /srv /app\n", "COPY . .\n", "WORKDIR /app\n", "USER app\n"),
    *("RUN apt-get update\n", "RUN apt-get install -y git\n", "RUN rm -rf /app\n", "RUN chown -R app /app\n"),
    *(
        "RUN npm ci\n",
        "RUN echo 'omit=dev' > /app/.npmrc\n",
        "RUN echo 'cache=/srv' >> .npmrc\n",
        "RUN cp -r /app /srv\n",
        "# deadweight: ignore=late-delete\n",
        "# x\n",
        "\n",
        "RUN <<EOF\n",
        "EOF\n",
    ),
    *('SHELL ["/bin/bash", "-c"]\n', "FROM alpine AS build\n", "CMD npm start\n", "ONBUILD RUN x\n", "# escape=`\n"),
)
OPTIONS = Options()
PIECES = (
    *LINES,
    *STAGES,
    "x",
    " ",
    "\n",
    "\\\n",
    " && ",
    '"',
    "$",
    "-",
    "apt-get ",
    "F",
    "A=2",
    " git",
    "/",
    "#",
    "omit=",
    "dev",
)


def come_to(snapshot: Snapshot, checked: Checked | None = None) -> Any:
    """What a file comes to, as plain data."""
    sizes = [
        (layer.site, layer.instruction.text, snapshot.sizes.layer(layer), [effect.path for effect in layer.kept])
        for ledger in snapshot.ledgers
        for layer in ledger.layers
    ]
    found = [
        (each.rule.id, each.span, each.message, each.severity, each.related, each.fixes)
        for each in report(snapshot, checked=checked)
    ]
    stages = [(stage.name, stage.base, stage.end, stage.entry) for stage in snapshot.build.stages]
    return stages, sizes, snapshot.sizes.image(), found, snapshot.problems


def assert_follows(text: str, edits: list[Edit], options: Options = OPTIONS) -> None:
    snapshot = Snapshot(parse(text), CONTEXT, options)
    checked = check(snapshot)
    for edit in edits:
        text = apply_edits(text, [edit])
        snapshot = snapshot.edited(edited(snapshot.tree, edit))
        checked = check(snapshot, before=checked)
        is_same = come_to(snapshot, checked) == come_to(Snapshot(parse(text), CONTEXT, options))
        assert is_same, text  # without the two sides: their words would fill the memory


@st.composite
def sessions(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = start = "".join(draw(st.lists(st.sampled_from((*STAGES, *LINES)), max_size=8)))
    edits: list[Edit] = []
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, len(text)))
        last = min(len(text), first + draw(st.sampled_from((0, 0, 0, 1, 3, 40))))
        edits.append(Edit(Span(first, last), draw(st.sampled_from(("", *PIECES)))))
        text = apply_edits(text, edits[-1:])
    return start, edits


def test_in_another_context_the_file_comes_to_what_it_would_come_to_there() -> None:
    texts = {"package.json": '{"dependencies": {"express": "4"}}', "requirements.txt": "pandas"}
    other = BuildContext("other", {path: len(text) for path, text in texts.items()}, texts=texts)
    for text in STAGES:
        text += "RUN --mount=type=bind,target=/m cd /m && pip install -r requirements.txt\nFROM 0\nCOPY --from=0 / /\n"
        snapshot = Snapshot(parse(text), CONTEXT)
        come_to(snapshot)
        for context in (other, None, CONTEXT):
            snapshot = snapshot.within(context)
            assert come_to(snapshot) == come_to(Snapshot(parse(text), context)), text
            edit = Edit(Span(0, 0), "# a\n")
            text = apply_edits(text, [edit])
            snapshot = snapshot.edited(edited(snapshot.tree, edit))
            assert come_to(snapshot) == come_to(Snapshot(parse(text), context)), text


def test_what_asks_nothing_of_the_context_stays_in_another_one() -> None:
    before = Snapshot(parse("FROM node:22\nRUN apt-get install -y git\nCOPY . .\nRUN npm ci\nRUN make\n"), CONTEXT)
    layers = before.ledgers[0].layers
    after = before.within(BuildContext("none", {})).ledgers[0].layers
    assert [one is other for one, other in zip(layers, after, strict=True)] == [True, True, False, False, True]


@settings(max_examples=150)
@given(sessions())
def test_any_edits_come_to_what_the_text_comes_to(session: tuple[str, list[Edit]]) -> None:
    assert_follows(*session)


@settings(max_examples=100)
@given(sessions(), st.integers(0, 3))
def test_any_edits_of_a_measured_file_come_to_what_the_text_comes_to(
    session: tuple[str, list[Edit]], base_rows: int
) -> None:
    text, edits = session
    build = Snapshot(parse(text)).build
    lines = [step.instruction.line.text for stage in build.stages for step in stage.steps]
    rows = [{"Size": at + 1, "CreatedBy": line} for at, line in enumerate(["ADD x /"] * base_rows + lines)]
    history = read_history(json.dumps(rows[::-1]))
    assert_follows(text, edits, Options(measured=measure(history, build, "a build")))


@pytest.mark.parametrize("seed", range(4))
def test_real_files_are_followed(shared: Path, seed: int) -> None:
    dice = random.Random(seed)
    rows = [row["text"] for row in json_lines(shared / "corpus/dockerfiles.jsonl.xz") if row["category"] == "app"]
    for text in dice.sample([row for row in rows if len(row) < 4000], 6):
        edits, after = [], text
        for _ in range(8):
            at = dice.randrange(len(after) + 1)
            cut = min(len(after), at + dice.choice((0, 0, 1, 5)))
            edits.append(Edit(Span(at, cut), dice.choice(PIECES)))
            after = apply_edits(after, edits[-1:])
        assert_follows(text, edits)


def edited_at(snapshot: Snapshot, old: str, new: str) -> Snapshot:
    """The snapshot after the first `old` became `new`."""
    start = snapshot.text.index(old)
    return snapshot.edited(edited(snapshot.tree, Edit(Span(start, start + len(old)), new)))


def test_what_is_typed_into_one_run_leaves_the_other_layers_as_they_are() -> None:
    runs = "".join(f"RUN echo {number} && apt-get install -y git\n" for number in range(9))
    before = Snapshot(parse(f"FROM debian:bookworm\n{runs}"))
    assert len(before.ledgers[0].layers) == 10
    after = edited_at(before, "echo 4", "echo four")
    same = [one is other for one, other in zip(before.ledgers[0].layers, after.ledgers[0].layers, strict=True)]
    assert same == [number != 5 for number in range(10)]


def test_a_package_that_is_typed_reaches_only_those_who_ask() -> None:
    lines = "RUN apt-get install -y gi\nRUN pip install pandas\nRUN apt-get install -y curl\nCOPY . .\n"
    before = Snapshot(parse(f"FROM debian:bookworm\n{lines}"))
    assert before.ledgers[0].layers[3].asked
    after = edited_at(before, " gi", " git")
    same = [one is other for one, other in zip(before.ledgers[0].layers, after.ledgers[0].layers, strict=True)]
    assert same == [True, False, True, False, True]


def test_stages_that_an_edit_has_nothing_to_do_with_stay() -> None:
    stages = "".join(f"FROM debian:bookworm AS s{number}\nRUN echo {number}\n" for number in range(5))
    before = Snapshot(parse(f"{stages}FROM s1\nCOPY --from=s3 /a /b\n"))
    assert len(list(before.ledgers)) == 6
    after = edited_at(before, "echo 1", "echo one")
    same = [one is other for one, other in zip(before.build.stages, after.build.stages, strict=True)]
    assert same == [True, False, True, True, True, True]
    assert [one is other for one, other in zip(before.ledgers, after.ledgers, strict=True)] == [*same[:5], False]


def test_an_edit_of_a_stage_that_is_not_built_runs_no_rule() -> None:
    before = Snapshot(parse("FROM debian AS test\nRUN apt-get update\nFROM debian\nRUN apt-get update\n"))
    checked = check(before)
    after = edited_at(before, "RUN apt-get update\n", "# a\n\nRUN apt-get update && make\n")
    assert check(after, before=checked).found is checked.found
    assert [each.span.start for each in report(after, checked=checked)] == [after.text.rindex("apt-get")]
    assert (
        check(edited_at(after, "FROM debian\nRUN", "FROM debian\nENV A=1\nRUN"), before=checked).found
        is not checked.found
    )
    assert check(replace(after, context=CONTEXT), before=checked).found is not checked.found


def measured(document: OpenDockerfile) -> None:
    """Let a build of the document measure its lines."""
    build = document.snapshot.build
    lines = [step.instruction.line.text for index in sorted(build.shipped) for step in build.stages[index].steps]
    rows = [{"Size": at + 1, "CreatedBy": line} for at, line in enumerate(lines)]
    document.weigh(measure(read_history(json.dumps(rows[::-1])), build, "a build"))
    assert all(layer.measured for layer in document.snapshot.ledgers[-1].layers)


def work_of(edit_at: str, new: str, stages: int, *, is_measured: bool = False) -> int:
    """How many function calls of ours an edit costs in a file of so many stages, diagnostics included."""
    stage = (
        "FROM debian:bookworm-slim AS s{0}\nRUN apt-get update && apt-get install -y curl && echo s{0}\n"
        "# a comment\nENV A=1\nCOPY a /a\nRUN pip install flask\n"
    )
    text = "".join(stage.format(number) for number in range(stages))
    document = Documents().open("u", "Dockerfile", None, 1, text)
    assert isinstance(document, OpenDockerfile)
    if is_measured:
        measured(document)
    start = text.index(edit_at)
    count = 0
    for typed in ("x", "y", "z"):  # the first edits fill the caches
        assert document.diagnostics
        count = 0

        def counting(frame: FrameType, event: str, _: object) -> None:
            nonlocal count
            count += event == "call" and "deadweight" in frame.f_code.co_filename

        sys.setprofile(counting)
        try:
            document.apply(Edit(Span(start, start), typed + new))
            found = document.diagnostics
        finally:
            sys.setprofile(None)
        assert found
    return count


@pytest.mark.parametrize("place", ["echo s3", "curl && echo s3", "a comment", "debian:bookworm-slim AS s3", "a /a"])
def test_an_edit_costs_what_it_touches(place: str) -> None:
    few, many = work_of(place, "", 10), work_of(place, "", 300)
    assert many < 2 * few, f"{few} calls with 10 stages, {many} with 300"
    assert few < 3000, f"{few} calls"


def test_a_new_first_line_reads_no_stage() -> None:
    few, many = work_of("FROM", "\n", 10), work_of("FROM", "\n", 300)
    assert few < 500, f"{few} calls"
    assert many - few < 290 * 10, f"{many} calls with 300 stages"


def test_the_opener_of_a_heredoc_is_typed_without_reading_what_lies_behind() -> None:
    stage = "FROM debian:bookworm-slim AS s{0}\nRUN <<EOF\necho s{0}\nEOF\nCOPY a /a\nRUN pip install flask\n"
    tree = parse("".join(stage.format(number) for number in range(100)))
    at = tree.text.index("<<EOF") + len("<<EOF")
    for typed, read in (("_", 30), ("HER", 10), ("E", 10)):
        before, tree = tree, edited(tree, Edit(Span(at, at), typed))
        at += len(typed)
        assert tree == parse(tree.text)
        assert tree.open_heredoc == 1
        assert tree.sections[2:] == before.sections[2:]
        assert len(set(map(id, tree.pieces)) - set(map(id, before.pieces))) < read
    back = edited(tree, Edit(Span(at - len("_HERE"), at), ""))
    assert back == parse(back.text)
    assert back.open_heredoc is None
    assert back.sections[2] is tree.sections[2]


@pytest.mark.parametrize("place", ["echo s3", "a comment", "echo s9"])
def test_an_edit_of_a_measured_file_costs_what_it_touches(place: str) -> None:
    few, many = work_of(place, "", 10, is_measured=True), work_of(place, "", 300, is_measured=True)
    assert many < 2 * few, f"{few} calls with 10 stages, {many} with 300"
    assert few < work_of(place, "", 10) + 200, f"{few} calls"


def test_nothing_is_asked_where_nothing_below_does_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = "RUN echo a && npm ci\nRUN rm -rf /app\nRUN apt-get install -y git\n"
    before = Snapshot(parse(f"FROM node:22 AS a\n# a\nCMD a\n{runs}FROM a\nRUN apt-get install -y curl\n"))
    assert all(layer.asked for layer in (*before.ledgers[0].layers[2:5:2], before.ledgers[1].layers[1]))
    monkeypatch.setattr(Filesystem, "answers", lambda *_: pytest.fail("somebody asks"))
    for old, new in (("# a", "# b"), ("CMD a", "CMD b"), ("echo a", "echo to whom it may concern")):
        layers = before.ledgers[0].layers[3:] + before.ledgers[1].layers
        before = edited_at(before, old, new)
        same = before.ledgers[0].layers[3:] + before.ledgers[1].layers
        assert all(one is other for one, other in zip(layers, same, strict=True))
    with pytest.raises(pytest.fail.Exception, match="somebody asks"):
        list(edited_at(before, "npm ci", "npm i").ledgers)


def test_a_command_that_is_typed_leaves_the_others_of_its_run_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    run = "RUN echo 0 && pip install pandas && export A=1 && npm ci && sh -c 'apt-get install -y git'\n"
    before = Snapshot(parse(f"FROM node:22\nWORKDIR /app\n{run}"), CONTEXT)
    assert len(before.ledgers[0].layers[2].calls) == 5
    read: list[str] = []
    find = catalog.find

    def noting(program: str) -> Tool | None:
        read.append(program)
        return find(program)

    monkeypatch.setattr(catalog, "find", noting)
    for old, new in (("echo 0", "echo one"), ("echo one", "echo")):
        before = edited_at(before, old, new)
        assert come_to(before) == come_to(Snapshot(parse(before.text), CONTEXT))
    del read[:]
    layer = edited_at(before, "echo &&", "echo 2 &&").ledgers[0].layers[2]
    assert read == ["echo"]
    assert [layer.instruction.text[each.place.start :][:3] for each in layer.calls] == [
        "ech",
        "pip",
        "exp",
        "npm",
        "apt",
    ]


def test_a_variable_that_is_typed_has_those_commands_read_that_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = "RUN deps=gi && apt-get install -y $deps && npm ci && tar -x -f a.tgz && apt-get purge -y $deps\n"
    before = Snapshot(parse(f"FROM node:22\n{run}"))
    assert len(before.ledgers[0].layers[1].calls) == 4
    read: list[str] = []
    find = catalog.find

    def noting(program: str) -> Tool | None:
        read.append(program)
        return find(program)

    monkeypatch.setattr(catalog, "find", noting)
    assert edited_at(before, "gi ", "git ").ledgers[0].layers[1].calls
    assert read == ["apt-get", "apt-get"]


def test_a_file_and_a_run_that_reads_it_are_typed_at_once() -> None:
    run = "EOF\nRUN echo {} && pip install -r /app/requirements.txt\n"
    head, old = "FROM python:3.12\nCOPY <<EOF /app/requirements.txt\n", "flask\n" + run.format("a")
    for new in ("pandas\n" + run.format("b"), "flask\n" + run.format("b")):
        assert_follows(head + old, [Edit(Span(len(head), len(head + old)), new)])


def test_a_run_that_is_typed_above_the_same_one_is_another() -> None:
    text = "FROM debian\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n"
    for typed in ("RUN apt-get update\n", "RUN apt-get update && true\n"):
        assert_follows(text, [Edit(Span(12, 12), typed), Edit(Span(12, 12 + len(typed)), "")])


@pytest.mark.parametrize(
    "run",
    [
        "bash -c 'cd /x && npm install && composer install'",
        "bash -c 'echo a > /x && echo a > /y'",
        "{ npm install; composer install; } | tee log",
    ],
)
def test_commands_with_the_same_words_in_one_script_are_told_apart(run: str) -> None:
    before = Snapshot(parse(f"FROM node:22\nRUN {run}\n"))
    assert before.ledgers[0].layers[1].effects
    tree = parse(f"FROM node:22\nRUN {run} && npm cache clean --force\n")
    assert before.edited(tree).ledgers[0].layers[1].effects == Snapshot(tree).ledgers[0].layers[1].effects


@pytest.mark.parametrize(
    ("run", "old", "new"),
    [
        ("curl -fsSL https://example.com/a.tgz | tar -xz -C /opt", "a.tgz", "b.tgz"),
        ("cd /srv && npm ci", "/srv", "/app"),
        ("A=1 && npm ci --prefix $A", "A=1", "A=/app"),
        ("for d in /a /b; do rm -rf $d; done", "/a", "/app"),
        ("pip install pandas && npm ci", "pip install pandas", "npm ci"),
        ("apt-get install -y git && apt-get install -y git", "git", "curl"),
        ("true && rm -rf /app", "true &&", "true ||"),
        ("sh -c 'cd /srv && npm ci'", "/srv", "/app"),
        ("NPM_CONFIG_OMIT=de && npm ci", "=de ", "=dev "),
        ("npm_config_omit=de && npm ci", "=de ", "=dev "),
        ("f() { npm ci --prefix $1; }; a=/srv; f $a", "a=/srv", "a=/app"),
        ("a=/srv && echo $a | xargs rm -rf", "/srv", "/app"),
        ("cat <<EOF > .npmrc && npm ci\nomit=de\nEOF", "de\n", "dev\n"),
        ("{ cat <<EOF; } > .npmrc && npm ci\nomit=de\nEOF", "de\n", "dev\n"),
        ("<<EOF\na=de\ncat <<X > .npmrc\nomit=$a\nX\nnpm ci\nEOF", "=de\n", "=dev\n"),
    ],
)
def test_a_call_is_read_again_where_what_lies_around_it_is_another(run: str, old: str, new: str) -> None:
    text = f"FROM node:22\nWORKDIR /app\nCOPY . .\nRUN {run}\nRUN rm -rf /app /b\n"
    start = text.index(old, text.index("RUN"))
    assert_follows(text, [Edit(Span(start, start + len(old)), new), Edit(Span(start, start + len(new)), old)])


def test_what_lies_under_a_path_is_asked_of_the_layer_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = "".join(f"COPY package.json /srv/{number}/\n" for number in range(200))
    late = "RUN chown -R 1000 /srv\nRUN rm -rf /srv/7\n"
    before = Snapshot(parse(f"FROM node:22\nRUN echo 0\n{copies}{late}"), CONTEXT)
    assert len(check(before).found) > 1
    asked: list[str] = []
    part_of = Filesystem.part_of

    def noting(self: Filesystem, effect: Effect, path: str) -> Effect | None:
        asked.append(path)
        return part_of(self, effect, path)

    monkeypatch.setattr(Filesystem, "part_of", noting)
    after = edited_at(before, "echo 0", "npm i left-pad")
    assert check(after).found
    assert 0 < len(asked) < 20


@pytest.mark.parametrize(("file", "reader"), [("/opt/app.conf", None), ("/etc/apt/apt.conf.d/9", 2), ("/srv/a", 3)])
def test_a_text_that_is_typed_reaches_those_who_read_it(
    file: str, reader: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = "RUN apt-get install -y git\nRUN cp -r /srv /data\n" * 30
    before = Snapshot(parse(f"FROM debian:12\nRUN echo 'a 0;' > {file}\n{runs}"))
    assert len(before.ledgers[0].layers) == 62
    texts, held = counted(monkeypatch, Filesystem, "_texts"), counted(monkeypatch, Filesystem, "_held")
    layers = edited_at(before, "a 0;", "APT::Install-Recommends 0;").ledgers[0].layers
    others = [at for at, was in enumerate(before.ledgers[0].layers) if was is not layers[at]]
    assert others[:2] == ([1] if reader is None else [1, reader])
    assert (texts[0] + held[0] == 0) == (reader is None)


def counted(monkeypatch: pytest.MonkeyPatch, home: ModuleType | type, name: str) -> list[int]:
    """How often a function of a module or a class is called from now on, in a list of one."""
    calls, function = [0], getattr(home, name)

    def counting(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        return function(*arguments, **named)

    monkeypatch.setattr(home, name, counting)
    return calls


def test_what_a_layer_takes_away_is_looked_for_among_its_like(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = "".join(f"RUN apt-get install -y p{number}\nRUN apt-get purge -y p{number}\n" for number in range(100))
    after, part = counted(monkeypatch, playing, "_rest_after"), counted(monkeypatch, undone, "_part")
    assert check(Snapshot(parse(f"FROM debian:bookworm\n{runs}"))).found
    assert 0 < after[0] < 1000
    assert 0 < part[0] < 1000


def test_what_is_copied_again_is_looked_for_among_its_like(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = "".join(f"COPY a{number} /srv/a{number}\nCOPY a{number} /srv/a{number}\n" for number in range(100))
    again = counted(monkeypatch, filesystem, "_is_copied_again")
    snapshot = Snapshot(parse(f"FROM debian:bookworm\n{copies}RUN chown -R app /srv\n"), CONTEXT)
    (rewritten,) = [each.cause for each in snapshot.ledgers[0].layers[-1].kept]
    assert isinstance(rewritten, Rewritten)
    assert [site.step for site, _ in rewritten.sources] == list(range(2, 201, 2))
    assert 0 < again[0] < 1000


def test_a_layer_that_stays_does_not_hold_those_it_was_read_on() -> None:
    snapshot = Snapshot(parse("FROM node:22\nRUN echo 0 && npm i\nRUN apt-get install -y git && rm -rf /a\n"))
    last, below = snapshot.ledgers[0].layers[2], weakref.ref(snapshot.ledgers[0].stacks[1])
    assert last.asked
    for number in range(3):
        snapshot = edited_at(snapshot, f"echo {number}", f"echo {number + 1}")
        assert snapshot.ledgers[0].layers[2] is last
    gc.collect()
    assert below() is None


def test_a_stage_that_takes_the_name_of_one_above_is_noticed_where_that_is_copied_from() -> None:
    text = "FROM debian AS a\nCOPY . /app\nFROM debian\nCOPY --from=a /app /a\nCOPY --from=0 /app /b\n"
    more = "COPY --from=0 /app /c\nFROM debian AS a\nCOPY --from=1 / /\n"
    assert_follows(text, [Edit(Span(len(text), len(text)), more)])


def test_a_stage_that_loses_its_name_is_an_image_where_it_is_copied_from() -> None:
    text = "FROM node:22 AS build\nCOPY . /app\nFROM debian\nCOPY --from=build /app /app\n"
    assert_follows(text, [Edit(Span(0, 1), "FROM build\n"), Edit(Span(0, 11), "F")])


def test_a_stage_that_is_renamed_is_called_so_where_it_is_copied_from() -> None:
    text = "FROM node:22 AS build\nCOPY . /app\nFROM debian\nCOPY --from=0 /app /app\n"
    before = Snapshot(parse(text), CONTEXT)
    (copied,) = [each.cause for each in before.ledgers[1].layers[1].kept]
    assert isinstance(copied, CopiedFromStage)
    assert copied.stage == "build"
    (copied,) = [each.cause for each in edited_at(before, "build", "made").ledgers[1].layers[1].kept]
    assert isinstance(copied, CopiedFromStage)
    assert copied.stage == "made"


def test_actions_that_were_listed_for_another_text_are_forgotten() -> None:
    document = Documents().open("untitled:Dockerfile", "Dockerfile", None, None, "FROM a\n")
    assert isinstance(document, OpenDockerfile)
    document.listed = (Action("Change it", QUICK_FIX, (Edit(Span(5, 6), "b"),)),)
    document.apply(Edit(Span(0, 0), "# a longer text\n"))
    assert not document.listed


def test_an_edited_line_falls_back_to_its_estimate_and_undo_brings_back_what_was_measured() -> None:
    text = "FROM debian\nRUN make a\nRUN make b\n"
    document = Documents().open("u", "Dockerfile", None, 1, text)
    assert isinstance(document, OpenDockerfile)
    measured(document)

    def now() -> list[int | None]:
        layers = document.snapshot.ledgers[0].layers
        return [layer.measured.best if layer.measured else None for layer in layers]

    before = document.snapshot.ledgers[0].layers
    assert now() == [0, 1, 2]
    end = text.index("\nRUN make b")
    document.apply(Edit(Span(end, end), "x"))
    assert now() == [0, None, 2]
    assert document.snapshot.ledgers[0].layers[2] is before[2]  # with all that was found out about it
    document.apply(Edit(Span(end, end + 1), ""))
    document.apply(Edit(Span(0, 0), "# a comment\n\n"))
    assert now() == [0, 1, 2]
    document.weigh(None)
    assert now() == [None, None, None]
