"""Which findings speak of which bytes: what an instruction writes is claimed once, in parts if need be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied, PackageSet, Rewritten
from deadweight.size.estimate import size_together
from deadweight.size.units import less, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.effects import Cause, Effect
    from deadweight.model.stages import Site
    from deadweight.rules.rule import Finding
    from deadweight.size.units import Size

OF_IMAGE = ("size", "context", "conversion")  # the bases of bytes that are in the image


class Claims:
    """What the findings so far are about, by the instruction that writes it."""

    def __init__(self) -> None:
        self._taken: dict[Site, list[Effect]] = {}
        self._sizes: list[Size | None] = []

    def left_of(self, finding: Finding) -> Finding | None:
        """The finding about what is still unclaimed; None where that is nothing.

        A rule that says its own number of bytes, other than those of what it frees, keeps it. One that speaks of a
        stage as a whole says what all others leave.
        """
        if finding.basis == "conversion" and finding.saves is not None:
            claimed = total(self._sizes)
            return replace(finding, saves=less(finding.saves, claimed)) if claimed else finding
        if not finding.claims or self._taken.keys().isdisjoint([site for site, _ in finding.frees]):
            return finding
        left = frozenset(
            (site, rest)
            for site, effect in finding.frees
            if (rest := _rest(effect, self._taken.get(site, ()))) is not None
        )
        if left == finding.frees:
            return finding
        if not left:
            return None
        everything = size_together(effect for _, effect in finding.frees)
        counts_them = everything is not None and finding.saves is not None and everything.best == finding.saves.best
        saves = size_together(effect for _, effect in left) if counts_them else finding.saves
        return replace(finding, frees=left, saves=saves)

    def take(self, finding: Finding) -> None:
        """Claim what a finding frees. What a rebuild writes again is in the image all the same: nothing is freed."""
        if finding.basis in OF_IMAGE:
            self._sizes.append(finding.saves)
        if finding.claims:
            for site, effect in finding.frees:
                self._taken.setdefault(site, []).append(effect)


def without(effect: Effect, taken: Effect) -> Effect | None:
    """What is left of an effect where `taken`, which the same instruction writes, is claimed; None for nothing.

    A part of an effect stands where the whole does: files of the same source of a COPY, packages of the same install.
    """
    if effect == taken:
        return None
    if effect.span != taken.span:
        return effect
    cause = _cause_without(effect.cause, taken.cause)
    return None if cause is None else effect if cause is effect.cause else replace(effect, cause=cause)


def _rest(effect: Effect, taken: Iterable[Effect]) -> Effect | None:
    for each in taken:
        rest = without(effect, each)
        if rest is None:
            return None
        effect = rest
    return effect


def _cause_without(cause: Cause, taken: Cause) -> Cause:
    """The cause of what is left, `cause` itself where that is all of it; None for nothing."""
    match cause, taken:
        case Copied(), Copied():
            return _files_without(cause, taken)
        case PackageSet(), PackageSet() if cause.manager == taken.manager:
            names = tuple(name for name in cause.names if name not in taken.names)
            if names == cause.names:
                return cause
            # A part of an install is what it brings beyond the rest: what both need counts for the rest.
            return replace(cause, names=names) if names else None
        case Rewritten(), Rewritten():
            return _sources_without(cause, taken)
    return cause


def _files_without(cause: Copied, taken: Copied) -> Copied | None:
    if cause.selection is None or taken.selection is None:
        return cause
    rest = cause.selection.without(taken.selection)
    if len(rest.files) == len(cause.selection.files):
        return cause
    return replace(cause, selection=rest) if rest.files else None


def _sources_without(cause: Rewritten, taken: Rewritten) -> Rewritten | None:
    by_site: dict[Site, list[Effect]] = {}
    for site, effect in taken.sources:
        by_site.setdefault(site, []).append(effect)
    rests = [(site, effect, _rest(effect, by_site.get(site, ()))) for site, effect in cause.sources]
    if all(rest is effect for _, effect, rest in rests):
        return cause
    sources = tuple((site, rest) for site, _, rest in rests if rest is not None)
    return replace(cause, sources=sources) if sources else None
