"""conda, mamba and micromamba: packages of environments, hard-linked with what they keep of them in `pkgs`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, as_text, figure, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file", "--clone", "--solver", "--subdir"),
    *("-r", "--root-prefix", "--platform", "--override-channels", "--repodata-fn"),
)
_INSTALLS = frozenset(("install", "create", "update", "upgrade"))
# Packages that come with CUDA's libraries, of a gigabyte and more.
_FOR_GPUS = re.compile(r"cuda|cudnn|cudf|cuml|cupy|rapids|torch|tensorflow|jax|nvidia|nccl")
# Where images and the usual installers put it.
_USUAL = "/opt/conda"
_PREFIXES = ("MAMBA_ROOT_PREFIX", "CONDA_DIR", "CONDA_ROOT", "CONDA_HOME")


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    words = [word.plain for word in call.operands(*VALUES)]
    root = _root(call)
    cache = _cache(call, root)
    if call.has("--dry-run", "-d", "--help", "-h"):
        return
    match words:
        case ["env", "create" | "update", *_]:
            yield from _installed(call, (), root, cache)
        case [verb, *names] if verb in _INSTALLS:
            yield from _installed(call, tuple(names), root, cache)
        case ["remove" | "uninstall", *names]:
            yield removes_packages(PackageSet("conda", tuple(names)), call.span)
        case ["clean", *_] if call.has("-a", "--all", "-t", "--tarballs", "-f", "--force-pkgs-dirs"):
            yield removes(cache, call.span)
        case ["config", *rest] if call.has("--add", "--append", "--prepend", "--set"):
            line = ": ".join(rest)
            yield writes(call.around.resolve("~/.condarc"), as_text(f"{line}\n", appends=True), call.span)


def _installed(call: Call, names: tuple[str, ...], root: str | None, cache: str | None) -> Iterator[Effect]:
    """What an install brings, and what stays of it: the unpacked packages are the same files as those installed, and
    weigh nothing more; their archives and the index of the channels do.
    """
    prefix = call.value("-p", "--prefix")
    name = call.value("-n", "--name")
    place = prefix or (root and name and name != "base" and posixpath.join(root, "envs", name)) or root
    yield writes(place and call.around.resolve(place), PackageSet("conda", names, libc="glibc"), call.span)
    what = f"{call.program}'s package cache"
    is_said = names and not any(map(_FOR_GPUS.search, names))
    measured = figure("conda.cache.named" if is_said else "conda.cache")
    left = Leftover("install-cache", what, f"{call.program} clean -afy", figure=measured)
    yield call.leaves(cache, left)


def _root(call: Call) -> str | None:
    """Where the program is installed: by its own path, by a variable, by PATH."""
    around = call.around
    folder = call.typed.rpartition("/")[0]
    for end in ("/bin", "/condabin"):
        if folder.endswith(end) and call.program != "micromamba":
            return around.resolve(folder.removesuffix(end))
    for name in _PREFIXES:
        if value := around.variables.get(name):
            return around.resolve(value)
    paths = (around.variables.get("PATH") or "").split(":")
    found = (path.removesuffix("/bin") for path in paths if path.endswith("/bin"))
    return next((each for each in found if any(word in each for word in ("conda", "mamba", "forge"))), _USUAL)


def _cache(call: Call, root: str | None) -> str | None:
    named = call.around.variables.get("CONDA_PKGS_DIRS")
    if named:
        return call.around.resolve(named.split(",")[0].strip())
    return posixpath.join(root, "pkgs") if root else None


TOOLS = (Tool(("conda", "mamba", "micromamba"), _effects),)
