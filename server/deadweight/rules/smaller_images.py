"""The query for smaller images of the same version that would run what a stage does, and why others would not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.image import ImageRef, base, family
from deadweight.model.siblings import siblings
from deadweight.model.start import start_words
from deadweight.rules import static_program
from deadweight.rules.base_needs import standing_on, uses
from deadweight.rules.base_switch import are_programs, missing
from deadweight.size.estimate import size_together
from deadweight.size.units import ZERO
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.siblings import Sibling
    from deadweight.rules.base_needs import Uses
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.words import Word

_SERVERS = ("tomcat", "jetty", "tomee")  # images that start a server in Java by themselves


class Start(NamedTuple):
    """What a stage stands on, what of it is used by all that stands on it, and the words that start the image.

    `static` is what a static program can do without.
    """

    ref: ImageRef
    word: Word
    platform: str
    stage: str
    uses: Uses
    starts: frozenset[str]
    static: Size | None

    def blocker(self, sibling: Sibling) -> str:
        """Why a smaller image would not do; '' where it does as far as one can tell."""
        lost = [each.name for each in sibling.losses]
        if "no-compiler" in lost and not self.runs_java:
            return "nothing here runs Java"
        if "no-sdk" in lost and not self.runs_dotnet:
            return "nothing here runs .NET"
        if "musl" in lost and self.ref.repository.startswith("mcr.microsoft.com/dotnet/") and not self.runs_dotnet:
            return "the program may be built for glibc"
        if sibling.ref.repository.startswith("gcr.io/distroless/nodejs") and "node" not in self.starts:
            return "nothing here starts Node.js"
        packages = missing(self.uses, self.ref, sibling.base)
        if not are_programs(packages):
            return f"RUN needs {min(packages)}"
        return self.uses.blocker(lost, sibling.base.package_manager)

    @property
    def runs_dotnet(self) -> bool:
        """Whether the image starts a program of .NET."""
        return "dotnet" in self.starts and any(each.endswith(".dll") for each in self.starts)

    @property
    def runs_java(self) -> bool:
        """Whether the image starts one of Java."""
        is_server = self.ref.repository in _SERVERS and not self.starts
        return is_server or any(each in ("java", "catalina.sh") or each.endswith(".jar") for each in self.starts)


def may_be_smaller(ledger: Ledger) -> bool:
    """Whether an image could take the place of the one that a stage stands on, whatever the stage does."""
    base = ledger.stage.base
    return isinstance(base, ImageRef) and (bool(siblings(base)) or _may_be_nothing(base))


def start_of(snapshot: Snapshot, ledger: Ledger) -> tuple[Start, list[Ledger]] | None:
    """What a stage stands on, and all stages that stand there; None where no image could take its place."""
    stage = ledger.stage
    if not isinstance(stage.base, ImageRef) or stage.base_word is None:
        return None
    needless = static_program.runs_in_nothing(snapshot, ledger) if _may_be_nothing(stage.base) else None
    if not siblings(stage.base) and needless is None:
        return None
    static = None if needless is None else size_together(each for layer in needless for each in layer.kept) or ZERO
    platform, begins = stage.platform or snapshot.options.platform, start_words(snapshot.shipped_ledgers)
    standing = standing_on(snapshot, ledger)
    return Start(stage.base, stage.base_word, platform, stage.label, uses(standing), begins, static), standing


@remembered
def blockers(_: Layer, start: Start) -> tuple[str, ...]:
    """Why each of the smaller images would not do; '' where it does."""
    return tuple(map(start.blocker, siblings(start.ref)))


def why_not(snapshot: Snapshot, ledger: Ledger) -> dict[str, str]:
    """The smaller images that would not do for a stage, by name, each with the reason."""
    found = start_of(snapshot, ledger)
    if found is None:
        return {}
    start, _ = found
    unfit = zip(siblings(start.ref), blockers(ledger.layers[0], start), strict=True)
    return {sibling.ref.text: why for sibling, why in unfit if why}


def _may_be_nothing(ref: ImageRef) -> bool:
    """Whether an image is an operating system that is worth leaving: Alpine's is a few megabytes."""
    known = family(ref.repository)
    return known is not None and known.kind == "base" and base(ref).os_family in ("debian", "ubuntu")
