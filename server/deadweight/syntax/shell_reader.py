"""From tree-sitter's nodes to the tree of a shell script, above all where a redirect belongs.

tree-sitter hangs the redirect of `a && b > f` on the whole list, the shell and our tree on `b`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from deadweight.syntax.shell_nodes import errors, expansions, parse_nodes, pieces_of, without_errors
from deadweight.syntax.shell_tree import (
    Assignment,
    Block,
    Chain,
    Command,
    Heredoc,
    KnownCommands,
    Pipeline,
    Redirect,
    Script,
    Statement,
    StatementList,
    Word,
    WordPart,
)
from deadweight.syntax.shell_words import read_word
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tree_sitter import Language
    from tree_sitter import Node as Raw

    from deadweight.syntax.shell_tree import BlockKind, Node, PartKind, Role

# Real scripts nest about 10 deep; the limit keeps `((((...` from exhausting Python's stack.
MAX_DEPTH = 50


class TooDeepError(Exception):
    """The script nests deeper than `MAX_DEPTH`."""


def read(text: str, language: Language) -> Script:
    """The script in `text`. Raises TooDeepError."""
    root, offsets, negated = parse_nodes(_COMMENT_AS_WORD.sub(_blank, text) if "`" in text else text, language)
    reader = _Reader(text, offsets, negated)
    body = reader.statements(root.children, "script", 0)
    problems = (*map(reader.span, errors(root)), *reader.problems) if root.has_error else tuple(reader.problems)
    return Script(text, body, is_opaque=False, problems=problems)


def _blank(match: re.Match[str]) -> str:
    """Blanks for a comment that stands for no word of a command: the grammar takes what follows for a part of it.

    One that touches a word, or is all of a command, stays as it is.
    """
    text, start, end = match.string, match.start(), match.end()
    before, behind = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    touches = before[-1:].strip(_BETWEEN) or behind[:1].strip(_BETWEEN)
    is_command = before.rstrip(" \t")[-1:] in _BETWEEN and behind.lstrip(" \t")[:1] in _BETWEEN
    return match[0] if touches or is_command else " " * len(match[0])


class _Simple:
    """A simple or compound command in the flattened list, with what belongs to it but stands elsewhere in the tree."""

    __slots__ = ("raw", "redirects", "words")

    def __init__(self, raw: Raw | None) -> None:
        self.raw = raw
        self.redirects: list[Raw] = []
        self.words: list[Raw] = []


_REDIRECTS = frozenset(("file_redirect", "herestring_redirect", "heredoc_redirect"))
_OPERATORS = frozenset(("&&", "||", "|", "|&", "!"))
# Nodes that only group others; where they begin and end is decided here, by the shell's own precedence.
_GROUPS = frozenset(("list", "pipeline", "negated_command", "redirected_statement"))
_SIMPLE_COMMANDS = frozenset(
    ("command", "declaration_command", "unset_command", "test_command", "variable_assignment", "variable_assignments")
)
_BLOCKS: dict[str, BlockKind] = {
    "subshell": "subshell",
    "compound_statement": "braces",
    "if_statement": "if",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "while_statement": "while",
    "case_statement": "case",
    "function_definition": "function",
}
_STATEMENTS = _GROUPS | _SIMPLE_COMMANDS | _BLOCKS.keys()
_SUBSTITUTIONS = frozenset(("command_substitution", "process_substitution"))
_NAMES = frozenset(("variable_name", "special_variable_name"))
_HEREDOC_OWN = frozenset(("file_descriptor", "<<", "<<-", "heredoc_start", "heredoc_body", "heredoc_end"))
# Inside an `if` or a loop: the role of what follows each keyword. None ends a list.
_ROLES: dict[str, Role | None] = {
    "if": "condition",
    "elif": "condition",
    "while": "condition",
    "until": "condition",
    "then": "branch",
    "else": "branch",
    "do": "loop",
    "{": "loop",
    "fi": None,
    "done": None,
    "}": None,
}

_PLAIN = re.compile(r"[\w./:=@%+,-]+")  # `/usr/bin`, `A=1`, `--no-install-recommends`
_PLAIN_COMMAND = re.compile(r"[\w./:@%+,-]+(?:[ \t]+[\w./:=@%+,-]+)*")  # an `A=1` in front assigns
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?\n")
_OPENS_HOLE = re.compile(r"[$`(]")  # `$A`, `` `a` ``, `<(a)`
_HOLDS_MORE = re.compile(r"<<|[(`]")  # a heredoc, whose text stands elsewhere, or other commands
_LONGEST_KNOWN = 1_000  # characters
_known = KnownCommands(256)
# What people write between commands whose lines the Dockerfile joins, and stands for no word: `# Install tools`
_COMMENT_AS_WORD = re.compile(r"`[ \t]*#[^`\n]*`")
_BETWEEN = " \t\n;&|()"
_NEAR = 200  # characters in which what stands beside one is looked for
_ESCAPED_BLANKS = re.compile(r"(?:\\[ \t\v\f\n])+")


class _Reader:
    """Turns tree-sitter's nodes of one text into ours."""

    __slots__ = ("depth", "has_lines", "negated", "offsets", "problems", "text")

    def __init__(self, text: str, offsets: list[int] | None, negated: frozenset[int]) -> None:
        self.text = text
        self.offsets = offsets  # the byte at which each character starts; None where they are the same
        self.negated = negated  # where a `{` after a `!` stands
        self.problems: list[Span] = []
        self.depth = 0
        self.has_lines = "\n" in text

    def span(self, raw: Raw) -> Span:
        if self.offsets is None:
            return Span(raw.start_byte, raw.end_byte)
        return Span(self.at(raw.start_byte), self.at(raw.end_byte))

    def at(self, byte: int) -> int:
        if self.offsets is None:
            return byte
        return bisect_right(self.offsets, byte) - 1

    def statements(self, raws: Iterable[Raw], role: Role, start: int) -> StatementList:
        """The statements among `raws`; an empty list lies at `start`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooDeepError
        found: list[Statement] = []
        node: Node | None = None  # read, its terminator not yet
        for raw in without_errors(raws):
            kind = raw.type
            if kind in _STATEMENTS or kind in _REDIRECTS:
                if node is not None:
                    found.append(Statement(node.span, node, "\n"))
                node = self.command(_Simple(raw)) if kind == "command" else self.statement(raw)
            elif node is not None and kind in (";", "&"):
                end = self.at(raw.end_byte)
                found.append(Statement(Span(node.span.start, end), node, ";" if kind == ";" else "&"))
                node = None
        if node is not None:
            ends_line = self.has_lines and _LINE_END.match(self.text, node.span.end)
            found.append(Statement(node.span, node, "\n" if ends_line else ""))
        self.depth -= 1
        span = Span(found[0].span.start, found[-1].span.end) if found else Span(start, start)
        return StatementList(span, role, tuple(found))

    def statement(self, raw: Raw) -> Node | None:
        """One statement: tree-sitter's grouping taken apart and built again by the shell's precedence."""
        flat: list[_Simple | str] = []
        stack = [raw]
        while stack:
            raw = stack.pop()
            kind = raw.type
            if kind in _GROUPS:
                stack += reversed(raw.children)
            elif kind in _OPERATORS:
                flat.append(kind)
            elif kind in _SIMPLE_COMMANDS or kind in _BLOCKS:
                if not flat or isinstance(flat[-1], str):  # only an error puts two commands side by side
                    flat.append(_Simple(raw))
            elif kind in _REDIRECTS:
                if not flat or isinstance(flat[-1], str):
                    flat.append(_Simple(None))
                simple = flat[-1]
                assert isinstance(simple, _Simple)
                simple.redirects.append(raw)
                if kind == "heredoc_redirect":
                    # What follows `<<EOF` on its line, `| b && c`, hangs below the heredoc.
                    stack += [child for child in reversed(raw.children) if child.type not in _HEREDOC_OWN]
            elif flat and isinstance(simple := flat[-1], _Simple) and raw.is_named and kind != "comment":
                simple.words.append(raw)
        return self.chain(flat)

    def chain(self, flat: list[_Simple | str]) -> Node | None:
        parts: list[Node] = []
        operators: list[str] = []
        start = 0
        for index, item in enumerate((*flat, "")):
            if item not in ("&&", "||", ""):
                continue
            alone = flat[start] if index == start + 1 and not self.negated else None
            part = self.simple(alone) if isinstance(alone, _Simple) else self.pipeline(flat[start:index])
            if part is not None:
                operator = flat[start - 1] if parts else None
                if isinstance(operator, str):
                    operators.append(operator)
                parts.append(part)
            start = index + 1
        if len(parts) < 2:
            return parts[0] if parts else None
        return Chain(Span(parts[0].span.start, parts[-1].span.end), tuple(parts), tuple(operators))

    def pipeline(self, flat: list[_Simple | str]) -> Node | None:
        parts = tuple([node for item in flat if isinstance(item, _Simple) if (node := self.simple(item)) is not None])
        if not parts:
            return None
        start = parts[0].span.start
        is_negated = flat[0] == "!" or start in self.negated
        if len(parts) == 1 and not is_negated:
            return parts[0]
        if is_negated:
            start = self.text.rfind("!", 0, start)
        return Pipeline(Span(start, parts[-1].span.end), parts, is_negated)

    def simple(self, simple: _Simple) -> Node | None:
        raw = simple.raw
        if raw is None or raw.type in _SIMPLE_COMMANDS:
            return self.command(simple)
        return self.block(raw, simple.redirects)

    def command(self, simple: _Simple) -> Command | None:
        """A simple command; None where tree-sitter only wished there were one.

        One that was read before, as it is written here, is taken over: where somebody types, nearly all of them.
        """
        start, text = self.stretch_of(simple)
        if not text:
            return self.read_command(simple)
        found = _known.at(text, start)
        if found is None:
            count = len(self.problems)
            found = self.read_command(simple)
            if found is not None and len(self.problems) == count:
                _known.keep(text, start, found)
        return found

    def stretch_of(self, simple: _Simple) -> tuple[int, str]:
        """Where a command starts and all its text; "" if it depends on more than that, or holds other commands."""
        raw, redirects = simple.raw, simple.redirects
        if raw is None or raw.type != "command" or raw.has_error or simple.words:
            return 0, ""
        last = raw
        for last in redirects:
            if last.has_error or last.start_byte < raw.end_byte:
                return 0, ""
        start, end = raw.start_byte, last.end_byte
        if self.offsets is not None:
            start, end = self.at(start), self.at(end)
        text = self.text[start:end]
        return start, "" if len(text) > _LONGEST_KNOWN or _HOLDS_MORE.search(text) else text

    def read_command(self, simple: _Simple) -> Command | None:
        if simple.raw is not None and not simple.redirects and not simple.words and (found := self.plain(simple.raw)):
            return found
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        pieces: list[Raw] = []
        for child in pieces_of(simple.raw) if simple.raw else ():
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(self.assignment(child))
            elif kind in _REDIRECTS:
                redirects.append(self.redirect(child, pieces))
            else:
                pieces.append(child)
        redirects += [self.redirect(raw, pieces) for raw in simple.redirects]
        pieces += simple.words
        if redirects:
            pieces.sort(key=_start)  # the words after a redirect come with it
        words = self.words(pieces)
        if not (assignments or words or redirects):
            return None
        spans = [group[edge].span for group in (assignments, words, redirects) if group for edge in (0, -1)]
        span = Span(min(span.start for span in spans), max(span.end for span in spans))
        self.problems += [item.span for item in assignments if _ESCAPED_BLANKS.match(self.text, item.span.end)]
        if words and words[0].text in ("{", "}"):
            self.problems.append(words[0].span)  # `time { a; }`: the grammar takes the braces for words
        return Command(span, tuple(assignments), words, tuple(redirects))

    def plain(self, raw: Raw) -> Command | None:
        """A command of plain words, whose pieces nobody has to look at; None for any other."""
        start, end = self.at(raw.start_byte), self.at(raw.end_byte)
        if raw.type != "command" or raw.has_error or not _PLAIN_COMMAND.fullmatch(self.text, start, end):
            return None
        found = [(match.span(), match[0]) for match in _PLAIN.finditer(self.text, start, end)]
        return Command(Span(start, end), (), tuple([Word(Span(*span), text, text) for span, text in found]), ())

    def assignment(self, raw: Raw) -> Assignment:
        name, operator, *value = raw.children
        span = self.span(raw)
        written = self.span(name)
        return Assignment(
            span,
            self.text[written.start : written.end],
            "+=" if operator.type == "+=" else "=",
            self.word(value, Span(self.at(operator.end_byte), span.end)) if value else None,
        )

    def redirect(self, raw: Raw, words: list[Raw]) -> Redirect:
        """A redirect; what tree-sitter takes for further targets, `b` in `> f b`, are words of the command."""
        start = end = self.span(raw).start
        operator = ""
        descriptor: str | None = None
        targets: list[Raw] = []
        body: Raw | None = None
        terminator: Raw | None = None
        for child in raw.children:
            kind = child.type
            span = self.span(child)
            if kind == "file_descriptor":
                descriptor = self.text[span.start : span.end]
            elif kind == "heredoc_body":
                body = child
            elif kind == "heredoc_end":
                terminator = child
            elif not operator and not child.is_named:
                operator, end = kind, span.end
            elif raw.type != "heredoc_redirect" or kind == "heredoc_start":
                targets.append(child)
        target: Word | None = None
        if found := self.words(targets):
            target = found[0]
            end = target.span.end
            words += [child for child in targets if self.at(child.start_byte) >= end]
        heredoc = self.heredoc(target, body, terminator) if target and body and terminator else None
        return Redirect(Span(start, end), operator, descriptor, target, heredoc)

    def heredoc(self, delimiter: Word, body: Raw, terminator: Raw) -> Heredoc:
        # `<<-` strips tabs, which tree-sitter leaves out of one end of the body: whole lines are ours.
        terminated = self.span(terminator)
        begin = self.span(body).start
        end = self.text.rfind("\n", 0, terminated.start) + 1
        start = min(self.text.rfind("\n", 0, begin) + 1, end)
        is_literal = any(char in delimiter.text for char in "'\"\\")
        parts = () if is_literal else tuple(self.hole(raw, kind) for raw, kind in expansions([body]))
        return Heredoc(Span(start, end), self.text[start:end], terminated, is_literal, parts)

    def block(self, raw: Raw, redirects: list[Raw]) -> Block:
        raws = raw.children
        span = self.span(raw)
        kind = _BLOCKS[raw.type]
        words: tuple[Word, ...] = ()
        name: str | None = None
        bodies: tuple[StatementList, ...] = ()
        if kind in ("subshell", "braces"):
            if raws[0].type == "((":
                inside = Span(self.at(raws[0].end_byte), self.at(raws[-1].start_byte))
                kind = "arithmetic"
                words = (self.word(raws[1:-1], inside, is_syntax=True),)
            else:
                bodies = (self.statements(raws, "body", self.at(raws[0].end_byte)),)
        elif kind == "case":
            words, bodies = self.case(raws)
        elif kind == "function":
            redirects = [child for child in raws if child.type in _REDIRECTS] + redirects
            name = self.slice(next(child for child in raws if child.type == "word"))
            # The body is a block of its own; `f() { a; }` and `f() ( a )` differ.
            bodies = (self.statements([child for child in raws if child.type in _STATEMENTS], "body", span.end),)
        else:
            if raws[0].type in ("until", "select"):
                kind = "until" if raws[0].type == "until" else "select"
            name, words = self.loop_head(raws)
            bodies = self.sections(raws)
        extra: list[Raw] = []
        read = tuple(self.redirect(redirect, extra) for redirect in redirects)
        end = max(span.end, *(redirect.span.end for redirect in read)) if read else span.end
        return Block(Span(span.start, end), kind, bodies, read, words, name)

    def case(self, raws: list[Raw]) -> tuple[tuple[Word, ...], tuple[StatementList, ...]]:
        words: list[Word] = []
        bodies: list[StatementList] = []
        head: list[Raw] = []
        for item in without_errors(raws):
            if item.type != "case_item":
                head.append(item)
                continue
            inside = item.children
            close = next((place for place, child in enumerate(inside) if child.type == ")"), len(inside) - 1)
            words += self.words([child for child in inside[:close] if child.is_named])
            bodies.append(self.statements(inside[close + 1 :], "branch", self.at(inside[close].end_byte)))
        return (*self.words([child for child in head if child.is_named and child.type != "comment"]), *words), tuple(
            bodies
        )

    def loop_head(self, raws: list[Raw]) -> tuple[str | None, tuple[Word, ...]]:
        """The variable and the values of `for x in a b`, the text between the parentheses of `for ((...))`."""
        if raws[0].type not in ("for", "select"):
            return None, ()
        kinds = [child.type for child in raws]
        if "((" in kinds and "))" in kinds:
            first, last = kinds.index("(("), kinds.index("))")
            inside = Span(self.at(raws[first].end_byte), self.at(raws[last].start_byte))
            return None, (self.word(raws[first + 1 : last], inside, is_syntax=True),)
        name = next((self.slice(child) for child in raws if child.type == "variable_name"), None)
        if "in" not in kinds:
            return name, ()
        values = raws[kinds.index("in") + 1 :]
        skipped = ("do_group", "comment", "compound_statement", "ERROR")
        return name, self.words([child for child in values if child.is_named and child.type not in skipped])

    def sections(self, raws: list[Raw]) -> tuple[StatementList, ...]:
        """The lists between the keywords of an `if` or a loop."""
        bodies: list[StatementList] = []
        role: Role | None = None
        start = 0
        inside: list[Raw] = []
        stack = raws[::-1]
        while stack:
            raw = stack.pop()
            kind = raw.type
            if kind in ("elif_clause", "else_clause", "do_group", "ERROR") or (
                role is None and kind == "compound_statement"  # for ((;;)) { a; }
            ):
                stack += reversed(raw.children)
            elif kind in _ROLES and not raw.is_named:
                if role:
                    bodies.append(self.statements(inside, role, start))
                role, start, inside = _ROLES[kind], self.at(raw.end_byte), []
            elif role:
                inside.append(raw)
        return tuple(bodies)

    def words(self, pieces: Sequence[Raw]) -> tuple[Word, ...]:
        """The words made of `pieces`; pieces that touch are one word."""
        words: list[Word] = []
        held: list[Raw] = []
        start = end = -1
        for raw in pieces:
            from_byte, to_byte = raw.start_byte, raw.end_byte
            if from_byte == to_byte:
                continue  # tree-sitter only wished there were a word
            if held and from_byte != end and not self.is_continued(end, from_byte):
                words.append(self.word(held, Span(self.at(start), self.at(end))))
                held = []
            if not held:
                start = from_byte
            held.append(raw)
            end = to_byte
        if held:
            words.append(self.word(held, Span(self.at(start), self.at(end))))
        return tuple(words)

    def is_continued(self, end: int, start: int) -> bool:
        r"""Whether only an escaped blank lies between: tree-sitter skips that of `"a"\ b` as if it were a blank."""
        return _ESCAPED_BLANKS.fullmatch(self.text, self.at(end), self.at(start)) is not None

    def word(self, raws: list[Raw], span: Span, *, is_syntax: bool = False) -> Word:
        text = self.text[span.start : span.end]
        if _PLAIN.fullmatch(text) and not is_syntax:
            return Word(span, text, text)
        is_syntax = is_syntax or raws[-1].type == "array"
        # Only these characters open an expansion; `'...'` and escapes need no look at the tree.
        holes = [self.hole(raw, kind) for raw, kind in expansions(raws)] if _OPENS_HOLE.search(text) else []
        return read_word(text, span, holes, is_syntax=is_syntax)

    def hole(self, raw: Raw, kind: PartKind) -> WordPart:
        """An expansion with everything in it: names and the commands of substitutions."""
        span = self.span(raw)
        names: list[str] = []
        bodies: list[StatementList] = []
        stack = [raw]
        while stack:
            inner = stack.pop()
            if inner.type in _SUBSTITUTIONS:
                bodies.append(self.statements(inner.children, "substitution", self.at(inner.start_byte)))
            elif inner.type in _NAMES:
                names.append(self.slice(inner))
            else:
                stack += reversed(inner.children)
        text = self.text[span.start : span.end]
        return WordPart(span, kind, text, False, "", tuple(dict.fromkeys(names)), tuple(bodies))

    def slice(self, raw: Raw) -> str:
        span = self.span(raw)
        return self.text[span.start : span.end]


def _start(raw: Raw) -> int:
    return raw.start_byte
