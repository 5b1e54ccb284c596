"""The outline of a .dockerignore: what stands below a comment is a section, with the comment's words for a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.folding import Fold
from deadweight.features.symbols import Symbol, one_line
from deadweight.syntax.dockerignore import Comment, Pattern
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.syntax.dockerignore import IgnoreFile

_RULE = "#-=*~_ \t"  # what a line is drawn with: `# ---- Logs ----`


class _Section(NamedTuple):
    """Comment lines, and the patterns up to the next comment. Of the first one there may be no comment."""

    comments: tuple[Comment, ...]
    patterns: tuple[Pattern, ...]

    @property
    def span(self) -> Span:
        lines: tuple[Comment | Pattern, ...] = (*self.comments, *self.patterns)
        return Span(lines[0].span.start, lines[-1].span.end)


def ignore_symbols(file: IgnoreFile) -> tuple[Symbol, ...]:
    """The patterns, those below a comment in its section. Comments without patterns are left out."""
    found: list[Symbol] = []
    for section in _sections(file):
        patterns = tuple(_pattern(pattern) for pattern in section.patterns)
        title = next((comment for comment in section.comments if _words(comment)), None)
        if title is None:
            found += patterns
        elif patterns:
            name = one_line(_words(title)) or "?"
            found.append(Symbol(name, "", "section", section.span, title.span, patterns))
    return tuple(found)


def ignore_folds(file: IgnoreFile) -> Iterator[Fold]:
    """The sections, and comments of several lines."""
    for section in _sections(file):
        if section.comments and section.patterns:
            yield Fold(section.span)
        elif section.comments:
            yield Fold(section.span, "comment")


def _sections(file: IgnoreFile) -> Iterator[_Section]:
    comments: list[Comment] = []
    patterns: list[Pattern] = []
    for line in file.lines:
        if isinstance(line, Comment):
            is_next = patterns or (comments and comments[-1].line + 1 < line.line)
            if is_next:
                yield _Section(tuple(comments), tuple(patterns))
                comments, patterns = [], []
            comments.append(line)
        elif isinstance(line, Pattern):
            patterns.append(line)
    if comments or patterns:
        yield _Section(tuple(comments), tuple(patterns))


def _pattern(pattern: Pattern) -> Symbol:
    return Symbol(one_line(pattern.text) or "?", "", "pattern", pattern.span, pattern.span)


def _words(comment: Comment) -> str:
    return comment.source.strip(_RULE + "\r\n\ufeff")
