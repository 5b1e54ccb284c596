"""What is wrong with the patterns of an ignore file, each with its way out: what Docker rejects, what does nothing,
what means something else than in a .gitignore, and what leaves out a file that a Dockerfile copies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.report import severity_by
from deadweight.features.code_actions import whole_lines
from deadweight.features.diagnostics import SYNTAX, Diagnostic
from deadweight.model.ignore import compile_patterns
from deadweight.rules.edits import append_lines, line_end
from deadweight.size.units import in_words
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.ignoring.reading import IgnoreReading, Measured
    from deadweight.settings import Severity
    from deadweight.syntax.dockerignore import Pattern

# Names that mean the same in every folder: of one kind, hidden, or made by tools.
_ANYWHERE = re.compile(
    r".*[*?\[].*|\..*|node_modules|bower_components|__pycache__|venv|coverage|htmlcov|Thumbs\.db|target|obj"
)
_COMMENT_BEHIND = re.compile(r"(?P<pattern>\S.*?)[ \t]+(?P<comment>#.*)")


class IgnoreFinding(NamedTuple):
    """Something about one pattern; `title` and `edits` are the way out, where there is one."""

    pattern: Pattern
    code: str
    message: str
    severity: Severity
    title: str = ""
    edits: tuple[Edit, ...] = ()
    is_unnecessary: bool = False

    @property
    def diagnostic(self) -> Diagnostic:
        """It as an editor underlines it."""
        return Diagnostic(self.pattern.span, self.message, self.code, self.severity, (), self.is_unnecessary)


def ignore_findings(reading: IgnoreReading) -> tuple[IgnoreFinding, ...]:
    """All that is to be said, one thing a pattern, in the order of the file.

    What depends on the folder is said when the folder is known, and only where all of it was looked at.
    """
    said: dict[int, IgnoreFinding] = {}
    for each in reading.matcher.problems:
        said.setdefault(each.index, _rejected(reading, each.index, each.message))
    measured = reading.measured
    if measured is None or not reading.is_current or not measured.whole.complete:
        return tuple(said.values())
    for index in range(len(reading.patterns)):
        if index in said:
            continue
        found = (
            _of_a_copy(reading, measured, index)
            or _mistaken(reading, measured, index)
            or _only_at_the_top(reading, measured, index)
            or _without_effect(reading, measured, index)
        )
        if found:
            said[index] = found
    return tuple(said[index] for index in sorted(said))


def _rejected(reading: IgnoreReading, index: int, why: str) -> IgnoreFinding:
    pattern = reading.patterns[index]
    escaped = re.sub(r"(?<!\\)\[", r"\\[", _written(pattern))
    if escaped != _written(pattern) and not compile_patterns([escaped]).problems:
        edits = (Edit(pattern.span, escaped),)
        return IgnoreFinding(pattern, SYNTAX, why, "error", f"Take the bracket as it is: {escaped}", edits)
    return IgnoreFinding(pattern, SYNTAX, why, "error", "Remove the line", (_removed(pattern),))


# --- what a Dockerfile copies ---


def _of_a_copy(reading: IgnoreReading, measured: Measured, index: int) -> IgnoreFinding | None:
    """A pattern that leaves out files or folders that Dockerfiles copy by their names: these builds fail."""
    pattern = reading.patterns[index]
    missed = [
        each
        for each in reading.taken
        if not pattern.negated
        and measured.whole.tree.holds(each.path)
        and not measured.sifted.kept.holds(each.path)
        and reading.matcher.at(each.path).decided_by == index
    ]
    if not missed:
        return None
    first, paths = missed[0], dict.fromkeys(each.path for each in missed)
    more = f" ({len(missed) - 1} more)" if len(missed) > 1 else ""
    return IgnoreFinding(
        pattern,
        "copied-file-ignored",
        f"leaves out {first.path}, which line {first.line} of {first.dockerfile} copies{more}: that build fails",
        "error",
        f"Bring it back: {', '.join(f'!{path}' for path in paths)}",
        (_added(reading, *(f"!{path}" for path in paths)),),
    )


# --- what is not meant so ---


def _mistaken(reading: IgnoreReading, measured: Measured, index: int) -> IgnoreFinding | None:
    """Comments and lists of names that Docker reads as one pattern, where no such file is there."""
    pattern = reading.patterns[index]
    written = _written(pattern)
    if measured.sifted.met >> index & 1 or measured.whole.tree.holds(pattern.text.removeprefix("!")):
        return None
    if written.startswith("#"):
        indent = Span(_line_start(pattern), pattern.span.start)
        return IgnoreFinding(
            pattern,
            "comment-in-pattern",
            "a comment starts in the first column: Docker reads this as a pattern",
            "warning",
            "Move the comment to the first column",
            (Edit(indent, ""),),
        )
    if match := _COMMENT_BEHIND.fullmatch(written):
        end = line_end(str(reading.file))
        return IgnoreFinding(
            pattern,
            "comment-in-pattern",
            f"a comment has a line of its own: Docker takes {match['comment']} as a part of the pattern",
            "warning",
            "Move the comment above the pattern",
            (Edit(Span(_line_start(pattern), pattern.span.end), f"{match['comment']}{end}{match['pattern']}"),),
        )
    names = list(dict.fromkeys(written.removeprefix("!").split()))
    tree = measured.whole.tree
    if len(names) > 1 and all(tree.at(name) or tree.size_of(name) is not None for name in names):
        lines = line_end(str(reading.file)).join("!" * pattern.negated + name for name in names)
        return IgnoreFinding(
            pattern,
            "several-patterns-in-one",
            "one pattern a line: Docker reads this as a single name with blanks in it",
            "warning",
            "Give each pattern a line",
            (Edit(pattern.span, lines),),
        )
    return None


def _only_at_the_top(reading: IgnoreReading, measured: Measured, index: int) -> IgnoreFinding | None:
    """A pattern that would leave out more if it held in every folder, as in a .gitignore.

    Only of what is the same wherever it lies: `data` at the top says nothing about src/app/data.
    """
    pattern, below = reading.patterns[index], measured.below.get(index)
    if below is None or _written(pattern).startswith("/"):
        return None
    if not _ANYWHERE.fullmatch(pattern.text):
        return None
    text = f"**/{pattern.text}"
    files = f"{below.files:,} file{'s' * (below.files != 1)}"
    return IgnoreFinding(
        pattern,
        "pattern-only-at-top",
        f"holds at the top of the context alone, unlike in a .gitignore: {text} leaves out {files} more, "
        f"{in_words(below.bytes)}",
        severity_by(below.bytes),
        f"Write {text}, leaves out {in_words(below.bytes)} more",
        (Edit(pattern.span, text),),
    )


# --- what does nothing ---


def _without_effect(reading: IgnoreReading, measured: Measured, index: int) -> IgnoreFinding | None:
    """A pattern that other lines make needless, or a name that is here with other capital letters.

    That nothing of the kind is here is no fault of its own: most patterns wait for what a build or an editor makes.
    """
    pattern, by = reading.patterns[index], measured.sifted
    if by.share(index).files:
        return None
    decider, is_met = by.overruled.get(index), bool(by.met >> index & 1)
    removed = (_removed(pattern),)
    if pattern.negated and decider is not None and decider > index:
        return IgnoreFinding(
            pattern,
            "exception-too-early",
            f"brings back nothing: line {reading.patterns[decider].line + 1} leaves the same out again",
            "warning",
            "Move it to the end",
            (*removed, _added(reading, _written(pattern))),
        )
    if pattern.negated and is_met and index in measured.needless:
        why = "brings back nothing that would not be there without it"
        return IgnoreFinding(
            pattern, "exception-without-effect", why, "hint", "Remove the line", removed, is_unnecessary=True
        )
    if not pattern.negated and decider is not None and index in measured.needless:
        why = f"leaves out nothing more: line {reading.patterns[decider].line + 1} does so already"
        return IgnoreFinding(
            pattern, "pattern-without-effect", why, "hint", "Remove the line", removed, is_unnecessary=True
        )
    if not is_met and (near := _near(pattern, measured)):
        why = f"capital letters count: {near.removeprefix('!')} is here, this is not"
        return IgnoreFinding(
            pattern, "name-in-other-case", why, "warning", f"Write {near}", (Edit(pattern.span, near),)
        )
    return None


def _near(pattern: Pattern, measured: Measured) -> str | None:
    """What is here under the same name but for capital letters."""
    path = pattern.text.removeprefix("!")
    parent, _, name = path.rpartition("/")
    folder = measured.whole.tree.at(parent)
    names = (*folder.files, *folder.folders) if folder else ()
    found = next((each for each in names if each.lower() == name.lower()), None)
    if found is None or found == name or any(ch in path for ch in "*?[\\"):
        return None
    return "!" * pattern.negated + (f"{parent}/{found}" if parent else found)


# --- edits ---


def _written(pattern: Pattern) -> str:
    """A pattern as it stands in the file."""
    return pattern.source[pattern.span.start - pattern.offset : pattern.span.end - pattern.offset]


def _line_start(pattern: Pattern) -> int:
    """Where the line of a pattern starts, behind a byte order mark."""
    return pattern.offset + len(pattern.source) - len(pattern.source.removeprefix("\ufeff"))


def _removed(pattern: Pattern) -> Edit:
    """The line of a pattern taken out."""
    return Edit(Span(pattern.offset, pattern.offset + len(pattern.source)), "")


def _added(reading: IgnoreReading, *lines: str) -> Edit:
    """Lines at the end of the file."""
    return append_lines(str(reading.file), lines)


def at_lines(findings: tuple[IgnoreFinding, ...], span: Span, text: str) -> Iterator[IgnoreFinding]:
    """The findings on the lines that `span` touches."""
    lines = whole_lines(text, span)
    return (each for each in findings if each.pattern.span.start <= lines.end and lines.start <= each.pattern.span.end)
