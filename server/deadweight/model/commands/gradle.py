"""gradle and gradlew: what a build writes, and the downloads and caches in GRADLE_USER_HOME."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, figure, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = ("-g", "--gradle-user-home", "-p", "--project-dir", "-b", "-c", "-I", "-x", "--exclude-task", "--console")
_ASKS = frozenset(("--version", "-v", "--help", "-h", "--stop"))


def _effects(call: Call) -> Iterator[Effect]:
    tasks = [word.plain for word in call.operands(*VALUES)]
    if not _ASKS.isdisjoint(call.options):
        return
    if set(tasks) - {"dependencies", "wrapper", "tasks", "help"}:
        yield writes(*builds.output(call, call.program, ("build",)), call.span)
    folder = call.around.resolve(call.value("-g", "--gradle-user-home") or home(call.around))
    if folder:
        # A daemon goes on for a while after the build, and writes there.
        stop = "" if _has_no_daemon(call) else f"{call.typed} --stop && "
        left = Leftover(
            "install-cache",
            "Gradle's downloads and caches",
            f"{stop}rm -rf {folder}/caches" + (f" {folder}/wrapper" if call.program == "gradlew" else ""),
            figure=figure("gradle.caches"),
            is_read_again=True,
        )
        yield call.leaves(posixpath.join(folder, "caches"), left)


def home(around: Surroundings) -> str:
    """GRADLE_USER_HOME. Docker's images of Gradle link root's folder to that of the user gradle (kept by hand,
    2026-11-26), which counts where somebody mounts a cache there.
    """
    linked = "/home/gradle/.gradle"
    return around.variables.get("GRADLE_USER_HOME") or (linked if around.files.is_mounted(linked) else "~/.gradle")


def _has_no_daemon(call: Call) -> bool:
    return call.has("--no-daemon") or "daemon=false" in (call.around.variables.get("GRADLE_OPTS") or "")


TOOLS = (Tool(("gradle", "gradlew"), _effects, runs_scripts=True),)
