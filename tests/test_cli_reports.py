"""`check` for code hosts, and of all that a compose file builds: formats as their readers want them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deadweight.cli.main import main

KEEPS = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl\n"
COMPOSE = """\
services:
  web: {build: {context: app, target: prod}}
  worker: {build: {context: app, target: worker}}
  db: {image: postgres}
"""
APP = """\
FROM python:3.13-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends curl
FROM base AS prod
RUN pip install pandas
FROM base AS worker
RUN pip install --no-cache-dir pandas
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["check", *arguments])
    return capsys.readouterr().out


def sarif(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    document = json.loads(printed(capsys, "--format", "sarif", *arguments))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return dict(run)


def test_github_gets_a_line_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write("a,b/Dockerfile", KEEPS)
    (first, *_) = printed(capsys, "--format", "github", "a,b").splitlines()
    where = "file=a%2Cb/Dockerfile,line=2,endLine=2,col=5,endColumn=19,title=deadweight apt-lists-kept"
    assert first == f"::notice {where}::apt package lists stay in this layer, saves about 20 MB"


def test_github_shows_what_buildkit_rejects_and_what_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", "FROM scratch\nCOPI a b\n")
    broken, missing = printed(capsys, "--format", "github", "Dockerfile", "gone").splitlines()
    assert broken.startswith("::error file=Dockerfile,line=2,endLine=2,col=1,")
    assert missing == "::error file=gone::gone: no such file or directory"


def test_gitlab_gets_a_list_with_fingerprints_that_stay(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", KEEPS)
    before = json.loads(printed(capsys, "--format", "gitlab", "."))
    assert before[0]["location"] == {"path": "Dockerfile", "lines": {"begin": 2, "end": 2}}
    assert (before[0]["check_name"], before[0]["severity"]) == ("apt-lists-kept", "minor")
    write("Dockerfile", f"# a line more\n{KEEPS}")
    after = json.loads(printed(capsys, "--format", "gitlab", "."))
    assert after[0]["location"]["lines"]["begin"] == 3
    assert [each["fingerprint"] for each in after] == [each["fingerprint"] for each in before]
    assert len({each["fingerprint"] for each in after}) == len(after)


def test_sarif_has_places_rules_and_fixes(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", KEEPS)
    run = sarif(capsys, "Dockerfile")
    first = run["results"][0]
    rule = run["tool"]["driver"]["rules"][first["ruleIndex"]]
    assert rule["id"] == first["ruleId"] == "apt-lists-kept"
    assert rule["help"]["markdown"].startswith(rule["shortDescription"]["text"])
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "Dockerfile", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 19}
    assert place["contextRegion"]["snippet"]["text"] == KEEPS.splitlines()[1]
    (change,) = first["fixes"][0]["artifactChanges"]
    (edit,) = change["replacements"]
    assert edit["insertedContent"]["text"] == " && rm -rf /var/lib/apt/lists/*"
    assert edit["deletedRegion"]["startColumn"] == edit["deletedRegion"]["endColumn"] == 46
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_escapes_paths_and_says_what_was_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    write("my app/Dockerfile", "FROM scratch\nCOPI a b\n")
    run = sarif(capsys, "my app/Dockerfile", "gone")
    (result,) = run["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20app/Dockerfile"
    assert (result["ruleId"], result["level"]) == ("syntax", "error")
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"] == "gone: no such file or directory"


def test_all_that_a_compose_file_builds_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    write("compose.yaml", COMPOSE)
    write("app/Dockerfile", APP)
    assert main(["check", "--format", "json", "compose.yaml"]) == 0
    web, worker = json.loads(capsys.readouterr().out)["files"]
    assert (web["build"], worker["build"]) == ("../compose.yaml (service web)", "../compose.yaml (service worker)")
    assert [each["rule"] for each in web["findings"]] == ["apt-lists-kept", "install-cache-kept"]
    assert [each["rule"] for each in worker["findings"]] == ["apt-lists-kept"]
    assert all(each["fixes"] for each in (*web["findings"], *worker["findings"]))


def test_a_dockerfile_of_two_services_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    write("compose.yaml", COMPOSE)
    write("app/Dockerfile", APP)
    shown = printed(capsys, "compose.yaml")
    assert shown.count("[apt-lists-kept]") == shown.count("[install-cache-kept]") == 1
    assert "2 findings in 1 file:" in shown
    assert main(["size", "--format", "json", "compose.yaml"]) == 0
    builds = [each["build"] for each in json.loads(capsys.readouterr().out)["files"]]
    assert builds == ["../compose.yaml (service web)", "../compose.yaml (service worker)"]


def test_a_compose_file_beside_the_project_is_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    write("deploy/compose.yaml", "services: {web: {build: {context: ../app, target: prod}}}")
    write("app/Dockerfile", APP)
    (web,) = json.loads(printed(capsys, "--format", "json", "deploy/compose.yaml"))["files"]
    assert web["build"] == "../deploy/compose.yaml (service web)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("services: {db: {image: postgres}}", "declares no build of a Dockerfile"),
        ("a: [", "line 2: did not find expected node content"),
    ],
)
def test_a_compose_file_without_builds_says_so(capsys: pytest.CaptureFixture[str], text: str, why: str) -> None:
    write("compose.yaml", text)
    assert main(["check", "compose.yaml"]) == 2
    assert capsys.readouterr() == ("", f"deadweight: compose.yaml: {why}\n")


def test_a_service_whose_dockerfile_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    write("compose.yaml", "services: {web: {build: gone}}")
    assert main(["check", "compose.yaml"]) == 2
    assert "gone/Dockerfile: no such file" in capsys.readouterr().err
