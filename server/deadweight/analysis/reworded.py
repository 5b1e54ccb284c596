"""RUNs that do what they did in other words, as they are typed: who has to hear of the words, and who need not."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.retyped import retyped
from deadweight.model.run_layers import rerun
from deadweight.rules.rule import NO_WORDS, Words, as_written
from deadweight.syntax.dockerfile import Instruction, remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from deadweight.analysis.report import Checked, Running
    from deadweight.model.calls import Reading
    from deadweight.model.effects import Nth
    from deadweight.model.layers import Layer, Ledger
    from deadweight.rules.rule import Finding, Rule
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Piece, Section
    from deadweight.text import Span

_MOST = 4  # RUNs that are read here: of more, all is read again


class Reworded(NamedTuple):
    """A RUN as it was and as it is, the commands that are written otherwise, None where there are more or fewer, and
    where in its text now stands what is of the layer.
    """

    was: Layer
    instruction: Instruction
    commands: list[tuple[Reading, Reading]] | None
    span: Callable[[Span | Nth], Span]


class Kept(NamedTuple):
    """What rules found that RUNs in other words tell nothing, by their ids."""

    found: dict[str, list[tuple[Running, Finding]]]
    words: Mapping[str, Words | None]
    reworded: tuple[Reworded, ...]


def kept_of(before: Checked, snapshot: Snapshot) -> Kept | None:
    """What is so as it was `before`; None where more than words of RUNs may be others."""
    changed = reworded(before.ledgers, before.sections, snapshot)
    if changed is None:
        return None
    try:
        names = [own.rule.id for own in before.running]
        words = before.words
        if unasked := [own.rule for own in before.running if own.rule.id not in words]:
            words = {**words, **words_of(unasked, before.snapshot)}
        are_told = told(changed, map(words.get, names))
    except Exception:  # who raises here does so when it runs, and loses its own findings alone
        return None
    found: dict[str, list[tuple[Running, Finding]]] = {
        id_: [] for id_, is_told in zip(names, are_told, strict=True) if not is_told
    }
    for own, each in before.found:
        if own.rule.id in found:
            found[own.rule.id].append((own, each))
    return Kept(found, words, tuple(changed))


def reworded(ledgers: Iterable[Ledger], before: Sequence[Section], snapshot: Snapshot) -> list[Reworded] | None:
    """The RUNs in which a version of a file differs from the one `before`, which came to `ledgers`; None where anything
    but their words may be another.
    """
    sections = snapshot.tree.sections
    if len(before) != len(sections):
        return None
    changed = [number for number, is_other in enumerate(map(is_not, before, sections)) if is_other]
    stages = {each.stage.index: each for each in ledgers}
    found: list[Reworded] = []
    for number in changed:
        ledger, was, now = stages.get(number - 1), before[number].instructions, sections[number].instructions
        if ledger is None or len(was) != len(now) or _comments(before[number]) != _comments(sections[number]):
            return None
        for step, is_other in enumerate(map(is_not, was, now)):
            if not is_other:
                continue
            read = _reworded(ledger, step, now[step], snapshot) if len(found) < _MOST else None
            if read is None:
                return None
            found.append(read)
    return found


def _reworded(ledger: Ledger, step: int, instruction: Instruction, snapshot: Snapshot) -> Reworded | None:
    if typed := retyped(ledger, step, instruction):
        typed_in = [(typed.was, typed.now)]
        return Reworded(typed.layer, instruction, typed_in, typed.span) if typed.does_the_same else None
    read = rerun(ledger, step, instruction)
    if read is None:
        return None
    snapshot.read.append(read)
    commands = _otherwise(read.was, read.layer)
    return Reworded(read.was, instruction, commands, read.layer.span) if read.does_the_same else None


@remembered
def _comments(section: Section) -> list[Piece]:
    """What stands between the instructions: somebody may read it."""
    return [piece for piece in section.pieces if not isinstance(piece, Instruction)]


def words_of(rules: Iterable[Rule], snapshot: Snapshot) -> dict[str, Words | None]:
    """What of the words of RUNs tells rules something while layers do what they do; those of which nobody says so are
    told any word.
    """
    said = [(rule.id, rule.words) for rule in rules]
    return {id_: words if words is None or isinstance(words, Words) else words(snapshot) for id_, words in said}


def told(reworded: Sequence[Reworded], words: Iterable[Words | None]) -> list[bool]:
    """Of rules that take these `words` of RUNs, None for any: whether RUNs in other words may tell them something else.

    What several of them ask alike is asked once; what the older words say, once for all versions.
    """
    asked: dict[object, object] = {}
    return [each is None or (each is not NO_WORDS and _is_told(reworded, each, asked)) for each in words]


def _is_told(reworded: Sequence[Reworded], words: Words, asked: dict[object, object]) -> bool:
    of_command, of_text = words
    for was, now, commands, _ in reworded:
        known = was.words
        if of_text is not None:
            if of_text not in known:
                known[of_text] = of_text(was.instruction)
            if (was, of_text) not in asked:
                asked[was, of_text] = of_text(now)
            if known[of_text] != asked[was, of_text]:
                return True
        if of_command is None:
            continue
        if commands is None:
            return True
        for one, other in commands:
            then, today = (of_command, one.call.span), (was, of_command, other.call.span)
            if then not in known:
                known[then] = of_command(one)
            if today not in asked:
                asked[today] = of_command(other)
            if known[then] != asked[today]:
                return True
    return False


def _otherwise(was: Layer, now: Layer) -> list[tuple[Reading, Reading]] | None:
    if len(was.readings) != len(now.readings):
        return None
    both = zip(was.readings, now.readings, strict=True)
    return [(one, other) for one, other in both if as_written(one) != as_written(other)]
