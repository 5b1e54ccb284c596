"""The fix that installs some packages of a command by a command of their own, right before it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deadweight.model.commands.apt import VALUES, package_name
from deadweight.rules.edits import complete, line_end, prepend_command, remove_word
from deadweight.rules.script_places import body_of
from deadweight.syntax.shell import Word
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Redirect
    from deadweight.text import Edit


def install_apart(
    snapshot: Snapshot, layer: Layer, call: Call, names: Collection[str], flag: str, more: Sequence[str]
) -> tuple[Edit, ...] | None:
    """Edits that have another call of apt install `names` of one, and `more`, with a flag, before it installs the rest.

    None where the call is not plain: it asks, has words of which nobody knows what they are, or what it prints goes
    somewhere.
    """
    body, command, as_made = body_of(layer), call.placed.command, call.with_variables()
    verb, *asked = call.operands(*VALUES)
    words = [word for word in asked if package_name(word.text) in names]
    is_whole = call.own is call.placed and not call.placed.conditional and not call.placed.in_function
    if body is None or not is_whole or not words or len(words) == len(asked):
        return None
    if not call.has("-y", "--yes", "--assume-yes") or len(as_made.options) > len(call.options):
        return None
    if any(word.value is None for word in as_made.operands(*VALUES)):
        return None
    if not all(map(_goes_nowhere, command.redirects)):
        return None
    own = [
        *(f"{each.name}={each.value.text if each.value else ''}" for each in command.assignments),
        call.typed,
        *(f"{word.text} {flag}" if word is verb else word.text for word in call.words if word not in asked),
    ]
    gap = _gap(layer, body, words[0])
    own = [" ".join(own), *(word.text for word in words), *more]
    redirects = (body.script.text[each.span.start : each.span.end] for each in command.redirects)
    rows = [tuple(row) for is_moved, row in groupby(call.words, lambda word: word in words) if is_moved]
    first = prepend_command(snapshot, layer, call, " ".join((gap.join(own), *redirects)))
    return complete((first, *(_without(snapshot, layer, row) for row in rows)))


def _gap(layer: Layer, body: RunBody, word: Word) -> str:
    """What stands between the words of a list of which one has a line to itself: a line end, where it has."""
    text, start = layer.instruction.text, body.source.start(word.span.start)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    is_alone = before.isspace() and body.form == "shell"
    return f" {layer.instruction.escape}{line_end(text)}{before}" if is_alone else " "


def _without(snapshot: Snapshot, layer: Layer, row: Sequence[Word]) -> Edit | None:
    """The edit that takes words out that stand side by side."""
    return remove_word(snapshot, layer, Word(Span(row[0].span.start, row[-1].span.end), "", None))


def _goes_nowhere(redirect: Redirect) -> bool:
    """Whether nothing is told to a file: `> /dev/null 2>&1`."""
    return redirect.heredoc is None and (
        redirect.operator == ">&" or (redirect.target is not None and redirect.target.text == "/dev/null")
    )
