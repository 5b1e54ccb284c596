"""Modules that are loaded when something of them is first used, and with less ado.

With a package of ours all its modules are there, empty; `npm.TOOLS` loads `deadweight.model.commands.npm`. So whoever
imports a module as a module imports it for when it is needed, and `from deadweight.size.units import Size` loads it at
once, as ever. The same goes for packages of others that a start needs.

Python takes 260 µs for a module without anything in it: it looks for each one on the disk, and does so, as the reading
of byte code, by means of many small functions in Python. Here a folder is listed once, and byte code is read in one go:
70 µs (2026-11-26, Python 3.11). What is not as usual (no byte code, or older than its source) Python does as ever.

`importlib.util.LazyLoader` loads a module when a second one imports it, as that looks at `__spec__`: nothing would
wait. All our modules are used by one thread, so that nobody sees one that is half loaded.
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

_OURS = "deadweight"
# Packages of others whose modules do nothing but define something.
_PACKAGES_OF_OTHERS = frozenset(("asyncio", "attr", "attrs", "cattrs", "cattrs.gen", "pygls", "pygls.lsp"))
_MODULES_OF_OTHERS = frozenset(("copy", "ipaddress", "locale", "shlex", "textwrap", "tokenize"))  # for rarer errands
_KNOWN_WITHOUT_LOADING = frozenset(("__class__", "__file__", "__name__", "__path__", "__spec__"))
# Of a file with byte code: what it is for, how its freshness is checked (0: by these), time and size of the source.
_STAMPS, _HEADER = 8, 16
_UNCHECKED = b"\1\0\0\0"  # as in the VS Code extension


def load_modules_on_first_use() -> None:
    """From now on, load our modules, and some of others, as this module's docstring says."""
    if PathFinder not in sys.meta_path:  # a Python that finds its modules elsewhere
        return
    sys.meta_path.insert(sys.meta_path.index(PathFinder), _Finder())
    for name in (_OURS, f"{_OURS}.cli"):  # this module is in
        package = sys.modules[name]
        if type(package.__loader__) is SourceFileLoader:
            _lay_out(package)


class _Finder:
    """Finds what Python would find in folders, and gives it a quicker loader."""

    def find_spec(self, name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _loader_for(name)(name, spec.loader.path)
        return spec


def _loader_for(name: str) -> type[SourceFileLoader]:
    if name in _MODULES_OF_OTHERS:
        return _Patient
    return _OfPackage if name in _PACKAGES_OF_OTHERS or name.startswith(f"{_OURS}.") else _Quick


class _Quick(SourceFileLoader):
    """Python's own loader, which trusts byte code under the same conditions but reads it in one go."""

    def get_code(self, fullname: str) -> CodeType | None:
        return _byte_code(self.path) or super().get_code(fullname)


def _byte_code(path: str) -> CodeType | None:
    """What Python has written beside a source, if that has not changed since or nobody wants to know."""
    try:
        with open(cache_from_source(path), "rb", 0) as file:
            data = file.read()
        if data[:_STAMPS] != MAGIC_NUMBER + _UNCHECKED or _imp.check_hash_based_pycs == "always":
            source = os.stat(path)
            stamps = int(source.st_mtime) & 0xFFFF_FFFF, source.st_size & 0xFFFF_FFFF
            if data[:_HEADER] != MAGIC_NUMBER + bytes(4) + b"".join(each.to_bytes(4, "little") for each in stamps):
                return None
        code = marshal.loads(memoryview(data)[_HEADER:])  # noqa: S302 - what the import system does with it
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]  # it may have been written elsewhere
    except (OSError, ValueError, EOFError, TypeError, AttributeError, NotImplementedError):
        return None
    return cast("CodeType", code)


class _OfPackage(_Quick):
    """The loader of a package of ours."""

    def exec_module(self, module: ModuleType) -> None:
        _lay_out(module)
        super().exec_module(module)


def _lay_out(package: ModuleType) -> None:
    """Put an empty module in place of each one that the folder of a package has, and nobody has imported."""
    folder, *more = package.__path__
    files = [] if more else os.listdir(folder)
    elsewhere = {file.partition(".")[0] for file in files if not file.endswith((".py", ".pyi"))}  # packages, libraries
    for file in files:
        stem, _, ending = file.partition(".")
        name = f"{package.__name__}.{stem}"
        if ending != "py" or stem.startswith("__") or stem in elsewhere or name in sys.modules:
            continue
        path = os.path.join(folder, file)
        spec = ModuleSpec(name, _Patient(name, path), origin=path)
        spec.has_location = True
        module = ModuleType(name)
        vars(module).update(__spec__=spec, __loader__=spec.loader, __file__=path, __package__=package.__name__)
        module.__class__ = _Later
        sys.modules[name] = vars(package)[stem] = module


class _Patient(_Quick):
    """A loader that leaves it at an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Later

    def load(self, module: ModuleType) -> None:
        module.__class__ = ModuleType
        vars(module)["__cached__"] = vars(module)["__spec__"].cached
        super().exec_module(module)


class _Later(ModuleType):
    """A module that is loaded when somebody asks it for anything."""

    def __getattribute__(self, name: str) -> Any:
        known = super().__getattribute__
        if name in _KNOWN_WITHOUT_LOADING:
            return known(name)
        known("__spec__").loader.load(self)
        return getattr(self, name)
