"""Node and Python projects as read from the texts of their files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadweight.model.ecosystems import node, python

if TYPE_CHECKING:
    from deadweight.model.ecosystems.project import Project

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "node"


def lock_text(packages: dict[str, object], **root: object) -> str:
    return json.dumps({"lockfileVersion": 3, "packages": {"": root, **packages}})


# --- package.json and its lockfiles ---------------------------------------------------------------------------------


def test_reads_the_example() -> None:
    manifest = node.read_manifest((EXAMPLE / "package.json").read_text("utf-8"))
    lock = node.read_lock((EXAMPLE / "package-lock.json").read_text("utf-8"))
    assert manifest is not None
    assert lock is not None
    assert "express" in [each.name for each in manifest.dependencies]
    assert manifest.script("build").startswith("tsc")
    everything = node.install_set(manifest, lock, dev=True, libc="glibc")
    production = node.install_set(manifest, lock, dev=False, libc="glibc")
    assert len(everything.locked) == 264  # what `npm ci` says: added 264 packages
    assert 80 < len(production.locked) < 120
    assert not everything.unlocked
    assert "typescript" not in [each.name for each in production.locked]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", '"x"', "\x00", "[" * 100_000, '{"a":' * 100_000, '{"dependencies": ' + "9" * 9999 + "}"],
)
def test_bad_json_is_no_manifest(text: str) -> None:
    assert node.read_manifest(text) in (None, node.Manifest())
    assert node.read_lock(text) is None


def test_a_manifest_of_wrong_types_is_read_as_far_as_it_goes() -> None:
    manifest = node.read_manifest(
        '{"name": 1, "dependencies": {"a": "1", "b": {}}, "scripts": [], "workspaces": {"packages": ["x"]}}'
    )
    assert manifest == node.Manifest(dependencies=(node.Dependency("a", "1"),), workspaces=("x",))


def test_platform_packages_of_other_systems_are_not_installed() -> None:
    text = lock_text(
        {
            "node_modules/@esbuild/linux-x64": {"version": "1.0.0", "os": ["linux"], "cpu": ["x64"]},
            "node_modules/@esbuild/darwin-arm64": {"version": "1.0.0", "os": ["darwin"], "cpu": ["arm64"]},
            "node_modules/@img/sharp-linuxmusl-x64": {"version": "1.0.0", "os": ["linux"], "libc": ["musl"]},
            "node_modules/not-windows": {"version": "1.0.0", "os": ["!win32"]},
        }
    )
    lock = node.read_lock(text)
    assert lock is not None
    names = [each.name for each in node.install_set(node.Manifest(), lock, dev=True, libc=None).locked]
    assert names == ["@esbuild/linux-x64", "not-windows"]
    names = [each.name for each in node.install_set(node.Manifest(), lock, dev=True, libc="musl").locked]
    assert "@img/sharp-linuxmusl-x64" in names


def test_a_manifest_edited_after_its_lockfile_wins() -> None:
    text = lock_text(
        {
            "node_modules/a": {"version": "1.2.0", "dependencies": {"shared": "1", "only-a": "1"}},
            "node_modules/only-a": {"version": "1.0.0"},
            "node_modules/b": {"version": "1.0.0", "dependencies": {"shared": "1"}},
            "node_modules/shared": {"version": "1.0.0"},
        },
        dependencies={"a": "^1.0.0", "b": "^1.0.0"},
    )
    lock = node.read_lock(text)
    assert lock is not None

    def installs(**dependencies: str) -> tuple[list[str], list[str]]:
        manifest = node.Manifest(dependencies=tuple(node.Dependency(*each) for each in dependencies.items()))
        wanted = node.install_set(manifest, lock, dev=True, libc=None)
        return [each.name for each in wanted.locked], [each.name for each in wanted.unlocked]

    assert installs(a="^1.0.0", b="^1.0.0") == (["a", "only-a", "b", "shared"], [])
    assert installs(b="^1.0.0") == (["b", "shared"], [])
    assert installs(a="^1.0.0", b="^1.0.0", c="1")[1] == ["c"]
    assert installs(a="^2.0.0", b="^1.0.0") == (["b", "shared"], ["a"])


def test_lockfile_of_npm_6() -> None:
    text = json.dumps(
        {
            "lockfileVersion": 1,
            "dependencies": {
                "a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "1.5.0"}}},
                "d": {"version": "2.0.0", "dev": True},
            },
        }
    )
    lock = node.read_lock(text)
    assert lock is not None
    assert {(each.path, each.version, each.dev) for each in lock.packages} == {
        ("node_modules/a", "1.0.0", False),
        ("node_modules/a/node_modules/b", "1.5.0", False),
        ("node_modules/d", "2.0.0", True),
    }


YARN = """# yarn lockfile v1


"@babel/core@^7.1.0", "@babel/core@^7.2.0":
  version "7.24.0"
  resolved "https://example.org/core.tgz"
  dependencies:
    debug "^4.1.0"

debug@^4.1.0:
  version "4.3.4"

left-pad@1:
  version "1.3.0"
"""

BERRY = """__metadata:
  version: 8

"@babel/core@npm:^7.1.0":
  version: 7.24.0
  dependencies:
    debug: "npm:^4.1.0"
  languageName: node

"debug@npm:^4.1.0":
  version: 4.3.4

"left-pad@npm:1":
  version: 1.3.0
"""

PNPM = """lockfileVersion: '9.0'

importers:
  .:
    dependencies:
      '@babel/core':
        specifier: ^7.1.0
        version: 7.24.0

packages:

  '@babel/core@7.24.0':
    resolution: {integrity: sha512-x}

  debug@4.3.4:
    resolution: {integrity: sha512-x}

  left-pad@1.3.0:
    resolution: {integrity: sha512-x}

snapshots:

  '@babel/core@7.24.0':
    dependencies:
      debug: 4.3.4

  debug@4.3.4: {}
"""


@pytest.mark.parametrize(("text", "manager"), [(YARN, "yarn"), (BERRY, "yarn berry"), (PNPM, "pnpm")])
def test_lockfiles_of_other_managers(text: str, manager: str) -> None:
    lock = node.read_lock(text)
    assert lock is not None
    assert lock.manager == manager
    assert {(each.name, each.version) for each in lock.packages} == {
        ("@babel/core", "7.24.0"),
        ("debug", "4.3.4"),
        ("left-pad", "1.3.0"),
    }
    manifest = node.Manifest(
        dependencies=(node.Dependency("@babel/core", "^7.1.0"),), dev_dependencies=(node.Dependency("left-pad", "1"),)
    )
    assert len(node.install_set(manifest, lock, dev=True, libc=None).locked) == 3
    production = node.install_set(manifest, lock, dev=False, libc=None)
    assert {each.name for each in production.locked} == {"@babel/core", "debug"}


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("5.3.0", "^5.1.0", True),
        ("6.0.0", "^5.1.0", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.9.0", "1", True),
        ("2.0.0", "1.x", False),
        ("18.1.0", ">=16 <19", True),
        ("19.0.0", ">= 16 < 19", False),
        ("17.0.0", "^16 || ^18", False),
        ("18.0.0", "^16 || ^18", True),
        ("2.5.0", "1.0.0 - 2.5.0", True),
        ("2.6.0", "1.0.0 - 2.5.0", False),
        ("1.0.0", "*", True),
        ("1.0.0", "", True),
        ("1.0.0", "latest", None),
        ("1.0.0", "github:a/b", None),
        ("", "^1.0.0", None),
    ],
)
def test_version_ranges(version: str, wanted: str, expected: bool | None) -> None:
    assert node.satisfies(version, wanted) is expected


# --- what an install reads ------------------------------------------------------------------------------------------


def recognise_node(manifest: dict[str, object], *others: str, **texts: str) -> Project:
    project = node.recognise({"package.json": json.dumps(manifest), **texts}, ["package.json", *others])
    assert project is not None
    return project


def test_npm_reads_manifest_lock_and_settings() -> None:
    project = recognise_node({}, "package-lock.json", ".npmrc", "src/a.js")
    assert project.manager == "npm"
    assert project.lock == "package-lock.json"
    assert project.install_files == ("package.json", "package-lock.json", ".npmrc")
    assert project.needs_sources == ""


@pytest.mark.parametrize(
    ("manifest", "files", "manager"),
    [
        ({}, ["yarn.lock"], "yarn"),
        ({}, ["yarn.lock", ".yarnrc.yml"], "yarn berry"),
        ({"packageManager": "yarn@4.1.0"}, [], "yarn berry"),
        ({"packageManager": "pnpm@9.0.0"}, ["package-lock.json", "pnpm-lock.yaml"], "pnpm"),
        ({}, ["bun.lockb"], "bun"),
        ({}, [], "npm"),
    ],
)
def test_package_managers(manifest: dict[str, object], files: list[str], manager: str) -> None:
    assert recognise_node(manifest, *files).manager == manager


def test_workspaces_bring_their_manifests() -> None:
    files = [
        "packages/a/package.json",
        "packages/b/package.json",
        "packages/a/node_modules/x/package.json",
        "other/package.json",
    ]
    project = recognise_node({"workspaces": ["packages/*", "!packages/b"]}, *files)
    assert project.install_files == ("package.json", "packages/a/package.json")


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"scripts": {"postinstall": "node build.js"}}, "the script postinstall runs node build.js"),
        ({"scripts": {"prepare": "husky"}}, ""),
        ({"scripts": {"build": "tsc"}}, ""),
        ({"dependencies": {"mine": "file:../mine"}}, "mine comes from file:../mine"),
    ],
)
def test_installs_that_need_the_sources_say_so(manifest: dict[str, object], reason: str) -> None:
    assert recognise_node(manifest).needs_sources == reason


def test_patches_are_read_by_patch_package() -> None:
    project = recognise_node({"scripts": {"postinstall": "patch-package"}}, "patches/a+1.0.0.patch", "src/a.js")
    assert project.install_files == ("package.json", "patches/a+1.0.0.patch")


def test_a_folder_below_the_context() -> None:
    project = node.recognise(
        {"web/package.json": "{}"}, ["web/package.json", "web/yarn.lock", "package-lock.json"], "web"
    )
    assert project is not None
    assert project.install_files == ("web/package.json", "web/yarn.lock")


def test_no_manifest_no_project() -> None:
    assert node.recognise({}, ["src/a.js"]) is None
    assert python.recognise({}, ["src/a.py"]) is None


def test_a_key_of_very_many_parts_is_not_read() -> None:
    assert python.read_pyproject("[project]\nname = 'x'\n" + "a." * 100_000 + "b = 1\n") is None
    described = "[project]\nname = 'x'\ndescription = '" + "Words. " * 200 + "'\n# " + "." * 1000
    needs_toml()
    assert python.read_pyproject(described) is not None


def needs_toml() -> None:
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli", reason="the standard library reads TOML since Python 3.11")


# --- requirements ---------------------------------------------------------------------------------------------------

REQUIREMENTS = """\ufeff# the web
Flask[async]==3.1.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
uvicorn [standard] >= 0.30, <1   # a comment
-r more/base.txt
-c constraints.txt
--index-url https://example.org/simple
pywin32 ; sys_platform == "win32"
-e .
mine @ https://example.org/mine-1.0.tar.gz
git+https://example.org/x.git#egg=From_Git
!!!
"""


def test_requirements_file() -> None:
    others = {"more/base.txt": "six\n-r ../requirements.txt\n-r missing.txt\n", "constraints.txt": "six==1.17.0\n"}
    read = python.read_requirements(REQUIREMENTS, "requirements.txt", others.get)
    assert read.files == ("requirements.txt", "more/base.txt", "constraints.txt")
    by_name = {each.name or each.url: each for each in read.requirements}
    assert list(by_name) == ["flask", "uvicorn", "pywin32", ".", "mine", "from-git", "six"]
    assert by_name["flask"].version == "3.1.0"
    assert by_name["flask"].extras == ("async",)
    assert by_name["uvicorn"].specifier == ">=0.30,<1"
    assert by_name["uvicorn"].version == ""
    assert by_name["six"].version == "1.17.0"
    assert not python.applies(by_name["pywin32"].marker)


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("", True),
        ('python_version < "3.8"', False),
        ('python_version >= "3.8" and sys_platform == "linux"', True),
        ('sys_platform == "win32" or platform_machine == "x86_64"', True),
        ('extra == "dev"', False),
        ('(python_version < "3.0")', True),  # not understood: it holds
        ('python_full_version < "3.12.5"', True),
    ],
)
def test_markers(marker: str, holds: bool) -> None:
    assert python.applies(marker, "3.12") is holds


def test_pip_project_and_what_it_reads() -> None:
    texts = {"requirements.txt": "-r base.txt\nflask\n", "base.txt": "six\n"}
    project = python.recognise(texts, [*texts, "app.py"])
    assert project is not None
    assert (project.manager, project.install_files) == ("pip", ("requirements.txt", "base.txt"))
    editable = python.recognise({"requirements.txt": "-e .\n"}, ["requirements.txt"])
    assert editable is not None
    assert editable.needs_sources == "it installs ."


PYPROJECT = """[project]
name = "My.App"
dependencies = ["flask>=3", "redis==5.0.0"]
readme = "README.md"
[project.optional-dependencies]
aws = ["boto3"]
[dependency-groups]
dev = ["pytest", {include-group = "x"}]
[build-system]
requires = ["hatchling"]
"""

POETRY = """[tool.poetry]
name = "app"
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
django = "5.0.1"
uvicorn = {version = "^0.30", extras = ["standard"]}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[build-system]
"""


def test_pyproject() -> None:
    needs_toml()
    project = python.read_pyproject(PYPROJECT)
    assert project is not None
    assert project.name == "my-app"
    assert [each.name for each in project.dependencies] == ["flask", "redis"]
    assert [each.name for each in project.development] == ["pytest"]
    assert project.extras[0][0] == "aws"
    recognised = python.recognise({"pyproject.toml": PYPROJECT}, ["pyproject.toml", "uv.lock", "README.md"])
    assert recognised is not None
    assert recognised.manager == "uv"
    assert recognised.install_files == ("pyproject.toml", "uv.lock", "README.md")
    assert (recognised.needs_sources, recognised.installs_itself) == ("", True)


def test_poetry() -> None:
    needs_toml()
    project = python.read_pyproject(POETRY)
    assert project is not None
    assert [(each.name, each.version, each.extras) for each in project.dependencies] == [
        ("django", "5.0.1", ()),
        ("uvicorn", "", ("standard",)),
    ]
    assert not project.is_package
    recognised = python.recognise({"pyproject.toml": POETRY}, ["pyproject.toml"])
    assert recognised is not None
    assert (recognised.manager, recognised.needs_sources) == ("poetry", "")


UV_LOCK = """version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
[[package]]
name = "numpy"
version = "2.0.0"
source = { registry = "https://example.org/simple" }
dependencies = [{ name = "six" }, { name = "pywin32", marker = "sys_platform == 'win32'" }]
wheels = [
  { url = "https://example.org/numpy-2.0.0-cp312-cp312-manylinux_2_17_x86_64.whl", size = 1000 },
  { url = "https://example.org/numpy-2.0.0-cp312-cp312-musllinux_1_1_x86_64.whl", size = 900 },
  { url = "https://example.org/numpy-2.0.0-cp312-cp312-macosx_arm64.whl", size = 5 },
]
"""


def test_uv_lock_states_wheel_sizes() -> None:
    needs_toml()
    expected = python.LockedDistribution("numpy", "2.0.0", ("six",), 1000, 900)
    assert python.read_lock(UV_LOCK) == (expected,)


def test_pipfile_lock() -> None:
    text = json.dumps(
        {"_meta": {}, "default": {"Flask": {"version": "==3.0"}}, "develop": {"pytest": {"version": "==8"}}}
    )
    assert python.read_lock(text) == (
        python.LockedDistribution("flask", "3.0"),
        python.LockedDistribution("pytest", "8", dev=True),
    )


@pytest.mark.parametrize(
    "hostile", ["a" + "==a" * 900, "a" + " " * 200_000 + "!", "- " + "*a" * 2000, "a>=" + "1," * 900]
)
def test_hostile_lines_take_no_time(hostile: str) -> None:
    python.read_requirements(hostile, "r.txt", lambda path: None)
    manifest = json.dumps({"workspaces": [hostile], "dependencies": {"a": hostile}})
    node.recognise({"package.json": manifest}, ["package.json", "a" * 3000 + "/package.json"])
    node.recognise({"package.json": "{}", "pnpm-workspace.yaml": "packages:\n" + hostile}, ["package.json"])
    node.satisfies("1.0.0", hostile)


# --- whatever is in the files, the readers return -------------------------------------------------------------------

KEYS = [
    "dependencies",
    "devDependencies",
    "packages",
    "lockfileVersion",
    "version",
    "os",
    "node_modules/a",
    "link",
    "workspaces",
    "scripts",
    "postinstall",
    "_meta",
    "default",
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(ANY_JSON)
def test_any_json_is_read_without_an_error(data: object) -> None:
    text = json.dumps(data)
    manifest, lock = node.read_manifest(text), node.read_lock(text)
    node.install_set(manifest or node.Manifest(), lock, dev=False, libc=None)
    node.recognise({"package.json": text, "package-lock.json": text}, ["package.json", "package-lock.json"])
    python.read_lock(text)


@settings(max_examples=150)
@given(
    st.text(max_size=200), st.sampled_from([REQUIREMENTS, PYPROJECT, UV_LOCK, YARN, BERRY, PNPM]), st.integers(0, 400)
)
def test_any_text_is_read_without_an_error(noise: str, text: str, cut: int) -> None:
    for mixed in (noise, text[:cut] + noise + text[cut:]):
        node.read_lock(mixed)
        python.read_lock(mixed)
        python.read_pyproject(mixed)
        python.recognise({"requirements.txt": mixed, "pyproject.toml": mixed}, ["requirements.txt", "pyproject.toml"])
        for requirement in python.read_requirements(mixed, "r.txt", {"r.txt": mixed}.get).requirements:
            python.applies(requirement.marker, "3.12")
