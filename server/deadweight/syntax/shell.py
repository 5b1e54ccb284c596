"""The shell of a RUN: a tree of commands, lists, pipelines, blocks, words and redirects, with spans.

The input is the text that `/bin/sh -c` gets: continuations and comments of the Dockerfile are already taken out. All
spans are offsets in code points of that text. tree-sitter-bash reads it; this file turns its nodes into what a reader
of a shell script sees, above all where a redirect belongs: tree-sitter hangs the redirect of `a && b > f` on the whole
list, the shell and this tree on `b`.

Parsing never raises. A script with problems gives what could be read; an opaque one gives nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Language
    from tree_sitter import Node as Raw

# A hostile body costs tree-sitter up to 4 µs a byte, so that a longer one is not read at all.
MAX_CHARACTERS = 64_000
# tree-sitter-bash 0.25.1 takes quadratic time for `a|a|a|...`: 33 ms for 1,000 parts, 26 s for 31,000 (November 2026).
MAX_BARS = 1_000
# Real scripts nest about 10 deep; the limit keeps `((((...` from exhausting Python's stack.
MAX_DEPTH = 50
MAX_ALTERNATIVES = 64
MAX_BRACES = 16

Role = Literal["script", "condition", "branch", "loop", "body", "substitution"]
BlockKind = Literal["subshell", "braces", "arithmetic", "if", "for", "select", "while", "until", "case", "function"]
PartKind = Literal["literal", "variable", "command", "arithmetic", "syntax"]


@dataclass(frozen=True, slots=True)
class WordPart:
    """A stretch of a word that the shell treats in one way.

    `literal`: `value` is what it stands for. `variable`: `$A`, `${A:-b}`. `command`: `$(a)`, backticks, `<(a)`.
    `arithmetic`: `$((1 + 2))`. `syntax`: text with rules of its own, such as an array's elements or `$'a'`.
    """

    span: Span
    kind: PartKind
    text: str
    is_quoted: bool
    value: str = ""
    names: tuple[str, ...] = ()
    bodies: tuple[StatementList, ...] = ()  # the commands of each substitution inside


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, and as the shell passes it on where that is known.

    `value` is the word without quotes and escapes, or None where the shell expands something in it: a variable, a
    substitution, a glob, a brace list, `~`. A word that needs no quote removal has no parts.
    """

    span: Span
    text: str
    value: str | None
    parts: tuple[WordPart, ...] = ()

    @property
    def pattern(self) -> str:
        r"""The word as one unquoted pattern: `"$HOME"/.cache/*` is `$HOME/.cache/*`, `'a*'/*` is `a\*/*`."""
        if not self.parts:
            return self.text
        pattern = "".join(_unquoted(part) for part in self.parts)
        return "\\" + pattern if pattern.startswith("~") and self.parts[0].is_quoted else pattern

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables used in the word itself, in source order, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names))

    @property
    def has_substitution(self) -> bool:
        """Whether the word holds the output of a command or of arithmetic."""
        return any(part.bodies or part.kind in ("command", "arithmetic") for part in self.parts)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value` before a command or alone; the name of an array's element is as written, `a[1]`."""

    span: Span
    name: str
    operator: Literal["=", "+="]
    value: Word | None


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The lines fed to a command; they lie after the line of its redirect, outside the command's span."""

    span: Span  # whole lines, each with its line end
    text: str
    terminator: Span
    is_literal: bool  # the delimiter is quoted: nothing in the body is expanded
    parts: tuple[WordPart, ...]  # the expansions in the body


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2>&1`, `> file`, `<<EOF`, `<<< word`; the target of a heredoc is its delimiter."""

    span: Span
    operator: str
    descriptor: str | None
    target: Word | None
    heredoc: Heredoc | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command; `[ ... ]`, `[[ ... ]]` and `export A=1` too. Without words it only assigns or redirects."""

    span: Span
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`a | b`, and `! a`: a pipeline of one part is negated."""

    span: Span
    parts: tuple[Node, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """`a && b || c`: two or more parts with an operator before each but the first; the shell groups from the left."""

    span: Span
    parts: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A compound command.

    `words`: the values of `for` and `select`, the subject and the patterns of `case`, the text of `(( ))`.
    `name`: the variable of `for` and `select`, the name of a function.
    """

    span: Span
    kind: BlockKind
    bodies: tuple[StatementList, ...]
    redirects: tuple[Redirect, ...]
    words: tuple[Word, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A node and what ends it; the span includes `;` or `&`, not a line end."""

    span: Span
    node: Node
    terminator: Literal[";", "&", "\n", ""]


@dataclass(frozen=True, slots=True)
class StatementList:
    """Statements that run one after the other."""

    span: Span
    role: Role
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A script as read.

    `is_opaque`: too long, too many bars, too deeply nested, or no tree-sitter here; then nothing was read.
    """

    text: str
    body: StatementList
    is_opaque: bool
    problems: tuple[Span, ...]


Node: TypeAlias = "Command | Pipeline | Chain | Block"


class Placed(NamedTuple):
    """A simple command and the circumstances in which it runs."""

    command: Command
    ancestors: tuple[Node, ...]  # outermost first
    conditional: bool = False  # may be left out though nothing went wrong: after ||, in a branch, loop or function
    subshell: bool = False  # in parentheses or a substitution
    background: bool = False
    in_pipeline: bool = False
    in_substitution: bool = False
    in_function: bool = False


class Nested(NamedTuple):
    """A script inside a script: the text, and its offset in the outer one."""

    text: str
    offset: int


@lru_cache(maxsize=1024)
def parse(text: str) -> Script:
    """Read a script. Never raises; see `Script` for text that cannot be read."""
    language = _language()
    if language is None or len(text) > MAX_CHARACTERS or text.count("|") > MAX_BARS:
        return _opaque(text)
    try:
        return _read(text, language)
    except _TooDeepError:
        return _opaque(text)


def is_valid(text: str) -> bool:
    """Whether all of `text` was read without a problem."""
    script = parse(text)
    return not script.is_opaque and not script.problems


def commands(script: Script) -> Iterator[Placed]:
    """Every simple command in the order of execution; those inside a word or redirect come before their command.

    A part after `&&` is not conditional, because a RUN goes on only where all before it succeeded, unless a test stands
    before it in the chain and the chain's failure goes unnoticed: `[ -f a ] && b; c`.
    """
    return _placed_in(script.body, Placed(_NO_COMMAND, ()), decides=True)


def walk(script: Script) -> Iterator[Node]:
    """Every node, substitutions included, parents before their children."""
    stack: list[Node] = [statement.node for statement in reversed(script.body.statements)]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(list(children(node)))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`: its parts, its statements, and the commands substituted in its words."""
    if isinstance(node, (Chain, Pipeline)):
        yield from node.parts
        return
    for body in _substituted(node):
        yield from (statement.node for statement in body.statements)
    if isinstance(node, Block):
        for body in node.bodies:
            yield from (statement.node for statement in body.statements)


def alternatives(word: Word) -> tuple[str, ...]:
    """The patterns a brace list stands for in bash: `/var/{cache,log}` is `/var/cache` and `/var/log`.

    A word without a brace list, or with more than 64 alternatives, is its own pattern. (dash has no brace lists.)
    """
    pattern = "".join(
        part.value.translate(_MARK_BRACES) if part.kind == "literal" and not part.is_quoted else _unquoted(part)
        for part in word.parts
    )
    if not 1 <= pattern.count("\x01") <= MAX_BRACES or _MARKS.search(word.text):
        return (word.pattern,)
    found = tuple(islice(_brace_alternatives(pattern), MAX_ALTERNATIVES + 1))
    if len(found) > MAX_ALTERNATIVES:
        return (word.pattern,)
    return tuple(alternative.translate(_UNMARK_BRACES) for alternative in found)


def program(command: Command) -> tuple[str | None, tuple[Word, ...]]:
    """The program that really runs, without its folder, and its arguments.

    Wrappers are looked through: `sudo -E env A=1 /usr/bin/apt-get update` is `apt-get` with `update`. The program is
    None where there is none or where only the shell knows it: `$CC -c a.c`.
    """
    words = command.words
    while words:
        name = _program_name(words[0])
        wrapper = _WRAPPERS.get(name or "")
        inner = wrapper.inner(words[1:]) if wrapper else ()
        if not inner:
            return name, words[1:]
        words = inner
    return None, ()


def nested(command: Command) -> Nested | None:
    """The script that a command hands to another shell, where it is known as written.

    `sh -c 'a && b'`, `bash -ec "a"`, `bash <<'EOF'`. None where the outer shell would change the text first.
    """
    name, words = program(command)
    if name not in _SHELLS:
        return None
    if (script := _script_argument(words)) is not None:
        quoted = script.text[1:-1]
        is_as_written = script.text[:1] in ("'", '"') and script.text[-1:] == script.text[:1] and script.value == quoted
        return Nested(quoted, script.span.start + 1) if is_as_written else None
    heredoc = next((redirect.heredoc for redirect in command.redirects if redirect.heredoc), None)
    if heredoc is None or any(not word.text.startswith(("-", "+")) for word in words):
        return None  # `bash script.sh <<EOF` reads the file
    is_as_written = heredoc.is_literal or not (heredoc.parts or "\\" in heredoc.text)
    return Nested(heredoc.text, heredoc.span.start) if is_as_written else None


# --- helpers of the public part ---


class _Wrapper(NamedTuple):
    """A program that runs the program named in its arguments."""

    valued: str = ""  # short options that take a value
    valued_long: tuple[str, ...] = ()
    operands: int = 0  # its own, before the program
    takes_assignments: bool = False
    instead: str = ""  # short options that make it do something else than run the program

    def inner(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The words of the program inside; none where there is none."""
        index = 0
        while index < len(words) and (text := words[index].text).startswith("-") and text != "-":
            index += 1
            if text == "--":
                break
            if text.startswith("--"):
                index += text in self.valued_long
            else:
                # `-u root` has its value in the next word, `-uroot` has not.
                first = next((place for place, option in enumerate(text) if option in self.valued), len(text))
                if any(option in self.instead for option in text[1:first]):
                    return ()
                index += first == len(text) - 1
        while self.takes_assignments and index < len(words) and _ASSIGNMENT.match(words[index].text):
            index += 1
        return words[index + self.operands :]


# The options are those of the manual pages of Debian 12 (sudo 1.9, coreutils 9.1, util-linux 2.38, time 1.9, dash 0.5).
_WRAPPERS = {
    "sudo": _Wrapper("ughpCrtTUDR", ("--user", "--group", "--host", "--prompt", "--chdir"), 0, True, "lvKke"),
    "env": _Wrapper("uC", ("--unset", "--chdir"), 0, True, "S"),
    "command": _Wrapper(instead="vV"),
    "builtin": _Wrapper(),
    "exec": _Wrapper("a"),
    "time": _Wrapper("fo", ("--format", "--output")),
    "nice": _Wrapper("n", ("--adjustment",)),
    "ionice": _Wrapper("cn", ("--class", "--classdata"), 0, False, "pPu"),
    "nohup": _Wrapper(),
    "timeout": _Wrapper("ks", ("--kill-after", "--signal"), 1),
    "stdbuf": _Wrapper("ioe", ("--input", "--output", "--error")),
    "setsid": _Wrapper(),
    "eatmydata": _Wrapper(),
}
_SHELLS = frozenset(("sh", "bash", "dash", "ash"))
_SHELL_OPTIONS_WITH_VALUE = frozenset(("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))

_NO_COMMAND = Command(Span(0, 0), (), (), ())

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")  # `A=1` in `env A=1 make`
_BASENAME = re.compile(r"(?:[^\s]*/)?([\w.+@\[\]:-]+)\Z")  # `apt-get` in `/usr/bin/apt-get`, `pip` in `$VENV/bin/pip`
_SPECIAL = re.compile(r"[*?\[\]$`\\{}]")  # what a quote keeps from being special in a pattern
_MARKS = re.compile("[\x01\x02\x03]")
_MARK_BRACES = str.maketrans("{,}", "\x01\x02\x03")
_UNMARK_BRACES = str.maketrans("\x01\x02\x03", "{,}")


def _program_name(word: Word) -> str | None:
    """`apt-get` for `/usr/bin/apt-get`; None where the last part of the path is not written out."""
    match = _BASENAME.match(word.pattern if word.value is None else word.value)
    return match[1] if match else None


def _script_argument(words: Sequence[Word]) -> Word | None:
    """The word after the options of `sh`, where `-c` is among them."""
    is_command = False
    index = 0
    while index < len(words) and words[index].text[:1] in ("-", "+"):
        text = words[index].text
        is_command |= text[0] == "-" and not text.startswith("--") and "c" in text
        index += 1 + (text in _SHELL_OPTIONS_WITH_VALUE or (text[1:2] != "-" and text.endswith("o")))
    return words[index] if is_command and index < len(words) else None


def _unquoted(part: WordPart) -> str:
    if part.kind != "literal":
        return part.text
    return _SPECIAL.sub(r"\\\g<0>", part.value) if part.is_quoted else part.value


def _brace_alternatives(pattern: str) -> Iterator[str]:
    r"""The words of `pattern`, in which \x01, \x02 and \x03 stand for the brace, comma and brace that count."""
    start = -1
    while (start := pattern.find("\x01", start + 1)) >= 0:
        depth, cuts = 0, [start]
        for index in range(start, len(pattern)):
            char = pattern[index]
            depth += (char == "\x01") - (char == "\x03")
            if char == "\x02" and depth == 1:
                cuts.append(index)
            if depth == 0:
                break
        if depth or len(cuts) == 1:
            continue  # `{}` and `{a}` are words like others
        for cut, end in zip(cuts, (*cuts[1:], index), strict=True):
            for middle in _brace_alternatives(pattern[cut + 1 : end]):
                for rest in _brace_alternatives(pattern[index + 1 :]):
                    yield pattern[:start] + middle + rest
        return
    yield pattern


def _substituted(node: Command | Block) -> Iterator[StatementList]:
    """The bodies of the substitutions in the node's own words, in source order."""
    if isinstance(node, Command):
        for assignment in node.assignments:
            if assignment.value:
                yield from _bodies(assignment.value.parts)
    for word in node.words:
        yield from _bodies(word.parts)
    for redirect in node.redirects:
        if redirect.target:
            yield from _bodies(redirect.target.parts)
        if redirect.heredoc:
            yield from _bodies(redirect.heredoc.parts)


def _bodies(parts: tuple[WordPart, ...]) -> Iterator[StatementList]:
    return chain.from_iterable(part.bodies for part in parts if part.bodies)


def _placed_in(body: StatementList, place: Placed, *, decides: bool) -> Iterator[Placed]:
    """The commands of a list; `decides` says that its exit status is the script's."""
    last = len(body.statements) - 1
    for index, statement in enumerate(body.statements):
        inner = place._replace(background=True) if statement.terminator == "&" else place
        yield from _placed(statement.node, inner, decides=decides and index == last)


def _placed(node: Node, place: Placed, *, decides: bool) -> Iterator[Placed]:
    if isinstance(node, Chain):
        yield from _placed_in_chain(node, place, decides=decides)
        return
    below = place._replace(ancestors=(*place.ancestors, node))
    if isinstance(node, Pipeline):
        below = below._replace(in_pipeline=place.in_pipeline or len(node.parts) > 1)
        for part in node.parts:
            yield from _placed(part, below, decides=False)
        return
    for body in _substituted(node):
        yield from _placed_in(body, below._replace(subshell=True, in_substitution=True), decides=False)
    if isinstance(node, Command):
        yield place._replace(command=node)
        return
    for index, body in enumerate(node.bodies):
        yield from _placed_in(
            body,
            below._replace(
                # The first condition of an `if` or `while` always runs, `elif` only where those before it failed.
                conditional=below.conditional
                or body.role in ("branch", "loop")
                or (body.role == "condition" and index > 0)
                or node.kind == "function",
                subshell=below.subshell or node.kind == "subshell",
                in_function=below.in_function or node.kind == "function",
            ),
            decides=decides and body.role == "body" and node.kind != "function",
        )


def _placed_in_chain(node: Chain, place: Placed, *, decides: bool) -> Iterator[Placed]:
    below = place._replace(ancestors=(*place.ancestors, node))
    has_test = False
    last_or = max((place for place, operator in enumerate(node.operators) if operator == "||"), default=-1)
    for index, part in enumerate(node.parts):
        operator = node.operators[index - 1] if index else ""
        goes_unnoticed = not decides or index <= last_or
        conditional = operator == "||" or (has_test and goes_unnoticed)
        is_last = index == len(node.parts) - 1
        inner = below._replace(conditional=True) if conditional else below
        yield from _placed(part, inner, decides=decides and is_last)
        has_test = (has_test and operator == "&&") or _is_test(part)


def _is_test(node: Node) -> bool:
    if isinstance(node, Pipeline) and len(node.parts) == 1:
        return _is_test(node.parts[0])
    return isinstance(node, Command) and bool(node.words) and node.words[0].text in ("[", "[[", "test")


# --- reading ---


class _TooDeepError(Exception):
    """The script nests deeper than `MAX_DEPTH`."""


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
_HOLES: dict[str, PartKind] = {
    "simple_expansion": "variable",
    "expansion": "variable",
    "command_substitution": "command",
    "process_substitution": "command",
    "arithmetic_expansion": "arithmetic",
}
_SUBSTITUTIONS = frozenset(("command_substitution", "process_substitution"))
_NAMES = frozenset(("variable_name", "special_variable_name"))
_EXPRESSIONS = frozenset(
    ("unary_expression", "binary_expression", "parenthesized_expression", "ternary_expression", "postfix_expression")
)
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
_BARE_PIECE = re.compile(r"""[^\\'"$]+|\\[\s\S]|'[^']*'|\$'(?:[^'\\]|\\[\s\S])*'|[\s\S]""")  # outside double quotes
_QUOTED_PIECE = re.compile(r"""[^\\"]+|\\[\s\S]|[\s\S]""")  # inside double quotes
_EXPANDED = re.compile(r"[*?]|\[[^\[\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}|\A~")  # `*.deb`, `[a-z]`, `{a,b}`, `~/x`
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?\n")
_NEGATED_BRACES = re.compile(
    r"((?:^|[;&|(\n]|\b(?:if|elif|while|until|then|else|do))[ \t]*)!(\s+)(?={\s)"
)  # `! { a; }`
_OPENS_HOLE = re.compile(r"[$`(]")  # `$A`, `` `a` ``, `<(a)`
_ESCAPED_BLANKS = re.compile(r"(?:\\[ \t\v\f\n])+")
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=1)
def _language() -> Language | None:
    """The grammar, or None where tree-sitter is not there or too old for it."""
    try:
        from tree_sitter import Language
        from tree_sitter_bash import language

        return Language(language())
    except (ImportError, ValueError):
        return None


def _opaque(text: str) -> Script:
    return Script(text, StatementList(Span(0, 0), "script", ()), is_opaque=True, problems=())


def _read(text: str, language: Language) -> Script:
    from tree_sitter import Parser

    # tree-sitter-bash 0.25 cannot read `! { a; }`: it gets a blank for the `!`, and the reader puts the `!` back.
    negated = frozenset(match.end() for match in _NEGATED_BRACES.finditer(text)) if "!" in text else frozenset()
    readable = _NEGATED_BRACES.sub(r"\1 \2", text) if negated else text
    readable = readable.replace("\0", "\1")  # to tree-sitter a NUL is the end
    if text.isascii():
        source, offsets = readable.encode(), None
    else:
        # An undecodable byte of the file is a lone surrogate here, which UTF-8 cannot say.
        source = _SURROGATE.sub("\ufffd", readable).encode()
        offsets = list(accumulate((len(char.encode("utf-8", "surrogatepass")) for char in text), initial=0))
    root = Parser(language).parse(source).root_node
    reader = _Reader(text, offsets, negated)
    body = reader.statements(root.children, "script", 0)
    problems = (*_errors(root, reader), *reader.problems) if root.has_error else tuple(reader.problems)
    return Script(text, body, is_opaque=False, problems=problems)


def _errors(root: Raw, reader: _Reader) -> Iterator[Span]:
    stack = [root]
    while stack:
        raw = stack.pop()
        if raw.type == "ERROR" or raw.is_missing:
            yield reader.span(raw)
        elif raw.has_error:
            stack += reversed(raw.children)


def _without_errors(raws: Iterable[Raw]) -> Iterator[Raw]:
    """The nodes in order, those that tree-sitter put into an ERROR among them."""
    stack = list(raws)[::-1]
    while stack:
        raw = stack.pop()
        if raw.type == "ERROR":
            stack += reversed(raw.children)
        else:
            yield raw


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
            raise _TooDeepError
        found: list[Statement] = []
        node: Node | None = None  # read, its terminator not yet
        for raw in _without_errors(raws):
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
            part = self.pipeline(flat[start:index])
            if part is not None:
                operators += [operator for operator in flat[start - 1 : start] if parts and isinstance(operator, str)]
                parts.append(part)
            start = index + 1
        if len(parts) < 2:
            return parts[0] if parts else None
        return Chain(Span(parts[0].span.start, parts[-1].span.end), tuple(parts), tuple(operators))

    def pipeline(self, flat: list[_Simple | str]) -> Node | None:
        parts = tuple(node for item in flat if isinstance(item, _Simple) if (node := self.simple(item)) is not None)
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
        """A simple command; None where tree-sitter only wished there were one."""
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        pieces: list[Raw] = []
        for child in _pieces(simple.raw) if simple.raw else ():
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
        parts = () if is_literal else tuple(self.hole(raw, kind) for raw, kind in _holes([body]))
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
        for item in _without_errors(raws):
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
        holes = [self.hole(raw, kind) for raw, kind in _holes(raws)] if _OPENS_HOLE.search(text) else []
        parts = _syntax_parts(text, span, holes) if is_syntax else _word_parts(text, span.start, holes)
        if any(part.kind != "literal" for part in parts):
            return Word(span, text, None, parts)
        shape = "".join("x" if part.is_quoted else part.value for part in parts)
        value = None if _EXPANDED.search(shape) else "".join(part.value for part in parts)
        return Word(span, text, value, parts)

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


def _pieces(command: Raw) -> Iterable[Raw]:
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


def _holes(raws: Iterable[Raw]) -> Iterator[tuple[Raw, PartKind]]:
    """The outermost expansions in `raws`, in source order."""
    stack = list(raws)[::-1]
    while stack:
        raw = stack.pop()
        if kind := _HOLES.get(raw.type):
            yield raw, kind
        else:
            stack += reversed(raw.children)


def _syntax_parts(text: str, span: Span, holes: list[WordPart]) -> tuple[WordPart, ...]:
    parts: list[WordPart] = []
    done = span.start
    for hole in holes:
        if hole.span.start > done:
            between = text[done - span.start : hole.span.start - span.start]
            parts.append(WordPart(Span(done, hole.span.start), "syntax", between, False))
        parts.append(hole)
        done = hole.span.end
    if done < span.end:
        parts.append(WordPart(Span(done, span.end), "syntax", text[done - span.start :], False))
    return tuple(parts)


def _word_parts(text: str, start: int, holes: list[WordPart]) -> tuple[WordPart, ...]:
    """Quotes and escapes of a word resolved; `holes` are its expansions, of which nothing is read again."""
    parts: list[WordPart] = []
    opened = -1  # how many parts there were at the opening double quote; -1 outside
    index = 0
    for hole in (*holes, None):
        stop = hole.span.start - start if hole else len(text)
        while index < stop:
            match = (_BARE_PIECE if opened < 0 else _QUOTED_PIECE).match(text, index, stop)
            assert match  # each pattern ends in "any character"
            piece = match[0]
            span = Span(start + index, start + match.end())
            index = match.end()
            if piece == '"':
                if len(parts) == opened:
                    parts.append(WordPart(Span(span.start, span.start), "literal", "", is_quoted=True))
                opened = len(parts) if opened < 0 else -1
            elif piece != "\\\n":  # a continued line
                parts.append(_part(piece, span, is_quoted=opened >= 0))
        if hole:
            parts.append(replace(hole, is_quoted=True) if opened >= 0 else hole)
            index = hole.span.end - start
    return tuple(parts)


def _part(piece: str, span: Span, *, is_quoted: bool) -> WordPart:
    if is_quoted:
        is_escape = len(piece) == 2 and piece[0] == "\\" and piece[1] in '$`"\\'
        return WordPart(span, "literal", piece, True, piece[1] if is_escape else piece)
    if len(piece) > 1:
        if piece[0] == "'":
            return WordPart(span, "literal", piece, True, piece[1:-1])
        if piece[0] == "\\":
            return WordPart(span, "literal", piece, True, piece[1])
        if piece[0] == "$":
            return WordPart(span, "syntax", piece, False)  # $'...': dash takes the dollar as it is, bash does not
    return WordPart(span, "literal", piece, False, piece)
