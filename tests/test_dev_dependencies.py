"""devDependencies in an image: who reports them, who needs them, and what may leave them out."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.dev_dependencies_shipped import dev_dependencies_shipped
from deadweight.rules.rule import Safety
from deadweight.settings import DEFAULTS
from examples import snapshot_of

MANIFEST = """\
//- package.json
{"scripts": {"build": "tsc", "start": "node server.js", "dev": "nodemon server.js"},
 "dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0", "nodemon": "^3.1.0"}}
//- server.js 4000
"""
API = MANIFEST.replace("package.json", "api/package.json")
LOCKED = """\
//- package.json
{"dependencies": {"express": "^5.1.0"}%s}
//- package-lock.json
{"lockfileVersion": 3, "packages": {
  "": {"dependencies": {"express": "^5.1.0"}},
  "node_modules/express": {"version": "5.1.0", "resolved": "x"}}}
//- server.js 4000
"""
HEAD = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n"


def tried(dockerfile: str, files: str = MANIFEST) -> str | None:
    """What the fix makes of a Dockerfile; "" where there is none, None where nothing is reported."""
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}{files}")
    found = report(snapshot, rules=[dev_dependencies_shipped])
    if not found:
        return None
    (reported,) = found
    assert all(fix.safety is Safety.ASK for fix in reported.fixes)
    # Beside a conversion to two stages this one is only offered.
    offering = DEFAULTS.offering
    assert all(holds(snapshot, report(snapshot, offering), reported, fix, offering) for fix in reported.fixes)
    return fixed(snapshot, reported.fixes[:1]).text if reported.fixes else ""


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN npm install", "RUN npm install --omit=dev"),
        ("RUN npm i --no-audit", "RUN npm i --omit=dev --no-audit"),
        ("RUN npm --loglevel=error install", "RUN npm --loglevel=error install --omit=dev"),
        ("RUN npm install && node -v", "RUN npm install --omit=dev && node -v"),
        ("RUN npm install && npm run build", "RUN npm install && npm run build && npm prune --omit=dev"),
        ("RUN npm install && npx tsc", "RUN npm install && npx tsc && npm prune --omit=dev"),
        ("RUN set -e; npm install; npx tsc", "RUN set -e; npm install; npx tsc; npm prune --omit=dev"),
        ("RUN <<EOF\nnpm install\nEOF", "RUN <<EOF\nnpm install --omit=dev\nEOF"),
    ],
)
def test_the_install_is_told(run: str, after: str) -> None:
    assert tried(f'{HEAD}{run}\nCMD ["npm", "start"]\n') == f'{HEAD}{after}\nCMD ["npm", "start"]\n'


@pytest.mark.parametrize(
    "lines",
    [
        "RUN npm install\nRUN npm run build\n",
        "RUN npm install\nRUN ./build.sh\n",
        'RUN npm install\nRUN ["npm", "run", "build"]\n',
        "RUN npm install\nONBUILD RUN npm run build\n",
    ],
)
def test_what_a_later_layer_may_need_is_not_left_out(lines: str) -> None:
    assert tried(HEAD + lines) == ""


def tried_run(run: str, files: str = MANIFEST) -> str | None:
    """What the fix makes of a RUN below the usual instructions."""
    after = tried(f"{HEAD}{run}\n", files)
    return after and after.removeprefix(HEAD).rstrip("\n")


@pytest.mark.parametrize(
    ("install", "prune"),
    [
        # Without the flag the prune fails as the install would: ERESOLVE.
        ("npm ci --legacy-peer-deps", "npm prune --legacy-peer-deps --omit=dev"),
        ("npm i --force", "npm prune --force --omit=dev"),
        # Without it the prune brings what the install left out.
        ("npm ci --omit=optional", "npm prune --omit=optional --omit=dev"),
        ("npm ci --include=dev", "npm prune --omit=dev"),
        ("HUSKY=0 npm ci", "npm prune --omit=dev"),
        ("npm ci --omit optional", None),
        ("npm ci -w api", None),
        ("NPM_CONFIG_LEGACY_PEER_DEPS=true npm ci", None),
    ],
)
def test_a_prune_has_the_options_of_the_install(install: str, prune: str | None) -> None:
    run = f"RUN {install} && npm run build"
    assert tried_run(run) == (f"{run} && {prune}" if prune else "")


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN npm --prefix api install", "RUN npm --prefix api install --omit=dev"),
        ("RUN npm ci --prefix=api", "RUN npm ci --omit=dev --prefix=api"),
        ("RUN npm --prefix api ci && npm --prefix api run build", ""),
        ("RUN cd api && npm ci", "RUN cd api && npm ci --omit=dev"),
        ("RUN cd api && npm ci && npm run build", "RUN cd api && npm ci && npm run build && npm prune --omit=dev"),
        ("RUN cd api && npm ci && cd ../web && ./build.sh", ""),
        ("RUN npm ci", None),
    ],
)
def test_a_project_in_a_folder_of_its_own(run: str, after: str | None) -> None:
    assert tried_run(run, API) == after


def test_settings_of_a_project_in_a_folder_of_its_own() -> None:
    assert tried_run("RUN npm --prefix api ci", f"{API}//- api/.npmrc\nomit=dev\n") is None


@pytest.mark.parametrize(
    ("scripts", "after"),
    [
        ('"prepare": "husky"', "RUN npm ci && npm prune --omit=dev"),
        ('"prepare": "husky || true"', "RUN npm ci --omit=dev"),
        ('"postinstall": "npm run build", "build": "tsc"', "RUN npm ci && npm prune --omit=dev"),
        ('"postinstall": "express --version"', "RUN npm ci --omit=dev"),
    ],
)
def test_what_install_scripts_need_is_removed_after_them(scripts: str, after: str) -> None:
    assert tried_run("RUN npm ci", MANIFEST.replace('"build": "tsc"', scripts)) == after


def test_scripts_of_workspaces_may_need_them() -> None:
    files = MANIFEST.replace('{"scripts"', '{"workspaces": ["packages/*"], "scripts"')
    assert tried_run("RUN npm ci", files) == "RUN npm ci && npm prune --omit=dev"


@pytest.mark.parametrize("dev", ["", ', "devDependencies": {"express": "^5.1.0"}'])
def test_silent_where_they_add_nothing(dev: str) -> None:
    assert tried_run("RUN npm ci", LOCKED % dev) is None


def test_an_old_npm_has_another_flag() -> None:
    head = HEAD.replace("node:22-slim", "node:12")
    assert tried(f"{head}RUN npm install\n") == f"{head}RUN npm install --production\n"


@pytest.mark.parametrize(
    "dockerfile",
    [
        f'{HEAD}RUN npm install\nCMD ["npm", "run", "dev"]\n',
        f"{HEAD}RUN npm install\nCMD npx nodemon server.js\n",
        f'{HEAD}RUN npm install\nENTRYPOINT ["node_modules/.bin/nodemon"]\nCMD ["server.js"]\n',
        f"{HEAD}RUN npm install\nCMD sleep infinity\n",
        HEAD.replace("slim\n", "slim AS dev\n", 1) + "RUN npm install\n",
        f"{HEAD}ENV NODE_ENV=development\nRUN npm install\n",
        f"{HEAD}ENV NODE_ENV=dev\nRUN npm install\n",
        f"{HEAD}RUN npm install\nENV NODE_ENV=development\n",
        f"{HEAD}RUN NODE_ENV=development npm install\n",
        f'{HEAD}RUN npm install\nENTRYPOINT ["dumb-init", "--"]\nCMD ["npm", "run", "dev"]\n',
        f"{HEAD}ENV NODE_ENV=production\nRUN npm install\n",
        f"{HEAD}ARG NODE_ENV\nRUN npm install\n",
        f"{HEAD}RUN npm install --omit=dev\n",
        f"{HEAD}RUN npm install --production\n",
        f"{HEAD}RUN npm install && npm prune --omit=dev\n",
        f"{HEAD}RUN if [ -f x ]; then npm install; fi\n",
        f"{HEAD}RUN npm install -g npm@11\n",
        f"{HEAD}RUN --mount=type=tmpfs,target=/app/node_modules npm install\n",
        HEAD.replace("slim", "slim AS build", 1) + "RUN npm install\nFROM scratch\nCOPY --from=build /app/a.js /\n",
    ],
)
def test_silent(dockerfile: str) -> None:
    assert tried(dockerfile) is None


@pytest.mark.parametrize(
    "files",
    [
        '//- package.json\n{"dependencies": {"express": "^5.1.0"}}\n',
        '//- package.json\n{"dependencies": {"express": "^5.1.0"}, "devDependencies": {}}\n',
        '//- package.json\n{"dependencies": {"express"\n',
        MANIFEST + "//- .npmrc\nomit=dev\n",
    ],
)
def test_silent_where_the_project_says_so(files: str) -> None:
    assert tried(f"{HEAD}RUN npm install\n", files) is None


@pytest.mark.parametrize(
    ("build", "after"),
    [
        ("RUN npm ci\nRUN npm run build\n", "RUN npm ci\nRUN npm run build && npm prune --omit=dev\n"),
        ("RUN npm ci && npx tsc\n", "RUN npm ci && npx tsc && npm prune --omit=dev\n"),
        ("RUN npm ci\nRUN npx tsc\nRUN npx vite\n", "RUN npm ci\nRUN npx tsc\nRUN npx vite && npm prune --omit=dev\n"),
        ("RUN npm ci\nRUN npm cache verify\n", "RUN npm ci --omit=dev\nRUN npm cache verify\n"),
        ("RUN yarn install\n", "RUN yarn install --production\n"),
        ("RUN bun install --frozen-lockfile\n", "RUN bun install --production --frozen-lockfile\n"),
        # Nobody knows how to do it without them: in another folder, in an exec form, by yarn.
        ("RUN npm ci\nRUN cd web && npm run build\n", ""),
        ('RUN npm ci\nRUN ["npm", "run", "build"]\n', ""),
        ("RUN yarn\nRUN yarn build\n", ""),
        ("RUN yarn && yarn build\n", ""),
        # The tests of another target need them.
        ("RUN npm ci\nRUN npm run build\nFROM build AS test\nRUN npm test\n", ""),
        # They are gone from what is copied.
        ("RUN npm ci\nRUN npm run build\nRUN npm prune --omit=dev\n", None),
        ("RUN npm ci && npm run build && rm -rf node_modules\n", None),
    ],
)
def test_what_is_copied_from_a_stage_is_in_the_image(build: str, after: str | None) -> None:
    head = "FROM node:22 AS build\nWORKDIR /app\nCOPY . .\n"
    tail = 'FROM node:22-slim\nCOPY --from=build /app /app\nCMD ["node", "/app/server.js"]\n'
    assert tried(f"{head}{build}{tail}") == (f"{head}{after}{tail}" if after else after)


def test_what_is_not_copied_is_not_in_the_image() -> None:
    build = "FROM node:22 AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nFROM node:22-slim\n"
    assert tried(f"{build}COPY --from=build /app/dist /app\n") is None
    assert tried(f"{build}RUN npm ci --omit=dev\nCOPY --from=build /app/dist /app\n") is None
