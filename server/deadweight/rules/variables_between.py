"""Variables of RUNs that become one: an ENV between them is an `export` in their script, and stands below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.stages import assigned
from deadweight.rules.edits import line_end
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

_PLAIN = re.compile(r"[\w./:=+@,-]*")  # a value that the shell takes as it is


def change(layers: Sequence[Layer]) -> bool:
    """Whether variables change between some RUNs."""
    return any(layer.instruction.keyword == "ENV" for layer in layers)


def exported(snapshot: Snapshot, before: Layer, after: Layer) -> tuple[str, ...] | None:
    """The commands that set what an ENV between two RUNs sets; None where nobody can tell what that is."""
    between = snapshot.ledgers.of(after).layers[before.site.step + 1 : after.site.step]
    found: dict[str, str] = {}
    for layer in between:
        if layer.instruction.keyword != "ENV":
            continue
        if layer.step is None or "#" in layer.instruction.text:
            return None
        for name, value in assigned(layer.instruction, layer.step.state):
            if value is None or not _PLAIN.fullmatch(value) or not name.isidentifier():
                return None
            found[name] = value
    return (f"export {' '.join(f'{name}={value}' for name, value in found.items())}",) if found else ()


def moved_below(snapshot: Snapshot, layers: Sequence[Layer]) -> tuple[Edit, ...]:
    """The edits that put the ENVs between some RUNs below the last of these: those between go with the seams."""
    last, newline = layers[-1], line_end(snapshot.text)
    at, ended = snapshot.offset(last.site) + len(last.instruction.text), last.instruction.text.endswith("\n")
    lines: list[str] = []
    names: set[str] = set()
    for layer in reversed(layers):
        if layer.instruction.keyword != "ENV" or layer.step is None:
            continue
        own = {name for name, _ in assigned(layer.instruction, layer.step.state)}
        if not own <= names:  # else all that it sets is set again
            lines.insert(0, layer.instruction.text.rstrip("\r\n"))
        names |= own
    return tuple(Edit(Span(at, at), f"{line}{newline}" if ended else f"{newline}{line}") for line in lines)
