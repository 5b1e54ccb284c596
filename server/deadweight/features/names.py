"""An index of a Dockerfile's names: stages, images, variables and heredocs, and every place that stands for each.

Stages are found as BuildKit finds them: FROM sees the stages above it, `--from` the last stage of that name. A variable
of a stage lives on in the stages that stand on it; a global ARG is seen by FROM and where a stage says `ARG NAME`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadweight.features.mentions import Mention, mentions
from deadweight.syntax.words import Literal as Text
from deadweight.syntax.words import WordError, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction, Placed
    from deadweight.text import Span

Kind = Literal["stage", "image", "variable", "heredoc"]
Manner = Literal["name", "number", "computed", "unset"]

# What Docker gives a value without being told (docs.docker.com/reference/dockerfile, read 2026-11-23).
PLATFORM_ARGUMENTS = frozenset(
    side + what for side in ("TARGET", "BUILD") for what in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
) | {"TARGETSTAGE"}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
PREDEFINED = PLATFORM_ARGUMENTS.union(
    _PROXIES, map(str.lower, _PROXIES), ("SOURCE_DATE_EPOCH", "PATH", "HOME", "HOSTNAME", "TERM")
)


class Occurrence(NamedTuple):
    """A place that stands for a symbol; `span` covers just the name, in the file.

    `manner`: by "name"; by "number" as in `--from=0`; "computed" for a FROM whose variables come to a stage's name;
    "unset" where a variable is read that nothing in the file has set there: the base image may have.
    `definition` is the declaration in force; `keyword` the instruction.
    """

    span: Span
    use: Literal["declaration", "write", "read"]
    keyword: str
    definition: Span | None
    manner: Manner = "name"
    scope: int = -1  # the index of the stage; -1 above the first FROM, and for what FROM reads


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name with all its places, in source order."""

    kind: Kind
    name: str
    occurrences: tuple[Occurrence, ...]

    @property
    def declarations(self) -> tuple[Occurrence, ...]:
        """Where it is declared, or set again."""
        return tuple(each for each in self.occurrences if each.use == "declaration")


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables that a stage mentions, and the stage that it stands on."""

    parent: int | None
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Names:
    """All symbols of a file. `scopes` are those of the stages, and last what is above the first FROM."""

    symbols: tuple[Symbol, ...]
    scopes: tuple[Scope, ...]
    # Of every FROM with variables: what it names as the file stands, and the text between the variables.
    computed: frozenset[str]
    choices: tuple[tuple[str, ...], ...]

    def at(self, offset: int) -> tuple[Symbol, Occurrence] | None:
        """What stands at an offset, or ends there."""
        found = (
            (symbol, each)
            for symbol in self.symbols
            for each in symbol.occurrences
            if each.span.start <= offset <= each.span.end
        )
        # A variable in the name of an image lies inside that name; what begins here goes before what ends here.
        return min(found, key=lambda pair: (pair[1].span.end == offset, _length(pair[1])), default=None)

    def of_kind(self, kind: Kind) -> Iterator[Symbol]:
        """The symbols of a kind."""
        return (symbol for symbol in self.symbols if symbol.kind == kind)

    def is_choice(self, name: str) -> bool:
        """Whether a FROM with variables may name this stage: `FROM base-$VARIANT`."""
        return name.lower() in self.computed or any(_fits(choice, name.lower()) for choice in self.choices)

    def visible(self, scopes: frozenset[int]) -> frozenset[str]:
        """The variables mentioned in these scopes, in the stages that stand on them, and in those they stand on."""
        below = set(scopes)
        for index, scope in enumerate(self.scopes[:-1]):
            if scope.parent in below:
                below.add(index)
        for index in list(below):
            parent = self.scopes[index].parent
            while parent is not None and parent not in below:
                below.add(parent)
                parent = self.scopes[parent].parent
        return frozenset(chain.from_iterable(self.scopes[index].names for index in below))


def read_names(snapshot: Snapshot) -> Names:
    """The index of a file; an empty one for a file in another frontend's language."""
    reader = _Reader(snapshot)
    if not snapshot.is_foreign:
        for placed in snapshot.tree.instructions:
            reader.instruction(placed)
    return reader.result()


class _InForce(NamedTuple):
    """The declaration of a variable that counts at some place."""

    span: Span
    is_env: bool


class _Known(NamedTuple):
    """What a name stands for at some place: the variable, and its declaration where there is one."""

    key: int
    in_force: _InForce | None = None


@dataclass
class _Scope:
    """What is known of a scope up to some place."""

    index: int
    parent: _Scope | None = None
    shell: tuple[str, ...] = ()
    variables: dict[str, _Known] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    runtime: list[tuple[Mention, Span, str]] = field(default_factory=list)

    def inherited(self, name: str) -> _Known | None:
        """What a name stands for in the stages below."""
        scope = self.parent
        while scope is not None:
            if known := scope.variables.get(name):
                return known
            scope = scope.parent
        return None


class _Reader:
    """One pass over a file; a class because every step adds to the same symbols."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.outer = self.scope = _Scope(-1)
        self.scopes: list[_Scope] = []
        self.variables: list[tuple[str, list[Occurrence]]] = []
        self.seen: set[str] = set()  # the names of all variables: a new one needs no walk through the stages below
        self.same: list[int] = []  # of each variable, the one that it turned out to be
        self.stages: list[tuple[str, list[Occurrence], Span]] = []  # name, places, where it is declared
        self.stage_names: dict[str, int] = {}
        self.images: dict[str, list[Occurrence]] = {}
        self.heredocs: list[tuple[str, list[Occurrence]]] = []
        self.sources: list[tuple[Mention, Span, str]] = []
        self.computed: set[str] = set()
        self.choices: list[tuple[str, ...]] = []

    def instruction(self, placed: Placed) -> None:
        instruction = placed.instruction
        if instruction.keyword == "FROM":
            self.start_stage(placed)
            return
        scope = self.scope
        for mention in mentions(instruction, scope.shell):
            self.mention(mention, mention.span.shifted(placed.offset), instruction.keyword, placed.offset)
        if instruction.keyword == "SHELL" and instruction.array:
            scope.shell = tuple(word.value or "" for word in instruction.array)

    def mention(self, mention: Mention, span: Span, keyword: str, offset: int) -> None:
        match mention.role:
            case "use" | "set":
                self.use(self.scope, mention, span, keyword)
            case "runtime":
                self.scope.runtime.append((mention, span, keyword))
            case "own":
                self.scope.names.add(mention.name)
            case "arg" | "bare_arg" | "env":
                self.declare(mention, span, offset)
            case "source":
                self.sources.append((mention, span, keyword))
            case "opener":
                self.heredocs.append((mention.name, [Occurrence(span, "declaration", keyword, span)]))
            case "terminator":
                opener = self.heredocs[-1][1]
                opener.append(Occurrence(span, "read", keyword, opener[0].span))
            case "base" | "stage":
                pass  # ONBUILD FROM is no stage

    # --- variables ---

    def use(self, scope: _Scope, mention: Mention, span: Span, keyword: str, *, is_runtime: bool = False) -> None:
        key, in_force = self.variable(scope, mention.name)
        if in_force and is_runtime and not in_force.is_env:
            in_force = None
        definition = in_force.span if in_force else None
        manner: Manner = "name" if in_force or mention.name in PLATFORM_ARGUMENTS else "unset"
        use: Literal["write", "read"] = "write" if mention.role == "set" else "read"
        self.variables[key][1].append(Occurrence(span, use, keyword, definition, manner, scope.index))

    def declare(self, mention: Mention, span: Span, offset: int) -> None:
        scope, name, is_env = self.scope, mention.name, mention.role == "env"
        key, before = self.variable(scope, name)
        definition = span
        if scope is not self.outer and not is_env:
            above = self.outer.variables.get(name)
            is_bare = mention.role == "bare_arg"
            given = above.in_force if above and is_bare else None
            definition = given.span if given else span
            if name in PLATFORM_ARGUMENTS or given or (is_bare and not before):
                self.unite(key, self.variable(self.outer, name).key)
        places = self.variables[key][1]
        if not is_env and not before:
            # `ARG A=${A:-1}` means itself.
            at = len(places)
            while at and places[at - 1].span.start >= offset:
                at -= 1
                places[at] = places[at]._replace(manner="name", definition=span)
        places.append(Occurrence(span, "declaration", "ENV" if is_env else "ARG", definition, scope=scope.index))
        if is_env or not (before and before.is_env):  # ENV wins over ARG
            scope.variables[name] = _Known(key, _InForce(span, is_env))

    def variable(self, scope: _Scope, name: str) -> _Known:
        """What a name stands for in a scope so far."""
        scope.names.add(name)
        known = scope.variables.get(name)
        if known is None:
            known = scope.inherited(name) if name in self.seen else None
            if known is None:
                known = _Known(len(self.variables))
                self.variables.append((name, []))
                self.same.append(known.key)
                self.seen.add(name)
            # Nothing changes any more in a stage below.
            scope.variables[name] = known
        return known

    def root(self, key: int) -> int:
        while self.same[key] != key:
            key = self.same[key]
        return key

    def unite(self, key: int, other: int) -> None:
        self.same[self.root(key)] = self.root(other)

    # --- stages ---

    def start_stage(self, placed: Placed) -> None:
        self.end_stage()
        instruction, index = placed.instruction, len(self.scopes)
        name, declared, base = "", instruction.keyword_span.shifted(placed.offset), None
        for mention in mentions(instruction):
            span = mention.span.shifted(placed.offset)
            if mention.role == "use":
                self.use(self.outer, mention, span, "FROM")
            elif mention.role == "base":
                base = self.base(instruction, index, mention, span)
            elif mention.role == "stage":
                name, declared = mention.name, span
        parent = self.scopes[base] if base is not None else None
        self.scope = _Scope(index, parent, parent.shell if parent else ())
        self.scopes.append(self.scope)
        places = [Occurrence(declared, "declaration", "FROM", declared)] if name else []
        self.stages.append((name, places, declared))
        if name:
            self.stage_names[name.lower()] = index

    def base(self, instruction: Instruction, index: int, mention: Mention, span: Span) -> int | None:
        """The stage that a FROM stands on."""
        is_computed = "$" in mention.name
        text = mention.name
        if is_computed:
            self.choices += filter(None, [_choice(text, instruction.escape)])
            text = self.snapshot.build.stages[index].base_text
            self.computed.add(text.lower())
        found = self.stage_names.get(text.lower())
        if found is not None:
            _, places, declared = self.stages[found]
            places.append(Occurrence(span, "read", "FROM", declared, "computed" if is_computed else "name"))
        elif not is_computed:
            self.images.setdefault(text, []).append(Occurrence(span, "read", "FROM", None))
        return found

    def end_stage(self) -> None:
        """What runs in the container sees the variables at the end of the stage, those of ENV alone."""
        for mention, span, keyword in self.scope.runtime:
            self.use(self.scope, mention, span, keyword, is_runtime=True)

    def source(self, mention: Mention, span: Span, keyword: str) -> None:
        name = mention.name
        is_number = name.isascii() and name.isdecimal()
        index = self.stage_names.get(name.lower())
        if is_number:
            index = int(name) if len(name) < _DIGITS and int(name) < len(self.stages) else None
        if index is None:
            self.images.setdefault(name, []).append(Occurrence(span, "read", keyword, None))
            return
        _, places, declared = self.stages[index]
        if not places:
            places.append(Occurrence(declared, "declaration", "FROM", declared, "number"))
        places.append(Occurrence(span, "read", keyword, declared, "number" if is_number else "name"))

    def result(self) -> Names:
        self.end_stage()
        for source in self.sources:
            self.source(*source)
        merged: dict[int, list[Occurrence]] = {}
        for key, (_, places) in enumerate(self.variables):
            merged.setdefault(self.root(key), []).extend(places)
        symbols = [
            *(_symbol("stage", name, places) for name, places, _ in self.stages),
            *(_symbol("image", name, places) for name, places in self.images.items()),
            *(_symbol("variable", self.variables[key][0], places) for key, places in merged.items()),
            *(_symbol("heredoc", name, places) for name, places in self.heredocs),
        ]
        scopes = [
            Scope(scope.parent.index if scope.parent else None, frozenset(scope.names))
            for scope in (*self.scopes, self.outer)
        ]
        found = tuple(symbol for symbol in symbols if symbol.occurrences)
        return Names(found, tuple(scopes), frozenset(self.computed), tuple(self.choices))


_DIGITS = 5  # of a stage's number: no file has so many stages


def _symbol(kind: Kind, name: str, places: list[Occurrence]) -> Symbol:
    return Symbol(kind, name, tuple(sorted(places, key=lambda place: place.span)))


def _length(place: Occurrence) -> int:
    return place.span.end - place.span.start


def _choice(text: str, escape: str) -> tuple[str, ...]:
    """What stands between the variables of a FROM; nothing where it is variables alone, which may come to anything."""
    try:
        found = parts(text, escape)
    except WordError:
        return ()
    stretches = [""]
    for part in found:
        if isinstance(part, Text):
            stretches[-1] += part.value.lower()
        else:
            stretches.append("")
    return tuple(stretches) if re.search(r"\w", "".join(stretches)) else ()


def _fits(choice: tuple[str, ...], name: str) -> bool:
    """Whether variables can make a FROM name this stage."""
    first, *middle, last = choice
    if len(first) + len(last) > len(name) or not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for stretch in middle:
        at = name.find(stretch, at, end) + len(stretch)
        if at < len(stretch):
            return False
    return True
