"""What rules find layer by layer: an edit that touches one layer of one stage has nobody look at the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deadweight.model.layers import Alone, Layer, Ledger

_Found = TypeVar("_Found")


class OfLayers(Generic[_Found]):
    """All that `ask` finds in single layers, in order. It depends on the layer alone, which keeps it; a stage keeps
    what is found in its own.
    """

    __slots__ = ("_ask", "_name")

    def __init__(self, ask: Callable[[Layer], Iterable[_Found]]) -> None:
        self._ask = ask
        self._name = f"{ask.__module__}.{ask.__qualname__}"

    def __call__(self, ledgers: Iterable[Ledger]) -> list[tuple[Ledger, Layer, _Found]]:
        """What is found in several stages."""
        name = self._name
        return [
            (ledger, layer, each)
            for ledger in ledgers
            for kept in (ledger.alone.__dict__,)
            for layer, each in (kept[name] if name in kept else self.in_stage(ledger.alone))
        ]

    def in_stage(self, stage: Alone) -> list[tuple[Layer, _Found]]:
        """What is found in one stage."""
        found: list[tuple[Layer, _Found]] | None = stage.__dict__.get(self._name)
        if found is None:
            name = self._name
            found = stage.__dict__[name] = [
                (layer, each)
                for layer in stage.layers
                for each in (layer.__dict__[name] if name in layer.__dict__ else self.of(layer))
            ]
        return found

    def of(self, layer: Layer) -> tuple[_Found, ...]:
        """What is found in one layer."""
        found: tuple[_Found, ...] | None = layer.__dict__.get(self._name)
        if found is None:
            found = layer.__dict__[self._name] = tuple(self._ask(layer))
        return found
