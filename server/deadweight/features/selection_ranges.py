"""What a selection grows to: from a word over the shell command and the instruction to the stage and the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from deadweight.features.outline import pairs, readings, script_in, sections, whole
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import Comment, Instruction
from deadweight.syntax.words import Variable, WordError, parts
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.features.outline import Reading
    from deadweight.syntax.dockerfile import Dockerfile, Flag, Logical

_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_LETTERS = re.compile(r"\w+")
_OF_PAIRS = frozenset(("ARG", "ENV", "LABEL"))


def selection_ranges(tree: Dockerfile, offsets: Sequence[int]) -> list[tuple[Span, ...]]:
    """For each offset what to select there, ever more: each span lies in the next one, the last is the file."""
    stages = sections(tree)[1]
    starts = [stage.start.offset for stage in stages]
    read = tuple(readings(tree))
    found: list[tuple[Span, ...]] = []
    for offset in offsets:
        spans = [Span(0, tree.offsets[-1]), *_in_piece(tree, offset, read)]
        if above := bisect_right(starts, offset):
            spans.append(stages[above - 1].span)
        found.append(_growing(spans, offset))
    return found


def _growing(spans: Iterable[Span], offset: int) -> tuple[Span, ...]:
    """Those of the spans that hold the offset, each inside the next one."""
    holding = {span for span in spans if span.start <= offset <= span.end}
    chosen: list[Span] = []
    for span in sorted(holding, key=lambda span: (span.end - span.start, span)):
        if not chosen or (span.start <= chosen[-1].start and chosen[-1].end <= span.end):
            chosen.append(span)
    return tuple(chosen)


def _in_piece(tree: Dockerfile, offset: int, read: Sequence[Reading]) -> Iterator[Span]:
    """What there is to select in the comment or instruction at the offset."""
    index = min(bisect_right(tree.offsets, offset), len(tree.pieces)) - 1
    if index < 0:
        return
    piece, start = tree.pieces[index], tree.offsets[index]
    if isinstance(piece, Comment):
        yield _comment_block(tree, index)
        spans = _comment(piece.text, Span(piece.text.index("#"), len(piece.text.rstrip())))
    elif isinstance(piece, Instruction):
        number = bisect_right(tree.instructions, offset, key=lambda placed: placed.offset) - 1
        spans = _in_instruction(piece, read[number], offset - start)
    else:
        return
    for span in (*spans, *_letters_at(piece.text, offset - start)):
        yield span.shifted(start)


def _comment(text: str, span: Span) -> Iterator[Span]:
    """A comment, and what it says."""
    said = text[span.start : span.end].lstrip("# \t")
    yield from (span, Span(span.end - len(said), span.end))


def _comment_block(tree: Dockerfile, index: int) -> Span:
    """The comment lines that stand together around one of them."""
    first = last = index
    while first and isinstance(tree.pieces[first - 1], Comment):
        first -= 1
    while last + 1 < len(tree.pieces) and isinstance(tree.pieces[last + 1], Comment):
        last += 1
    return Span(tree.offsets[first], tree.offsets[last] + len(tree.pieces[last].text.rstrip()))


def _in_instruction(instruction: Instruction, reading: Reading, offset: int) -> Iterator[Span]:
    """What there is to select at an offset of the instruction's text."""
    yield from (whole(instruction), instruction.keyword_span)
    if instruction.trigger:
        instruction = instruction.trigger
        yield from (whole(instruction), instruction.keyword_span)
    source = instruction.arguments
    yield source.span(Span(0, len(source.text)))
    for span in instruction.comments:
        yield from _comment(instruction.text, span)
    for flag in instruction.flags:
        yield from _flag(instruction, flag)
    for heredoc in instruction.heredocs:
        yield heredoc.content
        yield _line_at(instruction.text, heredoc.content, offset)
    if script := script_in(instruction, reading.shell):
        yield from _in_script(*script, offset)
        return
    for word in instruction.words:
        yield word.span
        yield from _in_word(word.text, source.offset(word.span.start), source, instruction.escape)
    for at, name, value_at, value in pairs(instruction) if instruction.keyword in _OF_PAIRS else ():
        yield source.span(Span(at, at + len(name)))
        yield source.span(Span(value_at, value_at + len(value or "")))


def _flag(instruction: Instruction, flag: Flag) -> Iterator[Span]:
    """`--mount=type=cache,target=/x`: the flag, its value, and the pairs and values in that."""
    yield flag.span
    line = instruction.line
    start, end = line.offset(flag.span.start), line.offset(flag.span.end - 1) + 1
    name, _, value = line.text[start:end].partition("=")
    at = start + len(name) + 1
    yield line.span(Span(at, end))
    for pair in value.split(",") if flag.name == "mount" else ():
        yield line.span(Span(at, at + len(pair)))
        yield line.span(Span(at + pair.find("=") + 1, at + len(pair)))
        at += len(pair) + 1


def _in_word(text: str, at: int, source: Logical, escape: str) -> Iterator[Span]:
    """What is quoted in a word of an instruction, with its quotes and without, and the variables."""
    for match in _QUOTED.finditer(text):
        yield source.span(Span(*match.span()).shifted(at))
        yield source.span(Span(match.start() + 1, match.end() - 1).shifted(at))
    try:
        found = parts(text, escape)
    except WordError:
        return
    for part in found:
        if isinstance(part, Variable):
            yield source.span(part.span.shifted(at))


def _in_script(script: shell.Script, source: Logical, offset: int) -> Iterator[Span]:
    """What there is to select in a script, and in the scripts inside it."""
    begin = 0
    for _ in range(shell.MAX_INNER + 1):
        at = source.offset(offset) - begin
        for span in (Span(0, len(script.text.rstrip("\n"))), *_in_statements(script, at)):
            yield source.span(span.shifted(begin))
        inside = (inner for inner in shell.inner_scripts(script) if 0 <= at - inner.offset <= len(inner.text))
        inner = next(inside, None)
        if inner is None:
            return
        script, begin = shell.parse(inner.text), begin + inner.offset


def _in_statements(script: shell.Script, at: int) -> Iterator[Span]:
    yield script.body.span
    for node in shell.walk(script):
        if isinstance(node, (shell.Command, shell.Block)):
            # A heredoc's body is not inside the span of its command.
            yield from _in_redirects(node.redirects, script.text, at)
        if not node.span.start <= at <= node.span.end:
            continue
        yield node.span
        if isinstance(node, shell.Block):
            yield from (body.span for body in node.bodies if len(body.statements) > 1)
        if isinstance(node, shell.Command):
            for assignment in node.assignments:
                yield assignment.span
                yield from _in_shell_word(assignment.value, at)
        if isinstance(node, (shell.Command, shell.Block)):
            for word in node.words:
                yield from _in_shell_word(word, at)


def _in_redirects(redirects: Iterable[shell.Redirect], text: str, at: int) -> Iterator[Span]:
    for redirect in redirects:
        yield redirect.span
        yield from _in_shell_word(redirect.target, at)
        if heredoc := redirect.heredoc:
            yield heredoc.span
            yield _line_at(text, heredoc.span, at)
            yield from (part.span for part in heredoc.parts)


def _in_shell_word(word: shell.Word | None, at: int) -> Iterator[Span]:
    """A word, what is quoted in it, its variables and substitutions."""
    if word is None or not word.span.start <= at <= word.span.end:
        return
    yield word.span
    for match in _QUOTED.finditer(word.text):
        yield Span(*match.span()).shifted(word.span.start)
        yield Span(match.start() + 1, match.end() - 1).shifted(word.span.start)
    yield from (part.span for part in word.parts if part.kind != "literal")


def _line_at(text: str, inside: Span, at: int) -> Span:
    """The line at an offset, as far as it lies inside, without the blanks around it."""
    start = max(text.rfind("\n", 0, at) + 1, inside.start)
    end = text.find("\n", at, inside.end)
    line = text[start : inside.end if end < 0 else end]
    return Span(start + len(line) - len(line.lstrip()), start + len(line.rstrip()))


def _letters_at(text: str, at: int) -> Iterator[Span]:
    """The letters, digits and underscores around an offset."""
    start = text.rfind("\n", 0, at) + 1
    for match in _LETTERS.finditer(text, start):
        if match.start() > at:
            return
        if match.end() >= at:
            yield Span(*match.span())
