"""Whether an image runs an app, or is one that people and builds work in, who want all kinds of tools there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.image import family
from deadweight.model.start import is_for_developers, is_idle, start_command

if TYPE_CHECKING:
    from deadweight.snapshot import Snapshot

_FOR_WORK = re.compile(
    r"devcontainers|vscode|gitpod|jupyter|codespaces|cimg/|circleci/|buildpack|oss-fuzz|/builder"
    r"|teamcity|jenkins|buildkite|(?:actions|gitlab)-runner"
)
# Programs that build, or wait for somebody who does, when an image starts with them.
_WORKS = re.compile(
    r"(?:\S*/)?(?:make|cmake|gcc|go|cargo|gradlew?|mvnw?|tox|nox|pytest|jupyter[\w-]*|sshd|code-server|bazel|ninja|jekyll"
    r"|build\.\w+)"
)
_BUILDS = re.compile(r"(?:\S*/)?build")  # as a program; `node build` starts what was built
_FIRST_WORDS = 4  # of a start, among which its program is: `/entrypoint.sh bundle exec jekyll serve`


def runs_an_app(snapshot: Snapshot) -> bool:
    """Whether a container of the image has nothing to build, as far as its name, its base and its start tell."""
    target, ledgers = snapshot.build.target, snapshot.shipped_ledgers
    if target is None or is_for_developers(target.name):
        return False
    base = snapshot.build.base_of(ledgers[0].stage)
    if base is None or _FOR_WORK.search(base.repository):
        return False
    start = start_command(ledgers)
    if not start:
        known = family(base.repository)
        return known is not None and (known.kind == "server" or base.repository == "php")
    words = start.split()[:_FIRST_WORDS]
    is_for_work = any(map(_WORKS.fullmatch, words)) or any(map(_BUILDS.fullmatch, words[:1]))
    return not is_idle(start) and not is_for_work
