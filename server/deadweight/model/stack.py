"""A layer and all that lies below it, and what is asked of them: each layer answers out of what those below come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from deadweight.lazy import cached_property
from deadweight.model.effects import Copied, CopiedFromStage, Kind, Leftover, Measured, PackageSet, Text, covers
from deadweight.model.playing import Rest, after_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer


class Stack:
    """A layer and all that lies below it. Each layer above an edit gets a new one: a dataclass takes longer.

    `was` is what stood there before the edit, which knows most answers.
    """

    def __init__(self, top: Layer, below: Stack | None, was: Stack | None = None) -> None:
        self.top = top
        self.below = below
        self.was = was
        if was is not None:
            was.was = None

    def __iter__(self) -> Iterator[Layer]:
        """The layers, the newest first."""
        at: Stack | None = self
        while at is not None:
            yield at.top
            at = at.below

    @cached_property
    def there(self) -> tuple[Rest, ...]:
        """What these layers wrote and is there, oldest first."""
        at: Stack | None = self
        above: list[Layer] = []
        while at is not None and "there" not in at.__dict__:
            above.append(at.top)
            at = at.below
        there = list(at.there if at else ())
        for layer in reversed(above):
            there = after_layer(there, layer)
        return tuple(there)


_Answer = TypeVar("_Answer")


def folded(start: _Answer, step: Callable[[_Answer, Layer], _Answer]) -> Callable[[Stack | None], _Answer]:
    """A question about a stack that each layer answers out of what those below it come to: each layer is asked once,
    however many stand on it.
    """
    name = f"{step.__module__}.{step.__qualname__}"

    def ask(stack: Stack | None) -> _Answer:
        unasked: list[Stack] = []
        while stack is not None and name not in stack.__dict__:
            unasked.append(stack)
            stack = stack.below
        found: _Answer = stack.__dict__[name] if stack else start
        for each in reversed(unasked):
            known = each.was.__dict__ if each.was else {}
            if name not in known:
                found = step(found, each.top)
            elif known["top"] is each.top and found is (known["below"].__dict__[name] if known["below"] else start):
                found = known[name]
            else:
                found = step(found, each.top)
                found = known[name] if found == known[name] else found
            each.__dict__[name] = found
        return found

    return ask


_MOST_NAMES = 500  # of packages: each later install has to look at all of them, and no person writes more


def _with_packages(names: frozenset[tuple[str, str]], layer: Layer) -> frozenset[tuple[str, str]]:
    """The packages of a layer beside those of the layers below it, each with its manager."""
    more = layer.packages
    return names if len(names) >= _MOST_NAMES or more <= names else names | more


installed = folded(frozenset[tuple[str, str]](), _with_packages)


def _with_places(found: frozenset[tuple[str, str | None, str]], layer: Layer) -> frozenset[tuple[str, str | None, str]]:
    """The same, each with the folder that it went to."""
    if len(found) >= _MOST_NAMES:
        return found
    sets = [(each.path, each.cause) for each in layer.kept if isinstance(each.cause, PackageSet)]
    more = frozenset((cause.manager, path, name) for path, cause in sets for name in cause.names)
    return found if more <= found else found | more


installed_in = folded(frozenset[tuple[str, str | None, str]](), _with_places)


def _with_measured(causes: frozenset[Measured], layer: Layer) -> frozenset[Measured]:
    """What tools write whenever they run, in a layer and in those below it."""
    more = frozenset(cause for effect in layer.kept if isinstance(cause := effect.cause, Measured))
    return causes if more <= causes else causes | more


measured = folded(frozenset[Measured](), _with_measured)


def _with_leftovers(folders: frozenset[str], layer: Layer) -> frozenset[str]:
    """Where tools have left something after a layer."""
    if layer.removes:
        removed = list(removed_paths(layer.effects))
        folders = frozenset(each for each in folders if not any(covers(path, each) for path in removed))
    left = (each for each in layer.kept if isinstance(each.cause, Leftover) and each.is_certain)
    more = frozenset(each.path for each in left if each.path)
    return folders if more <= folders else folders | more


leftover_folders = folded(frozenset[str](), _with_leftovers)


def _with_removed(paths: frozenset[str], layer: Layer) -> frozenset[str]:
    """What a layer and those below it remove."""
    more = frozenset(removed_paths(layer.effects)) if layer.removes else paths
    return paths if more <= paths else paths | more


def removed_paths(effects: Iterable[Effect]) -> Iterator[str]:
    """What effects take away."""
    return (effect.path for effect in effects if effect.kind is Kind.REMOVES and effect.path)


all_removed = folded(frozenset[str](), _with_removed)


@dataclass(frozen=True, eq=False, slots=True)
class Given:
    """What one layer writes into files whose texts may be known, on what those below it write; `tops` are the names of
    the folders in the root that any of it lies in, '' for the root itself.
    """

    effects: tuple[Effect, ...]
    below: Given | None
    tops: frozenset[str]


def _with_given(given: Given | None, layer: Layer) -> Given | None:
    found = tuple([each for each in layer.kept if isinstance(each.cause, TEXTS)])
    if not found:
        return given
    own = frozenset([top(each.path or "/") for each in found])
    return Given(found, given, own if given is None else given.tops if own <= given.tops else given.tops | own)


def top(path: str) -> str:
    """The folder in the root that a path lies in: "etc" for `/etc/pip.conf`."""
    return path[1:].partition("/")[0]


TEXTS = (Text, Copied, CopiedFromStage)
all_given: Callable[[Stack | None], Given | None] = folded(cast("Given | None", None), _with_given)
