"""What an editor colours in a Dockerfile: keywords, flags, images, stages, variables, strings, and the shell of a RUN.

The tokens of a piece depend on nothing but its text and its `Reading`, so that whoever asks again may keep them.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.outline import NOTHING, command_of, pairs, readings, script_in
from deadweight.syntax import shell_tokens
from deadweight.syntax.dockerfile import Blank, Comment, Instruction
from deadweight.syntax.json_form import read_array
from deadweight.syntax.run import run_body
from deadweight.syntax.words import HEREDOC, Variable, WordError, parts
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.features.kinds import TokenType
    from deadweight.features.outline import Reading
    from deadweight.syntax.dockerfile import Dockerfile, Flag, Logical, Piece
    from deadweight.syntax.words import Part


class Token(NamedTuple):
    """A stretch of text and what it is, perhaps over several lines. `declares`: here the name gets its meaning."""

    span: Span
    type: TokenType
    declares: bool = False


def pieces_to_colour(tree: Dockerfile) -> Iterator[tuple[Piece, Reading]]:
    """Every piece of a file, with what it is read with."""
    of_instructions = readings(tree)
    for piece in tree.pieces:
        yield piece, next(of_instructions) if isinstance(piece, Instruction) else NOTHING


def piece_tokens(piece: Piece, reading: Reading) -> tuple[Token, ...]:
    """The tokens of a piece in order, none over another; their spans are offsets in its text."""
    if isinstance(piece, Blank):
        return ()
    if isinstance(piece, Comment):
        return tuple(_comment(piece))
    comments = (Token(span, "comment") for span in piece.comments)
    return tuple(_joined(sorted(chain(_instruction(piece, reading), comments))))


def _comment(comment: Comment) -> Iterator[Token]:
    text = comment.text
    start, end = text.index("#"), len(text.rstrip())
    if comment.directive is None:
        yield Token(Span(start, end), "comment")
        return
    name, value = comment.directive
    equals = text.index("=", start)
    name_end = len(text[:equals].rstrip())
    yield Token(Span(start, start + 1), "comment")
    yield Token(Span(name_end - len(name), name_end), "keyword")
    yield Token(Span(equals, equals + 1), "operator")
    place = text.index(value, equals + 1)
    yield Token(Span(place, place + len(value)), "string")


def _instruction(instruction: Instruction, reading: Reading) -> Iterator[Token]:
    """The tokens of an instruction, its heredocs included, in any order."""
    if instruction.trigger:
        yield from _placed((_keyword(instruction),), instruction.line)
        instruction = instruction.trigger
    if instruction.keyword == "ONBUILD":
        yield from _placed((_keyword(instruction),), instruction.line)
    if arguments := _ARGUMENTS.get(instruction.keyword):
        flags = chain.from_iterable(_flag(instruction, flag, reading) for flag in instruction.flags)
        yield from _placed(chain((_keyword(instruction),), flags), instruction.line)
        yield from arguments(instruction, reading)


def _keyword(instruction: Instruction) -> Token:
    return Token(Span(0, len(instruction.keyword)), "keyword")


def _placed(tokens: Iterable[Token], source: Logical) -> Iterator[Token]:
    """Tokens of a logical line where they stand in the source: one for each line that a token is on."""
    for span, type_, declares in tokens:
        for stretch in source.stretches(span):
            yield Token(stretch, type_, declares)


def _joined(tokens: Iterable[Token]) -> Iterator[Token]:
    """Tokens in order without any overlap; strings that touch are one."""
    held: Token | None = None
    for token in tokens:
        (start, end), type_, declares = token
        if held is not None and held.span.end >= start:
            if held.type == type_ == "string":
                held = Token(Span(held.span.start, max(held.span.end, end)), type_)
                continue
            start = held.span.end
        if start < end:
            if held is not None:
                yield held
            held = Token(Span(start, end), type_, declares)
    if held is not None:
        yield held


# --- flags ---


def _flag(instruction: Instruction, flag: Flag, reading: Reading) -> Iterator[Token]:
    """`--from=build`, `--mount=type=cache,target=/root/.npm`, in the logical line."""
    line, escape = instruction.line, instruction.escape
    start, end = line.offset(flag.span.start), line.offset(flag.span.end - 1) + 1
    name, _, value = line.text[start:end].partition("=")
    yield Token(Span(start, start + len(name)), "parameter")
    at = start + len(name) + 1
    if flag.name == "from":
        yield from _source(value, at, escape, reading)
    elif flag.name != "mount":
        yield from _text(value, at, escape, "string")
    else:
        for pair in value.split(","):
            key, equals, of_key = pair.partition("=")
            yield Token(Span(at, at + len(key)), "property")
            behind = at + len(key) + len(equals)
            if key.lower() == "from":
                yield from _source(of_key, behind, escape, reading)
            else:
                yield from _text(of_key, behind, escape, "string")
            at += len(pair) + 1


def _source(text: str, at: int, escape: str, reading: Reading) -> Iterator[Token]:
    """What `--from` names: a stage or an image."""
    if text.lower() in reading.stages:
        yield Token(Span(at, at + len(text)), "namespace")
    else:
        yield from _image(text, at, escape)


# --- arguments: each reader gives tokens of the source ---


def _from(instruction: Instruction, reading: Reading) -> Iterator[Token]:
    source, escape = instruction.arguments, instruction.escape
    found: list[Token] = []
    for number, word in enumerate(instruction.words[:3]):
        at = source.offset(word.span.start)
        if number == 0:
            found += _text(word.text, at, escape, "namespace") if reading.stages else _image(word.text, at, escape)
        elif number == 1 and word.text.lower() == "as":
            found.append(Token(Span(at, at + len(word.text)), "keyword"))
        elif number == 2:
            found.append(Token(Span(at, at + len(word.text)), "namespace", declares=True))
    return _placed(found, source)


def _variables(instruction: Instruction, _: Reading) -> Iterator[Token]:
    return _placed(_pairs(instruction, "variable"), instruction.arguments)


def _labels(instruction: Instruction, _: Reading) -> Iterator[Token]:
    return _placed(_pairs(instruction, "property"), instruction.arguments)


def _pairs(instruction: Instruction, of_name: TokenType) -> Iterator[Token]:
    escape = instruction.escape
    for at, name, value_at, value in pairs(instruction):
        behind = at + len(name)
        if "$" in name:
            yield from _text(name, at, escape, of_name)
        else:
            yield Token(Span(at, behind), of_name, declares=True)
        if value is not None:
            if instruction.arguments.text[behind] == "=":
                yield Token(Span(behind, value_at), "operator")
            yield from _text(value, value_at, escape, "string")


def _paths(instruction: Instruction, _: Reading) -> Iterator[Token]:
    """COPY and ADD: paths, openers of heredocs and their bodies."""
    yield from _placed(_words(instruction), instruction.arguments)
    for heredoc in instruction.heredocs:
        start, end = heredoc.content
        for match in _IN_BODY.finditer(instruction.text, start, end) if heredoc.expands else ():
            if match[0][0] == "$":
                yield Token(Span(start, match.start()), "string")
                yield Token(Span(*match.span()), "variable")
                start = match.end()
        yield Token(Span(start, end), "string")
    yield from _terminators(instruction)


def _plain(instruction: Instruction, _: Reading) -> Iterator[Token]:
    return _placed(_words(instruction), instruction.arguments)


def _words(instruction: Instruction) -> Iterator[Token]:
    """Words in which only what is quoted, what stands for something else and what opens a heredoc has a colour."""
    source, escape = instruction.arguments, instruction.escape
    plain: TokenType | None = "string" if instruction.array is not None else None
    for word in instruction.words:
        at = source.offset(word.span.start)
        if instruction.heredocs and (match := HEREDOC.fullmatch(word.text)):
            name = at + match.start(2)
            yield Token(Span(at, name), "operator")
            yield Token(Span(name, at + len(word.text)), "macro")
        else:
            yield from _text(word.text, at, escape, plain)


def _ports(instruction: Instruction, _: Reading) -> Iterator[Token]:
    source = instruction.arguments
    text = source.text
    expanded = list(_text(text, 0, instruction.escape, None))
    digits = (Token(Span(*match.span()), "number") for match in _NUMBER.finditer(text))
    return _placed(chain(expanded, digits), source)


def _message(instruction: Instruction, _: Reading) -> Iterator[Token]:
    source = instruction.arguments
    return _placed((Token(Span(0, len(source.text)), "string"),), source)


def _run(instruction: Instruction, reading: Reading) -> Iterator[Token]:
    yield from _command(instruction, reading)
    body = run_body(instruction, reading.shell)
    if instruction.heredocs and (body is None or body.form == "script"):
        openers = (token for token in _words(instruction) if token.type in ("operator", "macro"))
        yield from _placed(openers, instruction.arguments)
        yield from _terminators(instruction)


def _command(instruction: Instruction, reading: Reading) -> Iterator[Token]:
    """A command in exec form or in shell form."""
    if script := script_in(instruction, reading.shell):
        tokens, source = shell_tokens.tokens(script[0]), script[1]
        yield from _placed((Token(span, *_SHELL[kind]) for span, kind in tokens), source)
        return
    source = command_of(instruction)
    yield from _placed((Token(word.span, "string") for word in read_array(source.text) or ()), source)


def _healthcheck(instruction: Instruction, reading: Reading) -> Iterator[Token]:
    kind = next((word.text for word in instruction.words), "")
    if kind.upper() in ("CMD", "NONE"):
        yield from _placed((Token(Span(0, len(kind)), "keyword"),), instruction.arguments)
    yield from _command(instruction, reading)


def _terminators(instruction: Instruction) -> Iterator[Token]:
    """The lines that end heredocs, the names alone."""
    for heredoc in instruction.heredocs:
        start = instruction.text.index(heredoc.name, heredoc.terminator.start)
        yield Token(Span(start, start + len(heredoc.name)), "macro")


# --- words ---


def _text(text: str, at: int, escape: str, plain: TokenType | None) -> Iterator[Token]:
    """Variables and quoted text; what stands for itself is `plain`, or has no colour."""
    try:
        found = parts(text, escape)
    except WordError:  # half-typed
        if half := plain or ("string" if text[:1] in ("'", '"') else None):
            yield Token(Span(at, at + len(text)), half)
        return
    for part in found:
        if isinstance(part, Variable):
            yield from _variable(part, at)
        elif colour := plain or ("string" if part.quoted else None):
            yield Token(part.span.shifted(at), colour)


def _variable(variable: Variable, at: int) -> Iterator[Token]:
    """`$X` and `${X}` are one token; `${X:-y}` has an operator and its operand apart."""
    start, end = variable.span.shifted(at)
    if not variable.operator:
        yield Token(Span(start, end), "variable")
        return
    done = start + len("${") + len(variable.name)
    yield Token(Span(start, done), "variable")
    for part in chain.from_iterable(variable.operands):
        span = part.span.shifted(at)
        if done < span.start:
            yield Token(Span(done, span.start), "operator")
        yield from _operand(part, at)
        done = span.end
    yield Token(Span(done, end - 1), "operator")
    yield Token(Span(end - 1, end), "variable")


def _operand(part: Part, at: int) -> Iterator[Token]:
    if isinstance(part, Variable):
        yield from _variable(part, at)
    else:
        yield Token(part.span.shifted(at), "string")


def _image(text: str, at: int, escape: str) -> Iterator[Token]:
    """`node:22@sha256:...`: the name, and apart from it tag and digest; variables in all of them."""
    try:
        found = parts(text, escape)
    except WordError:
        return
    sources = [(part, text[part.span.start : part.span.end]) for part in found]
    # `${TAG:-22}` has a colon that separates nothing.
    masked = "".join("x" * len(source) if isinstance(part, Variable) else source for part, source in sources)
    match = _IMAGE.fullmatch(masked)
    named = [Span(*match.span(group)) for group in (1, 2, 3)] if match else []
    for part in found:
        if isinstance(part, Variable):
            yield from _variable(part, at)
            continue
        for number, (first, last) in enumerate(named):
            start, end = max(part.span.start, first), min(part.span.end, last)
            if start < end:
                yield Token(Span(start, end).shifted(at), "enumMember" if number else "type")


_IMAGE = re.compile(r"([^@]*?)(?::([^:/@]*))?(?:@(.*))?", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w$])[0-9]+(?!\w)")  # `80` and `443` in `EXPOSE 80/tcp 443`
_IN_BODY = re.compile(r"\\.|\$(?:\w+|\{[^{}\n]*\})")  # `$A` and `${A:-b}`, but not `\$A`
_SHELL: dict[shell_tokens.Kind, tuple[TokenType, bool]] = {
    "command": ("function", False),
    "function": ("function", True),
    "option": ("parameter", False),
    "string": ("string", False),
    "variable": ("variable", False),
    "assigned": ("variable", True),
    "keyword": ("keyword", False),
    "operator": ("operator", False),
    "number": ("number", False),
    "comment": ("comment", False),
    "delimiter": ("macro", False),
}
_ARGUMENTS: dict[str, Callable[[Instruction, Reading], Iterator[Token]]] = {
    "FROM": _from,
    "ARG": _variables,
    "ENV": _variables,
    "LABEL": _labels,
    "COPY": _paths,
    "ADD": _paths,
    "RUN": _run,
    "CMD": _command,
    "ENTRYPOINT": _command,
    "HEALTHCHECK": _healthcheck,
    "SHELL": _plain,
    "EXPOSE": _ports,
    "MAINTAINER": _message,
    "STOPSIGNAL": _plain,
    "USER": _plain,
    "VOLUME": _plain,
    "WORKDIR": _plain,
}
