"""The fixes that have an install leave out what is only recommended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.facts import debian
from deadweight.facts.recommends import recommended
from deadweight.model.commands.apt import package_name
from deadweight.rules.edits import complete, insert_names, insert_word, listed
from deadweight.rules.installing_apart import install_apart
from deadweight.rules.recommendations import ELSEWHERE, named, unsure, unsure_roots, verb
from deadweight.rules.rule import Fix, Safety
from deadweight.size import apt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.recommendations import Install
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_FEW = 6  # names more in a list that somebody has to read
_WORTH_IT = 1 / 3  # of the bytes, for such a list
_FLAGS = {"apt-get": "--no-install-recommends", "apt": "--no-install-recommends", "aptitude": "--without-recommends"}


def fixes(snapshot: Snapshot, install: Install) -> Iterator[Fix | None]:
    """The ways, from what loses nothing to what leaves out most."""
    yield _apart(snapshot, install) if install.unknown else None
    yield _keeping_all(snapshot, install)
    yield _keeping(snapshot, install)
    yield _lean(snapshot, install)


def _keeping(snapshot: Snapshot, install: Install) -> Fix | None:
    """The flag, and the needed packages by name."""
    edits = _edits(snapshot, install, install.needed)
    if edits is None:
        return None
    title = f"Add {_FLAGS[install.call.program]}"
    if install.needed:
        title += f", keep {' '.join(install.needed)}"
    unknown = unsure(install, install.needed)
    claimed = install.claimed(install.needed)
    saves = install.size(claimed) if install.needed else None
    if not unknown and install.is_certain:
        return Fix("no-recommends", title, Safety.SAFE, edits, saves=saves)
    note = f"Check: nothing needs {named(install.by_weight(unknown or claimed[install.suite]))}"
    if install.unknown:
        note += f"; what {named(install.unknown)} would bring is not known"
    elif install.cause.suite not in debian.suites():
        note += f"; these are the packages of Debian {listed(tuple(install.lost))}"
    return Fix("no-recommends", title, Safety.ASK, edits, note=note, saves=saves)


def _keeping_all(snapshot: Snapshot, install: Install) -> Fix | None:
    """The flag, and by name all that is not known to be missed by nobody, where these are few and in the release that
    the tag of the base image names.
    """
    unknown = unsure_roots(install)
    kept = (*install.needed, *unknown)
    careful = install._replace(needed=kept)
    is_named = install.cause.suite in debian.suites() and "release-unnamed" not in install.cause.options
    if not (unknown and is_named and careful.is_certain) or len(unknown) > _FEW:
        return None
    saves, most = install.size(careful.claimed(kept)), install.size(install.claimed(install.needed))
    if not saves or not most or saves.best < most.best * _WORTH_IT:
        return None
    edits = _edits(snapshot, install, kept)
    title = f"Add {_FLAGS[install.call.program]}, keep {' '.join(kept)}"
    return Fix("no-recommends-careful", title, Safety.SAFE, edits, saves=saves) if edits else None


def _apart(snapshot: Snapshot, install: Install) -> Fix | None:
    """The flag for those packages alone whose recommendations are known."""
    known = [name for name in install.cause.names if name not in install.unknown]
    brought = frozenset[str]().union(
        *(apt.added(known, suite, recommends=False, already=install.cause.already).packages for suite in install.lost)
    )
    if unsure(install, install.needed) or not install._replace(unknown=()).is_certain:
        return None
    # What another archive has in a version of its own may be asked for as something else by the rest.
    if install.has_archives and any(map(ELSEWHERE.fullmatch, brought)):
        return None
    flag = _FLAGS[install.call.program]
    edits = install_apart(snapshot, install.layer, install.call, known, flag, install.needed)
    title = f"Install {named(known)} apart, with {flag}"
    return Fix("no-recommends-apart", title, Safety.SAFE, edits) if edits else None


def _lean(snapshot: Snapshot, install: Install) -> Fix | None:
    """The flag alone, where that leaves out more."""
    edits = _edits(snapshot, install, ())
    if edits is None or not install.needed:
        return None
    missed = (f"{name} ({known.why})" for name in install.needed if (known := recommended(name)))
    title, note = f"Add {_FLAGS[install.call.program]} alone", f"Check: nothing needs {named(missed)}"
    return Fix("no-recommends-lean", title, Safety.ASK, edits, note=note, saves=install.size(install.claimed(())))


def _edits(snapshot: Snapshot, install: Install, names: tuple[str, ...]) -> tuple[Edit, ...] | None:
    call = install.call
    said = verb(call)
    words = call.with_variables().words  # one that is a list stands where its variable does
    packages = [word for word in words if package_name(word.pattern) in install.cause.names]
    if call.placed.in_function:  # what is said there holds for all that call it
        return None
    if said is None or not packages or packages[-1].span.start < said.span.start:
        return None
    edits = [insert_word(snapshot, install.layer, said, _FLAGS[call.program])]
    if names:
        edits.append(insert_names(snapshot, install.layer, packages[-1], names))
    return complete(edits)
