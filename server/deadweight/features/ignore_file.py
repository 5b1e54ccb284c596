"""What an editor shows in a .dockerignore: patterns that Docker rejects, and what each pattern leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features import words
from deadweight.features.diagnostics import SYNTAX, Diagnostic
from deadweight.features.hover import Hover
from deadweight.model.ignore import compile_patterns
from deadweight.size.units import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.model.ignore import Matcher, Reached
    from deadweight.syntax.dockerignore import IgnoreFile


def ignore_diagnostics(file: IgnoreFile) -> tuple[Diagnostic, ...]:
    """The patterns that Docker rejects, and with them the build."""
    patterns = file.patterns
    problems = compile_patterns(pattern.text for pattern in patterns).problems
    return tuple(Diagnostic(patterns[each.index].span, each.message, SYNTAX, "error") for each in problems)


def ignore_hover(file: IgnoreFile, files: Mapping[str, int], offset: int, *, complete: bool = True) -> Hover | None:
    """What the pattern at `offset` leaves out of all the `files` (path -> bytes) of the context's folder."""
    patterns = file.patterns
    at = next((at for at, each in enumerate(patterns) if each.span.start <= offset <= each.span.end), None)
    if at is None:
        return None
    pattern = patterns[at]
    matcher = compile_patterns(each.text for each in patterns)
    if illegal := next((each for each in matcher.problems if each.index == at), None):
        return Hover(pattern.span, f"Docker rejects this pattern: {illegal.message}")
    count, weight = _decided(matcher, files, at, excluded=not pattern.negated)
    verb = "Brings back" if pattern.negated else "Leaves out"
    if not count:
        return Hover(pattern.span, f"{verb} nothing that no other pattern does")
    about = "" if complete else "at least "
    amount = f"**{about}{in_words(weight)}** in {count:,} file{'s' * (count != 1)}"
    return Hover(pattern.span, f"{verb} {amount} of {words.code('.')}, the build context")


def _decided(matcher: Matcher, files: Mapping[str, int], index: int, *, excluded: bool) -> tuple[int, int]:
    """How many files, and bytes, the pattern at `index` decides about in this way."""
    folders: dict[str, Reached] = {"": matcher.top}
    count = weight = 0
    for path, size in files.items():
        parent, _, name = path.rpartition("/")
        found = matcher.below(_reached(matcher, folders, parent), name)
        if found.decided_by == index and found.excluded == excluded:
            count += 1
            weight += size
    return count, weight


def _reached(matcher: Matcher, folders: dict[str, Reached], folder: str) -> Reached:
    """How matching stands in a folder, each folder looked at once."""
    if folder not in folders:
        parent, _, name = folder.rpartition("/")
        folders[folder] = matcher.below(_reached(matcher, folders, parent), name)
    return folders[folder]
