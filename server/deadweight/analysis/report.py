"""What a snapshot's rules find: each byte said once, the loudness by the bytes, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from operator import attrgetter, is_
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.claims import OF_IMAGE, Claims
from deadweight.analysis.silence import hushed
from deadweight.lazy import cached_property
from deadweight.model.effects import Nth
from deadweight.rules.catalog import RULES
from deadweight.settings import DEFAULTS, OFF
from deadweight.size.units import in_range, in_words, is_wide, total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from deadweight.analysis.reworded import Kept, Reworded
    from deadweight.analysis.silence import Hushed
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.rules.rule import Finding, Fix, Related, Rule, Words
    from deadweight.settings import Settings, Severity
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Section
    from deadweight.text import Span

_HINT_BELOW, _INFORMATION_BELOW = 10_000_000, 50_000_000  # bytes saved
_WORTH_A_STAGE = 10_000_000  # bytes: for less nobody keeps a second stage, whatever else it leaves behind
_MOST_LINES, _MOST_RELATED = 5, 10  # as many as one reads: a `chown -R /` is about every line above it


class Elsewhere(NamedTuple):
    """Another place of the file that a finding is about."""

    span: Span
    message: str


@dataclass(frozen=True)
class Reported:
    """A finding as it is shown in one version of a file."""

    rule: Rule
    finding: Finding
    severity: Severity
    snapshot: Snapshot = field(compare=False, repr=False)
    _again: Callable[[], Sequence[Said]] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def span(self) -> Span:
        """Where it stands in the file."""
        return self._in_file(self.finding.site, self.finding.span)

    @property
    def is_of_image(self) -> bool:
        """Whether it is about the image itself, not about those that are built on it."""
        return self.snapshot.instruction(self.finding.site).keyword != "ONBUILD"

    @property
    def shown(self) -> tuple[object, ...]:
        """All that its words and places depend on beside the instructions that it speaks of, and their lines."""
        each = self.finding
        return self.severity, each.message, each.saves, each.basis, each.span, each.related, each.lines

    @property
    def sites(self) -> tuple[Site, ...]:
        """The instructions that it speaks of."""
        return _sites(self.finding)

    @property
    def stages(self) -> frozenset[int]:
        """The stages that these are in."""
        return frozenset([site.stage for site in self.sites])

    @property
    def ends(self) -> tuple[int, ...]:
        """Up to where it speaks of the text of each: what stands behind that moves nothing."""
        spans = (self.finding.span, *(each.span for each in _related(self.finding)))
        ends = [0 if isinstance(span, Nth) else span.end for span in spans]
        return (*ends, *(0 for _ in _lines(self.finding)[0]))

    @cached_property
    def statement(self) -> str:
        """What is so in this file."""
        return self._stated(str)

    @property
    def message(self) -> str:
        """The statement and its bytes."""
        return self._with_bytes(self.statement)

    def message_with(self, number: Callable[[int], str]) -> str:
        """The same, with the numbers of lines written as `number` says."""
        return self._with_bytes(self._stated(number))

    def _with_bytes(self, statement: str) -> str:
        return f"{statement}, {saved}" if (saved := saving(self.finding)) else statement

    def _stated(self, number: Callable[[int], str]) -> str:
        finding = self.finding
        if not finding.lines:
            return finding.message
        first, more = _lines(finding)
        *others, last = (number(self.snapshot.line(site)) for site in first)
        if more:
            others, last = [*others, last], f"{more} more"
        return finding.message.replace("{lines}", f"lines {', '.join(others)} and {last}" if others else f"line {last}")

    @property
    def related(self) -> tuple[Elsewhere, ...]:
        """The other places that the finding is about, each once: one command may have several effects."""
        found = _related(self.finding)
        return tuple(Elsewhere(self._in_file(each.site, each.span), _said_of(each)) for each in found)

    def _in_file(self, site: Site, span: Span | Nth) -> Span:
        assert not isinstance(span, Nth)  # `_placed`
        return span.shifted(self.snapshot.offset(site))

    @cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """The ways out, none of them proven."""
        finding: Finding | None = self.finding
        if self._again is not None:
            finding = next((each.finding for each in self._again() if _name(each) == _name(self)), None)
        return tuple(fix for fix in finding.fixes(self.snapshot) if fix is not None) if finding else ()


@remembered
def _related(finding: Finding) -> tuple[Related, ...]:
    """The first of the other places that a finding is about, each once: one command may have several effects."""
    return tuple(islice(dict.fromkeys(finding.related), _MOST_RELATED))


@remembered
def _lines(finding: Finding) -> tuple[list[Site], int]:
    """The first of the instructions whose lines a finding names, and how many more there are."""
    lines = sorted(set(finding.lines))
    return lines[:_MOST_LINES], max(0, len(lines) - _MOST_LINES)


@remembered
def _sites(finding: Finding) -> tuple[Site, ...]:
    """The instructions that are spoken of where a finding is shown."""
    return (finding.site, *(each.site for each in _related(finding)), *_lines(finding)[0])


def _said_of(other: Related) -> str:
    return f"{other.message} {about(other.adds)}" if other.adds else other.message


def _name(each: Reported | Said) -> tuple[object, ...]:
    """What tells a finding from others of its file; its effects are other objects where they are made anew."""
    return each.rule.id, each.finding.site, each.finding.span, each.finding.message


class Said(NamedTuple):
    """A finding that is worth a word, as loud as its bytes or the settings make it."""

    rule: Rule
    finding: Finding
    severity: Severity


class Placed(NamedTuple):
    """What is said of a finding, and the RUNs in whose commands it stands."""

    runs: frozenset[Site]
    said: Said


class Running(NamedTuple):
    """A rule that is on, and what the settings say of it: how many bytes are worth a word, and how loud it is; None
    where the bytes say that.
    """

    rule: Rule
    min_saving: int
    severity: Severity | None


class Loud(NamedTuple):
    """A finding that is worth a word, by its number among those found; `rest` is it without the bytes of others, None
    where it speaks of all that it found.
    """

    number: int
    rest: Finding | None
    severity: Severity


class Checked(NamedTuple):
    """What all rules found in a version of a file, what they looked at, and what of it is worth a word.

    `snapshot` is the version in which rules ran last, `around` what a build starts from, and the rules there are;
    `reached` are the stages that a build runs, `sections` the whole file; `layers` are those of each stage, `reworded`
    those of RUNs that have had other words since. `hushed` is what comments silence, `loud` who speaks of what is
    found, `placed` what each says, and `said` that in the order of the file. What `is_kept` was found in an earlier
    version, at least in part: it is so in this one, but its ways out are edits of that one. `words` of RUNs tell rules
    something while layers do what they do; rules that ran last are not among them: nobody has asked these yet.
    """

    snapshot: Snapshot
    around: tuple[object, ...]
    running: tuple[Running, ...]
    ledgers: tuple[Ledger, ...]
    reached: frozenset[int]
    sections: tuple[Section, ...]
    found: tuple[tuple[Running, Finding], ...]
    hushed: Hushed | None = None
    loud: tuple[Loud, ...] = ()
    placed: tuple[Placed, ...] = ()
    said: tuple[Said, ...] = ()
    layers: Mapping[int, Sequence[Layer]] = MappingProxyType({})
    reworded: tuple[Reworded, ...] = ()
    is_kept: bool = False
    words: Mapping[str, Words | None] = MappingProxyType({})


def check(
    snapshot: Snapshot,
    settings: Settings = DEFAULTS,
    rules: Iterable[Rule] = RULES,
    before: Checked | None = None,
    on_error: Callable[[Rule, Exception], None] | None = None,
) -> Checked:
    """Runs the rules; where all that they look at is that of `before`, so is what they find.

    Rules look at the stages that a build of the image runs; of the others, at how many there are. A rule that raises
    loses its findings where `on_error` takes the exception.
    """
    sections = snapshot.tree.sections
    checked = _run(snapshot, settings, rules, before, on_error)
    silences = hushed(sections, before.hushed if before is not None else None)
    was = checked.hushed
    if was is not None and (was.silences is silences.silences or not (was.any or silences.any)):
        return checked._replace(hushed=silences)
    loud = None
    if before is not None and before.hushed is not None and not (before.hushed.any or silences.any):
        loud = _as_before(checked.found, before)
    if loud is None:
        loud = tuple(_loud(checked.found, silences))
    placed = _placed(checked, loud, before)
    said = sorted([each.said for each in placed], key=attrgetter("finding.site", "finding.span"))
    return checked._replace(hushed=silences, loud=loud, placed=placed, said=tuple(said))


def _run(
    snapshot: Snapshot,
    settings: Settings,
    rules: Iterable[Rule],
    before: Checked | None,
    on_error: Callable[[Rule, Exception], None] | None,
) -> Checked:
    """What the rules find; where that is what `before` says, it is `before` in this version's sections.

    Where no more than words of RUNs are others, only those rules look again that these words tell something; where they
    tell none, it is `before` with these RUNs, and nobody has read the file.
    """
    around, sections = (snapshot.context, snapshot.options, settings, rules), snapshot.tree.sections
    if before is not None and not all(map(is_, before.around, around)):
        before = None
    if before is not None and _is_beside(before, sections):
        return before._replace(sections=sections)
    running = before.running if before is not None else tuple(_running(rules, settings))
    kept: Kept | None = None
    if before is not None:
        from deadweight.analysis.reworded import kept_of  # a session starts without it

        kept = kept_of(before, snapshot)
    if before is not None and kept is not None and len(kept.found) == len(running):
        return before._replace(hushed=None, is_kept=True, words=kept.words, reworded=kept.reworded)
    ledgers, reached = snapshot.reached_ledgers, snapshot.build.reached
    is_same = before is not None and before.reached == reached and len(before.sections) == len(sections)
    if before is not None and is_same and all(map(is_, before.ledgers, ledgers)):
        return before._replace(sections=sections, reworded=())
    found: list[tuple[Running, Finding]] = []
    for own in running:
        if kept is not None and own.rule.id in kept.found:
            found += kept.found[own.rule.id]
            continue
        try:
            found += [(own, each) for each in own.rule.check(snapshot)]
        except Exception as error:
            if on_error is None:
                raise
            on_error(own.rule, error)
    return Checked(
        snapshot,
        around,
        running,
        ledgers,
        reached,
        sections,
        tuple(found),
        layers=_layers(snapshot, ledgers),
        is_kept=kept is not None,
        words={id_: words for id_, words in kept.words.items() if id_ in kept.found} if kept else {},
    )


def _layers(snapshot: Snapshot, ledgers: Iterable[Ledger]) -> dict[int, Sequence[Layer]]:
    """The layers of stages, those that ONBUILD adds among them."""
    layers: dict[int, Sequence[Layer]] = {each.stage.index: each.layers for each in ledgers}
    if triggered := snapshot.ledgers.triggered:
        pairs = zip(triggered.layers, layers[triggered.stage.index], strict=True)
        layers[triggered.stage.index] = [own if own.is_trigger else other for own, other in pairs]
    return layers


def _running(rules: Iterable[Rule], settings: Settings) -> Iterable[Running]:
    return _running_by(settings, tuple(rules))


@remembered
def _running_by(settings: Settings, rules: tuple[Rule, ...]) -> tuple[Running, ...]:
    found: list[Running] = []
    for rule in rules:
        if settings.is_on(rule):
            own = settings.of(rule.id)
            min_saving = settings.min_saving if own.min_saving is None else own.min_saving
            found.append(Running(rule, min_saving, None if own.severity == OFF else own.severity))
    return tuple(found)


def _as_before(found: Sequence[tuple[Running, Finding]], before: Checked) -> tuple[Loud, ...] | None:
    """Who spoke in an earlier version, where this one has the same findings, though their fixes may write something
    else; None where it has others.
    """
    if found is before.found:
        return before.loud
    if found != before.found:
        return None
    return tuple([each._replace(rest=_without(found[each.number][1], each.rest)) for each in before.loud])


def _without(finding: Finding, rest: Finding | None) -> Finding | None:
    return rest and replace(finding, frees=rest.frees, saves=rest.saves)


def _loud(found: Sequence[tuple[Running, Finding]], silences: Hushed) -> Iterator[Loud]:
    """The findings that are worth a word; of each byte, the first one that speaks of it."""
    claims = Claims()
    left_behind: set[int] = set()  # the stages that a finding speaks of as a whole
    heard: Sequence[int] = range(len(found))
    if silences.any:
        heard = [number for number in heard if not silences.covers(found[number][0].rule, found[number][1].site)]
    for number in _in_turn(heard, found):
        (rule, min_saving, severity), each = found[number]
        if severity is None and rule.gives_way and each.site.stage in left_behind:
            continue
        finding = claims.left_of(each)
        # Who asks for two stages gets them, whatever others say of the same bytes.
        is_wanted = each.basis == "conversion" and severity is not None
        if finding is None or (_is_small(finding, min_saving) and not is_wanted):
            continue
        if finding.basis == "conversion":
            if severity is None and _is_small(finding, _WORTH_A_STAGE):
                continue
            left_behind.add(finding.site.stage)
        claims.take(finding)
        yield Loud(number, None if finding is each else finding, severity or _severity(rule, finding))


def _placed(checked: Checked, loud: Sequence[Loud], before: Checked | None) -> tuple[Placed, ...]:
    """What is said by whom, each where its command stands now; most of them stand in no RUN that has other words."""
    known: Sequence[Placed | None] = [None] * len(loud)
    moved: set[Site] = set()
    if before is not None and loud is before.loud and checked.layers is before.layers:
        known, moved = before.placed, {each.was.site for each in (*before.reworded, *checked.reworded)}
    placed: list[Placed] = []
    for was, (number, rest, severity) in zip(known, loud, strict=True):
        if was is not None and moved.isdisjoint(was.runs):
            placed.append(was)
        else:
            (rule, _, _), finding = checked.found[number]
            runs, there = _in_place(rest or finding, checked)
            placed.append(Placed(runs, Said(rule, there, severity)))
    return tuple(placed)


def _in_turn(heard: Sequence[int], found: Sequence[tuple[Running, Finding]]) -> Sequence[int]:
    """Numbers of findings in the order in which these claim bytes: what speaks of a stage as a whole says what others
    leave, and last comes what gives way to it.
    """
    if "conversion" not in [found[number][1].basis for number in heard]:
        return heard

    def turn(number: int) -> int:
        (rule, _, _), finding = found[number]
        return rule.gives_way and 1 + (finding.basis != "conversion")

    return sorted(heard, key=turn)


def _in_place(finding: Finding, checked: Checked) -> tuple[frozenset[Site], Finding]:
    """The finding with the spans of commands in place of their numbers, and the RUNs that these are in."""
    related = _related(finding) if finding.related else ()
    places = [(finding.site, finding.span), *[(each.site, each.span) for each in related]]
    runs = frozenset([site for site, span in places if isinstance(span, Nth)])
    if not runs:
        return runs, finding
    reworded = {each.was.site: each.span for each in checked.reworded}
    spans = [(reworded.get(site) or checked.layers[site.stage][site.step].span)(span) for site, span in places]
    return runs, _with_spans(finding, tuple(spans))


@remembered
def _with_spans(finding: Finding, spans: tuple[Span, ...]) -> Finding:
    related = [replace(each, span=span) for each, span in zip(_related(finding), spans[1:], strict=True)]
    return replace(finding, span=spans[0], related=tuple(related))


def _severity(rule: Rule, finding: Finding) -> Severity:
    """How loud a finding of a rule is where no settings say so."""
    found = severity_of(finding)
    return "information" if rule.is_a_choice and found == "warning" else found


def _is_beside(before: Checked, sections: tuple[Section, ...]) -> bool:
    """Whether only stages have changed that the build does not run, and those below the same FROM.

    What nobody stands on, copies from or mounts is a stage that the build comes by in no other way.
    """
    if len(sections) != len(before.sections):
        return False
    same = enumerate(map(is_, sections, before.sections))
    for number in [number for number, is_same in same if not is_same]:
        is_below_the_same = sections[number].instructions[:1] == before.sections[number].instructions[:1]
        if not number or number - 1 in before.reached or not is_below_the_same:
            return False
    return True


def report(
    snapshot: Snapshot,
    settings: Settings = DEFAULTS,
    rules: Iterable[Rule] = RULES,
    checked: Checked | None = None,
) -> tuple[Reported, ...]:
    """The findings of a snapshot, in the order of the file; nothing for a file in another frontend's language."""
    if snapshot.is_foreign:
        return ()
    if checked is None:
        checked = check(snapshot, settings, rules)
    # What was found in an earlier version knows the ways out there: who asks for them here has the rules look again.
    again = cache(lambda: check(snapshot, settings, rules, on_error=_unheard).said) if checked.is_kept else None
    return tuple([Reported(*each, snapshot, again) for each in checked.said])


def _unheard(_rule: Rule, _error: Exception) -> None:
    """A rule that raises has been heard of when it ran for the diagnostics."""


@remembered
def severity_of(finding: Finding) -> Severity:
    """How loud a finding is: by its bytes; what is unknown or about rebuilds is information."""
    saves = finding.saves
    if not finding.is_about_bytes:
        return "error" if finding.basis == "correctness" else "warning"
    if finding.basis == "cache" or saves is None or (saves.high is None and saves.best < _INFORMATION_BELOW):
        return "information"
    return severity_by(saves.best)


def severity_by(count: int) -> Severity:
    """How loud so many bytes are."""
    if count < _HINT_BELOW:
        return "hint"
    return "information" if count < _INFORMATION_BELOW else "warning"


def title_of(fix: Fix) -> str:
    """The title of a fix, with its bytes where it has some of its own."""
    if fix.weighs is not None:
        before, after = fix.weighs
        return f"{fix.title}: {in_words(before.best)} → {about(after)}"
    if fix.saves is None:
        return fix.title
    return f"{fix.title}, saves {about(fix.saves)}"


def about(size: Size) -> str:
    """A size in a sentence: "about 20 MB", "at least 75 MB", "30–90 MB"; "up to 20 MB" may be nothing, as with other
    storage.
    """
    return in_range(size) if size.high is None or is_wide(size) else f"about {in_range(size)}"


def _is_small(finding: Finding, min_saving: int) -> bool:
    """Whether a finding's bytes are too few to be worth saying; unknown ones where more than usual is asked for."""
    saves = finding.saves
    if not finding.is_about_bytes:
        return False
    if saves is None or (saves.high is None and not finding.known_part_decides):
        return min_saving > DEFAULTS.min_saving and (saves.best if saves else 0) < min_saving
    return saves.best < min_saving or (saves.high == 0 and bool(finding.frees))


def saving(finding: Finding) -> str:
    """The bytes of a finding in words: "saves about 20 MB", "about 130 MB written again", "about 90 MB too much"; ""
    where none count.
    """
    saves = finding.saves
    if finding.basis == "budget" and saves:
        return f"{about(saves)} too much"
    if not finding.is_about_bytes:
        return ""
    if saves is None:
        return "size unknown"
    if saves.high == 0:
        return ""
    if finding.basis == "cache":
        return f"{about(saves)} written again"
    return f"saves {about(saves)}"


def total_saving(found: Iterable[Reported]) -> Size | None:
    """What all findings about the image save together; what is written again at a rebuild is no saving of bytes, and
    what an ONBUILD writes is in other images.
    """
    sizes = [each.finding.saves for each in found if each.finding.basis in OF_IMAGE and each.is_of_image]
    return total(sizes)
