"""Modules that are loaded when something of them is first used.

`from deadweight.model.commands import npm` finds the module and makes an empty one; `npm.TOOLS` loads it. So whoever
imports a module as a module imports it for when it is needed, and `from deadweight.size.units import Size` loads it at
once, as ever.

`importlib.util.LazyLoader` loads a module when a second one imports it, as that looks at `__spec__`: nothing would
wait. All our modules are used by one thread, so that nobody sees one that is half loaded.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec

_PACKAGE = "deadweight."
# Of others, what is imported as a module by what a start needs, and used on rarer errands: 10 ms (2026-11-26).
_OF_OTHERS = {
    *("attr.converters", "attr.filters", "attr.validators", "attrs.converters", "attrs.exceptions", "attrs.filters"),
    *("attrs.setters", "attrs.validators", "ipaddress", "shlex", "textwrap", "tokenize"),
}
_ASKED_BY_IMPORT = frozenset(("__class__", "__path__", "__spec__"))  # whether it is there, and a package


def load_modules_on_first_use() -> None:
    """From now on, load our modules, and some of others, as this module's docstring says."""
    sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds what Python would find, and lets it wait."""

    def find_spec(self, name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(_PACKAGE) and name not in _OF_OTHERS:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None and spec.submodule_search_locations is None:
            spec.loader = _Waiting(spec.loader)  # type: ignore[assignment]
        return spec


class _Waiting:
    """A loader that leaves it at an empty module."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Later


class _Later(ModuleType):
    """A module that is loaded when somebody asks it for anything."""

    def __getattribute__(self, name: str) -> Any:
        known = super().__getattribute__
        if name in _ASKED_BY_IMPORT:
            return known(name)
        spec: Any = known("__spec__")
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader = spec.loader.loader
        spec.loader.exec_module(self)
        return getattr(self, name)
