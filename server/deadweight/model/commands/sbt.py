"""sbt: what a build writes, and the downloads of Coursier, Ivy and sbt itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, figure, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _effects(call: Call) -> Iterator[Effect]:
    if call.has("--version", "--help"):
        return
    yield writes(*builds.output(call, "sbt", ("target",)), call.span)
    around = call.around
    path = around.resolve(around.variables.get("COURSIER_CACHE") or around.cached("coursier"))
    if path and around.home:
        cleanup = f"rm -rf {path} {around.home}/.ivy2 {around.home}/.sbt"
        left = Leftover("install-cache", "sbt's downloads", cleanup, figure=figure("sbt.caches"), is_read_again=True)
        yield call.leaves(path, left)


TOOLS = (Tool(("sbt", "sbtn"), _effects, runs_scripts=True),)
