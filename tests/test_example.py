"""The main job on the example app: every finding has bytes, its fixes apply, and then there is silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deadweight.cli.main import main

EXAMPLE = Path(__file__).parent.parent / "docs/examples/node"
README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The example as a fresh clone has it, without what npm installed and built there."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "app", ignore=shutil.ignore_patterns("node_modules", "dist")))


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--format", "json"])
    return json.loads(capsys.readouterr().out)


def findings(capsys: pytest.CaptureFixture[str], app: Path) -> dict[int, list[dict[str, Any]]]:
    (file,) = output(capsys, "check", str(app / "Dockerfile"))["files"]
    assert file["problems"] == []
    found: dict[int, list[dict[str, Any]]] = {}
    for finding in file["findings"]:
        found.setdefault(finding["start"]["line"], []).append(finding)
    return found


def test_findings_on_from_copy_and_install_have_bytes(capsys: pytest.CaptureFixture[str], app: Path) -> None:
    found = findings(capsys, app)
    rules = {line: [finding["rule"] for finding in group] for line, group in found.items()}
    assert rules == {
        1: ["build-tools-shipped"],
        3: ["copy-before-install"],
        4: ["install-cache-kept"],
    }
    assert all(finding["saves"]["best"] > 10_000_000 for group in found.values() for finding in group)
    assert all(finding["fixes"] for group in found.values() for finding in group)


def test_the_readme_shows_what_is_said(
    capsys: pytest.CaptureFixture[str], app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(app)
    main(["size", "Dockerfile"])
    said = capsys.readouterr().out.splitlines()
    shown = README.read_text("utf-8").partition("docs/examples/node/Dockerfile\n  line ")[2].partition("```")[0]
    _, *lines = shown.splitlines()
    assert len(lines) > 8
    assert [line for line in lines if line not in said] == ["     ..."]


def test_what_the_host_leaves_in_the_folder_is_found(capsys: pytest.CaptureFixture[str], app: Path) -> None:
    pack = app / ".git/objects/pack/pack-1.pack"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(bytes(5_000_000))
    missing = [finding for finding in findings(capsys, app)[3] if finding["rule"] == "missing-dockerignore"]
    assert missing[0]["saves"]["best"] == 5_000_000
    assert main(["fix", "--write", "--ask", "--rule", "missing-dockerignore", str(app)]) == 0
    assert (app / ".dockerignore").read_text("utf-8") == ".git\n**/node_modules\n**/npm-debug.log*\n"


def test_fixes_apply_and_are_done_with(capsys: pytest.CaptureFixture[str], app: Path) -> None:
    rules = ("full-base-image", "copy-before-install", "install-cache-kept")
    arguments = [each for rule in rules for each in ("--rule", rule)]
    assert main(["fix", "--write", "--ask", *arguments, str(app / "Dockerfile")]) == 0
    assert (app / "Dockerfile").read_text("utf-8") == (
        "FROM node:22-slim\n"
        "WORKDIR /app\n"
        "COPY package.json package-lock.json ./\n"
        "RUN npm install && npm cache clean --force\n"
        "COPY . .\n"
        "RUN npm run build\n"
        "EXPOSE 3000\n"
        'CMD ["node", "dist/server.js"]\n'
    )
    capsys.readouterr()
    left = [each["rule"] for group in findings(capsys, app).values() for each in group]
    assert left == ["build-tools-shipped"]


def test_two_stages_leave_nothing_to_say(capsys: pytest.CaptureFixture[str], app: Path) -> None:
    assert main(["fix", "--write", "--ask", "--rule", "build-tools-shipped", str(app / "Dockerfile")]) == 0
    assert (app / "Dockerfile").read_text("utf-8") == (
        "FROM node:22 AS build\n"
        "WORKDIR /app\n"
        "COPY package.json package-lock.json ./\n"
        "RUN npm ci\n"
        "COPY . .\n"
        "RUN npm run build\n"
        "\n"
        "FROM node:22-slim\n"
        "ENV NODE_ENV=production\n"
        "WORKDIR /app\n"
        "COPY package.json package-lock.json ./\n"
        "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev\n"
        "COPY --from=build /app/dist ./dist\n"
        "USER node\n"
        "EXPOSE 3000\n"
        'CMD ["node", "dist/server.js"]\n'
    )
    capsys.readouterr()
    assert findings(capsys, app) == {}


def test_every_line_is_priced_and_the_image_is_their_sum(capsys: pytest.CaptureFixture[str], app: Path) -> None:
    sizes = output(capsys, "size", str(app / "Dockerfile"))
    (stage,) = sizes["stages"]
    adds = {each["line"]: each["adds"]["best"] for each in stage["instructions"]}
    assert adds[1] == 1_130_000_000
    assert adds[3] == sum(path.stat().st_size for path in app.rglob("*") if path.is_file())
    assert 100_000_000 < adds[4] < 200_000_000
    assert sum(adds.values()) == sizes["image"]["best"] == stage["total"]["best"]
    parts = [part for each in stage["instructions"] for part in each["parts"]]
    assert all(part["source"] for part in parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('"typescript": "~5.9.0",\n', "", id="removed"),
        pytest.param('"zod": "^3.25.0"', '"zod": "^3.25.0", "lodash": "^4.17.0"', id="added"),
        pytest.param('"zod": "^3.25.0"', '"zod": "^3.25.0", "left-pad-of-nobody": "1.0.0"', id="added and unknown"),
    ],
)
def test_a_changed_dependency_changes_the_number(
    capsys: pytest.CaptureFixture[str], app: Path, before: str, after: str
) -> None:
    first = output(capsys, "size", str(app / "Dockerfile"))["image"]
    manifest = app / "package.json"
    text = manifest.read_text("utf-8")
    assert before in text
    manifest.write_text(text.replace(before, after), "utf-8")
    assert output(capsys, "size", str(app / "Dockerfile"))["image"] != first
