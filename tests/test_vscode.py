"""The VS Code extension as far as Python can tell: its manifest is whole and fresh, its lockfile has what we need."""

from __future__ import annotations

import ast
import json
import platform
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tree_sitter
from packaging.requirements import Requirement

import deadweight
import elf
import vsix
import wheels
from deadweight.workspace.discover import kind_of
from develop import vscode_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "client-vscode"
MANIFEST: dict[str, Any] = json.loads((CLIENT / "package.json").read_text("utf-8"))
CONTRIBUTES = MANIFEST["contributes"]
SOURCES = "\n".join(path.read_text("utf-8") for path in sorted((CLIENT / "src").glob("*.ts")))
NAMES = (
    "Dockerfile", "dockerfile", "Dockerfile.dev", "api.Dockerfile", "api.dockerfile", "Containerfile",
    "Containerfile.a", "a.containerfile", ".dockerignore", "Dockerfile.dockerignore", ".containerignore",
    "a.containerignore",
)  # fmt: skip


def matches(name: str, globs: Iterable[str]) -> bool:
    patterns = (re.escape(each).replace(r"\*", "[^/]*") for each in globs)
    return any(re.fullmatch(each, name) for each in patterns)


# The manifest


def test_version_and_settings_are_the_servers() -> None:
    assert vscode_manifest.main("--check") == 0, "run python server/develop/vscode_manifest.py"
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    assert MANIFEST["version"] == lock["version"] == lock["packages"][""]["version"] == deadweight.__version__


def test_a_stale_manifest_is_found_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = json.loads(json.dumps(MANIFEST))
    del stale["contributes"]["configuration"][0]["properties"]["deadweight.minSaving"]
    path = tmp_path / "package.json"
    path.write_text(json.dumps(stale), "utf-8")
    monkeypatch.setattr(vscode_manifest, "MANIFEST", path)
    assert vscode_manifest.main("--check") == 1
    assert vscode_manifest.main() == vscode_manifest.main("--check") == 0
    assert json.loads(path.read_text("utf-8")) == MANIFEST


def test_every_file_that_the_manifest_names_is_there_or_made() -> None:
    width, height = struct.unpack(">II", (CLIENT / MANIFEST["icon"]).read_bytes()[16:24])
    assert (width, height) == (128, 128)
    media = re.findall(r'"media/([^"]+)"', json.dumps(MANIFEST))
    assert media
    assert not [name for name in media if not (ROOT / "docs" / "images" / name).is_file()]
    assert '"src/extension.ts"' in (CLIENT / "esbuild.mjs").read_text("utf-8")


def test_commands_are_ours_and_there() -> None:
    declared = {each["command"] for each in CONTRIBUTES["commands"]}
    registered = set(re.findall(r'registerCommand\("([^"]+)"', SOURCES))
    of_the_server = {"deadweight.fixAll", "deadweight.sizeReport", "deadweight.useMeasuredSizes"}
    assert declared == registered | of_the_server | {"deadweight.forgetMeasuredSizes"}
    linked = set(re.findall(r"command:(deadweight\.\w+)", json.dumps(MANIFEST)))
    assert linked <= declared
    # The server has them only while it runs.
    hidden = {each["command"] for each in CONTRIBUTES["menus"]["commandPalette"] if "isRunning" in each["when"]}
    assert hidden >= declared - registered


def test_settings_of_the_extension_never_reach_the_server() -> None:
    own = {name.removeprefix("deadweight.") for name in CONTRIBUTES["configuration"][1]["properties"]}
    (listed,) = re.findall(r"OF_THE_EXTENSION = (\[.+\]);", SOURCES)
    assert set(json.loads(listed)) == own


def test_a_folder_that_is_not_trusted_decides_about_no_program() -> None:
    restricted = set(MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    settings = {name: each for part in CONTRIBUTES["configuration"] for name, each in part["properties"].items()}
    assert restricted == {name for name, each in settings.items() if each["scope"].startswith("machine")}


def test_nothing_is_asked_of_the_network() -> None:
    assert not re.findall(r"\bfetch\(|node:https?|node:net|telemetry", SOURCES, re.IGNORECASE)
    assert "extensionDependencies" not in MANIFEST


# Which Python runs it


def test_the_first_line_says_by_which_python(tmp_path: Path) -> None:
    script = shutil.copy(CLIENT / "bundled" / "deadweight_server.py", tmp_path)
    done = subprocess.run([sys.executable, "-I", "-S", script], capture_output=True, text=True, check=False)
    first, *others = done.stderr.splitlines()
    assert first == f"Python {platform.python_version()} starts"
    assert others[-1] == "ModuleNotFoundError: No module named 'deadweight'"
    (pattern,) = re.findall(r"/\^(Python .+ starts)", SOURCES)
    assert re.fullmatch(pattern, first)


def test_an_old_python_can_read_that_it_is_too_old() -> None:
    source = (CLIENT / "bundled" / "deadweight_server.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 4))
    (pattern,) = re.findall(r"/\^(Python .+ is too old)", SOURCES)
    assert re.fullmatch(pattern, "Python 3.8.18 is too old")
    oldest = tuple(map(int, re.findall(r'OLDEST = "(\d+)\.(\d+)"', SOURCES)[0]))
    assert f"sys.version_info < {oldest}" in source


# Which files it is for


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_file_is_attached_and_activates(name: str) -> None:
    listed = ",".join(re.findall(r'FILES =\s+"([^"]+)"', SOURCES))
    assert matches(name, listed.split(","))
    languages = {
        language["id"]
        for language in CONTRIBUTES["languages"]
        if name in language["filenames"] or matches(name, language["filenamePatterns"])
    }
    expected = "dockerfile" if kind_of(name) == "dockerfile" else "ignore"
    assert expected in languages
    assert f"onLanguage:{expected}" in MANIFEST["activationEvents"]


@pytest.mark.parametrize("name", [".gitignore", ".npmignore", "README.md", "docker-compose.yml", "Dockerfiles"])
def test_other_files_are_left_alone(name: str) -> None:
    listed = ",".join(re.findall(r'FILES =\s+"([^"]+)"', SOURCES))
    assert not matches(name, listed.split(","))
    assert 'scheme: "file", pattern' in SOURCES
    assert "language:" not in SOURCES


# What it brings


def test_the_lockfile_brings_what_the_server_needs() -> None:
    """Every dependency of pyproject.toml is there, in a version that it allows."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (listed,) = re.findall(r"^dependencies = \[\n(.+?)^\]", project, re.MULTILINE | re.DOTALL)
    needed = [Requirement(each) for each in re.findall(r'^  "(.+)",$', listed, re.MULTILINE)]
    pins = wheels.pinned((CLIENT / "bundled" / "requirements.txt").read_text("utf-8"))
    versions = {name: text.partition("==")[2].split()[0] for name, text in pins.items()}
    assert len(needed) >= 10
    for each in needed:
        assert versions[each.name.lower()] in each.specifier, f"{each}: the lockfile says how to renew it"
    assert all("--hash=sha256:" in text and ";" not in text for text in pins.values())


def test_the_name_of_a_wheel_says_where_it_goes() -> None:
    core = wheels.Wheel.of(Path("tree_sitter-0.26.1-cp310-cp310-manylinux2014_x86_64.manylinux_2_28_x86_64.whl"))
    assert (core.name, core.version, core.python, core.is_of_one_python) == ("tree-sitter", "0.26.1", "cp310", True)
    grammar = wheels.Wheel.of(Path("tree_sitter_bash-0.25.1-cp310-abi3-win_amd64.whl"))
    assert (grammar.platform, grammar.is_of_one_python) == ("win_amd64", False)
    assert not wheels.Wheel.of(Path("pygls-2.1.1-py3-none-any.whl")).is_of_one_python
    assert not wheels.Wheel.of(Path("pyyaml-6.0.4-cp310-cp310-win_amd64.whl")).is_of_one_python


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has such libraries")
def test_a_library_works_without_what_only_debuggers_read(tmp_path: Path) -> None:
    shutil.copytree(Path(tree_sitter.__file__).parent, tmp_path / "tree_sitter")
    (library,) = (tmp_path / "tree_sitter").glob("_binding*.so")
    before = library.read_bytes()
    library.write_bytes(elf.without_debug_information(before))
    assert b".debug_info" in before
    assert library.stat().st_size < len(before) / 2
    code = "import sys; sys.path.insert(0, sys.argv[1]); import tree_sitter; tree_sitter.Parser(); print(tree_sitter)"
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path)]
    assert str(tmp_path) in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("library", [b"", b"MZ\x90\0", b"\xcf\xfa\xed\xfe", b"\x7fELF\x01\x01"])
def test_other_libraries_stay_as_they_are(library: bytes) -> None:
    assert elf.without_debug_information(library) == library


def test_the_server_leaves_room_in_a_build() -> None:
    """Of vsix.LARGEST bytes 2.3 MB go to dependencies, 0.6 to the client, and 1.9 to byte code (2026-11-26)."""
    files = [each for each in (ROOT / "server" / "deadweight").rglob("*") if each.is_file()]
    packed = sum(len(zlib.compress(each.read_bytes())) for each in files if each.suffix != ".pyc")
    assert packed < vsix.LARGEST - 5_300_000  # half a MB for what grows with it


def test_what_is_wrong_with_a_build_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deadweight-win32-x64-0.1.0.vsix"
    assert list(vsix.check(path, "win32-x64")) == [f"{path.name}: not built"]
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("extension/node_modules/a.js", "")
        packed.writestr("extension/bundled/libs/tree_sitter_bash-0.25.1.dist-info/WHEEL", "Tag: cp310-abi3-win_arm64\n")
    problems = "\n".join(vsix.check(path, "win32-x64"))
    assert "extension/package.json is missing" in problems
    assert "node_modules/a.js is too much" in problems
    assert "nothing compiled for Python 3.14" in problems
    assert "is for win_arm64" in problems
