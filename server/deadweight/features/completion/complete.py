"""Which file answers at which place, and when the answer is nothing.

What pops up unasked must be wanted. Editors ask at letters and at some other characters; at a blank the answer is
nothing, because the next key is likely to be Enter, but for FROM, COPY and ADD, whose first argument has to come and is
tedious to type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.completion import flags, images, keywords, packages, sources, values, variables
from deadweight.features.completion.items import MOST, Completions
from deadweight.features.completion.place import Place, Typed, piece_at, place_in
from deadweight.features.completion.script import body_at, command_at, text_before
from deadweight.syntax.dockerfile import Comment

if TYPE_CHECKING:
    from deadweight.features.completion.items import Item
    from deadweight.snapshot import Snapshot

_Found = tuple[Typed, "tuple[Item, ...]"]


def complete(snapshot: Snapshot, offset: int, trigger: str = "") -> Completions | None:
    """What may be typed at `offset`; None for nothing. `trigger` is the character that made the editor ask."""
    if snapshot.is_foreign or offset > snapshot.tree.offsets[-1]:
        return None  # a file that is too large has no tree
    tree, index = piece_at(snapshot, offset)
    if isinstance(tree.pieces[index], Comment):
        return keywords.directive_items(snapshot, tree, index, offset)
    place = place_in(snapshot, offset, tree, index)
    if place is None or (trigger == " " and not _has_to_come(place)):
        return None
    is_more = False
    found = _instruction(place)
    if found is None and (body := body_at(place)):
        command = command_at(body, place)
        listed = packages.package_items(place, command) if command else None
        if command and listed:
            found, is_more = (_last_part(command.typed), listed[0]), listed[1]
    typed, items = found or (Typed(""), ())
    if not items or (trigger == " " and all(item.kind == "flag" for item in items)):
        return None
    span = place.replaced(typed)
    if span is None:
        return None
    return _cut(Completions(span, offset, items, is_more), typed.before)


def documentation(snapshot: Snapshot, subject: tuple[str, ...]) -> tuple[str, str]:
    """What takes time to find out about an item: a few words beside it, and Markdown."""
    match subject:
        case ("image", reference, platform):
            return images.image_note(reference, platform)
        case ("stage", index) if index.isdecimal():
            return images.stage_note(snapshot, int(index))
        case ("package", manager, name, stage, option) if stage.isdecimal():
            return packages.package_note(snapshot, manager, name, int(stage), option)
    return "", ""


def _instruction(place: Place) -> _Found | None:
    """What may stand at a place outside of a RUN's script; None for nothing, and for that script."""
    if place.instruction.keyword_span.contains(place.at):
        return keywords.keyword_items(place)
    if place.heredoc and place.keyword != "RUN":
        return None
    if found := _variable(place):
        return found
    if place.flag:
        return flags.flag_items(place, place.flag)
    if place.keyword == "RUN":
        typed = _only_dashes(place)
        return (typed, tuple(flags.name_items(place))) if typed else None
    if place.in_array:
        return _string(place)
    if place.word is None:
        return None
    typed = place.typed(place.instruction.words[place.word].span)
    return _argument(place, place.word, typed)


def _argument(place: Place, word: int, typed: Typed) -> _Found | None:
    """What an argument in shell form may be."""
    if word == 0 and typed.before in ("-", "--"):
        return typed, tuple(flags.name_items(place))
    named = () if typed.before or word else tuple(flags.name_items(place))
    match place.keyword:
        case "FROM" if word == 0:
            part, items = images.image_items(place, typed)
            return part, (*items, *named)
        case "FROM" if word == 1:
            return typed, images.as_items(place)
        case "COPY" | "ADD":
            is_target = 0 < word == len(place.instruction.words) - 1
            part, items = _source(place, word, typed, is_target=is_target, in_array=False)
            return part, (*items, *named)
        case "ARG":
            name = Typed(typed.before, typed.after.partition("=")[0])
            return (name, variables.argument_items(place)) if "=" not in typed.before else None
        case "HEALTHCHECK":
            part, items = values.value_items(place, typed)
            return part, (*items, *named)
    return values.value_items(place, typed)


def _source(place: Place, word: int, typed: Typed, *, is_target: bool, in_array: bool) -> _Found:
    """What COPY and ADD may copy. The last argument is the target, unless it is about to become another source."""
    if is_target and typed.before[:1] in ("/", ".", "<"):
        return typed, ()
    if (name := place.instruction.flag("from")) is not None:
        return typed, () if word else values.stage_folder_items(place, name)
    part, items = sources.source_items(place, typed, in_array=in_array)
    if typed.before:
        return part, items
    return part, (*(values.target_items(place) if is_target else sources.whole_context(place)), *items)


def _string(place: Place) -> _Found | None:
    """A string in an array: of COPY and ADD a source."""
    if place.keyword not in ("COPY", "ADD") or place.string is None:
        return None
    word, typed = place.string
    return _source(place, word, typed, is_target=word > 0 and place.is_last_string, in_array=True)


def _variable(place: Place) -> _Found | None:
    """The variable that is being typed at the place."""
    if body := body_at(place):
        before, after = text_before(body, place)
        return variables.variable_items(place, before, after)
    if place.heredoc:
        return None
    before, after = place.typed(place.flag.span) if place.flag else place.arguments
    return variables.variable_items(place, before, after)


def _only_dashes(place: Place) -> Typed | None:
    """The dashes with which a flag of RUN starts."""
    if place.heredoc:
        return None
    before, after = place.arguments
    return Typed(before) if before in ("-", "--") and not after[:1].strip() else None


def _last_part(typed: Typed) -> Typed:
    """A package without the quote in front of it."""
    quote = typed.before[:1] if typed.before[:1] in ("'", '"') else ""
    return Typed(typed.before[len(quote) :], typed.after.removesuffix(quote) if quote else typed.after)


def _has_to_come(place: Place) -> bool:
    """Whether a first argument has to come that is tedious to type."""
    return place.keyword in ("FROM", "COPY", "ADD") and place.word == 0 and not place.flag


def _cut(found: Completions, before: str) -> Completions | None:
    """No more items than anybody reads; of many, those that go on as the text starts."""
    if len(found.items) <= MOST:
        return found
    start = before.lower()
    items = tuple(item for item in found.items if item.label.lower().startswith(start))
    return found._replace(items=items[:MOST], is_incomplete=len(items) > MOST) if items else None
