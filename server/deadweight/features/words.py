"""How sizes read in an editor: "about 140 MB unpacked, between 130 and 150 MB", and lists of what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.effects import (
    BaseLayers,
    Built,
    Copied,
    CopiedFromStage,
    Download,
    Extracted,
    Leftover,
    PackageSet,
    Rewritten,
    Text,
)
from deadweight.size.estimate import effect_size, estimated_size, layer_size
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.effects import Cause, Effect
    from deadweight.model.layers import Layer
    from deadweight.size.units import Part, Size

UNKNOWN = "size unknown"
_FEW, _MANY = 4, 10  # parts named, of one thing among several and of one alone
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


def layer_made_of(layer: Layer) -> list[str]:
    """What a layer comes to: who measured it when, where somebody did; else, and below, what it is estimated to be."""
    if layer.measured is None:
        return made_of(layer.kept)
    measured, estimated = parts(layer_size(layer)), estimated_size(layer)
    if not layer.kept:
        return measured
    return [*measured, "", f"Estimated: {unpacked(estimated)}", "", *made_of(layer.kept)]


def made_of(effects: Iterable[Effect]) -> list[str]:
    """What effects come to, an item of a list each with its parts below it, and who measured it when."""
    weighed = [(effect, effect_size(effect)) for effect in effects]
    known = [(effect, size) for effect, size in weighed if size is not None and size.parts]
    origins = [_origin(part) for _, size in known for part in size.parts if part.best]
    common = max(origins, key=origins.count, default="")
    items: list[str] = []
    for effect, size in known:
        nested = (len(known) > 1 and len(size.parts) > 1) or isinstance(effect.cause, Rewritten)
        if nested:
            items.append(f"- {_name(effect.cause)}: {short(size)}")
        items += parts(size, _FEW if nested else _MANY, common, indent="  " if nested else "")
        items += _largest(effect.cause)
    items += [f"- {_name(effect.cause)}: {UNKNOWN}" for effect, size in weighed if size is None]
    if not common:
        return list(dict.fromkeys(items))
    is_the_only_one = origins.count(common) == len(origins)
    return [*dict.fromkeys(items), "", f"{'Source' if is_the_only_one else 'Source of the others'}: {common}"]


def _largest(cause: Cause) -> list[str]:
    """The heaviest entries of what is copied, where it is not just one; what is next to nothing is not named."""
    if not isinstance(cause, Copied) or cause.selection is None or len(cause.selection.files) < 2:
        return []
    found = cause.selection.largest(_FEW + 1)
    least = cause.selection.bytes / 1000
    return [f"  - {code(path)}: {in_words(count)}" for path, count in found if count > least]


def parts(size: Size | None, most: int = _MANY, common: str = "", indent: str = "") -> list[str]:
    """What a size is made of, an item each with who measured it when, unless that is the `common` origin of all."""
    found = [part for part in size.parts if part.best or part.high is None] if size else []
    # What is taken off (because an earlier layer holds it) is always named: without it the sum would be a riddle.
    named = found if len(found) <= most + 1 else [*found[:most], *(part for part in found[most:] if part.best < 0)]
    rest = [part for part in found if part not in named]
    items = [f"- {one_line(part.what)}: {_amount(part)}{_in_brackets(part, common)}" for part in named]
    if rest:
        items.append(f"- the rest: {in_words(sum(part.best for part in rest))}")
    return [indent + item for item in items]


def code(text: str) -> str:
    """The user's text as Markdown code, on one line."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def one_line(text: str, longest: int = _LONGEST) -> str:
    """The user's text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _amount(part: Part) -> str:
    if part.best < 0:  # what an install finds in place already is taken off
        return f"-{in_words(-part.best)}"
    return in_words(part.best) if part.high is not None else f"at least {in_words(part.best)}"


def _in_brackets(part: Part, common: str) -> str:
    origin = _origin(part)
    return f" ({origin})" if origin and origin != common else ""


def _origin(part: Part) -> str:
    return one_line(", ".join(each for each in (part.source, part.date) if each), longest=200)


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
        case Leftover():
            return cause.what
        case Rewritten():
            return f"what {code(cause.by)} writes once more"
        case Text():
            return "text in the Dockerfile"
    return "files"
