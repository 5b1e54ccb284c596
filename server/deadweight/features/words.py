"""How sizes read in an editor: "about 140 MB unpacked, between 130 and 150 MB", and lists of what they are made of."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from deadweight.model.effects import (
    BaseLayers,
    Built,
    Copied,
    CopiedFromStage,
    Download,
    Extracted,
    Filled,
    Installer,
    Leftover,
    Output,
    PackageSet,
    Rewritten,
    Text,
)
from deadweight.size.estimate import effect_size, estimated_size, layer_size
from deadweight.size.units import Size, in_range, in_words, is_wide, seconds_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.facts.targets import Target
    from deadweight.model.effects import Cause, Effect
    from deadweight.model.layers import Layer
    from deadweight.size.targets import Comparison
    from deadweight.size.units import Part

UNKNOWN = "size unknown"
_FEW, _MANY = 4, 10  # parts named, of one thing among several and of one alone
_LONGEST = 60  # characters of the user's text in a line
_FRESH = 6  # months that a figure may be old before that is said
_DATE = re.compile(r"(20[0-9]{2})(?:-([01][0-9])(?:-([0-3][0-9]))?)?(?![0-9])")


def short(size: Size | None) -> str:
    """A size in a few words: "140 MB", "110–190 MB", "at least 90 MB"."""
    return UNKNOWN if size is None or (size.is_at_least and not size.best) else in_range(size)


def unpacked(size: Size | None) -> str:
    """A size and how sure it is: "140 MB unpacked, between 110 MB and 190 MB"."""
    if size is None or (size.is_at_least and not size.best):
        return UNKNOWN
    if size.high is None or not is_wide(size):
        return f"{in_range(size)} unpacked"
    return f"{in_words(size.best)} unpacked, between {in_words(size.low)} and {in_words(size.high)}"


def pulled(size: Size | None) -> str:
    """A size that is pulled, in a few words, and how long that takes; "" where nothing is known of it."""
    if size is None or not size.best:
        return ""
    seconds = seconds_in_words(size.best)
    return f"{short(size)} pulled{f', {seconds}' if seconds else ''}"


def compared(found: Comparison) -> str:
    """An image beside the target of its kind: "4.3 × the target of an Express app"."""
    target, times = found.target, found.times
    if times is None:
        return f"{_target(target)} pulled are the target of {target.name}"
    if round(times, 1) <= 1:
        return f"within the target of {target.name}"
    at_least = "at least " if found.pulled and found.pulled.is_at_least else ""
    return f"{at_least}{_two_digits(times)} × the target of {target.name}"


def compared_at_length(found: Comparison) -> str:
    """The same with the target's own figures."""
    said = compared(found)
    return said if found.times is None else f"{said}, {_target(found.target)} pulled"


def _target(target: Target) -> str:
    return in_range(Size(target.low, (target.low + target.high) // 2, target.high))


def _two_digits(number: float) -> str:
    digits = 1 if number < 10 else -max(0, math.floor(math.log10(number)) - 1)
    return f"{round(number, digits):.{max(0, digits)}f}"


def age(size: Size | None, today: str) -> str:
    """How old the figures of a size are, where that is over half a year: " (figures 8 months old)"; else "".

    The oldest counts of those that make up a tenth of the size or more. `today` is an ISO date, "" for unknown.
    """
    weighty = (part for part in (size.parts if size else ()) if size and part.best * 10 >= size.best)
    months = max((found for part in weighty if (found := _months(part.date, today)) is not None), default=0)
    if months <= _FRESH:
        return ""
    return f" (figures {months} months old)" if months < 24 else f" (figures {months // 12} years old)"


def _months(date: str, today: str) -> int | None:
    """Whole months from one ISO date to another; of a year, from its end; None for what is no date."""
    match, now = _DATE.match(date), _DATE.match(today)
    if match is None or now is None:
        return None
    months = 12 * (int(now[1]) - int(match[1])) + int(now[2] or 12) - int(match[2] or 12)
    return months - (bool(match[3] and now[3]) and int(now[3]) < int(match[3]))


def layer_made_of(layer: Layer) -> list[str]:
    """What a layer comes to: who measured it when, where somebody did; else, and below, what it is estimated to be."""
    if layer.measured is None:
        return made_of(layer.kept, layer)
    measured, estimated = parts(layer_size(layer)), estimated_size(layer)
    if not layer.kept:
        return measured
    return [*measured, "", f"Estimated: {unpacked(estimated)}", "", *made_of(layer.kept, layer)]


def made_of(effects: Iterable[Effect], layer: Layer | None = None) -> list[str]:
    """What effects, those of a layer perhaps, come to, an item of a list each with its parts below it, and who measured
    it when.
    """
    weighed = [(effect, effect_size(effect)) for effect in effects]
    known = [(effect, size) for effect, size in weighed if size is not None and size.parts]
    origins = [_origin(part) for _, size in known for part in size.parts if part.best]
    common = max(origins, key=origins.count, default="")
    items: list[str] = []
    for effect, size in known:
        nested = (len(known) > 1 and len(size.parts) > 1) or isinstance(effect.cause, Rewritten)
        if nested:
            items.append(f"- {_name(effect, layer)}: {short(size)}")
        items += parts(size, _FEW if nested else _MANY, common, indent="  " if nested else "")
        items += _largest(effect.cause)
    items += [f"- {_name(effect, layer)}: {UNKNOWN}" for effect, size in weighed if size is None]
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
    return in_range(part)


def _in_brackets(part: Part, common: str) -> str:
    origin = _origin(part)
    return f" ({origin})" if origin and origin != common else ""


def _origin(part: Part) -> str:
    return one_line(", ".join(each for each in (part.source, part.date) if each), longest=200)


def _name(effect: Effect, layer: Layer | None) -> str:
    cause = effect.cause
    match cause:
        case Built():
            calls = layer.calls if layer and not cause.program else ()
            called = next((call.program for call in calls if call.span == effect.span), "a program")
            return f"what {code(cause.program or called)} writes"
        case Output():
            return f"what {code(cause.program)} writes"
        case Download():
            return code(cause.url) if cause.url else "a download"
        case Copied():
            return f"{code(cause.source)} of the build context" if cause.source else "files of the build context"
        case CopiedFromStage():
            return f"{code(cause.path)} of {code(cause.stage)}"
        case Installer():
            return f"what {code(cause.url)} installs"
        case Filled():
            return f"what {code(cause.by)} fills"
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
