"""What compose files, docker-bake and devcontainer.json say of builds, and which build a Dockerfile has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadweight.analysis.report import report
from deadweight.model.builds.bake import read_bake_hcl, read_bake_json
from deadweight.model.builds.compose import filled, read_compose, read_env
from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
from deadweight.model.builds.devcontainer import read_devcontainer
from deadweight.model.builds.hcl import read_template
from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.workspace.declared_builds import DeclaredBuilds, declares_below

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deadweight.model.builds.declared import Said, Sayings


def compose(text: str, **variables: str) -> Mapping[str, Said]:
    found = read_compose(text, variables)
    assert not found.error
    return found.builds


def bake(text: str) -> Mapping[str, Said]:
    found = read_bake_hcl(text)
    assert not found.error
    return found.builds


# --- compose ---


def test_the_forms_of_a_build_in_compose() -> None:
    assert compose("""
services:
  short: {build: ./web}
  long:
    build:
      context: .
      dockerfile: docker/Dockerfile
      target: prod
      args: {A: 1, B: "two", C: null}
      additional_contexts: [shared=../shared, base=docker-image://alpine:3.22]
  list: {build: {args: [A=1, "B=x=y", C]}}
  inline: {build: {dockerfile_inline: FROM scratch}}
  image: {image: nginx}
  nothing:
""") == {
        "short": {"context": "./web"},
        "long": {
            "context": ".",
            "dockerfile": "docker/Dockerfile",
            "target": "prod",
            "args": {"A": "1", "B": "two"},
            "contexts": {"shared": "../shared", "base": "docker-image://alpine:3.22"},
        },
        "list": {"args": {"A": "1", "B": "x=y"}},
        "inline": {"is_inline": True},
    }


def test_anchors_merge_keys_and_extends() -> None:
    found = compose("""
x-build: &build
  context: .
  args: {A: 1}
services:
  one: {build: {<<: *build, target: dev}}
  two: {build: {<<: [*build, {target: lost, context: lost}], context: ./own}}
  three: {extends: one, build: {args: {B: 2}}}
  four: {extends: {service: three}}
  five: {extends: {service: one, file: other.yaml}}
  six: {extends: six}
""")
    assert found == {
        "one": {"context": ".", "args": {"A": "1"}, "target": "dev"},
        "two": {"context": "./own", "args": {"A": "1"}, "target": "lost"},
        "three": {"context": ".", "args": {"A": "1", "B": "2"}, "target": "dev"},
        "four": {"context": ".", "args": {"A": "1", "B": "2"}, "target": "dev"},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("$A/${A}", "x/x"),
        ("$$A$", None),
        ("$$A", "$A"),
        ("${B}", None),
        ("${B:-d}${B-e}", "de"),
        ("${EMPTY:-d}${EMPTY-e}", "d"),
        ("${A:-d}", "x"),
        ("${A:+y}${B:+n}${EMPTY+m}", "ym"),
        ("${A:?no}", "x"),
        ("${B:?no}", None),
        ("${B:-${A}}${B:-${B:-c}}${B:-$$}", "xc$"),
        ("${B:-${A}}", "x"),
        ("${B:-/${B-y}/z}", "/y/z"),
        ("${", None),
        ("${A", None),
        ("$", None),
    ],
)
def test_variables_of_compose(text: str, value: str | None) -> None:
    assert filled(text, {"A": "x", "EMPTY": ""}) == value


def test_the_variables_of_an_env_file() -> None:
    text = "# c\nA=1\n export B = 'two # 2' \nC=three # 3\nD=$A\nno\n=x\nE=\n"
    assert read_env(text) == {"A": "1", "B": "two # 2", "C": "three", "E": ""}


MERGES = "a0: &a0 {k: v}\n" + "".join(
    f"a{each}: &a{each} {{<<: [{', '.join([f'*a{each - 1}'] * 50)}], k{each}: 1}}\n" for each in range(1, 900)
)
LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]\n" for each in range(1, 90)
)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("services:\n\tweb:\n", "line 2: found character"),
        ("services: [", "line 2: did not find"),
        ("services:\n  a: *b\n", "line 2: there is no anchor 'b'"),
        ("services: " + "[" * 90_000, "line 1: "),
        ("services:\n" + "- " * 90_000, "line 2: nested too deeply"),
        (MERGES, "merges too much"),
        ("\0", "unacceptable character #x0000"),
        ("services: \udcff", "not UTF-8"),
        ("%YAML 1.1\n%YAML 1.1\n", "line 2: "),
        ("", ""),
        ("- a", ""),
        ("services: [a, b]", ""),
        ("services: {a: {build: [x]}}", ""),
        ("services: {a: [build]}", ""),
        ("a: &a {b: *a, <<: *a}\nservices: *a", ""),
        ("? {a: b}\n: c\nservices: {? [a] : b}", ""),
        (LAUGHS + "services: {a: {build: *a89, image: *a89}}", ""),
    ],
)
def test_any_yaml_comes_to_one_line(text: str, error: str) -> None:
    found = read_compose(text, {})
    assert error in found.error
    assert bool(error) == bool(found.error)
    assert "\n" not in found.error
    assert not any("context" in said for said in found.builds.values())


# --- docker-bake ---

BAKE = """
variable "DIR" { default = "docker" }
variable "NODE" { default = 22 }
variable "SECRET" {}
group "default" { targets = ["app"] }
target "_common" {
  args = { NODE_VERSION = NODE, KEY = SECRET, "A.B" = "${NODE}-slim", GONE = null, UP = upper(DIR) }
}
target "app" {
  inherits = ["_common"]
  context = "."           # the whole
  dockerfile = "${DIR}/Dockerfile"
  target = "prod"
  args = { NODE_VERSION = "24" }
  contexts = {
    shared = "../shared"
    base = "target:base"
  }
  tags = ["a:${NODE}"]
}
target "unknown" { context = "./${SECRET}" }
target "inline" {
  dockerfile-inline = <<EOT
FROM scratch
EOT
}
"""


def test_targets_of_bake() -> None:
    assert bake(BAKE) == {
        "app": {
            "args": {"NODE_VERSION": "24", "KEY": None, "A.B": "22-slim", "UP": None},
            "context": ".",
            "dockerfile": "docker/Dockerfile",
            "target": "prod",
            "contexts": {"shared": "../shared", "base": "target:base"},
            "images": ["a:22"],
        },
        "unknown": {"context": None},
        "inline": {"is_inline": True},
    }


def test_bake_in_json_means_the_same() -> None:
    text = """{
        "variable": {"DIR": {"default": "docker"}, "NODE": {"default": 22}},
        "target": {
            "_common": {"args": {"NODE_VERSION": "${NODE}", "GONE": null, "FLAG": true}},
            "app": {"inherits": ["_common"], "context": ".", "dockerfile": "${DIR}/Dockerfile"}
        }
    }"""
    assert read_bake_json(text).builds == {
        "app": {"args": {"NODE_VERSION": "22", "FLAG": "true"}, "context": ".", "dockerfile": "docker/Dockerfile"}
    }


def test_the_default_group_goes_first() -> None:
    targets = "".join(f'target "{name}" {{}}\n' for name in "abcd")
    groups = 'group "default" {\n targets = ["c", "more", X, "c"]\n}\ngroup "more" {\n targets = ["default", "b"]\n}\n'
    assert list(bake(targets)) == ["a", "b", "c", "d"]
    assert list(bake(groups + targets)) == ["c", "b", "a", "d"]
    assert list(bake('target "a" {}\ntarget "default" {}')) == ["default", "a"]
    base = 'target "base" { context = "." }\ntarget "app" {\n inherits = ["base"]\n}\n'
    assert list(bake(base)) == ["app", "base"]
    assert list(bake(base + 'group "default" { targets = ["base"] }')) == ["base", "app"]
    text = '{"group": {"default": {"targets": ["b"]}}, "target": {"a": {}, "b": {}}}'
    assert list(read_bake_json(text).builds) == ["b", "a"]


def test_targets_that_inherit_in_circles_and_from_many() -> None:
    found = bake(
        'target "a" {\n inherits = ["b"]\n context = "x"\n}\ntarget "b" {\n inherits = ["a"]\n target = "t"\n}'
    )
    assert found["a"] == {"context": "x", "target": "t"}
    many = [f'target "t{each}" {{\n inherits = [{f""""t{each - 1}", """ * 40}]\n}}\n' for each in range(1, 200)]
    assert bake('target "t0" { context = "x" }\n' + "".join(many))["t199"] == {"context": "x"}
    chain = "".join(f'target "t{each}" {{\n inherits = ["t{each + 1}"]\n}}\n' for each in range(3_000))
    assert read_bake_hcl(chain + 'target "t3000" {}').error == "too many targets inherit one from the other"


@pytest.mark.parametrize(
    ("read", "text", "error"),
    [
        (read_bake_hcl, 'target "a" {\n  context = \n}\n', "line 2: not HCL"),
        (read_bake_hcl, 'target "a" {', "line 1: not HCL"),
        (read_bake_hcl, "\0", "line 1: not HCL"),
        (read_bake_hcl, "a = " + "[" * 50_000, "line 1: not HCL"),
        (read_bake_hcl, "a = " + "[" * 9_000 + "]" * 9_000, ""),
        (read_bake_hcl, 'target "a" {\n context = ' + "(" * 9_000 + '"x"' + ")" * 9_000 + "\n}", ""),
        (read_bake_hcl, "", ""),
        (read_bake_hcl, "target {}\nx = 1\n", ""),
        (read_bake_json, "{\n,", "line 2: expecting property name"),
        (read_bake_json, "[" * 90_000, "nested too deeply"),
        (read_bake_json, '{"target": {"a": {"context": ' + '{"x":' * 90 + "1" + "}" * 90 + "}}}", ""),
        (read_bake_json, '{"target": {"a": {"context": "${", "dockerfile": "${a b}"}}}', "not HCL"),
        (read_bake_json, '{"target": [1], "variable": 3}', ""),
        (read_devcontainer, '{\n "build": {"dockerfile": }\n}', "line 2: expecting value"),
        (read_devcontainer, '{"a": "\\"' * 20_000, "line 1: "),
        (read_devcontainer, "/*" * 50_000, "line 1: "),
        (read_devcontainer, '{"a":' * 90_000, "nested too deeply"),
        (read_devcontainer, "[]", ""),
        (read_devcontainer, '{"build": ["x"], "dockerFile": 3}', ""),
    ],
)
def test_any_hcl_and_json_comes_to_one_line(read: Callable[[str], Sayings], text: str, error: str) -> None:
    found = read(text)
    assert error in found.error
    assert bool(error) == bool(found.error)
    assert "\n" not in found.error
    assert not any(said.get("context") for said in found.builds.values())


@pytest.mark.parametrize("text", ['"', "\\", "\n", "é", "$${a}", "a%%{b}", "\\n", "\t"])
def test_a_text_of_json_stays_what_it_is(text: str) -> None:
    plain = text.replace("$${", "${").replace("%%{", "%{")
    assert read_template(text + "$${x}") == plain + "${x}"


SPELLED = """
    services: web: build: context: . ./x target: args: extends: <<: &a *a - [ ] { } , : ? | > ' " # ! $A ${A ${A:-x} $$
    target variable "a" = { } inherits default ${A} %{if} <<E E // /* */ ( ) . * null true 1 "target": "a": \\ é
"""
ANY = st.one_of(
    st.text(),
    st.lists(st.sampled_from([*SPELLED.split(), " ", "  ", "\n", "\n  ", "\t", "\0", "\udcff", "\r\n"])).map("".join),
)


@given(ANY)
def test_nothing_raises(text: str) -> None:
    for read in (lambda text: read_compose(text, {"A": "x"}), read_bake_hcl, read_bake_json, read_devcontainer):
        found = read(text)
        assert "\n" not in found.error
        assert not (found.error and found.builds)
    assert "\n" not in "".join(read_env(text))
    filled(text, {"A": "x"})


# --- devcontainer.json ---


def test_the_forms_of_a_devcontainer() -> None:
    text = """\ufeff{
      // comment, with "quotes"
      "name": "a // b", /* and
      another */
      "build": {
        "dockerfile": "Dockerfile", "context": "..", "target": "dev", "args": {"A": "1", "B": "${localEnv:B}",},
      },
    }"""
    assert read_devcontainer(text).builds == {
        "": {"dockerfile": "Dockerfile", "context": "..", "target": "dev", "args": {"A": "1", "B": None}}
    }
    old = read_devcontainer('{"dockerFile": "../Dockerfile", "context": "${localWorkspaceFolder}"}')
    assert old.builds == {"": {"dockerfile": "../Dockerfile", "context": None, "args": {}}}
    assert read_devcontainer('{"image": "x"}').builds == {}


# --- which build a Dockerfile has ---


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project/.git").mkdir(parents=True)
    return tmp_path / "project"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def how(dockerfile: Path, context: Path | None = None) -> HowBuilt:
    return DeclaredBuilds().how(dockerfile, context, "somebody")


def all_of(found: HowBuilt) -> list[str]:
    return [f"{each.context} by {each.by}" for each in (*([found.build] if found.build else []), *found.others)]


def test_without_any_file_it_is_the_folder(project: Path) -> None:
    found = how(project / "api/Dockerfile")
    assert (found.folder, found.context, found.by, found.build) == (str(project / "api"), ".", "", None)


def test_one_declared_context_is_taken(project: Path) -> None:
    put(project / "compose.yaml", "services: {web: {build: {context: ., dockerfile: api/Dockerfile, target: t}}}")
    found = how(project / "api/Dockerfile")
    assert (found.folder, found.context, found.by) == (str(project), "..", "../compose.yaml (service web)")
    assert found.build is not None
    assert found.build.target == "t"
    assert found.others == ()
    assert how(project / "web/Dockerfile").by == ""


def test_the_order_of_files(project: Path) -> None:
    service = "services: {%s: {build: {context: %s, dockerfile: %s}}}"
    target = 'target "%s" {\n context = "%s"\n dockerfile = "%s"\n}\n'
    api = project / "api"
    for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i"):
        (api / name).mkdir(parents=True)
    put(project / "docker-compose.yml", service % ("far", "api/a", "../Dockerfile"))
    put(api / ".devcontainer/devcontainer.json", '{"build": {"dockerfile": "../Dockerfile", "context": "../b"}}')
    put(
        api / ".devcontainer/py/devcontainer.json",
        '{"build": {"dockerfile": "../../Dockerfile", "context": "../../c"}}',
    )
    put(api / ".devcontainer.json", '{"build": {"dockerfile": "Dockerfile", "context": "d"}}')
    put(api / "docker-bake.override.hcl", target % ("over", "e", "../Dockerfile"))
    put(api / "docker-bake.hcl", target % ("t", "f", "../Dockerfile"))
    put(api / "docker-compose.prod.yml", service % ("prod", "g", "../Dockerfile"))
    put(api / "docker-compose.yaml", service % ("late", "h", "../Dockerfile"))
    put(api / "compose.yml", service % ("first", "i", "../Dockerfile"))
    assert all_of(how(api / "Dockerfile")) == [
        "i by compose.yml (service first)",
        "h by docker-compose.yaml (service late)",
        "g by docker-compose.prod.yml (service prod)",
        "f by docker-bake.hcl (target t)",
        "e by docker-bake.override.hcl (target over)",
        "b by .devcontainer/devcontainer.json",
        "c by .devcontainer/py/devcontainer.json",
        "d by .devcontainer.json",
        "a by ../docker-compose.yml (service far)",
    ]


def test_builds_that_are_alike_are_one(project: Path) -> None:
    put(
        project / "compose.yaml",
        "services: {web: {build: .}, worker: {build: ./}, dev: {build: {context: ., target: dev}}, "
        "arg: {build: {context: ., args: {A: 1}}}}",
    )
    found = how(project / "Dockerfile")
    assert all_of(found) == [f". by compose.yaml (service {name})" for name in ("web", "dev", "arg")]


def test_an_override_says_the_rest(project: Path) -> None:
    put(project / "compose.yaml", "services: {web: {build: {context: ., dockerfile: api/Dockerfile, args: {A: 1}}}}")
    put(project / "compose.override.yaml", "services: {web: {build: {target: dev, args: {B: 2}}}}")
    found = how(project / "api/Dockerfile")
    (other,) = found.others
    assert (other.context, other.target, other.args) == ("..", "dev", {"A": "1", "B": "2"})
    assert how(project / "Dockerfile").by == ""


def test_a_named_context_goes_first_and_takes_the_build_that_has_it(project: Path) -> None:
    put(
        project / "compose.yaml",
        "services: {a: {build: {context: ., dockerfile: api/Dockerfile}}, b: {build: {context: api, target: t}}}",
    )
    (project / "api").mkdir()
    found = how(project / "api/Dockerfile", project / "api")
    assert (found.context, found.by, found.build and found.build.target) == (".", "somebody", "t")
    assert all_of(found) == [". by ../compose.yaml (service b)", ".. by ../compose.yaml (service a)"]
    elsewhere = how(project / "api/Dockerfile", project / ".git")
    assert (elsewhere.build, len(elsewhere.others)) == (None, 2)


@pytest.mark.parametrize(
    "build",
    [
        "https://example.org/repo.git",
        "..",
        "/",
        "../project/../..",
        "./missing",
        "{context: ., dockerfile: other/Dockerfile}",
        "{context: '${NOBODY_KNOWS}'}",
        "{dockerfile_inline: FROM scratch}",
        '{context: ., dockerfile: "${NOBODY_KNOWS}"}',
    ],
)
def test_what_is_no_build_of_the_dockerfile(project: Path, build: str) -> None:
    put(project / "compose.yaml", f"services: {{web: {{build: {build}}}}}")
    put(project.parent / "Dockerfile", "FROM scratch")
    assert how(project / "Dockerfile").by == ""
    assert how(project / "missing/Dockerfile").by == ""


def test_variables_come_from_the_env_file_beside(project: Path) -> None:
    (project / "api").mkdir()
    put(project / "compose.yaml", "services: {web: {build: {context: $DIR, dockerfile: '${FILE:-Dockerfile}'}}}")
    assert how(project / "api/Dockerfile").by == ""
    put(project / ".env", "DIR=api\n")
    assert how(project / "api/Dockerfile").by == "../compose.yaml (service web)"


def test_nobody_looks_above_the_project(project: Path) -> None:
    put(project.parent / "compose.yaml", "services: {web: {build: {context: project}}}")
    assert how(project / "Dockerfile").by == ""
    (project / ".git").rmdir()
    assert how(project / "Dockerfile").by == "../compose.yaml (service web)"


def test_nobody_looks_into_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    put(tmp_path / "compose.yaml", "services: {a: {build: {context: app}}, b: {build: .}}")
    (tmp_path / "app").mkdir()
    assert how(tmp_path / "app/Dockerfile").by == ""
    assert how(tmp_path / "Dockerfile").by == "compose.yaml (service b)"


def test_what_cannot_be_read_is_named_and_the_others_count(project: Path) -> None:
    put(project / "compose.yaml", "services: [")
    put(project / "docker-compose.yml", "x" * 300_000)
    put(project / "docker-bake.json", '{"target": {"t": {"target": "x"}}}')
    (project / "docker-bake.hcl").mkdir()
    found = how(project / "Dockerfile")
    assert found.by == "docker-bake.json (target t)"
    assert [(each.source, each.why.partition(":")[0]) for each in found.unread] == [
        ("compose.yaml", "line 2"),
        ("docker-compose.yml", "larger than 250 kB"),
        ("docker-bake.hcl", "not a file"),
    ]


def test_a_folder_is_listed_and_a_file_is_read_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(project / "compose.yaml", "services: {web: {build: {context: ., dockerfile: a/b/Dockerfile}}}")
    (project / "a/b").mkdir(parents=True)
    listed: list[str] = []
    scandir = os.scandir

    def listing(path: Path) -> object:
        listed.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", listing)
    builds = DeclaredBuilds()
    for name in ("a/b/Dockerfile", "a/b/c/Dockerfile", "a/Dockerfile", "a/b/Dockerfile"):
        builds.how(project / name)
    assert builds.how(project / "a/b/Dockerfile").by == "../../compose.yaml (service web)"
    assert sorted(listed) == sorted(str(project / each) for each in ("", "a", "a/b", "a/b/c"))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a/compose.yaml", "a"),
        ("a/docker-compose-dev.yml", "a"),
        ("a/compose.yaml.bak", None),
        ("a/mycompose.yaml", None),
        ("a/docker-bake.override.hcl", "a"),
        ("a/.env", "a"),
        ("a/.devcontainer.json", "a"),
        ("a/.devcontainer/devcontainer.json", "a"),
        ("a/.devcontainer/py/devcontainer.json", "a"),
        ("a/Dockerfile", None),
    ],
)
def test_where_a_file_is_heard(name: str, folder: str | None) -> None:
    assert declares_below(Path("/p") / name) == (folder and Path("/p") / folder)


def test_a_fix_leaves_the_name_of_a_context_alone() -> None:
    build = DeclaredBuild("/p", ".", "compose.yaml", contexts={"base": "docker-image://node:22"})
    snapshot = Snapshot(parse("FROM base\nCMD node"), options=Options(how=HowBuilt("/p", build=build)))
    (found,) = report(snapshot)
    assert found.message.startswith("node:22 is the full image")
    assert [fix for fix in found.finding.fixes(snapshot) if fix] == []


# --- what is imported ---


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("", set()),
        ("compose.yaml", {"yaml"}),
        ("docker-bake.hcl", {"tree_sitter_hcl"}),
        ("docker-bake.json", set()),
        (".devcontainer.json", set()),
    ],
)
def test_a_format_is_imported_where_there_is_a_file_of_it(project: Path, name: str, imported: set[str]) -> None:
    put(project / "Dockerfile", "FROM scratch\n")
    if name:
        put(project / name, "{}" if name.endswith("json") else "")
    code = (
        "import sys, json; from deadweight.cli.main import main; main(['size', 'Dockerfile']);"
        "print(json.dumps(sorted({'yaml', 'tree_sitter_hcl'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout.splitlines()[-1])) == imported, done.stderr
