"""Completion and signature help as plain data. `<|>` marks the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import json_lines
from deadweight.features.completion.complete import complete, documentation
from deadweight.features.completion.items import MOST, Completions, Item
from deadweight.features.reference import INSTRUCTIONS
from deadweight.features.signature_help import signature_help
from deadweight.model.context import BuildContext
from deadweight.model.effects import Leftover, is_under
from deadweight.model.variables import expand
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.problems import find_problems
from deadweight.text import Edit, apply_edits
from examples import read_example, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CURSOR = "<|>"
APP = """
//- Dockerfile
FROM node:22 AS build
WORKDIR /srv/web
@
//- package.json
{}
//- package-lock.json 120000
//- src/app.js 3000
//- src/lib/util.js 500000
//- .git/pack 5000000
//- node_modules/x 70000000
//- .dockerignore
node_modules
""".lstrip()


def found(block: str, trigger: str = "") -> Completions | None:
    """What is offered at the cursor of a Dockerfile, or of a block of files."""
    offset = read_example(block).dockerfile.index(CURSOR)
    return complete(snapshot_of(block.replace(CURSOR, "")), offset, trigger)


def items(block: str, trigger: str = "") -> dict[str, Item]:
    """The items by label, in order."""
    offered = found(block, trigger)
    return {item.label: item for item in offered.items} if offered else {}


def labels(block: str, trigger: str = "") -> list[str]:
    return list(items(block, trigger))


def applied(block: str, label: str) -> str:
    """The Dockerfile after an item took the place of what it replaces."""
    offered = found(block)
    assert offered is not None
    text = read_example(block).dockerfile.replace(CURSOR, "")
    assert offered.span.start <= text_offset(block) <= offered.span.end
    item = next(each for each in offered.items if each.label == label)
    return apply_edits(text, [Edit(offered.span, item.text)])


def text_offset(block: str) -> int:
    return read_example(block).dockerfile.index(CURSOR)


def in_app(line: str) -> str:
    return APP.replace("@", line)


def problems(text: str) -> list[str]:
    return [problem.message for problem in find_problems(parse(text))]


# --- the start of a line ---


def test_only_from_and_arg_stand_above_the_first_from() -> None:
    assert labels("# a\n\n<|>") == ["FROM", "ARG", "FROM ... AS"]
    assert {"RUN", "COPY", "FROM"} <= set(labels("FROM a\n<|>"))


def test_a_half_typed_keyword_is_replaced_whole() -> None:
    assert applied("FROM a\nWORK<|>", "WORKDIR") == "FROM a\nWORKDIR "
    assert applied("FROM a\nWO<|>RK /a\n", "WORKDIR") == "FROM a\nWORKDIR /a\n"


def test_keywords_are_written_as_the_file_writes_them() -> None:
    assert "run" in labels("from a\nr<|>")
    assert "RUN" in labels("FROM a\nr<|>")
    assert items("FROM a\nr<|>")["RUN"].typed == "run"  # what an editor that minds the case compares


def test_a_trigger_is_neither_from_nor_onbuild() -> None:
    offered = labels("FROM a\nONBUILD <|>")
    assert "COPY" in offered
    assert not {"FROM", "ONBUILD", "MAINTAINER"} & set(offered)
    assert "build" in labels("FROM a AS build\nFROM b\nONBUILD COPY --from=<|>")


def test_directives_stand_at_the_top_and_nowhere_else() -> None:
    assert "# syntax=docker/dockerfile:1" in labels("<|>")
    assert labels("# <|>\nFROM a") == ["syntax=docker/dockerfile:1", "escape=`", "check=skip="]
    assert labels("# escape=`\n#<|>\nFROM a") == ["syntax=docker/dockerfile:1", "check=skip="]
    assert applied("#<|>\nFROM a", "escape=`") == "# escape=`\nFROM a"
    assert labels("# a comment\n# <|>\nFROM a") == labels("FROM a\n# <|>") == labels("# I <|>\nFROM a") == []


def test_values_of_directives() -> None:
    assert applied("# syntax=<|>\nFROM a", "docker/dockerfile:1") == "# syntax=docker/dockerfile:1\nFROM a"
    assert labels("# escape=<|>") == ["`", "\\"]
    assert applied("# check=skip=StageNameCasing,Un<|>", "UndefinedVar") == "# check=skip=StageNameCasing,UndefinedVar"
    assert "StageNameCasing" not in labels("# check=skip=StageNameCasing,<|>")
    assert labels("# check=skip=all;error=<|>") == ["true", "false"]


FORMS = [item for item in items("FROM a\n<|>").values() if item.kind == "form"]


@pytest.mark.parametrize("form", FORMS, ids=[form.label for form in FORMS])
def test_a_form_parses_and_its_snippet_says_the_same(form: Item) -> None:
    assert problems(f"FROM a AS stage\n{form.text}\n") == []
    assert len(parse(f"FROM a\n{form.text}\n").instructions) == 2
    stops = re.sub(r"\$\{\d:((?:\\.|[^}\\])*)\}", r"\1", form.snippet)
    assert re.sub(r"\\([$\\}])", r"\1", stops) == form.text
    assert len(re.findall(r"(?<!\\)\$\{\d:", form.snippet)) >= (0 if form.label == "RUN npm ci" else 1)


def test_forms_fit_the_base_image() -> None:
    def forms(base: str) -> set[str]:
        return {item.label for item in items(f"FROM {base}\n<|>").values() if item.kind == "form"}

    assert "RUN apt-get install" in forms("debian:12")
    assert "RUN apk add" not in forms("debian:12")
    assert {"RUN apk add", "RUN npm ci"} <= forms("node:22-alpine")
    assert {"RUN apk add", "RUN apt-get install"} <= forms("registry.corp/unknown")
    assert "RUN apt-get install" not in labels("FROM debian:12\n<|> x")  # would leave the x behind


def test_a_form_has_the_files_own_escape_and_line_ends() -> None:
    text = items("# escape=`\r\nFROM debian:12\r\n<|>")["RUN apt-get install"].text
    assert text.count(" `\r\n") == 2
    assert problems(f"# escape=`\r\nFROM debian:12\r\n{text}\r\n") == []


# --- flags ---


def test_flags_are_offered_once() -> None:
    assert "--from=" in labels("FROM a\nCOPY --<|> a b")
    assert "--from=" in labels("FROM a\nCOPY -<|> a b")
    assert "--from=" not in labels("FROM a\nCOPY --from=x --<|> a b")
    assert "--mount=" in labels("FROM a\nRUN --mount=type=ssh --<|> a")
    assert "--mount=" in labels("FROM a\nRUN -<|> apt-get update")
    assert labels("FROM a\nWORKDIR --<|>") == labels("FROM a\nRUN ls --<|>") == []


def test_a_flag_in_front_of_its_value_leaves_the_value() -> None:
    assert applied("FROM a\nCOPY --fr<|>om=b a c\n", "--from=") == "FROM a\nCOPY --from=b a c\n"


@pytest.mark.parametrize("keyword", INSTRUCTIONS)
def test_the_flags_we_speak_of_are_those_that_buildkit_takes(keyword: str) -> None:
    arguments = {"HEALTHCHECK": "CMD a", "FROM": "a"}.get(keyword, "a b")
    own = {flag.name for flag in INSTRUCTIONS[keyword].flags}
    every = {flag.name for entry in INSTRUCTIONS.values() for flag in entry.flags}
    head = "" if keyword == "FROM" else "FROM a\n"
    for name in every:
        said = problems(f"{head}{keyword} --{name}=true {arguments}\n")
        assert ("unknown flag" in " ".join(said)) == (name not in own) or keyword in ("ARG", "STOPSIGNAL"), name


def test_values_of_flags() -> None:
    assert labels("FROM --platform=<|> a")[:2] == ["$BUILDPLATFORM", "$TARGETPLATFORM"]
    assert applied("FROM --platform=linux/a<|> a", "linux/arm64") == "FROM --platform=linux/arm64 a"
    assert labels("FROM a\nRUN --network=<|> b") == ["none", "host", "default"]
    assert labels("FROM a\nRUN --network=none<|> b") == []  # nothing is missing there
    assert "node:node" in labels("FROM node:22\nCOPY --chown=<|> a b")
    assert "bob:bob" in labels("FROM a\nRUN useradd -m bob\nCOPY --chown=<|> a b")
    assert labels("FROM node:22\nCOPY --link --chown=<|> a b") == ["1000:1000"]  # a layer of its own knows no names


# --- RUN --mount ---


def test_cache_mounts_are_those_of_the_tools_that_are_called() -> None:
    whole = items("FROM debian:12\nRUN --<|> apt-get update && pip install flask")
    assert [label for label in whole if "cache" in label] == ["--mount=type=cache (apt)", "--mount=type=cache (pip)"]
    assert whole["--mount=type=cache (apt)"].text == (
        "--mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked"
    )
    text = applied("FROM debian:12\nRUN --mount=<|> apt-get update\n", "type=cache (apt)")
    assert problems(text) == []
    assert [flag.value for flag in parse(text).instructions[1].instruction.flags] == [
        "type=cache,target=/var/cache/apt,sharing=locked",
        "type=cache,target=/var/lib/apt,sharing=locked",
    ]
    assert "type=cache (pip)" not in labels(
        "FROM a\nRUN --mount=type=cache,target=/root/.cache/pip --mount=<|> pip list"
    )


def test_a_cache_mount_belongs_to_the_account_that_uses_it() -> None:
    block = "FROM node:22\nUSER node\nRUN --<|> npm ci"
    assert items(block)["--mount=type=cache (npm)"].text == "--mount=type=cache,target=/home/node/.npm,uid=1000"


def test_options_of_a_mount_fit_its_type() -> None:
    assert "sharing=" in labels("FROM a\nRUN --mount=type=cache,<|> b")
    assert "sharing=" not in labels("FROM a\nRUN --mount=type=secret,<|> b")
    assert "target=" not in labels("FROM a\nRUN --mount=type=cache,dst=/a,<|> b")
    assert labels("FROM a\nRUN --mount=type=cache,target=/a,sharing=<|> b") == ["locked", "shared", "private"]
    assert labels("FROM a\nRUN --mount=type=c<|>,target=/a b") == ["bind", "cache", "secret", "ssh", "tmpfs"]
    assert "build" in labels("FROM a AS build\nFROM b\nRUN --mount=from=<|> c")
    assert labels(in_app("RUN --mount=type=bind,source=src/<|>,target=/a b")) == ["app.js", "lib/"]
    assert "package.json" in labels(in_app("RUN --mount=type=bind,source=<|>,target=/a cat package.json"))


def test_targets_of_a_cache() -> None:
    block = "FROM debian:12\nRUN --mount=type=cache,target=<|> apt-get update"
    assert labels(block)[:2] == ["/var/cache/apt", "/var/lib/apt"]
    assert "target=/var/cache/apt,sharing=locked apt-get" in applied(block, "/var/cache/apt")
    block = "FROM a\nRUN --mount=type=cache,sharing=private,target=<|> apt-get update"
    assert "target=/var/cache/apt apt-get" in applied(block, "/var/cache/apt")


@pytest.mark.parametrize(
    ("base", "run"),
    [
        ("python:3.13", "pip install a"),
        ("python:3.13\nENV PIP_CACHE_DIR=/p UV_CACHE_DIR=/u", "uv pip install --system a"),
        ("python:3.13\nENV PIP_CACHE_DIR=/p", "pip install a"),
        ("python:3.13\nUSER me", "poetry install"),
        ("node:22\nUSER node", "npm install a"),
        ("node:22\nUSER node", "yarn"),
        ("node:22", "pnpm add a"),
        ("oven/bun:1", "bun add a"),
        ("golang:1.26", "go mod download"),
        ("debian:12", "go mod download"),
        ("rust:1", "cargo fetch"),
        ("maven:3", "mvn dependency:go-offline"),
        ("debian:12", "gradle build"),
        ("composer:2", "composer install"),
        ("ruby:3.4", "bundle install"),
        ("mcr.microsoft.com/dotnet/sdk:9.0", "dotnet restore"),
        ("fedora:44", "dnf install -y a"),
    ],
)
def test_a_cache_mount_lies_where_the_tool_leaves_its_downloads(base: str, run: str) -> None:
    kept = snapshot_of(f"FROM {base}\nRUN {run}\n").ledgers[-1].layers[-1].kept
    left = [each.path or "" for each in kept if isinstance(each.cause, Leftover)]
    offered = items(f"FROM {base}\nRUN --<|> {run}\n").items()
    targets = ", ".join(item.detail or "" for label, item in offered if "=cache" in label).split(", ")
    assert left
    assert all(any(is_under(path, each) for each in targets) for path in left)


# --- FROM ---


def test_images_and_stages_behind_from() -> None:
    offered = labels("FROM node:22 AS build\nFROM <|>")
    assert offered[:2] == ["build", "scratch"]
    assert {"node", "debian", "python"} <= set(offered)
    assert applied("FROM no<|>de:22 AS a", "node") == "FROM node:22 AS a"
    assert "later" not in labels("FROM <|>\nFROM a AS later")


def test_tags_come_with_sizes_the_newest_version_first() -> None:
    offered = items("FROM python:<|>")
    lines = [label for label in offered if re.fullmatch(r"3\.\d+", label)]
    assert lines == sorted(lines, key=lambda tag: -int(tag[2:]))
    first = list(offered)[:3]
    assert [first[0] + end for end in ("", "-slim", "-alpine")] == first
    assert re.fullmatch(r"[\d.]+ [GM]B unpacked, [\d.]+ [GM]B pulled", offered["3.12-slim"].detail)


def test_a_date_is_no_new_version() -> None:
    assert labels("FROM alpine:<|>")[0].startswith("3.")
    assert labels("FROM debian:<|>")[:2] == ["13", "13-slim"]


def test_a_tag_takes_the_place_of_the_tag_alone() -> None:
    assert applied("FROM node:22-al<|>pine AS a", "22-slim") == "FROM node:22-slim AS a"
    assert applied("FROM mirror.corp/library/node:<|>", "22-slim") == "FROM mirror.corp/library/node:22-slim"
    assert labels("FROM localhost:5000/node<|>")  # a name, not the tag 5000/node
    assert labels("FROM node@sha256:<|>") == labels("FROM node@<|>") == []


def test_a_platform_has_sizes_of_its_own() -> None:
    arm = items("FROM --platform=linux/arm64 debian:<|>")["12-slim"]
    assert arm.subject == ("image", "debian:12-slim", "linux/arm64")


def test_as_stands_behind_an_image() -> None:
    assert applied("FROM node:22 <|>", "AS") == "FROM node:22 AS"
    assert labels("from node:22 <|>") == ["as"]
    assert labels("FROM node:22 AS <|>") == labels("FROM node:22 AS a <|>") == []


def said(block: str, label: str) -> tuple[str, str]:
    item = items(block)[label]
    return documentation(snapshot_of(block.replace(CURSOR, "")), item.subject)


def test_what_a_choice_means_is_said() -> None:
    detail, text = said("FROM node:<|>", "22-alpine")
    assert detail.endswith("pulled")
    assert "musl" in text
    assert "no bash" in text
    assert "no compiler" in said("FROM node:<|>", "22-slim")[1]
    assert "no compiler" not in said("FROM debian:<|>", "12-slim")[1]
    assert "no shell" in said("FROM <|>", "gcr.io/distroless/static-debian13")[1]


def test_what_a_stage_is_and_weighs() -> None:
    block = "FROM debian:12 AS base\nFROM base AS build\nFROM debian:12\nCOPY --from=<|>"
    assert labels(block)[:2] == ["build", "base"]
    assert items(block)["build"].detail == "stage on base"
    detail, text = said(block, "base")
    assert detail == "stage on debian:12, 120 MB"
    assert "none of its layers is in the image" in text


# --- COPY and ADD ---


def test_sources_come_from_the_context_with_what_they_weigh() -> None:
    offered = items(in_app("COPY <|>"))
    assert list(offered)[:4] == [".", "package-lock.json", "package.json", "src/"]
    assert offered["."].detail == "the whole context, 5.6 MB"
    assert (offered["src/"].kind, offered["src/"].detail) == ("folder", "500 kB")
    assert offered["package-lock.json"].detail == "120 kB"
    assert "node_modules/" not in offered  # ignored


def test_folder_by_folder() -> None:
    assert labels(in_app("COPY src/<|> /app")) == ["app.js", "lib/"]
    assert labels(in_app("COPY ./src/l<|>")) == ["app.js", "lib/"]
    assert "COPY ./src/lib/\n" in applied(in_app("COPY ./src/l<|>"), "lib/")
    assert "COPY src/app.js x\n" in applied(in_app("COPY s<|>rc/app.js x"), "src/")
    assert labels(in_app("ENV D=src\nCOPY $D/<|>")) == ["app.js", "lib/"]
    assert labels(in_app("COPY $UNKNOWN/<|>")) == labels(in_app("COPY nowhere/<|>")) == []


def test_sources_in_quotes_and_arrays() -> None:
    assert "lib/" in labels(in_app('COPY ["src/<|>", "/app"]'))
    assert 'COPY ["src/lib/", "/app"]' in applied(in_app('COPY ["src/l<|>", "/app"]'), "lib/")
    assert "lib/" in labels(in_app('COPY ["package.json", "src/<|>'))
    assert "lib/" in labels(in_app('COPY "src/<|>" /app'))
    assert labels(in_app('COPY ["src", "/<|>"]')) == []


def test_the_target_is_no_source() -> None:
    assert labels(in_app("COPY package.json /<|>")) == labels(in_app("COPY package.json ./<|>")) == []
    target = items(in_app("COPY package.json <|>"))
    assert target["./"].detail == "the working folder, /srv/web"
    assert "package-lock.json" in target
    assert not {".", "package.json"} & set(target)  # given already, or no target
    assert "package-lock.json" in labels(in_app("COPY package.json <|> ./"))


def test_from_a_stage_comes_what_lies_in_its_working_folder() -> None:
    block = "FROM a AS build\nWORKDIR /srv/web\nFROM b\nCOPY --from=build <|>"
    assert labels(block, " ")[0] == "/srv/web/"
    assert found("FROM a AS build\nWORKDIR /srv/web\nFROM b\nCOPY --from=build /a <|>") is None
    assert found("FROM a\nCOPY --from=build <|>", " ") is None  # flags alone are no reason to pop up


NAMES = (
    *("my file.txt", "a/[id].ts", 'say "hi"', "it's", "$x", "a*b", "back\\slash", "plain", "new\nline", "é", "a b/c d"),
)


@pytest.mark.parametrize("escape", ["\\", "`"])
def test_a_name_is_spelled_so_that_it_means_the_file(escape: str) -> None:
    context = BuildContext("here", dict.fromkeys(NAMES, 1))
    head = "# escape=`\nFROM a\n" if escape == "`" else "FROM a\n"
    for line, end in (("COPY ", " /t"), ('COPY ["', '", "/t"]'), ("COPY a/", " /t"), ('COPY ["a b/', '", "/t"]')):
        text = f"{head}{line}{end}\n"
        offset = len(head) + len(line)
        offered = complete(Snapshot(parse(text), context), offset)
        assert offered is not None
        for item in offered.items:
            if item.kind not in ("file", "folder"):
                continue
            changed = apply_edits(text, [Edit(offered.span, item.text)])
            assert problems(changed) == []
            source, target = parse(changed).instructions[1].instruction.words
            assert target.value == "/t"
            meant = expand(source.value or "" if "[" in line else source.text, {}, escape=escape)
            assert meant is not None
            folder = line.rpartition(" ")[2].removeprefix('["') if "b/" not in line else "a b/"
            whole = "" if item.label == "." else folder + item.label
            wanted = {name for name in NAMES if name == whole or (whole[-1:] in ("", "/") and name.startswith(whole))}
            assert set(context.select(meant).files) == wanted, item


def test_names_that_cannot_be_told_apart_are_left_out() -> None:
    context = BuildContext("here", {"my file": 1, "my-file": 1})
    offered = complete(Snapshot(parse("FROM a\nCOPY  /t\n"), context), 12)
    assert offered is not None
    assert [item.label for item in offered.items if item.kind == "file"] == ["my-file"]


# --- variables ---


def test_variables_in_force_with_their_values() -> None:
    head = "ARG G=1\nFROM a\nARG V=2\nENV E=$V-3\n"
    assert {label: item.detail for label, item in items(f"{head}WORKDIR $<|>\nENV LATER=1").items()} == {
        "V": "2",
        "E": "2-3",
    }
    assert applied(f"{head}WORKDIR /a/${{E<|>", "E").endswith("WORKDIR /a/${E}")
    assert applied(f"{head}WORKDIR /a/${{<|>X}}/b", "E").endswith("WORKDIR /a/${E}X}/b")
    assert applied(f"{head}WORKDIR /a/${{X<|>}}/b", "E").endswith("WORKDIR /a/${E}/b")
    assert applied(f"{head}USER $<|>", "V").endswith("USER $V")


def test_from_sees_what_stands_above_all_stages() -> None:
    head = "ARG G=1\nFROM a\nARG V=2\n"
    assert "V" not in labels(f"{head}FROM b:$<|>")
    assert items(f"{head}FROM b:${{<|>")["G"].detail == "1"
    assert "BUILDPLATFORM" in labels("FROM --platform=$<|> a")
    assert "V" in labels("FROM a\nARG V\nCOPY --chmod=$<|> a b")
    assert labels("FROM a\nARG V\nCOPY --from=$<|> a b") == labels("FROM a\nARG V\nRUN --mount=from=$<|> a") == []


def test_variables_of_a_script() -> None:
    offered = items("FROM a\nARG V=2\nRUN NAME=x; for i in a; do echo ${<|>; done")
    assert {"V", "NAME", "i", "PATH", "HOME"} <= set(offered)
    assert offered["NAME"].text == "NAME}"


def test_what_runs_later_sees_no_arguments_of_the_build() -> None:
    assert labels("FROM a\nARG V=2\nENV E=1\nCMD echo $<|>") == ["E"]


@pytest.mark.parametrize(
    "line",
    ["RUN echo '$<|>'", r"RUN echo \$<|>", 'RUN ["echo", "$<|>"]', "ENV A='$<|>'", r"ENV A=\$<|>", "RUN echo $1<|>"],
)
def test_a_dollar_that_stands_for_itself(line: str) -> None:
    assert labels(f"FROM a\nARG V=2\n{line}") == []


def test_arguments_are_offered_to_from() -> None:
    head = "ARG NODE=22\nFROM a AS b\n"
    assert labels(f"{head}FROM <|>")[:2] == ["b", "${NODE}"]
    assert applied(f"{head}FROM node:<|>", "${NODE}") == f"{head}FROM node:${{NODE}}"


def test_an_argument_is_declared_again_in_a_stage() -> None:
    offered = labels("ARG G=1\nFROM a\nARG <|>")
    assert offered[0] == "G"
    assert "TARGETARCH" in offered
    assert "G" not in labels("ARG G=1\nFROM a\nARG G\nARG <|>")
    assert applied("FROM a\nARG TARG<|>ET=1", "TARGETARCH") == "FROM a\nARG TARGETARCH=1"
    assert labels("ARG G=1\nFROM a\nARG X=<|>") == labels("ARG <|>\nFROM a") == []


# --- packages ---


AMOUNT = r"(?:[\d.]+–)?[\d.]+ MB with what it needs"


def test_debian_packages_with_bytes() -> None:
    offered = items("FROM debian:12\nRUN apt-get install -y cur<|>")
    assert re.fullmatch(r"[\d.]+ [kM]B alone", offered["curl"].detail)
    detail, text = said("FROM debian:12\nRUN apt-get install -y cur<|>", "curl")
    assert detail == "16 MB with what it needs"
    assert "libcurl4" in text
    less, _ = said("FROM debian:12\nRUN apt-get install -y --no-install-recommends cur<|>", "curl")
    assert re.fullmatch(AMOUNT, less)
    assert less != detail
    assert said("FROM node:22\nRUN apt-get install gi<|>", "git")[0] == "in the base image"


def test_the_release_decides_what_there_is() -> None:
    assert "libpython3.11" in " ".join(labels("FROM debian:12\nRUN apt-get install libpython3.1<|>"))
    assert "libpython3.13" in " ".join(labels("FROM debian:13\nRUN apt-get install libpython3.1<|>"))
    assert labels("FROM alpine:3.22\nRUN apt-get install cu<|>") == []


def test_what_is_listed_is_not_offered_again() -> None:
    assert "curl" not in labels("FROM debian:12\nRUN apt-get install curl=7.88 c<|>")
    assert "curl" not in labels("FROM debian:12\nRUN apt-get install c<|> curl && rm x")
    assert "flask" not in labels("FROM a\nRUN pip install 'flask[async]>=3' fl<|>")
    assert "-y" not in labels("FROM a\nRUN apt-get install -y -<|>")


COMMANDS = [
    "RUN apt-get install -y gi<|>",
    "RUN apt-get update && apt-get install -y gi<|> && rm -rf /var/lib/apt/lists/*",
    "RUN apt-get install -y curl \\\n    # a comment\n\n    gi<|> \\\n    wget",
    "RUN apt-get install -y curl \\\n    gi<|>\nCMD a",
    "RUN sudo -E env A=1 apt install gi<|>",
    "RUN <<EOF\napt-get update\napt-get install gi<|>\nEOF",
    "RUN <<-EOF\n\tapt-get install gi<|>\n\tEOF",
    "RUN <<EOF\napt-get update\napt-get install gi<|>",
    "RUN bash <<EOF\napt-get install gi<|>\nEOF",
    "RUN bash -c 'apt-get install gi<|>'",
    "RUN if [ -f a ]; then apt-get install gi<|>; fi",
    "RUN if [ -f a ]; then apt-get install gi<|>",
    "RUN (apt-get install gi<|>",
    'RUN apt-get install "gi<|>',
    "RUN echo $(apt-get install gi<|>)",
    "RUN --mount=type=cache,target=/var/cache/apt apt-get install gi<|>",
    "ONBUILD RUN apt-get install gi<|>",
    "run apt-get install gi<|>",
    'SHELL ["/bin/bash", "-c"]\nRUN apt-get install gi<|>',
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_package_is_found_in_any_script(line: str) -> None:
    block = f"FROM debian:12\n{line}"
    assert applied(block, "git") == block.replace("gi<|>", "git")


def test_a_script_in_a_file_with_another_escape() -> None:
    block = "# escape=`\r\nFROM debian:12\r\nRUN apt-get install curl `\r\n    gi<|> `\r\n    wget\r\n"
    assert applied(block, "git") == block.replace("gi<|>", "git")


def test_python_and_node_packages() -> None:
    assert "alone" in items("FROM python:3.13\nRUN pip install nump<|>")["numpy"].detail
    assert "scikit-learn" in labels("FROM python:3.13\nRUN python3 -m pip install Scikit_l<|>")
    detail, _ = said("FROM python:3.13\nRUN pip install panda<|>", "pandas")
    assert detail.endswith("with what it needs")
    assert "express" in labels("FROM node:22\nRUN npm i exp<|>")
    assert "@aws-sdk/client-s3" in labels("FROM node:22\nRUN npm install @aws-sdk/<|>")
    assert applied("FROM a\nRUN pip install 'flas<|>'", "flask") == "FROM a\nRUN pip install 'flask'"


def test_a_part_of_a_name_finds_it() -> None:
    assert labels("FROM debian:12\nRUN apt-get install pip<|>")[:1] == ["python3-pip"]


def test_a_long_list_is_cut_and_says_so() -> None:
    offered = found("FROM debian:12\nRUN apt-get install lib<|>")
    assert offered is not None
    assert (len(offered.items), offered.is_incomplete) == (MOST, True)
    assert all(item.label.startswith("lib") for item in offered.items)
    few = found("FROM debian:12\nRUN apt-get install libpq<|>")
    assert few is not None
    assert not few.is_incomplete


def test_options_that_keep_layers_small() -> None:
    assert "--no-install-recommends" in labels("FROM debian:12\nRUN apt-get install -<|>")
    assert "--no-cache-dir" in labels("FROM a\nRUN pip3.12 install --no<|> flask")
    assert labels("FROM a\nRUN apk add <|>") == ["--no-cache", "--virtual"]
    assert labels("FROM a\nRUN npm ci -<|>") == ["--omit=dev"]


# --- small values ---


def test_small_values() -> None:
    assert labels("FROM nginx\nEXPOSE <|>")[0] == "80"
    assert labels("FROM a\nEXPOSE 80/<|>") == ["tcp", "udp"]
    assert "bob" in labels("FROM a\nRUN adduser -D bob && true\nUSER <|>")
    assert "node" in labels("FROM node:22\nUSER <|>")
    assert "/srv/web" in labels("FROM a AS b\nWORKDIR /srv/web\nFROM a\nWORKDIR /<|>")
    assert '["/bin/bash", "-o", "pipefail", "-c"]' in labels("FROM a\nSHELL <|>")
    assert "SIGQUIT" in labels("FROM a\nSTOPSIGNAL <|>")
    assert labels("FROM a\nHEALTHCHECK <|>")[:2] == ["CMD", "NONE"]
    assert "PIP_NO_CACHE_DIR=1" in labels("FROM python:3.13\nENV <|>")
    key = "org.opencontainers.image.source"
    assert applied("FROM a\nLABEL sour<|>", key) == f"FROM a\nLABEL {key}="
    assert key not in labels(f"FROM a\nLABEL {key}=x <|>")


def test_shells_and_signals_are_taken() -> None:
    for line in ("SHELL", "STOPSIGNAL", "USER", "WORKDIR"):
        block = f"FROM a\n{line} <|>\n"
        for label in labels(block):
            assert problems(applied(block, label)) == []


# --- silence ---


@pytest.mark.parametrize(
    "block",
    [
        "FROM a\n# apt-get install <|>",
        "FROM debian\nRUN apt-get install a \\\n  # gi<|>\n  b",
        "FROM debian\nRUN cat <<EOF > /x\napt-get install gi<|>\nEOF",
        "FROM debian\nCOPY <<EOF /x\nFROM <|>\nEOF",
        "FROM debian\nRUN python3 <<EOF\nprint(<|>)\nEOF",
        "FROM debian\nRUN <<EOF\n#!/usr/bin/env python3\napt-get install gi<|>\nEOF",
        "FROM a\nRUN <<EOF\nls\nEO<|>F",
        "FROM a\nRUN <<EO<|>F\nls\nEOF",
        "FROM a\nEXPOSE 80 <|>",
        "FROM a\nEXPOSE 8<|>",
        "FROM a\nRUN <|>",
        "FROM a\nRUN ls <|>",
        "FROM a\nRUN apt-get install -t <|>",
        "FROM a\nRUN pip install -r <|>",
        "FROM a\nRUN pip install flask==<|>",
        "FROM a\nRUN npm install express@<|>",
        "FROM a\nCMD <|>",
        'FROM a\nENTRYPOINT ["<|>"]',
        "FROM a\nENV A=<|>",
        "FROM a\nENV A <|>",
        "FROM a\nLABEL a=<|>",
        "FROM a\nVOLUME <|>",
        "FROM a\nMAINTAINER <|>",
        "FROM a\nFOO <|>",
        "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN apt-get install gi<|>",
        'FROM debian\nSHELL ["pwsh", "-Command"]\nRUN apt-get install gi<|>',
        "# syntax=example.com/other:1\nFROM <|>",
        "FROM a\nRUN apt-get install cu\\\nr<|>",  # a word that no edit on one line can replace
    ],
)
def test_nothing_pops_up(block: str) -> None:
    assert found(block) is None


def test_a_blank_opens_a_list_only_where_something_has_to_come() -> None:
    assert labels("FROM <|>", " ")
    assert labels(in_app("COPY <|>"), " ")
    for block in ("FROM a <|>", "FROM a\nRUN apt-get install <|>", "FROM a\nUSER <|>", in_app("COPY package.json <|>")):
        assert found(block, " ") is None
        assert found(block) is not None


def test_a_file_that_is_too_large_to_be_read_has_nothing() -> None:
    nothing_read = Snapshot(parse(""))
    assert complete(nothing_read, 5_000_000) is None
    assert signature_help(nothing_read, 5_000_000) is None


# --- half-typed files ---


def test_below_an_open_heredoc_a_new_instruction_may_begin() -> None:
    assert "RUN" in labels("FROM a\nRUN <<EOF\nls\n\nR<|>")
    assert "RUN" in labels("FROM a\nRUN <<EOF\nRUN ls\nR<|>")


HALF = (
    *("FROM ", "COPY ", "COPY --from=", "RUN apt-get install ", "RUN --mount=", "ENV A=$", "RUN <<EOF\n", '["', "\\\n"),
    *("a", " ", "\n", "\r\n", "$", "{", "}", "'", '"', ":", "/", "#", "--", ",", "=", "`", "|", "(", "<<EOF"),
    *("\ufeff", "\x00", "é𝄞", "EOF\n", "ONBUILD ", "# escape=`\n", "node"),
)
PIECES = st.lists(st.sampled_from(HALF))


def check(snapshot: Snapshot, offset: int, *, is_real: bool = True) -> None:
    """Nothing raises, every edit is one that an editor can make, and none of them makes two instructions of one."""
    text = snapshot.text
    offered = complete(snapshot, offset)
    if offered:
        start, end = offered.span
        assert 0 <= start <= offset <= end <= len(text)
        assert "\n" not in text[start:end]
        assert "\r" not in text[start:end]
        assert offered.items
        assert len(offered.items) <= MOST + 10  # and a manager's options
        count = len(parse(f"{text[:offset]}x{text[offset:]}").instructions)
        for item in (*offered.items[:2], offered.items[-1]):
            changed = parse(apply_edits(text, [Edit(offered.span, item.text)]))
            is_comment = "#" in (item.text[:1], text[:offset].rpartition("\n")[2].lstrip()[:1])
            is_free = not is_real or is_comment or item.kind in ("keyword", "form")
            assert is_free or len(changed.instructions) == count
            documentation(snapshot, item.subject)
    helped = signature_help(snapshot, offset)
    if helped:
        form = helped.forms[helped.active]
        assert form.active is None or form.active < len(form.parameters)
        assert all(each.span.end <= len(form.label) for each in form.parameters)


@given(PIECES)
@settings(max_examples=150)
def test_no_text_and_no_offset_raises(pieces: list[str]) -> None:
    text = "".join(pieces)
    snapshot = Snapshot(parse(text), BuildContext("here", {"a": 1, "b c/d": 2}))
    for offset in {0, len(text), *range(0, len(text) + 1, max(1, len(text) // 12))}:
        check(snapshot, offset, is_real=False)


def prefixes(text: str, step: int) -> Iterable[str]:
    return (text[:end] for end in range(0, len(text) + 1, step))


def test_real_files_typed_to_any_place(shared: Path) -> None:
    texts = [entry["text"] for entry in json_lines(shared / "corpus" / "dockerfiles.jsonl.xz")][::100]
    for text in texts:
        for prefix in prefixes(text, max(7, len(text) // 25)):
            check(Snapshot(parse(prefix)), len(prefix))
        whole = Snapshot(parse(text))
        for offset in range(0, len(text), max(11, len(text) // 25)):
            check(whole, offset)


# --- signature help ---


def signed(block: str) -> str | None:
    """The form that is being typed, with the active parameter in angle quotes."""
    helped = signature_help(snapshot_of(block.replace(CURSOR, "")), block.index(CURSOR))
    if helped is None:
        return None
    form = helped.forms[helped.active]
    if form.active is None:
        return form.label
    start, end = form.parameters[form.active].span
    return f"{form.label[:start]}«{form.label[start:end]}»{form.label[end:]}"


def test_the_parameter_that_is_being_typed() -> None:
    assert signed("FROM <|>") == "FROM [--platform=<platform>] «<image>[:<tag>|@<digest>]» [AS <name>]"
    assert signed("FROM a <|>") == "FROM [--platform=<platform>] <image>[:<tag>|@<digest>] «[AS <name>]»"
    assert (signed("FROM a\nCOPY a <|>") or "").endswith("<source>... «<target>»")
    assert (signed("FROM a\nCOPY a <|> b") or "").endswith("«<source>...» <target>")
    assert (signed('FROM a\nCOPY ["a", "<|>"]') or "").endswith('«"<target>"]»')
    assert "«[--from=<stage>|<context>|<image>]»" in (signed("FROM a\nCOPY --fr<|> a b") or "")
    assert signed("FROM a\nENV A=1 B=<|>") == "ENV «<name>=<value>...»"
    assert (signed("FROM a\nHEALTHCHECK CMD <|>") or "").endswith("CMD «<command>»")
    assert (signed("FROM a\nONBUILD COPY <|>") or "").startswith("COPY ")


def test_the_options_of_a_mount_are_a_signature() -> None:
    assert (signed("FROM a\nRUN --mount=<|>") or "").startswith("RUN --mount=«type=bind»")
    label = signed("FROM a\nRUN --mount=type=cache,dst=<|> b") or ""
    assert label.startswith("RUN --mount=type=cache«,target=<target>»[,sharing=<sharing>]")


@pytest.mark.parametrize(
    "block",
    [
        "FROM<|>",
        "FROM a\nRUN ls <|>",
        "FROM a\nCMD ls -l <|>",
        "FROM a\nWORKDIR /a <|>",
        "FROM a AS b <|>",
        "# <|>",
        "FROM a\nFOO <|>",
        "FROM a\nCOPY <<EOF /x\n<|>\nEOF",
        "FROM a\nHEALTHCHECK CMD curl -f <|>",
    ],
)
def test_no_signature_in_the_way(block: str) -> None:
    assert signed(block) is None
