"""Packages for development that installs of Python bring: who is told of them, and what leaves them out."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.dev_dependencies_shipped import dev_dependencies_shipped
from examples import snapshot_of

FILES = """\
//- pyproject.toml
[tool.poetry.dependencies]
flask = "3.1.0"
[tool.poetry.group.dev.dependencies]
mypy = "*"
[tool.poetry.group.web.dependencies]
gunicorn = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "*"
//- uv/pyproject.toml
[project]
name = "app"
dependencies = ["flask"]
[project.optional-dependencies]
test = ["mypy"]
web = ["gunicorn"]
[dependency-groups]
dev = ["mypy"]
[tool.uv]
package = true
//- Pipfile
[packages]
flask = "*"
[dev-packages]
mypy = "*"
//- requirements.txt
flask
//- requirements-dev.txt
mypy
//- requirements/base.txt
flask
//- requirements/test.txt
-r base.txt
mypy
"""
HEAD = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"


def tried(dockerfile: str) -> str | None:
    """What the fix makes of the last lines; "" where there is none, None where nothing is reported."""
    snapshot = snapshot_of(f"//- Dockerfile\n{HEAD}{dockerfile}\n{FILES}")
    found = report(snapshot, rules=[dev_dependencies_shipped])
    if not found:
        return None
    fixes = found[0].fixes
    assert all(holds(snapshot, report(snapshot), found[0], fix) for fix in fixes)
    return fixed(snapshot, fixes[:1]).text.removeprefix(HEAD).strip("\n") if fixes else ""


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN poetry install --no-root", "RUN poetry install --without dev --no-root"),
        ("RUN cd uv && uv sync --locked", "RUN cd uv && uv sync --no-dev --locked"),
        (
            "WORKDIR uv\nRUN uv sync --no-install-project\nRUN uv sync",
            "WORKDIR uv\nRUN uv sync --no-dev --no-install-project\nRUN uv sync --no-dev",
        ),
        ("RUN pipenv install --dev --system", "RUN pipenv install --system"),
        ("RUN pip install -r requirements.txt -r requirements-dev.txt", "RUN pip install -r requirements.txt"),
        ("RUN pip install -r requirements/test.txt", "RUN pip install -r requirements/base.txt"),
        (
            "RUN pip install -r requirements.txt && pip install -r requirements-dev.txt",
            "RUN pip install -r requirements.txt",
        ),
        ("RUN pip install -r requirements.txt\nRUN pip install -r requirements-dev.txt",
         "RUN pip install -r requirements.txt"),
        ("RUN uv pip install --system -r requirements-dev.txt", ""),
        ("RUN pip install './uv[test]'", "RUN pip install ./uv"),
    ],
)  # fmt: skip
def test_they_are_left_out(run: str, after: str) -> None:
    assert tried(run) == after


@pytest.mark.parametrize(
    "run",
    [
        "RUN poetry install --only main",
        "RUN poetry install --without dev",
        "RUN poetry install --with dev",
        "RUN poetry install $(test $E = production && echo --no-dev)",
        "RUN cd uv && uv sync --no-dev",
        "RUN cd uv && uv sync --no-default-groups --group dev",
        "ENV UV_NO_DEV=1\nRUN cd uv && uv sync",
        "RUN pipenv install --system",
        "RUN pip install -r requirements.txt",
        "RUN pip install './uv[web]'",
        "RUN pip install './uv[test,web]'",
        "RUN pip install -r requirements-dev.txt\nCMD pytest -q",
        "RUN pip install -r requirements-dev.txt\nCMD python manage.py runserver",
        "ENV FLASK_ENV=development\nRUN pip install -r requirements-dev.txt",
    ],
)
def test_nothing_is_said(run: str) -> None:
    assert tried(run) is None


@pytest.mark.parametrize("test", ["pytest", "python -m mypy .", "make test", "poetry run flask db upgrade"])
def test_there_is_no_fix_where_a_run_may_need_them(test: str) -> None:
    assert tried(f"RUN poetry install\nRUN {test}") == ""


def test_a_stage_for_tests_is_left_alone() -> None:
    snapshot = snapshot_of(
        f"//- Dockerfile\nFROM python:3.13-slim AS test\nCOPY . .\nRUN pipenv install --dev\n{FILES}"
    )
    assert report(snapshot, rules=[dev_dependencies_shipped]) == ()


@pytest.mark.parametrize(
    ("install", "copied", "is_said"),
    [
        ("uv sync --directory /app/uv", "/app/uv/.venv", True),
        ("cd uv && uv sync", "/app", True),
        ("cd uv && uv sync --no-dev", "/app", False),
        ("cd uv && uv sync", "/app/uv/src", False),
        ("python -m venv /venv && /venv/bin/pip install -r requirements-dev.txt", "/venv", True),
        ("python -m venv /venv && /venv/bin/pip install -r requirements-dev.txt", "/app", False),
    ],
)
def test_what_is_copied_from_a_stage_is_in_the_image(install: str, copied: str, is_said: bool) -> None:
    build = f"{HEAD.replace('slim', 'slim AS build')}RUN {install}\n"
    text = f"//- Dockerfile\n{build}FROM python:3.13-slim\nCOPY --from=build {copied} {copied}\n{FILES}"
    assert bool(report(snapshot_of(text), rules=[dev_dependencies_shipped])) is is_said
