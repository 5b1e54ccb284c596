"""One file is enough: a package manager that does not exist gets its finding, fixes, sizes and hover from its tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import report
from deadweight.features.hover import hover
from deadweight.model import commands
from deadweight.model.commands import catalog
from examples import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOOL = '''
"""crate: a made-up package manager with a cache in /var/cache/crate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Figure, Leftover, PackageSet, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

CRATE = Figure(4_000_000, 5_000_000, 9_000_000, "ten crates, weighed", "2026-11-23")
CACHE = Figure(20_000_000, 20_000_000, 20_000_000, "its cache, weighed", "2026-11-23")


def _effects(call: Call) -> Iterator[Effect]:
    verb, *names = (word.pattern for word in call.operands())
    packages = PackageSet("crate", tuple(names), each=CRATE)
    if verb == "fetch":
        yield writes("/usr/lib/crates", packages, call.span)
        if not call.has("--no-store"):
            cache = Leftover("install-cache", "crate's cache", "crate tidy", "--no-store", "fetch", figure=CACHE)
            yield writes("/var/cache/crate", cache, call.span)
    elif verb == "drop":
        yield removes_packages(packages, call.span)


TOOLS = (Tool(("crate",), _effects),)
'''


@pytest.fixture(autouse=True)
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "crate.py").write_text(TOOL)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    catalog._known.cache_clear()
    yield
    catalog._known.cache_clear()


INSTALL = "FROM debian:bookworm-slim\nRUN crate fetch oak elm\n"


def test_its_cache_is_found_and_avoided() -> None:
    (found,) = report(snapshot_of(INSTALL))
    assert (found.rule.id, found.message) == (
        "install-cache-kept",
        "crate's cache stays in this layer, saves about 20 MB",
    )
    assert [fix.id for fix in found.fixes] == ["clean-up", "cache-mount"]
    assert fix_all(snapshot_of(INSTALL)).snapshot.text == INSTALL.replace("fetch", "fetch --no-store")


def test_its_packages_weigh_something() -> None:
    snapshot = snapshot_of(INSTALL)
    size = snapshot.sizes.layer(snapshot.ledgers[0].layers[1])
    assert size is not None
    assert size.best == 30_000_000
    assert {part.what for part in size.parts} == {"oak", "elm", "crate's cache"}


def test_hover_knows_its_packages_and_flags() -> None:
    snapshot = snapshot_of(INSTALL.replace("fetch", "fetch --no-store"))
    oak = hover(snapshot, (), snapshot.text.index("oak"))
    flag = hover(snapshot, (), snapshot.text.index("--no-store"))
    assert oak is not None
    assert flag is not None
    assert "`oak` with what it needs: **5.0 MB unpacked, between 4.0 MB and 9.0 MB**" in oak.text
    assert "ten crates, weighed, 2026-11-23" in oak.text
    assert "`--no-store` saves **20 MB** unpacked here" in flag.text


def test_what_a_later_layer_drops_is_found_and_merged() -> None:
    text = INSTALL.replace("fetch", "fetch --no-store") + "RUN crate drop elm\n"
    (found,) = report(snapshot_of(text))
    assert (found.rule.id, found.finding.saves and found.finding.saves.best) == ("late-delete", 5_000_000)
    assert fix_all(snapshot_of(text)).snapshot.text == text.replace("\nRUN crate drop", " \\\n    && crate drop")
