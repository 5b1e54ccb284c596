"""What COPY and ADD may copy: the files and folders of the build context, a folder at a time, with what they weigh."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.model.variables import expand
from deadweight.size.units import in_words
from deadweight.syntax.dockerignore import clean
from deadweight.syntax.json_form import read_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place
    from deadweight.model.context import BuildContext

_BLANK = re.compile(r"\s")
_WILDCARD = re.compile(r"[*?[]")


def source_items(place: Place, typed: Typed, *, in_array: bool = False) -> tuple[Typed, tuple[Item, ...]]:
    """The entries of the folder that the user's text names, and the part of the text that they take the place of."""
    before, after = typed
    if before[:1] in ("'", '"') and not in_array:
        before, after = before[1:], after.removesuffix(before[0])
    folder, slash, name = before.rpartition("/")
    here, slash_behind, _ = after.partition("/")
    part = Typed(name, here + slash_behind)
    context = place.snapshot.context
    written = folder + slash
    known = _meant(place, written, in_array=in_array)
    if context is None or known is None or "$" in name:
        return part, ()
    return part, tuple(_entries(place, context, clean("/" + known)[1:], in_array=in_array))


def whole_context(place: Place) -> tuple[Item, ...]:
    """The source that is everything."""
    context = place.snapshot.context
    if context is None or not context.files:
        return ()
    total = sum(count for _, count in context.entries(""))
    return (Item(".", "folder", detail=f"the whole context, {_weight(context, total)}"),)


def _entries(place: Place, context: BuildContext, folder: str, *, in_array: bool) -> Iterator[Item]:
    """The entries of a folder, those that are seldom copied last."""
    copied = place.instruction.words if place.keyword in ("COPY", "ADD") else ()
    given = {clean("/" + word.value)[1:] for word in copied if word.value and not word.span.contains(place.at)}
    for name, count in sorted(context.entries(folder), key=lambda entry: (_is_seldom_copied(entry[0]), entry[0])):
        spelled = _spelled(name, place.escape, in_array=in_array)
        is_folder = name.endswith("/")
        whole = f"{folder}/{name}" if folder else name
        if spelled is None or whole.rstrip("/") in given:
            continue
        pattern = _pattern(name, in_array=in_array)
        if pattern != name and not _is_alone(context, whole, f"{folder}/{pattern}", count):
            continue
        yield Item(name, "folder" if is_folder else "file", spelled, detail=_weight(context, count))


def _is_seldom_copied(name: str) -> bool:
    return name.startswith(".") or name.lower().startswith(("dockerfile", "containerfile"))


def _weight(context: BuildContext, count: int) -> str:
    return in_words(count) if context.complete else f"at least {in_words(count)}"


def _pattern(name: str, *, in_array: bool) -> str:
    """A name as Go's filepath.Match takes it, which has no blank to write in a word: `?` stands for it there."""
    pattern = _WILDCARD.sub(r"[\g<0>]", name)
    return pattern if in_array else _BLANK.sub("?", pattern)


def _spelled(name: str, escape: str, *, in_array: bool) -> str | None:
    """A name as the instruction has to spell it; None for one that cannot be spelled."""
    if not name.isprintable() or "\\" in name:
        return None
    # Quotes and variables are read in arrays too, behind the escapes of JSON.
    pattern = _pattern(name, in_array=in_array)
    word = "".join(f"{escape}{ch}" if ch in f"$'\"{escape}" else ch for ch in pattern)
    return word.replace("\\", "\\\\").replace('"', '\\"') if in_array else word


def _meant(place: Place, written: str, *, in_array: bool) -> str | None:
    """The folder that the user's text names."""
    if in_array:
        array = read_array(f'["{written}"]')
        if not array or array[0].value is None:
            return None
        written = array[0].value
    return expand(written, place.state.variables, unset=None, escape=place.escape)


def _is_alone(context: BuildContext, path: str, pattern: str, count: int) -> bool:
    """Whether a pattern selects the file or folder `path`, of so many bytes, and nothing else."""
    selected = context.select(pattern)
    path = path.rstrip("/")
    inside = all(each == path or each.startswith(f"{path}/") for each in selected.files)
    return selected.exists and inside and selected.bytes == count
