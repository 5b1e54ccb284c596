"""What the package managers of Python and Node leave in a layer, and what that weighs, told by small Dockerfiles."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deadweight.model.ecosystems import node, python
from deadweight.model.ecosystems.node_locks import LockedPackage
from deadweight.model.effects import PackageSet, ProjectTexts
from deadweight.size.estimate import cause_size
from deadweight.size.units import Size
from examples import snapshot_of
from test_ecosystems import needs_toml
from test_layers import kept

CACHED = "/root/.cache/uv: uv's download cache"


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN uv pip install --system flask", ["/usr/local: pip(flask no-compile)", CACHED]),
        ("RUN uv pip install --system --no-cache flask", ["/usr/local: pip(flask no-compile)"]),
        ("ENV UV_NO_CACHE=1\nRUN uv pip install --system flask", ["/usr/local: pip(flask no-compile)"]),
        ("ENV UV_COMPILE_BYTECODE=1\nRUN uv pip install -n --system flask", ["/usr/local: pip(flask)"]),
        ("RUN uv pip install --system flask && uv cache clean", ["/usr/local: pip(flask no-compile)"]),
        ("RUN uv sync --frozen --no-dev", ["/app/.venv: uv( no-compile without=dev)", CACHED]),
        (
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --extra web --no-group docs",
            ["/app/.venv: uv( extra=web no-compile without=docs)"],
        ),
        ("ENV UV_PROJECT_ENVIRONMENT=/usr/local\nRUN uv sync -n", ["/usr/local: uv( no-compile)"]),
        ("RUN uv lock && uv export -o requirements.txt", []),
        ("RUN uv run make", ["/app: built by uv run"]),
    ],
)
def test_uv(run: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /app\n{run}", "python:3.13-slim") == left


@pytest.mark.parametrize(
    ("run", "left"),
    [
        (
            "ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install --only main --no-root",
            ["/usr/local: poetry( no-compile only=main)", "/root/.cache/pypoetry/artifacts: poetry's download cache"],
        ),
        (
            "RUN poetry config virtualenvs.create false && poetry install --without dev,docs",
            [
                "/root/.config/pypoetry/config.toml: text 29",
                "/usr/local: poetry( no-compile without=dev without=docs)",
                "/root/.cache/pypoetry/artifacts: poetry's download cache",
            ],
        ),
        (
            "ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install && rm -rf /root/.cache/pypoetry/*",
            ["/app/.venv: poetry( no-compile)", "/app/.venv: pip in poetry's environment"],
        ),
        (
            "RUN pipenv install --system --deploy",
            ["/usr/local: pipenv( without=dev)", "/root/.cache/pipenv: pipenv's download cache"],
        ),
    ],
)
def test_poetry_and_pipenv(run: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /app\n{run}", "python:3.13-slim") == left


def test_the_second_half_of_an_install_brings_no_packages_again() -> None:
    assert kept("WORKDIR /app\nRUN composer install --no-scripts\nCOPY . .\nRUN composer install", "composer:2") == []
    left = kept("WORKDIR /app\nRUN composer install --no-dev\nRUN composer install", "composer:2")
    assert left == ["/app/vendor: composer( dev)", "/tmp/cache: composer's download cache"]


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN pip install -U pip", ["/usr/local: pip(pip)", "/usr/local/lib: byte code of the standard library"]),
        ("RUN pip install flask && pip uninstall -y flask", ["/usr/local/lib: byte code of pip itself"]),
        (
            "RUN pip install --no-compile a",
            ["/usr/local: pip(a no-compile)", "/usr/local/lib: byte code of pip itself"],
        ),
        (
            "RUN pip install torch --index-url https://download.pytorch.org/whl/cpu",
            ["/usr/local: pip(torch cpu)", "/usr/local/lib: byte code of pip itself"],
        ),
        ("RUN pip wheel -w /wheels flask", ["/wheels: pip(flask wheels)"]),
        (
            "RUN pip wheel -w /wheels flask\nRUN pip install /wheels/*",
            ["/usr/local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
    ],
)
def test_pip(run: str, left: list[str]) -> None:
    assert kept(f"ENV PIP_NO_CACHE_DIR=1\n{run}", "python:3.13-slim") == left


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN yarn", ["/app/node_modules: yarn( dev)", "/usr/local/share/.cache/yarn: yarn's download cache"]),
        ("RUN yarn install --frozen-lockfile --production && yarn cache clean", ["/app/node_modules: yarn( frozen)"]),
        ("USER node\nRUN yarn --prod", ["/app/node_modules: yarn()", "/home/node/.cache/yarn: yarn's download cache"]),
        ("ENV NODE_ENV=production YARN_CACHE_FOLDER=/c\nRUN yarn && rm -r /c", ["/app/node_modules: yarn()"]),
        ("RUN yarn build", ["/app: built by yarn build"]),
        ("RUN pnpm i --prod", ["/app/node_modules: pnpm()"]),  # nobody knows whether a lockfile is there
        (
            "RUN pnpm i express",
            ["/app/node_modules: pnpm(express)", "/root/.cache/pnpm: pnpm's cache of the registry"],
        ),
        (
            "RUN pnpm install --frozen-lockfile && pnpm prune --prod && rm -rf ~/.cache/pnpm",
            ["/app/node_modules: pnpm()"],
        ),
        ("RUN pnpm run build", ["/app: built by pnpm run build"]),
        ("RUN bun install --production && bun pm cache rm", ["/app/node_modules: bun()"]),
        ("RUN npm ci\nRUN npm prune --omit=dev", ["/app/package-lock.json: npm( records)"]),
        ("ENV NPM_CONFIG_OMIT=dev\nRUN npm ci && rm -rf ~/.npm", ["/app/node_modules: npm( frozen)"]),
    ],
)
def test_node(run: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /app\n{run}", "node:22-slim") == left


# --- sizes ----------------------------------------------------------------------------------------------------------


def last(block: str) -> Size:
    """What the last layer weighs."""
    snapshot = snapshot_of(block)
    size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
    assert size is not None
    return size


LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"mine": "1.0.0"}, "devDependencies": {"tools": "2.0.0"}},
        "node_modules/mine": {"version": "1.0.0", "resolved": "x"},
        "node_modules/mine/node_modules/deep": {"version": "1.0.0", "resolved": "x"},
        "node_modules/tools": {"version": "2.0.0", "resolved": "x", "dev": True},
    },
}
PROJECT = f"""\
//- package.json
{{"dependencies": {{"mine": "1.0.0"}}, "devDependencies": {{"tools": "2.0.0"}}}}
//- package-lock.json
{json.dumps(LOCK)}
//- node_modules/mine/index.js 1000000
//- node_modules/mine/node_modules/deep/index.js 500000
//- node_modules/tools/index.js 7000000
//- .dockerignore
node_modules
"""


@pytest.mark.parametrize(
    ("run", "bytes_"), [("npm ci", 8_500_000), ("npm ci --omit=dev", 1_500_000), ("npm install", 8_500_000)]
)
def test_node_modules_beside_the_manifest_tells_what_an_install_writes(run: str, bytes_: int) -> None:
    files = f"WORKDIR /app\nCOPY package*.json ./\nRUN {run} && rm -rf ~/.npm\n{PROJECT}"
    size = last(f"//- Dockerfile\nFROM node:22\n{files}")
    assert size.best == pytest.approx(bytes_, abs=100_000)
    assert size.high is not None
    assert size.low < bytes_ < size.high
    assert any(part.source == "node_modules in the build context" for part in size.parts)


def test_what_nobody_measured_still_has_a_size_and_says_so() -> None:
    for run in ("npm install -g no-such-package-1", "pip install --no-cache-dir no-such-distribution-1"):
        size = last(f"FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1\nRUN {run}")
        assert size.best > 100_000
        assert size.high is not None
        assert size.high > 2 * size.best > 4 * size.low
        assert any("not measured" in part.source for part in size.parts)


def test_a_requirements_file_with_its_includes_and_constraints() -> None:
    files = """\
//- requirements/prod.txt
-r base.txt
six
//- requirements/base.txt
flask
-r prod.txt
//- constraints.txt
flask==2.0.0
"""
    run = "RUN pip install --no-cache-dir -r requirements/prod.txt -c constraints.txt"
    size = last(
        f"//- Dockerfile\nFROM python:3.11\nENV PYTHONDONTWRITEBYTECODE=1\nWORKDIR /a\nCOPY . .\n{run}\n{files}"
    )
    whats = [part.what for part in size.parts]
    assert "flask 2.0.0" in whats
    assert "werkzeug" in whats
    assert "six" in whats


PYPROJECT = """\
[project]
name = "app"
dependencies = ["flask"]
[project.optional-dependencies]
cache = ["redis"]
[dependency-groups]
dev = ["pytest"]
docs = ["sphinx"]
"""


@pytest.mark.parametrize(
    ("manager", "options", "names"),
    [
        ("uv", (), {"flask", "pytest"}),
        ("uv", ("without=dev",), {"flask"}),
        ("uv", ("with=docs", "extra=cache"), {"flask", "pytest", "sphinx", "redis"}),
        ("uv", ("only=dev",), {"pytest"}),
        ("poetry", (), {"flask", "pytest", "sphinx"}),
        ("poetry", ("only=main", "all-extras"), {"flask", "redis"}),
        ("poetry", ("without=docs",), {"flask", "pytest"}),
    ],
)
def test_which_groups_an_install_takes(manager: str, options: tuple[str, ...], names: set[str]) -> None:
    needs_toml()
    project = python.read_pyproject(PYPROJECT)
    assert project is not None
    taken = python.chosen(replace(project, manager=manager), options)
    assert {each.name for each in taken} == names


def test_a_virtual_environment_beside_pyproject_tells_what_an_install_writes() -> None:
    needs_toml()
    site = "//- .venv/lib/python3.12/site-packages"
    files = f"""\
//- pyproject.toml
[project]
name = "app"
dependencies = ["mine"]
//- uv.lock
[[package]]
name = "mine"
version = "1.0"
{site}/mine/module.py 1000000
{site}/mine/__pycache__/module.cpython-312.pyc 9000000
{site}/mine/native.so 4000000
{site}/mine-1.0.dist-info/RECORD 1000
"""
    start = "//- Dockerfile\nFROM python:3.12\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\n"
    plain = last(f"{start}RUN uv sync --frozen --no-cache\n{files}")
    compiled = last(f"{start}RUN uv sync --frozen --no-cache --compile-bytecode\n{files}")
    assert plain.best == pytest.approx(5_001_000, rel=0.01)
    assert compiled.best > plain.best + 800_000
    assert plain.parts[0].source == ".venv in the build context"


def test_of_a_lockfile_only_what_is_asked_for_counts() -> None:
    needs_toml()
    lock = """\
[[package]]
name = "flask"
version = "3.0.0"
dependencies = [{ name = "click" }]
wheels = [{ url = "https://example.org/flask-3.0.0-py3-none-any.whl", size = 100000 }]
[[package]]
name = "click"
version = "8.0.0"
wheels = [{ url = "https://example.org/click-8.0.0-py3-none-any.whl", size = 100000 }]
[[package]]
name = "pytest"
version = "8.0.0"
wheels = [{ url = "https://example.org/pytest-8.0.0-py3-none-any.whl", size = 100000 }]
"""
    everything = PackageSet("uv", (), ProjectTexts(PYPROJECT, lock))
    production = PackageSet("uv", (), ProjectTexts(PYPROJECT, lock), options=frozenset(("without=dev",)))
    more, less = cause_size(everything), cause_size(production)
    assert more is not None
    assert less is not None
    assert [part.what for part in less.parts] == ["flask 3.0.0", "click 8.0.0"]
    assert more.best > less.best > 300_000


def test_what_is_installed_already_is_not_written_again() -> None:
    start = "FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1\n"
    alone = last(f"{start}RUN pip install flask requests")
    after = last(f"{start}RUN pip install flask\nRUN pip install flask requests")
    assert after.best < alone.best
    assert last(f"{start}RUN pip install flask\nRUN pip install flask") == Size(0, 0, 0)
    assert last(f"{start}RUN pip install flask\nRUN pip install -U flask").best > 1_000_000
    # 3.11 brings setuptools, 3.13 does not.
    assert last(f"{start}RUN pip install setuptools").best > 1_000_000
    assert last(f"{start.replace('3.13', '3.11')}RUN pip install setuptools") == Size(0, 0, 0)


def test_uv_links_what_it_caches() -> None:
    start = "FROM python:3.13\nENV UV_SYSTEM_PYTHON=1\n"
    linked = last(f"{start}RUN uv pip install pandas")
    copied = last(f"{start}RUN UV_LINK_MODE=copy uv pip install pandas")
    alone = last(f"{start}RUN uv pip install --no-cache pandas")
    assert alone.best < linked.best < alone.best + 3_000_000
    assert copied.best > 1.9 * alone.best


# --- whatever is in the files ---------------------------------------------------------------------------------------


def test_a_list_that_is_too_long_is_read_in_part_and_says_so() -> None:
    text = "".join(f"package-{number}\n" for number in range(100_000))
    size = cause_size(PackageSet("pip", (), ProjectTexts("-r r.txt", includes=(("r.txt", text),))))
    assert size is not None
    assert size.is_at_least
    assert "more than 2,000 requirements" in size.parts[-1].what


def test_a_huge_manifest_has_a_size() -> None:
    wanted = {f"package-{number}": "^1.0.0" for number in range(100_000)}
    manifest = json.dumps({"dependencies": wanted})
    size = cause_size(PackageSet("npm", (), ProjectTexts(manifest)))
    assert size is not None
    assert "more than 10,000 packages" in size.parts[-1].what


@pytest.mark.parametrize(
    "lock", ["", "{", "[[package]]\nname = 3", '{"lockfileVersion": 3, "packages": []}', "\0" * 99]
)
def test_a_broken_lockfile_is_none(lock: str) -> None:
    for manager in ("uv", "poetry", "pipenv"):
        cause_size(PackageSet(manager, (), ProjectTexts(PYPROJECT, lock)))
    for manager in ("npm", "yarn", "pnpm", "bun"):
        size = cause_size(PackageSet(manager, (), ProjectTexts('{"dependencies": {"express": "^5.0.0"}}', lock)))
        assert size is not None


BUN_LOCK = """\
{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "dependencies": { "express": "^5.1.0" } },
  },
  "packages": {
    "@esbuild/linux-x64": ["@esbuild/linux-x64@0.28.2", "", { "os": "linux", "cpu": "x64" }, "sha512-x"],

    "express": ["express@5.1.0", "", { "dependencies": { "accepts": "^2.0.0", "debug": "^4.4.0" } }, "sha512-x"],
  }
}
"""


def test_bun_lock() -> None:
    lock = node.read_lock(BUN_LOCK)
    assert lock is not None
    assert (lock.manager, [each.name for each in lock.packages]) == ("bun", ["@esbuild/linux-x64", "express"])
    assert lock.packages[0].os == ("linux",)
    assert lock.packages[1].depends == ("accepts", "debug")


@pytest.mark.parametrize(
    ("name", "glibc", "musl"),
    [
        ("@esbuild/linux-x64", True, True),
        ("@esbuild/darwin-arm64", False, False),
        ("@img/sharp-linuxmusl-x64", False, True),
        ("@next/swc-linux-x64-gnu", True, False),
        ("@rollup/rollup-linux-arm-gnueabihf", False, False),
        ("fsevents", False, False),
        ("is-windows", True, True),
    ],
)
def test_packages_of_other_systems_are_known_by_their_names(name: str, glibc: bool, musl: bool) -> None:
    package = LockedPackage(name, "1.0.0")
    assert (node.runs_on(package, "glibc"), node.runs_on(package, "musl")) == (glibc, musl)
