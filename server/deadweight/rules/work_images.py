"""Whether an image runs an app, or is one that people and builds work in, or other images are built on, where all kinds
of tools are wanted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.effects import CopiedFromStage, Download
from deadweight.model.image import family
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_for_developers, is_idle, start_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.image import ImageRef
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_FOR_WORK = re.compile(
    r"devcontainers|vscode|gitpod|jupyter|codespaces|cimg/|circleci/|buildpack(?!-deps)|oss-fuzz|/builder"
    r"|teamcity|jenkins|buildkite|(?:actions|gitlab)-runner|\bdind\b"
)
_ACCOUNTS = frozenset(("gitpod", "vscode", "codespace", "coder"))  # of services that people work in
# What lets people in, or is for those who sit there (packages of Debian, Alpine and Fedora; kept by hand, 2026-11-26).
_LETS_IN = frozenset(("openssh-server", "ssh", "dropbear", "byobu", "tmux", "screen", "zsh"))
# Official images that are compilers: who ships one ships more than what is installed beside it.
_COMPILERS = frozenset(("gcc", "golang", "haskell", "rust", "swift"))
# What else the facts call a server and starts a shell, or a tool for people (kept by hand, 2026-11-26).
_STARTS_NO_SERVER = re.compile(
    r"bash|buildpack-deps|composer|continuumio/.*|docker|hello-world|kalilinux/.*|mcr\.microsoft\.com/.*|nvidia/.*"
    r"|pytorch/.*|tensorflow/.*"
)
_SERVES_PHP = re.compile(r"\b(?:apache|fpm)\b")  # among the tags of php: all others start the interpreter for people
# Programs that build, or wait for somebody who does, when an image starts with them.
_WORKS = re.compile(
    r"(?:\S*/)?(?:make|cmake|gcc|go|cargo|gradlew?|mvnw?|tox|nox|pytest|jupyter[\w-]*|sshd|code-server|bazel|ninja|jekyll"
    r"|mix|cabal|dind|(?:ci|test|build|gitlab|actions)-runner|runner\.sh|build\.\w+"
    r"|eclipse|(?:idea|pycharm)(?:\.sh)?|rserver|rstudio(?:-server)?|theia)"
    r"|/(?:usr/)?(?:local/)?s?bin/build"
)
_BUILDS = re.compile(r"(?:\S*/)?build")  # as a program; `node build` starts what was built
_FOR_DEVELOPERS = re.compile(r"(?:npm|yarn|pnpm|bun)(?: run)? (?:dev|develop)\b|\b(?:nodemon|node-dev|ts-node-dev)\b")
# What builds projects of any kind, with compilers that it finds.
_BUILD_SYSTEM = re.compile(r"\bbazel(?:isk)?\b")
_BRINGS = (CopiedFromStage, Download)
_WORD = re.compile(r"[^\s'\"]+")
_FIRST_WORDS = 4  # of a start, among which its program is: `/entrypoint.sh bundle exec jekyll serve`


def runs_an_app(snapshot: Snapshot) -> bool:
    """Whether a container of the image has nothing to build, as far as its name, its base and its start tell."""
    target, ledgers = snapshot.build.target, snapshot.shipped_ledgers
    if target is None or target.triggers or is_for_work(snapshot) or _lets_in(ledgers):
        return False
    if _builds_by(ledgers):
        return False
    base = snapshot.build.base_of(ledgers[0].stage)
    if base is None or base.repository == "buildpack-deps":
        return False
    start = start_command(ledgers)
    if not start:
        return _is_server(base)
    words = _WORD.findall(start)[:_FIRST_WORDS]
    builds = any(map(_WORKS.fullmatch, words)) or any(map(_BUILDS.fullmatch, words[:1]))
    return not (is_idle(start) or builds or _FOR_DEVELOPERS.search(start))


def is_for_work(snapshot: Snapshot) -> bool:
    """Whether people or builds work in the image, as its name, its base or its account says."""
    target = snapshot.build.target
    base = snapshot.build.base_of(snapshot.shipped_ledgers[0].stage) if target else None
    is_base_for_work = base is not None and _FOR_WORK.search(base.repository) is not None
    if is_base_for_work or (target is not None and target.end.user in _ACCOUNTS):
        return True
    return target is not None and is_for_developers(target.name)


def has_a_compiler_as_base(snapshot: Snapshot) -> bool:
    """Whether the image is built on one that is a compiler."""
    base = snapshot.build.base_of(snapshot.shipped_ledgers[0].stage)
    return base is not None and base.repository in _COMPILERS


@OfLayers
def _lets_in(layer: Layer) -> Iterator[bool]:
    """That a layer installs what people work in an image with, where it does."""
    if any(name in _LETS_IN for _, name in layer.packages):
        yield True


@OfLayers
def _builds_by(layer: Layer) -> Iterator[bool]:
    """That a layer brings a build system from elsewhere, which is there for those who build in the image."""
    causes = (each.cause for each in layer.effects)
    places = (
        each.path if isinstance(each, CopiedFromStage) else each.url for each in causes if isinstance(each, _BRINGS)
    )
    if any(place and _BUILD_SYSTEM.search(place) for place in places):
        yield True


def _is_server(image: ImageRef) -> bool:
    """Whether an image starts a server by itself."""
    if image.repository == "php":
        return _SERVES_PHP.search(image.tag or "") is not None
    known = family(image.repository)
    return known is not None and known.kind == "server" and not _STARTS_NO_SERVER.fullmatch(image.repository)
