"""How sizes read in an editor: "about 140 MB unpacked, between 130 and 150 MB", and lists of what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.effects import BaseLayers, Built, Copied, CopiedFromStage, Download, Extracted, PackageSet
from deadweight.size.estimate import effect_size
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.effects import Cause, Effect
    from deadweight.size.units import Part, Size

UNKNOWN = "size unknown"
_MOST_PARTS = 12
_LONGEST = 60  # characters of the user's text in a line


def short(size: Size | None) -> str:
    """A size in a few words: "140 MB", "at least 90 MB"."""
    if size is None or (size.is_at_least and not size.best):
        return UNKNOWN
    return f"at least {in_words(size.best)}" if size.is_at_least else in_words(size.best)


def unpacked(size: Size | None) -> str:
    """A size and how sure it is: "140 MB unpacked, between 130 MB and 150 MB"."""
    if size is None or (size.is_at_least and not size.best):
        return UNKNOWN
    words = f"{short(size)} unpacked"
    if size.high is None:
        return words
    low, best, high = in_words(size.low), in_words(size.best), in_words(size.high)
    return words if low == best == high else f"{words}, between {low} and {high}"


def parts(size: Size | None) -> list[str]:
    """What a size is made of, an item of a list each, with who measured it when."""
    found = [part for part in size.parts if part.best or part.high is None] if size else []
    items = [f"- {_one_line(part.what)}: {_amount(part)}{_origin(part)}" for part in found[:_MOST_PARTS]]
    rest = found[_MOST_PARTS:]
    if rest:
        items.append(f"- {len(rest)} more: {in_words(sum(part.best for part in rest))}")
    return items


def unknown(effects: Iterable[Effect]) -> list[str]:
    """What nothing is known about, an item of a list each."""
    return [f"- {name}: {UNKNOWN}" for name in dict.fromkeys(_unknown_names(effects))]


def code(text: str) -> str:
    """The user's text as Markdown code, on one line."""
    return f"`{_one_line(text).replace('`', chr(39))}`"


def _amount(part: Part) -> str:
    if part.best < 0:  # what an install finds in place already is taken off
        return f"-{in_words(-part.best)}"
    return in_words(part.best) if part.high is not None else f"at least {in_words(part.best)}"


def _origin(part: Part) -> str:
    said = ", ".join(each for each in (part.source, part.date) if each)
    return f" ({_one_line(said, longest=200)})" if said else ""


def _unknown_names(effects: Iterable[Effect]) -> Iterator[str]:
    for effect in effects:
        if effect_size(effect) is None:
            yield _name(effect.cause)


def _name(cause: Cause) -> str:
    match cause:
        case Built():
            return f"what {code(cause.program)} writes"
        case Download():
            return code(cause.url) if cause.url else "a download"
        case Copied():
            return f"{code(cause.source)} of the build context" if cause.source else "files of the build context"
        case CopiedFromStage():
            return f"{code(cause.path)} of {code(cause.stage)}"
        case Extracted():
            return f"what {code(cause.archive)} holds" if cause.archive else "what an archive holds"
        case BaseLayers():
            return code(cause.ref.text) if cause.ref else "the base image"
        case PackageSet():
            return (
                f"{cause.manager} packages {code(' '.join(cause.names))}"
                if cause.names
                else f"{cause.manager} packages"
            )
    return "what is left behind"


def _one_line(text: str, longest: int = _LONGEST) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
