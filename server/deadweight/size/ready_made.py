"""Which packages of an install do not come ready-made for another base image: the one with musl, without compilers.

It stands beside the sizes, which read an install in the same way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts.native_packages import natives
from deadweight.size import node_project, python_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.facts.losses import LossName
    from deadweight.model.effects import PackageSet


class Blocker(NamedTuple):
    """A package, what of a base image it cannot do without, and why, in words that follow its name."""

    package: str
    loss: LossName
    why: str


@lru_cache(maxsize=256)
def blockers(packages: PackageSet) -> tuple[Blocker, ...]:
    """The packages of an install that need more than some base images hold, those first that it asks for."""
    return tuple(dict.fromkeys(_blockers(packages)))


def _blockers(packages: PackageSet) -> Iterator[Blocker]:
    if packages.manager in node_project.MANAGERS:
        installed, shipped = node_project.names(packages, dev=True), node_project.names(packages, dev=False)
        for name in sorted(installed):
            for loss, why in natives("npm", name):
                if name in shipped or loss != "musl":  # a browser for tests never runs in the image
                    yield Blocker(name, loss, why)
    elif packages.manager in python_project.MANAGERS:
        for name, _ in python_project.names(packages):
            for loss, why in natives("pypi", name):
                yield Blocker(name, loss, why)
        for name in python_project.lacks_musl(packages):
            yield Blocker(name, "musl", "has no wheel for musl")
