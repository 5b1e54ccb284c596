"""pnpm and bun ask the registry about packages only where no lockfile says which: nothing else of theirs is dead."""

from __future__ import annotations

import pytest

from deadweight.analysis.report import report
from examples import snapshot_of

PROJECT = '//- package.json\n{"dependencies": {"express": "^5.1.0"}}\n'
LOCKS = {"pnpm": "pnpm-lock.yaml", "bun": "bun.lockb"}


def leaves_a_cache(dockerfile: str, files: str = "") -> bool:
    block = f"//- Dockerfile\nFROM node:22-slim\nWORKDIR /app\n{dockerfile}\n{files}"
    return any(each.rule.id == "install-cache-kept" for each in report(snapshot_of(block)))


@pytest.mark.parametrize("tool", LOCKS)
def test_documents_are_kept_where_no_lockfile_is_in_the_image(tool: str) -> None:
    lock = f"//- {LOCKS[tool]} 3000\n"
    assert leaves_a_cache(f"COPY . .\nRUN {tool} install", PROJECT)
    assert leaves_a_cache(f"COPY package.json .\nRUN {tool} install", PROJECT + lock)
    assert leaves_a_cache(f"RUN {tool} add express typescript")
    assert not leaves_a_cache(f"COPY . .\nRUN {tool} install", PROJECT + lock)
    assert not leaves_a_cache(f"COPY package.json {LOCKS[tool]} ./\nRUN {tool} install", PROJECT + lock)


@pytest.mark.parametrize(
    "run", ["pnpm install", "pnpm fetch --prod && pnpm install -r --offline --prod", "bun install"]
)
def test_nothing_is_said_where_nobody_knows_whether_there_is_one(run: str) -> None:
    assert not leaves_a_cache(f"RUN {run}")
