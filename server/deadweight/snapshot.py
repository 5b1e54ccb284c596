"""One Dockerfile at one version, with its build context and options: what rules and features ask."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.builds.declared import NOT_SAID
from deadweight.model.ledgers import Ledgers
from deadweight.model.stages import read_build
from deadweight.size.estimate import Sizes
from deadweight.syntax import dockerfile
from deadweight.syntax.problems import find_problems
from deadweight.text import as_one

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deadweight.model.builds.declared import HowBuilt
    from deadweight.model.context import BuildContext
    from deadweight.model.image import ImageName, StatedSize
    from deadweight.model.layers import Ledger
    from deadweight.model.measured import Measured
    from deadweight.model.run_layers import Rerun
    from deadweight.model.stages import Build, Site
    from deadweight.syntax.dockerfile import Dockerfile, Instruction
    from deadweight.syntax.problems import Problem
    from deadweight.text import Edit

# Frontends that read the Dockerfile language as BuildKit does; any other reads a language of its own.
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream", "docker.io/docker/dockerfile")


@dataclass(frozen=True)
class Options:
    """What is said about the build: `--target`, `--build-arg`, `--platform`, what base images weigh; how files of the
    project say it is built; and what an image that was built of it weighs. `budget` are the unpacked bytes that the
    image may have; `today` is an ISO date, "" for unknown: figures grow old.
    """

    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    platform: str = "linux/amd64"
    bases: Mapping[ImageName, StatedSize] = field(default_factory=lambda: MappingProxyType({}))
    how: HowBuilt = NOT_SAID
    budget: int | None = None
    today: str = ""
    measured: Measured | None = None


class _Known(NamedTuple):
    """What an earlier version of a file came to with the same options."""

    build: Build
    ledgers: Ledgers
    context: BuildContext | None
    elsewhere: tuple[Snapshot, ...]  # in other contexts


@dataclass(frozen=True)
class Snapshot:
    """A Dockerfile's tree with what lies around it. Everything derived is computed once, when somebody asks."""

    tree: Dockerfile
    context: BuildContext | None = None
    options: Options = field(default_factory=Options)
    _before: _Known | None = field(default=None, compare=False, repr=False)
    read: list[Rerun] = field(default_factory=list, compare=False, repr=False)  # RUNs, before anybody read the file

    def edited(self, tree: Dockerfile) -> Snapshot:
        """The snapshot of another version of the file; what is the same there is taken over."""
        return Snapshot(tree, self.context, self.options, self._known)

    def after(self, edits: Sequence[Edit]) -> Snapshot:
        """The snapshot of the file after `edits`. Raises ValueError where two overlap."""
        return self.edited(dockerfile.edited(self.tree, as_one(self.text, edits)) if edits else self.tree)

    def within(self, context: BuildContext | None) -> Snapshot:
        """The snapshot of the same file in another context; what an earlier version came to there is taken over, and
        what asks nothing of the context.
        """
        if context is self.context:
            return self
        if id(context) not in self._elsewhere:
            known = self._before.elsewhere if self._before else ()
            old = next((each for each in known if each.context is context), None)
            made = old.edited(self.tree) if old else replace(self, context=context, _before=self._known)
            self._elsewhere[id(context)] = made
        return self._elsewhere[id(context)]

    @property
    def _known(self) -> _Known | None:
        if "ledgers" not in self.__dict__:
            return self._before
        return _Known(self.build, self.ledgers, self.context, tuple(self._elsewhere.values()))

    @cached_property
    def _elsewhere(self) -> dict[int, Snapshot]:
        """The snapshots of the same file in other contexts, which keep them alive."""
        return {}

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
        return read_build(
            self.tree,
            target=self.options.target,
            build_args=self.options.build_args,
            platform=self.options.platform,
            bases=self.options.bases,
            contexts=self.options.how.contexts,
            before=self._before.build if self._before else None,
        )

    @cached_property
    def ledgers(self) -> Ledgers:
        """The ledger of every stage."""
        before = self._before
        if before is not None and before.build.stages is self.build.stages and before.context is self.context:
            return before.ledgers
        known = before.ledgers if before else None
        return Ledgers(self.build, self.context, self.options.platform, known, self.options.measured, self.read)

    @cached_property
    def shipped_ledgers(self) -> tuple[Ledger, ...]:
        """The ledgers of the stages whose layers are in the image."""
        return tuple([self.ledgers[index] for index in sorted(self.build.shipped)])

    @cached_property
    def inherited_ledgers(self) -> tuple[Ledger, ...]:
        """Those, and what each image that is built on this one gets by ONBUILD."""
        triggered = self.ledgers.triggered
        return (*self.shipped_ledgers, triggered) if triggered else self.shipped_ledgers

    @cached_property
    def reached_ledgers(self) -> tuple[Ledger, ...]:
        """The ledgers of all stages that a build of the image runs."""
        return tuple([self.ledgers[index] for index in sorted(self.build.reached)])

    def offset(self, site: Site) -> int:
        """Where the text of an instruction starts in the file."""
        section = self.tree.sections[site.stage + 1]
        return self.tree.starts[site.stage + 1] + section.starts[section.numbers[site.step]]

    def line(self, site: Site) -> int:
        """The line of the file, from 1 as LSP counts them, in which the text of an instruction starts."""
        section = self.tree.sections[site.stage + 1]
        return self.tree.first_rows[site.stage + 1] + section.rows[section.numbers[site.step]] + 1

    def instruction(self, site: Site) -> Instruction:
        """The instruction of a site."""
        return self.tree.sections[site.stage + 1].instructions[site.step]

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of everything in the ledgers."""
        return Sizes(self.build, self.ledgers)
