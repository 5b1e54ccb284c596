"""What a rule is made of: the decorator, findings, fixes."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from deadweight.lazy import cached_property
from deadweight.model.effects import Built, PackageSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.effects import Effect, Nth
    from deadweight.model.layers import Ledger
    from deadweight.model.stages import Site
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Edit, Span

Basis = Literal["size", "cache", "context", "conversion", "correctness", "secret", "budget"]
Group = Literal["image", "base", "packages", "cleanup", "layers", "cache", "context"]


class Safety(Enum):
    """Whether the image behaves the same after a fix, or a person has to look."""

    SAFE = "safe"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class AddedLines:
    """Lines that a fix puts at the end of a file, or that a new file holds: `path` is relative to the build context, or
    absolute where the file lies outside.
    """

    path: str
    lines: tuple[str, ...]
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """One way out of a finding: minimal edits in the Dockerfile, perhaps lines of another file. `note` says what to
    check.

    `saves` are the bytes of this way where a finding has several; `weighs` what the image weighs before and after it.
    `refactoring` names what it does to the file where an editor has a kind of action for that: "multi-stage". What the
    image starts is another command after it where it `starts_otherwise`: a web server in place of one for developers.
    """

    id: str
    title: str
    safety: Safety
    edits: tuple[Edit, ...] = ()
    adds: AddedLines | None = None
    note: str = ""
    saves: Size | None = None
    weighs: tuple[Size, Size] | None = None
    refactoring: str = ""
    starts_otherwise: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """Another place of the file that a finding is about, such as the command that wrote what is deleted here.

    `span` is in the text of the instruction at `site`; `adds` is what is there, where that is to be said.
    """

    site: Site
    span: Span | Nth
    message: str
    adds: Size | None = None


def _no_fixes(_: Snapshot) -> Iterator[Fix | None]:
    return iter(())


@dataclass(frozen=True)
class Finding:
    """Bytes that need not be there, or what is worse than bytes. `span` is in the text of the instruction at `site`, so
    that a finding stays true wherever the instruction moves.

    `saves` are the bytes that go away, None where they are unknown. `frees` are the effects whose bytes they are, each
    with its instruction: the analysis gives each to one finding. `basis` says which bytes: in the image ("size",
    "context") or written again at each rebuild ("cache"), or what goes when all of the stage is built in another way
    ("conversion"): of these, what other findings speak of counts there. A build that fails ("correctness") and
    a secret that anybody can read in the image ("secret") are not about bytes, and those above a "budget" go by other
    findings. `related` are the other places it is about. In the message, "{lines}" stands for the lines of the
    instructions in `lines`. `fixes` makes the ways out when somebody asks for them, in the file as it is then.
    "At least" so many bytes are worth a word however few these are, unless `known_part_decides`.
    """

    site: Site
    span: Span | Nth
    message: str
    saves: Size | None
    basis: Basis
    stage: str | None
    frees: frozenset[tuple[Site, Effect]] = frozenset()
    fixes: Callable[[Snapshot], Iterable[Fix | None]] = field(default=_no_fixes, compare=False)
    related: tuple[Related, ...] = ()
    lines: tuple[Site, ...] = ()
    known_part_decides: bool = False

    @cached_property
    def claims(self) -> bool:
        """Whether its bytes go away by its fix and count for it alone."""
        return self.basis not in ("cache", "conversion")

    @cached_property
    def is_about_bytes(self) -> bool:
        """Whether its bytes decide how loud it is, and whether it is worth a word at all."""
        return self.basis not in ("correctness", "secret", "budget")


class NotOffered(NamedTuple):
    """A refactoring that one could expect at an instruction, and why there is none."""

    site: Site
    title: str
    refactoring: str
    reason: str


def _nothing_to_say(_: Snapshot) -> NotOffered | None:
    return None


Check: TypeAlias = "Callable[[Snapshot], Iterator[Finding]]"


class Words(NamedTuple):
    """All that the findings of a rule take from the words of a RUN, to be compared with those of another version: what
    they take from each of its commands, and from its text. None is nothing.
    """

    of_command: Callable[[Reading], object] | None = None
    of_text: Callable[[Instruction], object] | None = None


NO_WORDS = Words()


def keep(ledgers: Iterable[Ledger], *causes: type) -> bool:
    """Whether stages keep something of one of these kinds of cause."""
    return any(ledger.layers_with(cause) for ledger in ledgers for cause in causes)


def bring_packages(ledgers: Iterable[Ledger], *managers: str) -> bool:
    """Whether stages keep packages of one of these managers."""
    layers = [layer for ledger in ledgers for layer in ledger.layers_with(PackageSet)]
    causes = [effect.cause for layer in layers for effect in layer.kept if isinstance(effect.cause, PackageSet)]
    return not {each.manager for each in causes}.isdisjoint(managers)


def as_written(command: Reading) -> object:
    """All words of a command, and whether it runs in the background."""
    return command.written, command.call.placed.background


def as_typed(instruction: Instruction) -> str:
    """All of a text."""
    return instruction.text


def of_known(command: Reading) -> object:
    """The words of a command of which it is known what it writes or removes."""
    return as_written(command) if {type(each.cause) for each in command.effects} - {Built} else None


def of_programs(*programs: str) -> Callable[[Reading], object]:
    """The words of commands that call one of these."""
    return lambda command: as_written(command) if command.call.program in programs else None


@dataclass(frozen=True)
class Rule:
    """A rule: its id, its check, and its page, which is its module's docstring.

    What its findings point at does nothing for the image where it `is_about_unnecessary`. One that `is_offered` is
    about refactorings alone: it says nothing, and an editor offers them where somebody asks what can be done, unless
    the settings give it a severity. Somebody may want it for good reasons where it `is_a_choice`: then no finding is a
    warning, however many bytes it is about. One that `gives_way` only makes offers where others say its bytes, unless
    the settings give it a severity: what a second stage leaves behind is said of the stage as a whole, or by those
    whose bytes these are. `why_not` says why its refactoring is not offered where one could expect it; None where that
    is no question. While RUNs do what they did and their `words` are the same for it, nobody asks the rule again: which
    these are may depend on what the layers of a file do, and on these words. Where that is None, any word may tell it
    something.
    """

    id: str
    group: Group
    check: Check
    same_as: tuple[str, ...] = ()
    is_about_unnecessary: bool = False
    is_offered: bool = False
    is_a_choice: bool = False
    gives_way: bool = False
    why_not: Callable[[Snapshot], NotOffered | None] = _nothing_to_say
    words: Words | Callable[[Snapshot], Words] | None = None

    @cached_property
    def page(self) -> str:
        """The page in Markdown; its first line is the title."""
        return inspect.cleandoc(sys.modules[self.check.__module__].__doc__ or "")

    @property
    def title(self) -> str:
        """The page's first line."""
        return self.page.partition("\n")[0]


def rule(
    id_: str,
    *,
    group: Group,
    same_as: tuple[str, ...] = (),
    is_about_unnecessary: bool = False,
    is_offered: bool = False,
    is_a_choice: bool = False,
    gives_way: bool = False,
    why_not: Callable[[Snapshot], NotOffered | None] = _nothing_to_say,
    words: Words | Callable[[Snapshot], Words] | None = None,
) -> Callable[[Check], Rule]:
    """Makes a generator of findings a rule."""
    return lambda check: Rule(
        id_, group, check, same_as, is_about_unnecessary, is_offered, is_a_choice, gives_way, why_not, words
    )
