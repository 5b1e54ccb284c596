"""HCL as terms, by tree-sitter: texts, lists and tables, with the names of variables where they stand.

python-hcl2 builds its parser in 3.5 s when it is first asked and keeps it beside its code; this one is there at once,
reads what is half of something, and is made as the one that reads the shell (measured 2026-11-26).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node, Parser

_DEEPEST = 50


class Name(NamedTuple):
    """A variable. What is computed otherwise is one that nobody knows, and has no name."""

    name: str


class Template(NamedTuple):
    """A text with variables in it."""

    parts: tuple[str | Name, ...]


# A term is None for null.
Term = str | Name | Template | list["Term"] | dict[str, "Term"] | None
UNKNOWN = Name("")


class Block(NamedTuple):
    """`kind "label" { attributes }`."""

    kind: str
    label: str
    attributes: Mapping[str, Term]


def read_hcl(text: str) -> tuple[Block, ...]:
    """The blocks of a text that have one label. Raises ValueError with the line in front."""
    root = _parse(text)
    if root.has_error:
        raise ValueError(f"line {_error_row(root) + 1}: not HCL")
    body = next((each for each in root.named_children if each.type == "body"), None)
    return tuple(_blocks(body)) if body else ()


def read_template(text: str) -> Term:
    """A text of JSON, in which HCL may stand as between its own quotes."""
    if "${" not in text and "%{" not in text:
        return text
    blocks = read_hcl(f'a "b" {{\n c = {json.dumps(text, ensure_ascii=False)}\n}}\n')
    return blocks[0].attributes["c"] if blocks else UNKNOWN


def _parse(text: str) -> Node:
    try:
        parser = _parser()
    except ImportError as error:
        raise ValueError("tree-sitter-hcl, which reads HCL, is not installed") from error
    return parser.parse(text.encode("utf-8", "replace")).root_node


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_hcl
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


def _error_row(node: Node) -> int:
    """The row of the first thing that is wrong in a tree."""
    while not node.is_error and not node.is_missing:
        below = next((each for each in node.children if each.has_error or each.is_missing), None)
        if below is None:
            break
        node = below
    return int(node.start_point[0])


def _blocks(body: Node) -> Iterator[Block]:
    for block in body.named_children:
        kinds = [each for each in block.named_children if each.type in ("identifier", "string_lit")]
        inner = next((each for each in block.named_children if each.type == "body"), None)
        if block.type != "block" or len(kinds) != 2:
            continue
        attributes: dict[str, Term] = {}
        for each in inner.named_children if inner else ():
            if each.type == "attribute":
                name, value = each.named_children[0], each.named_children[-1]
                attributes[_text(name)] = _term(value, 0)
        yield Block(_text(kinds[0]), _label(kinds[1]), attributes)


def _label(node: Node) -> str:
    term = _term(node, 0)
    return term if isinstance(term, str) and node.type == "string_lit" else _text(node)


def _term(node: Node, depth: int) -> Term:
    """What an expression is."""
    if depth > _DEEPEST:
        return UNKNOWN
    inner = [each for each in node.named_children if each.type != "comment"]
    match node.type:
        case "expression" | "literal_value" | "collection_value" | "template_expr" if len(inner) == 1:
            return _term(inner[0], depth + 1)
        case "string_lit" | "quoted_template":
            return _quoted(inner)
        case "null_lit":
            return None
        case "numeric_lit" | "bool_lit":
            return _text(node)
        case "variable_expr":
            return Name(_text(node))
        case "tuple":
            return [_term(each, depth + 1) for each in inner if each.type == "expression"]
        case "object":
            return dict(_entry(each, depth + 1) for each in inner if each.type == "object_elem")
    return UNKNOWN


def _entry(node: Node, depth: int) -> tuple[str, Term]:
    key, value = node.child_by_field_name("key"), node.child_by_field_name("val")
    assert key is not None
    assert value is not None
    name = _term(key, depth)
    return name.name if isinstance(name, Name) else name if isinstance(name, str) else "", _term(value, depth)


def _quoted(inner: list[Node]) -> Term:
    """A text between quotes, put together from its stretches."""
    parts: list[str | Name] = []
    for each in inner:
        if each.type == "template_literal":
            parts.append(_unescaped(_text(each)))
        elif each.type == "template_interpolation":
            term = next((_term(part, 0) for part in each.named_children if part.type == "expression"), UNKNOWN)
            parts.append(term if isinstance(term, (str, Name)) else UNKNOWN)
        elif each.type not in ("quoted_template_start", "quoted_template_end"):
            parts.append(UNKNOWN)
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(parts) else Template(tuple(parts))


def _unescaped(text: str) -> str:
    text = text.replace("$${", "${").replace("%%{", "%{")
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
