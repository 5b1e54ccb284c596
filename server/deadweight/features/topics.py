"""Pages about more than one rule, for `deadweight explain`: each is the docstring of a module."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features import what_not_to_optimise

if TYPE_CHECKING:
    from types import ModuleType


class Topic(NamedTuple):
    """A page: its id, and the module that is about it."""

    id: str
    module: ModuleType

    @property
    def page(self) -> str:
        """The page in Markdown; its first line is the title."""
        return inspect.cleandoc(self.module.__doc__ or "")

    @property
    def title(self) -> str:
        """The page's first line."""
        return self.page.partition("\n")[0]


TOPICS = (Topic(what_not_to_optimise.ID, what_not_to_optimise),)
