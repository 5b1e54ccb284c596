"""The fix that downloads a file in the RUN that alone reads it, so that it can be deleted there: RUNs between stay as
they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.effects import Kind, PackageSet
from deadweight.rules.edits import complete, prepend_command, remove_command, remove_instruction
from deadweight.rules.merging import is_same_setting
from deadweight.rules.script_places import body_of

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.text import Edit

_DOWNLOADERS = frozenset(("curl", "wget"))
# Variables that tell how a server is reached, and where programs and their settings are.
_REACHES = re.compile(r"PATH|HOME|.*(?:proxy|PROXY|SSL|CURL|WGET|CA_BUNDLE).*")
_SETTINGS = re.compile(r"curlrc|wgetrc|/etc/hosts|/etc/ssl|ca-cert|\.netrc")
_SEEN_ELSEWHERE = re.compile(r"[$`\n<>]")  # variables, and what else may be another thing in another place


def downloaded_before(
    snapshot: Snapshot, first: Layer, effect: Effect, last: Layer, use: Call
) -> tuple[Edit, ...] | None:
    """Edits that take a download out of the RUN `first` and do it in `last`, right before the first command there that
    reads the file; None where it could be another one there. Nobody else has to do with the file.
    """
    download = next((call for call in first.calls if call.span == effect.span), None)
    text = _typed(first, download) if download else None
    if download is None or text is None or use.placed.conditional or use.around.folder != download.around.folder:
        return None
    if sum(each.span == effect.span for each in first.effects) > 1 or use.around.folder is None:
        return None
    between = snapshot.ledgers.of(first).layers[first.site.step + 1 : last.site.step]
    if not _is_same_setting(first, last) or any(map(_is_in_the_way, between)) or _changes(first) or _changes(last):
        return None
    taken = remove_instruction(snapshot, first) if len(first.calls) == 1 else remove_command(snapshot, first, download)
    return complete((taken, prepend_command(snapshot, last, use, text)))


def _typed(layer: Layer, call: Call) -> str | None:
    """A download as it is typed, where it is a command by itself that says the same anywhere."""
    body = body_of(layer)
    command = call.placed.command
    if body is None or call.program not in _DOWNLOADERS or command is not call.own.command or call.placed.conditional:
        return None
    if command.assignments or command.redirects or not command.words or command.words[0].text != call.typed:
        return None
    text = layer.instruction.text[body.source.start(command.span.start) : body.source.end(command.span.end)]
    return None if _SEEN_ELSEWHERE.search(text) else text


def _is_same_setting(one: Layer, other: Layer) -> bool:
    """Whether two RUNs run in the same way, and reach servers in the same way."""
    settings = [
        {name: value for name, value in each.step.state.variables.items() if _REACHES.fullmatch(name)}
        for each in (one, other)
        if each.step
    ]
    return is_same_setting(one, other) and settings[0] == settings[1]


def _is_in_the_way(layer: Layer) -> bool:
    """Whether a download behind an instruction is another thing than one before it, or done more often: whenever a file
    of the build context changes.
    """
    return layer.instruction.keyword in ("COPY", "ADD", "ARG", "SHELL") or _changes(layer)


def _changes(layer: Layer) -> bool:
    """Whether a layer removes packages, or changes how servers are reached."""
    removes = any(each.kind is Kind.REMOVES and isinstance(each.cause, PackageSet) for each in layer.undoing)
    return removes or _SETTINGS.search(layer.instruction.text) is not None
