"""One instruction of a Dockerfile: its lines, its logical line, keyword, flags, arguments and heredocs."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.syntax.json_form import read_array
from deadweight.syntax.words import HEREDOC, Word, heredoc_name, heredoc_words, split_plain, split_quoted
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.syntax.problems import Problem

MAX_LINE = 65_535  # bytes; BuildKit's scanner rejects longer lines (moby/buildkit frontend/dockerfile/parser)

_KEYWORD = re.compile(r"[^\t\v\f\r ]*")
_FLAG = re.compile(r"""[\t-\r ]*(--(?:\\.|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[^\t-\r '"\\])*)""", re.DOTALL)
_QUOTE_OR_ESCAPE = re.compile(r"\\(.)|['\"]", re.DOTALL)
KEYWORDS = (
    *("FROM", "RUN", "COPY", "WORKDIR", "ENV", "ARG", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "ADD", "LABEL"),
    *("HEALTHCHECK", "VOLUME", "SHELL", "STOPSIGNAL", "ONBUILD", "MAINTAINER"),
)  # what files use most comes first
TAKES_ARRAY = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME", "ADD", "COPY"))
_TAKES_HEREDOC = frozenset(("RUN", "ADD", "COPY"))
_TAKES_QUOTED_WORDS = frozenset(("ENV", "LABEL", "ARG"))
STRIP = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SKIPPED = ("", "#")  # how a line starts, blanks aside, that BuildKit drops in a continuation: blank or a comment


class Flag(NamedTuple):
    """`--name=value` in front of an instruction's arguments; `value` is None for a bare `--name`."""

    span: Span
    name: str
    value: str | None


class Heredoc(NamedTuple):
    """`<<NAME` and its body: `content` covers the lines in between, `terminator` the line that ends it."""

    name: str
    strips_tabs: bool
    expands: bool
    content: Span
    terminator: Span


class Logical(NamedTuple):
    """A stretch of source with continuations taken out, and where each run of it stands in the source."""

    text: str
    starts: tuple[int, ...]
    sources: tuple[int, ...]

    def start(self, offset: int) -> int:
        """The source offset of the character at `offset`."""
        run = max(bisect_right(self.starts, offset) - 1, 0)
        return self.sources[run] + offset - self.starts[run]

    def offset(self, source: int) -> int:
        """The offset of the character at a source offset; of what was taken out, where the next run starts."""
        run = max(bisect_right(self.sources, source) - 1, 0)
        end = self.starts[run + 1] if run + 1 < len(self.starts) else len(self.text)
        return min(self.starts[run] + max(source - self.sources[run], 0), end)

    def end(self, offset: int) -> int:
        """The source offset just behind the character before `offset`: never beyond a continuation."""
        run = max(bisect_left(self.starts, offset) - 1, 0)
        return self.sources[run] + offset - self.starts[run]

    def span(self, span: Span) -> Span:
        """The stretch of source that `span` came from."""
        first, last = span
        starts, sources = self.starts, self.sources
        run = max(bisect_right(starts, first) - 1, 0)  # as in `start` and `end`: each command of a RUN asks
        start = end = sources[run] + first - starts[run]
        if last > first:
            run = max(bisect_left(starts, last) - 1, 0)
            end = max(start, sources[run] + last - starts[run])
        return Span(start, end)

    def stretches(self, span: Span) -> Iterator[Span]:
        """What `span` came from without what was taken out of it: a stretch for each of its lines."""
        first = max(bisect_right(self.starts, span.start) - 1, 0)
        last = max(bisect_left(self.starts, span.end), first + 1)
        for run in range(first, last):
            begin = self.starts[run]
            start, end = max(span.start, begin), self.starts[run + 1] if run + 1 < last else span.end
            if start < end:
                yield Span(start, end).shifted(self.sources[run] - begin)

    def part(self, start: int, end: int) -> Logical:
        """The stretch between two offsets, counted from 0 again."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_left(self.starts, end), first + 1)
        starts = tuple([max(at - start, 0) for at in self.starts[first:last]])
        return Logical(self.text[start:end], starts, (self.start(start), *self.sources[first + 1 : last]))


@dataclass(frozen=True)
class Instruction:
    """One instruction with all its lines, heredocs included. All spans are offsets in its `text`.

    `begin` is 0 except for what an ONBUILD triggers, which is an instruction over the same text that starts later.
    """

    text: str
    escape: str = "\\"
    heredocs: tuple[Heredoc, ...] = ()
    has_open_heredoc: bool = False
    begin: int = 0

    @cached_property
    def line(self) -> Logical:
        """The logical line: continuations, comment lines and blank lines in between taken out, trimmed."""
        end = self.heredocs[0].content.start if self.heredocs else len(self.text)
        whole = _logical(self.text[:end], self.escape)
        stripped = whole.text.strip(STRIP)
        start = max(whole.text.find(stripped), self.begin)
        return whole.part(start, max(whole.text.find(stripped) + len(stripped), start))

    @cached_property
    def comments(self) -> tuple[Span, ...]:
        """The comment lines between its lines, each from its `#` to its last character."""
        found: list[Span] = []
        offset = 0
        for line in lines_of(self.text[: self.heredocs[0].content.start if self.heredocs else len(self.text)]):
            if offset and is_comment(line):
                found.append(Span(offset + line.index("#"), offset + len(line.rstrip("\r\n"))))
            offset += len(line)
        return tuple(found)

    @cached_property
    def has_long_line(self) -> bool:
        """Whether BuildKit rejects one of its lines for its length: nothing but the keyword is read then."""
        return has_long_line(self.text)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject, at places in it."""
        from deadweight.syntax.problems import problems_in

        return problems_in(self)

    @cached_property
    def span(self) -> Span:
        """From the keyword to the last character of the logical line."""
        return Span(self.line.start(0), max(self.line.end(len(self.line.text)), self.line.start(0)))

    @cached_property
    def keyword(self) -> str:
        """The keyword in upper case: FROM, RUN ..."""
        return self.line.text[: self._keyword_end].upper()

    @cached_property
    def keyword_span(self) -> Span:
        """Where the keyword stands."""
        return self.line.span(Span(0, self._keyword_end))

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """The flags before the arguments."""
        return self._flags_and_arguments[0]

    @cached_property
    def arguments(self) -> Logical:
        """The logical line behind keyword and flags."""
        return self._flags_and_arguments[1]

    @cached_property
    def array(self) -> tuple[Word, ...] | None:
        """The strings of an exec form; None in shell form. Spans are in the source."""
        if self.keyword not in TAKES_ARRAY or not self.arguments.text.startswith("["):
            return None
        found = read_array(self.arguments.text)
        return None if found is None else tuple(self._placed(found))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments as words, split as this instruction splits them. Spans are in the source."""
        if self.array is not None:
            return self.array
        split = split_quoted if self.keyword in _TAKES_QUOTED_WORDS else split_plain
        return tuple(self._placed(split(self.arguments.text, self.escape)))

    @cached_property
    def trigger(self) -> Instruction | None:
        """What an ONBUILD triggers."""
        if self.keyword != "ONBUILD" or not self.arguments.text:
            return None
        begin = _logical(self.text, self.escape).text.find(self.arguments.text, self.begin + self._keyword_end)
        return Instruction(self.text, self.escape, self.heredocs, self.has_open_heredoc, begin)

    def flag(self, name: str) -> str | None:
        """The value of the last flag `--name`; "" for a bare one, None without it."""
        return next((flag.value or "" for flag in reversed(self.flags) if flag.name == name), None)

    @cached_property
    def _keyword_end(self) -> int:
        match = _KEYWORD.match(self.line.text)
        return match.end() if match else 0

    @cached_property
    def _flags_and_arguments(self) -> tuple[tuple[Flag, ...], Logical]:
        text = self.line.text
        at = self._keyword_end
        if self.has_long_line:
            return (), self.line.part(len(text), len(text))
        flags: list[Flag] = []
        while match := _FLAG.match(text, at):
            at = match.end()
            if match[1] == "--":
                break
            name, equals, value = match[1][2:].partition("=")
            plain = _QUOTE_OR_ESCAPE.sub(r"\1", value) if equals else None
            flags.append(Flag(self.line.span(Span(*match.span(1))), name, plain))
        rest = text[at:]
        start = at + len(rest) - len(rest.lstrip(STRIP))
        return tuple(flags), self.line.part(start, max(len(text), start))

    def _placed(self, words: Iterable[Word]) -> Iterator[Word]:
        for word in words:
            yield Word(self.arguments.span(word.span), word.text, word.value)


def has_long_line(text: str) -> bool:
    """Whether a line of `text` is longer than BuildKit takes."""
    # A character takes up to four bytes: most text needs no look at its lines.
    return len(text) > MAX_LINE // 4 and any(
        len(line.encode("utf-8", "surrogatepass")) > MAX_LINE for line in text.split("\n")
    )


def lines_of(text: str) -> list[str]:
    """Lines as BuildKit's scanner sees them: they end at LF only."""
    lines = text.split("\n")
    last = lines.pop()
    lines = [line + "\n" for line in lines]
    return [*lines, last] if last else lines


def continues(line: str, escape: str) -> bool:
    """Whether the line ends in one escape character (a doubled one does not continue); white space may follow."""
    content = line.rstrip("\r\n").rstrip(" \t")
    return content.endswith(escape) and not content.endswith(escape * 2)


def end_of(lines: Sequence[str], first: int, escape: str) -> tuple[int, bool]:
    """The line behind the instruction that starts in line `first`, and whether it would go on there."""
    wants_more = continues(lines[first], escape)
    at = first + 1
    while wants_more and at < len(lines):
        line = lines[at]
        content = line.rstrip("\r\n").rstrip(" \t")  # as in `continues`: a line of a long RUN costs no call
        is_skipped = line.lstrip(STRIP)[:1] in _SKIPPED
        wants_more = is_skipped or (content.endswith(escape) and not content.endswith(escape * 2))
        at += 1
    return at, wants_more


def is_blank(line: str) -> bool:
    """Whether there is nothing but space."""
    return not line.strip(STRIP)


def is_comment(line: str) -> bool:
    """Whether a `#` stands before anything else."""
    return line.lstrip(STRIP).startswith("#")


def _logical(text: str, escape: str) -> Logical:
    """`text` without continuations and the lines BuildKit drops; the runs of source it is made of."""
    pieces: list[str] = []
    starts: list[int] = []
    sources: list[int] = []
    length = offset = 0
    for number, line in enumerate(lines_of(text)):
        content = line.rstrip("\r\n")
        begin = 0
        if number == 0:
            begin = len(content) - len(content.lstrip(STRIP))
        elif line.lstrip(STRIP)[:1] in _SKIPPED:
            offset += len(line)
            continue
        before_blanks = content.rstrip(" \t")
        goes_on = before_blanks.endswith(escape) and not before_blanks.endswith(escape * 2)  # as in `continues`
        end = len(before_blanks) - 1 if goes_on else len(content)
        if end > begin:
            pieces.append(content[begin:end])
            starts.append(length)
            sources.append(offset + begin)
            length += end - begin
        offset += len(line)
        if not goes_on:
            break
    return Logical("".join(pieces), tuple(starts or (0,)), tuple(sources or (0,)))


def heredocs_of(instruction: Instruction) -> Iterator[tuple[str, bool, bool]]:
    """Name, `<<-` or not, and whether the body expands, for each heredoc the instruction opens."""
    opener = instruction.trigger or instruction
    if instruction.has_long_line or opener.keyword not in _TAKES_HEREDOC or opener.array is not None:
        return
    for word in heredoc_words(instruction.line.text):
        match = HEREDOC.fullmatch(word)
        if match and (name := heredoc_name(match[2])):
            yield name, bool(match[1]), name == match[2]
