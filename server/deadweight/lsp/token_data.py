"""Semantic tokens as the protocol has them: five numbers a token, its place counted from the token before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from deadweight.features.kinds import TOKEN_TYPES
from deadweight.features.semantic_tokens import piece_tokens
from deadweight.text import split_lines, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deadweight.features.outline import Reading
    from deadweight.syntax.dockerfile import Piece
    from deadweight.text import Encoding, Position

DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Code:
    """What a client is sent, as far as it depends on the client: how columns count, and what it knows of the legend."""

    encoding: Encoding
    types: Mapping[str, int]
    declares: int  # the bit of the modifier; 0 where it is not known


class Numbers(NamedTuple):
    """A piece of the file in numbers, those of its first token counted from where the piece starts.

    `last` is where its last token starts, `end` where the piece ends, both counted from there too.
    """

    data: Sequence[int]
    last: tuple[int, int]
    end: tuple[int, int]


def code_for(capabilities: types.ClientCapabilities, encoding: Encoding) -> Code:
    """What to send a client: what it does not list, it does not get."""
    document = capabilities.text_document
    known = document.semantic_tokens if document else None
    names = TOKEN_TYPES if known is None else [name for name in TOKEN_TYPES if name in known.token_types]
    declares = known is None or DECLARATION in known.token_modifiers
    return Code(encoding, {name: TOKEN_TYPES.index(name) for name in names}, int(declares))


def in_numbers(piece: Piece, reading: Reading, code: Code) -> Numbers:
    """The tokens of a piece in numbers. No token goes over a line end, which is right for every client."""
    lines = split_lines(piece.text)
    data: list[int] = []
    before = (0, 0)
    number = start = 0  # of the line on which the next token begins, or goes on
    for (begin, end), type_, declares in piece_tokens(piece, reading):
        if type_ not in code.types:
            continue
        while begin < end:
            while start + len(lines[number]) <= begin:
                start += len(lines[number])
                number += 1
            line = lines[number].rstrip("\r\n")
            column = units(line[: begin - start], code.encoding)
            length = units(line[begin - start : end - start], code.encoding)
            if length:
                down = number - before[0]
                data += (
                    down,
                    column if down else column - before[1],
                    length,
                    code.types[type_],
                    declares * code.declares,
                )
                before = (number, column)
            begin = start + len(lines[number])
    is_open = bool(lines) and not lines[-1].endswith(("\r", "\n"))
    behind = units(lines[-1], code.encoding) if is_open else 0
    return Numbers(data, before, (len(lines) - is_open, behind))


def joined(pieces: Iterable[Numbers], start: Position) -> list[int]:
    """Pieces that follow each other in one, the first of them at `start`."""
    data: list[int] = []
    line, column = start
    last_line = last_column = 0
    for own, last, end in pieces:
        if own:
            at = len(data)
            data += own
            first_line = line + own[0]
            # A piece starts in the middle of a line where the byte order mark is before it.
            first_column = own[1] if own[0] else column + own[1]
            data[at] = first_line - last_line
            data[at + 1] = first_column - last_column if first_line == last_line else first_column
            last_line = line + last[0]
            last_column = last[1] if last[0] else column + last[1]
        line, column = (line + end[0], end[1]) if end[0] else (line, column + end[1])
    return data


def difference(before: Sequence[int], after: Sequence[int]) -> list[types.SemanticTokensEdit]:
    """The edit that turns one list into the other; none where they are the same."""
    most = min(len(before), len(after))
    head = _common(before, after, most)
    tail = _common(before[::-1], after[::-1], most - head)
    if head == len(before) == len(after):
        return []
    return [types.SemanticTokensEdit(head, len(before) - tail - head, after[head : len(after) - tail])]


def _common(first: Sequence[int], second: Sequence[int], most: int) -> int:
    """How many numbers at the beginning are the same."""
    low, high = 0, most
    while low < high:  # comparing slices is quicker than a walk
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
