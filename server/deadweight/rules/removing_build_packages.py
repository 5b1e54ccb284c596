"""The fix that removes packages where a build is done with them: in the RUN that installs them, or those that build."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from deadweight.facts import debian
from deadweight.model.building import may_compile
from deadweight.model.start import start_command
from deadweight.rules import merging, run_steps
from deadweight.rules.edits import append_command, complete, insert_names, insert_word
from deadweight.rules.folder_uses import layers_behind
from deadweight.rules.rule import Fix, Safety
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.rules.build_packages import Kept
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_LABEL = ".build-deps"
# Debian's packages of headers, which hold no program that an app calls.
_HEADERS_ALONE = re.compile(r"lib[\w.+-]+-dev|zlib1g-dev")
# What PHP's images start by themselves, and who says so once more (docker-library/php, read 2026-11-26).
_SERVERS_OF_PHP = frozenset(("", "apache2-foreground", "php-fpm"))
_FFI = re.compile(r"\bffi\b", re.IGNORECASE)  # PHP's images come without this extension, too
_VERBS = {"apt": "apt-get purge -y --auto-remove", "apk": "apk del", "rpm": "{} remove -y"}


def removals(snapshot: Snapshot, kept: Kept) -> Iterator[Fix | None]:
    """Remove them behind the last command that may need them, in the RUN that installs them or in those that build."""
    layer = kept.layer
    install = next((call for call in layer.calls if call.span == kept.effect.span), None)
    if install is None or not kept.may_go or install.placed.conditional:
        return
    behind = list(layers_behind(snapshot, layer))
    users = [call for call in layer.calls[layer.calls.index(install) + 1 :] if may_compile(call)]
    later = [each for each in behind if _may_use(each)]
    changes = _renamed(snapshot, kept, install)
    if changes is None or not (users or later):
        return
    if not later:
        edits = (*changes, _removal(snapshot, kept, layer, users[-1], install))
        yield _fix(kept, "Remove them in the same RUN", edits, is_certain=_is_missed_by_nobody(snapshot, kept))
        return
    if found := _gathered(snapshot, layer, behind[: behind.index(later[-1]) + 1], later[0], changes):
        title, edits = found
        last = [call for call in later[-1].calls if may_compile(call)][-1]
        yield _fix(kept, title, (_removal(snapshot, kept, later[-1], last, install), *edits))


def is_possible(snapshot: Snapshot, kept: Kept) -> bool:
    """Whether a RUN could remove them, as far as the instructions tell: comments between them may forbid it."""
    behind = list(layers_behind(snapshot, kept.layer))
    later = [each for each in behind if _may_use(each)]
    return kept.may_go and not (later and _row(kept.layer, behind[: behind.index(later[-1]) + 1], later[0]) is None)


def _gathered(
    snapshot: Snapshot, layer: Layer, behind: Sequence[Layer], first: Layer, changes: tuple[Edit, ...]
) -> tuple[str, tuple[Edit, ...]] | None:
    """A title, and edits that have one RUN install and build, from the first to the last of what is behind: RUNs right
    below each other become one, and an install further up goes down to them.
    """
    row = _row(layer, behind, first)
    if row is None:
        return None
    if len(row) == len(behind):
        edits = merging.merge_runs(snapshot, (layer, *row))
        return (f"Merge {len(row) + 1} RUNs and remove them there", (*changes, *edits)) if edits else None
    moved, together = (
        merging.move_into(snapshot, layer, row[0], changes),
        merging.merge_runs(snapshot, row) if len(row) > 1 else (),
    )
    title = "Install them in the RUN that builds, and remove them there"
    return None if moved is None or together is None else (title, (*moved, *together))


def _row(layer: Layer, behind: Sequence[Layer], first: Layer) -> tuple[Layer, ...] | None:
    """The RUNs, one below the other, that end what is behind an install, and that `first` is in; None where they cannot
    install as well.
    """
    row = tuple(takewhile(lambda each: each.instruction.keyword == "RUN", reversed(behind)))[::-1]
    between = behind[: len(behind) - len(row)]
    if not row or row[-1].site.stage != layer.site.stage:
        return None
    is_plain = run_steps.only_manages(layer) and "sudo" not in layer.instruction.text
    if between and (not is_plain or first not in row or any(map(merging.is_in_the_way, between))):
        return None
    return row


def _is_missed_by_nobody(snapshot: Snapshot, kept: Kept) -> bool:
    """Whether they are headers alone, in an image of PHP that starts its server: what was built finds its libraries by
    the names that stay, and without FFI PHP opens no other.
    """
    ledgers = snapshot.shipped_ledgers
    base = snapshot.build.base_of(ledgers[0].stage)
    if base is None or base.repository != "php" or kept.cause.suite not in debian.suites():
        return False
    if not all(map(_HEADERS_ALONE.fullmatch, kept.names)) or start_command(ledgers) not in _SERVERS_OF_PHP:
        return False
    layers = [layer for ledger in ledgers for layer in ledger.layers]
    # Headers that stay may need those that go: apt would take them along, and then their libraries.
    stay = (name for layer in layers for _, name in layer.packages if name not in kept.names)
    return not any(name.endswith("-dev") for name in stay) and not any(
        _FFI.search(each.instruction.text) for each in layers
    )


def _fix(kept: Kept, title: str, edits: Sequence[Edit | None], *, is_certain: bool = False) -> Fix | None:
    made = complete(edits)
    if made is None:
        return None
    title = f"{title}, keep {' '.join(kept.libraries)}" if kept.libraries else title
    if is_certain:
        return Fix("remove-build-packages", title, Safety.SAFE, made)
    note = f"Check: nothing that runs in the image needs {_listed(kept.names)}"
    return Fix("remove-build-packages", title, Safety.ASK, made, note=note)


def _renamed(snapshot: Snapshot, kept: Kept, install: Call) -> tuple[Edit, ...] | None:
    """What an install says besides: the name of them all, or the libraries that stay; None where it cannot."""
    verb = next((word for word in install.words if word.text in ("install", "add", "in")), None)
    last = next((word for word in reversed(install.words) if not word.text.startswith("-")), None)
    if verb is None or last is None or last is verb or not last.text.startswith(kept.cause.names[-1]):
        return None
    if _has_label(kept):
        edit = insert_word(snapshot, kept.layer, verb, f"--virtual {_LABEL}")
    elif kept.libraries:
        edit = insert_names(snapshot, kept.layer, last, kept.libraries)
    else:
        return ()
    return (edit,) if edit else None


def _removal(snapshot: Snapshot, kept: Kept, layer: Layer, last: Call, install: Call) -> Edit | None:
    """The edit that removes them behind a call."""
    command = (
        f"{_VERBS[kept.cause.manager].format(install.program)} {_LABEL if _has_label(kept) else ' '.join(kept.names)}"
    )
    if install.placed.command.words[0].text == "sudo" and last.placed.command.words[0].text != "sudo":
        command = f"sudo {command}"
    above = None if layer is kept.layer else kept.layer
    return append_command(snapshot, layer, last, command, like=install, above=above)


def _has_label(kept: Kept) -> bool:
    """Whether one name can stand for the whole install: nothing else is in it, and nothing stays."""
    is_whole = not kept.libraries and set(kept.names) == set(kept.cause.names)
    return kept.cause.manager == "apk" and is_whole


@remembered
def _may_use(layer: Layer) -> bool:
    """Whether a layer runs something that may need a compiler."""
    is_unread = layer.instruction.keyword == "RUN" and not layer.calls
    return is_unread or layer.instruction.keyword == "ONBUILD" or any(map(may_compile, layer.calls))


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
