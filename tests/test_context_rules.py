"""What COPY takes from the build context: dead weight, secrets, what is missing, and the lines that fixes add."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.cli.main import main
from deadweight.model.builds.declared import HowBuilt
from deadweight.model.context import BuildContext
from deadweight.model.secrets import secrets_of
from deadweight.rules.catalog import BY_ID
from deadweight.rules.edits import append_lines
from deadweight.rules.rule import Safety
from deadweight.snapshot import Snapshot
from deadweight.syntax import dockerignore
from deadweight.syntax.dockerfile import parse
from deadweight.text import apply_edits
from deadweight.workspace.context import context_of
from examples import snapshot_of

if TYPE_CHECKING:
    from pathlib import Path

GIT = "//- .git/objects/pack/pack-1.pack 45000000\n"
MODULES = "//- node_modules/next/dist/server.js 140000000\n//- package.json\n{}\n"
NODE = "FROM node:22-slim\nWORKDIR /app\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def block(dockerfile: str, files: str, ignore: str | None = None) -> str:
    return f"//- Dockerfile\n{dockerfile}{files}" + ("" if ignore is None else f"//- .dockerignore\n{ignore}")


def found(example: str) -> dict[str, str]:
    """The messages of the rules about the context, by rule."""
    reported = report(snapshot_of(example))
    return {each.rule.id: each.message for each in reported if each.rule.group == "context"}


def added(example: str, rule: str) -> tuple[tuple[str, ...], Safety]:
    """The lines that the first fix of a rule adds to the ignore file, and whether it is safe; the fix holds."""
    snapshot = snapshot_of(example)
    reported = report(snapshot)
    each = next(each for each in reported if each.rule.id == rule)
    fix = each.fixes[0]
    assert holds(snapshot, reported, each, fix)
    assert fix.adds is not None
    return fix.adds.lines, fix.safety


# --- dead weight ---


def test_the_lines_of_a_new_file_are_those_of_the_project() -> None:
    dockerfile = "FROM rust:1\nWORKDIR /src\nCOPY . .\nRUN cargo build --release\n"
    files = f"{GIT}//- Cargo.toml\n[package]\n"
    assert added(block(dockerfile, files), "missing-dockerignore") == ((".git", "**/target"), Safety.ASK)
    another = f"{files}//- Dockerfile.dist\nFROM scratch\nCOPY target/release/app /\n"
    assert added(block(dockerfile, another), "missing-dockerignore")[0] == (".git",)
    by_name = dockerfile + "COPY target/assets /assets\n"
    assert added(block(by_name, files + "//- target/assets/x 9\n"), "missing-dockerignore")[0] == (".git",)


@pytest.mark.parametrize(
    ("steps", "is_dead"),
    [
        ("COPY . .\nRUN npm ci\n", True),
        ("COPY . .\nRUN yarn --frozen-lockfile\n", False),  # it takes what is there: without it, it writes as much
        ("COPY . .\nRUN pnpm install --prod\n", True),
        ("COPY . .\nRUN npm --prefix /app ci\n", True),
        ("COPY . .\nCOPY --from=node:22 /usr/lib/node_modules ./node_modules\n", True),
        ("COPY . .\n", False),
        ("COPY . .\nRUN npm install -g pm2\n", False),
        ("COPY . .\nRUN npm run build\n", False),
        ("COPY . .\nRUN cd other && npm ci\n", False),
        ("COPY . /elsewhere\nRUN npm ci\n", False),
        ("COPY . .\nRUN npm ci\nCOPY node_modules/next /next\n", False),
        ("COPY --exclude=node_modules . .\nRUN npm ci\n", False),
        ("COPY . .\nRUN npm ci\nRUN --mount=type=bind,target=/ctx node /ctx/build.js\n", False),
    ],
)
def test_packages_may_go_only_where_the_image_installs_them_itself(steps: str, is_dead: bool) -> None:
    example = block(NODE + steps, MODULES, "docs\n")
    snapshot = snapshot_of(example)
    lines = [fix.adds.lines for each in report(snapshot) for fix in each.fixes if fix.adds]
    assert (("**/node_modules",) in lines) == is_dead


def test_packages_of_a_folder_that_nobody_installs_stay() -> None:
    files = (
        "//- api/package.json\n{}\n//- api/node_modules/a.js 20000000\n"
        "//- web/package.json\n{}\n//- web/node_modules/b.js 30000000\n"
    )
    dockerfile = NODE + "COPY . .\nRUN cd api && npm ci\n"
    lines, _ = added(block(dockerfile, files, "docs\n"), "heavy-folder-copied")
    assert lines == ("api/node_modules",)
    lines, _ = added(block(dockerfile + "RUN cd web && npm ci\n", files, "docs\n"), "heavy-folder-copied")
    assert lines == ("**/node_modules",)
    workspace = files + '//- package.json\n{"workspaces": ["api", "web"]}\n'
    lines, _ = added(block(NODE + "COPY . .\nRUN npm ci\n", workspace, "docs\n"), "heavy-folder-copied")
    assert lines == ("**/node_modules",)


def test_a_folder_of_the_same_name_is_none_of_a_tool() -> None:
    files = "//- src/coverage/data.bin 30000000\n//- venv/main.py 20000000\n//- bin/run.sh 20000000\n"
    assert found(block("FROM python:3.13-slim\nCOPY . .\nRUN pip install flask\n", files, "docs\n")) == {}


@pytest.mark.parametrize(
    ("steps", "note"),
    [
        ("", ""),
        ("RUN git describe --tags > /version\n", "git describe"),
        ("RUN echo $(git -C . rev-parse HEAD)\n", "git -C . rev-parse"),
        ("RUN make\n", "make"),
        ("RUN ./scripts/build.sh\n", "./scripts/build.sh"),
        ("RUN bash build.sh\n", "build.sh"),
        ("RUN git clone https://example.org/x.git /x\n", ""),
    ],
)
def test_a_build_that_may_read_the_history_makes_it_a_question(steps: str, note: str) -> None:
    example = block(f"FROM debian:bookworm-slim\nCOPY . .\n{steps}", GIT)
    (reported,) = (each for each in report(snapshot_of(example)) if each.rule.group == "context")
    (fix,) = reported.fixes
    assert fix.note == (f"Check: no build and no app of this folder needs .git from here ({note})" if note else "")
    assert (fix.safety is Safety.ASK) == bool(note)


def test_a_tool_that_reads_the_history_is_known_by_the_project_files() -> None:
    example = block("FROM debian\nCOPY . .\n", f'{GIT}//- pyproject.toml\nrequires = ["setuptools-scm>=8"]\n')
    (reported,) = report(snapshot_of(example), rules=[BY_ID["missing-dockerignore"]])
    assert reported.fixes[0].note == (
        "Check: no build and no app of this folder needs .git from here (pyproject.toml: setuptools-scm)"
    )


def test_each_byte_is_said_once() -> None:
    dockerfile = NODE + "COPY package.json ./\nRUN npm install\nCOPY . .\n"
    reported = report(snapshot_of(block(dockerfile, GIT + MODULES)))
    saves = {each.rule.id: each.finding.saves for each in reported if each.rule.group == "context"}
    assert {id_: size and size.best for id_, size in saves.items()} == {
        "copied-over-install": 140_000_000,
        "missing-dockerignore": 45_000_000,
    }


def test_all_safe_fixes_write_one_file_and_leave_nothing_to_do() -> None:
    dockerfile = NODE + "COPY package.json ./\nRUN npm install\nCOPY . .\n"
    for ignore, lines in (
        (None, ("**/node_modules", ".git", "**/npm-debug.log*")),
        ("docs\n", ("**/node_modules", ".git")),
    ):
        outcome = fix_all(snapshot_of(block(dockerfile, GIT + MODULES, ignore)))
        (file,) = outcome.added
        assert (file.path, file.lines, file.is_new) == (".dockerignore", lines, ignore is None)
        assert not fix_all(outcome.snapshot).added


@pytest.mark.parametrize(
    ("dockerfile", "files", "ignore"),
    [
        # Another plugin's packages: nothing writes them again.
        (
            "FROM php:8.3\nWORKDIR /w\nCOPY . .\nRUN composer install --no-dev\n",
            "//- composer.json\n{}\n//- vendor/a.php 3000000\n//- p/composer.json\n{}\n//- p/vendor/a.php 3000000\n",
            "docs\n",
        ),
        # Read by a name that only the command knows.
        ("FROM python\nCOPY . .\nRUN python train.py data/access.log\n", "//- data/access.log 30000000\n", "docs\n"),
        ("FROM debian\nCOPY . .\nRUN cat .git/HEAD > v\n", GIT, "docs\n"),
        ("FROM debian\nCOPY . .\nRUN <<EOF\nV=$(git describe)\nEOF\n", GIT, "docs\n"),
        # Another Dockerfile, and another stage, take it by its name.
        ("FROM debian\nCOPY . .\n", GIT + "//- b.Dockerfile\nFROM debian\nCOPY .git/HEAD /v\n", "*ockerfile\n"),
        (
            "FROM node:22 AS test\nCOPY . /a\nRUN cd /a && npm test\nFROM node:22\nWORKDIR /a\nCOPY . .\nRUN npm ci\n",
            MODULES,
            "docs\n",
        ),
        # What may not run, or not there.
        (NODE + "COPY . .\nRUN if [ $I = 1 ]; then npm ci; fi\n", MODULES, "docs\n"),
        (NODE + "RUN --mount=type=cache,target=/app/node_modules npm ci\nCOPY . .\n", MODULES, "docs\n"),
        (NODE + "RUN npm ci && npm test; rm -rf node_modules\nCOPY . .\n", MODULES, "docs\n"),
    ],
)
def test_what_something_may_read_is_never_left_out_unasked(dockerfile: str, files: str, ignore: str) -> None:
    fixes = [fix for each in report(snapshot_of(block(dockerfile, files, ignore))) for fix in each.fixes if fix.adds]
    assert all(fix.safety is Safety.ASK for fix in fixes)


def test_what_an_exception_brings_back_is_wanted() -> None:
    files = "//- .git/HEAD 9\n//- .git/objects/a 45000000\n//- .turbo/x 2000000\n//- fixtures/a.log 5000000\n"
    for ignore in (".git/*\n!.git/HEAD\n", "*\n!.turbo\n!fixtures/a.log\n"):
        lines = {
            line
            for each in report(snapshot_of(block("FROM debian\nCOPY . .\n", files, ignore)))
            for fix in each.fixes
            if fix.adds
            for line in fix.adds.lines
        }
        assert lines <= {"**/.turbo", "**/*.log"} - ({"**/.turbo", "**/*.log"} if "*\n!" in ignore[:3] else set())


def test_a_folder_in_place_of_the_ignore_file() -> None:
    assert not found(block("FROM debian\nCOPY . .\n", GIT + "//- .dockerignore/x 1\n"))


# --- secrets ---


@pytest.mark.parametrize(
    ("files", "secrets"),
    [
        ("//- .env\nPORT=80\nAPI_KEY=8f3c1b2a9d7e\n", [".env"]),
        ("//- .env\nexport DATABASE_URL='postgres://app:h7Kq9@db/x' # live\n", [".env"]),
        ("//- .env\nDATABASE_URL=postgres://postgres:postgres@db/x\nDB_PASSWORD=password\n", []),
        ("//- .env\nNEXT_PUBLIC_API_KEY=8f3c1b2a9d7e\nSECRET_KEY=change-me\nTOKEN=${TOKEN}\n", []),
        ("//- .env\nSECRET_KEY_FILE=/run/secrets/k\nTOKEN_EXPIRY=3600s\nMAX_TOKENS=100000\nPASSWORD=%DB_PASS%\n", []),
        ("//- .env\nSECRET=op://vault/item/x\nGATSBY_API_KEY=8f3c1b2a9d7e\nDB_PASSWORD=mysecretpassword\n", []),
        ("//- .env.production\nSECRET=8f3c1b2a9d7e\n//- .env.example\nSECRET=8f3c1b2a9d7e\n", []),
        ("//- deep/.env.local\nSECRET=8f3c1b2a9d7e\n", ["deep/.env.local"]),
        ("//- tls/server.key\n-----BEGIN RSA PRIVATE KEY-----\n", ["tls/server.key"]),
        ("//- tls/ca.pem\n-----BEGIN CERTIFICATE-----\n//- tls/pub.key\n-----BEGIN PUBLIC KEY-----\n", []),
        ("//- tests/server.key\n-----BEGIN PRIVATE KEY-----\n//- node_modules/a/id_rsa 9\n", []),
        ("//- .npmrc\n//registry.npmjs.org/:_authToken=npm_8f3c\n", [".npmrc"]),
        ("//- .yarnrc.yml\nnodeLinker: node-modules\n", []),
        ("//- .yarnrc.yml\nnpmAuthToken: 8f3c1b\n", [".yarnrc.yml"]),
        ("//- .aws/credentials 90\n//- .kube/config 9\n//- infra/prod.tfstate 9\n//- aws/credentials 9\n", None),
        ("//- id_ed25519.pub 90\n//- .netrc 0\n", []),
    ],
)
def test_secrets_are_known_by_name_and_text(files: str, secrets: list[str] | None) -> None:
    context = snapshot_of(block("FROM a\n", files)).context
    assert context is not None
    wanted = secrets if secrets is not None else [".aws/credentials", ".kube/config", "infra/prod.tfstate"]
    assert list(secrets_of(context)) == wanted


def test_the_walk_reads_what_may_hold_a_secret(tmp_path: Path) -> None:
    secret, private = "TOKEN=8f3c1b2a9d7e\n", "-----BEGIN PRIVATE KEY-----\n"
    texts = {".env": secret, "a/.env.local": secret, ".env.x.local": secret, "tls.key": private, "a/b.pem": private}
    others = {"b/.env": "PORT=80\n", "ca.pem": "-----BEGIN CERTIFICATE-----\n", "b.key": "-----BEGIN PUBLIC KEY-----\n"}
    for path, text in {**texts, **others}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    assert sorted(secrets_of(context_of(tmp_path / "Dockerfile"))) == sorted(texts)


def test_a_secret_comes_by_another_stage_too() -> None:
    dockerfile = "FROM debian AS build\nCOPY . /src\n{}FROM debian\nCOPY --from=build /src /app\n"
    files = "//- deploy/id_rsa 400\n"
    message = "deploy/id_rsa goes into the image: a private key"
    assert found(block(dockerfile.format(""), files)) == {"secrets-copied": message}
    assert found(block(dockerfile.format("RUN rm -rf /src/deploy\n"), files)) == {}
    assert found(block(dockerfile.replace(" /src /app", " /src/deploy/x /app").format(""), files)) == {}


def test_a_secret_is_a_warning_whatever_it_weighs() -> None:
    (reported,) = report(snapshot_of(block("FROM debian\nCOPY . /app\n", "//- id_rsa 400\n")))
    assert (reported.severity, reported.finding.basis, reported.finding.saves) == ("warning", "secret", None)


# --- what is missing ---


@pytest.mark.parametrize(
    ("ignore", "source", "pattern"),
    [
        ("site\n", "site", "site"),
        ("*\n", "site/index.html", "*"),
        ("*\n!site\n", "site/index.html", None),
        ("*\n!site/*.css\n", "site/index.html", "*"),
        ("*\n!site/*.css\n", "site", None),
        ("**/*.html\n", "site/index.html", "**/*.html"),
        ("**/*.html\n", "site", None),
        ("!site\nsite/index.html\n", "./site/index.html", "site/index.html"),
        ("site/\n!site/index.html\n", "/site/index.html", None),
        ("*\n", "*.html", None),
        ("**/*.html\n", "site/*.html", "**/*.html"),
        ("site\n", "site/*.html", "site"),
        ("*\n!site/*.css\n", "site/*", None),
        ("*\n", "$SITE", None),
        ("*\n", "--from=nginx /site", None),
        ("*\n", "--parents site/./index.html", None),
    ],
)
def test_what_an_ignore_file_leaves_out_is_read_as_the_builder_does(
    ignore: str, source: str, pattern: str | None
) -> None:
    example = block(
        f"FROM debian\nARG SITE=site\nCOPY {source} /x\n", "//- site/index.html 9\n//- site/a.css 9\n", ignore
    )
    path = source.lstrip("./")
    message = f".dockerignore leaves {path} out of the build context: {pattern}"
    assert found(example) == ({} if pattern is None else {"copy-source-missing": message})


def test_an_exception_is_offered_where_it_brings_the_source_back() -> None:
    example = block("FROM debian\nCOPY a/b.txt /x\n", "//- a/b.txt 9\n//- a/c.txt 9\n", "a\n")
    assert added(example, "copy-source-missing") == (("!a/b.txt",), Safety.ASK)


def test_a_folder_that_nobody_looked_into_may_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/app.js").write_text("x")
    (tmp_path / ".dockerignore").write_text("dist\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY dist/app.js /\n")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--fail-on", "error", "Dockerfile"]) == 1
    assert main(["fix", "--rule", "copy-source-missing", "--ask", "--write", "Dockerfile"]) == 0
    assert (tmp_path / ".dockerignore").read_text() == "dist\n!dist/app.js\n"
    assert main(["check", "--fail-on", "error", "Dockerfile"]) == 0


# What Docker Engine 26.1.5 does with `FROM scratch` and this line (built on 2026-11-26), in a folder with src/a.txt,
# src/node_modules/m.js, keep.txt, an empty folder and a symlink to src.
BUILDER = [
    ("nope /x", "", "fails"),
    ("nope* /x/", "", "builds"),
    ("keep.txt nope* /x/", "", "builds"),
    ("nodir/*.txt /x/", "", "fails"),
    ("src/*.nope /x/", "", "fails"),
    ("src /x", "src/**", "builds"),
    ("src /x", "src", "fails"),
    ("src /x", "src/*", "builds"),
    ("src /x", "*\n!keep.txt", "fails"),
    ("src /x", "*\n!src/a.txt\n!keep.txt", "builds"),
    ("src/a.txt /x", "*\n!src\n!keep.txt", "builds"),
    ("src/a.txt /x", "*\n!src/*.txt\n!keep.txt", "builds"),
    ("src/a.txt /x", "**/*.txt\n!keep.txt", "fails"),
    ("src/a.txt /x", "src\n!src/a.txt", "builds"),
    ("src/*.txt /x/", "src/a.txt", "fails"),
    ("src/*.txt /x/", "**/*.txt\n!keep.txt", "fails"),
    ("k* /x/", "*\n!keep.txt", "builds"),
    ("src/node_modules /x", "**/node_modules\n!src", "fails"),
    ("Dockerfile /x", "Dockerfile", "fails"),
    ("/src/../src/a.txt /x", "", "builds"),
    ("../src/a.txt /x", "", "builds"),
    ("empty /x", "", "builds"),
    ("src/A.txt /x", "", "fails"),
    ("link/a.txt /x", "", "builds"),
]


@pytest.mark.parametrize(("copy", "ignore", "verdict"), BUILDER)
def test_the_builder_agrees(copy: str, ignore: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "src/node_modules").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("src")
    for path in ("src/a.txt", "src/node_modules/m.js", "keep.txt", "Dockerfile"):
        (tmp_path / path).write_text(path)
    (tmp_path / ".dockerignore").write_text(ignore)
    snapshot = Snapshot(parse(f"FROM scratch\nCOPY keep.txt /k\nCOPY {copy}\n"), context_of(tmp_path / "Dockerfile"))
    assert bool(report(snapshot, rules=[BY_ID["copy-source-missing"]])) == (verdict == "fails")


@pytest.mark.parametrize(
    ("sources", "messages"),
    [
        ("packge.json", ["packge.json is not in the build context: there is package.json"]),
        ("src/Index.js", ["src/Index.js is not in the build context: there is src/index.js"]),
        ("package.json yarn.lock", ["yarn.lock is not in the build context"]),
        ("yarn.lock", []),  # nothing tells that this is the context
        ("package.json dist", []),
        ("package.json bin/server", []),
        ("package.json lib/*.js", ["no lib/*.js is in the build context"]),
        ("package.json src/*.ts", ["no src/*.ts is in the build context"]),
        ("package.json src src/*.ts", []),  # the folder is sent, and then nothing matches in it
        ("package.json *.lock", []),
        ("package.json target/*.jar", []),
        ("package.json app.jar", []),
        ("package.json https://example.org/x", []),
        ("package.json api/x", []),  # in a folder "api": the context is one above it
    ],
)
def test_what_is_not_there_is_said_where_the_folder_is_surely_the_context(sources: str, messages: list[str]) -> None:
    keyword = "ADD" if "https" in sources else "COPY"
    example = block(f"FROM debian\n{keyword} {sources} /x/\n", "//- package.json\n{}\n//- src/index.js 9\n")
    snapshot = snapshot_of(example)
    assert snapshot.context is not None
    files, texts = snapshot.context.files, snapshot.context.texts
    snapshot = snapshot.within(BuildContext("/home/me/api", files, texts=texts))
    assert [each.message for each in report(snapshot)] == messages


def test_where_somebody_says_what_the_context_is_all_is_said_that_is_not_there() -> None:
    snapshot = snapshot_of(block("FROM debian\nCOPY yarn.lock /x/\n", "//- package.json\n{}\n"))
    assert report(snapshot) == ()
    options = replace(snapshot.options, how=HowBuilt(folder="/home/me", by="--context"))
    (reported,) = report(replace(snapshot, options=options))
    assert reported.message == "yarn.lock is not in the build context"


# --- the lines ---

NAMES = st.sampled_from(["a", "b", "a/b", "a/c", "b/a/c", "*", "**/c", "a/*", "!a", "!a/b", "!**/c", "# x", ""])
PATHS = st.sampled_from(["a", "b", "a/b", "a/c", "b/a/c", "c", "b/c", "d/a/b"])


def _tree(paths: set[str]) -> dict[str, int]:
    return {path: 1 for path in paths if not any(other.startswith(path + "/") for other in paths)}


@given(st.sets(PATHS), st.lists(NAMES), st.lists(NAMES))
def test_lines_at_the_end_are_as_good_as_the_whole_file(paths: set[str], first: list[str], more: list[str]) -> None:
    everything = BuildContext("x", _tree(paths))
    text = "\n".join(first)
    before = everything.ignoring(".dockerignore", text)
    after = before.ignoring_also(".dockerignore", more)
    whole = apply_edits(text, [append_lines(text, more)])
    assert after.patterns == tuple(each.text for each in dockerignore.parse(whole).patterns)
    assert dict(after.files) == dict(everything.ignoring(".dockerignore", whole).files)


@given(st.sets(PATHS), st.lists(NAMES))
def test_a_path_is_there_or_a_pattern_leaves_it_out(paths: set[str], lines: list[str]) -> None:
    everything = BuildContext("x", _tree(paths))
    context = everything.ignoring(".dockerignore", "\n".join(lines))
    for path in everything.files:
        assert context.leaves_out(path) == (path not in context.files)
        assert (context.pattern_of(path) is None) == (path in context.files)


@given(st.text(st.sampled_from("ab\r\n"), max_size=9), st.lists(st.sampled_from(["x", "!y"]), min_size=1))
def test_added_lines_are_lines_of_their_own(text: str, lines: list[str]) -> None:
    after = apply_edits(text, [append_lines(text, lines)])
    assert after.startswith(text)
    assert after[len(text) :].split() == lines
    assert not text or text.endswith("\n") or after[len(text) :].startswith(("\n", "\r\n"))


# --- the command ---


def test_fix_adds_lines_and_keeps_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ignore = tmp_path / ".dockerignore"
    ignore.write_bytes(b"# mine\r\ndocs")
    ignore.chmod(0o640)
    write(tmp_path / ".turbo/x", "x" * 2_000_000)
    for name in ("a.Dockerfile", "b.Dockerfile"):
        (tmp_path / name).write_text("FROM debian:bookworm-slim\nCOPY . .\n")
    assert main(["fix", "a.Dockerfile"]) == 1
    assert capsys.readouterr().out == (
        "--- a/.dockerignore\n+++ b/.dockerignore\n@@ -1,2 +1,3 @@\n # mine\r\n-docs\n\\ No newline at end of file\n"
        "+docs\r\n+**/.turbo\r\n"
    )
    assert main(["fix", "--write", "a.Dockerfile", "b.Dockerfile"]) == 0
    assert capsys.readouterr().out == ".dockerignore: 1 fix, saves about 2.0 MB\n"
    assert ignore.read_bytes() == b"# mine\r\ndocs\r\n**/.turbo\r\n"
    assert ignore.stat().st_mode & 0o777 == 0o640
    assert main(["fix", "a.Dockerfile", "b.Dockerfile"]) == 0


def test_the_ignore_file_beside_the_dockerfile_gets_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docker").mkdir()
    write(tmp_path / "app/.turbo/x", "x" * 2_000_000)
    (tmp_path / "docker/Dockerfile").write_text("FROM debian:bookworm-slim\nCOPY . .\n# end\n")
    own = tmp_path / "docker/Dockerfile.dockerignore"
    own.write_text("docs\n")
    assert main(["fix", "--write", "--context", "app", "docker/Dockerfile"]) == 0
    assert own.read_text() == "docs\n**/.turbo\n"
    assert "Dockerfile.dockerignore: 1 fix" in capsys.readouterr().out
    assert not (tmp_path / "app/.dockerignore").exists()
