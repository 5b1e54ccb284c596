"""Rename a stage, a variable or the delimiter of a heredoc: the edits, or in one line why there are none.

A renaming keeps what the file means: what would name something else afterwards is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.names import PREDEFINED
from deadweight.text import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.names import Names, Occurrence, Symbol
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Span


class Renamable(NamedTuple):
    """A name under the cursor that can be changed."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Renaming:
    """The edits that rename a symbol. `note` says what they do not reach."""

    title: str
    edits: tuple[Edit, ...]
    note: str = ""


class Refusal(NamedTuple):
    """Why a name cannot be changed, or not to this one."""

    reason: str


def prepare(names: Names, offset: int) -> Renamable | Refusal | None:
    """What can be renamed at an offset; None where no name stands."""
    found = names.at(offset)
    if found is None:
        return None
    symbol, occurrence = found
    reason = next(_obstacles(names, symbol, occurrence), None)
    return Refusal(reason) if reason else Renamable(occurrence.span, symbol.name)


def rename(snapshot: Snapshot, names: Names, offset: int, new: str) -> Renaming | Refusal:
    """Give what stands at an offset the name `new`."""
    found = names.at(offset)
    if found is None:
        return Refusal("there is no name here: put the cursor on a stage, a variable or the delimiter of a heredoc")
    symbol, occurrence = found
    check = {"stage": _stage_objections, "variable": _variable_objections, "heredoc": _heredoc_objections}
    reason = next(_obstacles(names, symbol, occurrence), None)
    if reason is None and new != symbol.name:
        reason = next(check[symbol.kind](snapshot, names, symbol, new), None)
    if reason:
        return Refusal(reason)
    edits = (Edit(each.span, new) for each in symbol.occurrences if each.manner == "name")
    return Renaming(f"Rename {symbol.name} to {new}", tuple(edits) if new != symbol.name else (), _note(symbol))


_STAGE = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE | re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DELIMITER = re.compile(r"\w[\w.+-]*", re.ASCII)
_RESERVED_STAGES = frozenset(("scratch", "context"))
# What a shell sets by itself (POSIX.1-2017, XCU 2.5.3, and bash 5.2's manual).
_OF_THE_SHELL = frozenset(
    ("IFS", "PWD", "OLDPWD", "PPID", "OPTARG", "OPTIND", "LINENO", "RANDOM", "SECONDS", "SHLVL", "_")
)


def _obstacles(names: Names, symbol: Symbol, occurrence: Occurrence) -> Iterator[str]:
    """What stands against any new name."""
    if symbol.kind == "image":
        yield f"{symbol.name} is an image: it has its name from its registry"
    if not symbol.name:
        yield "the stage has no name: give it one with AS"
    if occurrence.manner == "number":
        yield "this is the number of a stage: rename the stage behind AS"
    if symbol.kind == "stage" and names.is_choice(symbol.name):
        yield f"a FROM with variables names {symbol.name}, or may: write the name there first"
    if symbol.kind == "variable":
        if symbol.name in PREDEFINED:
            yield f"{symbol.name} is a name that Docker sets"
        elif occurrence.manner == "unset":
            yield f"nothing in this file sets {symbol.name} for this place: it has its name from elsewhere"


def _stage_objections(snapshot: Snapshot, names: Names, symbol: Symbol, new: str) -> Iterator[str]:
    if not _STAGE.fullmatch(new):
        yield f"{new!r} is no name of a stage: write a letter, then letters, digits, '-', '_' and '.'"
    if new.lower() in _RESERVED_STAGES:
        yield f"{new!r} is reserved: write another name"
    if new.lower() == symbol.name.lower():
        return
    for other in names.of_kind("stage"):
        if other.name.lower() == new.lower():
            yield f"{new!r} is the stage of line {_line(snapshot, other)}: write another name"
    declared = symbol.occurrences[0].definition
    for image in names.of_kind("image"):
        # FROM sees the stages above it, --from all of them.
        seen = (each for each in image.occurrences if each.keyword != "FROM" or each.span > (declared or each.span))
        if image.name.lower() == new.lower() and any(seen):
            yield f"{new!r} is an image of line {_line(snapshot, image)}: write another name"
    if names.is_choice(new):
        yield f"a FROM with variables may name {new!r}: write another name"


def _variable_objections(snapshot: Snapshot, names: Names, symbol: Symbol, new: str) -> Iterator[str]:
    if not _VARIABLE.fullmatch(new):
        yield f"{new!r} is no name of a variable: write letters, digits and '_', no digit first"
    if new in PREDEFINED or new in _OF_THE_SHELL:
        yield f"{new!r} has a meaning of its own: write another name"
    scopes = frozenset(each.scope for each in symbol.occurrences)
    is_taken = new in names.visible(scopes)
    for other in names.of_kind("variable"):
        # `ARG NAME` in a stage takes what a global one of this name has.
        is_argument = _is_argument(symbol) and _is_argument(other) and (_is_global(symbol) or _is_global(other))
        if other.name == new and other.declarations and (is_argument or is_taken):
            yield f"{new!r} is the variable of line {_line(snapshot, other)}: write another name"
    if is_taken:
        yield f"{new!r} is a variable that these stages read or set: write another name"


def _heredoc_objections(snapshot: Snapshot, names: Names, symbol: Symbol, new: str) -> Iterator[str]:
    opener, terminator = (each.span for each in symbol.occurrences)
    if not _DELIMITER.fullmatch(new):
        yield f"{new!r} is no delimiter: write a letter or digit, then letters, digits, '_', '-', '+' and '.'"
    if snapshot.text[opener.start : opener.end] != symbol.name:
        yield f"{symbol.name} is quoted in parts: write it in one piece first"
    placed = next(each for each in reversed(snapshot.tree.instructions) if each.offset <= opener.start)
    instruction = placed.instruction.trigger or placed.instruction
    if _names_a_file(instruction):
        yield f"{symbol.name} is the name of the file that {instruction.keyword} writes"
    heredoc = next(each for each in instruction.heredocs if each.terminator.end > terminator.start - placed.offset)
    lines = instruction.text[heredoc.content.start : heredoc.content.end].split("\n")
    if any((line.lstrip("\t") if heredoc.strips_tabs else line).rstrip("\r") == new for line in lines):
        yield f"the heredoc has a line {new!r}: write another name"


def _names_a_file(instruction: Instruction) -> bool:
    """Whether the files of `COPY <<a <<b folder/` are called as their delimiters are."""
    words = instruction.words
    return (
        instruction.keyword in ("COPY", "ADD")
        and bool(words)
        and (len(words) > 2 or words[-1].text.endswith(("/", ".")) or "$" in words[-1].text)
    )


def _is_argument(symbol: Symbol) -> bool:
    return any(each.keyword == "ARG" for each in symbol.declarations)


def _is_global(symbol: Symbol) -> bool:
    return any(each.scope < 0 for each in symbol.declarations)


def _note(symbol: Symbol) -> str:
    keywords = {each.keyword for each in symbol.declarations} if symbol.kind == "variable" else set()
    about = [
        *([f"builds that pass --build-arg {symbol.name}"] if "ARG" in keywords else ()),
        *([f"programs that read {symbol.name}"] if "ENV" in keywords else ()),
    ]
    return f"Check: {' and '.join(about)}" if about else ""


def _line(snapshot: Snapshot, symbol: Symbol) -> int:
    place = (*symbol.declarations, *symbol.occurrences)[0]
    return snapshot.text.count("\n", 0, place.span.start) + 1
