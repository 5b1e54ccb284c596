"""tree-sitter-bash: what it gets to read, and the walks over the nodes that it gives back."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Language
    from tree_sitter import Node as Raw

    from deadweight.syntax.shell_tree import PartKind


class Parsed(NamedTuple):
    """A text as tree-sitter reads it."""

    root: Raw
    offsets: list[int] | None  # the byte at which each character starts; None where they are the same
    negated: frozenset[int]  # where a `{` after a `!` stands


@lru_cache(maxsize=1)
def load_language() -> Language | None:
    """The grammar, or None where tree-sitter is not there or too old for it."""
    try:
        from tree_sitter import Language

        return Language(_bash())
    except (ImportError, ValueError):
        return None


def _bash() -> object:
    """The grammar as its package gives it, where possible without the package, which imports importlib.resources.

    With that come tempfile, shutil and zipfile: 20 of the 900 million instructions until the first diagnostics.
    """
    from importlib.machinery import PathFinder
    from importlib.util import find_spec, module_from_spec

    package = find_spec("tree_sitter_bash")
    folders = package.submodule_search_locations if package else None
    binding = PathFinder.find_spec("tree_sitter_bash._binding", folders) if folders else None
    if binding is None or binding.loader is None:
        from tree_sitter_bash import language

        return language()
    module = module_from_spec(binding)
    binding.loader.exec_module(module)
    return module.language()


def parse_nodes(text: str, language: Language) -> Parsed:
    """The nodes of `text`, whatever stands in it."""
    from tree_sitter import Parser

    # tree-sitter-bash 0.25 cannot read `! { a; }`: it gets a blank for the `!`, and the reader puts the `!` back.
    negated = frozenset(match.end() for match in _NEGATED_BRACES.finditer(text)) if "!" in text else frozenset()
    readable = _NEGATED_BRACES.sub(r"\1 \2", text) if negated else text
    readable = readable.replace("\0", "\1")  # to tree-sitter a NUL is the end
    if text.isascii():
        source, offsets = readable.encode(), None
    else:
        letters = _BEYOND_ASCII.sub(_LETTER, readable)
        source = letters.encode()
        offsets = list(accumulate(letters.encode("latin-1").translate(_LENGTHS), initial=0))
    return Parsed(Parser(language).parse(source).root_node, offsets, negated)


def errors(root: Raw) -> Iterator[Raw]:
    """The nodes that could not be read, or that tree-sitter wished were there."""
    stack = [root]
    while stack:
        raw = stack.pop()
        if raw.type == "ERROR" or raw.is_missing:
            yield raw
        elif raw.has_error:
            stack += reversed(raw.children)


def without_errors(raws: Iterable[Raw]) -> Iterator[Raw]:
    """The nodes in order, those that tree-sitter put into an ERROR among them."""
    stack = list(raws)[::-1]
    while stack:
        raw = stack.pop()
        if raw.type == "ERROR":
            stack += reversed(raw.children)
        else:
            yield raw


def pieces_of(command: Raw) -> Iterable[Raw]:
    """The children of a simple command, those of the expression in `[ ... ]` taken apart."""
    kind = command.type
    if kind == "command":
        return [child for child in command.children if child.type not in ("ERROR", "comment")]
    if kind == "variable_assignment":
        return (command,)
    if kind == "variable_assignments":
        return command.children
    found: list[Raw] = []
    stack = command.children[::-1]
    while stack:
        raw = stack.pop()
        # An assignment is an argument here: `export A=1`.
        if raw.type in _EXPRESSIONS or (raw.type == "variable_assignment" and raw.start_byte != command.start_byte):
            stack += reversed(raw.children)
        elif raw.type not in ("ERROR", "comment"):
            found.append(raw)
    return found


def expansions(raws: Iterable[Raw]) -> Iterator[tuple[Raw, PartKind]]:
    """The outermost expansions in `raws`, in source order."""
    stack = list(raws)[::-1]
    while stack:
        raw = stack.pop()
        if kind := _HOLES.get(raw.type):
            yield raw, kind
        else:
            stack += reversed(raw.children)


# --- what the grammar calls things, and what it cannot read ---

_HOLES: dict[str, PartKind] = {
    "simple_expansion": "variable",
    "expansion": "variable",
    "command_substitution": "command",
    "process_substitution": "command",
    "arithmetic_expansion": "arithmetic",
}
_EXPRESSIONS = frozenset(
    ("unary_expression", "binary_expression", "parenthesized_expression", "ternary_expression", "postfix_expression")
)

_NEGATED_BRACES = re.compile(
    r"((?:^|[;&|(\n]|\b(?:if|elif|while|until|then|else|do))[ \t]*)!(\s+)(?={\s)"
)  # `! { a; }`
# To a shell all characters beyond ASCII are alike: letters of a word, the blanks among them too, and none of a name.
# tree-sitter-bash 0.25 looks some of them up in a table of 256 entries (isalpha in its scanner), and ends the process
# where nothing lies behind it. It gets one letter for all, which is in the table.
_BEYOND_ASCII = re.compile(r"[^\0-\x7f]")
_LETTER = "\xff"
_LENGTHS = bytes([1] * 128 + [2] * 128)  # in UTF-8, of each character of Latin 1
