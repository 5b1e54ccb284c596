"""The automaton of all patterns of an ignore file, walked over a path a character at a time.

The states met are remembered, so that a path costs a dictionary look-up a character for all patterns together, and a
hostile `**/**/a*a*a*b` no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.characters import anything, is_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.characters import Test

_REMEMBERED_NODES = 1_000_000  # over all states: about 100 MB at the very worst, a few hundred kB ordinarily


class Item(NamedTuple):
    """One step of a pattern.

    kind "literal" reads the character `text`, "one" a character that passes `test`, "many" any number of these,
    "folders" the same with a slash after them, or nothing at all; "if" reads nothing and goes on where condition
    `text` holds: `^` the start, `z` the end, `b` a word's edge, `B` none.
    """

    kind: str
    text: str = ""
    test: Test = anything


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
    known: dict[Item, int] = field(default_factory=dict)  # where an item that is no plain character leads


class Automaton:
    """The tree of all patterns, and the states (sets of its nodes, by number) met so far."""

    __slots__ = ("_has_conditions", "_nodes", "_remembered", "_states", "start")

    def __init__(self) -> None:
        self._nodes = [_Node()]
        self._has_conditions = False
        self._states: dict[tuple[frozenset[int], str], State] = {}
        self._remembered = 0  # nodes of all states
        self.start = State(self, frozenset((0,)), "")

    def add(self, items: list[Item], index: int, may_return: bool) -> None:
        """Add the steps of pattern number `index`; all are added before the first path is matched."""
        node = self._nodes[0]
        node.may_return |= may_return
        for item in items:
            node = self._nodes[self._next(node, item)]
            node.may_return |= may_return
        node.accepts |= 1 << index

    def _next(self, node: _Node, item: Item) -> int:
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

    def after(self, state: State, ch: str) -> State:
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
        self._states[key] = made = State(self, *key)
        return made

    def accepted(self, state: State) -> int:
        """A bit for each pattern that matches where the path ends in `state`."""
        bits = 0
        for number in self._standing(state, ""):
            bits |= self._nodes[number].accepts
        return bits

    def may_return(self, state: State) -> bool:
        """Whether a pattern with `!` may still match."""
        return any(self._nodes[number].may_return for number in state.nodes)

    def _seen(self, ch: str) -> str:
        """What conditions may ask about a character: "w" for one of a word, "-" for another."""
        return "w" if self._has_conditions and is_word(ch) else "-"

    def _standing(self, state: State, following: str) -> Iterable[int]:
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


class State(dict[str, "State"]):
    """What is reached after some characters: `state[ch]` is the state after one more.

    `seen` is the last character as conditions see it, "" at the start.
    """

    __slots__ = ("_accepted", "_automaton", "_may_return", "nodes", "seen")

    def __init__(self, automaton: Automaton, nodes: frozenset[int], seen: str) -> None:
        super().__init__()
        self._automaton = automaton
        self.nodes = nodes
        self.seen = seen
        self._accepted: int | None = None
        self._may_return: bool | None = None

    def __missing__(self, ch: str) -> State:
        self[ch] = state = self._automaton.after(self, ch)
        return state

    @property
    def is_dead(self) -> bool:
        """Whether nothing matches any more, whatever follows."""
        return not self.nodes

    @property
    def accepted(self) -> int:
        """A bit for each pattern that matches if the path ends here."""
        if self._accepted is None:
            self._accepted = self._automaton.accepted(self)
        return self._accepted

    @property
    def may_return(self) -> bool:
        """Whether a pattern with `!` may still match."""
        if self._may_return is None:
            self._may_return = self._automaton.may_return(self)
        return self._may_return
