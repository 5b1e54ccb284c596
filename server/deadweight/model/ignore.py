r"""Which paths an ignore file leaves out of the build context: moby/patternmatcher, exactly, in linear time.

moby turns each pattern into a plain comparison or into a Go regular expression, often a surprising one: in `[a*]`
the star is expanded inside the brackets, and `\d` is a digit. We read the same expression into a small automaton,
join those of all patterns into one, and walk it over a path a character at a time. The states met are remembered, so
that a path costs a dictionary look-up a character for all patterns together, and a hostile `**/**/a*a*a*b` no more.
What each prefix before a `/` matches is known on the way: these are the parents.

Source: github.com/moby/patternmatcher at commit 5a6d842, with POSIX paths; Go's regexp/syntax and path/filepath.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax.dockerignore import SPACE, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Test = Callable[[str], bool]

_ILLEGAL = "syntax error in pattern"
_REMEMBERED_FOLDERS = 20_000
_REMEMBERED_NODES = 1_000_000  # over all states: about 100 MB at the very worst, a few hundred kB ordinarily


@dataclass(frozen=True, slots=True)
class Problem:
    """A pattern that Docker rejects, and with it the build: the pattern's index, and why."""

    index: int
    message: str


class Reached(NamedTuple):
    """How matching stands at a path: what a walk hands down from a folder to its entries.

    `decided_by` is the index of the pattern that decides, None where no pattern matches. `may_return` says of an
    excluded folder whether an exception may bring back something below it, so that a walk must enter it.
    """

    excluded: bool
    decided_by: int | None
    may_return: bool
    matched: int  # a bit for each pattern that matched this path or a parent
    state: _State


class Matcher:
    """The patterns of one ignore file, ready to match. Illegal ones are in `problems` and match nothing.

    Paths are relative to the context, cleaned, with `/` between names.
    """

    __slots__ = ("_automaton", "_folders", "_negated", "problems", "top")

    def __init__(self, automaton: _Automaton, negated: int, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self.top = Reached(False, None, False, 0, automaton.start)  # the context's root
        self._automaton = automaton
        self._negated = negated  # a bit for each pattern with `!`
        self._folders: dict[str, tuple[int, _State]] = {"": (0, automaton.start)}

    def decides(self, path: str) -> int | None:
        """The index of the pattern that decides on `path`, by itself or by a parent; None where none matches.

        This is moby's MatchesOrParentMatches. `at` says what a build does, which differs in a corner.
        """
        parent, slash, name = path.rpartition("/")
        matched, state = self._below(parent) if slash else self._folders[""]
        for ch in name:
            state = state[ch]
        matched |= state.accepted
        return matched.bit_length() - 1 if matched else None

    def excludes(self, path: str) -> bool:
        """Whether MatchesOrParentMatches leaves `path` out."""
        index = self.decides(path)
        return index is not None and not self._negated >> index & 1

    def below(self, folder: Reached, name: str) -> Reached:
        """How matching stands at entry `name` of `folder`: moby's MatchesUsingParentResults, as builds walk.

        A pattern is tried only where it would change the verdict, and what was not tried on a folder does not pass
        down: with `**/*.md` and `!docs`, docs/a.md is left out, though MatchesOrParentMatches says that it is not.
        """
        state = folder.state
        for ch in name:
            state = state[ch]
        matched = folder.matched
        own = state.accepted & ~matched
        after = state["/"]
        if not self._negated:
            matched |= own
            return Reached(matched != 0, matched.bit_length() - 1 if matched else None, False, matched, after)
        excluded = False
        decided_by = None
        tried = matched | own
        while tried:
            bit = tried & -tried
            tried ^= bit
            negated = bit & self._negated != 0
            if not bit & matched:
                if negated != excluded:
                    if excluded:
                        decided_by = bit.bit_length() - 1  # not tried by moby, yet it says the same, and later
                    continue
                matched |= bit
            excluded = not negated
            decided_by = bit.bit_length() - 1
        return Reached(excluded, decided_by, excluded and after.may_return, matched, after)

    def at(self, path: str) -> Reached:
        """How matching stands at `path` when a build walks down to it from the root of the context."""
        reached = self.top
        for name in path.split("/"):
            reached = self.below(reached, name)
        return reached

    def _below(self, folder: str) -> tuple[int, _State]:
        """What matched `folder` or a parent of it, and the state after its slash."""
        if known := self._folders.get(folder):
            return known
        matched, state = self._folders[""]
        for ch in folder:
            if ch == "/":
                matched |= state.accepted
            state = state[ch]
        if len(self._folders) > _REMEMBERED_FOLDERS:
            self._folders = {"": self._folders[""]}
        self._folders[folder] = found = (matched | state.accepted, state["/"])
        return found


def compile_patterns(patterns: Iterable[str]) -> Matcher:
    """A matcher of `patterns` as `syntax.dockerignore` gives them, negated ones with their `!`. Never raises."""
    automaton = _Automaton()
    negated = 0
    problems: list[Problem] = []
    for index, written in enumerate(patterns):
        pattern = written.strip(SPACE)
        if not pattern:
            continue
        pattern = clean(pattern)
        is_negated = pattern.startswith("!")
        if pattern == "!":
            problems.append(Problem(index, 'illegal exclusion pattern: "!"'))
            continue
        pattern = pattern[is_negated:]
        try:
            read_glob(pattern)
            items = _items(pattern)
        except ValueError:
            problems.append(Problem(index, _ILLEGAL))
            continue
        negated |= is_negated << index
        automaton.add(items, index, may_return=is_negated)
    return Matcher(automaton, negated, tuple(problems))


# --- Go's filepath.Match ---------------------------------------------------------------------------------------------


class Glob(NamedTuple):
    """A pattern of Go's filepath.Match for one path segment: tests for a character each, None for `*`."""

    tokens: Sequence[Test | None]

    def matches(self, name: str) -> bool:
        """Whether all of `name`, which holds no slash, matches; at most len(tokens) * len(name) steps."""
        tokens = self.tokens
        token = at = 0
        star = -1
        resume = 0
        while at < len(name):
            if token < len(tokens) and (test := tokens[token]) is None:
                star, resume = token, at
                token += 1
            elif token < len(tokens) and test is not None and test(name[at]):
                token += 1
                at += 1
            elif star >= 0:
                resume += 1
                token, at = star + 1, resume
            else:
                return False
        return all(test is None for test in tokens[token:])


def read_glob(pattern: str) -> Glob:
    """`pattern` as Go's filepath.Match reads it. Raises ValueError where that says "syntax error in pattern"."""
    tokens: list[Test | None] = []
    at = 0
    while at < len(pattern):
        ch = pattern[at]
        at += 1
        if ch == "*":
            tokens.append(None)
        elif ch == "?":
            tokens.append(_not_slash)
        elif ch == "[":
            test, at = _glob_class(pattern, at)
            tokens.append(test)
        else:
            if ch == "\\":
                if at == len(pattern):
                    raise ValueError(_ILLEGAL)
                ch = pattern[at]
                at += 1
            tokens.append(ch.__eq__)
    return Glob(tokens)


def _glob_class(pattern: str, at: int) -> tuple[Test, int]:
    """The class whose `[` ends at `at`, and the offset after its `]`."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _glob_class_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _glob_class_char(pattern, at + 1)
        ranges.append((low, high))
    return _one_of([_between(low, high) for low, high in ranges], negated), at + 1


def _glob_class_char(pattern: str, at: int) -> tuple[str, int]:
    """One character of a class, escaped or not, and the offset after it, where more must follow."""
    if pattern[at : at + 1] in ("-", "]"):
        raise ValueError(_ILLEGAL)
    at += pattern.startswith("\\", at)
    # Go rejects a byte that is no UTF-8 here; read from disk it is a lone surrogate.
    if at + 1 >= len(pattern) or "\ud800" <= pattern[at] <= "\udfff":
        raise ValueError(_ILLEGAL)
    return pattern[at], at + 1


# --- from a pattern to tests for characters --------------------------------------------------------------------------


def _any(_: str) -> bool:
    return True


def _not_newline(ch: str) -> bool:
    return ch != "\n"


def _not_slash(ch: str) -> bool:
    return ch != "/"


def _is_word(ch: str) -> bool:
    return ch == "_" or (ch.isascii() and ch.isalnum())


def _between(low: str, high: str) -> Test:
    return lambda ch: low <= ch <= high


def _not(test: Test) -> Test:
    return lambda ch: not test(ch)


def _one_of(tests: list[Test], negated: bool) -> Test:
    return lambda ch: any(test(ch) for test in tests) != negated


class _Item(NamedTuple):
    """One step of a pattern.

    kind "literal" reads the character `text`, "one" a character that passes `test`, "many" any number of these,
    "folders" the same with a slash after them, or nothing at all; "if" reads nothing and goes on where condition
    `text` holds: `^` the start, `z` the end, `b` a word's edge, `B` none.
    """

    kind: str
    text: str = ""
    test: Test = _any


def _items(pattern: str) -> list[_Item]:
    """The steps to match all of a path with `pattern`. Raises ValueError where Go's regexp.Compile would fail."""
    expression, kind = _expression(pattern)
    if kind == "exact":
        return _literal(pattern)
    if kind == "prefix":
        return [*_literal(pattern[:-2]), _Item("many", test=_any)]
    if kind == "suffix" and pattern.startswith("**/"):
        # `**/foo` matches what ends in /foo, and foo.
        return [_Item("folders", test=_any), *_literal(pattern[3:])]
    if kind == "suffix":
        return [_Item("many", test=_any), *_literal(pattern[2:])]
    return _read_expression(expression)


def _literal(text: str) -> list[_Item]:
    return [_Item("literal", ch) for ch in text]


# A `**` with the slash it takes along, a character with its backslash, or any other character.
_WORD = re.compile(r"\*\*/?|\\.|.", re.DOTALL)


def _expression(pattern: str) -> tuple[str, str]:
    """The regular expression that moby makes of `pattern`, and how it matches: exact, prefix, suffix or expression."""
    kind = "exact"
    made: list[str] = []
    for word in _WORD.finditer(pattern):
        text = word[0]
        if text in ("**", "**/"):
            if word.end() < len(pattern):
                made.append("(.*/)?")
                kind = "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                made.append(".*")
                kind = "expression"
            if word.start() == 0:
                kind = "suffix"
        elif text in ("*", "?"):
            made.append("[^/]*" if text == "*" else "[^/]")
            kind = "expression"
        elif text in ".+()|{}$":
            made.append("\\" + text)
        else:
            made.append(text)
            if len(text) == 2 or text in "[]":
                kind = "expression"
    return "".join(made), kind


def _read_expression(expression: str) -> list[_Item]:
    """The items of an expression made by `_expression`: literals, classes, stars and groups, escapes, conditions."""
    items: list[_Item] = []
    at = 0
    while at < len(expression):
        ch = expression[at]
        if expression.startswith("(.*/)?", at):
            items.append(_Item("folders", test=_not_newline))
            at += 6
        elif expression.startswith(".*", at):
            items.append(_Item("many", test=_not_newline))
            at += 2
        elif ch == "[":
            is_ours = expression.startswith("[^/]", at)  # one test for all of them lets patterns share their states
            test, at = (_not_slash, at + 4) if is_ours else _class(expression, at + 1)
            repeated = expression.startswith("*", at)
            items.append(_Item("many" if repeated else "one", test=test))
            at += repeated
        elif expression.startswith("\\Q", at):
            # Quoted up to \E; without one, up to the `$` that moby appends, and then nothing holds the end.
            quoted, closed, _ = (expression[at + 2 :] + "$").partition("\\E")
            items += _literal(quoted)
            at += len(quoted) + 4
            if not closed:
                items.append(_Item("many", test=_any))
        elif ch == "\\" and expression[at + 1 : at + 2] in tuple("AbBz"):
            items.append(_Item("if", expression[at + 1].replace("A", "^")))
            at += 2
        elif ch == "^":
            items.append(_Item("if", "^"))
            at += 1
        elif ch == "\\":
            if escaped := _escaped_class(expression, at):
                test, at = escaped
                items.append(_Item("one", test=test))
            else:
                ch, at = _escaped(expression, at)
                items.append(_Item("literal", ch))
        else:
            items.append(_Item("literal", ch))
            at += 1
    return items


_NAMED_CLASS = re.compile(r"\[:(\^?)([^\]]*?):\]")  # [[:alpha:]]
_NAMED: dict[str, str] = {  # RE2's POSIX classes, ASCII only; each a class of Python's
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PERL = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}


def _class(expression: str, at: int) -> tuple[Test, int]:
    """The class whose `[` ends at `at` as RE2 reads it, and the offset after its `]`."""
    negated = expression.startswith("^", at)
    at += negated
    tests: list[Test] = []
    while not (tests and expression.startswith("]", at)):
        if named := _NAMED_CLASS.match(expression, at):
            if named[2] not in _NAMED:
                raise ValueError(_ILLEGAL)
            test = _members(_NAMED[named[2]], negated=bool(named[1]))
            at = named.end()
        elif escaped := _escaped_class(expression, at):
            test, at = escaped
        else:
            low, at = _escaped(expression, at)
            high = low
            if expression.startswith("-", at) and not expression.startswith("]", at + 1):
                high, at = _escaped(expression, at + 1)
            if high < low:
                raise ValueError(_ILLEGAL)
            test = _between(low, high)
        tests.append(test)
    return _one_of(tests, negated), at + 1


def _members(python_class: str, negated: bool) -> Test:
    """A test for the characters of a class written in Python's syntax."""
    find = re.compile(f"[{'^' * negated}{python_class}]").match
    return lambda ch: find(ch) is not None


def _escaped_class(expression: str, at: int) -> tuple[Test, int] | None:
    r"""A class such as `\d` or `\pL` at `at` and the offset after it, if there is one."""
    escape = expression[at : at + 2]
    if escape in ("\\p", "\\P"):
        category = expression[at + 2 : at + 3]
        if category not in tuple("CLMNPSZ"):
            raise ValueError(_ILLEGAL)
        test = _in_category(category)
        return (test if escape == "\\p" else _not(test)), at + 3
    if len(escape) == 2 and escape[0] == "\\" and (letters := _PERL.get(escape[1].lower())):
        return _members(letters, negated=escape[1].isupper()), at + 2
    return None


def _in_category(category: str) -> Test:
    """A test for a one-letter Unicode category."""
    import unicodedata

    return lambda ch: unicodedata.category(ch)[0] == category and unicodedata.category(ch) != "Cn"


_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_HEX = re.compile(r"x([0-9A-Fa-f]{2})")


def _escaped(expression: str, at: int) -> tuple[str, int]:
    """The one character at `at`, escaped or not, and the offset after it."""
    if at >= len(expression):
        raise ValueError(_ILLEGAL)
    if expression[at] != "\\":
        return expression[at], at + 1
    if octal := _OCTAL.match(expression, at + 1):
        return chr(int(octal[0], 8)), octal.end()
    if code := _HEX.match(expression, at + 1):
        return chr(int(code[1], 16)), code.end()
    ch = expression[at + 1 : at + 2]
    if ch in _CONTROL:
        return _CONTROL[ch], at + 2
    if ch.isascii() and ch and not ch.isalnum():
        return ch, at + 2
    raise ValueError(_ILLEGAL)


# --- the automaton of all patterns -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """A place in the tree of all patterns, which share their beginnings.

    A character goes on by `literals` or `tested`, or stays by `loop`; the `free` nodes are reached without one, where
    their `condition`, if any, holds. `accepts` has a bit for each pattern that ends here.
    """

    loop: Test | None = None
    condition: str = ""
    accepts: int = 0
    may_return: bool = False  # a pattern with `!` goes through here
    literals: dict[str, int] = field(default_factory=dict)
    tested: dict[Test, int] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    known: dict[_Item, int] = field(default_factory=dict)  # where an item that is no plain character leads


class _Automaton:
    """The tree of all patterns, and the states (sets of its nodes, by number) met so far."""

    __slots__ = ("_has_conditions", "_nodes", "_remembered", "_states", "start")

    def __init__(self) -> None:
        self._nodes = [_Node()]
        self._has_conditions = False
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._remembered = 0  # nodes of all states
        self.start = _State(self, frozenset((0,)), "")

    def add(self, items: list[_Item], index: int, may_return: bool) -> None:
        """Add the steps of pattern number `index`; all are added before the first path is matched."""
        node = self._nodes[0]
        node.may_return |= may_return
        for item in items:
            node = self._nodes[self._next(node, item)]
            node.may_return |= may_return
        node.accepts |= 1 << index

    def _next(self, node: _Node, item: _Item) -> int:
        """The node to which `item` leads from `node`, made if it is new."""
        if item.kind == "literal":
            if item.text not in node.literals:
                node.literals[item.text] = self._new(_Node())
            return node.literals[item.text]
        if item in node.known:
            return node.known[item]
        if item.kind == "one":
            node.tested[item.test] = after = self._new(_Node())
        elif item.kind == "many":
            after = self._new(_Node(loop=item.test))
            node.free.append(after)
        elif item.kind == "folders":
            after = self._new(_Node())
            folders = self._new(_Node(loop=item.test, literals={"/": after}))
            node.free += (folders, after)
        else:
            after = self._new(_Node(condition=item.text))
            node.free.append(after)
            self._has_conditions = True
        node.known[item] = after
        return after

    def _new(self, node: _Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def after(self, state: _State, ch: str) -> _State:
        """The state after `ch`, remembered."""
        seen = self._seen(ch)
        nodes: set[int] = set()
        for number in self._standing(state, seen):
            node = self._nodes[number]
            if ch in node.literals:
                nodes.add(node.literals[ch])
            if node.loop and node.loop(ch):
                nodes.add(number)
            for test, following in node.tested.items():
                if test(ch):
                    nodes.add(following)
        key = (frozenset(nodes), seen)
        if (known := self._states.get(key)) is not None:  # a state without successors yet is an empty dictionary
            return known
        self._remembered += len(nodes) + 1
        if self._remembered > _REMEMBERED_NODES:
            for old in self._states.values():
                old.clear()
            self._states.clear()
            self._remembered = len(nodes) + 1
        self._states[key] = made = _State(self, *key)
        return made

    def accepted(self, state: _State) -> int:
        """A bit for each pattern that matches where the path ends in `state`."""
        bits = 0
        for number in self._standing(state, ""):
            bits |= self._nodes[number].accepts
        return bits

    def may_return(self, state: _State) -> bool:
        """Whether a pattern with `!` may still match."""
        return any(self._nodes[number].may_return for number in state.nodes)

    def _seen(self, ch: str) -> str:
        """What conditions may ask about a character: "w" for one of a word, "-" for another."""
        return "w" if self._has_conditions and _is_word(ch) else "-"

    def _standing(self, state: _State, following: str) -> Iterable[int]:
        """All nodes that `state` stands for before a character `following` ("" at the end)."""
        boundary = "b" if (state.seen == "w") != (following == "w") else "B"
        holding = ("^" * (state.seen == "")) + ("z" * (following == "")) + boundary
        found: dict[int, None] = {}
        waiting = list(state.nodes)
        while waiting:
            number = waiting.pop()
            if number in found:
                continue
            found[number] = None
            waiting += (free for free in self._nodes[number].free if self._nodes[free].condition in holding)
        return found


class _State(dict[str, "_State"]):
    """What is reached after some characters: `state[ch]` is the state after one more.

    `seen` is the last character as conditions see it, "" at the start; `accepted` has a bit for each pattern that
    matches if the path ends here.
    """

    __slots__ = ("_accepted", "_automaton", "_may_return", "nodes", "seen")

    def __init__(self, automaton: _Automaton, nodes: frozenset[int], seen: str) -> None:
        super().__init__()
        self._automaton = automaton
        self.nodes = nodes
        self.seen = seen
        self._accepted: int | None = None
        self._may_return: bool | None = None

    def __missing__(self, ch: str) -> _State:
        self[ch] = state = self._automaton.after(self, ch)
        return state

    @property
    def accepted(self) -> int:
        if self._accepted is None:
            self._accepted = self._automaton.accepted(self)
        return self._accepted

    @property
    def may_return(self) -> bool:
        if self._may_return is None:
            self._may_return = self._automaton.may_return(self)
        return self._may_return
