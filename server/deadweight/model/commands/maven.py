"""mvn and mvnw: what a build writes, and the local repository of all that it downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, figure, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = ("-f", "--file", "-pl", "--projects", "-P", "--activate-profiles", "-s", "--settings", "-gs", "-t", "-T", "-l")
REPOSITORY = "~/.m2/repository"
_ASKS = frozenset(("--version", "-v", "--help", "-h"))
_DOWNLOADS = ("dependency:", "de.qaware.maven:go-offline", "org.apache.maven.plugins:maven-dependency-plugin")


def _effects(call: Call) -> Iterator[Effect]:
    goals = [word.plain for word in call.operands(*VALUES)]
    if not _ASKS.isdisjoint(call.options):
        return
    if not goals or not all(goal.startswith(_DOWNLOADS) for goal in goals):  # without a goal, what the POM says
        yield writes(*builds.output(call, call.program, ("target",)), call.span)
    path = call.around.resolve(_local(call) or REPOSITORY)
    if path:
        left = Leftover(
            "install-cache",
            "Maven's local repository",
            f"rm -rf {path}",
            figure=figure("maven.repository"),
            is_read_again=True,
        )
        yield call.leaves(path, left)


def _local(call: Call) -> str | None:
    """Where the local repository is told to be."""
    told = (*(word.plain for word in call.words), *(call.around.variables.get("MAVEN_OPTS") or "").split())
    return next((each.partition("=")[2] for each in told if each.startswith("-Dmaven.repo.local=")), None)


TOOLS = (Tool(("mvn", "mvnw"), _effects, runs_scripts=True),)
