"""An image beside the target of its kind of app: how many times as much a pull of it transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deadweight.facts.targets import Target
    from deadweight.size.units import Size


class Comparison(NamedTuple):
    """The target of a kind of app, and what is pulled of the image; None where that is unknown."""

    target: Target
    pulled: Size | None

    @property
    def times(self) -> float | None:
        """What is pulled as a multiple of the most that the target allows; None where more of it may be unknown than
        known.
        """
        if self.pulled is None:
            return None
        times = self.pulled.best / self.target.high
        return times if times > 1 or not self.pulled.is_at_least else None
