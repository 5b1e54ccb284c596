"""Whether a fix keeps its word. It is carried out on a copy, and the copy is read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.analysis.report import report
from deadweight.model.stages import Site
from deadweight.rules.catalog import RULES
from deadweight.settings import DEFAULTS
from deadweight.syntax.dockerfile import Comment, Instruction, remembered
from deadweight.syntax.run import program_name, run_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.analysis.report import Reported
    from deadweight.model.context import BuildContext
    from deadweight.rules.rule import Fix, Rule
    from deadweight.settings import Settings
    from deadweight.size.units import Size
    from deadweight.snapshot import Options, Snapshot
    from deadweight.syntax.dockerfile import Dockerfile, Section

MANY = 100  # findings; the longest real files have about 30
_NEARLY = 0.9  # of what a fix says that it saves: what two installs share counts for the one that stays
_NOTABLE = 1_000_000  # bytes; a fix may not bring a finding as heavy as this
_TRIGGERED = "ONBUILD RUN"


def fixed(snapshot: Snapshot, fixes: Sequence[Fix]) -> Snapshot:
    """The snapshot after `fixes`. Raises ValueError where their edits overlap."""
    edits = [edit for fix in fixes for edit in fix.edits]
    context = snapshot.context
    for fix in fixes:
        if fix.adds and context is not None:
            context = context.ignoring_also(fix.adds.path, fix.adds.lines)
    return snapshot.after(edits).within(context)


def holds(
    snapshot: Snapshot, found: Sequence[Reported], reported: Reported, fix: Fix, settings: Settings = DEFAULTS
) -> bool:
    """Whether `fix` does what it says and nothing else; `found` is everything reported for `snapshot` by `settings`.

    What was proven is remembered by content: asked again about the same text, this costs nothing.
    """
    proven = _proven(_Content(snapshot.text, snapshot.context, snapshot.options, settings))
    key = (reported.rule.id, fix)
    if key not in proven:
        proven[key] = _holds(snapshot, found, reported, fix, settings)
    return proven[key]


def hold_together(
    snapshot: Snapshot,
    found: Sequence[Reported],
    chosen: Sequence[tuple[Reported, Fix]],
    settings: Settings = DEFAULTS,
) -> bool:
    """Whether many fixes, one a finding, all do what they say when they are carried out at once.

    Each proof reads the whole file; beyond a few dozen of them that is too long to wait for.
    """
    try:
        after = fixed(snapshot, [fix for _, fix in chosen])
    except ValueError:
        return False
    return is_sound(snapshot, after) and len(report(after, settings)) <= len(found) - len(chosen)


def is_sound(before: Snapshot, after: Snapshot, *, starts_otherwise: bool = False) -> bool:
    """Whether nothing broke: no new problem, the same directives and comments, no instruction but planned ones."""
    if before.tree is after.tree:
        return True
    if len(after.problems) > len(before.problems) or before.tree.directives != after.tree.directives:
        return False
    if _comments(after.tree) < _comments(before.tree):
        return False
    is_as_planned = (
        _is_planned(before, after)
        if len(after.build.stages) == len(before.build.stages)
        else _is_staged(before, after, _OF_IMAGES - {"ENTRYPOINT"} if starts_otherwise else _OF_IMAGES)
    )
    if not (is_as_planned and _scripts_are_valid(before, after)):
        return False
    return _second_opinion(before, after)


@dataclass(frozen=True, slots=True)
class _Content:
    """All that a proof depends on. What has no hash is only compared."""

    text: str
    context: BuildContext | None = field(hash=False)
    options: Options = field(hash=False)
    settings: Settings = field(hash=False)


@lru_cache(maxsize=16)
def _proven(_: _Content) -> dict[tuple[str, Fix], bool]:
    """What was proven about a content so far, by rule and fix."""
    return {}


def _holds(snapshot: Snapshot, found: Sequence[Reported], reported: Reported, fix: Fix, settings: Settings) -> bool:
    try:
        after = fixed(snapshot, (fix,))
    except ValueError:
        return False
    if not is_sound(snapshot, after, starts_otherwise=fix.starts_otherwise):
        return False
    then = report(after, settings, _heard(found))
    is_done = _is_less(found, then, reported.rule, fix.saves)
    return is_done and _is_no_more(found, then, reported, _counts(snapshot, after))


def _heard(found: Sequence[Reported]) -> tuple[Rule, ...]:
    """The rules that have a say in what a fix leaves: those that give way or only make offers, where they say something
    now. What they come to say by it is no step back (`_notable`).
    """
    said = {each.rule.id for each in found}
    return tuple([rule for rule in RULES if not _is_offer(rule) or rule.id in said])


def _is_less(before: Sequence[Reported], after: Sequence[Reported], rule: Rule, saves: Size | None) -> bool:
    """Whether one finding of the rule less is reported, or the same with the bytes less that a fix says it saves."""
    old, new = ([each.finding for each in found if each.rule.id == rule.id] for found in (before, after))
    if len(new) < len(old):
        return True
    was, now = (sum(each.saves.best for each in found if each.saves) for found in (old, new))
    return len(new) == len(old) and saves is not None and was - now >= saves.best * _NEARLY > 0


def _is_no_more(
    before: Sequence[Reported], after: Sequence[Reported], reported: Reported, stages: tuple[int, int]
) -> bool:
    """Whether the other rules have no more to say that weighs something.

    What is said of the same bytes may change: lists that no longer lie apart from their install are just kept.
    """
    rule = reported.rule.id
    # What one line of several no longer builds again at each change, another one may still do.
    passed = "cache" if reported.finding.basis == "cache" else ""
    # The base of a stage that was not there before may have a smaller one in turn.
    bases = {Site(stage, 0) for stage in range(stages[0], stages[1])} if stages[1] > stages[0] else set()
    others = [each for each in after if each.finding.site not in bases]
    return _notable(others, rule, passed) <= _notable(before, rule, passed)


def _counts(before: Snapshot, after: Snapshot) -> tuple[int, int]:
    """How many stages there are."""
    return len(before.build.stages), len(after.build.stages)


def _notable(found: Sequence[Reported], but: str, but_basis: str) -> int:
    """How many findings of all rules `but` one, and of all bases but one, are about a notable number of bytes."""
    heard = (each for each in found if not _is_offer(each.rule))
    others = (each.finding for each in heard if each.rule.id != but and each.finding.basis != but_basis)
    return sum(each.saves is None or each.saves.best >= _NOTABLE for each in others)


def _is_offer(rule: Rule) -> bool:
    """Whether what a rule says is no step back: whose word it is that a second stage leaves behind may change, and an
    offer is no finding.
    """
    return rule.gives_way or rule.is_offered


def _comments(tree: Dockerfile) -> int:
    """How many comment lines there are, those inside continuations included."""
    return sum(map(_comments_in, tree.sections))


@remembered
def _comments_in(section: Section) -> int:
    alone = [piece for piece in section.pieces if isinstance(piece, Comment)]
    lines = [line.lstrip()[:1] for each in section.instructions for line in each.text.split("\n")[1:]]
    return len(alone) + lines.count("#")


def _scripts_are_valid(before: Snapshot, after: Snapshot) -> bool:
    """Whether every RUN that reads as a script without problems still has none."""
    old, new = _runs(before), _runs(after)
    broken = sum(map(_has_problems, new - old))
    return not broken or broken <= sum(map(_has_problems, old))


@remembered
def _runs(snapshot: Snapshot) -> set[Instruction]:
    """All RUNs, those that an ONBUILD triggers too."""
    steps = (step.instruction for stage in snapshot.build.stages for step in stage.steps)
    return {each for step in steps if (each := step.trigger or step).keyword == "RUN"}


def _has_problems(instruction: Instruction) -> bool:
    body = run_body(instruction)
    return body is not None and bool(body.script.problems)


def _is_planned(before: Snapshot, after: Snapshot) -> bool:
    """Whether every instruction that fixes wrote is one that they mean to write; RUN is judged as a script, and stays
    an ONBUILD where it is one.

    COPY and ADD take what is there, or what one of them took before. FROM has another image, and its stage the same
    name. CMD and ENTRYPOINT start what one of them started. Any other has the arguments that one had before, with
    other flags, or stands beside all that were there.
    """
    old, now = _by_keyword(before), _by_keyword(after)
    if len(old.get(_TRIGGERED, ())) != len(now.get(_TRIGGERED, ())):
        return False
    for keyword in now.keys() - {"RUN", _TRIGGERED}:
        were, are = old.get(keyword, []), now[keyword]
        if were == are:
            continue
        known, kept = set(map(_words_of, were)), set(map(_words_of, are))
        new = [each for each in are if _words_of(each) not in known]
        if keyword in _COPIES:
            taken = {word.text for each in were for word in each.words[:-1]}
            planned = all(_takes_what_is_there(each, taken, after.context) for each in new)
        elif keyword in ("CMD", "ENTRYPOINT"):
            planned = set(map(_started, new)) <= set(map(_started, were))
        elif keyword == "FROM":
            planned = [_texts(each)[1:] for each in were] == [_texts(each)[1:] for each in are]
        else:
            planned = known <= kept or {_texts(each) for each in new} <= {_texts(each) for each in were}
        if not planned:
            return False
    return True


def _is_staged(before: Snapshot, after: Snapshot, of_images: frozenset[str]) -> bool:
    """Whether one stage more builds an image that starts as before, in the same surroundings.

    Only the account may be one of its own where none was named, and the program where that was a CMD. `of_images` are
    the instructions that say the same of both images.
    """
    old, new = before.build.target, after.build.target
    if old is None or new is None or new.index != old.index + 1 or new.name != old.name:
        return False
    others = (*before.tree.sections[: old.index + 1], *before.tree.sections[old.index + 2 :])
    kept = (*after.tree.sections[: old.index + 1], *after.tree.sections[old.index + 3 :])
    if [_written(each) for each in others] != [_written(each) for each in kept]:
        return False
    was, now = old.end, new.end
    variables = [(name, was.variables.get(name)) for name in was.environment]
    if was.workdir != now.workdir or (was.user and was.user != now.user):
        return False
    if any(now.variables.get(name) != value or name not in now.environment for name, value in variables):
        return False
    settings = [
        sorted(_plain(each) for each in stage.section.instructions if each.keyword in of_images) for stage in (old, new)
    ]
    copies = [each for stage in after.build.stages[old.index :] for each in stage.section.instructions]
    taken = {word.text for each in old.section.instructions if each.keyword in _COPIES for word in each.words[:-1]}
    return settings[0] == settings[1] and all(
        after.build.find(name) is not None or each in old.section.instructions
        if (name := each.flag("from"))
        else _takes_what_is_there(each, taken, after.context)
        for each in copies
        if each.keyword in _COPIES
    )


# What an image says of itself, in one place or another of its stage.
_OF_IMAGES = frozenset(("EXPOSE", "VOLUME", "LABEL", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "MAINTAINER"))
_COPIES = ("COPY", "ADD")


def _plain(instruction: Instruction) -> tuple[str, ...]:
    """What an instruction says; a program with its arguments says the same in exec form and in shell form."""
    if instruction.keyword != "ENTRYPOINT":
        return instruction.keyword, *_words_of(instruction)
    words = tuple(word.value or word.text for word in instruction.words)
    return instruction.keyword, *(words[1:] if words[:1] == ("exec",) else words)


def _written(section: Section) -> list[str]:
    return [each.text for each in section.instructions]


@remembered
def _by_keyword(snapshot: Snapshot) -> dict[str, list[Instruction]]:
    found: dict[str, list[Instruction]] = {}
    for placed in snapshot.tree.instructions:
        instruction = placed.instruction
        is_triggered = instruction.trigger is not None and instruction.trigger.keyword == "RUN"
        found.setdefault(_TRIGGERED if is_triggered else instruction.keyword, []).append(instruction)
    return found


def _takes_what_is_there(copy: Instruction, taken: set[str], context: BuildContext | None) -> bool:
    """Whether every source of a COPY or ADD is in the context or among what was `taken` before, all of a stage say."""
    sources = _texts(copy)[:-1]
    rest = [each for each in sources if each not in taken and not ("/" in taken and each.startswith("/"))]
    if copy.flag("from") is not None or context is None:
        return not rest
    return all(context.select(source).exists for source in rest)


@remembered
def _texts(instruction: Instruction) -> tuple[str, ...]:
    """The arguments of an instruction, whatever blanks are between them."""
    return tuple([word.text for word in instruction.words])


def _started(instruction: Instruction) -> tuple[str, ...]:
    """What CMD or ENTRYPOINT starts, in either form; without the interpreter, which an image may start by itself."""
    words = tuple(word.value or "" if instruction.array is not None else word.text for word in instruction.words)
    return words[1:] if words and program_name(words[0]) == "node" else words


@remembered
def _words_of(instruction: Instruction) -> tuple[str, ...]:
    """The flags and arguments of an instruction."""
    return (*[f"--{flag.name}={flag.value}" for flag in instruction.flags], *_texts(instruction))


def _second_opinion(before: Snapshot, after: Snapshot) -> bool:
    """Whether dockerfile-parse still agrees with us about where instructions end, if it did before."""
    old, new = _instructions(before), _instructions(after)
    return all(map(_agrees, new - old)) or not all(map(_agrees, old))


@remembered
def _instructions(snapshot: Snapshot) -> set[Instruction]:
    return {each for section in snapshot.tree.sections for each in section.instructions}


@remembered
def _agrees(instruction: Instruction) -> bool:
    from io import BytesIO

    from dockerfile_parse import DockerfileParser

    head = "# escape=`\n" if instruction.escape == "`" else ""
    alone = (head + instruction.text).encode("utf-8", "surrogateescape")
    try:
        structure = DockerfileParser(fileobj=BytesIO(alone)).structure
    except Exception:
        return False
    theirs = [(each["instruction"], each["startline"]) for each in structure if each["instruction"] != "COMMENT"]
    return theirs == [(instruction.keyword, head.count("\n"))]
