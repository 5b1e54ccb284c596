"""One Dockerfile at one version, with its build context and options: what rules and features ask."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

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
    """What the user says about the build: `--target`, `--build-arg`, `--platform`.

    Of an excerpt of a file: the `numbers` of its stages there, and whether the image is among them.
    """

    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    platform: str = "linux/amd64"
    numbers: tuple[int, ...] | None = None
    has_target: bool = True


class _Known(NamedTuple):
    """What is known of a version of a file, in this context and with these options."""

    context: BuildContext | None
    options: Options
    build: Build
    ledgers: tuple[Ledger, ...]


@dataclass(frozen=True)
class Snapshot:
    """A Dockerfile's tree with what lies around it. Everything derived is computed once, when somebody asks."""

    tree: Dockerfile
    context: BuildContext | None = None
    options: Options = field(default_factory=Options)
    # What an earlier snapshot of the file knew: what is the same is taken over.
    _known: _Known | None = field(default=None, compare=False, repr=False)

    def edited(self, tree: Dockerfile) -> Snapshot:
        """The snapshot of another version of the file."""
        is_known = "ledgers" in self.__dict__
        known = _Known(self.context, self.options, self.build, self.ledgers) if is_known else self._known
        return replace(self, tree=tree, _known=known)

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
        return read_build(
            self.tree,
            target=options.target,
            build_args=options.build_args,
            platform=options.platform,
            numbers=options.numbers,
            has_target=options.has_target,
            before=self._before.build if self._before else None,
        )

    @cached_property
    def ledgers(self) -> tuple[Ledger, ...]:
        """The ledger of every stage."""
        before = self._before.ledgers if self._before else ()
        return read_ledgers(self.build, self.context, self.options.platform, before)

    @property
    def _before(self) -> _Known | None:
        known = self._known
        return known if known and known.context is self.context and known.options == self.options else None

    @cached_property
    def shipped_ledgers(self) -> tuple[Ledger, ...]:
        """The ledgers of the stages whose layers are in the image."""
        return tuple(ledger for ledger in self.ledgers if ledger.stage.index in self.build.shipped)

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of everything in the ledgers."""
        return Sizes(self.build, self.ledgers, self.options.platform)
