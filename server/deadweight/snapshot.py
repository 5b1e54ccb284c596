"""One Dockerfile at one version, with its build context and options: what rules and features ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from deadweight.model.layers import read_ledgers
from deadweight.model.stages import read_build
from deadweight.size.estimate import Sizes
from deadweight.syntax.problems import find_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Ledger
    from deadweight.model.stages import Build
    from deadweight.syntax.dockerfile import Dockerfile
    from deadweight.syntax.problems import Problem

# Frontends that read the Dockerfile language as BuildKit does; any other reads a language of its own.
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream", "docker.io/docker/dockerfile")


@dataclass(frozen=True)
class Options:
    """What the user says about the build: `--target`, `--build-arg`, `--platform`."""

    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    platform: str = "linux/amd64"


@dataclass(frozen=True)
class Snapshot:
    """A Dockerfile's tree with what lies around it. Everything derived is computed once, when somebody asks."""

    tree: Dockerfile
    context: BuildContext | None = None
    options: Options = field(default_factory=Options)

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.tree.text

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject."""
        return tuple(find_problems(self.tree))

    @cached_property
    def is_foreign(self) -> bool:
        """Whether `# syntax=` names a frontend with a language of its own: then nothing is said about the file."""
        frontend = self.tree.directives.get("syntax")
        return (
            frontend is not None
            and frontend.partition("@")[0].rpartition(":")[0] not in _FRONTENDS
            and (frontend.partition(":")[0] not in _FRONTENDS)
        )

    @cached_property
    def build(self) -> Build:
        """Stages and the build graph."""
        options = self.options
        return read_build(self.tree, target=options.target, build_args=options.build_args, platform=options.platform)

    @cached_property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The ledger of every stage."""
        return read_ledgers(self.build, self.context, self.options.platform)

    @cached_property
    def shipped_ledgers(self) -> tuple[Ledger, ...]:
        """The ledgers of the stages whose layers are in the image."""
        return tuple(ledger for ledger in self.ledgers if ledger.stage.index in self.build.shipped)

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of everything in the ledgers."""
        return Sizes(self.build, self.ledgers, self.options.platform)
