"""What makes the start quick changes nothing: classes finished and methods compiled on first use, less imported."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import pytest_lsp
from lsprotocol import types
from pygls.protocol import default_converter

from deadweight.lsp import converter as converter_module
from deadweight.lsp.converter import make_converter
from protocol_classes import classes, objects, passed_on
from sessions import SECONDS, SERVER

if TYPE_CHECKING:
    from cattrs import Converter

TESTS = Path(__file__).parent
PAGE = """\
FROM node:22
WORKDIR /app
RUN apt-get update && apt-get install -y curl
COPY . .
RUN npm ci && rm -rf /root/.npm
"""


def lsprotocols_own() -> Converter:
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    return made


def python(code: str, *arguments: str, **environment: str) -> str:
    """What a new Python says that runs `code`; it looks for modules in the folder `before` and in the tests first."""
    path = os.pathsep.join(filter(None, (environment.pop("before", ""), str(TESTS), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- classes that are finished on first use ---


def test_every_class_is_as_the_plain_one() -> None:
    code = "import deadweight.lsp, protocol_classes; protocol_classes.main()"
    unfinished, lazy = json.loads(python(code))
    _, plain = json.loads(python(code, DEADWEIGHT_EAGER_TYPES="1"))
    assert unfinished > 500
    assert len(plain) > 500
    for name, seen in plain.items():
        assert lazy[name] == seen, name


def test_what_people_do_with_classes() -> None:
    python("""
        import deadweight.lsp
        import copy, inspect
        import attrs
        from cattrs import Converter
        from deadweight.lsp import lazy_types
        from lsprotocol import types

        class Mine(types.Hover):
            def __init__(self, text):
                super().__init__(contents=text)
                self.text = text

        @attrs.define
        class More(types.FoldingRange):
            extra: int = 0

        class Plain(types.WorkspaceFolder):
            pass

        mine = Mine("a")
        assert isinstance(mine, types.Hover) and (mine.contents, mine.range, mine.text) == ("a", None, "a")
        assert [each.name for each in attrs.fields(More)][-1] == "extra" and More(1, 2, extra=3).end_line == 2
        assert Plain("u", "n") == Plain(uri="u", name="n") != types.WorkspaceFolder("u", "n")
        assert str(inspect.signature(Plain)) == str(inspect.signature(types.WorkspaceFolder))

        edit = types.TextEdit(types.Range(types.Position(1, 2), types.Position(3, 4)), "new")
        assert copy.deepcopy(edit) == edit == copy.copy(edit) == attrs.evolve(edit)
        match edit:
            case types.TextEdit(range_, "new"):
                assert range_ is edit.range
        assert attrs.has(types.Command) and not attrs.has(types.LSPObject)
        assert types.Diagnostic.__doc__.startswith("Represents a diagnostic") and types.Moniker.__annotations__
        assert not isinstance(edit, types.Command)
        assert Converter().structure({"uri": "u", "name": "n"}, types.WorkspaceFolder).name == "n"
        assert lazy_types.unfinished() > 500
    """)


def test_classes_finish_in_any_thread() -> None:
    python("""
        import deadweight.lsp
        from concurrent.futures import ThreadPoolExecutor
        from lsprotocol import types

        with ThreadPoolExecutor(8) as pool:
            for _ in range(20):
                made = [pool.submit(cls, "a", "b") for cls in [types.WorkspaceFolder, types.Command] * 8]
                assert {each.result().title for each in made[1::2]} == {"a"}
    """)


def test_the_module_of_the_protocol_gives_and_lists_what_it_has_promised() -> None:
    code = """
        import deadweight.lsp
        from lsprotocol import types
        from lsprotocol.types import *

        assert types.HoverResult == types.ALL_TYPES_MAP["HoverResult"] and not hasattr(types, "NoSuchThing")
        assert types.ALL_TYPES_MAP.get("NoSuchThing", 1) == 1 and "Hover" in types.ALL_TYPES_MAP
        assert types.METHOD_TO_TYPES["textDocument/hover"][0] is types.HoverRequest is HoverRequest
        assert types.is_special_class(types.HoverRequest) and not types.is_special_class(types.Hover)
        assert types.MarkupKind("markdown") is MarkupKind.Markdown is types.ALL_TYPES_MAP["MarkupKind"].Markdown
        assert types.ALL_TYPES_MAP == {name: getattr(types, name) for name in types.ALL_TYPES_MAP}
        known = [name for name in dir(types) if not name.startswith("__") and name != "attrs"]
        print(known, list(types.ALL_TYPES_MAP), len(types.METHOD_TO_TYPES), *map(str, types.METHOD_TO_TYPES.values()))
        print({name: repr(getattr(types, name)) for name in known if "0x" not in repr(getattr(types, name))})
    """
    assert python(code) == python(code, DEADWEIGHT_EAGER_TYPES="1")


def test_lsprotocols_own_converter_resolves_no_class_twice() -> None:
    python("""
        import deadweight.lsp
        from deadweight.lsp import lazy_types
        from lsprotocol import _hooks, converters, types

        before = lazy_types.unfinished()
        converter = converters.get_converter()
        assert before - lazy_types.unfinished() < 5
        given = {"range": {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}}, "newText": "a"}
        assert converter.structure(given, types.TextEdit).range.end.line == 3
        # Should this go by another name one day, all classes are finished, and all is well.
        _hooks._resolved_forward_references = False
        assert converters.get_converter().structure(given, types.TextEdit).new_text == "a"
        assert lazy_types.unfinished() == 0
    """)


AS_EXPECTED = """\
import attrs
from typing import Optional

class Nothing:
    pass

@attrs.define
class First:
    "Finished at once, to see whether it works."

@attrs.define
class Thing:
    a: int = attrs.field(validator=attrs.validators.instance_of(int))
    next: Optional["Thing"] = attrs.field(default=None)

    # methods

ALL_TYPES_MAP = {"Nothing": Nothing, "First": First, "Thing": Thing}
"""
METHOD = "def double(self):\n        return self.a * 2"
FROM_ATTRS = "from attrs import define, field, validators; import attrs\n"


@pytest.mark.parametrize(
    ("change", "unfinished"),
    [
        ({}, 1),
        ({"import attrs\n": FROM_ATTRS, "@attrs.": "@"}, 1),
        ({"# methods": METHOD}, 0),  # only this class
        ({"import attrs\n": "import attrs, attr\n", "@attrs.": "@attr."}, 0),
        ({"@attrs.define": "@attrs.define(slots=False)"}, 0),
        ({"ALL_TYPES_MAP =": "one = Thing(1)\nALL_TYPES_MAP ="}, 0),
        ({"ALL_TYPES_MAP": "TYPES"}, 0),
    ],
)
def test_an_lsprotocol_that_is_written_otherwise_is_imported_plainly(
    change: dict[str, str], unfinished: int, tmp_path: Path
) -> None:
    found = python(
        """
        from deadweight.lsp import lazy_types
        import lsprotocol
        from lsprotocol import types
        print(lazy_types.unfinished(), types.Thing(1, types.Thing(2)).next.a, types is lsprotocol.types)
        """,
        before=fake_lsprotocol(tmp_path, change),
    )
    assert found == f"{unfinished} 2 True\n"


def test_an_lsprotocol_that_imports_its_types_itself_is_left_alone(tmp_path: Path) -> None:
    path = fake_lsprotocol(tmp_path, {})
    (tmp_path / "lsprotocol" / "__init__.py").write_text("from . import types; first = types.Thing")
    python(
        "import deadweight.lsp, lsprotocol.types; assert lsprotocol.first is lsprotocol.types.Thing", PYTHONPATH=path
    )


def test_an_lsprotocol_that_cannot_be_imported_says_so_itself(tmp_path: Path) -> None:
    code = """
        import deadweight.lsp
        try:
            import lsprotocol.types
        except ModuleNotFoundError as error:
            print(error.name)
    """
    assert python(code, before=fake_lsprotocol(tmp_path, {"import attrs": "import no_such_module"})) == (
        "no_such_module\n"
    )


def fake_lsprotocol(folder: Path, change: dict[str, str]) -> str:
    """A package of this name in a folder, which comes back as what `python` takes."""
    source = AS_EXPECTED
    for old, new in change.items():
        assert old in source
        source = source.replace(old, new)
    (folder / "lsprotocol").mkdir()
    for name, text in (("__init__", ""), ("_hooks", ""), ("types", source)):
        (folder / "lsprotocol" / f"{name}.py").write_text(text)
    return str(folder)


def test_types_that_are_there_already_stay() -> None:
    python("""
        from lsprotocol import types
        hover = types.Hover
        from deadweight.lsp import lazy_types
        import deadweight.lsp.server
        assert lazy_types.unfinished() == 0 and not lazy_types.import_types()
        from lsprotocol import types
        assert types.Hover is hover and deadweight.lsp.server.types is types
    """)


# --- JSON and objects ---


@pytest.mark.parametrize("often", [1, 100])
def test_what_the_converter_makes_is_what_lsprotocols_own_makes(often: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converter_module, "_OFTEN", often)
    ours, theirs = make_converter(), lsprotocols_own()
    compared = 0
    for cls in classes():
        for given in objects(cls):
            expected = passed_on(theirs, cls, given)
            # lsprotocol's own cannot read one class, and cannot write an answer without a result.
            if "Error" not in expected:
                assert passed_on(ours, cls, given) == expected
                compared += 1
    assert compared > 8_000


def test_thousands_of_objects_are_converted_alike() -> None:
    converter = make_converter()
    place = {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 3}}
    for number in range(1_000):
        given = {"range": place, "newText": str(number)}
        made = converter.structure(given, types.TextEdit)
        assert (made.range.start.character, made.new_text) == (2, str(number))
        assert converter.unstructure(made) == given


@pytest.mark.parametrize("name", ["visual-studio-code", "neovim", "emacs"])
def test_capabilities_are_read_when_asked_for_and_are_the_same(name: str) -> None:
    plain = pytest_lsp.client_capabilities(name)
    read = make_converter().structure(lsprotocols_own().unstructure(plain), types.ClientCapabilities)
    assert isinstance(read, types.ClientCapabilities)
    assert read.text_document is read.text_document
    assert attrs.asdict(read) == attrs.asdict(plain)
    with pytest.raises(AttributeError):
        _ = read.no_such_thing  # type: ignore[attr-defined]


def test_a_capability_that_cannot_be_read_is_as_good_as_left_out() -> None:
    given: dict[str, Any] = {"textDocument": 5, "workspace": {"applyEdit": True, "workspaceEdit": [1]}, "general": {}}
    read = make_converter().structure(given, types.ClientCapabilities)
    assert read.text_document is None
    assert read.workspace is not None
    assert (read.workspace.apply_edit, read.workspace.workspace_edit) == (True, None)


# --- sessions ---


def frame(**message: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def greeting(name: str, folder: Path) -> bytes:
    capabilities = lsprotocols_own().unstructure(pytest_lsp.client_capabilities(name))
    params = {"capabilities": capabilities, "processId": None, "rootUri": folder.as_uri(), "clientInfo": {"name": name}}
    return frame(id=1, method="initialize", params=params) + frame(method="initialized", params={})


def opened(folder: Path) -> bytes:
    (folder / "package.json").write_text('{"dependencies": {}}')
    document = {"uri": (folder / "Dockerfile").as_uri(), "languageId": "dockerfile", "version": 1, "text": PAGE}
    return frame(method="textDocument/didOpen", params={"textDocument": document})


@pytest.mark.parametrize("name", ["visual-studio-code", "neovim"])
def test_a_session_is_the_same_to_the_byte(name: str, tmp_path: Path) -> None:
    document = {"uri": (tmp_path / "Dockerfile").as_uri()}
    start, end = {"line": 0, "character": 2}, {"line": 5, "character": 0}
    span = {"start": start, "end": end}
    typed = {"range": {"start": end, "end": end}, "text": "RUN pip install pandas\n"}
    asked = (
        ("textDocument/hover", {"textDocument": document, "position": start}),
        ("textDocument/diagnostic", {"textDocument": document}),
        ("textDocument/inlayHint", {"textDocument": document, "range": span}),
        ("textDocument/codeAction", {"textDocument": document, "range": span, "context": {"diagnostics": []}}),
        ("textDocument/hover", {"textDocument": document, "position": {"line": -1}}),
        ("workspace/noSuchThing", {"a": [1]}),
        ("shutdown", None),
    )
    version = {**document, "version": 2}
    sent = [
        greeting(name, tmp_path),
        opened(tmp_path),
        frame(method="textDocument/didChange", params={"textDocument": version, "contentChanges": [typed]}),
        frame(method="textDocument/didSave", params={"textDocument": document}),
        frame(method="workspace/didChangeConfiguration", params={"settings": {"deadweight": {"minSaving": "no"}}}),
        *(frame(id=number, method=method, params=params) for number, (method, params) in enumerate(asked, 2)),
        frame(method="exit"),
    ]
    answers = []
    for eager in ("1", "0"):
        environment = {**os.environ, "DEADWEIGHT_EAGER_TYPES": eager, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            SERVER, input=b"".join(sent), env=environment, capture_output=True, timeout=SECONDS, check=False
        )
        said = re.sub(rb'"id": "[0-9a-f-]{36}"', b'"id": "by chance"', done.stdout)
        answers.append((done.returncode, said, done.stderr))
    assert answers[0] == answers[1]
    assert answers[0][0] == 0
    assert answers[0][1].count(b'"jsonrpc"') > len(asked)


UNTIL_THE_FIRST_DIAGNOSTICS = r"""
        class Writer:
            said = b""
            def write(self, data):
                self.said += data

        server, writer, sent = make_server(), Writer(), open(sys.argv[1], "rb").read()
        server.protocol.set_writer(writer)

        async def receive():
            server.protocol.receive(sent)
            server.show_changed()

        asyncio.run(receive())
"""
MOST_FINISHED, MOST_MADE = 40, 70  # classes until the first diagnostics
NOT_IMPORTED = {
    *("argparse", "difflib", "email", "http", "importlib.metadata", "importlib.resources", "lzma", "multiprocessing"),
    *("random", "shutil", "_ssl", "tempfile", "tomllib", "unittest", "urllib.request", "websockets", "zipfile"),
    "dockerfile_parse",
}


def test_few_classes_are_made_and_finished_until_the_first_diagnostics(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(greeting("visual-studio-code", tmp_path) + opened(tmp_path))
    found = python(
        r"""
        import asyncio, sys
        from deadweight.lsp import lazy_types
        from deadweight.lsp.server import make_server

        before = lazy_types.unfinished()
        """
        + UNTIL_THE_FIRST_DIAGNOSTICS
        + r"""
        from lsprotocol import types
        made = [name for name, each in vars(types).items() if isinstance(each, type)]
        print(b"publishDiagnostics" in writer.said, before - lazy_types.unfinished(), len(made))
        """,
        str(tmp_path / "sent"),
    )
    published, finished, made = found.split()
    assert published == "True"
    assert 10 < int(finished) <= MOST_FINISHED
    assert int(finished) < int(made) <= MOST_MADE


MOST_MODULES, MOST_METHODS = 210, 155  # of ours loaded, and written, until the first diagnostics
NOT_LOADED = {
    *("attr.validators", "ipaddress", "textwrap", "pygls.client", "pygls.lsp._base_client", "deadweight.cli.check"),
    *("deadweight.cli.findings", "deadweight.facts.downloads", "deadweight.model.commands.maven"),
    *("deadweight.model.multi_stage.assembling", "deadweight.model.multi_stage.production"),
    *("deadweight.rules.copying_first", "deadweight.rules.mounting", "deadweight.rules.stage_writing", "locale"),
}


def test_few_modules_are_loaded_and_methods_written_until_the_first_diagnostics(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(greeting("visual-studio-code", tmp_path) + opened(tmp_path))
    found = python(
        r"""
        import sys
        from deadweight.cli import quick_classes, quick_start
        quick_start.compile_on_first_use()
        import asyncio, json
        from types import ModuleType
        from deadweight.lsp.server import make_server

        """
        + UNTIL_THE_FIRST_DIAGNOSTICS
        + r"""
        assert b"publishDiagnostics" in writer.said
        loaded = [name for name, each in sys.modules.items() if type(each) is ModuleType]
        made = [*quick_classes._dataclasses, *quick_classes._named_tuples]
        methods = [vars(cls).get(name) for cls in made for name in ("__init__", "__eq__", "__hash__", "__new__")]
        written = [each for each in methods if each and type(each) is not quick_classes._Unwritten]
        print(json.dumps([loaded, len(made), len(written)]))
        """,
        str(tmp_path / "sent"),
    )
    loaded, classes, written = json.loads(found)
    ours = {name for name in loaded if name.startswith("deadweight.")}
    assert "deadweight.rules.edits" in ours
    assert len(ours) <= MOST_MODULES, len(ours)
    assert NOT_LOADED.isdisjoint(loaded), NOT_LOADED & set(loaded)
    assert classes > 150
    assert 20 < written <= MOST_METHODS, written


def test_the_server_imports_nothing_that_the_first_diagnostics_do_without(tmp_path: Path) -> None:
    sent = greeting("visual-studio-code", tmp_path) + opened(tmp_path)
    command = [SERVER[0], "-X", "importtime", *SERVER[1:]]
    done = subprocess.run(command, input=sent, capture_output=True, timeout=SECONDS, check=False)
    assert b"publishDiagnostics" in done.stdout
    imported = set(re.findall(r"\| +(\S+)$", done.stderr.decode(), re.MULTILINE))
    assert {"asyncio", "pygls.lsp.server", "deadweight.lsp.server", "deadweight.rules.catalog"} <= imported
    assert imported.isdisjoint(NOT_IMPORTED), imported & NOT_IMPORTED


@pytest.mark.parametrize("name", ["Dockerfile", "notes.txt"])
def test_the_garbage_collector_is_off_until_a_document_is_open_and_then_leaves_what_is_there_alone(name: str) -> None:
    python(rf"""
        name = {name!r}
        import gc
        gc.disable()
        from deadweight.lsp.server import make_server, _did_open
        server = make_server()
        server.protocol.writer = type("Writer", (), dict(write=lambda *_: None))()
        assert not gc.isenabled() and gc.get_freeze_count() == 0
        item = dict(uri=f"untitled:{{name}}", languageId="any", version=1, text="FROM scratch\n")
        _did_open(server, dict(textDocument=item))
        assert gc.isenabled() and gc.get_freeze_count() > 10_000
    """)


# --- what is compiled on first use ---


DATACLASSES = """
    import dataclasses, sys
    from dataclasses import dataclass, field

    if sys.argv[1:]:
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()

    @dataclass(frozen=True, slots=True, order=True)
    class Point:
        "A point."
        x: int
        y: list = field(default_factory=list, hash=False)
        next: "Point | None" = field(default=None, compare=False)

    @dataclass(frozen=True, slots=True, order=True)
    class More(Point):
        "More."
        z: int = 3

        def __repr__(self):
            return f"More {super(More, self).__repr__()}"

    @dataclass
    class Own:
        "With an initialiser of its own."
        a: int = 1
        def __init__(self, a):
            self.a = a

    @dataclass
    class Slotted:
        "With slots of its own."
        __slots__ = ("a",)
        a: int

    @dataclass(init=False, repr=False, eq=False)
    class Bare:
        "Nothing to write."

    def attempt(act):
        try:
            print(act())
        except Exception as error:
            print(type(error).__name__, error)

    one = Point(1)
    object.__setattr__(one, "next", one)
    for act in (
        lambda: one, lambda: More(1, z=2), lambda: Point(), lambda: Point(1, w=2), lambda: Point(1, 2, 3, 4),
        lambda: [Point(1) == Point(1), Point(1) == More(1), Point(1) != Point(2), Point(1) == 1],
        lambda: [Point(1) < Point(2), More(1) >= More(1)], lambda: Point(1) < More(1), lambda: Point(1) < 1,
        lambda: hash(Point(1)) == hash(Point(1)) != hash(Point(2)), lambda: Point.__hash__(one) == hash(one),
        lambda: setattr(More(1), "z", 2), lambda: dataclasses.replace(Point(1), x=2), lambda: Own(2) == Own(2),
        lambda: dataclasses.asdict(More(1)), lambda: Point.__eq__.__qualname__, lambda: sorted([Point(2), Point(1)]),
        lambda: isinstance(Bare(), Bare), lambda: {Point(1): 1}[Point(1)], lambda: Own(1), lambda: hash(Own(1)),
        lambda: [Slotted(1), Slotted(1) == Slotted(1)], lambda: Slotted(),
    ):
        attempt(act)
"""


NAMED_TUPLES = """
    import copy, pickle, sys
    from typing import Generic, NamedTuple, TypeVar

    if sys.argv[1:]:
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()

    class Point(NamedTuple):
        "A point."
        x: int
        y: "list[int]" = [1]

        @property
        def sum(self):
            return self.x + sum(self.y)

    class Nothing(NamedTuple):
        "Nothing."

    class More(Point):
        "A point."
        def __new__(cls, x):
            return super().__new__(cls, x + 1)

    def generic():
        class Of(NamedTuple, Generic[TypeVar("T")]):  # from Python 3.11 on
            one: int
        return Of(1), Of[int]

    def attempt(act):
        try:
            print(act())
        except Exception as error:
            print(type(error).__name__, error)

    for act in (
        lambda: Point(1), lambda: Point(y=2, x=1), lambda: Point(), lambda: Point(1, w=2), lambda: Point(1, 2, 3),
        lambda: [Point(1) == (1, [1]), Point(1) == Point(2), Point(1) < Point(2), hash(Point(1, 2)) == hash((1, 2))],
        lambda: [Point(1).x, Point(1).y, Point(1).sum, Point.x.__doc__, Point.__doc__, Point.__new__.__qualname__],
        lambda: [Point._fields, Point._field_defaults, Point.__match_args__, Point.__slots__, Point.__mro__],
        lambda: [Point(1)._replace(x=2), Point._make((1, 2)), Point(1)._asdict(), copy.copy(Point(1))],
        lambda: Point(1)._replace(w=2), lambda: Point._make((1, 2, 3)), lambda: setattr(Point(1), "x", 2),
        lambda: [Nothing(), Nothing() == (), More(1), isinstance(More(1), Point)], generic,
        lambda: pickle.loads(pickle.dumps(Point(1))),
    ):
        attempt(act)
"""


@pytest.mark.parametrize("code", [DATACLASSES, NAMED_TUPLES])
def test_classes_whose_methods_are_written_on_first_use_do_the_same(code: str) -> None:
    assert python(code) == python(code, "later")


def test_the_methods_of_a_class_are_written_when_they_are_called() -> None:
    python("""
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()
        from deadweight.snapshot import Options
        from deadweight.model.effects import Nth

        def written(cls):
            return {name for name, each in vars(cls).items() if type(each).__name__ in ("function", "staticmethod")}

        before = written(Options)
        options = Options()
        assert written(Options) - before == {"__init__"}
        assert options == Options()
        assert written(Options) - before == {"__init__", "__eq__"}
        before = written(Nth)
        assert "__new__" not in before
        Nth(1)
        assert written(Nth) - before == {"__new__"}
    """)


def test_modules_are_loaded_when_something_of_them_is_used() -> None:
    python("""
        import sys
        from types import ModuleType
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()
        from deadweight.features import topics, what_not_to_optimise
        from deadweight.model.commands import sbt
        from deadweight.size.units import Size

        assert type(sbt) is not ModuleType and sys.modules["deadweight.model.commands.sbt"] is sbt
        assert type(sys.modules["deadweight.size.units"]) is ModuleType
        assert sbt.TOOLS and type(sbt) is ModuleType and sbt.__spec__.loader.name == sbt.__name__
        assert what_not_to_optimise.__doc__
        try:
            sbt.no_such_thing
        except AttributeError as error:
            assert "no_such_thing" in str(error)
        try:
            from deadweight.model.commands import no_such_module
        except ImportError as error:
            assert "no_such_module" in str(error)
        import textwrap, urllib.parse
        assert urllib.parse.urlsplit("http://[::1]/").hostname == "::1" and textwrap.dedent(" a") == "a"
    """)


BYTE_CODE = """
    import os, py_compile, sys
    from importlib import import_module
    from pathlib import Path

    if sys.argv[2:]:
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()

    def module(name, source, compiled=None, *, older=0, mode=py_compile.PycInvalidationMode.TIMESTAMP, place=None):
        path = Path(sys.argv[1], "sample", f"{name}.py")
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        if compiled:
            path.write_text(compiled)
            py_compile.compile(str(path), dfile=place, doraise=True, invalidation_mode=mode)
        made = path.stat().st_mtime_ns if compiled else 0
        path.write_text(source)
        if compiled:
            os.utime(path, ns=(made, made + older))
        return path

    module("plain", "SAID = 1")
    module("fresh", "SAID = 1", "SAID = 2")
    module("changed", "SAID = 1", "SAID = 2", older=2_000_000_000)
    module("longer", "SAID = 11", "SAID = 2")
    module("unchecked", "SAID = 1", "SAID = 2", mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    module("checked", "SAID = 1", "SAID = 2", mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    module("moved", "def f(): 1 / 0", "def f(): 1 // 0", place="elsewhere.py")
    module("broken", "SAID = 1 +")
    for name, data in (("short", 7), ("cut", 20)):
        path = module(name, "SAID = 1", "SAID = 2")
        cached = Path(import_module("importlib.util").cache_from_source(path))
        cached.write_bytes(cached.read_bytes()[:data])
    sys.path.insert(0, sys.argv[1])
    for name in "plain fresh changed longer unchecked checked moved short cut broken none".split():
        try:
            made = import_module(f"sample.{name}")
            print(name, getattr(made, "SAID", None), made.__file__ == made.__spec__.origin, made.__cached__[-30:])
        except Exception as error:
            print(name, type(error).__name__)
    import sample.moved
    print(sample.moved.f.__code__.co_filename == sample.moved.__file__)
"""


def test_byte_code_is_trusted_where_python_trusts_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = python(BYTE_CODE, str(tmp_path / "a"))
    assert re.findall(r"^(\w+) 2", plain, re.MULTILINE) == ["fresh", "unchecked"]
    assert plain == python(BYTE_CODE, str(tmp_path / "b"), "later")


def test_modules_that_wait_look_like_any_other() -> None:
    code = """
        import sys
        if sys.argv[1:]:
            from deadweight.cli.quick_start import compile_on_first_use
            compile_on_first_use()
        import deadweight.model.commands.sbt as sbt, attr.validators, cattrs.gen, asyncio.subprocess
        from deadweight.size import units
        for module in (sbt, units, attr.validators, cattrs.gen, asyncio.subprocess):
            spec = module.__spec__
            print(module.__name__, module.__package__, module.__file__, module.__doc__, module)
            print(spec.name, spec.origin, spec.parent, spec.cached, spec.has_location, spec.submodule_search_locations)
            print(module.__cached__, spec.loader.get_filename(spec.name), len(spec.loader.get_source(spec.name)))
            print(module.__loader__ is spec.loader, hasattr(module, "__path__"), sorted(vars(module)))
    """
    assert python(code) == python(code, "later")


def test_our_regular_expressions_are_compiled_on_first_use_and_those_of_others_at_once() -> None:
    python("""
        import re
        from deadweight.cli.quick_start import compile_on_first_use
        compile_on_first_use()
        from deadweight.settings import _SIZE as size
        assert not isinstance(size, re.Pattern)
        assert size.fullmatch("3 MB")[1] == "3" and size.fullmatch is size.fullmatch
        assert isinstance(re.compile("a", re.ASCII), re.Pattern)
        import string
        assert string.Template("$a").substitute(a=1) == "1"
    """)


def test_nothing_is_put_off_where_it_is_not_wanted() -> None:
    code = """
        import dataclasses, re
        from deadweight.cli.quick_start import compile_on_first_use
        before = re.compile
        compile_on_first_use()
        assert re.compile is before and "exec" not in vars(dataclasses)
    """
    python(code, DEADWEIGHT_EAGER_TYPES="1")


def test_asyncio_without_tls_works_and_tls_is_there_for_others() -> None:
    python("""
        import sys
        from deadweight.cli.quick_start import import_asyncio
        import_asyncio()
        assert "ssl" not in sys.modules
        import asyncio
        async def talk():
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
            server.close()
        asyncio.run(talk())
        import ssl
        assert ssl.create_default_context()
        import_asyncio()
    """)


def test_a_regular_expression_is_only_asked_for_its_methods() -> None:
    """`re.sub(_WORD, ...)` fails where `_WORD` is not compiled yet; `_WORD.sub(...)` does not."""
    sources = list((TESTS.parent / "server" / "deadweight").rglob("*.py"))
    assert sources
    for path in sources:
        tree = ast.parse(path.read_text("utf-8"))
        assigned = [each for each in tree.body if isinstance(each, ast.Assign)]
        compiled = [each for each in assigned if ast.unparse(each.value).startswith("re.compile(")]
        names = {ast.unparse(target) for each in compiled for target in each.targets}
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
        for call in (each for each in calls if ast.unparse(each.func).startswith("re.")):
            given = (*call.args, *(each.value for each in call.keywords))
            assert not any(isinstance(each, ast.Name) and each.id in names for each in given), ast.unparse(call)
