"""What an instruction takes: its forms and flags, with the one that is being typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.features.completion.place import place_at
from deadweight.features.reference import INSTRUCTIONS, MOUNT_ALIASES, MOUNTS
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.features.completion.place import Place
    from deadweight.features.reference import InstructionEntry
    from deadweight.snapshot import Snapshot

_COMMANDS = ("RUN", "CMD", "ENTRYPOINT")
# The last word of which something can be said.
_LAST = {"WORKDIR": 0, "USER": 0, "STOPSIGNAL": 0, "MAINTAINER": 0, "HEALTHCHECK": 1, "FROM": 2}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a signature's label, and Markdown about it."""

    span: Span
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A form of an instruction on one line; `active` is the parameter at the cursor, None for none of them."""

    label: str
    parameters: tuple[Parameter, ...]
    note: str
    active: int | None = None


@dataclass(frozen=True, slots=True)
class Signatures:
    """The forms of an instruction, and which of them is being typed."""

    forms: tuple[Signature, ...]
    active: int = 0


def signature_help(snapshot: Snapshot, offset: int) -> Signatures | None:
    """The signature of the instruction at `offset`.

    None in its keyword, behind its last argument, and in the command of a RUN, whose words are not ours.
    """
    is_read = not snapshot.is_foreign and offset <= snapshot.tree.offsets[-1]
    place = place_at(snapshot, offset) if is_read else None
    if place is None or place.heredoc or place.instruction.keyword_span.contains(place.at):
        return None
    entry = INSTRUCTIONS.get(place.keyword)
    if entry is None:
        return None
    if place.flag and place.typed(place.flag.span).before.startswith("--mount="):
        return _mount(place)
    active = _active(place, entry)
    if active is None:
        return None
    form, parameter = active
    return Signatures(tuple(_form(place.keyword, entry, each, parameter) for each in entry.forms), form)


def _form(keyword: str, entry: InstructionEntry, form: Sequence[str], active: int | None) -> Signature:
    """One form; `active` counts the flags first."""
    flags = [f"[--{flag.name}{f'={flag.value}' if flag.value else ''}]" for flag in entry.flags]
    label, spans = _joined(keyword, (*flags, *form))
    notes = (*(flag.note for flag in entry.flags), *("" for _ in form))
    parameters = tuple(Parameter(span, note) for span, note in zip(spans, notes, strict=True))
    return Signature(label, parameters, entry.note, active if active is None else min(active, len(parameters) - 1))


def _joined(start: str, parts: Sequence[str], between: str = " ") -> tuple[str, list[Span]]:
    """The parts on one line behind `start`, and where each of them stands."""
    label, spans = start, []
    for part in parts:
        label += between
        spans.append(Span(len(label), len(label) + len(part)))
        label += part
    return label, spans


def _active(place: Place, entry: InstructionEntry) -> tuple[int, int | None] | None:
    """Which form is being typed, and which parameter of it, flags first; None where the instruction is complete."""
    if place.flag:
        name = place.typed(place.flag.span).before.partition("=")[0][2:]
        names = [flag.name for flag in entry.flags]
        at = next((at for at, each in enumerate(names) if each == name or (name and each.startswith(name))), None)
        return 0, at
    word = _word(place)
    if word is None:
        return None
    form = _form_index(place, entry)
    parameter = _parameter(place, word, form, entry)
    return None if parameter is None else (form, len(entry.flags) + parameter)


def _word(place: Place) -> int | None:
    """Which argument is being typed, from 0; None where no one needs to be told."""
    if place.in_array:
        return place.string[0] if place.string else 0
    if place.keyword in _COMMANDS:
        # Only the first word: a pop-up at each blank of a script would be in the way.
        before = place.arguments.before
        return 0 if len(before.split()) <= 1 and before == before.rstrip() else None
    word = place.word
    return None if word is None or word > _LAST.get(place.keyword, word) else word


def _form_index(place: Place, entry: InstructionEntry) -> int:
    """The form that the text goes on like: in brackets, as a heredoc, or the first of the others."""
    text = place.instruction.arguments.text
    if place.keyword == "HEALTHCHECK" and text.upper().startswith("N"):
        return 1
    kinds = [next((start for start in ("[", "<<") if form[0].startswith(start)), "") for form in entry.forms]
    kind = next((start for start in ("[", "<<") if text.startswith(start)), "")
    # Nothing but the cursor's letter: the form that is listed first is the usual one.
    return kinds.index(kind) if kind in kinds and len(text) > 1 else 0


def _parameter(place: Place, word: int, form: int, entry: InstructionEntry) -> int | None:
    """Which parameter of a form an argument is."""
    last = len(entry.forms[form]) - 1
    if place.keyword in ("COPY", "ADD"):
        is_last = place.is_last_string if place.in_array else word == len(place.instruction.words) - 1
        return last if word and is_last else 0
    return min(word, last)


def _mount(place: Place) -> Signatures | None:
    """The options of a mount's type."""
    assert place.flag
    typed = place.typed(place.flag.span)
    *above, piece = typed.before.partition("=")[2].split(",")
    pairs = [each.partition("=") for each in (*above, piece, *typed.after.split(",")[1:])]
    type_ = next((value for name, _, value in pairs if name == "type"), "bind")
    if type_ not in MOUNTS:
        type_ = "bind"
    parts, notes = zip(*_options(type_), strict=True)
    label, spans = _joined("RUN --mount=", parts, "")
    names = ["type", *(name for name, _ in MOUNTS[type_].options)]
    name = piece.partition("=")[0] or ("" if above else "type")
    name = MOUNT_ALIASES.get(name, name)
    active = next((at for at, each in enumerate(names) if name and each.startswith(name)), None)
    parameters = tuple(Parameter(span, note) for span, note in zip(spans, notes, strict=True))
    return Signatures((Signature(label, parameters, MOUNTS[type_].text, active),))


def _options(type_: str) -> Iterator[tuple[str, str]]:
    """The options of a mount as a signature shows them, each with what it means."""
    yield f"type={type_}", f"One of {', '.join(MOUNTS)}."
    for name, says in MOUNTS[type_].options:
        is_switch = name in ("readonly", "readwrite", "required")
        option = name if is_switch else f"{name}=<{name}>"
        yield f",{option}" if name == "target" and type_ in ("bind", "cache", "tmpfs") else f"[,{option}]", says
