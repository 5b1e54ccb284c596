"""devDependencies in an image: who reports them, who needs them, and what may leave them out."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.dev_dependencies_shipped import dev_dependencies_shipped
from deadweight.rules.rule import Safety
from examples import snapshot_of

MANIFEST = """\
//- package.json
{"scripts": {"build": "tsc", "start": "node server.js", "dev": "nodemon server.js"},
 "dependencies": {"express": "^5.1.0"}, "devDependencies": {"typescript": "^5.9.0", "nodemon": "^3.1.0"}}
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
    assert all(fix.safety is Safety.ASK for fix in reported.finding.fixes)
    assert all(holds(snapshot, report(snapshot), reported, fix) for fix in reported.finding.fixes)
    return fixed(snapshot, reported.finding.fixes[:1]).text if reported.finding.fixes else ""


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN npm install", "RUN npm install --omit=dev"),
        ("RUN npm i --no-audit", "RUN npm i --omit=dev --no-audit"),
        ("RUN npm --loglevel=error install", "RUN npm --loglevel=error install --omit=dev"),
        ("RUN npm install && node -v", "RUN npm install --omit=dev && node -v"),
        ("RUN npm install && npm run build", "RUN npm install && npm run build && npm prune --omit=dev"),
        ("RUN npm install && npx tsc", "RUN npm install && npx tsc && npm prune --omit=dev"),
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
