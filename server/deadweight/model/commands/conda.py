"""conda, mamba and micromamba: packages of environments, hard-linked with what they keep of them in `pkgs`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands import conda_places
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, as_text, figure, removes, removes_packages, writes
from deadweight.syntax.shell import CONDA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file", "--clone", "--solver", "--subdir"),
    *("-r", "--root-prefix", "--platform", "--repodata-fn"),
)
_INSTALLS = frozenset(("install", "create", "update", "upgrade"))
# Packages that come with CUDA's libraries, of a gigabyte and more.
_FOR_GPUS = re.compile(r"cuda|cudnn|cudf|cuml|cupy|rapids|torch|tensorflow|jax|nvidia|nccl")


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    words = [word.plain for word in call.operands(*VALUES)]
    root = conda_places.root(call.around, call.typed)
    cache = _cache(call, root)
    if call.has("--dry-run", "-d", "--help", "-h"):
        return
    match words:
        case ["env", "create" | "update", *_]:
            yield from _installed(call, (), _place(call) or root, cache)
        case [verb, *names] if verb in _INSTALLS:
            place = _place(call) or conda_places.activated(call.around) or root
            yield from _installed(call, tuple(names), place, cache)
        case ["remove" | "uninstall", *names]:
            yield removes_packages(PackageSet("conda", tuple(names)), call.span)
        case ["clean", *_] if call.has("-a", "--all", "-t", "--tarballs", "-f", "--force-pkgs-dirs"):
            yield removes(cache, call.span)
        case ["config", *rest] if call.has("--add", "--append", "--prepend", "--set"):
            line = ": ".join(rest)
            yield writes(call.around.resolve("~/.condarc"), as_text(f"{line}\n", appends=True), call.span)


def _place(call: Call) -> str | None:
    """The environment that a call names."""
    if prefix := call.value("-p", "--prefix"):
        return call.around.resolve(prefix)
    name = call.value("-n", "--name")
    return conda_places.environment(call.around, name, call.typed) if name else None


def _installed(call: Call, names: tuple[str, ...], place: str | None, cache: str | None) -> Iterator[Effect]:
    """What an install brings, and what stays of it: the unpacked packages are the same files as those installed, and
    weigh nothing more; their archives and the index of the channels do.
    """
    yield writes(place, PackageSet("conda", names, libc="glibc"), call.span)
    # conda and mamba share one cache: each of them finds what the other has left, and empties it.
    what = f"{'micromamba' if call.program == 'micromamba' else 'conda'}'s package cache"
    is_said = names and not any(map(_FOR_GPUS.search, names))
    measured = figure("conda.cache.named" if is_said else "conda.cache")
    left = Leftover("install-cache", what, f"{call.program} clean -afy", figure=measured)
    yield call.leaves(cache, left)


def _cache(call: Call, root: str | None) -> str | None:
    named = call.around.variables.get("CONDA_PKGS_DIRS")
    if named:
        return call.around.resolve(named.split(",")[0].strip())
    return posixpath.join(root, "pkgs") if root else None


TOOLS = (Tool(tuple(sorted(CONDA)), _effects),)
