"""What tests share: the folder `shared` with real-world material, where it lies beside the checkout; sessions."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from sessions import CLIENTS, Session, greeted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# A busy machine is no reason to fail.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout; a test that asks for it is skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder `shared` with real-world files is not beside this checkout")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS)
async def started(request: pytest.FixtureRequest) -> AsyncIterator[Session]:
    """A session that the tests of a file share, as each kind of client has it."""
    async with greeted(request.param, root_uri="file:///workspace") as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def session(started: Session) -> AsyncIterator[Session]:
    """That session, with nothing open."""
    yield started
    await started.forget()


def json_lines(path: Path) -> Iterator[Any]:
    """The objects of a `*.jsonl.xz` file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
