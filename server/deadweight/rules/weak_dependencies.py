"""What installs of RPM packages bring along that is only recommended; the part of `recommended-packages` that is about
dnf, yum and microdnf.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import weak_dependencies
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.stack import folded
from deadweight.rules import recommendations
from deadweight.rules.edits import complete, insert_names, insert_word
from deadweight.rules.rule import Finding, Fix, Safety
from deadweight.size import rpm
from deadweight.size.units import at_least, total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.facts.weak_dependencies import WeakDependency
    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Edit

_FLAG = "--setopt=install_weak_deps=0"
_PROGRAMS = frozenset(("dnf", "dnf5", "yum", "microdnf"))
_SETTING = "install_weak_deps"
_SETTINGS = ("/etc/dnf", "/etc/yum.conf")
# What adds repositories, whose packages of the same names may recommend others: those of NodeSource recommend nothing.
_REPOSITORIES = re.compile(rf"yum\.repos\.d|--add-repo|nodesource|{recommendations.INTO_SHELL}")


class _Install(NamedTuple):
    """A command that brings weak dependencies along."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    call: Call
    brought: tuple[WeakDependency, ...]


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """The installs of layers that ship that bring along what nothing needs."""
    for ledger, layer, install in _installs(snapshot.inherited_ledgers):
        if _is_told_otherwise(ledger.stacks[layer.site.step]):
            continue
        words = recommendations.words_of(snapshot, weak_dependencies.words_that_tell())
        needed = [each for each in install.brought if not words.isdisjoint(each.words)]
        spared = [each for each in install.brought if each not in needed]
        if finding := _finding(install, needed, spared, ledger.stage.label):
            yield finding


def of_command(command: Reading) -> bool:
    """All that these findings take from the words of a command."""
    return command.call.program not in _PROGRAMS and _is_about_them(command.call)


def of_text(instruction: Instruction) -> object:
    """All that they take from the text of a RUN."""
    words = recommendations.of_text(instruction, weak_dependencies.words_that_tell())
    return words, _REPOSITORIES.search(instruction.text) is None


@OfLayers
def _installs(layer: Layer) -> Iterator[_Install]:
    """The commands of a layer of which it is known what they bring along."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or cause.manager != "rpm" or not effect.is_certain:
            continue
        brought = rpm.weak(cause)
        call = next((call for call in layer.calls if call.span == effect.span), None) if brought else None
        if call is not None and call.program in _PROGRAMS:
            yield _Install(layer, effect, cause, call, brought)


def _with(is_told: bool, layer: Layer) -> bool:
    return is_told or _tells(layer)


_is_told_otherwise = folded(False, _with)


@remembered
def _tells(layer: Layer) -> bool:
    """Whether a layer may tell dnf what to do about weak dependencies, where nobody can read it here, or where else to
    look for packages.
    """
    by_others = (call for call in layer.calls if call.program not in _PROGRAMS)
    return (
        any(recommendations.writes_unread(each, _SETTINGS) for each in layer.effects)
        or any(map(_is_about_them, by_others))
        or _REPOSITORIES.search(layer.instruction.text) is not None
    )


def _is_about_them(call: Call) -> bool:
    return True in [_SETTING in word.text for word in call.words]


def _finding(
    install: _Install, needed: Sequence[WeakDependency], spared: Sequence[WeakDependency], stage: str
) -> Finding | None:
    sure = sorted((each for each in spared if each.is_sure), key=lambda each: (-(each.best or 0), each.name))
    saves = total([rpm.weighs(each) for each in sure]) if sure else None
    if saves is None:
        return None
    cause = install.cause
    beside = (*cause.already, *cause.names, *(each.name for each in needed))
    names = [each.name for each in sure]
    freed = replace(cause, names=tuple(names), already=beside, options=frozenset())
    return Finding(
        site=install.layer.site,
        span=install.effect.span,
        message=f"{recommendations.are(names)} only recommended: {', '.join(names)}",
        saves=at_least(saves),
        basis="size",
        stage=stage,
        frees=frozenset({(install.layer.site, replace(install.effect, cause=freed))}),
        fixes=partial(_fixes, install, needed, spared),
        known_part_decides=True,  # most packages recommend next to nothing
    )


def _fixes(
    install: _Install, needed: Sequence[WeakDependency], spared: Sequence[WeakDependency], snapshot: Snapshot
) -> Iterator[Fix | None]:
    """The flag, and the needed packages by name."""
    edits = _edits(snapshot, install, [each.name for each in needed])
    if edits is None:
        return
    title = f"Add {_FLAG}" + (f", keep {' '.join(each.name for each in needed)}" if needed else "")
    missed = ", ".join(f"{each.name} ({each.why})" for each in spared)
    yield Fix("no-weak-dependencies", title, Safety.ASK, edits, note=f"Check: nothing needs {missed}")


def _edits(snapshot: Snapshot, install: _Install, names: Sequence[str]) -> tuple[Edit, ...] | None:
    call = install.call
    verb = next((word for word in call.words if word.text == "install"), None)
    last = next((word for word in reversed(call.words) if not word.text.startswith("-")), None)
    if call.placed.in_function or verb is None or last is None or last is verb:
        return None
    edits = [insert_word(snapshot, install.layer, verb, _FLAG)]
    if names:
        edits.append(insert_names(snapshot, install.layer, last, names))
    return complete(edits)
