"""Hover in a Dockerfile: how much, why, from which source, how sure; and what need not be there.

Markdown with short lists and no tables: several editors show it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from deadweight.features import words
from deadweight.features.places import call_at, place_at, word_at
from deadweight.features.what_not_to_optimise import notes as not_worth_it
from deadweight.model.builds.declared import difference
from deadweight.model.commands import catalog
from deadweight.model.effects import Effect, Kind, PackageSet, is_under
from deadweight.model.image import ImageRef, weighed
from deadweight.model.layers import kept_after, mounts_of
from deadweight.model.siblings import siblings
from deadweight.rules import smaller_images
from deadweight.size import images
from deadweight.size.estimate import alone
from deadweight.size.shared import shared
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.features.places import Place
    from deadweight.model.builds.declared import DeclaredBuild, HowBuilt
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Span

_MOST_SHARED = 3  # images named that share layers with a base
_NO_OTHERS: Mapping[str, Snapshot] = MappingProxyType({})
_BEHIND_NAME = ("=", "/", "+", "@", "<", ">", "~", "!", "[", ";")  # what may follow a package's name in its word


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about the text in `span`."""

    span: Span
    text: str


def hover(
    snapshot: Snapshot, reported: Sequence[Reported], offset: int, others: Mapping[str, Snapshot] = _NO_OTHERS
) -> Hover | None:
    """What there is to say about the place at `offset`; None outside of instructions.

    `others` are further Dockerfiles of the project, by name.
    """
    place = None if snapshot.is_foreign else place_at(snapshot, offset)
    if place is None or not place.whole.start <= place.offset <= place.whole.end:
        return None
    span, lines = _subject(snapshot, place)
    if place.layer.step is None:
        lines += _shared(snapshot, place, others)
    lines += [*not_worth_it(snapshot, place), *_findings(reported, offset)]
    paragraphs = (line for at, line in enumerate(lines) if line or lines[at - 1])  # one blank line is enough
    return Hover(place.in_file(span), "\n".join(paragraphs).strip())


def _subject(snapshot: Snapshot, place: Place) -> tuple[Span, list[str]]:
    """The smallest thing at the place that has a size of its own, and what there is to say about it."""
    if place.layer.step is None:
        return place.whole, _base(snapshot, place)
    if found := _mount(snapshot, place):
        return found
    if call := call_at(place):
        if found := _word(snapshot, place, call):
            return found
        if effects := _writes(effect for effect in place.layer.effects if effect.span == call.span):
            if _are_measured(place.layer, effects):
                return call.place, _layer(snapshot, place)
            return call.place, [*_written(snapshot, place, effects), *_whole(snapshot, place)]
    for effect in place.layer.kept:
        span = place.layer.span(effect.span)
        if span.start <= place.offset <= span.end and span != place.instruction.span:
            if len(place.layer.kept) == 1:
                return span, _layer(snapshot, place)
            adds = _adds(snapshot, snapshot.sizes.of((effect,)), words.made_of((effect,), place.layer))
            return span, [*adds, *_whole(snapshot, place)]
    return place.whole, _layer(snapshot, place)


def _base(snapshot: Snapshot, place: Place) -> list[str]:
    """What FROM brings, smaller images of the same version, and what the stage comes to."""
    stage = place.ledger.stage
    if isinstance(stage.base, int):
        below = snapshot.ledgers[stage.base]
        lines = [f"Stage {words.code(below.stage.label)}: {words.unpacked(snapshot.sizes.stage(below))}"]
    elif stage.base is None:
        lines = [f"{words.code(stage.base_text)}: {words.UNKNOWN}"]
    else:
        lines = _image(snapshot, place.layer, stage.base, stage.platform or snapshot.options.platform)
    ships = "the image" if stage.index in snapshot.build.shipped else "does not ship"
    lines += ["", f"This stage in all ({ships}): {words.unpacked(snapshot.sizes.stage(place.ledger))}"]
    if stage is snapshot.build.target:
        lines += _whole_image(snapshot)
    return [*lines, *_how(snapshot.options.how, snapshot.options.target)]


def _whole_image(snapshot: Snapshot) -> list[str]:
    """What a pull of the image transfers, and how that stands beside what an app of its kind may weigh."""
    lines = [f"- {pulled}"] if (pulled := words.pulled(snapshot.sizes.pulled())) else []
    if comparison := snapshot.sizes.comparison():
        target = comparison.target
        lines.append(f"- {words.compared_at_length(comparison)} ({target.source}, {target.date})")
    return lines


def _how(how: HowBuilt, target: str | None) -> list[str]:
    """Where the file is built and who says so, how else it is built, and what could not be read."""
    if not how.folder:
        return []
    if how.build and how.by == how.build.by:
        by = _by(how.build)
    else:
        by = f", by {how.by}" if how.by else ", the folder of the Dockerfile"
    if how.build and how.build.target and how.build.target == target:
        by = f", target {words.code(target)}{by}"
    lines = ["", f"Build context: {words.code(how.context)}{by}", ""]
    for name, written in how.contexts.items():
        lines.append(f"- context {words.code(name)}: {words.code(written) if written else 'unknown'}")
    for build in how.others:
        what = ", ".join(f"{kind} {words.code(text)}" for kind, text in difference(build, how.build))
        lines.append(f"- also built with {what}{_by(build)}")
    return [*lines, *(f"- not read: {words.code(each.source)}, {words.one_line(each.why)}" for each in how.unread)]


def _by(build: DeclaredBuild) -> str:
    name = f" ({words.one_line(build.name)})" if build.name else ""
    return f", by {words.code(build.source)}{name}"


def _image(snapshot: Snapshot, layer: Layer, ref: ImageRef, platform: str) -> list[str]:
    if ref.is_scratch:
        return [f"{words.code(ref.text)} is empty: 0 B"]
    unpacked, pulled = snapshot.sizes.layer(layer), images.pulled(ref, platform)
    title = ", ".join(filter(None, (f"**{words.unpacked(unpacked)}**", words.pulled(pulled))))
    lines = [f"{title}{words.age(unpacked, snapshot.options.today)}", ""]
    lines += [*words.parts(unpacked), *words.parts(pulled)] or [f"- nothing is known about {words.code(ref.text)}"]
    smaller, unfit = [], smaller_images.why_not(snapshot, snapshot.ledgers.of(layer))
    for sibling in siblings(ref):
        other = weighed(sibling.ref, snapshot.options.bases)
        size, packed = images.unpacked(other, platform), images.pulled(other, platform)
        if size and (unpacked is None or size.best < unpacked.best):
            also = f", {words.short(packed)} pulled" if packed else ""
            lost = f" ({', '.join(each.short for each in sibling.losses)})" if sibling.losses else ""
            why = f"; would not do: {words.one_line(unfit[sibling.ref.text])}" if sibling.ref.text in unfit else ""
            smaller.append(f"- {words.code(sibling.ref.text)}: {words.short(size)} unpacked{also}{lost}{why}")
    return [*lines, "", "Smaller images of the same version:", "", *smaller] if smaller else lines


def _shared(snapshot: Snapshot, place: Place, others: Mapping[str, Snapshot]) -> list[str]:
    """What of a base image other stages stand on too, here and in other files: that is pulled once."""
    stage = place.ledger.stage
    ref, platform = stage.base, stage.platform or snapshot.options.platform
    if not isinstance(ref, ImageRef):
        return []
    found: dict[str, int] = {}
    for name, file in {"": snapshot, **others}.items():
        for other in file.build.stages:
            if isinstance(other.base, ImageRef) and other.base.text != ref.text:
                where = f"of {words.code(name)}" if name else f"of stage {words.code(other.label)}"
                found.setdefault(f"{words.code(other.base.text)} {where}", shared(ref, other.base, platform))
    most = sorted(filter(found.get, found), key=lambda each: -found[each])[:_MOST_SHARED]
    items = [f"- {in_words(found[each])} of it with {each}" for each in most]
    return ["", "Shared layers, pulled once:", "", *items] if items else []


def _mount(snapshot: Snapshot, place: Place) -> tuple[Span, list[str]] | None:
    """What a `--mount` at the place keeps out of the layer."""
    step = place.layer.step
    flags = [flag for flag in place.instruction.flags if flag.name == "mount"]
    if step is None or not flags:
        return None
    for flag, mount in zip(flags, mounts_of(step.instruction, step.state), strict=False):
        if flag.span.start <= place.offset <= flag.span.end and mount.target:
            inside = _writes(each for each in place.layer.effects if each.path and is_under(each.path, mount.target))
            size = snapshot.sizes.of(inside)
            if not inside or size is None:
                return None
            return flag.span, [
                f"Keeps {words.short(size)} unpacked out of the layer",
                "",
                *words.made_of(inside, place.layer),
            ]
    return None


def _word(snapshot: Snapshot, place: Place, call: Call) -> tuple[Span, list[str]] | None:
    """A package or a flag of a command, where it has a size of its own."""
    at = word_at(place, call)
    if at is None:
        return None
    word, span = at
    lines = _flag(snapshot, place, call, word) if word.text.startswith("--") else _package(snapshot, place, call, word)
    return (span, [*lines, *_whole(snapshot, place)]) if lines else None


def _package(snapshot: Snapshot, place: Place, call: Call, word: Word) -> list[str]:
    for effect in place.layer.effects:
        cause = effect.cause
        if effect.span != call.span or not isinstance(cause, PackageSet):
            continue
        for name in cause.names:
            if word.pattern == name or (word.pattern.startswith(name) and word.pattern[len(name)] in _BEHIND_NAME):
                one = replace(effect, cause=replace(cause, names=(name,), project=None))
                size = snapshot.sizes.of((one,))
                title = f"{words.code(name)} with what it needs: **{words.unpacked(size)}**"
                aged = words.age(size, snapshot.options.today)
                return [f"{title}{aged}", "", *_ways(snapshot, one), "", *words.made_of((one,))]
    return []


def _ways(snapshot: Snapshot, effect: Effect) -> list[str]:
    """A Debian package by itself, with what it needs, and with what is only recommended."""
    cause = effect.cause
    if not isinstance(cause, PackageSet) or cause.manager != "apt":
        return []
    needed = replace(cause, options=cause.options - {"recommends"})
    wanted = replace(cause, options=cause.options | {"recommends"})
    with_needed, with_all = (snapshot.sizes.of((replace(effect, cause=each),)) for each in (needed, wanted))
    return [
        f"- by itself: {words.short(alone(cause))}",
        f"- with what it needs: {words.short(with_needed)}",
        f"- with recommended packages too: {words.short(with_all)}",
    ]


def _flag(snapshot: Snapshot, place: Place, call: Call, word: Word) -> list[str]:
    """What the same command would write without the flag, where it installs the same."""
    tool = catalog.find(call.program)
    if tool is None:
        return []
    files = replace(snapshot.ledgers.files(place.layer), here=call.around.files.here)
    call = replace(call, around=replace(call.around, files=files))
    without = replace(call, words=tuple(each for each in call.words if each is not word))
    with_flag, without_flag = kept_after(tool.effects(call)), kept_after(tool.effects(without))
    if not with_flag or _asked(with_flag) != _asked(without_flag):
        return []
    now, otherwise = snapshot.sizes.of(with_flag), snapshot.sizes.of(without_flag)
    if now is None or otherwise is None or in_words(now.best) == in_words(otherwise.best):
        return []
    less, what = now.best < otherwise.best, words.code(word.text)
    return [f"{what} {'saves' if less else 'costs'} **{in_words(abs(now.best - otherwise.best))}** unpacked here"]


def _asked(effects: Iterable[Effect]) -> list[tuple[str, ...]]:
    return [(each.cause.manager, *each.cause.names) for each in effects if isinstance(each.cause, PackageSet)]


def _written(snapshot: Snapshot, place: Place, effects: tuple[Effect, ...]) -> list[str]:
    """What a command writes, and what of it is gone when the layer ends."""
    kept = tuple(effect for effect in effects if effect in place.layer.kept)
    gone = tuple(effect for effect in effects if effect not in place.layer.kept)
    lines = _adds(snapshot, snapshot.sizes.of(kept), words.made_of(kept, place.layer)) if kept else ["**Adds nothing**"]
    if gone:
        size = snapshot.sizes.of(gone)
        said = f"{words.short(size)} unpacked written and" if size else "What it writes is"
        lines += ["", f"{said} not kept: {_why_gone(place)}"]
    return lines


def _why_gone(place: Place) -> str:
    in_mount = any(flag.name == "mount" for flag in place.instruction.flags)
    return "it is in a mount, or removed in the same RUN" if in_mount else "removed in the same RUN"


def _adds(snapshot: Snapshot, size: Size | None, made_of: Sequence[str]) -> list[str]:
    """What something comes to, and what that is made of."""
    if size is not None and not size.best and not size.high and not size.is_at_least:
        return ["**Adds nothing**"]
    title = f"**Adds {words.unpacked(size)}**" if size else f"**{words.UNKNOWN.capitalize()}**"
    return [f"{title}{words.age(size, snapshot.options.today)}", "", *made_of]


def _are_measured(layer: Layer, effects: Sequence[Effect]) -> bool:
    """Whether these are all that a layer keeps, so that what was measured of it is theirs."""
    return layer.measured is not None and all(effect in effects for effect in layer.kept)


def _layer(snapshot: Snapshot, place: Place) -> list[str]:
    """What the whole layer comes to."""
    adds = _adds(snapshot, snapshot.sizes.layer(place.layer), words.layer_made_of(place.layer))
    return [*adds, *_layer_note(snapshot, place)]


def _whole(snapshot: Snapshot, place: Place) -> list[str]:
    """What the whole instruction comes to, below what is said about a part of it."""
    size, measured = snapshot.sizes.layer(place.layer), place.layer.measured
    how = f", measured ({measured.source}, {measured.date})" if measured else ""
    return ["", f"This {place.instruction.keyword} in all: {words.unpacked(size)}{how}", *_layer_note(snapshot, place)]


def _layer_note(snapshot: Snapshot, place: Place) -> list[str]:
    """What a pull of the whole layer transfers, or that nobody pulls it."""
    if place.ledger.stage.index not in snapshot.build.shipped:
        return _stage_note(snapshot, place)
    pulled = words.pulled(snapshot.sizes.layer_pulled(place.layer))
    return ["", f"This layer: {pulled}"] if pulled else []


def _stage_note(snapshot: Snapshot, place: Place) -> list[str]:
    stage = place.ledger.stage
    if stage.index in snapshot.build.shipped or not place.layer.kept:
        return []
    return ["", f"Stage {words.code(stage.label)} does not ship: none of this is in the image"]


def _findings(reported: Sequence[Reported], offset: int) -> list[str]:
    here = [each for each in reported if each.span.start <= offset <= each.span.end]
    items = [f"- {each.message} ({each.rule.id}: {each.rule.title.rstrip('.')})" for each in here]
    return ["", *items] if items else []


def _writes(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    return tuple(effect for effect in effects if effect.kind is Kind.WRITES)
