"""What COPY takes from the build context and no image needs: the query and the finding of rules about ignore files."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.brought import brought, is_made, making_folders, named_in, places_of, reads_git, wide_copies
from deadweight.model.ecosystems import generated
from deadweight.model.ecosystems.generated import GENERATED, GIT, NODE_MODULES
from deadweight.model.effects import Copied, PackageSet
from deadweight.model.ignore import compile_patterns
from deadweight.model.sifting import sifted
from deadweight.rules.edits import IGNORE_FILE, ignore, is_literal, name_of_ignore_file
from deadweight.rules.rule import Finding, Fix, Safety, of_programs
from deadweight.size.units import at_least, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.generated import Generated
    from deadweight.model.effects import Effect
    from deadweight.model.ignore import Matcher
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.stages import Site
    from deadweight.snapshot import Snapshot

_MOST_NAMES = 3  # in a message
_NOTABLE = 0.1  # the share of all bytes from which on something is named
_PATTERNS = tuple(entry.pattern for entry in GENERATED)
_DOCKERFILE = re.compile(r".*(?:docker|container)file.*", re.IGNORECASE)


# All that these answers take from the words of a RUN: who writes what need not be copied.
of_maker = of_programs(*{program for entry in GENERATED for program in entry.made_by})


class Taken(NamedTuple):
    """Dead weight that COPY takes: the first that does, and the patterns with their bytes."""

    ledger: Ledger
    layer: Layer
    effect: Effect
    weights: dict[str, int]

    @property
    def statement(self) -> str:
        """What goes into the image, by name, the heaviest first."""
        names = _heaviest(self.weights)
        return f"{listed(names)} {'goes' if len(names) == 1 else 'go'} into the image"


def taken(snapshot: Snapshot, context: BuildContext) -> Taken | None:
    """What the COPYs of shipped stages take along of a folder, and no image needs."""
    weights: dict[str, int] | None = None
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers_with(Copied):
            for effect in wide_copies(layer):
                weights = _dead_weight(snapshot, context) if weights is None else weights
                if weights and (part_of(context, effect, tuple(weights)) is not None):
                    return Taken(ledger, layer, effect, weights)
    return None


def finding(snapshot: Snapshot, context: BuildContext, found: Taken, message: str) -> Finding:
    """The finding about what is taken; its fix adds the patterns to the ignore file.

    The image weighs less by what an install does not have to write again, now that it is no longer copied.
    """
    patterns = tuple(found.weights)
    adds = ignore(context, patterns)
    lighter = snapshot.within(context.ignoring_also(adds.path, adds.lines))
    count = max(0, _copied_and_installed(snapshot) - _copied_and_installed(lighter))
    outputs = sum(weight for pattern, weight in found.weights.items() if _is_output(pattern))
    saves = size(_heaviest(found.weights)[0], max(0, count - outputs), count, count, "the build context", "")
    return Finding(
        site=found.layer.site,
        span=found.effect.span,
        message=message,
        saves=saves if context.complete else at_least(saves),
        basis="context",
        stage=found.ledger.stage.label,
        frees=_parts(snapshot, context, patterns),
        fixes=partial(_fixes, context, patterns),
    )


def _sure_to_come(snapshot: Snapshot, context: BuildContext) -> list[str]:
    """Patterns for what is not there, and surely will be in a project of this kind."""
    kinds, folders = context.asked(generated.kinds_of), context.asked(generated.folders_of)
    return [
        entry.pattern
        for entry in GENERATED
        if entry.kinds & kinds
        and not folders.get(entry.folder)
        and not is_named(snapshot, entry)
        and (not entry.is_output or not _is_shared(context))
        and (not entry.made_by or any(making_folders(ledger, entry) for ledger in snapshot.reached_ledgers))
    ]


def _fixes(context: BuildContext, patterns: tuple[str, ...], snapshot: Snapshot) -> Iterator[Fix]:
    # A file without a pattern is begun with all that a project of this kind needs; one in use has its author's choice.
    note = _doubt(snapshot, context, patterns)
    more = () if context.patterns else _sure_to_come(snapshot, context)
    if not note:
        more = [each for each in more if not _doubt(snapshot, context, (each,))]
    adds = ignore(context, _in_order((*patterns, *more)))
    name = name_of_ignore_file(context)
    what = listed(adds.lines) if len(adds.lines) <= _MOST_NAMES else f"{len(adds.lines)} patterns"
    yield Fix(
        "create" if adds.is_new else "ignore",
        f"Create {name}" if adds.is_new else f"Add {what} to {name}",
        Safety.ASK if note else Safety.SAFE,
        adds=adds,
        note=note,
    )


def _doubt(snapshot: Snapshot, context: BuildContext, patterns: Iterable[str]) -> str:
    """What a person has to check before these are left out; nothing for what no build and no app ever reads."""
    reader = _git_reader(snapshot, context) if GIT in patterns else ""
    doubtful = [
        each.removeprefix("**/")
        for each in patterns
        if not (each in generated.HARMLESS or (each == GIT and not reader))
        and not (_is_node(each) and comes_back(snapshot, context))
    ]
    if not doubtful:
        return ""
    because = f" ({reader})" if reader else ""
    return f"Check: no build and no app of this folder needs {listed(doubtful)} from here{because}"


def _is_node(pattern: str) -> bool:
    return pattern.removeprefix("**/") == NODE_MODULES


def comes_back(snapshot: Snapshot, context: BuildContext) -> bool:
    """Whether all that this folder can build writes the packages of Node again, and in no other place."""
    return (
        context.asked(generated.folders_of).get(NODE_MODULES, (NODE_MODULES,)) == (NODE_MODULES,)
        and len(snapshot.build.reached) == len(snapshot.build.stages)
        and context.asked(_dockerfiles) <= 1
        and not any(NODE_MODULES in layer.instruction.text for each in snapshot.ledgers for layer in each.layers)
    )


def _dead_weight(snapshot: Snapshot, context: BuildContext) -> dict[str, int]:
    """The patterns of what need not be there, each with the bytes that only it and no pattern behind it matches."""
    there = context.weights(_PATTERNS)
    patterns = tuple(
        pattern for entry in GENERATED if entry.pattern in there for pattern in patterns_for(snapshot, context, entry)
    )
    weights = context.weights(patterns)
    return {each: weights[each] for each in patterns if each in weights and not context.asked(_is_wanted, each)}


def _is_wanted(context: BuildContext, pattern: str) -> bool:
    """Whether a pattern at the end would take out what a line with `!` brings back."""
    if not any(each.startswith("!") for each in context.patterns):
        return False
    return context.asked(_brought_back, ()) != context.asked(_brought_back, (pattern,))


def _brought_back(context: BuildContext, more: tuple[str, ...]) -> list[tuple[int, int]]:
    """Files and bytes that each line with `!` brings back, where `more` lines stand below."""
    by = sifted(context.whole or context.tree, compile_patterns((*context.patterns, *more)))
    return [by.share(at)[:2] for at, each in enumerate(context.patterns) if each.startswith("!")]


def patterns_for(snapshot: Snapshot, context: BuildContext, entry: Generated) -> list[str]:
    """The patterns for an entry: its own where all that this matches may go, else one for each folder that may."""
    if is_named(snapshot, entry) or (entry.is_output and _is_shared(context)):
        return []
    if entry.is_sure:
        return [entry.pattern]
    folders = context.asked(generated.folders_of).get(entry.folder, ())
    gone = [each for each in folders if _may_go(snapshot, context, entry, each)]
    if folders and len(gone) == len(folders):
        return [entry.pattern]
    return [each for each in gone if is_literal(each)]


def _may_go(snapshot: Snapshot, context: BuildContext, entry: Generated, folder: str) -> bool:
    """Whether a tool has written a folder, and every stage that gets it from the context writes it again."""
    if not generated.is_written(context, entry, folder):
        return False
    return not entry.made_by or all(
        is_made(snapshot.ledgers, context, ledger, entry, place)
        for ledger in snapshot.reached_ledgers
        for place in places_of(ledger, folder, generated.parent_of(entry, folder))
    )


def is_named(snapshot: Snapshot, entry: Generated) -> bool:
    """Whether the Dockerfile takes what a pattern matches, or something in it, by its name."""
    matcher = _matcher(entry.pattern)
    return any(
        (not entry.is_sure) if source is None else matcher.decides(source) is not None
        for ledger in snapshot.reached_ledgers
        for layer in ledger.layers
        for source in named_in(layer)
    )


def _is_shared(context: BuildContext) -> bool:
    """Whether another Dockerfile is built with the same ignore file: it may be there to copy what a build has left."""
    is_own = name_of_ignore_file(context) != IGNORE_FILE
    return not is_own and context.asked(_dockerfiles) > 1


def _dockerfiles(context: BuildContext) -> int:
    folders = (context.whole or context.tree).walk(lambda name, _: name not in generated.OF_OTHERS)
    names = (name for _, folder in folders for name in folder.files)
    return sum(_DOCKERFILE.fullmatch(name) is not None and not name.endswith("ignore") for name in names)


def _is_output(pattern: str) -> bool:
    return any(entry.is_output and entry.folder == pattern.rpartition("/")[2] for entry in GENERATED)


def _git_reader(snapshot: Snapshot, context: BuildContext) -> str:
    """What may read the history of the sources in the build: a command, or a tool of the project; "" for nothing."""
    for ledger in snapshot.ledgers:
        if any(each.holds(GIT) for layer in ledger.layers for each in brought(layer)):
            for layer in ledger.layers:
                if reader := reads_git(layer):
                    return reader
    if context.asked(_dockerfiles) > 1:
        return "other Dockerfiles lie here"
    return context.asked(generated.asks_git)


def _parts(snapshot: Snapshot, context: BuildContext, patterns: tuple[str, ...]) -> frozenset[tuple[Site, Effect]]:
    """What COPY brings into the image and these patterns match."""
    return frozenset(
        (layer.site, part)
        for ledger in snapshot.shipped_ledgers
        for layer in ledger.layers_with(Copied)
        for effect in layer.kept
        if (part := part_of(context, effect, patterns)) is not None
    )


def part_of(context: BuildContext, effect: Effect, patterns: tuple[str, ...]) -> Effect | None:
    """What these patterns match of what an effect copies; None where that is nothing."""
    cause = effect.cause
    if not isinstance(cause, Copied):
        return None
    selection = context.only(patterns).select(cause.source)
    return replace(effect, cause=replace(cause, selection=selection)) if selection.files else None


def _copied_and_installed(snapshot: Snapshot) -> int:
    """The bytes of all that COPY brings into the image and package managers install there."""
    effects = (effect for ledger in snapshot.shipped_ledgers for layer in ledger.layers for effect in layer.kept)
    found = snapshot.sizes.of(effect for effect in effects if isinstance(effect.cause, (Copied, PackageSet)))
    return found.best if found else 0


def _heaviest(weights: dict[str, int]) -> list[str]:
    """The names of what weighs most, the heaviest first."""
    least = _NOTABLE * sum(weights.values())
    first, *others = sorted(weights, key=lambda pattern: -weights[pattern])[:_MOST_NAMES]
    return [each.removeprefix("**/") for each in (first, *(each for each in others if weights[each] >= least))]


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def leaving_out(context: BuildContext, paths: list[str], note: str) -> Iterator[Fix]:
    """The fix that leaves files out of the context by their paths, where a pattern can be just that path."""
    if all(map(is_literal, paths)):
        adds, name = ignore(context, paths), name_of_ignore_file(context)
        what = listed(paths) if len(paths) <= _MOST_NAMES else f"{len(paths)} files"
        title = f"Create {name} with {what}" if adds.is_new else f"Add {what} to {name}"
        yield Fix("ignore", title, Safety.ASK, adds=adds, note=note)


def _in_order(patterns: Iterable[str]) -> tuple[str, ...]:
    """Each pattern once, in the order of the baseline; a folder's own stands where its name does."""
    order = {entry.pattern: at for at, entry in enumerate(GENERATED)}
    places = {entry.folder: at for at, entry in enumerate(GENERATED)}

    def place(pattern: str) -> tuple[int, str]:
        own = next((at for folder, at in places.items() if pattern.endswith("/" + folder) or pattern == folder), 0)
        return order.get(pattern, own), pattern

    return tuple(sorted(set(patterns), key=place))


@lru_cache(maxsize=128)
def _matcher(pattern: str) -> Matcher:
    return compile_patterns((pattern,))
