"""The outline of a Dockerfile: its stages, in them their instructions, in those the names that they declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deadweight.features.outline import pairs, sections, whole
from deadweight.model.stages import name_word
from deadweight.syntax import shell
from deadweight.syntax.run import run_body
from deadweight.syntax.words import dequoted
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.features.outline import Section
    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Placed

SymbolKind = Literal["stage", "command", "files", "setting", "variable", "label", "section", "pattern"]

_LONGEST = 60  # characters of a name
_KINDS: dict[str, SymbolKind] = {
    **dict.fromkeys(("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"), "command"),
    **dict.fromkeys(("COPY", "ADD"), "files"),
}
_OF_PAIRS: dict[str, SymbolKind] = {"ARG": "variable", "ENV": "variable", "LABEL": "label"}
_PREPARES = frozenset(("set", "export", "cd", "umask", "shopt", "[", "[[", "test", ":", "true"))  # says little of a RUN


@dataclass(frozen=True, slots=True)
class Symbol:
    """A line of the outline. `span` is all of it, `selection` lies inside and is what a jump selects."""

    name: str
    detail: str
    kind: SymbolKind
    span: Span
    selection: Span
    children: tuple[Symbol, ...] = ()


def symbols(tree: Dockerfile) -> tuple[Symbol, ...]:
    """The outline of a file; the instructions above the first FROM stand beside the stages."""
    head, stages = sections(tree)
    return (*_instructions(head), *(_stage(section, tuple(_instructions(section.steps))) for section in stages))


def flattened(found: Iterable[Symbol], container: str = "") -> Iterator[tuple[Symbol, str]]:
    """Symbols and all that is in them, each with the name of what it is in."""
    for symbol in found:
        yield symbol, container
        yield from flattened(symbol.children, symbol.name)


def symbols_called(tree: Dockerfile, query: str) -> Iterator[tuple[Symbol, str]]:
    """The stages and variables whose names hold the letters of `query` in this order, each with its stage."""
    head, stages = sections(tree)
    found = [(each, "") for each in _variables(head)]
    for section in stages:
        stage = _stage(section, ())
        found.append((stage, ""))
        found += ((each, stage.name) for each in _variables(section.steps))
    return ((symbol, stage) for symbol, stage in found if _is_in(query, symbol.name))


def one_line(text: str) -> str:
    """The user's text as a name: on one line, not too long, without what no screen shows."""
    line = " ".join(text[: _LONGEST * 10].split())
    if not line.isprintable():
        line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _is_in(query: str, name: str) -> bool:
    letters = iter(name.lower())
    return all(letter in letters for letter in query.lower())


def _stage(section: Section, children: tuple[Symbol, ...]) -> Symbol:
    instruction = section.start.instruction
    words = instruction.words
    base = one_line(words[0].text) if words else ""
    name = name_word(instruction)
    place = name.span if name else words[0].span if words else instruction.keyword_span
    return Symbol(
        one_line(name.text if name else "") or base or "FROM",
        base if name else "",
        "stage",
        section.span,
        place.shifted(section.start.offset),
        children,
    )


def _variables(placed: Iterable[Placed]) -> Iterator[Symbol]:
    for each in placed:
        if each.instruction.keyword in ("ARG", "ENV"):
            yield from _declared(each.instruction, each.offset)


def _instructions(placed: Iterable[Placed]) -> Iterator[Symbol]:
    for each in placed:
        instruction = each.instruction
        if not instruction.keyword:  # a lone `\`
            continue
        inner = instruction.trigger or instruction
        yield Symbol(
            one_line(_title(instruction)) or "?",
            f"from {one_line(source)}" if (source := inner.flag("from")) else "",
            _KINDS.get(inner.keyword, "setting"),
            whole(instruction).shifted(each.offset),
            instruction.keyword_span.shifted(each.offset),
            tuple(_declared(inner, each.offset)),
        )


def _declared(instruction: Instruction, offset: int) -> Iterator[Symbol]:
    """The names that an ARG, ENV or LABEL declares."""
    kind = _OF_PAIRS.get(instruction.keyword)
    if kind is None:
        return
    arguments = instruction.arguments
    for at, name, value_at, value in pairs(instruction):
        if not name.strip():
            continue
        place = arguments.span(Span(at, at + len(name)))
        span = place if value is None else arguments.span(Span(at, value_at + len(value)))
        shown = dequoted(value or "", instruction.escape)
        detail = one_line(value or "" if shown is None else shown)
        yield Symbol(one_line(name), detail, kind, span.shifted(offset), place.shifted(offset))


def _title(instruction: Instruction) -> str:
    """The keyword and the few words that tell an instruction from its neighbours."""
    keyword = instruction.keyword
    text = instruction.arguments.text
    if instruction.trigger:
        text = _title(instruction.trigger) if instruction.trigger.keyword != keyword else text
    elif keyword in _OF_PAIRS:
        text = ", ".join(pair.name for pair in pairs(instruction))
    elif keyword in ("COPY", "ADD") and len(instruction.words) > 1:
        *sources, target = (word.value or word.text for word in instruction.words)
        text = f"{' '.join(sources)} → {target}"
    elif instruction.array is not None:
        text = " ".join(word.value or "" for word in instruction.array) or "[]"
    elif keyword == "RUN":
        text = _first_command(instruction) or text
    return f"{keyword} {text}"


def _first_command(instruction: Instruction) -> str:
    """The first command of a RUN that does something, with its words."""
    body = run_body(instruction)
    if body is None:
        return ""
    commands = [node for node in shell.walk(body.script) if isinstance(node, shell.Command) and node.words]
    telling = next((command for command in commands if command.words[0].value not in _PREPARES), None)
    command = telling or next(iter(commands), None)
    return body.script.text[command.span.start : command.span.end] if command else ""
